import { describe, expect, test } from "vitest";
import { exitStatusOfResult } from "../../../src/commands/result.ts";
import { status } from "../../../src/commands/status.ts";
import type { StatusRequest, StatusResult } from "../../../src/commands/status.ts";
import { buildBackupId, drillKey, manifestKey } from "../../../src/destinations/keys.ts";
import { serialiseDrillRecord } from "../../../src/drill/record.ts";
import type { DrillRecord } from "../../../src/drill/record.ts";
import { EXIT_STATUS } from "../../../src/errors.ts";
import {
  buildClickHouseManifest,
  buildDrillRecord,
  buildManifest,
  buildPostgresManifest,
  placeBackup,
} from "../../support/builders.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const NOW = "2026-11-22T00:00:00Z";
const OBJECTIVES = { rpoHours: 26, rtoMinutes: 60, drillEveryHours: 8 * 24 };
const hoursAgo = (hours: number): Date => new Date(Date.parse(NOW) - hours * 3_600_000);
const run = { ...startTestRun(), clock: new FakeClock(NOW) };

/** A place with one backup for each age in hours. */
function placeOf(ages: readonly number[], stores = [buildPostgresManifest(), buildClickHouseManifest()]) {
  const place = new MemoryPlace();
  for (const age of ages) addBackup(place, age, stores);
  return place;
}

function addBackup(
  place: MemoryPlace,
  age: number,
  stores: ReturnType<typeof buildManifest>["stores"],
): string {
  const at = hoursAgo(age);
  const id = buildBackupId(at, "0001");
  placeBackup(
    place,
    buildManifest({ id, startedAt: at.toISOString(), finishedAt: at.toISOString(), stores }),
  );
  return id;
}

function addDrill(place: MemoryPlace, age: number, parts: Partial<DrillRecord> = {}): void {
  const startedAt = hoursAgo(age).toISOString();
  const record = buildDrillRecord({ id: buildBackupId(hoursAgo(age), "0001"), startedAt, ...parts });
  place.set(drillKey(record.id), serialiseDrillRecord(record));
}

async function look(
  places: readonly MemoryPlace[],
  { receives = "every" as const, ...parts }: Partial<StatusRequest & StatusRequest["subjects"][number]> = {},
): Promise<StatusResult> {
  const subjects = places.map((place) => ({ destination: new MemoryDestination(place, run), receives }));
  return await status({ subjects, stores: [], objectives: OBJECTIVES, ...parts }, run);
}

/** What is not good, in order. */
function listTrouble({ destinations, drills }: StatusResult): string[] {
  return [...destinations.flatMap(({ findings }) => findings), ...drills]
    .filter(({ state }) => state !== "good")
    .map(({ check, state }) => `${check}: ${state}`);
}

test("young backups and a young proven drill are good, by store and with the series", async () => {
  const place = placeOf([2, 26, 50]);
  addDrill(place, 30);
  const result = await look([place]);
  expect(listTrouble(result)).toEqual([]);
  expect(result.verdict).toBe("good");
  expect(exitStatusOfResult(result)).toBe(0);
  const [there] = result.destinations;
  expect(there?.backups).toBe(3);
  expect(there?.stores.map(({ store, ageHours, rows }) => [store, ageHours, rows])).toEqual([
    ["app", 2, 23],
    ["log", 2, 1000],
  ]);
  expect(there?.trend.map(({ rows }) => rows)).toEqual([1023, 1023, 1023]);
});

describe("what fails", () => {
  test("a backup older than the objective", async () => {
    const place = placeOf([27]);
    addDrill(place, 30);
    const result = await look([place]);
    expect(listTrouble(result)).toEqual(["app age: bad", "log age: bad"]);
    expect(exitStatusOfResult(result)).toBe(EXIT_STATUS.UNPROVEN);
  });

  test("one store alone that is too old, though the newest backup is young", async () => {
    const place = placeOf([50]);
    addBackup(place, 2, [buildPostgresManifest()]);
    addDrill(place, 30);
    expect(listTrouble(await look([place]))).toEqual(["log age: bad", "log presence: warning"]);
  });

  test("a configured store that no backup holds, a place without any backup", async () => {
    const place = placeOf([2], [buildPostgresManifest()]);
    addDrill(place, 30);
    expect(listTrouble(await look([place], { stores: ["app", "log"] }))).toEqual(["log age: bad"]);
    expect(listTrouble(await look([new MemoryPlace()]))).toEqual(["age: bad"]);
  });

  test("an overdue drill, one that was not proven, and a restore that took too long", async () => {
    const overdue = placeOf([2]);
    addDrill(overdue, 9 * 24);
    expect(listTrouble(await look([overdue]))).toEqual(["app drill: bad", "log drill: bad"]);
    const place = placeOf([2], [buildPostgresManifest()]);
    const compared = {
      store: "app",
      differences: [],
      tablesCompared: 1,
      contentsCompared: 1,
      rowsCompared: 1,
    };
    addDrill(place, 30);
    addDrill(place, 20, {
      verdict: "differs",
      reasons: ["One row is gone."],
      restoreSeconds: 3601,
      comparisons: [{ ...compared, schemaObjectsCompared: 0, notProven: [] }],
    });
    expect(listTrouble(await look([place]))).toEqual(["app drill: bad", "restore time: bad"]);
  });

  test("a manifest that cannot be read, which does not hide the others", async () => {
    const place = placeOf([20]);
    addDrill(place, 30);
    place.set(manifestKey(buildBackupId(hoursAgo(1), "0001")), Buffer.from("{"));
    const result = await look([place]);
    expect(listTrouble(result)).toEqual(["readable: bad"]);
    expect(result.destinations[0]?.stores[0]?.ageHours).toBe(20);
  });

  test("a destination that cannot be reached, which does not hide the others", async () => {
    const gone = new MemoryPlace();
    gone.isThere = false;
    const place = placeOf([2]);
    addDrill(place, 30);
    const result = await look([place, gone]);
    expect(listTrouble(result)).toEqual(["destination: bad"]);
    expect(result.destinations[1]?.failure?.code).toBe("DESTINATION_MISSING");
    expect(exitStatusOfResult(result)).toBe(EXIT_STATUS.DESTINATION_MISSING);
  });
});

test("what is strange about the newest backup is a warning, and no failure", async () => {
  const place = placeOf([26, 50]);
  addBackup(place, 2, [buildPostgresManifest({ seconds: 500 }), buildClickHouseManifest()]);
  addDrill(place, 30);
  const result = await look([place]);
  expect(listTrouble(result)).toEqual(["app time: warning"]);
  expect(exitStatusOfResult(result)).toBe(0);
});

test("a drill at one destination proves the store at all, and a weekly one may be a week older", async () => {
  const [near, far] = [placeOf([2]), placeOf([100])];
  addDrill(near, 30);
  expect(listTrouble(await look([near, far]))).toEqual(["app age: bad", "log age: bad"]);
  expect(listTrouble(await look([far, near], { receives: "weekly" }))).toEqual([]);
});

test("a store and a drill that lie far back are found", async () => {
  const place = placeOf([2000]);
  for (let age = 2; age < 40; age++) addBackup(place, age, [buildPostgresManifest()]);
  const compared = { differences: [], tablesCompared: 1, contentsCompared: 1, rowsCompared: 1 };
  const of = (store: string) => [{ store, ...compared, schemaObjectsCompared: 0, notProven: [] }];
  addDrill(place, 100, { comparisons: of("log") });
  for (let age = 2; age < 40; age++) addDrill(place, age, { comparisons: of("app") });
  const result = await look([place], { stores: ["app", "log"] });
  expect(result.destinations[0]?.stores.map(({ ageHours }) => ageHours)).toEqual([2, 2000]);
  expect(listTrouble(result)).toEqual(["log age: bad", "log presence: warning"]);
});
