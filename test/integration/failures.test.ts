import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { createNoise, createProduct, runClickHouse } from "../e2e/product.ts";
import type { Product } from "../e2e/product.ts";
import { Machine, readRun } from "../support/cli.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import type { SeenRequest } from "../support/faulty-s3-proxy.ts";
import { listDescendants, readCommandLine } from "../support/processes.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createBucket } from "../support/services.ts";
import { SmallDisk } from "../support/small-disk.ts";

let product: Product;
let proxy: FaultyS3Proxy;

beforeAll(async () => {
  // Enough for a dump of two parts.
  [product, proxy] = await Promise.all([createProduct(9_500), FaultyS3Proxy.start(inject("s3").endpoint)]);
});
afterEach(() => {
  proxy.decide = () => ({ kind: "pass" });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await product[Symbol.asyncDispose]();
});

/** Which request of a backup a test waits for. */
const isPartOfDump = ({ url }: SeenRequest): boolean =>
  url.includes("app.dump") && url.includes("partNumber=");
const isSecondPartOfDump = ({ url }: SeenRequest): boolean =>
  url.includes("app.dump") && url.includes("partNumber=2&");
const isCompletion = ({ method, url }: SeenRequest): boolean =>
  method === "POST" && url.includes("app.dump") && url.includes("uploadId=");
const isPartition = ({ method, url }: SeenRequest): boolean => method === "PUT" && url.includes("/parts/");
const isManifest = ({ method, url }: SeenRequest): boolean =>
  method === "PUT" && url.includes("manifest.json");

describe("a backup that fails is not listed, and the next one is proven:", () => {
  test("pg_dump is killed half-way", async () => {
    const { machine, place, backup } = await prepare();
    // More than every buffer on the way holds, so that it cannot be done when it is killed.
    await runSql(product.postgresUrl, createNoise("more", 45_000));
    const backingUp = machine.start(...backup);
    proxy.decide = (request) => {
      if (isPartOfDump(request)) killDump(backingUp.pid);
      return { kind: "pass" };
    };
    const { status, json } = await readRun(backingUp);
    expect({ status, code: json.error?.code }).toEqual({ status: 3, code: "TOOL_FAILED" });
    expect(json.error?.title).toContain("pg_dump was ended by SIGKILL");
    await runSql(product.postgresUrl, "DROP TABLE more");
    await expectNothingThenProof(machine, place, backup);
  });

  test("ClickHouse dies in the middle of an answer", async () => {
    const server = await startClickHouse();
    await runClickHouse(
      server.url,
      "CREATE DATABASE own; CREATE TABLE own.noise (n UInt64, v String) ENGINE = MergeTree ORDER BY n; " +
        "INSERT INTO own.noise SELECT number, randomString(1000) FROM numbers(50000)",
    );
    const { machine, place, backup } = await prepare();
    const dying = backup.map((arg) => (arg === product.clickhouseUrl ? `${server.url}/own` : arg));
    proxy.decide = (request) => {
      if (request.url.includes("/parts/") && request.url.includes("partNumber=")) void server.stop();
      return { kind: "pass" };
    };
    const { status, json } = await machine.run(...dying);
    // The object is asked for again, and by then nobody is there.
    expect({ status, code: json.error?.code }).toEqual({ status: 4, code: "STORE_UNREACHABLE" });
    expect(json.error?.title).toContain("ClickHouse");
    await expectNothingThenProof(machine, place, backup);
  });

  test.each([
    ["refuses a later part", isSecondPartOfDump],
    ["refuses to complete the upload", isCompletion],
    ["refuses the manifest", isManifest],
  ])("S3 %s", async (_what, isRefused) => {
    const { machine, place, backup } = await prepare();
    proxy.decide = (request) =>
      isRefused(request) ? { kind: "answer", status: 403, code: "AccessDenied" } : { kind: "pass" };
    const { status, json } = await machine.run(...backup);
    expect({ status, code: json.error?.code }).toEqual({ status: 4, code: "DESTINATION_REFUSED" });
    await expectNothingThenProof(machine, place, backup);
  });

  test("the credentials expire half-way", async () => {
    const { machine, place, backup } = await prepare();
    let isExpired = false;
    proxy.decide = (request) => {
      isExpired ||= isSecondPartOfDump(request);
      return isExpired ? { kind: "answer", status: 400, code: "ExpiredToken" } : { kind: "pass" };
    };
    const { status, json, stderr } = await machine.run(...backup);
    expect({ status, code: json.error?.code }).toEqual({ status: 4, code: "DESTINATION_REFUSED" });
    expect(json.error?.hint).toContain("longer maximum session duration");
    // Nothing can be tidied up either, and that is said.
    expect(stderr).toContain("they are not listed as a backup");
    await expectNothingThenProof(machine, place, backup);
  });

  test.each([
    ["checks", () => true],
    ["uploads the dump", isPartOfDump],
    ["uploads a partition", isPartition],
    ["completes the dump", isCompletion],
    ["writes the manifest", isManifest],
  ])("the process is killed while it %s", async (_phase, isReached: (request: SeenRequest) => boolean) => {
    const { machine, place, backup } = await prepare();
    const backingUp = machine.start(...backup);
    proxy.decide = (request) => {
      if (!isReached(request)) return { kind: "pass" };
      backingUp.kill("SIGKILL");
      return { kind: "hang" };
    };
    expect(await backingUp.ended).toMatchObject({ status: null, stdout: "" });
    await expectNothingThenProof(machine, place, backup);
  });

  test("the disk is full", async () => {
    await using disk = await SmallDisk.mount(8);
    const machine = await Machine.create();
    const place = ["--destination", pathToFileURL(disk.path).href];
    const backup = ["backup", ...place, ...stores()];
    const { status, json } = await machine.run(...backup);
    expect({ status, code: json.error?.code }).toEqual({ status: 4, code: "DESTINATION_FAILED" });
    expect(json.error?.title).toContain("the disk is full");
    await disk.remount("size=200m");
    await expectNothingThenProof(machine, place, backup);
  });
});

/** A bare machine that can reach an empty bucket through the proxy. */
async function prepare(): Promise<{ machine: Machine; place: string[]; backup: string[] }> {
  const { bucket, region, accessKeyId, secretAccessKey } = await createBucket();
  const machine = await Machine.create({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const place = ["--destination", `s3://${bucket}`, "--s3-endpoint", proxy.endpoint, "--s3-region", region];
  return { machine, place, backup: ["backup", ...place, ...stores()] };
}

function stores(): string[] {
  return ["--postgres-url", product.postgresUrl, "--clickhouse-url", product.clickhouseUrl];
}

async function expectNothingThenProof(machine: Machine, place: string[], backup: string[]): Promise<void> {
  proxy.decide = () => ({ kind: "pass" });
  expect(await machine.list(...place)).toEqual([]);
  const { status, json, stderr } = await machine.run(...backup);
  expect(status, stderr).toBe(0);
  const { backupId } = json as { backupId: string };
  const targets = [
    ...["--target-postgres-url", product.targetPostgresUrl],
    ...["--target-clickhouse-url", product.targetClickhouseUrl],
  ];
  const drill = await machine.run("drill", ...place, ...targets);
  expect(drill.status, drill.stderr).toBe(0);
  expect(drill.json).toMatchObject({ record: { backupId, verdict: "proven" } });
}

/** Kills the pg_dump of a backup whose rows are on their way. */
function killDump(backup: number): void {
  for (const pid of listDescendants(backup)) {
    if (/pg_dump .*--snapshot=/.test(readCommandLine(pid) ?? "")) process.kill(pid, "SIGKILL");
  }
}
