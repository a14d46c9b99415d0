import { AppError, throwIfCancelled } from "../../errors.ts";
import { secondsSince, withDeadline } from "../../sys/clock.ts";
import { createRunKey } from "../key-fingerprint.ts";
import type { DecryptedSecrets } from "../key-fingerprint.ts";
import { UNTRIED } from "../record.ts";
import type { StepResult } from "../record.ts";
import type { UpstreamSettings } from "../upstream/step-upstream.ts";
import type { DrillContext, Step, StepContext } from "./step.ts";

/** What the steps of one drill share while they run. */
type Shared = Pick<StepContext, "decrypted" | "drillSignal" | "atEnd" | "upstream" | "secondsSoFar">;

/**
 * Performs steps in order, each in a log group and under its own deadline. After a step that failed the others are not
 * tried, and say so: they would run on data that the failed step was to prepare. What steps left running is ended.
 *
 * @param upstream - run the built-in upstream beside them
 * @throws AppError CANCELLED
 */
export async function performSteps(
  steps: readonly Step[],
  context: DrillContext,
  upstream?: UpstreamSettings,
): Promise<StepResult[]> {
  const decrypted: DecryptedSecrets = { runKey: createRunKey(), byStep: new Map() };
  const endings: ((passed: boolean) => Promise<void>)[] = [];
  const shared: Shared = {
    decrypted,
    drillSignal: context.signal,
    atEnd: (work) => void endings.unshift(work),
    secondsSoFar: 0,
  };
  const results: StepResult[] = [];
  const findStopper = (): StepResult | undefined => results.find(({ outcome }) => outcome !== "passed");
  try {
    if (upstream) {
      const { openStepUpstream } = await import("../upstream/step-upstream.ts"); // its libraries take time to load
      const running = await openStepUpstream(upstream, decrypted.runKey, context.clock);
      shared.upstream = running;
      shared.atEnd(() => running.close());
    }
    for (const step of steps) {
      const stopper = findStopper();
      results.push(
        stopper
          ? leaveUntried(step, ` after "${stopper.name}"`)
          : await performStep(step, context, { ...shared, secondsSoFar: sumSeconds(results) }),
      );
    }
  } finally {
    // Best effort, each for itself: what does not end here ends with the process.
    for (const end of endings) {
      await end(findStopper() === undefined).catch((error: unknown) => context.reporter.warn(String(error)));
    }
  }
  return results;
}

function sumSeconds(results: readonly StepResult[]): number {
  return results.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** What becomes of a step that was not tried. @param rest - of the sentence that says so, without its full stop */
export function leaveUntried({ name, kind }: Step, rest: string): StepResult {
  return { name, kind, outcome: "unproven", seconds: 0, reason: `${UNTRIED}${rest}.`, details: [] };
}

async function performStep(step: Step, context: DrillContext, shared: Shared): Promise<StepResult> {
  const { clock, reporter } = context;
  const { name, kind, timeoutMs } = step;
  const startMs = clock.ticksMs();
  const signal = withDeadline(context.signal, timeoutMs);
  const details: string[] = [];
  const note = (sentence: string): void => {
    details.push(sentence);
    reporter.info(sentence);
  };
  const end = (outcome: StepResult["outcome"], reason = ""): StepResult => {
    return { name, kind, outcome, seconds: secondsSince(clock, startMs), reason, details };
  };
  try {
    await reporter.phase(`Step: ${name}`, () => step.perform({ ...context, ...shared, signal, note }));
    return end("passed");
  } catch (error) {
    throwIfCancelled(context.signal);
    if (!(error instanceof AppError)) throw error;
    const reason = error.code === "CANCELLED" ? `It took longer than ${timeoutMs / 1000} s.` : error.message;
    reporter.info(`Not passed: ${reason}`); // a warning only in the verdict: a control's step ought to fail
    return end(error.code === "UNPROVEN" ? "unproven" : "failed", reason);
  }
}
