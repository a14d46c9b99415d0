import { afterAll, beforeAll, expect, test } from "vitest";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

let pair: ClickHousePair;
let database: string;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  database = await pair.fillTypes();
});

afterAll(async () => {
  await pair.sql(`DROP DATABASE ${database} SYNC`);
  await pair[Symbol.asyncDispose]();
});

test("values of every type come back with equal digests", async () => {
  const sink = new MemorySink();
  const manifest = await pair.backup([database], sink);
  await pair.withRestored(manifest, sink, async (target) => {
    expect(await findDifferences(manifest, target)).toEqual([]);
    for (const { name } of manifest.inventory.tables) {
      const query = `SELECT * FROM ${name} ORDER BY id`;
      expect(await target.query(query), name).toEqual(await pair.sql(query));
    }
  });
});
