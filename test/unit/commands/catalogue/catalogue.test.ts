import { describe, expect, test } from "vitest";
import { findNewestBackup, listBackupIds, pickBackup } from "../../../../src/commands/catalogue/catalogue.ts";
import { list } from "../../../../src/commands/list.ts";
import { drillKey, manifestKey } from "../../../../src/destinations/keys.ts";
import { serialiseDrillRecord } from "../../../../src/drill/record.ts";
import { AppError } from "../../../../src/errors.ts";
import { buildDrillRecord, buildManifest, placeBackup } from "../../../support/builders.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { MemoryDestination, MemoryPlace } from "../../../support/memory-destination.ts";
import { startTestRun } from "../../../support/run-context.ts";

const [MONDAY, TUESDAY, WEDNESDAY] = [
  "20261116T021704Z-ffff",
  "20261117T021704Z-0a0a",
  "20261118T021704Z-0000",
] as const;

function placeWeek(): { place: MemoryPlace; destination: MemoryDestination } {
  const place = new MemoryPlace();
  for (const id of [TUESDAY, MONDAY, WEDNESDAY]) {
    const day = `2026-11-${id.slice(6, 8)}`;
    placeBackup(place, buildManifest({ id, startedAt: `${day}T02:17:04Z`, finishedAt: `${day}T02:18:34Z` }));
  }
  return { place, destination: new MemoryDestination(place, startTestRun()) };
}

describe("a backup is listed", () => {
  test("newest first, when its manifest is there", async () => {
    const { destination } = placeWeek();
    expect(await listBackupIds(destination)).toEqual([WEDNESDAY, TUESDAY, MONDAY]);
  });

  test("and not when its manifest is missing, or something else only looks like one", async () => {
    const { place, destination } = placeWeek();
    place.objects.delete(manifestKey(WEDNESDAY));
    place.set("backups/notes/manifest.json", Buffer.from("{}"));
    place.set(`backups/${WEDNESDAY}/app/manifest.json`, Buffer.from("{}"));
    place.set(`backups/${WEDNESDAY}/manifest.json.bak`, Buffer.from("{}"));
    expect(await listBackupIds(destination)).toEqual([TUESDAY, MONDAY]);
  });
});

describe("the backup that is picked", () => {
  test("is the newest, the one with the id, or the newest before a time", async () => {
    const { destination } = placeWeek();
    const pick = async (selection: Parameters<typeof pickBackup>[1]): Promise<string> =>
      (await pickBackup(destination, selection)).id;
    expect(await pick({})).toBe(WEDNESDAY);
    expect(await pick({ id: MONDAY })).toBe(MONDAY);
    expect(await pick({ before: new Date("2026-11-18T02:17:04Z") })).toBe(TUESDAY);
    expect(await pick({ before: new Date("2026-11-18T02:17:05Z") })).toBe(WEDNESDAY);
  });

  test("is the oldest, or any, when that was asked for", async () => {
    const { destination } = placeWeek();
    const pick = async (selection: Parameters<typeof pickBackup>[1]): Promise<string> =>
      (await pickBackup(destination, selection)).id;
    expect(await pick({ pick: "newest" })).toBe(WEDNESDAY);
    expect(await pick({ pick: "oldest" })).toBe(MONDAY);
    const before = new Date("2026-11-18T00:00:00Z");
    expect(await pick({ pick: "newest", before })).toBe(TUESDAY);
    const drawn = new Set<string>();
    for (let draw = 0; draw < 200; draw += 1) drawn.add(await pick({ pick: "random", before }));
    expect([...drawn].sort()).toEqual([MONDAY, TUESDAY]);
    const nothing = pick({ pick: "random", before: new Date("2020-01-01") });
    await expect(nothing).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  });

  test("not being there, the error says what was looked for and what there is", async () => {
    const { destination } = placeWeek();
    await expect(pickBackup(destination, { id: "20200101T000000Z-0000" })).rejects.toMatchObject({
      code: "BACKUP_NOT_FOUND",
      message: "memory://bucket/shop holds no complete backup with the id 20200101T000000Z-0000.",
      hint: `There are 3, from ${MONDAY} to ${WEDNESDAY}; lifeboat list shows them.`,
    });
    await expect(pickBackup(destination, { before: new Date("2020-01-01") })).rejects.toThrow(
      "holds no complete backup from before 2020-01-01T00:00:00.000Z.",
    );
    const nowhere = new MemoryDestination(new MemoryPlace(), startTestRun());
    await expect(pickBackup(nowhere, {})).rejects.toMatchObject({
      hint: expect.stringContaining("Run lifeboat backup first"),
    });
    expect(await findNewestBackup(nowhere)).toBeUndefined();
  });

  test("being of a newer format is refused", async () => {
    const { place, destination } = placeWeek();
    const newer = { ...buildManifest({ id: WEDNESDAY }), formatVersion: 3, extra: true };
    place.set(manifestKey(WEDNESDAY), Buffer.from(JSON.stringify(newer)));
    await expect(pickBackup(destination, {})).rejects.toMatchObject({
      code: "FORMAT_TOO_NEW",
      message: expect.stringContaining(
        `memory://bucket/shop/backups/${WEDNESDAY}/manifest.json has format 3`,
      ),
    });
  });
});

describe("list", () => {
  const run = () => ({ ...startTestRun(), clock: new FakeClock("2026-11-18T14:17:04Z") });

  test("shows each backup with its newest drill", async () => {
    const { place, destination } = placeWeek();
    for (const [id, backupId, verdict] of [
      ["20261118T030000Z-bbbb", TUESDAY, "proven"],
      ["20261117T030000Z-aaaa", TUESDAY, "differs"],
    ] as const) {
      const startedAt = `2026-11-${id.slice(6, 8)}T03:00:00Z`;
      const record = buildDrillRecord({ id, backupId, verdict, startedAt });
      place.set(drillKey(id), serialiseDrillRecord(record));
    }
    const { backups, unreadable } = await list(destination, run());
    expect(backups.map(({ backupId, lastDrill }) => [backupId, lastDrill?.verdict])).toEqual([
      [WEDNESDAY, undefined],
      [TUESDAY, "proven"],
      [MONDAY, undefined],
    ]);
    expect(unreadable).toEqual([]);
    expect(backups[0]).toMatchObject({
      ageHours: 12,
      seconds: 90,
      stores: [
        { store: "app", kind: "postgres", serverVersion: "17.10", tables: 2, rows: 23 },
        { store: "log", kind: "clickhouse", serverVersion: "26.7.1.1", tables: 1, rows: 1000 },
      ],
    });
  });

  test.each([
    ["is no JSON", "{"],
    ["is of a newer format", JSON.stringify({ format: "lifeboat-backup", formatVersion: 9 })],
  ])("shows the good backups beside one that %s", async (_, content) => {
    const { place, destination } = placeWeek();
    place.set(manifestKey(TUESDAY), Buffer.from(content));
    place.set(drillKey("20261118T030000Z-bbbb"), Buffer.from("neither"));
    const context = run();
    const { backups, unreadable } = await list(destination, context);
    expect(backups.map(({ backupId }) => backupId)).toEqual([WEDNESDAY, MONDAY]);
    expect(unreadable).toHaveLength(2);
    expect(context.lines).toEqual(unreadable);
  });

  test("does not take a destination that fails for a backup that is damaged", async () => {
    const { place, destination } = placeWeek();
    place.fault = (method) => {
      if (method === "open") throw new AppError("DESTINATION_FAILED", "it broke", { hint: "" });
    };
    await expect(list(destination, run())).rejects.toThrow("it broke");
  });
});
