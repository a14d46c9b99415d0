import { describe, expect, test } from "vitest";
import { objectsOfStore } from "../../../src/backup/manifest.ts";
import { restore } from "../../../src/commands/restore.ts";
import type { RestoreResult } from "../../../src/commands/restore.ts";
import { exitStatusOfResult } from "../../../src/commands/result.ts";
import type { Step } from "../../../src/drill/steps/step.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import type { Target } from "../../../src/stores/store.ts";
import { buildManifest, buildPostgresManifest, buildTable, placeBackup } from "../../support/builders.ts";
import { FakeTarget } from "../../support/fake-target.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const manifest = buildManifest();
const ARCHIVE_KEY = objectsOfStore(buildPostgresManifest())[0]?.key ?? "";

function placeOne(): MemoryPlace {
  const place = new MemoryPlace();
  placeBackup(place, manifest);
  return place;
}

async function restoreInto(
  targets: Target[],
  place = placeOne(),
  replace: string[] = [],
): Promise<RestoreResult> {
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  return await restore({ destination, selection: {}, targets, replace }, run);
}

test("every store is restored into its target and compared before its background work begins", async () => {
  const app = new FakeTarget("postgres", "app");
  const log = new FakeTarget("clickhouse", "log");
  const { verdict, comparisons, backupId } = await restoreInto([app, log]);
  expect({ verdict, backupId }).toEqual({ verdict: "restored", backupId: manifest.id });
  expect(comparisons.map(({ store, rowsCompared }) => [store, rowsCompared])).toEqual([
    ["app", 23],
    ["log", 1000],
  ]);
  expect(app.calls).toEqual(["inspect", "restore", "takeInventory", "settle"]);
});

test("a target whose data cannot be compared goes back to its background work all the same", async () => {
  const app = new FakeTarget("postgres", "app", {
    on(method) {
      if (method === "takeInventory") throw new AppError("STORE_FAILED", "cut off", { hint: "Look." });
    },
  });
  await expect(restoreInto([app])).rejects.toThrow("cut off");
  expect(app.calls).toEqual(["inspect", "restore", "takeInventory", "settle"]);
});

test("a store without a target is left alone, and that is told", async () => {
  const run = startTestRun();
  const destination = new MemoryDestination(placeOne(), run);
  const targets = [new FakeTarget("clickhouse", "log")];
  const { comparisons } = await restore({ destination, selection: {}, targets, replace: [] }, run);
  expect(comparisons.map(({ store }) => store)).toEqual(["log"]);
  expect(run.lines.join("\n")).toContain("app is not restored: no target was given or chosen for it.");
});

test("all refusals are told at once, before anything is written", async () => {
  const app = new FakeTarget("postgres", "app", { facts: { id: "id of app" } });
  const occupiedBy = ["a", "b", "c", "d", "e", "f", "g"];
  const log = new FakeTarget("clickhouse", "log", { facts: { occupiedBy } });
  await expect(restoreInto([app, log])).rejects.toMatchObject({
    code: "TARGET_REFUSED",
    message:
      "The target for app (app_target) is the very database this backup was taken from.\n" +
      "The target for log (log_target) is not empty: it holds a, b, c, d, e and 2 more.",
    hint: expect.stringMatching(/--replace app.example\/app_target$.*--replace log_target$/ms),
  });
  expect([...app.calls, ...log.calls]).toEqual(["inspect", "inspect"]);
});

test("a target that is named may be the source and hold data; one that is not named may not", async () => {
  const facts = { occupiedBy: ["public.users"], databases: ["staging"] };
  const app = new FakeTarget("postgres", "app", { facts });
  await restoreInto([app], placeOne(), ["staging"]);
  expect(app.calls).toContain("restore and replace");

  const log = new FakeTarget("clickhouse", "log", { facts: { occupiedBy: ["shop.requests"] } });
  const again = new FakeTarget("postgres", "app", { facts });
  await expect(restoreInto([again, log], placeOne(), ["staging"])).rejects.toMatchObject({
    message: "The target for log (log_target) is not empty: it holds shop.requests.",
  });
  expect(again.holdsData).toBe(false);
});

test.each([
  ["the source itself", { id: "id of app", databases: ["renamed"] }, "renamed"],
  ["one that bears the source's name", { databases: ["shop"] }, "shop"],
])("%s is named with its host only", async (_, facts, name) => {
  const target = (): FakeTarget =>
    new FakeTarget("postgres", "app", {
      facts: { ...facts, occupiedBy: ["public.users"], host: "db.example" },
    });
  for (const half of [name, `app:${name}`, `other.example/${name}`]) {
    const refused = target();
    await expect(restoreInto([refused], placeOne(), [half])).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      hint: expect.stringMatching(new RegExp(`--replace db\\.example/${name}$`)),
    });
    expect(refused.calls).toEqual(["inspect"]);
  }
  for (const whole of [`db.example/${name}`, `app:db.example/${name}`]) {
    const named = target();
    await restoreInto([named], placeOne(), [whole]);
    expect(named.calls).toContain("restore and replace");
  }
});

test("one name of two targets' databases says nothing until the store is named with it", async () => {
  const facts = { occupiedBy: ["something"], databases: ["staging"] };
  const targets = (): FakeTarget[] => [
    new FakeTarget("postgres", "app", { facts }),
    new FakeTarget("clickhouse", "log", { facts }),
  ];
  const refused = targets();
  await expect(restoreInto(refused, placeOne(), ["staging"])).rejects.toMatchObject({
    hint: expect.stringMatching(/--replace app.example\/staging$.*--replace log.example\/staging$/ms),
  });
  expect(refused.some(({ holdsData }) => holdsData)).toBe(false);
  const [app, log] = targets();
  await expect(restoreInto([app!, log!], placeOne(), ["app:staging"])).rejects.toThrow("target for log");
  await restoreInto(targets(), placeOne(), ["app:staging", "log:staging"]);
});

test("a target of several databases is named only when each of them is", async () => {
  const facts = { occupiedBy: ["a.requests", "audit.events"], databases: ["a", "audit"] };
  const half = new FakeTarget("clickhouse", "log", { facts });
  await expect(restoreInto([half], placeOne(), ["a"])).rejects.toMatchObject({
    code: "TARGET_REFUSED",
    hint: expect.stringContaining("--replace a,audit"),
  });
  expect(half.calls).toEqual(["inspect"]);

  const whole = new FakeTarget("clickhouse", "log", { facts });
  await restoreInto([whole], placeOne(), ["audit", "a"]);
  expect(whole.calls).toContain("restore and replace");
});

test("what stood beside in a named target is no difference, what is missing is one", async () => {
  const facts = { occupiedBy: ["public.mine"], databases: ["staging"] };
  const beside = new FakeTarget("postgres", "app", {
    facts,
    damage: ({ tables }) => void tables.push(buildTable("public.mine", 1)),
  });
  expect((await restoreInto([beside], placeOne(), ["staging"])).verdict).toBe("restored");

  const unnamed = new FakeTarget("postgres", "app", {
    damage: ({ tables }) => void tables.push(buildTable("public.mine", 1)),
  });
  expect((await restoreInto([unnamed])).verdict).toBe("differs");

  const missing = new FakeTarget("postgres", "app", { facts, damage: ({ tables }) => void tables.pop() });
  const { verdict, comparisons } = await restoreInto([missing], placeOne(), ["staging"]);
  expect(verdict).toBe("differs");
  expect(comparisons[0]?.differences).toEqual([
    { store: "app", kind: "table", name: "public.orders", expected: "20 rows", found: "nothing" },
  ]);
});

test.each([
  ["flipped", (bytes: Buffer) => Buffer.from(bytes).fill(bytes[0]! ^ 1, 0, 1)],
  ["cut short", (bytes: Buffer) => bytes.subarray(0, -1)],
  ["longer", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from("x")])],
  ["empty", () => Buffer.alloc(0)],
])("an object that was %s is BACKUP_DAMAGED", async (_, change) => {
  const place = placeOne();
  place.set(ARCHIVE_KEY, change(place.bytes(ARCHIVE_KEY)));
  await expect(restoreInto([new FakeTarget("postgres", "app")], place)).rejects.toMatchObject({
    code: "BACKUP_DAMAGED",
    message: expect.stringContaining(ARCHIVE_KEY),
  });
});

test("an object that is gone is OBJECT_MISSING", async () => {
  const place = placeOne();
  place.objects.delete(ARCHIVE_KEY);
  await expect(restoreInto([new FakeTarget("postgres", "app")], place)).rejects.toMatchObject({
    code: "OBJECT_MISSING",
  });
});

test("a target for a store that the backup does not hold is the caller's mistake", async () => {
  await expect(restoreInto([new FakeTarget("postgres", "log")])).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("it holds app (postgres), log (clickhouse)"),
  });
});

test("a store that fails stops the other", async () => {
  const run = startTestRun();
  const stopped = new FakeTarget("clickhouse", "log", {
    on: (method) =>
      method === "restore"
        ? new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(cancelled())))
        : undefined,
  });
  const failing = new FakeTarget("postgres", "app", {
    on(method) {
      if (method === "restore") throw new AppError("STORE_FAILED", "disk full", { hint: "Free some." });
    },
  });
  const destination = new MemoryDestination(placeOne(), run);
  const request = { destination, selection: {}, targets: [stopped, failing], replace: [] };
  await expect(restore(request, run)).rejects.toThrow("disk full");
});

describe("commands around a restore", () => {
  function command(name: string, calls: string[], fails = false): Step {
    return {
      name,
      kind: "run",
      timeoutMs: 1000,
      async perform() {
        calls.push(name);
        if (fails) throw new AppError("TOOL_FAILED", "it went wrong", { hint: "Look." });
      },
    };
  }

  async function restoreAround(
    target: FakeTarget,
    steps: { before?: Step[]; after?: Step[] },
  ): Promise<RestoreResult> {
    const run = startTestRun();
    const destination = new MemoryDestination(placeOne(), run);
    return await restore({ destination, selection: {}, targets: [target], replace: [], ...steps }, run);
  }

  test("run after all checks, and after the comparison", async () => {
    const app = new FakeTarget("postgres", "app");
    const { verdict, after } = await restoreAround(app, {
      before: [command("stop", app.calls)],
      after: [command("migrate", app.calls)],
    });
    expect(verdict).toBe("restored");
    expect(after).toMatchObject([{ name: "migrate", outcome: "passed" }]);
    expect(app.calls).toEqual(["inspect", "stop", "restore", "takeInventory", "settle", "migrate"]);
  });

  test("that fail before stop the restore; nothing is written", async () => {
    const app = new FakeTarget("postgres", "app");
    await expect(
      restoreAround(app, { before: [command("stop", app.calls, true), command("next", app.calls)] }),
    ).rejects.toMatchObject({ code: "TOOL_FAILED", message: expect.stringContaining('"stop"') });
    expect(app.calls).toEqual(["inspect", "stop"]);
  });

  test("that fail afterwards leave the restore unfinished, and no success", async () => {
    const app = new FakeTarget("postgres", "app");
    const result = await restoreAround(app, { after: [command("migrate", [], true)] });
    expect(result).toMatchObject({ verdict: "unfinished", after: [{ outcome: "failed" }] });
    expect(exitStatusOfResult(result)).toBe(3);
  });

  test("are not run on data that differs", async () => {
    const calls: string[] = [];
    const app = new FakeTarget("postgres", "app", { damage: ({ tables }) => void tables.pop() });
    const result = await restoreAround(app, { after: [command("migrate", calls)] });
    expect(result).toMatchObject({ verdict: "differs", after: [{ outcome: "unproven" }] });
    expect(calls).toEqual([]);
  });
});

describe("a part", () => {
  async function restorePart(targets: FakeTarget[], tables: string[]): Promise<RestoreResult> {
    const run = startTestRun();
    const destination = new MemoryDestination(placeOne(), run);
    const scope = { tables, content: "all" } as const;
    return await restore({ destination, selection: {}, targets, replace: [], scope }, run);
  }

  test("goes to the store that holds it; the others are left alone", async () => {
    const app = new FakeTarget("postgres", "app");
    const log = new FakeTarget("clickhouse", "log");
    const { comparisons, scope } = await restorePart([app, log], ["shop.requests"]);
    expect(comparisons).toMatchObject([{ store: "log", tablesCompared: 1, differences: [] }]);
    expect(scope).toEqual({ tables: ["shop.requests"], content: "all" });
    expect(app.calls).toEqual([]);
  });

  test("that nobody holds is the caller's mistake, with the name it may have meant", async () => {
    await expect(restorePart([new FakeTarget("postgres", "app")], ["users"])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "The backup holds no users.",
      hint: expect.stringContaining("public.users"),
    });
  });
});
