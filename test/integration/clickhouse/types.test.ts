import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

let pair: ClickHousePair;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  await pair.sql(await readFile(new URL("../../fixtures/clickhouse-types.sql", import.meta.url), "utf8"));
}, 120_000);

afterAll(async () => {
  await pair.sql("DROP DATABASE IF EXISTS every_type SYNC");
  await pair[Symbol.asyncDispose]();
});

test("values of every type come back with equal digests", async () => {
  const sink = new MemorySink();
  const manifest = await pair.backup(["every_type"], sink);
  await pair.withRestored(manifest, sink, async (target) => {
    expect(await findDifferences(manifest, target)).toEqual([]);
    for (const { name } of manifest.inventory.tables) {
      const query = `SELECT * FROM ${name} ORDER BY id`;
      expect(await target.query(query), name).toEqual(await pair.sql(query));
    }
  });
});
