import { describe, expect, test } from "vitest";
import {
  findReferences,
  idOf,
  parseSchema,
  planSchema,
  serialiseSchema,
} from "../../../../../src/stores/clickhouse/sql/ddl.ts";
import type { SchemaEntry } from "../../../../../src/stores/clickhouse/sql/ddl.ts";

function entry(kind: SchemaEntry["kind"], name: string, ...dependsOn: string[]): SchemaEntry {
  const database = kind === "function" ? "" : "a";
  return { kind, database, name, engine: "", given: "", portable: "", dependsOn };
}

describe("the order of a restore", () => {
  test("views and dictionaries come after the rows, materialized views last", () => {
    const plan = planSchema([
      entry("materialized view", "m2", "a.m1"),
      entry("materialized view", "m1", "a.v2"),
      entry("view", "v1", "a.v2"),
      entry("view", "v2", "a.t"),
      entry("dictionary", "d", "a.t"),
      entry("table", "t"),
      entry("function", "f"),
      entry("database", "a"),
    ]);
    expect(plan.beforeData.map(idOf)).toEqual(["a", "f", "a.t"]);
    expect(plan.afterData.map(idOf)).toEqual(["a.d", "a.v2", "a.v1", "a.m1", "a.m2"]);
  });

  test("a dictionary that a table's DEFAULT asks comes before that table, with the table it reads", () => {
    const plan = planSchema([
      entry("table", "a-needs", "a.d"),
      entry("dictionary", "d", "a.names"),
      entry("table", "names"),
    ]);
    expect(plan.beforeData.map(idOf)).toEqual(["a.names", "a.d", "a.a-needs"]);
    expect(plan.afterData).toEqual([]);
  });

  test("a circle ends", () => {
    const plan = planSchema([entry("view", "x", "a.y"), entry("view", "y", "a.x")]);
    expect(plan.afterData).toHaveLength(2);
  });
});

test("references are found in names and in texts, not in parts of them", () => {
  const known = new Set(["a.t", "a.d", "a.odd name", "a.unused"]);
  const statement =
    "CREATE VIEW a.v AS SELECT dictGet('a.d', 'x', k), 'text about a.unused' FROM a.t JOIN `a`.`odd name` ON x.unused = a.unusedness";
  expect(findReferences(statement, known).sort()).toEqual(["a.d", "a.odd name", "a.t"]);
});

test("a schema file is read back as it was written, and anything else is called damaged", () => {
  const plan = planSchema([entry("table", "t"), entry("view", "v", "a.t")]);
  expect(parseSchema(serialiseSchema(plan))).toEqual(plan);
  expect(() => parseSchema("{}")).toThrow(expect.objectContaining({ code: "BACKUP_DAMAGED" }));
});
