import { expect, test } from "vitest";
import { pointOfBackup } from "../../../../src/backup/history.ts";
import { recallBackups, recallDrills } from "../../../../src/commands/catalogue/history.ts";
import { buildBackupId, drillKey } from "../../../../src/destinations/keys.ts";
import { serialiseDrillRecord } from "../../../../src/drill/record.ts";
import { AppError } from "../../../../src/errors.ts";
import { buildDrillRecord, buildManifest, placeBackup } from "../../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../../support/memory-destination.ts";
import { startTestRun } from "../../../support/run-context.ts";

function startedOn(day: number): Date {
  return new Date(Date.UTC(2026, 10, day, 2, 17, 4));
}

test("a point of the series says of a backup what runs are compared by", () => {
  expect(pointOfBackup(buildManifest())).toMatchObject({
    seconds: 90,
    rows: 1023,
    stores: [
      { store: "app", kind: "postgres", tables: 2, rows: 23, seconds: 1.5 },
      { store: "log", kind: "clickhouse", tables: 1, rows: 1000, seconds: 2 },
    ],
  });
});

test("the fourteen newest are recalled, newest first, without the run's own and past one that is damaged", async () => {
  const place = new MemoryPlace();
  const ids = Array.from({ length: 18 }, (_, index) => buildBackupId(startedOn(index + 1), "00aa"));
  for (const [index, id] of ids.entries()) {
    placeBackup(place, buildManifest({ id, startedAt: startedOn(index + 1).toISOString() }));
    const record = buildDrillRecord({ id, startedAt: startedOn(index + 1).toISOString() });
    place.set(drillKey(id), serialiseDrillRecord(record));
  }
  place.set(`backups/${ids[16]}/manifest.json`, Buffer.from("{"));
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  const backups = await recallBackups(destination, ids[17]!, run);
  expect(backups?.map(({ backupId }) => backupId)).toEqual(ids.slice(3, 16).reverse());
  const drills = await recallDrills(destination, run);
  expect(drills?.map(({ id }) => id)).toEqual(ids.slice(4).reverse());
});

test("where earlier runs may not be read there are none, and one line says so", async () => {
  const place = new MemoryPlace();
  place.fault = (method) => {
    if (method === "list") throw new AppError("DESTINATION_REFUSED", "It may not list.", { hint: "" });
  };
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  expect(await recallBackups(destination, "", run)).toBeUndefined();
  expect(run.lines).toEqual(["No comparison with earlier runs, since they cannot be read: It may not list."]);
  expect(await recallDrills(destination, run)).toBeUndefined();
});
