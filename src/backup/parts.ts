import type { TableInventory } from "./inventory.ts";
import type { ClickHousePart } from "./manifest.ts";

/** The order of parts in a manifest. */
export function compareParts(a: ClickHousePart, b: ClickHousePart): number {
  const order = (part: ClickHousePart): string => JSON.stringify([part.database, part.table, part.partition]);
  const [first, second] = [order(a), order(b)];
  if (first !== second) return first < second ? -1 : 1;
  return (a.slice?.number ?? 0) - (b.slice?.number ?? 0);
}

/** The digest of a ClickHouse table from those of its partitions: sums wrap at 64 bits, as the server's do. */
export function addDigests(digests: readonly string[]): string {
  return digests.reduce((sum, digest) => BigInt.asUintN(64, sum + BigInt(digest)), 0n).toString();
}

/** The inventory of a ClickHouse table from those of pieces of it, each of which holds other partitions. */
export function addTables(pieces: readonly [TableInventory, ...TableInventory[]]): TableInventory {
  const [{ name }] = pieces;
  const add = (count: (piece: TableInventory) => number): number =>
    pieces.reduce((sum, piece) => sum + count(piece), 0);
  const rows = add((piece) => piece.rows);
  const digests = pieces.flatMap(({ digest }) => digest ?? []);
  if (digests.length === pieces.length) return { name, rows, digest: addDigests(digests) };
  return {
    name,
    rows,
    digest: null,
    moving: {
      rowsAtLeast: add((piece) => piece.moving?.rowsAtLeast ?? piece.rows),
      rowsAtMost: add((piece) => piece.moving?.rowsAtMost ?? piece.rows),
    },
  };
}
