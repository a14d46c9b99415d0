import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { parseManifest } from "../../src/backup/manifest.ts";
import type { Manifest } from "../../src/backup/manifest.ts";
import { Machine } from "../support/cli.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import type { SeenRequest } from "../support/faulty-s3-proxy.ts";
import { serve } from "../support/http-server.ts";
import type { TestServer } from "../support/http-server.ts";
import { countReceivedParts } from "../support/receipts.ts";
import { Runner } from "../support/runner.ts";
import type { FinishedStep, RunningStep } from "../support/runner.ts";
import { createBucket, openS3Client } from "../support/services.ts";
import type { TestBucket } from "../support/services.ts";
import { until } from "../support/until.ts";
import { createProduct, runClickHouse } from "./product.ts";
import type { Product } from "./product.ts";

/** Of one table; others have a few more. */
const PARTITIONS = 90;

let product: Product;
let proxy: FaultyS3Proxy;
let bucket: TestBucket;
/** What a service that watches over backups is told. */
let watcher: TestServer;
const pings: string[] = [];

beforeAll(async () => {
  product = await createProduct();
  proxy = await FaultyS3Proxy.start(inject("s3").endpoint);
  watcher = await serve(({ url = "" }, response) => {
    pings.push(url);
    response.end();
  });
  await runClickHouse(
    product.clickhouseUrl,
    `CREATE TABLE events (id UInt64, day UInt8, v String) ENGINE = MergeTree PARTITION BY day ORDER BY id;
     INSERT INTO events SELECT number, number % ${PARTITIONS}, hex(sipHash128(number)) FROM numbers(20000);
     CREATE TABLE notes (v String) ENGINE = Log;
     INSERT INTO notes VALUES ('one'), ('two');
     CREATE TABLE empty (id UInt64) ENGINE = MergeTree ORDER BY id;
     CREATE MATERIALIZED VIEW by_day ENGINE = SummingMergeTree ORDER BY day AS
       SELECT day, count() AS n FROM events GROUP BY day;
     INSERT INTO events SELECT number, number % ${PARTITIONS}, '' FROM numbers(100);
     OPTIMIZE TABLE events FINAL`,
  );
});
afterAll(async () => {
  await Promise.all([proxy[Symbol.asyncDispose](), watcher[Symbol.asyncDispose]()]);
  await product[Symbol.asyncDispose]();
});
beforeEach(async () => {
  pings.length = 0;
  bucket = await createBucket();
  proxy.decide = () => ({ kind: "pass" });
  proxy.seen.length = 0;
});

const isPart = ({ method, url }: SeenRequest): boolean => method === "PUT" && url.includes("/parts/");

/** One job on a machine of its own. */
async function runJob(
  inputs: Record<string, string>,
  meanwhile: (step: RunningStep) => Promise<void> = async () => {},
): Promise<FinishedStep> {
  await using runner = await Runner.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  });
  const isWatched = ["plan", "backup", "finish"].includes(inputs["command"] ?? "");
  const all = { ...place(), ...(isWatched && { heartbeat: `${watcher.url}/shop` }), ...inputs };
  const running = await runner.start(all);
  await meanwhile(running);
  const step = await running.finished();
  const post = await runner.runPost(all, step);
  expect(post.status, post.log).toBe(0);
  for (const form of product.plantedForms) expect(step.log + step.summary + post.log).not.toContain(form);
  return step;
}

function place(): Record<string, string> {
  return {
    destination: `s3://${bucket.bucket}/backups`,
    "s3-endpoint": proxy.endpoint,
    "s3-region": bucket.region,
    "s3-path-style": "true",
  };
}

function sources(): Record<string, string> {
  return { "postgres-url": product.postgresUrl, "clickhouse-url": product.clickhouseUrl };
}

async function plan(name: string): Promise<{ id: string; shards: string[] }> {
  const planned = await runJob({ command: "plan", name, shards: "3", ...sources() });
  expect(planned.status, planned.log).toBe(0);
  const { "backup-id": id = "", matrix = "" } = planned.outputs;
  return { id, shards: JSON.parse(matrix) as string[] };
}

const runShard = (name: string, id: string, shard: string): Promise<FinishedStep> =>
  runJob({ command: "backup", name, backup: id, shard, ...sources() });

const finish = (name: string, id: string): Promise<FinishedStep> =>
  runJob({ command: "finish", name, backup: id });

async function listKeys(prefix: string): Promise<string[]> {
  const client = openS3Client(bucket);
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket.bucket, Prefix: `backups/${prefix}` }),
  );
  client.destroy();
  return Contents.map(({ Key = "" }) => Key.slice(`backups/${prefix}`.length));
}

async function readManifest(name: string, id: string): Promise<Manifest> {
  const client = openS3Client(bucket);
  const Key = `backups/${name}/backups/${id}/manifest.json`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key }));
  const bytes = await Body!.transformToByteArray();
  client.destroy();
  return parseManifest(bytes, Key);
}

/** What a manifest says, but for ids, times and what pg_dump writes anew each time. */
function withoutRun(manifest: Manifest): unknown {
  const { id } = manifest;
  const text = JSON.stringify(
    {
      stores: manifest.stores.map((store) => {
        if (store.kind === "postgres") return { ...store, archive: store.archive.format, seconds: 0 };
        // The server hands the blocks of several parts over in any order.
        const parts = store.parts.map((part) => ({ ...part, sizeBytes: 0, sha256: "" }));
        return { ...store, parts, seconds: 0 };
      }),
      name: "",
      format: [manifest.format, manifest.formatVersion, manifest.writtenBy, manifest.keys],
    },
    null,
    1,
  );
  return JSON.parse(text.replaceAll(id, "<id>"));
}

describe("a backup that three jobs share", () => {
  test("is the one that a single job makes, restores, and is what the next night builds on", async () => {
    const single = await runJob({ command: "backup", name: "single", ...sources() });
    expect(single.status, single.log).toBe(0);

    pings.length = 0;
    const { id, shards } = await plan("shared");
    expect(shards).toEqual(["1/3", "2/3", "3/3"]);
    expect(await listKeys("shared/")).toEqual([`shards/${id}/plan.json`]);
    const jobs = await Promise.all(shards.map((shard) => runShard("shared", id, shard)));
    for (const job of jobs) expect(job.status, job.log).toBe(0);
    expect(await listKeys("shared/backups/")).not.toContain(`${id}/manifest.json`);
    const finished = await finish("shared", id);
    expect(finished.status, finished.log).toBe(0);
    // One backup, though five jobs made it: none of those in between counts as a backup that went well.
    expect(pings).toEqual(["/shop/start", "/shop"]);
    expect(finished.outputs["backup-id"]).toBe(id);
    expect(finished.summary.split("\n")[0]).toBe(`## ✅ Backup ${id} is complete`);

    const manifest = await readManifest("shared", id);
    expect(withoutRun(manifest)).toEqual(
      withoutRun(await readManifest("single", single.outputs["backup-id"]!)),
    );
    // Neither plan nor receipts are left, and each of the three has sent something.
    expect(await listKeys("shared/shards/")).toEqual([]);
    expect(await listKeys("shared/receipts/")).toEqual([]);
    const sent = jobs.map(({ outputs }) => Number(outputs["size-bytes"]));
    expect(Math.min(...sent)).toBeGreaterThan(0);

    const drill = await runJob({
      command: "drill",
      name: "shared",
      "target-postgres-url": product.targetPostgresUrl,
      "target-clickhouse-url": product.targetClickhouseUrl,
    });
    expect(drill.outputs, drill.log).toMatchObject({ "backup-id": id, verdict: "proven" });
    const verified = await runJob({ command: "verify", name: "shared", full: "true" });
    expect(verified.outputs, verified.log).toMatchObject({ verdict: "intact" });

    proxy.seen.length = 0;
    const next = await plan("shared");
    for (const shard of next.shards) expect((await runShard("shared", next.id, shard)).status).toBe(0);
    expect((await finish("shared", next.id)).status).toBe(0);
    expect(proxy.seen.filter(isPart)).toEqual([]);
    expect((await readManifest("shared", next.id)).stores).toHaveLength(2);
  });

  test("is not listed while a shard has failed, and goes on from what was done", async () => {
    const { id, shards } = await plan("shared");
    const [first, second, third] = shards as [string, string, string];
    for (const shard of [first, third]) {
      const job = await runShard("shared", id, shard);
      expect(job.status, job.log).toBe(0);
    }
    const before = proxy.seen.filter(isPart).length;
    const countNoted = (): Promise<number> => countReceivedParts(bucket, "shared", "2of3");
    let sent = 0;
    proxy.decide = (request) => (isPart(request) && ++sent > 24 ? { kind: "hang" } : { kind: "pass" });
    // As a job at its timeout: once it has noted some of what it sent.
    const killed = await runJob(
      { command: "backup", name: "shared", backup: id, shard: second, ...sources() },
      async (step) => {
        await step.process.reaches(until(async () => (await countNoted()) >= 16));
        step.process.kill("SIGTERM");
      },
    );
    expect(killed.status, killed.log).toBe(130);
    proxy.decide = () => ({ kind: "pass" });
    const kept = await countNoted();

    const early = await finish("shared", id);
    expect(early.status, early.log).toBe(2);
    expect(early.annotations[0]?.message).toContain(
      `Backup ${id} is not complete: of its 3 shards, ${second} has not finished.`,
    );
    expect(early.annotations[0]?.message).toContain("re-run failed jobs");
    expect(pings).toEqual(["/shop/start", "/shop/fail"]);
    expect(await list("shared")).toEqual([]);

    proxy.seen.length = 0;
    const again = await Promise.all(shards.map((shard) => runShard("shared", id, shard)));
    for (const job of again) expect(job.status, job.log).toBe(0);
    expect(again[0]!.log).toContain(`Shard ${first} of backup ${id} has finished before.`);
    const resent = proxy.seen.filter(isPart).length;
    const finished = await finish("shared", id);
    expect(finished.status, finished.log).toBe(0);
    const manifest = await readManifest("shared", id);
    const parts = manifest.stores.flatMap((store) => (store.kind === "clickhouse" ? store.parts : []));
    // What the shards that had finished sent, and what the killed one had noted, is not sent again.
    expect(resent).toBe(parts.length - before - kept);
    expect(resent).toBeGreaterThan(0);
    expect(await list("shared")).toEqual([id]);
    // As when a job that had done its work is run once more.
    const twice = await finish("shared", id);
    expect(twice.status, twice.log).toBe(0);
    expect(twice.log).toContain("was complete before");
  });
});

async function list(name: string): Promise<string[]> {
  const machine = await Machine.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  });
  return await machine.list(
    "--name",
    name,
    ...Object.entries(place()).flatMap(([option, value]) =>
      value === "true" ? [`--${option}`] : [`--${option}`, value],
    ),
  );
}
