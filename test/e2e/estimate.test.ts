import { afterAll, beforeAll, expect, test } from "vitest";
import type { DoctorResult } from "../../src/commands/doctor.ts";
import { Machine } from "../support/cli.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createBucket, createClickHouseDatabase, createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { runClickHouse } from "./product.ts";

const MB = 1_000_000;
let app: TestDatabase;
let log: TestDatabase;

beforeAll(async () => {
  app = await createPostgresDatabase();
  await runSql(app.url, "CREATE TABLE users AS SELECT generate_series(1, 1000) AS id");
  log = await createClickHouseDatabase();
  await runClickHouse(
    log.url,
    "CREATE TABLE log (month UInt8, text String) ENGINE = MergeTree PARTITION BY month ORDER BY tuple()",
  );
});
afterAll(() => Promise.all([app.drop(), log.drop()]));

/** Rows that no compression makes smaller, in a partition of their own. */
async function addMonth(month: number, megabytes: number): Promise<void> {
  await runClickHouse(
    log.url,
    `INSERT INTO log SELECT ${month}, randomString(10000) FROM numbers(${megabytes * 100})`,
  );
}

test("doctor tells what a month costs: by the source before the first backup, by what was sent from then on", async () => {
  const bucket = await createBucket();
  const machine = await Machine.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  });
  const url = `s3://${bucket.bucket}`;
  const args = [
    ...["--destination", url, "--s3-endpoint", bucket.endpoint, "--s3-region", bucket.region],
    ...["--postgres-url", app.url, "--clickhouse-url", log.url],
  ];
  const lookUp = async (): Promise<Map<string, { amount: number; assumption: string }>> => {
    const run = await machine.run("doctor", ...args);
    expect(run.status, run.stdout).toBe(0);
    const { lines } = (run.json as DoctorResult).estimate!;
    return new Map(lines.map((line) => [`${line.about.replace(/ s3:.*/, "")} ${line.charge}`, line]));
  };
  const gbOf = (bytes: number): number => bytes / 1e9;

  await addMonth(1, 3);
  const before = await lookUp();
  expect(before.get("store clickhouse egress")?.amount).toBeCloseTo(gbOf(30 * 3 * MB), 2);
  expect(before.get("store clickhouse egress")?.assumption).toContain("its size at the source");

  for (const month of [2, 3]) {
    const backup = await machine.run("backup", ...args);
    expect(backup.status, backup.stderr).toBe(0);
    await addMonth(month, 1);
  }
  const after = await lookUp();
  const [size] = await runSql(app.url, "SELECT pg_database_size(current_database()) AS bytes");
  expect(after.get("store postgres egress")?.amount).toBeCloseTo(gbOf(30 * Number(size?.["bytes"])), 2);
  const sent = after.get("store clickhouse egress");
  expect(sent?.amount).toBeCloseTo(gbOf(30 * MB), 2);
  expect(sent?.assumption).toContain("the mean of the last 2 backups");
  // No rule removes any: the newest, of 4 MB, and a year of others that hold 1 MB each beside it.
  const stored = [...after].find(([name]) => name.endsWith(" storage"))?.[1];
  expect(stored?.amount).toBeGreaterThan(gbOf((4 + 364) * MB));
  expect(stored?.amount).toBeLessThan(gbOf(1.1 * (4 + 365) * MB));
  expect(stored?.assumption).toContain("366 of clickhouse");

  const { stdout } = await machine.runText("doctor", ...args);
  expect(stdout).toContain("A month of nightly backups and weekly drills: no price of it is known here.");
  expect(stdout).toMatch(/· store clickhouse, egress: 0\.03 GB, price not known here/);
});
