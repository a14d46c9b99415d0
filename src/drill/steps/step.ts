import type { StoreManifest } from "../../backup/manifest.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import type { QueryIdentity, Target } from "../../stores/store.ts";
import { waitUnlessAborted } from "../../sys/clock.ts";
import type { DecryptedSecrets } from "../key-fingerprint.ts";
import type { RecordedRequest } from "../upstream/server.ts";

/** What all steps of a drill share. */
export interface DrillContext extends RunContext {
  /** The restored stores, by name. */
  targets: ReadonlyMap<string, Target>;
  /** What the backup says of them, in a drill. */
  backups?: ReadonlyMap<string, StoreManifest>;
}

/** What the steps of a drill share: the restored stores, and what their backup says of them. */
export function shareStores(
  context: RunContext,
  backups: readonly StoreManifest[],
  targets: readonly Target[],
): DrillContext {
  const byName = <Item extends { store: string }>(items: readonly Item[]): Map<string, Item> =>
    new Map(items.map((item) => [item.store, item]));
  return { ...context, targets: byName(targets), backups: byName(backups) };
}

/** The built-in upstream, as steps see it. */
export interface StepUpstream {
  readonly requests: readonly RecordedRequest[];
  /** What a program needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a step can reach. */
export interface StepContext extends DrillContext {
  /** Fires with the end of the drill, not of the step: for what a step leaves running. */
  drillSignal: AbortSignal;
  /** Work for the end of the drill, last come first done. It is told whether all steps passed. */
  atEnd(work: (passed: boolean) => Promise<void>): void;
  /** Present when the drill runs the built-in upstream. */
  upstream?: StepUpstream;
  /** How long the steps before took together. */
  secondsSoFar: number;
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
  /** Whether it makes a call that must reach the built-in upstream. */
  readonly needsUpstream?: boolean;
  /** The same step under a wrong key, which must fail: for steps that have one. */
  readonly withFlippedKey?: () => Step;
  /**
   * @throws AppError saying why the step failed; UNPROVEN when there was nothing to show. The context's signal fires
   * on cancel and on timeout alike.
   */
  perform(context: StepContext): Promise<void>;
}

/**
 * Runs statements in a restored store, and returns the rows of the last one.
 *
 * @throws AppError CONFIG_INVALID when the drill restored no such store; STORE_FAILED; CANCELLED when the signal fires
 */
export async function queryStore(
  { targets, signal }: StepContext,
  store: string,
  sql: string,
  as?: QueryIdentity,
): Promise<Record<string, unknown>[]> {
  const target = targets.get(store);
  if (!target) {
    throw new AppError("CONFIG_INVALID", `Store ${store} was not restored by this drill.`, {
      hint: "Give a drill target for it, or take the step out.",
    });
  }
  return await waitUnlessAborted(target.query(sql, as), signal);
}
