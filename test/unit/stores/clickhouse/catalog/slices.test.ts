import fc from "fast-check";
import { expect, test } from "vitest";
import type { Part, Partition } from "../../../../../src/stores/clickhouse/catalog/partitions.ts";
import { cutIntoSlices } from "../../../../../src/stores/clickhouse/catalog/slices.ts";

function part(name: string, rows: number, storedBytes: number, hidesRows = false): Part {
  return { name, rows, hash: "h", hidesRows, storedBytes };
}

function partition(parts: Part[], patches: Part[] = []): Partition {
  return { id: "202611", tableUuid: "u", parts, patches, storedBytes: 0 };
}

test("a partition below the limit is one slice that names its parts", () => {
  const [slice, ...more] = cutIntoSlices(partition([part("b", 5, 60), part("a", 7, 40)]), 100);
  expect(more).toEqual([]);
  expect(slice).toEqual({
    condition: "_partition_id = '202611' AND _part IN ('a', 'b')",
    exactRows: 12,
    storedBytes: 100,
  });
});

test("small parts are gathered, and a large one is cut by the offset of its rows", () => {
  const parts = [part("a", 1, 60), part("b", 2, 60), part("c", 100, 250), part("d", 3, 30)];
  expect(cutIntoSlices(partition(parts), 100).map(({ condition }) => condition.slice(29))).toEqual([
    "_part IN ('a')",
    "_part IN ('b', 'd')",
    "_part IN ('c') AND _part_offset >= 0 AND _part_offset < 33",
    "_part IN ('c') AND _part_offset >= 33 AND _part_offset < 66",
    "_part IN ('c') AND _part_offset >= 66 AND _part_offset < 100",
  ]);
});

test("rows that something may hide have no exact count", () => {
  expect(cutIntoSlices(partition([part("a", 5, 1, true)]), 10)[0]?.exactRows).toBeUndefined();
  expect(cutIntoSlices(partition([part("a", 5, 1)], [part("p", 1, 1)]), 10)[0]?.exactRows).toBeUndefined();
});

test("slices hold each row once, are numbered, and do not depend on the order of the parts", () => {
  const sizes = fc.array(
    fc.record({ rows: fc.integer({ min: 1, max: 50 }), bytes: fc.integer({ min: 1, max: 900 }) }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(sizes, (each) => {
      const parts = each.map(({ rows, bytes }, index) => part(`p${index}`, rows, bytes));
      const slices = cutIntoSlices(partition(parts), 100);
      expect(cutIntoSlices(partition(parts.toReversed()), 100)).toEqual(slices);
      expect(slices.reduce((sum, { exactRows }) => sum + (exactRows ?? 0), 0)).toBe(
        parts.reduce((sum, { rows }) => sum + rows, 0),
      );
      if (slices.length === 1) expect(slices[0]?.place).toBeUndefined();
      else expect(slices.map(({ place }) => place?.number)).toEqual(slices.map((_, index) => index + 1));
      const covered = new Map<string, number>();
      for (const { condition } of slices) {
        const range = /_part_offset >= (\d+) AND _part_offset < (\d+)/.exec(condition);
        for (const [, name = ""] of condition.matchAll(/'(p\d+)'/g)) {
          const rows = range
            ? Number(range[2]) - Number(range[1])
            : parts.find((each) => each.name === name)!.rows;
          covered.set(name, (covered.get(name) ?? 0) + rows);
        }
      }
      for (const { name, rows } of parts) expect(covered.get(name)).toBe(rows);
    }),
  );
});
