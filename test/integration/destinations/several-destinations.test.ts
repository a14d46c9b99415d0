import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { objectsOfStore } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { listBackupIds, readManifest } from "../../../src/commands/catalogue/catalogue.ts";
import { copy } from "../../../src/commands/copy.ts";
import { exitStatusOfResult } from "../../../src/commands/result.ts";
import type { Destination } from "../../../src/destinations/destination.ts";
import { restoreGuideKey } from "../../../src/destinations/keys.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import type { DestinationConfig } from "../../../src/destinations/open.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { systemClock } from "../../../src/sys/clock.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { FaultyS3Proxy } from "../../support/faulty-s3-proxy.ts";
import { startTestRun } from "../../support/run-context.ts";
import { createBucket } from "../../support/services.ts";

let folder: string;
let proxy: FaultyS3Proxy;
let bucketConfig: DestinationConfig;
let run: ReturnType<typeof startTestRun>;
const opened: Destination[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lifeboat-test-"));
  const bucket = await createBucket();
  proxy = await FaultyS3Proxy.start(bucket.endpoint);
  bucketConfig = {
    url: `s3://${bucket.bucket}`,
    endpoint: proxy.endpoint,
    region: bucket.region,
    accessKeyId: bucket.accessKeyId,
    secretAccessKey: new Secret(bucket.secretAccessKey),
  };
  run = { ...startTestRun(), clock: systemClock };
});
afterEach(async () => {
  for (const destination of opened.splice(0)) destination.close();
  await proxy[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function openBoth(): Promise<[Destination, Destination]> {
  const both = [
    await openDestination({ url: pathToFileURL(folder).href }, "shop", run),
    await openDestination(bucketConfig, "shop", run),
  ] as [Destination, Destination];
  opened.push(...both);
  return both;
}

async function backUp(both: Destination[]) {
  return await backup(
    {
      name: "shop",
      stores: [new FakeStore("postgres", "app"), new FakeStore("clickhouse", "log")],
      destination: new SeveralDestinations(both, run),
      openForCleanUp: async () => new SeveralDestinations(await openBoth(), run),
      full: false,
    },
    run,
  );
}

/** Proves that a destination holds a backup whole, by itself. */
async function expectWhole(destination: Destination, id: string): Promise<void> {
  const manifest = await readManifest(destination, id);
  for (const { key, sizeBytes } of manifest.stores.flatMap(objectsOfStore))
    expect([key, await destination.findSize(key)]).toEqual([key, sizeBytes]);
  const guide = (await destination.read(restoreGuideKey(id))).toString();
  expect(guide).toContain(destination.url.replace("file://", ""));
}

test("one run gives both destinations a whole backup, each with a guide of its own", async () => {
  const both = await openBoth();
  const result = await backUp(both);
  for (const destination of both) await expectWhole(destination, result.backupId);
  expect(exitStatusOfResult(result)).toBe(0);
});

describe("with one that dies in the middle", () => {
  test("the other is complete, the result says which is not, and copy repairs it", async () => {
    const both = await openBoth();
    let writes = 0;
    proxy.decide = ({ method }) =>
      method === "PUT" && ++writes > 2
        ? { kind: "answer", status: 403, code: "AccessDenied" }
        : { kind: "pass" };
    const result = await backUp(both);
    expect(result.destinations).toMatchObject([
      { url: both[0].url },
      { failure: { code: "DESTINATION_REFUSED" } },
    ]);
    expect(exitStatusOfResult(result)).toBe(4);
    await expectWhole(both[0], result.backupId);
    proxy.decide = () => ({ kind: "pass" });
    expect(await listBackupIds(both[1])).toEqual([]);

    const copied = await copy({ from: both[0], to: [both[1]], selection: {}, isAll: false }, run);
    expect(copied.to[0]!.backups).toEqual([result.backupId]);
    await expectWhole(both[1], result.backupId);
    const again = await copy({ from: both[0], to: [both[1]], selection: {}, isAll: true }, run);
    expect(again.to[0]).toMatchObject({ backups: [], objects: 0, sizeBytes: 0 });
  });

  test("the next run goes to both again", async () => {
    const both = await openBoth();
    proxy.decide = () => ({ kind: "answer", status: 403, code: "AccessDenied" });
    const first = await backUp(both);
    proxy.decide = () => ({ kind: "pass" });
    const second = await backUp(both);
    expect(exitStatusOfResult(second)).toBe(0);
    expect((await listBackupIds(both[0])).sort()).toEqual([second.backupId, first.backupId].sort());
    expect(await listBackupIds(both[1])).toEqual([second.backupId]);
    for (const destination of both) await expectWhole(destination, second.backupId);
  });
});

test("a damaged object is not copied, and the backup is not listed there", async () => {
  const both = await openBoth();
  const { backupId, manifest } = await backUp([both[0]]);
  const [object] = manifest.stores.flatMap(objectsOfStore);
  async function* flipped(): AsyncGenerator<Uint8Array> {
    const bytes = await both[0].read(object!.key);
    bytes[0]! ^= 1;
    yield bytes;
  }
  const bytes: Uint8Array[] = [];
  for await (const chunk of flipped()) bytes.push(chunk);
  await both[0].put(
    object!.key,
    (async function* () {
      yield* bytes;
    })(),
  );
  await expect(
    copy({ from: both[0], to: [both[1]], selection: {}, isAll: false }, run),
  ).rejects.toMatchObject({
    code: "BACKUP_DAMAGED",
  });
  expect(await listBackupIds(both[1])).not.toContain(backupId);
});
