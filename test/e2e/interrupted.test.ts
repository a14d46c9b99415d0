import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import { ProcessWatch } from "../support/processes.ts";
import { Runner } from "../support/runner.ts";
import type { RunningStep } from "../support/runner.ts";
import { createBucket, openS3Client } from "../support/services.ts";
import type { TestBucket } from "../support/services.ts";
import { until } from "../support/until.ts";
import { createProduct } from "./product.ts";
import type { Product } from "./product.ts";

let product: Product;
let proxy: FaultyS3Proxy;

beforeAll(async () => {
  [product, proxy] = await Promise.all([createProduct(30_000), FaultyS3Proxy.start(inject("s3").endpoint)]);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await product[Symbol.asyncDispose]();
});

test("a step that is cancelled in the middle of an upload ends at once and leaves only what the next run refers to", async () => {
  const { bucket, runner, inputs, list, step, watch } = await startUntilUpload();
  using _ = watch;
  await using __ = runner;
  // Nobody answers the requests on their way, and nothing follows this signal.
  step.process.kill("SIGINT");
  const main = await step.finished();
  expect(main.status, main.log).toBe(130);
  expect(main.annotations).toMatchObject([{ level: "error", message: expect.stringContaining("cancelled") }]);
  expect(main.groups).toEqual(["Check", "Back up"]);
  expect(watch.listAlive()).toEqual([]);
  const left = await listLeft(bucket);
  expect(left.uploads).toEqual([]);
  // Finished partitions stay, with the receipts by which the next run finds them.
  expect(left.objects.filter((key) => key.includes("/receipts/"))).not.toEqual([]);
  expect(left.objects.filter((key) => !/\/(parts|receipts)\//.test(key))).toEqual([]);

  proxy.decide = () => ({ kind: "pass" });
  expect(await runner.runPost(inputs, main)).toMatchObject({ status: 0, annotations: [] });
  expect(await runner.run(list)).toMatchObject({
    status: 0,
    outputs: { "backup-id": "" },
  });
});

test("after a step that was killed, post removes what it left, and the next backup succeeds", async () => {
  const { bucket, runner, inputs, list, step, watch } = await startUntilUpload();
  using _ = watch;
  await using __ = runner;
  step.process.kill("SIGKILL");
  const main = await step.finished();
  expect(main.status).toBeNull();
  expect((await listLeft(bucket)).uploads).toHaveLength(1);
  await until(() => watch.listAlive().length === 0);

  proxy.decide = () => ({ kind: "pass" });
  expect(await runner.run(list)).toMatchObject({ status: 0, outputs: { "backup-id": "" } });
  const config = join(runner.workspace, "lifeboat.yml");
  const here = `{ url: "${inputs["destination"]}", endpoint: "${proxy.endpoint}", region: ${bucket.region}, path-style: true }`;
  await writeFile(config, `destinations: { gone: { url: file:///dev/null/backups }, here: ${here} }\n`);
  const { command = "", "postgres-url": postgres = "", "clickhouse-url": clickhouse = "" } = inputs;
  const both = { command, "postgres-url": postgres, "clickhouse-url": clickhouse, config };
  const post = await runner.runPost(both, main);
  expect(post.status).toBe(0);
  expect(post.annotations).toMatchObject([
    { level: "warning", message: expect.stringContaining("/dev/null") },
  ]);
  expect(post.log).toMatch(/^Removed \d+ objects of backup/m);
  expect(await listLeft(bucket)).toEqual({ objects: [], uploads: [] });
  const next = await runner.run(inputs);
  expect(next.status, next.log).toBe(0);
  expect((await runner.run(list)).outputs).toMatchObject({ "backup-id": next.outputs["backup-id"] });
});

/** Starts a backup to a bucket of its own that takes a first part of the dump and never answers. */
async function startUntilUpload(): Promise<{
  bucket: TestBucket;
  runner: Runner;
  inputs: Record<string, string>;
  /** Inputs of a step that lists what lies there. */
  list: Record<string, string>;
  step: RunningStep;
  watch: ProcessWatch;
}> {
  const bucket = await createBucket();
  const place = {
    destination: `s3://${bucket.bucket}/backups`,
    "s3-endpoint": proxy.endpoint,
    "s3-region": bucket.region,
    "s3-path-style": "true",
  };
  const inputs = {
    ...place,
    command: "backup",
    "postgres-url": product.postgresUrl,
    "clickhouse-url": product.clickhouseUrl,
  };
  const runner = await Runner.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  });
  const held = new Promise<void>((resolve) => {
    proxy.decide = ({ url }) => {
      if (!url.includes("partNumber=")) return { kind: "pass" };
      resolve();
      return { kind: "hang" };
    };
  });
  const step = await runner.start(inputs);
  const watch = new ProcessWatch(step.process.pid);
  await step.process.reaches(held);
  await until(() => [...watch.descendants.values()].some((line) => line.includes("--snapshot=")));
  return { bucket, runner, inputs, list: { ...place, command: "list" }, step, watch };
}

async function listLeft(bucket: TestBucket): Promise<{ objects: string[]; uploads: unknown[] }> {
  const client = openS3Client(bucket);
  const [{ Contents = [] }, { Uploads = [] }] = await Promise.all([
    client.send(new ListObjectsV2Command({ Bucket: bucket.bucket })),
    client.send(new ListMultipartUploadsCommand({ Bucket: bucket.bucket })),
  ]);
  client.destroy();
  return { objects: Contents.map(({ Key = "" }) => Key), uploads: Uploads.map(({ Key }) => Key) };
}
