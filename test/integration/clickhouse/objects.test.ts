import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

const DATABASES = ["objects", "objects_memory"];

let pair: ClickHousePair;
let sink: MemorySink;
let manifest: ClickHouseManifest;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  await pair.sql(await readFile(new URL("../../fixtures/clickhouse-objects.sql", import.meta.url), "utf8"));
  sink = new MemorySink();
  manifest = await pair.backup(DATABASES, sink);
}, 120_000);

afterAll(async () => {
  await pair.sql(
    `${DATABASES.map((name) => `DROP DATABASE IF EXISTS ${name} SYNC`).join("; ")};
     DROP FUNCTION IF EXISTS objects_triple; DROP NAMED COLLECTION IF EXISTS objects_collection`,
  );
  await pair[Symbol.asyncDispose]();
});

test("objects of every kind come back without a difference", async () => {
  await pair.withRestored(manifest, sink, async (target) => {
    expect(await findDifferences(manifest, target)).toEqual([]);
  });
});
