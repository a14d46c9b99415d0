import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupResult } from "../../src/commands/backup.ts";
import type { DrillResult } from "../../src/commands/drill.ts";
import { Machine, readRun } from "../support/cli.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import { until } from "../support/until.ts";
import { createProduct, runClickHouse } from "./product.ts";
import type { Product } from "./product.ts";

let product: Product;

beforeAll(async () => {
  product = await createProduct(5_000);
});
afterAll(() => product[Symbol.asyncDispose]());

test("rows written to both databases while a backup runs do not make it wrong", async () => {
  await runSql(
    product.postgresUrl,
    "CREATE TABLE ticks (id bigint PRIMARY KEY); CREATE TABLE tocks (id bigint)",
  );
  await runClickHouse(
    product.clickhouseUrl,
    `CREATE TABLE ticks (id UInt64, half UInt8) ENGINE = MergeTree PARTITION BY half ORDER BY id;
     CREATE TABLE latest (id UInt64, version UInt64) ENGINE = ReplacingMergeTree(version) ORDER BY id`,
  );
  const machine = await Machine.create();
  const folder = join(machine.folder, "backups");
  await mkdir(folder);
  const place = ["--destination", pathToFileURL(folder).href];

  let isOver = false;
  const writing = Promise.all([writePostgres(() => isOver), writeClickHouse(() => isOver)]);
  // Both are at work.
  await until(async () => (await runSql(product.postgresUrl, "SELECT FROM ticks LIMIT 1")).length > 0);
  await until(async () => (await runClickHouse(product.clickhouseUrl, "SELECT id FROM ticks")).length > 0);
  const backup = await readRun(
    machine.start(
      "backup",
      ...place,
      "--postgres-url",
      product.postgresUrl,
      "--clickhouse-url",
      product.clickhouseUrl,
    ),
  );
  isOver = true;
  const [writtenToPostgres, writtenToClickHouse] = await writing;
  expect(backup.status, backup.stderr).toBe(0);
  const { manifest } = backup.json as BackupResult;
  const rowsOf = (store: string, pattern: RegExp): number =>
    manifest.stores
      .filter((one) => one.store === store)
      .flatMap(({ inventory }) => inventory.tables)
      .find(({ name }) => pattern.test(name))?.rows ?? -1;
  // The writers were at work before and after what the backup saw.
  for (const [store, written] of [
    ["postgres", writtenToPostgres],
    ["clickhouse", writtenToClickHouse],
  ] as const) {
    expect(rowsOf(store, /\.ticks$/)).toBeGreaterThan(0);
    expect(rowsOf(store, /\.ticks$/)).toBeLessThan(written);
  }

  const targets = ["--target-postgres-url", product.targetPostgresUrl];
  const drill = await machine.run(
    "drill",
    ...place,
    ...targets,
    "--target-clickhouse-url",
    product.targetClickhouseUrl,
  );
  expect((drill.json as DrillResult).record).toMatchObject({ verdict: "proven", reasons: [] });

  const copy = await createPostgresDatabase();
  const restored = await machine.run(
    "restore",
    ...place,
    "--store",
    "postgres",
    "--target-postgres-url",
    copy.url,
  );
  expect(restored.status, restored.stderr).toBe(0);
  // One snapshot: no gap in one table, and in step with the other, to which each transaction wrote as well.
  const [counts] = await runSql(
    copy.url,
    "SELECT count(*)::int AS rows, max(id)::int AS newest, (SELECT max(id)::int FROM tocks) AS tock FROM ticks",
  );
  const rows = rowsOf("postgres", /\.ticks$/);
  expect(counts).toEqual({ rows, newest: rows, tock: rows });
  await copy.drop();
});

/** Writes until told to stop: each transaction one row into two tables. @returns rows written to each */
async function writePostgres(isOver: () => boolean): Promise<number> {
  const client = new Client({ connectionString: product.postgresUrl });
  await client.connect();
  let id = 0;
  while (!isOver()) {
    id += 1;
    await client.query(`BEGIN; INSERT INTO ticks VALUES (${id}); INSERT INTO tocks VALUES (${id}); COMMIT`);
  }
  await client.end();
  return id;
}

/** Inserts, replaces and merges until told to stop. @returns rows inserted into `ticks` */
async function writeClickHouse(isOver: () => boolean): Promise<number> {
  let id = 0;
  while (!isOver()) {
    id += 1;
    const startMs = performance.now();
    await runClickHouse(
      product.clickhouseUrl,
      `INSERT INTO ticks VALUES (${id}, ${id % 2}); INSERT INTO latest VALUES (${id % 5}, ${id});
       ${id % 5 === 0 ? "OPTIMIZE TABLE ticks; OPTIMIZE TABLE latest FINAL; OPTIMIZE TABLE requests FINAL" : ""}`,
    );
    // In step with the machine: a partition that is rewritten whenever it is read could be counted only.
    await delay(5 * (performance.now() - startMs));
  }
  return id;
}
