import type { Step } from "../../drill/steps/step.ts";
import { narrowExpected } from "./compare-restored.ts";
import type { Place } from "./replacing.ts";
import type { Pairing } from "./restore-checks.ts";

/** What a restore would do, when it was told to do nothing: all of its checks have passed. */
export interface RestorePlan {
  stores: PlannedStore[];
  /** Names of the commands that would run before the first change, and after the comparison. */
  before: string[];
  after: string[];
}

export interface PlannedStore {
  store: string;
  /** Where the target's server is. */
  host: string;
  databases: string[];
  tables: { name: string; rows: number }[];
  /** What is in the way there and would go: the operator named the target. */
  replaced: string[];
}

/** @param places - what was found at each target, by store */
export function planRestore(
  pairings: readonly Pairing[],
  places: ReadonlyMap<string, Place>,
  { before, after }: { before: readonly Step[]; after: readonly Step[] },
): RestorePlan {
  return {
    stores: pairings.map(({ store, scope }) => {
      const { host, databases, occupiedBy } = places.get(store.store)!.facts;
      const { tables } = narrowExpected(store, scope).inventory;
      const planned = tables.map(({ name, rows }) => ({ name, rows }));
      return { store: store.store, host, databases, tables: planned, replaced: occupiedBy };
    }),
    before: before.map(({ name }) => name),
    after: after.map(({ name }) => name),
  };
}
