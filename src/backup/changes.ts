import { ABSENT, compareInventories } from "./inventory.ts";
import type { Inventory } from "./inventory.ts";
import { poolRows } from "./pooled-rows.ts";

/** What became of one store after it was restored and compared: what migrations did to it, say. */
export interface StoreChanges {
  store: string;
  /** Tables that hold fewer rows than before, or are gone; never any that were empty. */
  losses: { table: string; rowsBefore: number; rowsAfter: number }[];
  /** Everything else that is otherwise, one sentence each. */
  drift: string[];
}

/** Tells what a store holds otherwise than before. What the inventories do not cover is not among it. */
export function findChanges(store: string, before: Inventory, after: Inventory): StoreChanges {
  const tables = poolRows(before.tables, after.tables);
  const rowsBefore = new Map(tables.expected.map(({ name, rows }) => [name, rows]));
  const rowsAfter = new Map(tables.found.map(({ name, rows }) => [name, rows]));
  const losses = [...rowsBefore]
    .map(([table, rows]) => ({ table, rowsBefore: rows, rowsAfter: rowsAfter.get(table) ?? 0 }))
    .filter((table) => table.rowsAfter < table.rowsBefore);
  const lossy = new Set(losses.map(({ table }) => table));
  const drift = compareInventories(store, before, after).differences.flatMap(
    ({ kind, name, expected, found }) => {
      if ((kind === "table" || kind === "rows") && lossy.has(name)) return [];
      if (kind === "content") return [`contents of ${name} were rewritten`];
      if (kind === "rows") return [`${name} has ${found} instead of ${expected}`];
      if (expected === ABSENT) return [`${kind} ${name} is new`];
      return [found === ABSENT ? `${kind} ${name} is gone` : `${kind} ${name} is another`];
    },
  );
  return { store, losses, drift };
}
