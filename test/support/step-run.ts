import { performSteps } from "../../src/drill/steps/perform.ts";
import type { Step } from "../../src/drill/steps/step.ts";
import type { StepResult } from "../../src/drill/record.ts";
import type { UpstreamSettings } from "../../src/drill/upstream/step-upstream.ts";
import { toolEnvironment } from "../../src/sys/exec.ts";
import type { FakeTarget } from "./fake-target.ts";
import { startTestRun } from "./run-context.ts";
import type { TestRun } from "./run-context.ts";

export interface StepRun {
  results: StepResult[];
  /** Of the first step. */
  first: StepResult;
  /** All that was reported. */
  lines: string[];
}

/** Performs steps as a drill does, on fake targets, in a run that finds the machine's programs. */
export async function performOn(
  targets: readonly FakeTarget[],
  steps: readonly Step[],
  { run = startTestRun(), upstream }: { run?: TestRun; upstream?: UpstreamSettings } = {},
): Promise<StepRun> {
  const context = {
    ...run,
    toolEnv: toolEnvironment(process.env),
    targets: new Map(targets.map((target) => [target.store, target])),
  };
  const results = await performSteps(steps, context, upstream);
  return { results, first: results[0] as StepResult, lines: run.lines };
}

/** A step of a test's own. */
export function buildStep(name: string, perform: Step["perform"] = async () => {}): Step {
  return { name, kind: "run", timeoutMs: 60_000, perform };
}
