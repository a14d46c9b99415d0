import type { RunContext } from "../../run-context.ts";
import type { Target } from "../../stores/store.ts";

/** What a step can reach. */
export interface StepContext extends RunContext {
  /** The restored stores, by name. */
  targets: ReadonlyMap<string, Target>;
}

/** One thing a drill does after the data was compared, in the operator's order. */
export interface Step {
  /** How the operator calls it, in the record and the summary. */
  readonly name: string;
  readonly kind: string;
  readonly timeoutMs: number;
  /**
   * @throws AppError saying why the step failed. The context's signal fires on cancel and on timeout alike.
   */
  perform(context: StepContext): Promise<void>;
}
