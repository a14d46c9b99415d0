import { expect, test } from "vitest";
import type { DataTable } from "../../../../../src/stores/clickhouse/catalog/catalog.ts";
import { CountTogether } from "../../../../../src/stores/clickhouse/backup/count-together.ts";
import type { Group } from "../../../../../src/stores/clickhouse/backup/count-together.ts";
import type { Partition } from "../../../../../src/stores/clickhouse/catalog/partitions.ts";

function table(name: string): DataTable {
  return { database: "app", name, storedIn: name, uuid: "u", storage: "parts", columns: [] };
}

function partition(id: string, storedBytes = 100, parts = 1): Partition {
  const part = { rows: 1, hash: "h", hidesRows: false, storedBytes: storedBytes / parts };
  const named = Array.from({ length: parts }, (_, index) => ({ ...part, name: `${id}_${index}` }));
  return { id, tableUuid: "u", parts: named, patches: [], storedBytes };
}

/** Counts a partition as its id says, and takes down what was asked at once. */
function watchCounts(): { counts: CountTogether; asked: string[][] } {
  const asked: string[][] = [];
  const counts = new CountTogether(async ({ table: { name }, partitions }: Group) => {
    asked.push(partitions.map(({ id }) => `${name} ${id}`));
    return new Map(partitions.map(({ id }) => [id, { rows: Number(id), digest: id }]));
  });
  return { counts, asked };
}

test("small partitions of a table are counted at once, when the first of them is asked for", async () => {
  const { counts, asked } = watchCounts();
  const [log, users] = [table("log"), table("users")];
  const [one, two, other] = [partition("1"), partition("2"), partition("3")];
  counts.add(log, one);
  counts.add(users, other);
  counts.add(log, two);
  expect(asked).toEqual([]);
  expect(await Promise.all([counts.count(two), counts.count(one)])).toEqual([
    { rows: 2, digest: "2" },
    { rows: 1, digest: "1" },
  ]);
  expect(asked).toEqual([["log 1", "log 2"]]);
  expect(await counts.count(other)).toEqual({ rows: 3, digest: "3" });
  expect(asked).toHaveLength(2);
});

test.each([
  ["partitions", 150, 100, 1, [64, 64, 22]],
  ["parts", 5, 100, 400, [2, 2, 1]],
  ["bytes", 5, 12 * 1024 ** 2, 1, [2, 2, 1]],
])("a group has its limit in %s", async (_, count, storedBytes, parts, groups) => {
  const { counts, asked } = watchCounts();
  const log = table("log");
  const all = Array.from({ length: count }, (_, index) => partition(String(index), storedBytes, parts));
  for (const each of all) counts.add(log, each);
  const counted = await Promise.all(all.map(async (each) => await counts.count(each)));
  expect(counted.map((each) => each?.rows)).toEqual(all.map((_, index) => index));
  expect(asked.map(({ length }) => length)).toEqual(groups);
});

test.each([
  ["large", partition("1", 33 * 1024 ** 2)],
  ["in many parts", partition("1", 100, 1001)],
])("a partition that is %s is counted alone", (_, large) => {
  const { counts } = watchCounts();
  counts.add(table("log"), large);
  expect(counts.count(large)).toBeUndefined();
});

test("a partition that shows no row has none", async () => {
  const counts = new CountTogether(async () => new Map());
  const empty = partition("1");
  counts.add(table("log"), empty);
  expect(await counts.count(empty)).toEqual({ rows: 0, digest: "0" });
});
