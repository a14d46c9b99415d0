import { describe, expect, test } from "vitest";
import {
  fingerprintPartition,
  groupParts,
  isUndisturbed,
} from "../../../../../src/stores/clickhouse/catalog/partitions.ts";
import type { Partition } from "../../../../../src/stores/clickhouse/catalog/partitions.ts";

const COLUMNS = [{ name: "x", type: "Int8", default_kind: "", default_expression: "" }];

function part(name: string, hash = "h"): Partition["parts"][number] {
  return { name, rows: 10, hash, hidesRows: false, storedBytes: 1 };
}

function partition(parts: Partition["parts"], patches: Partition["patches"] = []): Partition {
  return { id: "p", tableUuid: "u", parts, patches, storedBytes: 1 };
}

const BASE = partition([part("p_1_1_0"), part("p_2_2_0")]);

describe("a partition's fingerprint", () => {
  const base = fingerprintPartition(BASE, COLUMNS);

  test("does not depend on the order in which parts are listed", () => {
    expect(fingerprintPartition({ ...BASE, parts: [...BASE.parts].reverse() }, COLUMNS)).toBe(base);
  });

  test.each<[string, Partition, typeof COLUMNS]>([
    ["another part", partition([...BASE.parts, part("p_3_3_0")]), COLUMNS],
    ["a merge", partition([part("p_1_2_1")]), COLUMNS],
    ["the same names with other content", partition([part("p_1_1_0", "other"), part("p_2_2_0")]), COLUMNS],
    ["a patch", partition(BASE.parts, [part("patch-1-p_4_4_0_3")]), COLUMNS],
    ["a table made again", { ...BASE, tableUuid: "v" }, COLUMNS],
    ["another type", BASE, [{ ...COLUMNS[0]!, type: "Int16" }]],
    ["another default", BASE, [{ ...COLUMNS[0]!, default_expression: "1" }]],
  ])("changes with %s", (_, changed, columns) => {
    expect(fingerprintPartition(changed, columns)).not.toBe(base);
  });
});

describe("rows read meanwhile", () => {
  test("are undisturbed by new parts", () => {
    expect(isUndisturbed(BASE, partition([...BASE.parts, part("p_9_9_0")]))).toBe(true);
  });

  test.each<[string, Partition | undefined]>([
    ["a dropped partition", undefined],
    ["a merge", partition([part("p_1_2_1")])],
    ["a part of the same name with other content", partition([part("p_1_1_0", "other"), part("p_2_2_0")])],
    ["a patch", partition(BASE.parts, [part("patch-1-p_4_4_0_3")])],
    ["a table exchanged for another", { ...BASE, tableUuid: "v" }],
  ])("are disturbed by %s", (_, after) => {
    expect(isUndisturbed(BASE, after)).toBe(false);
  });
});

test("patch parts belong to the partition that they change, and rows are then not exactly known", () => {
  const row = { rows: "5", hash: "h", hides_rows: 0, bytes_on_disk: "7" };
  const found = groupParts(
    [
      { ...row, partition_id: "0", name: "0_1_1_0" },
      { ...row, partition_id: "patch-9834becdf7e2e15ad7c410ffd6a5a63c-1-2", name: "patch-1" },
      { ...row, partition_id: "1-2", name: "1-2_1_1_0" },
    ],
    "u",
    "server",
  );
  expect([...found.values()].map(({ id, patches }) => [id, patches.length])).toEqual([
    ["0", 0],
    ["1-2", 1],
  ]);
  expect(
    [...found.values()].map(({ parts }) => parts.map(({ rows, hidesRows }) => [rows, hidesRows])),
  ).toEqual([[[5, false]], [[5, false]]]);
});
