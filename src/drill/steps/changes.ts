import { findChanges } from "../../backup/changes.ts";
import { AppError } from "../../errors.ts";
import { waitUnlessAborted } from "../../sys/clock.ts";
import type { Step } from "./step.ts";

const SHOWN = 30;

export interface ChangesStepOptions {
  name: string;
  /** Tables that may lose rows, as inventories name them. */
  mayLose: readonly string[];
  /** How long the steps before it may have taken together. */
  withinMs?: number;
  timeoutMs: number;
}

/**
 * Holds the restored stores, as the steps before it left them, against the backup: what migrations did to the schema
 * is told, and rows that they lost fail the step.
 */
export function buildChangesStep({ name, mayLose, withinMs, timeoutMs }: ChangesStepOptions): Step {
  return {
    name,
    kind: "changes",
    timeoutMs,
    async perform({ targets, backups, secondsSoFar, signal, note }) {
      if (!backups || targets.size === 0) {
        throw new AppError("UNPROVEN", "Nothing was restored that could have changed.", {
          hint: "This step belongs into a drill, with a target for each store.",
        });
      }
      const changes = await Promise.all(
        [...targets].map(async ([store, target]) => {
          const backup = backups.get(store)!;
          const after = await waitUnlessAborted(target.takeInventory(backup), signal);
          return findChanges(store, backup.inventory, after);
        }),
      );
      for (const { store, drift } of changes) {
        if (drift.length === 0) note(`${store}: nothing is otherwise than in the backup.`);
        for (const sentence of drift.slice(0, SHOWN)) note(`${store}: ${sentence}.`);
        if (drift.length > SHOWN) note(`${store}: … and ${drift.length - SHOWN} more.`);
      }
      const losses = changes.flatMap(({ losses }) => losses);
      for (const { table, rowsBefore, rowsAfter } of losses) {
        note(`${table} had ${rowsBefore} rows and has ${rowsAfter}.`);
      }
      const unwanted = losses.filter(({ table }) => !mayLose.includes(table));
      if (unwanted.length > 0) {
        throw new AppError("DATA_DIFFERS", `Rows were lost: ${describe(unwanted)}.`, {
          hint: "If that is meant, name the tables under may-lose.",
        });
      }
      if (withinMs !== undefined && secondsSoFar * 1000 > withinMs) {
        throw new AppError(
          "UNPROVEN",
          `The steps before took ${secondsSoFar.toFixed(1)} s on the data of the backup; ${withinMs / 1000} s are allowed.`,
          { hint: "Make the migration cheaper, or allow more under within: production waits as long." },
        );
      }
    },
  };
}

function describe(losses: readonly { table: string; rowsBefore: number; rowsAfter: number }[]): string {
  return losses.map(({ table, rowsBefore, rowsAfter }) => `${rowsBefore - rowsAfter} of ${table}`).join(", ");
}
