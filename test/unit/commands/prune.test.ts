import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapObjects, objectsOfStore, parseManifest } from "../../../src/backup/manifest.ts";
import type { ClickHousePart, Manifest } from "../../../src/backup/manifest.ts";
import { serialisePin } from "../../../src/backup/pin.ts";
import { serialiseReceipt } from "../../../src/backup/receipt.ts";
import type { RetentionPolicy } from "../../../src/backup/retention.ts";
import { listBackupIds } from "../../../src/commands/catalogue/catalogue.ts";
import { prune } from "../../../src/commands/prune.ts";
import type { Pruned } from "../../../src/commands/prune.ts";
import {
  buildBackupId,
  drillKey,
  drillsPrefix,
  manifestKey,
  partKey,
  pinKey,
  receiptKey,
  receiptsPrefix,
  rekeyedKey,
  storeObjectKey,
} from "../../../src/destinations/keys.ts";
import { serialiseDrillRecord } from "../../../src/drill/record.ts";
import {
  buildClickHouseManifest,
  buildDrillRecord,
  buildManifest,
  buildPostgresManifest,
  buildStoredObject,
  placeBackup,
} from "../../support/builders.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const NOW = "2026-11-20T12:00:00Z";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LAST_ONE: RetentionPolicy = { rule: { last: 1 }, stores: {}, timeZone: "UTC" };

/** Nightly backups, newest first, of a log whose partition changes in every third night. */
function placeNights(place: MemoryPlace, nights: number): Manifest[] {
  let part: ClickHousePart | undefined;
  const manifests: Manifest[] = [];
  for (let night = nights; night >= 1; night--) {
    const startedAt = new Date(Date.parse("2026-11-20T02:17:00Z") - (night - 1) * DAY_MS);
    const id = buildBackupId(startedAt, "0a0a");
    if (!part || night % 3 === 0) part = buildPart(id);
    manifests.unshift(buildNight(id, startedAt, part));
  }
  for (const manifest of manifests) placeBackup(place, manifest);
  return manifests;
}

function buildPart(id: string): ClickHousePart {
  const part = { database: "shop", table: "requests", partition: "202611", fingerprint: "f00d" };
  const object = buildStoredObject(partKey("log", part, id));
  return { ...object, ...part, columns: ["id"], rows: 10, digest: "17" };
}

function buildNight(id: string, startedAt: Date, part: ClickHousePart): Manifest {
  const own = (store: string, file: string) => buildStoredObject(storeObjectKey(id, store, file));
  const ddl = {
    objects: own("log", "schema.json"),
    beforeData: own("log", "before-data.sql"),
    afterData: own("log", "after-data.sql"),
  };
  return buildManifest({
    id,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date(startedAt.getTime() + HOUR_MS / 4).toISOString(),
    stores: [
      buildPostgresManifest({ archive: { ...own("app", "app.dump"), format: "custom" } }),
      buildClickHouseManifest({ ddl, parts: [part] }),
    ],
  });
}

async function runPrune(place: MemoryPlace, policy: RetentionPolicy, isDryRun = false): Promise<Pruned> {
  const run = { ...startTestRun(), clock: new FakeClock(NOW) };
  const destination = new MemoryDestination(place, run);
  const { destinations } = await prune([{ destination, policy }], isDryRun, run);
  return destinations[0]!;
}

/** Objects that a listed backup needs and that are not there. */
async function findMissing(place: MemoryPlace): Promise<string[]> {
  const ids = await listBackupIds(new MemoryDestination(place, startTestRun()));
  const manifests = ids.map((id) => parseManifest(place.bytes(manifestKey(id)), id));
  const needed = manifests.flatMap(({ stores }) => stores.flatMap(objectsOfStore));
  return needed.map(({ key }) => key).filter((key) => !place.objects.has(key));
}

describe("prune removes", () => {
  test("what no rule keeps, and leaves every object that a remaining backup needs", async () => {
    const place = new MemoryPlace();
    const manifests = placeNights(place, 10);
    const result = await runPrune(place, LAST_ONE);
    // Three stay for one: what was the newest within the last 48 hours may be in use by a run.
    const kept = manifests.slice(0, 3).map(({ id }) => id);
    expect(await listBackupIds(new MemoryDestination(place, startTestRun()))).toEqual(kept);
    expect(result.removedBackups).toEqual(manifests.slice(3).map(({ id }) => id));
    expect(await findMissing(place)).toEqual([]);
    expect(place.keys().filter((key) => key.startsWith("parts/"))).toEqual([buildPart(manifests[2]!.id).key]);
    expect(place.keys().every((key) => key.startsWith("parts/") || kept.some((id) => key.includes(id)))).toBe(
      true,
    );
  });

  test("one store of a backup where that store's rule is shorter, and the manifest says so", async () => {
    const place = new MemoryPlace();
    const manifests = placeNights(place, 10);
    const policy = { ...LAST_ONE, rule: {}, stores: { log: { last: 1 } } };
    const result = await runPrune(place, policy);
    expect(result).toMatchObject({
      removedBackups: [],
      narrowedBackups: manifests.slice(3).map(({ id }) => id),
    });
    const oldest = parseManifest(place.bytes(manifestKey(manifests[9]!.id)), "m");
    expect(oldest.stores.map(({ store }) => store)).toEqual(["app"]);
    expect(oldest.removed).toEqual([{ store: "log", removedAt: "2026-11-20T12:00:00.000Z" }]);
    expect(await findMissing(place)).toEqual([]);
    expect(place.keys().filter((key) => key.startsWith("parts/"))).toHaveLength(1);
    expect(await runPrune(place, policy)).toMatchObject({ narrowedBackups: [], removedObjects: 0 });
  });

  test("what a dead run left, and nothing that a run under way may have written", async () => {
    const place = new MemoryPlace();
    const [newest] = placeNights(place, 1);
    const before = place.keys();
    const dead = buildBackupId(new Date("2026-11-17T02:17:00Z"), "dead");
    const running = buildBackupId(new Date("2026-11-20T11:00:00Z"), "beef");
    const ofDead = [storeObjectKey(dead, "app", "app.dump"), buildPart(dead).key];
    const ofRunning = [storeObjectKey(running, "app", "app.dump"), buildPart(running).key];
    for (const key of ofDead) place.set(key, Buffer.from("x"), new Date("2026-11-17T02:20:00Z"));
    for (const key of ofRunning) place.set(key, Buffer.from("x"), new Date("2026-11-20T11:30:00Z"));
    place.set("backups/notes.txt", Buffer.from("not ours"));
    expect(await runPrune(place, LAST_ONE)).toMatchObject({ removedObjects: 2, removedBytes: 2 });
    expect(place.keys()).toEqual([...before, ...ofRunning, "backups/notes.txt"].sort());
    expect(place.keys().join()).toContain(newest!.id);
  });
});

/** Does something while a prune is under way: when it lists what lies below a prefix, the first time. */
function whenListed(place: MemoryPlace, prefix: string, then: () => void): void {
  place.fault = (method, key, moment) => {
    if (method !== "list" || key !== prefix || moment !== "before") return;
    place.fault = () => {};
    then();
  };
}

describe("while prune is under way", () => {
  test("a run that ends, and with it the receipts it went by, keeps what it refers to", async () => {
    const place = new MemoryPlace();
    placeNights(place, 1);
    const dead = buildBackupId(new Date("2026-11-18T10:00:00Z"), "dead");
    const part = buildPart(dead);
    place.set(part.key, Buffer.from(part.key), new Date("2026-11-18T10:30:00Z"));
    const receipt = receiptKey(dead, "log", 1);
    place.set(receipt, serialiseReceipt({ backupId: dead, store: "log", parts: [part] }));
    whenListed(place, receiptsPrefix, () => {
      const startedAt = new Date("2026-11-20T09:00:00Z");
      placeBackup(place, buildNight(buildBackupId(startedAt, "beef"), startedAt, part));
      place.objects.delete(receipt);
    });
    await runPrune(place, LAST_ONE);
    expect(await findMissing(place)).toEqual([]);
  });

  test("a backup that is rekeyed is not given its former manifest back", async () => {
    const place = new MemoryPlace();
    const oldest = placeNights(place, 10).at(-1)!;
    const { key } = buildStoredObject(storeObjectKey(oldest.id, "app", "app.dump"));
    whenListed(place, drillsPrefix, () => {
      const rekeyed = buildStoredObject(rekeyedKey(key, buildBackupId(new Date(NOW), "0b0b")));
      placeBackup(
        place,
        mapObjects(oldest, (object) => (object.key === key ? rekeyed : undefined)),
      );
      place.objects.delete(key);
    });
    const policy = { ...LAST_ONE, rule: {}, stores: { log: { last: 1 } } };
    await expect(runPrune(place, policy)).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
    expect(await findMissing(place)).toEqual([]);
  });
});

describe("prune removes nothing", () => {
  test("that a run under way may have seen in a manifest before it was rekeyed", async () => {
    const place = new MemoryPlace();
    const [newest] = placeNights(place, 1);
    const [former] = newest!.stores.flatMap((store) => (store.kind === "clickhouse" ? store.parts : []));
    const rekeyAt = (time: string): void => {
      const rekeyed = buildStoredObject(rekeyedKey(former!.key, buildBackupId(new Date(time), "0b0b")));
      placeBackup(
        place,
        mapObjects(newest!, (object) => (object.key === former!.key ? rekeyed : undefined)),
      );
    };
    rekeyAt("2026-11-19T12:00:00Z");
    await runPrune(place, LAST_ONE);
    expect(place.keys()).toContain(former!.key);
    rekeyAt("2026-11-18T11:59:00Z");
    await runPrune(place, LAST_ONE);
    expect(place.keys()).not.toContain(former!.key);
    expect(await findMissing(place)).toEqual([]);
  });

  test.each([
    ["is damaged", "{}", "BACKUP_DAMAGED"],
    ["is from a newer lifeboat", '{"format":"lifeboat-drill","formatVersion":99}', "BACKUP_DAMAGED"],
  ])("while the record of a drill %s, since nobody knows what it proved", async (_, text, code) => {
    const place = new MemoryPlace();
    placeNights(place, 10);
    place.set(drillKey("d"), Buffer.from(text));
    const before = place.keys();
    await expect(runPrune(place, LAST_ONE)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(drillKey("d")) as string,
    });
    expect(place.keys()).toEqual(before);
  });

  test("in a dry run, which plans the same", async () => {
    const place = new MemoryPlace();
    placeNights(place, 10);
    const before = place.keys();
    const planned = await runPrune(place, LAST_ONE, true);
    expect(place.keys()).toEqual(before);
    const done = await runPrune(place, LAST_ONE);
    expect(planned).toEqual(done);
  });

  test("while a manifest cannot be read, since nobody knows what it needs", async () => {
    const place = new MemoryPlace();
    const [, second] = placeNights(place, 10);
    place.set(manifestKey(second!.id), Buffer.from("{}"));
    const before = place.keys();
    await expect(runPrune(place, LAST_ONE)).rejects.toMatchObject({
      code: "BACKUP_DAMAGED",
      message: expect.stringContaining(`${second!.id}/manifest.json`),
    });
    expect(place.keys()).toEqual(before);
  });

  test("that is pinned, that a drill has proved, or that the destination locks, and says why", async () => {
    const place = new MemoryPlace();
    const manifests = placeNights(place, 10);
    const [pinned, proven, locked] = [manifests[9]!.id, manifests[7]!.id, manifests[5]!.id];
    const pin = {
      format: "lifeboat-pin",
      formatVersion: 1,
      backupId: pinned,
      note: "audit",
      pinnedAt: NOW,
    } as const;
    place.set(pinKey(pinned), serialisePin(pin));
    const comparison = {
      differences: [],
      tablesCompared: 1,
      contentsCompared: 1,
      rowsCompared: 1,
      schemaObjectsCompared: 1,
      notProven: [],
    };
    const comparisons = ["app", "log"].map((store) => ({ store, ...comparison }));
    place.set(drillKey("d"), serialiseDrillRecord(buildDrillRecord({ backupId: proven, comparisons })));
    place.locks.set(manifestKey(locked), new Date("2026-12-01T00:00:00Z"));
    const { decisions } = await runPrune(place, LAST_ONE);
    const reasonsOf = (id: string) => decisions.find((decision) => decision.id === id)!.stores[0]!.reasons;
    expect(reasonsOf(pinned)).toEqual(["pinned: audit"]);
    expect(reasonsOf(proven)).toEqual(["the newest that a drill has proved"]);
    expect(reasonsOf(locked)).toEqual(["locked until 2026-12-01T00:00:00.000Z"]);
    const left = await listBackupIds(new MemoryDestination(place, startTestRun()));
    expect(left).toEqual(expect.arrayContaining([pinned, proven, locked]));
    expect(await findMissing(place)).toEqual([]);
  });
});

test("killed at any moment it leaves every listed backup whole, and the next one ends the work", async () => {
  const rule = fc.record({ last: fc.nat(3), daily: fc.nat(4), weekly: fc.nat(3) }, { requiredKeys: [] });
  const scenario = fc.record({
    nights: fc.integer({ min: 1, max: 15 }),
    policy: fc.record({
      rule,
      stores: fc.dictionary(fc.constantFrom("app", "log"), rule),
      timeZone: fc.constant("UTC"),
    }),
    kills: fc.array(fc.tuple(fc.nat(40), fc.constantFrom("before", "after")), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ nights, policy, kills }) => {
      const place = new MemoryPlace();
      placeNights(place, nights);
      for (const [limit, when] of kills) {
        let writes = 0;
        place.fault = (method, _key, moment) => {
          const isWrite = method === "remove" || method === "put";
          if (isWrite && moment === when && ++writes > limit) throw new Error("killed");
        };
        await runPrune(place, policy).catch(() => {});
        expect(await findMissing(place)).toEqual([]);
      }
      place.fault = () => {};
      await runPrune(place, policy);
      expect(await findMissing(place)).toEqual([]);
      expect(await runPrune(place, policy, true)).toMatchObject({ removedBackups: [], removedObjects: 0 });
    }),
    { numRuns: 40 },
  );
});
