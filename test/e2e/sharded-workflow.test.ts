import { mkdir, readFile, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { Scratch } from "../../src/sys/scratch.ts";
import { Machine } from "../support/cli.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import { Repository } from "../support/rehearsal/repository.ts";
import type { RunResult } from "../support/rehearsal/workflow-run.ts";
import { createBucket } from "../support/services.ts";
import type { TestBucket } from "../support/services.ts";
import { createProduct } from "./product.ts";
import type { Product } from "./product.ts";

const WORKFLOW = "examples/workflows/sharded-backup.yml";

let product: Product;
let proxy: FaultyS3Proxy;
let bucket: TestBucket;
let scratch: Scratch;
let repository: Repository;

beforeAll(async () => {
  [product, proxy] = await Promise.all([createProduct(), FaultyS3Proxy.start(inject("s3").endpoint)]);
});
afterAll(() => Promise.all([product[Symbol.asyncDispose](), proxy[Symbol.asyncDispose]()]));

beforeEach(async () => {
  [bucket, scratch] = await Promise.all([createBucket(), Scratch.create()]);
  proxy.decide = () => ({ kind: "pass" });
  const files = scratch.file("repository");
  await mkdir(files);
  await writeFile(`${files}/backup.yml`, await adapt(await readFile(WORKFLOW, "utf8")));
  repository = new Repository({
    files,
    secrets: {
      DATABASE_URL: product.postgresUrl,
      CLICKHOUSE_URL: product.clickhouseUrl,
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    },
  });
});
afterEach(async () => {
  await repository[Symbol.asyncDispose]();
  await scratch.remove();
});

/** What an operator edits: where the backups go. */
async function adapt(workflow: string): Promise<string> {
  const edited = workflow
    .replace("s3://my-backups", `s3://${bucket.bucket}/backups`)
    .replace(
      "LIFEBOAT_S3_REGION: eu-central-1",
      `LIFEBOAT_S3_REGION: ${bucket.region}\n  LIFEBOAT_S3_ENDPOINT: ${proxy.endpoint}\n  LIFEBOAT_S3_PATH_STYLE: true`,
    );
  expect(edited).toContain(bucket.bucket);
  expect(edited).toContain("PATH_STYLE");
  return edited;
}

function expectNoSecret({ jobs }: RunResult): void {
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const seen = steps.map(({ log, summary }) => `${log}\n${summary}`).join("\n");
  for (const form of product.plantedForms) expect(seen).not.toContain(form);
}

async function listBackups(): Promise<string[]> {
  const machine = await Machine.create({
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    LIFEBOAT_NAME: "production",
    LIFEBOAT_DESTINATION: `s3://${bucket.bucket}/backups`,
    LIFEBOAT_S3_REGION: bucket.region,
    LIFEBOAT_S3_ENDPOINT: proxy.endpoint,
    LIFEBOAT_S3_PATH_STYLE: "true",
  });
  return await machine.list();
}

test("the workflow that operators copy backs up by three jobs at once", async () => {
  const result = await repository.start("backup.yml", { event: "workflow_dispatch" }).finished;
  const logs = Object.values(result.jobs).flatMap(({ steps }) => steps.map(({ log }) => log));
  expect(result.conclusion, logs.join("\n")).toBe("success");
  expect(Object.keys(result.jobs).sort()).toEqual([
    "backup (1/3)",
    "backup (2/3)",
    "backup (3/3)",
    "finish",
    "plan",
  ]);
  expect(await listBackups()).toEqual([result.jobs["plan"]!.outputs["backup-id"]]);
  expectNoSecret(result);
});

test("where one of the jobs fails, finish still runs, says which, and lists nothing", async () => {
  proxy.decide = ({ method, url }) =>
    method !== "GET" && url.includes("/postgres/app.dump")
      ? { kind: "answer", status: 403, code: "AccessDenied" }
      : { kind: "pass" };
  const result = await repository.start("backup.yml", { event: "workflow_dispatch" }).finished;
  expect(result.conclusion).toBe("failure");
  const { finish, plan, ...shards } = result.jobs;
  expect(plan?.result).toBe("success");
  const failed = Object.entries(shards).filter(([, { result }]) => result === "failure");
  expect(failed).toHaveLength(1);
  const shard = /\((.*)\)/.exec(failed[0]![0])![1];
  expect(finish?.result).toBe("failure");
  expect(finish?.steps.map(({ log }) => log).join("\n")).toContain(
    `of its 3 shards, ${shard} has not finished`,
  );
  expect(await listBackups()).toEqual([]);
  expectNoSecret(result);
});
