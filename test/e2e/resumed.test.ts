import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { BackupResult } from "../../src/commands/backup.ts";
import { Machine, readRun } from "../support/cli.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import { countReceivedParts } from "../support/receipts.ts";
import { createBucket, createClickHouseDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { until } from "../support/until.ts";
import { runClickHouse } from "./product.ts";

const PARTITIONS = 100;

const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);

let database: TestDatabase;
let proxy: FaultyS3Proxy;

beforeAll(async () => {
  proxy = await FaultyS3Proxy.start(inject("s3").endpoint);
});
afterAll(() => proxy[Symbol.asyncDispose]());
beforeEach(async () => {
  database = await createClickHouseDatabase();
  proxy.decide = () => ({ kind: "pass" });
  await runClickHouse(
    database.url,
    `CREATE TABLE log (id UInt64, day UInt8, v String) ENGINE = MergeTree PARTITION BY day ORDER BY id;
     INSERT INTO log SELECT number, number % ${PARTITIONS}, hex(sipHash128(number)) FROM numbers(50000)`,
  );
  return () => database.drop();
});

const isPart = ({ method, url }: { method: string; url: string }): boolean =>
  method === "PUT" && url.includes("/parts/");

test.each([
  { how: "plain", keys: {}, ending: ".native.zst" },
  {
    how: "encrypted",
    keys: { LIFEBOAT_AGE_RECIPIENTS: recipient, LIFEBOAT_AGE_IDENTITY: identity },
    ending: ".native.zst.age",
  },
])(
  "a backup ($how) that is killed half-way leaves its finished partitions, and the next one sends only the rest",
  async ({ keys, ending }) => {
    const bucket = await createBucket();
    const machine = await Machine.create({
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      LIFEBOAT_DESTINATION: `s3://${bucket.bucket}/backups`,
      LIFEBOAT_S3_ENDPOINT: proxy.endpoint,
      LIFEBOAT_S3_REGION: bucket.region,
      LIFEBOAT_S3_PATH_STYLE: "true",
      LIFEBOAT_CLICKHOUSE_URL: database.url,
      ...keys,
    });
    let sent = 0;
    proxy.decide = (request) =>
      isPart(request) && ++sent > 0.8 * PARTITIONS ? { kind: "hang" } : { kind: "pass" };
    const killed = machine.start("backup");
    await killed.reaches(until(async () => (await countReceivedParts(bucket, "lifeboat")) >= 32));
    killed.kill("SIGKILL");
    expect((await killed.ended).status).toBeNull();
    proxy.decide = () => ({ kind: "pass" });
    expect(await machine.list()).toEqual([]);

    proxy.seen.length = 0;
    const next = await readRun(machine.start("backup"));
    expect(next.status, next.stderr).toBe(0);
    const { manifest, backupId, sentBytes, sizeBytes } = next.json as BackupResult;
    const store = manifest.stores[0]!;
    if (store.kind !== "clickhouse") throw new Error("a ClickHouse store");
    expect(store.parts).toHaveLength(PARTITIONS);
    expect(store.inventory.tables[0]).toMatchObject({ rows: 50_000, digest: expect.any(String) });
    const referred = store.parts.filter(({ key }) => !key.endsWith(`-${backupId}${ending}`));
    expect(referred.length).toBeGreaterThanOrEqual(32);
    expect(store.parts.every(({ key }) => key.endsWith(ending))).toBe(true);
    expect(proxy.seen.filter(isPart)).toHaveLength(PARTITIONS - referred.length);
    expect(sentBytes).toBeLessThan(0.75 * sizeBytes);
    // What it refers to needs no receipt any longer.
    expect(await countReceivedParts(bucket, "lifeboat")).toBe(0);

    const drill = await machine.run("drill", "--target-clickhouse-url", await emptyServer());
    expect(drill.json).toMatchObject({ record: { verdict: "proven" } });
  },
);

/** A server that has none of the backup's databases. */
async function emptyServer(): Promise<string> {
  await database.drop();
  return inject("clickhouseUrl");
}
