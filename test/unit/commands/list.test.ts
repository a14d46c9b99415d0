import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { list } from "../../../src/commands/list.ts";
import { SummaryCache } from "../../../src/commands/catalogue/summary-cache.ts";
import { buildBackupId, manifestKey } from "../../../src/destinations/keys.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { serialiseManifest } from "../../../src/backup/manifest.ts";
import { buildManifest, buildPostgresManifest, placeBackup } from "../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

async function setUp(times: readonly string[]) {
  const scratch = await Scratch.create();
  onTestFinished(() => scratch.remove());
  const place = new MemoryPlace();
  const ids = times.map((startedAt) => {
    const id = buildBackupId(new Date(startedAt), "0001");
    placeBackup(place, buildManifest({ id, startedAt: new Date(startedAt).toISOString() }));
    return id;
  });
  const read: string[] = [];
  place.fault = (method, key, moment) => {
    if (method === "open" && moment === "before") read.push(key);
  };
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  const listAgain = async () => {
    read.length = 0;
    return await list(destination, run, await SummaryCache.open(scratch.path, destination.url));
  };
  return { place, ids, read, listAgain, folder: join(scratch.path, "summaries") };
}

test("a manifest that was read before is not read again, and the list is the same", async () => {
  const { read, listAgain, folder } = await setUp(["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"]);
  const first = await listAgain();
  expect(read).toHaveLength(2);
  const again = await listAgain();
  expect(read).toEqual([]);
  const ageless = ({ backups }: typeof first) => backups.map((backup) => ({ ...backup, ageHours: 0 }));
  expect(ageless(again)).toEqual(ageless(first));
  expect(await readdir(folder)).toHaveLength(1);
});

test("a manifest that was replaced is read, one that is new too, and one that is gone is not listed", async () => {
  const { place, ids, read, listAgain } = await setUp(["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z"]);
  await listAgain();
  const [older, newer] = ids as [string, string];
  const narrowed = buildManifest({ id: newer, stores: [buildPostgresManifest()] });
  place.set(manifestKey(newer), serialiseManifest(narrowed), new Date());
  place.objects.delete(manifestKey(older));
  const { backups } = await listAgain();
  expect(read).toEqual([manifestKey(newer)]);
  expect(backups.map(({ backupId, stores }) => [backupId, stores.length])).toEqual([[newer, 1]]);
});

test("one that cannot be read is told of each time, and never remembered", async () => {
  const { place, ids, read, listAgain } = await setUp(["2026-11-20T02:00:00Z"]);
  place.set(manifestKey(ids[0]!), Buffer.from("{"));
  for (const _ of [1, 2]) {
    expect(await listAgain()).toMatchObject({ backups: [], unreadable: [expect.any(String)] });
    expect(read).toHaveLength(1);
  }
});

test.each(["", "{}", "[1]", '{"summaries": 7}'])(
  "a kept file that holds %j is of no account",
  async (text) => {
    const { read, listAgain, folder } = await setUp(["2026-11-20T02:00:00Z"]);
    await listAgain();
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), text);
    expect((await listAgain()).backups).toHaveLength(1);
    expect(read).toHaveLength(1);
    expect(await readFile(join(folder, name), "utf8")).toContain("summaries");
  },
);

test("each backup says the longest span of which it is the first", async () => {
  const { listAgain } = await setUp([
    "2026-10-31T02:00:00Z", // a Saturday
    "2026-11-01T02:00:00Z",
    "2026-11-01T14:00:00Z",
    "2026-11-02T02:00:00Z", // a Monday
    "2026-11-03T02:00:00Z",
  ]);
  const { backups } = await listAgain();
  expect(backups.map(({ span }) => span).reverse()).toEqual([
    "monthly",
    "monthly",
    undefined,
    "weekly",
    "daily",
  ]);
});

test("encryption is told, whole or in part", async () => {
  const { place, ids, listAgain } = await setUp(["2026-11-20T02:00:00Z"]);
  const [id = ""] = ids;
  const { archive, ...store } = buildPostgresManifest();
  if (archive.format !== "custom") throw new Error("not what the builder builds");
  const age = { recipients: ["age1x"], contentBytes: 1 };
  const globals = { key: "g", sizeBytes: 1, sha256: "0".repeat(64) };
  const putStores = (stores: ReturnType<typeof buildPostgresManifest>[]) =>
    place.set(manifestKey(id), serialiseManifest(buildManifest({ id, stores })), new Date());
  putStores([{ ...store, archive: { ...archive, age } }]);
  expect((await listAgain()).backups[0]?.encryption).toEqual({ recipients: ["age1x"], isWhole: true });
  putStores([{ ...store, archive: { ...archive, age }, globals }]);
  expect((await listAgain()).backups[0]?.encryption?.isWhole).toBe(false);
});
