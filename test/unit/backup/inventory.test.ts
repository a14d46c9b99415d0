import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Comparison, Difference, Inventory, SchemaObject } from "../../../src/backup/inventory.ts";
import { buildInventory, buildTable } from "../../support/builders.ts";

function compareTables(expected: Inventory["tables"], found: Inventory["tables"]): Comparison {
  return compareInventories("app", buildInventory({ tables: expected }), buildInventory({ tables: found }));
}

const inventories = fc.record({
  digestMethod: fc.constant("test-1"),
  tables: fc.uniqueArray(fc.record({ name: fc.string(), rows: fc.nat(), digest: fc.string() }), {
    selector: ({ name }) => name,
  }),
  schema: fc.uniqueArray(
    fc.record({ kind: fc.constantFrom("index", "view"), name: fc.string(), definition: fc.string() }),
    { selector: ({ kind, name }) => `${kind} ${name}` },
  ),
  notCovered: fc.constant<string[]>([]),
});

test("an inventory agrees with itself in any order, and everything is counted", () => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      const turned = structuredClone(inventory);
      turned.tables.reverse();
      turned.schema.reverse();
      const comparison = compareInventories("app", inventory, turned);
      expect(comparison.differences).toEqual([]);
      expect(comparison.tablesCompared).toBe(inventory.tables.length);
      expect(comparison.schemaObjectsCompared).toBe(inventory.schema.length);
    }),
  );
});

test("any one change is one difference, that of its own kind", () => {
  fc.assert(
    fc.property(inventories, fc.nat(), (inventory, pick) => {
      fc.pre(inventory.tables.length > 0);
      const index = pick % inventory.tables.length;
      const changes: [string, (tables: Inventory["tables"]) => void][] = [
        ["table", (tables) => void tables.splice(index, 1)],
        ["rows", (tables) => void (tables[index]!.rows += 1)],
        ["content", (tables) => void (tables[index]!.digest += "1")],
      ];
      for (const [kind, change] of changes) {
        const damaged = structuredClone(inventory);
        change(damaged.tables);
        expect(compareInventories("app", inventory, damaged).differences).toMatchObject([
          { store: "app", kind, name: inventory.tables[index]!.name },
        ]);
      }
    }),
  );
});

describe("a table that was being rewritten while it was read", () => {
  const moving = { ...buildTable("t", 10), moving: { rowsAtLeast: 8, rowsAtMost: 12 } };

  test.each([8, 12])("may hold %i rows, and its content is not proven", (rows) => {
    const { differences, notProven } = compareTables([moving], [buildTable("t", rows, "other")]);
    expect(differences).toEqual([]);
    expect(notProven).toEqual([expect.stringContaining("Contents of t: it was being rewritten")]);
  });

  test.each([7, 13])("may not hold %i rows", (rows) => {
    const { differences } = compareTables([moving], [buildTable("t", rows)]);
    expect(differences).toMatchObject([{ kind: "rows", expected: "8 to 12 rows", found: `${rows} rows` }]);
  });
});

test("a table without a digest is counted only, and says so", () => {
  const { differences, notProven } = compareTables([buildTable("t", 1, null)], [buildTable("t", 1)]);
  expect(differences).toEqual([]);
  expect(notProven).toEqual(["Contents of t: only its rows were counted."]);
});

test("digests made in two ways are not compared, and that is told once", () => {
  const tables = [buildTable("a", 1, "1"), buildTable("b", 1, "1")];
  const other = buildInventory({
    digestMethod: "test-2",
    tables: tables.map((table) => ({ ...table, digest: "2" })),
  });
  const { differences, notProven } = compareInventories("app", buildInventory({ tables }), other);
  expect(differences).toEqual([]);
  expect(notProven).toEqual([
    "Contents of tables in app: the backup's digests were made by test-1, these by test-2.",
  ]);
});

test("what a backup did not cover is not proven by comparing the rest", () => {
  const expected = buildInventory({ notCovered: ["Large objects."] });
  expect(compareInventories("app", expected, buildInventory()).notProven).toEqual(["Large objects."]);
});

test("an index and a view of one name are two things", () => {
  const index = { kind: "index", name: "x", definition: "1" };
  const view = { kind: "view", name: "x", definition: "2" };
  const comparison = compareInventories(
    "app",
    buildInventory({ schema: [index, view] }),
    buildInventory({ schema: [view] }),
  );
  expect(comparison.differences).toEqual([
    { store: "app", kind: "index", name: "x", expected: "1", found: "nothing" },
  ]);
});

test("two things of one name are held against one another each with its like", () => {
  const first = { kind: "policy", name: "a.b.c", definition: "1" };
  const second = { kind: "policy", name: "a.b.c", definition: "2" };
  const compare = (found: SchemaObject[]): Difference[] =>
    compareInventories("app", buildInventory({ schema: [first, second] }), buildInventory({ schema: found }))
      .differences;
  expect(compare([second, first])).toEqual([]);
  expect(compare([second])).toMatchObject([{ expected: "1", found: "nothing" }]);
});

test("another version of an extension is told, and is no difference", () => {
  const extension = { kind: "extension", name: "vector", definition: "in schema public" };
  const { differences, notProven } = compareInventories(
    "app",
    buildInventory({ schema: [{ ...extension, version: "0.7.0" }] }),
    buildInventory({ schema: [{ ...extension, version: "0.8.0" }] }),
  );
  expect(differences).toEqual([]);
  expect(notProven).toEqual([expect.stringMatching(/^extension vector: .* version 0\.7\.0, .* 0\.8\.0/)]);
});

test("definitions written down in two ways are compared by name, and that is told", () => {
  const view = { kind: "view", name: "x", definition: "1" };
  const index = { kind: "index", name: "y", definition: "1" };
  const { differences, notProven } = compareInventories(
    "app",
    buildInventory({ schema: [view, index] }),
    buildInventory({
      definitionMethod: "newer",
      schema: [
        { ...view, definition: "2" },
        { ...view, kind: "view grants" },
      ],
    }),
  );
  expect(differences).toEqual([{ store: "app", kind: "index", name: "y", expected: "1", found: "nothing" }]);
  expect(notProven).toEqual([expect.stringContaining("only names were compared")]);
});

describe("partitions among which a restore may put rows otherwise", () => {
  const pool = "a.p";
  const before = [
    buildTable("a.p0", 3, "-9223372036854775808"),
    buildTable("a.p1", 1, "-5"),
    buildTable("a.t", 1),
  ];
  const after = [
    { ...buildTable("a.p0", 0, "0"), pool },
    { ...buildTable("a.p1", 4, "-9223372036854775813"), pool },
    buildTable("a.t", 1),
  ];
  const sample = (key: string) => ({ digestedBy: { method: "sample", oneIn: 2, key: [key] } });
  const add = (tables: typeof after, ...more: object[]) =>
    tables.map((table, index) => ({ ...table, ...more[index] }));

  test("are compared as one table, and counted as many", () => {
    expect(compareTables(before, after)).toMatchObject({
      differences: [],
      tablesCompared: 3,
      contentsCompared: 3,
      rowsCompared: 5,
      notProven: [expect.stringContaining("its 2 partitions were compared as one table")],
    });
  });

  test("differ where a value does, a row, or a partition", () => {
    expect(compareTables(before, add(after, {}, { digest: "1" })).differences).toMatchObject([
      { kind: "content", name: pool },
    ]);
    expect(compareTables(before, add(after, {}, { rows: 3 })).differences).toMatchObject([
      { kind: "rows", name: pool, expected: "4 rows", found: "3 rows" },
    ]);
    expect(compareTables(before, after.slice(1)).differences).toMatchObject([
      { kind: "table", name: "a.p0" },
      { kind: "rows", name: pool, expected: "1 row", found: "4 rows" },
    ]);
  });

  test("are counted alone where they were digested in several ways", () => {
    const ways = [sample("id"), sample("at")];
    const comparison = compareTables(add(before, ...ways), add(after, ...ways));
    expect(comparison).toMatchObject({ differences: [], tablesCompared: 3, contentsCompared: 1 });
    expect(comparison.notProven).toContain("Contents of a.p: only its rows were counted.");
    const same = [sample("id"), sample("id")];
    expect(compareTables(add(before, ...same), add(after, ...same)).contentsCompared).toBe(3);
    expect(compareTables(before, add(after, { digest: null }, { digest: null })).contentsCompared).toBe(1);
  });
});
