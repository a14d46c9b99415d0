import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inventory } from "../../../src/backup/inventory.ts";
import { objectsOfStore } from "../../../src/backup/manifest.ts";
import { drill } from "../../../src/commands/drill.ts";
import type { DrillRequest, DrillResult } from "../../../src/commands/drill.ts";
import { drillKey } from "../../../src/destinations/keys.ts";
import { parseDrillRecord } from "../../../src/drill/record.ts";
import type { Step } from "../../../src/drill/steps/step.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import {
  buildInventory,
  buildClickHouseManifest,
  buildManifest,
  buildPostgresManifest,
  buildTable,
  placeBackup,
} from "../../support/builders.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeTarget } from "../../support/fake-target.ts";
import { serve } from "../../support/http-server.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

let reports: Scratch;
beforeAll(async () => {
  reports = await Scratch.create();
});
afterAll(() => reports.remove());

const manifest = buildManifest();
const ARCHIVE_KEY = objectsOfStore(buildPostgresManifest())[0]?.key ?? "";
/** Two hours after the backup. */
const DRILLED_AT = "2026-11-20T04:17:04.000Z";

interface Drilled {
  result: Promise<DrillResult>;
  place: MemoryPlace;
  lines: string[];
}

function start(
  targets: FakeTarget[],
  changes: Partial<DrillRequest> = {},
  { place = new MemoryPlace(), run = { ...startTestRun(), clock: new FakeClock(DRILLED_AT) } } = {},
): Drilled {
  if (place.objects.size === 0) placeBackup(place, manifest);
  const request: DrillRequest = {
    destination: new MemoryDestination(place, run),
    selection: {},
    openTarget: new Map(targets.map((target) => [target.store, async () => target])),
    steps: [],
    objectives: {},
    keepOnFailure: false,
    reportDir: reports.path,
    ...changes,
  };
  return { result: drill(request, run), place, lines: run.lines };
}

function bothTargets(): [FakeTarget, FakeTarget] {
  return [new FakeTarget("postgres", "app"), new FakeTarget("clickhouse", "log")];
}

function buildStep(name: string, perform: () => void | Promise<void> = () => {}): Step & { tried: number } {
  return {
    name,
    kind: "run",
    timeoutMs: 60_000,
    tried: 0,
    async perform() {
      this.tried += 1;
      await perform();
    },
  };
}

function fail(message: string): never {
  throw new AppError("STORE_FAILED", message, { hint: "Mend it." });
}

function failOn(moment: string, message = `${moment} failed`) {
  return {
    on(method: string) {
      if (method === moment) fail(message);
    },
  };
}

describe("proven", () => {
  test("when all agrees and every step passes, with a record beside the backups and a report", async () => {
    const targets = bothTargets();
    const step = buildStep("migrate");
    const { result, place } = start(targets, { steps: [step] });
    const { record, isRecorded, kept, reportPath } = await result;
    expect(record).toMatchObject({
      verdict: "proven",
      reasons: [],
      notProven: [],
      backupId: manifest.id,
      dataAgeHours: 2,
      steps: [{ name: "migrate", kind: "run", outcome: "passed", reason: "" }],
    });
    expect(record.phases.map(({ phase }) => phase)).toEqual(["find", "targets", "restore", "steps"]);
    expect(parseDrillRecord(place.bytes(drillKey(record.id)), "")).toEqual(record);
    expect({ isRecorded, kept }).toEqual({ isRecorded: true, kept: [] });
    expect(readFileSync(reportPath, "utf8")).toContain("## ✅ proven");
    expect(existsSync(reportPath.replace(/md$/, "json"))).toBe(true);
    expect(readFileSync(reportPath.replace(/md$/, "xml"), "utf8")).toContain('<testcase classname="verdict"');
    expect(targets.map((target) => target.calls.slice(-2))).toEqual(Array(2).fill(["destroy", "close"]));
  });

  test("without steps too, but then it says what that leaves open", async () => {
    const { record } = await start(bothTargets()).result;
    expect(record.verdict).toBe("proven");
    expect(record.notProven).toEqual(["That the application runs on this data: the drill has no steps."]);
  });

  test("of the stores that were asked for, and says which were not", async () => {
    const { record } = await start(bothTargets(), { only: ["log"] }).result;
    expect(record.verdict).toBe("proven");
    expect(record.comparisons.map(({ store }) => store)).toEqual(["log"]);
    expect(record.notProven).toContain("Store app was not restored: it was not asked for.");
  });
});

describe("differs", () => {
  const damages: [string, (inventory: Inventory) => void, string][] = [
    [
      "a lost table",
      ({ tables }) => void tables.pop(),
      "table public.orders: expected 20 rows, found nothing.",
    ],
    [
      "an extra table",
      ({ tables }) => void tables.push(buildTable("public.x", 1)),
      "table public.x: expected nothing, found 1 row.",
    ],
    [
      "lost rows",
      ({ tables }) => void (tables[1]!.rows = 10),
      "rows of public.orders: expected 20 rows, found 10 rows.",
    ],
    [
      "a changed value with equal counts",
      ({ tables }) => void (tables[1]!.digest = "99"),
      "content of public.orders: expected digest 2017, found digest 99.",
    ],
    [
      "a lost index",
      ({ schema }) => void schema.pop(),
      "index of public.users_pkey: expected a1b2, found nothing.",
    ],
    [
      "a changed index",
      ({ schema }) => void (schema[0]!.definition = "beef"),
      "index of public.users_pkey: expected a1b2, found beef.",
    ],
    [
      "an extra policy",
      ({ schema }) => void schema.push({ kind: "policy", name: "p", definition: "f" }),
      "policy of p: expected nothing, found f.",
    ],
  ];

  test.each(damages)("by %s; no step is tried on it, and it is destroyed", async (_, damage, reason) => {
    const app = new FakeTarget("postgres", "app", { damage });
    const step = buildStep("migrate");
    const { record } = await start([app, new FakeTarget("clickhouse", "log")], { steps: [step] }).result;
    expect(record).toMatchObject({
      verdict: "differs",
      reasons: [
        `app: ${reason}`,
        'Step "migrate" showed nothing: Not tried, since the restored data is not whole.',
      ],
      notProven: [],
    });
    expect(step.tried).toBe(0);
    expect(app.holdsData).toBe(false);
  });

  test("by an object that is not what was written; the other store is compared all the same", async () => {
    const place = new MemoryPlace();
    placeBackup(place, manifest);
    place.set(ARCHIVE_KEY, Buffer.from("not what was written"));
    const { record } = await start(bothTargets(), {}, { place }).result;
    expect(record.verdict).toBe("differs");
    expect(record.reasons).toEqual([expect.stringContaining("is not what was written")]);
    expect(record.comparisons.map(({ store }) => store)).toEqual(["log"]);
  });

  test("by an object that is gone", async () => {
    const place = new MemoryPlace();
    placeBackup(place, manifest);
    place.objects.delete(ARCHIVE_KEY);
    expect((await start(bothTargets(), {}, { place }).result).record.verdict).toBe("differs");
  });
});

describe("of a store that had no table", () => {
  const database = { kind: "database", name: "shop", definition: "present" };
  const empty = buildManifest({
    stores: [
      buildPostgresManifest({ inventory: buildInventory() }),
      buildClickHouseManifest({ inventory: buildInventory({ schema: [database] }), parts: [] }),
    ],
  });
  const drillEmpty = async (app: FakeTarget): Promise<DrillResult> => {
    const place = new MemoryPlace();
    placeBackup(place, empty);
    return await start([app, new FakeTarget("clickhouse", "log")], {}, { place }).result;
  };

  test("proven, since its copy has none either; that this was meant is not", async () => {
    const { record } = await drillEmpty(new FakeTarget("postgres", "app"));
    expect(record).toMatchObject({ verdict: "proven", reasons: [] });
    expect(record.notProven.slice(0, 2)).toEqual([
      "That app should have no table: it had none when it was backed up.",
      "That log should have no table: it had none when it was backed up.",
    ]);
  });

  test("differs, when its copy has one", async () => {
    const damage = ({ tables }: Inventory): void => void tables.push(buildTable("public.users", 3));
    const { record } = await drillEmpty(new FakeTarget("postgres", "app", { damage }));
    expect(record).toMatchObject({
      verdict: "differs",
      reasons: ["app: table public.users: expected nothing, found 3 rows."],
    });
  });

  test("unproven, when its restore failed", async () => {
    const { record } = await drillEmpty(new FakeTarget("postgres", "app", failOn("restore")));
    expect(record).toMatchObject({ verdict: "unproven", reasons: ["restore failed Mend it."] });
  });
});

describe("unproven", () => {
  test("when a step fails; those after it are not tried", async () => {
    const last = buildStep("boot");
    const steps = [buildStep("migrate", () => fail("no such column")), last];
    const { record } = await start(bothTargets(), { steps }).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      reasons: [
        'Step "migrate" failed: no such column',
        'Step "boot" showed nothing: Not tried after "migrate".',
      ],
    });
    expect(last.tried).toBe(0);
  });

  test("when the upstream's port is taken; its steps are there, and were not tried", async () => {
    await using occupant = await serve(() => {});
    const upstream = { port: Number(new URL(occupant.url).port), https: false, hostNames: [] };
    const { record } = await start(bothTargets(), { steps: [buildStep("call")], upstream }).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      steps: [{ name: "call", reason: "Not tried, since the upstream does not run." }],
      notProven: [],
    });
  });

  test("when no store was asked for, and when the backup leaves out every table of one", async () => {
    const { record } = await start(bothTargets(), { only: [] }).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      reasons: ["Nothing was compared: no store was restored."],
    });

    const place = new MemoryPlace();
    const emptied = buildPostgresManifest({ inventory: buildInventory(), excludedSchemas: ["app"] });
    placeBackup(place, buildManifest({ stores: [emptied] }));
    expect((await start([new FakeTarget("postgres", "app")], {}, { place }).result).record).toMatchObject({
      verdict: "unproven",
      reasons: ["Nothing was compared in app: the backup names no table of it."],
    });
  });

  test("when a store of the backup has no target", async () => {
    const { record } = await start([new FakeTarget("postgres", "app")]).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      reasons: ["Store log was not restored: no drill target was given for it."],
    });
  });

  test("when the restore takes longer than the RTO", async () => {
    const clock = new FakeClock(DRILLED_AT);
    const slow = new FakeTarget("postgres", "app", {
      on: (method) => (method === "restore" ? clock.advance(601) : undefined),
    });
    const run = { ...startTestRun(), clock };
    const { record } = await start([slow], { only: ["app"], objectives: { rtoMinutes: 10 } }, { run }).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      reasons: ["The restore took 10 min 1 s; the objective (RTO) is 10 min 0 s."],
      restoreSeconds: 601,
    });
  });

  test("when the newest backup is older than the RPO; an old one that was picked is not stale", async () => {
    const objectives = { rpoHours: 1 };
    expect((await start(bothTargets(), { objectives }).result).record).toMatchObject({
      verdict: "unproven",
      reasons: ["The newest backup is 2 h 0 min old; the objective (RPO) is 1 h 0 min."],
    });
    for (const selection of [{ id: manifest.id }, { pick: "oldest" }, { pick: "random" }] as const) {
      const picked = { objectives, selection };
      expect((await start(bothTargets(), picked).result).record.verdict).toBe("proven");
    }
  });

  test.each(["inspect", "restore", "takeInventory", "settle"])(
    "when %s of a target fails",
    async (moment) => {
      const [app, log] = [
        new FakeTarget("postgres", "app"),
        new FakeTarget("clickhouse", "log", failOn(moment)),
      ];
      const { record } = await start([app, log]).result;
      expect(record).toMatchObject({ verdict: "unproven", reasons: [`${moment} failed Mend it.`] });
      expect([app.holdsData, log.holdsData]).toEqual([false, false]);
    },
  );

  test("when the restored data could not be destroyed, and says where it may be", async () => {
    const [app] = bothTargets();
    const log = new FakeTarget("clickhouse", "log", failOn("destroy"));
    const { result, lines } = start([app, log], { steps: [buildStep("migrate")] });
    expect((await result).record).toMatchObject({
      verdict: "unproven",
      reasons: ["destroy failed Mend it."],
    });
    expect(lines).toContain("The restored data of log may still be there.");
    expect(app.holdsData).toBe(false);
    expect([app.calls.at(-1), log.calls.at(-1)]).toEqual(["close", "close"]);
  });
});

describe("the restored data", () => {
  test("is destroyed when the second target cannot be opened", async () => {
    const app = new FakeTarget("postgres", "app");
    const openTarget = new Map<string, () => Promise<FakeTarget>>([
      ["app", async () => app],
      ["log", async () => fail("no server")],
    ]);
    const { record } = await start([], { openTarget }).result;
    expect(record).toMatchObject({ verdict: "unproven", reasons: ["no server Mend it."] });
    expect(app.calls).toEqual(["inspect", "destroy", "close"]);
  });

  test.each(["restore", "takeInventory", "step"])(
    "is destroyed when the drill is cancelled at %s",
    async (moment) => {
      const run = startTestRun();
      const cancel = (): never => {
        run.stopAll();
        throw cancelled();
      };
      const app = new FakeTarget("postgres", "app", {
        on: (method) => (method === moment ? cancel() : undefined),
      });
      const steps = [buildStep("migrate", () => (moment === "step" ? cancel() : undefined))];
      const changes = { steps, only: ["app"], keepOnFailure: true };
      const { result, place } = start([app], changes, { run: { ...run, clock: new FakeClock(DRILLED_AT) } });
      await expect(result).rejects.toMatchObject({ code: "CANCELLED" });
      expect(app.holdsData).toBe(false);
      expect(app.calls.slice(-2)).toEqual(["destroy", "close"]);
      expect(place.keys().filter((key) => key.startsWith("drills/"))).toEqual([]);
    },
  );

  test("is destroyed when a fault of our own ends the drill", async () => {
    const app = new FakeTarget("postgres", "app");
    const steps = [
      buildStep("migrate", () => {
        throw new TypeError("undefined is not a function");
      }),
    ];
    const { result } = start([app], { steps, only: ["app"], keepOnFailure: true });
    await expect(result).rejects.toThrow(TypeError);
    expect(app.calls.slice(-2)).toEqual(["destroy", "close"]);
  });

  test("is kept when that was asked for and the drill failed, also by a failed restore", async () => {
    const damaged = new FakeTarget("postgres", "app", { damage: ({ tables }) => void tables.pop() });
    const { kept } = await start([damaged], { only: ["app"], keepOnFailure: true }).result;
    expect({ kept, holdsData: damaged.holdsData }).toEqual({ kept: ["app"], holdsData: true });
    expect(damaged.calls.at(-1)).toBe("close");

    const failed = new FakeTarget("postgres", "app", failOn("restore"));
    expect((await start([failed], { only: ["app"], keepOnFailure: true }).result).kept).toEqual(["app"]);
  });

  test("is destroyed after a proven drill, whatever was asked for", async () => {
    const [app, log] = bothTargets();
    expect((await start([app, log], { keepOnFailure: true }).result).kept).toEqual([]);
    expect(app.holdsData).toBe(false);
  });
});

describe("what keeps a drill from beginning is thrown", () => {
  test("a target that is not empty, or is the source, with a hint that fits a drill", async () => {
    for (const facts of [{ occupiedBy: ["public.users"] }, { id: "id of app" }]) {
      const app = new FakeTarget("postgres", "app", { facts });
      await expect(start([app], { only: ["app"] }).result).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        hint: expect.not.stringContaining("--replace"),
      });
      expect(app.calls).not.toContain("restore");
    }
  });

  test("a report folder that cannot be made, before anything is restored", async () => {
    const app = new FakeTarget("postgres", "app");
    const { result } = start([app], { reportDir: join("/dev/null", "reports") });
    await expect(result).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(app.calls).toEqual([]);
  });

  test("no backup", async () => {
    await expect(
      start(bothTargets(), { selection: { id: "20200101T000000Z-0000" } }).result,
    ).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  });
});

describe("negative controls", () => {
  /** Targets on which damage shows, or does not; each is opened anew. */
  function openDamageable(shows: (statement: string) => boolean) {
    const opened: FakeTarget[] = [];
    const open = async (): Promise<FakeTarget> => {
      const target = new FakeTarget("postgres", "app", {
        damage({ tables, schema }) {
          const statement = target.calls.find((call) => call.startsWith("query: ")) ?? "";
          if (statement === "" || !shows(statement)) return;
          if (statement.includes("DROP INDEX")) schema.pop();
          else if (statement.includes("UPDATE ONLY")) tables[0]!.digest = "99";
          else tables[0]!.rows -= 1;
        },
      });
      opened.push(target);
      return target;
    };
    return { opened, openTarget: new Map([["app", open]]) };
  }

  test("are made on copies of their own, which are destroyed, and each is noted", async () => {
    const { opened, openTarget } = openDamageable(() => true);
    const { record } = await start([], { openTarget, only: ["app"], proveRed: true }).result;
    expect(record).toMatchObject({ verdict: "proven", reasons: [] });
    expect(record.controls?.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
      "app: a row removed: caught",
      "app: a value changed: caught",
      "app: a table emptied: caught",
      "app: a policy dropped: not applicable",
      "app: an index dropped: caught",
      "app: a sequence moved: not applicable",
      "every key with one bit flipped: not applicable",
      "the upstream silent: not applicable",
    ]);
    expect(opened).toHaveLength(5);
    for (const target of opened) expect(target.calls.slice(-2)).toEqual(["destroy", "close"]);
  });

  test("that are not noticed leave the drill unproven", async () => {
    const { openTarget } = openDamageable((statement) => !statement.includes("DROP INDEX"));
    const { record } = await start([], { openTarget, only: ["app"], proveRed: true }).result;
    expect(record).toMatchObject({
      verdict: "unproven",
      reasons: ['Control "app: an index dropped" was not noticed: The copy still agreed with its manifest.'],
    });
  });

  test("that cannot be tried leave it unproven too, with nothing left behind", async () => {
    const targets = bothTargets();
    let opened = 0;
    const last = new FakeTarget("postgres", "app", failOn("query"));
    const openTarget = new Map([["app", async () => ((opened += 1) === 1 ? targets[0] : last)]]);
    const { record } = await start([], { openTarget, only: ["app"], proveRed: true }).result;
    expect(record.verdict).toBe("unproven");
    expect(record.reasons[0]).toBe(
      'Control "app: a row removed" was not noticed: It could not be tried: query failed',
    );
    expect(last.holdsData).toBe(false);
  });

  test("are not made after a drill that was not proven, nor when nobody asked", async () => {
    const { openTarget } = openDamageable(() => true);
    const steps = [buildStep("migrate", () => fail("no such column"))];
    const unproven = await start([], { openTarget, only: ["app"], proveRed: true, steps }).result;
    const unasked = await start([], { openTarget, only: ["app"] }).result;
    expect([unproven.record.controls, unasked.record.controls]).toEqual([undefined, undefined]);
  });
});

test("a destination that takes no record only warns", async () => {
  const place = new MemoryPlace();
  placeBackup(place, manifest);
  place.fault = (method) => {
    if (method === "putIfAbsent") throw new AppError("DESTINATION_REFUSED", "read only", { hint: "" });
  };
  const { result, lines } = start(bothTargets(), {}, { place });
  const { record, isRecorded } = await result;
  expect({ verdict: record.verdict, isRecorded }).toEqual({ verdict: "proven", isRecorded: false });
  expect(lines).toContainEqual(expect.stringContaining("could not be written beside the backups: read only"));
});
