import type { RunContext } from "../../run-context.ts";
import type { Target } from "../../stores/store.ts";
import type { DecryptedSecrets } from "../key-fingerprint.ts";

/** What all steps of a drill share. */
export interface DrillContext extends RunContext {
  /** The restored stores, by name. */
  targets: ReadonlyMap<string, Target>;
}

/** What a step can reach. */
export interface StepContext extends DrillContext {
  /** What earlier steps decrypted, for steps that look where it arrives. */
  decrypted: DecryptedSecrets;
  /** Adds a sentence about what the step showed to its record; never anything secret. */
  note: (sentence: string) => void;
}

/** One thing a drill does after the data was compared, in the operator's order. */
export interface Step {
  /** How the operator calls it, in the record and the summary. */
  readonly name: string;
  readonly kind: string;
  readonly timeoutMs: number;
  /**
   * @throws AppError saying why the step failed; UNPROVEN when there was nothing to show. The context's signal fires
   * on cancel and on timeout alike.
   */
  perform(context: StepContext): Promise<void>;
}
