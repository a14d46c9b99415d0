import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import { openDestination } from "../../src/destinations/open.ts";
import type { DestinationConfig } from "../../src/destinations/open.ts";
import { openS3 } from "../../src/destinations/s3.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { FaultyS3Proxy } from "../support/faulty-s3-proxy.ts";
import { createBucket } from "../support/services.ts";
import type { TestBucket } from "../support/services.ts";
import { describeDestinationContract } from "./destination-contract.ts";

const cleanups: AsyncDisposable[] = [];
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup[Symbol.asyncDispose]();
});

async function createFolder(): Promise<string> {
  const scratch = await Scratch.create();
  cleanups.push(scratch);
  return scratch.path;
}

function configOf(bucket: TestBucket, endpoint = bucket.endpoint): DestinationConfig {
  return {
    url: `s3://${bucket.bucket}/some/prefix`,
    endpoint,
    region: bucket.region,
    accessKeyId: bucket.accessKeyId,
    secretAccessKey: new Secret(bucket.secretAccessKey),
  };
}

describeDestinationContract("directory", {
  createEmpty: async () => {
    const url = pathToFileURL(await createFolder()).href;
    return (run) => openDestination({ url }, "shop", run);
  },
  openMissing: async (run) => {
    const url = pathToFileURL(join(await createFolder(), "not-mounted")).href;
    return openDestination({ url }, "shop", run);
  },
});

describeDestinationContract("S3", {
  createEmpty: async () => {
    const config = configOf(await createBucket());
    return (run) => openDestination(config, "shop", run);
  },
  openMissing: async (run) => {
    const bucket = await createBucket();
    return openDestination(configOf({ ...bucket, bucket: `${bucket.bucket}-not` }), "shop", run);
  },
});

describeDestinationContract("S3 in pages of two entries", {
  createEmpty: async () => {
    const bucket = await createBucket();
    const place = { bucket: bucket.bucket, folder: "shop" };
    return (run) => openS3(configOf(bucket), place, run, { pageSize: 2 });
  },
  openMissing: async (run) => {
    const bucket = await createBucket();
    return openS3(configOf(bucket), { bucket: `${bucket.bucket}-not`, folder: "shop" }, run, { pageSize: 2 });
  },
});

/** A proxy that refuses each request the first time: all that works without it must work through it. */
async function startBusyProxy(bucket: TestBucket): Promise<FaultyS3Proxy> {
  const proxy = await FaultyS3Proxy.start(bucket.endpoint);
  cleanups.push(proxy);
  const refused = new Set<string>();
  proxy.decide = ({ method, url }) => {
    const isFirst = !refused.has(`${method} ${url}`);
    refused.add(`${method} ${url}`);
    return isFirst ? { kind: "answer", status: 503, code: "SlowDown" } : { kind: "pass" };
  };
  return proxy;
}

describeDestinationContract("S3 that is busy at every first attempt", {
  createEmpty: async () => {
    const bucket = await createBucket();
    const { endpoint } = await startBusyProxy(bucket);
    return (run) => openDestination(configOf(bucket, endpoint), "shop", run);
  },
  openMissing: async (run) => {
    const bucket = await createBucket();
    const { endpoint } = await startBusyProxy(bucket);
    return openDestination(configOf({ ...bucket, bucket: `${bucket.bucket}-not` }, endpoint), "shop", run);
  },
});
