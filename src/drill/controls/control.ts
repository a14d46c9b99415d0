import type { Comparison } from "../../backup/inventory.ts";
import type { Manifest } from "../../backup/manifest.ts";
import type { ControlResult, StepResult } from "../record.ts";
import type { Step } from "../steps/step.ts";
import { listClickHouseDamages } from "./clickhouse.ts";
import { listPostgresDamages } from "./postgres.ts";

/** Something done to a restored copy that its comparison must notice. */
export interface Damage {
  /** What is done, such as "a row removed". */
  name: string;
  /** SQL for the restored copy; undefined where the backup holds nothing it could be done to. */
  statements: string | undefined;
  /** The kind of difference that must be found. */
  noticedAs: string;
}

/** A drill that must not end well. */
export type Control =
  | { name: string; kind: "damage"; store: string; damage: Damage }
  /** `stopper`: the kind of step that must fail. */
  | { name: string; kind: "steps"; stopper: string; steps: readonly Step[]; isUpstreamSilent: boolean }
  | { name: string; kind: "not applicable"; reason: string };

/** The controls for a backup and the steps that were performed on it. @param stores - those that were restored */
export function listControls(
  manifest: Manifest,
  stores: ReadonlySet<string>,
  steps: readonly Step[],
): Control[] {
  const damages = manifest.stores
    .filter(({ store }) => stores.has(store))
    .flatMap((store) => {
      const list = store.kind === "postgres" ? listPostgresDamages : listClickHouseDamages;
      return list(store.inventory).map((damage) => toControl(store.store, damage));
    });
  return [...damages, flipKeys(steps), silenceUpstream(steps)];
}

function toControl(store: string, damage: Damage): Control {
  const name = `${store}: ${damage.name}`;
  return damage.statements === undefined
    ? { name, kind: "not applicable", reason: "The backup holds nothing that this could be done to." }
    : { name, kind: "damage", store, damage };
}

function flipKeys(steps: readonly Step[]): Control {
  const name = "every key with one bit flipped";
  if (!steps.some((step) => step.withFlippedKey)) {
    return { name, kind: "not applicable", reason: "The drill has no decrypt step." };
  }
  const flipped = steps.map((step) => step.withFlippedKey?.() ?? step);
  return { name, kind: "steps", stopper: "decrypt", steps: flipped, isUpstreamSilent: false };
}

function silenceUpstream(steps: readonly Step[]): Control {
  const name = "the upstream silent";
  if (!steps.some(({ needsUpstream }) => needsUpstream)) {
    return { name, kind: "not applicable", reason: "The drill makes no call that reaches the upstream." };
  }
  return { name, kind: "steps", stopper: "proxied-call", steps, isUpstreamSilent: true };
}

type Verdict = Pick<ControlResult, "outcome" | "reason">;

/** Whether a damage was noticed for what it is: another difference alone would be luck. */
export function judgeDamage({ noticedAs }: Damage, { differences }: Comparison): Verdict {
  const noticed = differences.find(({ kind }) => kind === noticedAs);
  if (noticed) {
    const { kind, name, expected, found } = noticed;
    return { outcome: "caught", reason: `${kind} of ${name}: expected ${expected}, found ${found}.` };
  }
  const kinds = [...new Set(differences.map(({ kind }) => kind))].join(", ");
  return {
    outcome: "missed",
    reason:
      kinds === "" ? "The copy still agreed with its manifest." : `Only a difference of ${kinds} was found.`,
  };
}

/** Whether it is the right step that stopped a drill. */
export function judgeSteps(stopper: string, results: readonly StepResult[]): Verdict {
  const stopped = results.find(({ outcome }) => outcome !== "passed");
  if (!stopped) return { outcome: "missed", reason: "All steps passed." };
  const reason = `Step "${stopped.name}": ${stopped.reason}`;
  return { outcome: stopped.kind === stopper ? "caught" : "missed", reason };
}
