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

  const written = { postgres: 0, clickhouse: 0 };
  let isOver = false;
  const writing = Promise.all([
    writePostgres(
      (id) => (written.postgres = id),
      () => isOver,
    ),
    writeClickHouse(
      (id) => (written.clickhouse = id),
      () => isOver,
    ),
  ]);
  await until(() => written.postgres > 0 && written.clickhouse > 0);
  const before = { ...written };
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
  const after = { ...written };
  isOver = true;
  await writing;
  expect(backup.status, backup.stderr).toBe(0);
  const { manifest } = backup.json as BackupResult;
  const rowsOf = (store: string, pattern: RegExp): number =>
    manifest.stores
      .filter((one) => one.store === store)
      .flatMap(({ inventory }) => inventory.tables)
      .find(({ name }) => pattern.test(name))?.rows ?? -1;
  for (const store of ["postgres", "clickhouse"] as const) {
    // The writers were at work before what the backup saw, and while it ran.
    expect(rowsOf(store, /\.ticks$/)).toBeGreaterThanOrEqual(before[store]);
    expect(rowsOf(store, /\.ticks$/)).toBeLessThanOrEqual(written[store]);
    expect(after[store]).toBeGreaterThan(before[store]);
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

/** Writes until told to stop: each transaction one row into two tables. @param tell - how many each has */
async function writePostgres(tell: (rows: number) => void, isOver: () => boolean): Promise<void> {
  const client = new Client({ connectionString: product.postgresUrl });
  await client.connect();
  let id = 0;
  while (!isOver()) {
    id += 1;
    await client.query(`BEGIN; INSERT INTO ticks VALUES (${id}); INSERT INTO tocks VALUES (${id}); COMMIT`);
    tell(id);
  }
  await client.end();
}

/** Inserts, replaces and merges until told to stop. @param tell - how many rows `ticks` has */
async function writeClickHouse(tell: (rows: number) => void, isOver: () => boolean): Promise<void> {
  let id = 0;
  while (!isOver()) {
    id += 1;
    const startMs = performance.now();
    await runClickHouse(
      product.clickhouseUrl,
      `INSERT INTO ticks VALUES (${id}, ${id % 2}); INSERT INTO latest VALUES (${id % 5}, ${id});
       ${id % 5 === 0 ? "OPTIMIZE TABLE ticks; OPTIMIZE TABLE latest FINAL; OPTIMIZE TABLE requests FINAL" : ""}`,
    );
    tell(id);
    // In step with the machine: a partition that is rewritten whenever it is read could be counted only.
    await delay(5 * (performance.now() - startMs));
  }
}
