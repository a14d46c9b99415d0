import { expect, test } from "vitest";
import { findChanges } from "../../../src/backup/changes.ts";
import type { Inventory } from "../../../src/backup/inventory.ts";

function inventory(tables: [string, number, string][], schema: [string, string, string][]): Inventory {
  return {
    digestMethod: "m",
    definitionMethod: "d",
    tables: tables.map(([name, rows, digest]) => ({ name, rows, digest })),
    schema: schema.map(([kind, name, definition]) => ({ kind, name, definition })),
    notCovered: [],
  };
}

test("rows that lie in other partitions after a restore are not lost", () => {
  const before = inventory(
    [
      ["a.p0", 3, "5"],
      ["a.p1", 1, "-7"],
    ],
    [],
  );
  const after = inventory(
    [
      ["a.p0", 0, "0"],
      ["a.p1", 4, "-2"],
    ],
    [],
  );
  const partitions = after.tables.map((table) => ({ ...table, pool: "a.p" }));
  expect(findChanges("postgres", before, { ...after, tables: partitions })).toMatchObject({
    losses: [],
    drift: [],
  });
  const thinned = partitions.map((table) => ({ ...table, rows: Math.min(table.rows, 3) }));
  expect(findChanges("postgres", before, { ...after, tables: thinned })).toMatchObject({
    losses: [{ table: "a.p", rowsBefore: 4, rowsAfter: 3 }],
  });
});

test("lost rows are told apart from everything else that migrations may do", () => {
  const before = inventory(
    [
      ["a.kept", 3, "1"],
      ["a.rewritten", 3, "1"],
      ["a.thinned", 3, "1"],
      ["a.dropped", 2, "1"],
      ["a.dropped empty", 0, "0"],
      ["a.grown", 1, "1"],
    ],
    [
      ["index", "a.i", "x"],
      ["index", "a.j", "x"],
    ],
  );
  const after = inventory(
    [
      ["a.kept", 3, "1"],
      ["a.rewritten", 3, "2"],
      ["a.thinned", 1, "1"],
      ["a.grown", 2, "2"],
      ["a.made", 0, "0"],
    ],
    [
      ["index", "a.i", "y"],
      ["index", "a.k", "x"],
    ],
  );
  expect(findChanges("postgres", before, after)).toEqual({
    store: "postgres",
    losses: [
      { table: "a.thinned", rowsBefore: 3, rowsAfter: 1 },
      { table: "a.dropped", rowsBefore: 2, rowsAfter: 0 },
    ],
    drift: [
      "contents of a.rewritten were rewritten",
      "table a.dropped empty is gone",
      "a.grown has 2 rows instead of 1 row",
      "table a.made is new",
      "index a.i is another",
      "index a.j is gone",
      "index a.k is new",
    ],
  });
});

test("what nothing touched has not changed", () => {
  const same = inventory([["a.t", 3, "1"]], [["index", "a.i", "x"]]);
  expect(findChanges("postgres", same, same)).toEqual({ store: "postgres", losses: [], drift: [] });
});
