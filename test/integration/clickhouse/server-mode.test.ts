import { afterAll, beforeAll, expect, test } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { createClickHouseThrowaway } from "../../../src/stores/clickhouse/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";
import { until } from "../../support/until.ts";
import { backUpClickHouse, findDifferences } from "./clickhouse-pair.ts";

// One server for both: the disk that BACKUP writes to is its own. What was backed up is dropped before a restore.
let server: Awaited<ReturnType<typeof startClickHouse>>;
const run = startTestRun();

beforeAll(async () => {
  server = await startClickHouse();
});
afterAll(() => server.stop());

async function sql(script: string): Promise<Record<string, unknown>[]> {
  const target = await createClickHouseThrowaway({ store: "x", url: new Secret(server.url) }, run);
  try {
    return await target.query(script);
  } finally {
    await target.close();
  }
}

const destination = { engine: "Disk", disk: "backups", folder: "shop" } as const;

function backUp(sink: MemorySink, databases: string[], deadlineMs = 600_000): Promise<ClickHouseManifest> {
  const serverMode = { destination, deadlineMs };
  return backUpClickHouse({ name: "log", url: new Secret(server.url), databases, serverMode }, sink, run);
}

const SHOP = `CREATE DATABASE shop;
  CREATE TABLE shop.log (id UInt64, month UInt8, v String) ENGINE = MergeTree PARTITION BY month ORDER BY id TTL toDate('2020-01-01') + toIntervalDay(month);
  SYSTEM STOP MERGES shop.log;
  CREATE TABLE shop.small (id UInt8) ENGINE = Log; INSERT INTO shop.small VALUES (1), (2);
  CREATE MATERIALIZED VIEW shop.sums ENGINE = SummingMergeTree ORDER BY month AS SELECT month, count() AS c FROM shop.log GROUP BY month;
  CREATE VIEW shop.named AS SELECT id FROM shop.log WHERE v != '';
  CREATE TABLE shop.outside (id UInt8) ENGINE = MySQL('127.0.0.1:1', 'db', 't', 'user', 'planted-secret');
  INSERT INTO shop.log SELECT number, number % 4, toString(number) FROM numbers(20000)`;

test("an incremental chain of three on a disk of the server: each backup restores as it was", async () => {
  await sql(SHOP);
  const sink = new MemorySink();
  const manifests: ClickHouseManifest[] = [];
  for (const change of [
    "SELECT 1",
    "INSERT INTO shop.log SELECT number, 7, 'more' FROM numbers(100)",
    "ALTER TABLE shop.log DROP PARTITION 2; INSERT INTO shop.small VALUES (3)",
  ]) {
    await sql(change);
    sink.previous = manifests.at(-1);
    manifests.push(await backUp(sink, ["shop"]));
  }
  const [full, second, third] = manifests.map(({ serverBackup }) => serverBackup!) as [
    NonNullable<ClickHouseManifest["serverBackup"]>,
    NonNullable<ClickHouseManifest["serverBackup"]>,
    NonNullable<ClickHouseManifest["serverBackup"]>,
  ];
  expect(full.chain).toEqual([full.folder]);
  expect(third.chain).toEqual([full.folder, second.folder, third.folder]);
  expect(second.writtenBytes).toBeLessThan(full.writtenBytes / 2);
  expect(second.totalBytes).toBeGreaterThan(full.totalBytes / 2);
  expect(full.folder).toMatch(/^shop\/\d{8}T\d{6}Z-[0-9a-f]{4}$/);
  expect(manifests.every(({ inventory }) => inventory.tables.every(({ digest }) => digest !== null))).toBe(
    true,
  );
  expect(JSON.stringify(manifests) + run.lines.join("\n")).not.toContain("planted-secret");

  await sql("DROP DATABASE shop SYNC");
  for (const manifest of manifests) {
    const target = await createClickHouseThrowaway({ store: "log", url: new Secret(server.url) }, run);
    try {
      await target.restore(manifest, { objects: sink, replace: false, scratchDir: "" });
      expect(await findDifferences(manifest, target)).toEqual([]);
      const [rows] = await target.query("SELECT sum(c) AS c FROM shop.sums");
      expect(Number(rows?.["c"])).toBeGreaterThan(19_000);
    } finally {
      await target.destroy();
      await target.close();
    }
  }
});

test("a base that is gone is replaced by a full backup", async () => {
  await sql(
    "CREATE DATABASE lost; CREATE TABLE lost.t (id UInt8) ENGINE = MergeTree ORDER BY id; INSERT INTO lost.t VALUES (1)",
  );
  const sink = new MemorySink();
  const first = await backUp(sink, ["lost"]);
  const gone = { ...first.serverBackup!, folder: "shop/20200101T000000Z-0000" };
  sink.previous = { ...first, serverBackup: gone };
  const { serverBackup } = await backUp(sink, ["lost"]);
  expect(serverBackup?.chain).toEqual([serverBackup?.folder]);
  expect(run.lines.join("\n")).toContain("no longer at backups");
  await sql("DROP DATABASE lost SYNC");
});

test("a backup that takes too long is ended on the server", async () => {
  await sql(
    `CREATE DATABASE slow; CREATE TABLE slow.t (id UInt64, v String) ENGINE = MergeTree ORDER BY id;
     INSERT INTO slow.t SELECT number, randomString(1000) FROM numbers(100000)`,
  );
  const sink = new MemorySink();
  await expect(backUp(sink, ["slow"], 0)).rejects.toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringContaining("took too long"),
  });
  const running = "SELECT 1 FROM system.processes WHERE query_kind = 'Backup'";
  await until(async () => (await sql(running)).length === 0);
  expect([...sink.objects.keys()]).toEqual([]);
  await sql("DROP DATABASE slow SYNC");
});
