import { isDeepStrictEqual } from "node:util";
import type { TableInventory } from "./inventory.ts";

/** Two lists of tables, in which one stands for all whose rows compare only together. */
export interface PooledTables {
  expected: TableInventory[];
  found: TableInventory[];
  /** By name, how many tables stand behind one. */
  pools: ReadonlyMap<string, number>;
}

/**
 * Adds up, on both sides alike, the tables among which the found ones may hold their rows otherwise. Only those that
 * both sides have: what one side lacks remains a difference of its own.
 */
export function poolRows(
  expected: readonly TableInventory[],
  found: readonly TableInventory[],
): PooledTables {
  const expectedByName = new Map(expected.map((table) => [table.name, table]));
  const members = new Map<string, { expected: TableInventory; found: TableInventory }[]>();
  const pooled = new Set<string>();
  for (const table of found) {
    const counterpart = expectedByName.get(table.name);
    if (table.pool === undefined || !counterpart) continue;
    const pair = { expected: counterpart, found: table };
    members.set(table.pool, [...(members.get(table.pool) ?? []), pair]);
    pooled.add(table.name);
  }
  const isAlone = ({ name }: TableInventory): boolean => !pooled.has(name);
  const result = { expected: expected.filter(isAlone), found: found.filter(isAlone) };
  for (const [name, pairs] of members) {
    // A row counts for another sum where it is digested in another way; what is null cannot be added.
    const all = pairs.flatMap((pair) => [pair.expected, pair.found]);
    const isDigested = all.every(
      ({ digest, digestedBy }) => digest !== null && isDeepStrictEqual(digestedBy, all[0]?.digestedBy),
    );
    const add = (tables: readonly TableInventory[]): TableInventory => ({
      name,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      digest: isDigested
        ? tables.reduce((sum, { digest }) => sum + BigInt(digest ?? 0), 0n).toString()
        : null,
      ...(isDigested && all[0]?.digestedBy && { digestedBy: all[0].digestedBy }),
    });
    result.expected.push(add(pairs.map((pair) => pair.expected)));
    result.found.push(add(pairs.map((pair) => pair.found)));
  }
  return { ...result, pools: new Map([...members].map(([name, pairs]) => [name, pairs.length])) };
}
