import { HeadObjectCommand } from "@aws-sdk/client-s3";
import type { HeadObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { serialiseManifest } from "../../../src/backup/manifest.ts";
import { listBackupIds } from "../../../src/commands/catalogue/catalogue.ts";
import { prune } from "../../../src/commands/prune.ts";
import type { Destination } from "../../../src/destinations/destination.ts";
import {
  buildBackupId,
  drillKey,
  manifestKey,
  pinKey,
  storeObjectKey,
} from "../../../src/destinations/keys.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import type { DestinationConfig } from "../../../src/destinations/open.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { cut, makeBytes } from "../../contract/destination-contract.ts";
import { buildManifest, buildPostgresManifest, buildStoredObject } from "../../support/builders.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { startTestRun } from "../../support/run-context.ts";
import { createBucket, openS3Client } from "../../support/services.ts";
import type { TestBucket } from "../../support/services.ts";

const DAY_MS = 86_400_000;
const ID = "20261120T021704Z-7f3a";
const DUMP = storeObjectKey(ID, "app", "app.dump");

let bucket: TestBucket;
let client: S3Client;
const opened: Destination[] = [];

beforeEach(async () => {
  bucket = await createBucket({ objectLock: true });
  client = openS3Client(bucket);
});
afterEach(() => {
  client.destroy();
  for (const destination of opened.splice(0)) destination.close();
});

async function open(parts: Partial<DestinationConfig>, clock = new FakeClock("2099-01-01T00:00:00Z")) {
  const config = {
    url: `s3://${bucket.bucket}`,
    endpoint: bucket.endpoint,
    region: bucket.region,
    accessKeyId: bucket.accessKeyId,
    secretAccessKey: new Secret(bucket.secretAccessKey),
    ...parts,
  };
  const destination = await openDestination(config, "shop", { ...startTestRun(), clock });
  opened.push(destination);
  return destination;
}

async function head(key: string): Promise<HeadObjectCommandOutput> {
  return await client.send(new HeadObjectCommand({ Bucket: bucket.bucket, Key: `shop/${key}` }));
}

describe("object lock", () => {
  const objectLock = { mode: "COMPLIANCE", forMs: 30 * DAY_MS } as const;

  test("is put on every object of a backup, in one request or in parts", async () => {
    const destination = await open({ objectLock });
    await destination.put(DUMP, cut(makeBytes(20 * 1024 * 1024), 300_001));
    await destination.putIfAbsent(manifestKey(ID), Buffer.from("{}"));
    for (const key of [DUMP, manifestKey(ID)]) {
      expect(await head(key)).toMatchObject({
        ObjectLockMode: "COMPLIANCE",
        ObjectLockRetainUntilDate: new Date("2099-01-31T00:00:00Z"),
      });
      expect(await destination.findLock(key)).toEqual(new Date("2099-01-31T00:00:00Z"));
    }
  });

  test("is not put on what is to go again", async () => {
    const destination = await open({ objectLock });
    await destination.putIfAbsent(pinKey(ID), Buffer.from("{}"));
    await destination.putIfAbsent(drillKey(ID), Buffer.from("{}"));
    expect((await head(pinKey(ID))).ObjectLockMode).toBeUndefined();
    expect(await destination.findLock(pinKey(ID))).toBeUndefined();
  });

  test("grows when a later backup refers to the object, and never shrinks", async () => {
    const clock = new FakeClock("2099-01-01T00:00:00Z");
    const destination = await open({ objectLock }, clock);
    await destination.put(DUMP, cut(makeBytes(10), 10));
    clock.advance(86_400);
    await destination.extendLock(DUMP);
    expect(await destination.findLock(DUMP)).toEqual(new Date("2099-02-01T00:00:00Z"));
    const shorter = await open({ objectLock: { ...objectLock, forMs: DAY_MS } }, clock);
    await shorter.extendLock(DUMP);
    expect(await destination.findLock(DUMP)).toEqual(new Date("2099-02-01T00:00:00Z"));
  });

  test("can be a hold without an end", async () => {
    const destination = await open({ legalHold: true });
    await destination.put(DUMP, cut(makeBytes(10), 10));
    expect(await destination.findLock(DUMP)).toBe("held");
  });
});

test("prune plans around what is locked, says when it can go, and takes it then", async () => {
  const lock = { mode: "COMPLIANCE", forMs: 30 * DAY_MS } as const;
  const clock = new FakeClock("2099-01-01T02:17:00Z");
  const destination = await open({ objectLock: lock }, clock);
  const ids: string[] = [];
  for (let night = 0; night < 4; night += 1) {
    const id = buildBackupId(clock.now(), "0a0a");
    const startedAt = clock.now().toISOString();
    const archive = buildStoredObject(storeObjectKey(id, "app", "app.dump"));
    const stores = [buildPostgresManifest({ archive: { ...archive, format: "custom" } })];
    await destination.put(archive.key, cut(Buffer.from(archive.key), 100));
    const manifest = buildManifest({ id, startedAt, finishedAt: startedAt, stores });
    await destination.putIfAbsent(manifestKey(id), serialiseManifest(manifest));
    ids.unshift(id);
    clock.advance(86_400);
  }
  const policy = { rule: { last: 1 }, stores: {}, timeZone: "UTC" };
  const plan = async (isDryRun: boolean) => {
    const { destinations } = await prune([{ destination, policy }], isDryRun, { ...startTestRun(), clock });
    const [{ decisions = [], removedBackups = [] } = {}] = destinations;
    return { removedBackups, reasons: decisions.map(({ stores }) => stores[0]?.reasons) };
  };
  clock.advance(10 * 86_400);
  for (const isDryRun of [true, false]) {
    expect(await plan(isDryRun)).toEqual({
      removedBackups: [],
      reasons: [
        expect.arrayContaining(["the newest"]),
        ["locked until 2099-02-02T02:17:00.000Z"],
        ["locked until 2099-02-01T02:17:00.000Z"],
        ["locked until 2099-01-31T02:17:00.000Z"],
      ],
    });
    expect(await listBackupIds(destination)).toEqual(ids);
  }
  clock.advance(18 * 86_400 - 3600); // an hour before the lock of the third ends
  expect((await plan(false)).removedBackups).toEqual(ids.slice(2));
  expect(await listBackupIds(destination)).toEqual(ids.slice(0, 2));
  expect(await destination.findSize(storeObjectKey(ids[3] ?? "", "app", "app.dump"))).toBeUndefined();
  expect(await destination.findSize(storeObjectKey(ids[1] ?? "", "app", "app.dump"))).toBeGreaterThan(0);
});

test("without a lock nothing is locked", async () => {
  const destination = await open({});
  await destination.put(DUMP, cut(makeBytes(10), 10));
  await destination.extendLock(DUMP);
  expect(await destination.findLock(DUMP)).toBeUndefined();
  expect(await destination.findLock("backups/nothing")).toBeUndefined();
});

test("data goes into the storage class, documents about it do not; both are encrypted under the key", async () => {
  const destination = await open({ storageClass: "STANDARD_IA", kmsKey: "alias/backups" });
  await destination.put(DUMP, cut(makeBytes(20 * 1024 * 1024), 300_001));
  await destination.putIfAbsent(manifestKey(ID), Buffer.from("{}"));
  expect(await head(DUMP)).toMatchObject({
    StorageClass: "STANDARD_IA",
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: expect.stringContaining("alias/backups"),
  });
  const manifest = await head(manifestKey(ID));
  expect(manifest.StorageClass ?? "STANDARD").toBe("STANDARD");
  expect(manifest.ServerSideEncryption).toBe("aws:kms");
});
