import { AppError } from "../../errors.ts";
import { secondsSince, withDeadline } from "../../sys/clock.ts";
import type { StepResult } from "../record.ts";
import type { Step, StepContext } from "./step.ts";

/**
 * Performs steps in order, each in a log group and under its own deadline. After a step that failed the others are not
 * tried, and say so: they would run on data that the failed step was to prepare.
 *
 * @throws AppError CANCELLED
 */
export async function performSteps(steps: readonly Step[], context: StepContext): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    const failed = results.find(({ passed }) => !passed);
    results.push(
      failed
        ? {
            name: step.name,
            kind: step.kind,
            passed: false,
            seconds: 0,
            reason: `Not tried after "${failed.name}".`,
          }
        : await performStep(step, context),
    );
  }
  return results;
}

async function performStep(step: Step, context: StepContext): Promise<StepResult> {
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const signal = withDeadline(context.signal, step.timeoutMs);
  let reason = "";
  try {
    await reporter.phase(`Step: ${step.name}`, () => step.perform({ ...context, signal }));
  } catch (error) {
    if (!(error instanceof AppError) || context.signal.aborted) throw error;
    reason = signal.aborted ? `It took longer than ${step.timeoutMs / 1000} s.` : error.message;
    reporter.warn(reason);
  }
  const { name, kind } = step;
  return { name, kind, passed: reason === "", seconds: secondsSince(clock, startMs), reason };
}
