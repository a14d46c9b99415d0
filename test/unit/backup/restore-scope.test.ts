import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAllowedMissing } from "../../../src/backup/allow-missing.ts";
import type { Inventory, SchemaObject } from "../../../src/backup/inventory.ts";
import { countOutside, findUnknown, narrowInventory } from "../../../src/backup/restore-scope.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import { buildInventory, buildTable } from "../../support/builders.ts";

const SCHEMAS = ["public", "billing", "billing.old"];
const TABLES = SCHEMAS.flatMap((schema) => ["a", "b c", "d.e"].map((name) => `${schema}.${name}`));
const anyTable = fc.constantFrom(...TABLES);

const anyObject: fc.Arbitrary<SchemaObject> = fc
  .record({
    kind: fc.constantFrom(
      "index",
      "foreign key",
      "policy",
      "view",
      "function",
      "extension",
      "sequence value",
    ),
    schema: fc.constantFrom(...SCHEMAS),
    local: fc.stringMatching(/^[a-z]{1,6}$/),
    table: fc.option(anyTable, { nil: undefined }),
    needs: fc.uniqueArray(anyTable, { maxLength: 2 }),
    definition: fc.string(),
  })
  .map(({ kind, schema, local, table, needs, definition }) => ({
    kind,
    name: kind === "extension" ? local : table === undefined ? `${schema}.${local}` : `${table}.${local}`,
    definition,
    ...(table !== undefined && { table }),
    ...(table !== undefined && needs.length > 0 && { needs }),
  }));

const anyInventory: fc.Arbitrary<Inventory> = fc
  .uniqueArray(anyObject, { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 30 })
  .map((objects) =>
    buildInventory({
      tables: TABLES.map((name, index) => buildTable(name, index)),
      schema: [
        ...SCHEMAS.map((name) => ({ kind: "schema", name, definition: "present" })),
        ...TABLES.map((name) => ({ kind: "columns", name, definition: "hash", table: name })),
        ...objects,
      ],
    }),
  );

const anyPart: fc.Arbitrary<RestoreScope> = fc.record({
  tables: fc.uniqueArray(anyTable, { minLength: 1, maxLength: 4 }),
  content: fc.constantFrom("all" as const, "structure" as const, "data" as const),
});

function tableNames(inventory: Inventory): string[] {
  return inventory.tables.map(({ name }) => name);
}

test("the whole scope changes nothing", () => {
  fc.assert(
    fc.property(anyInventory, (inventory) => {
      expect(narrowInventory(inventory, { content: "all" })).toEqual({ inventory, leftOut: [] });
    }),
  );
});

test("a part holds exactly its tables, and of what belongs to them all that is not left out by name", () => {
  fc.assert(
    fc.property(anyInventory, anyPart, (inventory, scope) => {
      const narrowed = narrowInventory(inventory, scope);
      expect(tableNames(narrowed.inventory).sort()).toEqual([...(scope.tables ?? [])].sort());
      const chosen = new Set(scope.tables);
      for (const object of inventory.schema) {
        const isKept = narrowed.inventory.schema.some(
          ({ kind, name }) => kind === object.kind && name === object.name,
        );
        const isNamed = narrowed.leftOut.some((line) => line.startsWith(`${object.kind} ${object.name}: `));
        const belongs = object.table !== undefined && chosen.has(object.table);
        const isValue = object.kind === "sequence value";
        const isOfContent = scope.content === "all" || isValue === (scope.content === "data");
        const isUnmet = scope.content !== "data" && (object.needs ?? []).some((table) => !chosen.has(table));
        expect({ isKept, isNamed }).toEqual({
          isKept: belongs && isOfContent && !isUnmet,
          isNamed: belongs && isOfContent && isUnmet,
        });
      }
    }),
  );
});

test("narrowing what was narrowed changes nothing more", () => {
  fc.assert(
    fc.property(anyInventory, anyPart, (inventory, scope) => {
      const once = narrowInventory(inventory, scope).inventory;
      expect(narrowInventory(once, scope)).toEqual({ inventory: once, leftOut: [] });
    }),
  );
});

test("schemas and tables that are chosen together add up", () => {
  fc.assert(
    fc.property(anyInventory, anyPart, (inventory, { tables = [] }) => {
      const both = narrowInventory(inventory, { tables, schemas: ["billing"], content: "all" }).inventory;
      const ofSchema = TABLES.filter(
        (name) => name.startsWith("billing.") && !name.startsWith("billing.old."),
      );
      expect(tableNames(both).sort()).toEqual([...new Set([...tables, ...ofSchema])].sort());
    }),
  );
});

test("what stands beside the restored part is left aside in what was found", () => {
  fc.assert(
    fc.property(anyInventory, anyPart, (inventory, scope) => {
      const beside = { ...inventory, tables: [...inventory.tables, buildTable("public.other", 3)] };
      expect(narrowInventory(beside, scope)).toEqual(narrowInventory(inventory, scope));
    }),
  );
});

describe("a part of this database", () => {
  const inventory = buildInventory({
    tables: [buildTable("public.users", 3), buildTable("public.events_2025", 5), buildTable("audit.log", 2)],
    schema: [
      { kind: "schema", name: "audit", definition: "present" },
      { kind: "extension", name: "pgcrypto", definition: "in schema public" },
      { kind: "columns", name: "public.events", definition: "1", table: "public.events" },
      { kind: "columns", name: "public.events_2025", definition: "2", table: "public.events_2025" },
      {
        kind: "partition",
        name: "public.events_2025",
        definition: "of public.events 3",
        table: "public.events_2025",
        needs: ["public.events"],
      },
      { kind: "materialized view", name: "public.totals", definition: "4", table: "public.totals" },
      { kind: "function", name: "audit.note()", definition: "5" },
      { kind: "large objects", name: "pg_largeobject", definition: "2" },
    ],
  });

  test("brings the partitions of a table, and says what it leaves alone", () => {
    const { inventory: part } = narrowInventory(inventory, { tables: ["public.events"], content: "all" });
    expect(tableNames(part)).toEqual(["public.events_2025"]);
    expect(part.schema.map(({ kind }) => kind)).toEqual(["columns", "columns", "partition"]);
    expect(countOutside(inventory, part)).toEqual([
      { kind: "table", count: 2 },
      { kind: "schema", count: 1 },
      { kind: "extension", count: 1 },
      { kind: "materialized view", count: 1 },
      { kind: "function", count: 1 },
      { kind: "large objects", count: 1 },
    ]);
  });

  test("of a schema has its functions and itself", () => {
    const { inventory: part } = narrowInventory(inventory, { schemas: ["audit"], content: "all" });
    expect(part.schema.map(({ name }) => name)).toEqual(["audit", "audit.note()"]);
  });

  test("without rows has empty tables, and materialized views that nobody filled", () => {
    const { inventory: part } = narrowInventory(inventory, { content: "structure" });
    expect(part.tables.every(({ rows, digest }) => rows === 0 && digest === "0")).toBe(true);
    expect(part.schema.find(({ kind }) => kind === "materialized view")?.definition).toBe("not populated 4");
    expect(part.schema.some(({ kind }) => kind === "large objects")).toBe(false);
  });

  test("names what nobody knows", () => {
    const scope = {
      tables: ["users", "public.users"],
      schemas: ["audit", "nowhere"],
      content: "all",
    } as const;
    expect(findUnknown(inventory, scope)).toEqual(["users", "nowhere"]);
  });
});

test.each([
  ["extension", "pg_cron", "extension pg_cron", true],
  ["extension", "pg_cron", " Extension  pg_cron ", true],
  ["extension", "pg_cron2", "extension pg_cron", false],
  ["extension", "pg_cron", "pg_cron", false],
  ["event trigger", "audit", "event trigger audit", true],
  ["function", "public.double(value integer)", "function public.double", true],
  ["function", "public.Double()", "function public.double", false],
])("%s %s is allowed by %j: %j", (kind, name, item, isAllowed) => {
  expect(isAllowedMissing({ kind, name }, ["index a", item])).toBe(isAllowed);
});
