import type { Inventory } from "../../backup/inventory.ts";

/** The smallest table with rows and a digest, as the inventory names it: damage to it is the least conspicuous. */
export function findSmallTable({ tables }: Inventory): string | undefined {
  const whole = tables.filter(({ rows, digest, moving, name }) => {
    // Tables that hold what a materialized view gathers have names of the server's own.
    return rows > 0 && digest !== null && !moving && !name.includes("..inner");
  });
  return whole.sort((a, b) => a.rows - b.rows)[0]?.name;
}

/** `schema.table` in its parts. */
export function splitName(name: string): [string, string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}
