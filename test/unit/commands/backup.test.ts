import { expect, test } from "vitest";
import { parseManifest } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import type { BackupResult } from "../../../src/commands/backup.ts";
import { manifestKey, restoreGuideKey } from "../../../src/destinations/keys.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import { formatBytes } from "../../../src/report/quantities.ts";
import type { Store } from "../../../src/stores/store.ts";
import {
  buildClickHouseManifest,
  buildManifest,
  buildPostgresManifest,
  placeBackup,
} from "../../support/builders.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

function failWith(
  code: "STORE_FAILED" | "STORE_UNREACHABLE" | "DESTINATION_FAILED",
  message: string,
): AppError {
  return new AppError(code, message, { hint: `Mend ${message}` });
}

function start(place: MemoryPlace, stores: Store[], options: { full?: boolean } = {}) {
  const run = startTestRun();
  const result: Promise<BackupResult> = backup(
    {
      name: "shop",
      stores,
      destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
      openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
      full: options.full ?? false,
    },
    run,
  );
  return { run, result };
}

function bothStores(): [FakeStore, FakeStore] {
  return [new FakeStore("postgres", "app"), new FakeStore("clickhouse", "log")];
}

test("a backup is what its manifest says, and the manifest is written last and put-if-absent", async () => {
  const place = new MemoryPlace();
  const writes: string[] = [];
  place.fault = (method, key, moment) => {
    if (moment === "before" && method.startsWith("put")) writes.push(`${method} ${key}`);
  };
  const { backupId, manifest, sizeBytes, sentBytes } = await start(place, bothStores()).result;
  expect(writes.at(-1)).toBe(`putIfAbsent ${manifestKey(backupId)}`);
  expect(writes.at(-2)).toBe(`putIfAbsent ${restoreGuideKey(backupId)}`);
  expect(writes).toHaveLength(7);
  expect(parseManifest(place.bytes(manifestKey(backupId)), "")).toEqual(manifest);
  expect(manifest.stores.map(({ store }) => store)).toEqual(["app", "log"]);
  expect(sentBytes).toBe(sizeBytes);
});

test("what is wrong with destination and stores is told together, before a byte is written", async () => {
  const place = new MemoryPlace();
  place.isThere = false;
  const app = new FakeStore("postgres", "app", {
    check() {
      throw failWith("STORE_UNREACHABLE", "app");
    },
  });
  const log = new FakeStore("clickhouse", "log", {
    check() {
      throw failWith("STORE_UNREACHABLE", "log");
    },
  });
  await expect(start(place, [app, log]).result).rejects.toMatchObject({
    code: "DESTINATION_MISSING",
    message: "memory://bucket/shop is not there.\napp\nlog",
    hint: "Create it.\nMend app\nMend log",
  });
  expect(place.keys()).toEqual([]);
});

test("a destination without room for another backup like the last is told of, before a byte is written", async () => {
  const place = new MemoryPlace();
  const { sentBytes } = await start(place, bothStores()).result;
  place.freeBytes = sentBytes + 1;
  const roomy = start(place, bothStores());
  await roomy.result;
  expect(roomy.run.lines.join("\n")).not.toContain("are free");
  place.freeBytes = sentBytes;
  const tight = start(place, bothStores(), { full: true });
  await tight.result;
  const text = `${formatBytes(sentBytes)} are free at memory://bucket/shop, and the newest backup added ${formatBytes(sentBytes)}. Free space`;
  expect(tight.run.lines).toContainEqual(expect.stringContaining(text));
});

test("a store that fails midway stops the other, and leaves nothing", async () => {
  const place = new MemoryPlace();
  const app = new FakeStore("postgres", "app", {
    backup() {
      expect(place.keys()).not.toEqual([]);
      throw failWith("STORE_FAILED", "the dump broke");
    },
  });
  const log = new FakeStore("clickhouse", "log", {
    backup: () => new Promise((_, reject) => run.signal.addEventListener("abort", () => reject(cancelled()))),
  });
  const { run, result } = start(place, [app, log]);
  await expect(result).rejects.toMatchObject({ code: "STORE_FAILED", message: "the dump broke" });
  expect(place.keys()).toEqual([]);
});

test("an object that arrived although its writing failed is removed too", async () => {
  const place = new MemoryPlace();
  place.fault = (method, key, moment) => {
    if (method === "put" && key.endsWith("app.dump") && moment === "after") {
      throw failWith("DESTINATION_FAILED", "the answer was lost");
    }
  };
  await expect(start(place, bothStores()).result).rejects.toThrow("the answer was lost");
  expect(place.keys()).toEqual([]);
});

test("objects that cannot be removed after a failure are told of, and the failure is what is thrown", async () => {
  const place = new MemoryPlace();
  place.fault = (method, key, moment) => {
    if (moment === "after" && key.endsWith("RESTORE.md")) throw failWith("DESTINATION_FAILED", "no");
    if (method === "remove" && moment === "before") throw failWith("DESTINATION_FAILED", "neither");
  };
  const { run, result } = start(place, bothStores());
  await expect(result).rejects.toMatchObject({ message: "no" });
  expect(run.lines.at(-1)).toContain("Objects of the failed run are left at memory://bucket/shop");
});

test.each(["throws after the manifest was written", "says that the manifest is there already"])(
  "an answer that %s does not fail a backup that is complete",
  async (answer) => {
    const place = new MemoryPlace();
    place.fault = (method, key, moment) => {
      if (method !== "putIfAbsent" || !key.endsWith("manifest.json")) return;
      if (moment === "after" && answer.startsWith("throws")) throw failWith("DESTINATION_FAILED", "lost");
    };
    const destination = new MemoryDestination(place, startTestRun());
    if (answer.startsWith("says")) {
      const write = destination.putIfAbsent.bind(destination);
      destination.putIfAbsent = async (key, bytes) => {
        await write(key, bytes);
        return "already-there";
      };
    }
    const run = startTestRun();
    const request = {
      name: "shop",
      stores: bothStores(),
      destination: new SeveralDestinations([destination], run),
      openForCleanUp: async () => destination,
      full: false,
    };
    const { backupId } = await backup(request, run);
    expect(place.keys()).toContain(manifestKey(backupId));
  },
);

test("a manifest that could not be written leaves its objects, since it may have arrived", async () => {
  const place = new MemoryPlace();
  place.fault = (method, key) => {
    if (method === "putIfAbsent" && key.endsWith("manifest.json"))
      throw failWith("DESTINATION_FAILED", "refused");
  };
  await expect(start(place, bothStores()).result).rejects.toThrow("refused");
  expect(place.keys().filter((key) => key.endsWith("manifest.json"))).toEqual([]);
  expect(place.keys()).toHaveLength(6);
});

test("another run's manifest under the same id is not taken for this one's", async () => {
  const place = new MemoryPlace();
  place.fault = (method, key, moment) => {
    if (method === "putIfAbsent" && moment === "before") place.set(key, Buffer.from("another"));
  };
  await expect(start(place, bothStores()).result).rejects.toThrow("Another run has already written");
});

test("each store is handed what the newest backup says of it", async () => {
  const place = new MemoryPlace();
  placeBackup(place, buildManifest());
  const [app, log] = bothStores();
  const added = new FakeStore("postgres", "added");
  await start(place, [log, added, app]).result;
  expect(app.previous).toEqual(buildPostgresManifest());
  expect(log.previous).toEqual(buildClickHouseManifest());
  expect(added.previous).toBeUndefined();
});

test("a full backup is handed nothing", async () => {
  const place = new MemoryPlace();
  placeBackup(place, buildManifest());
  const [app, log] = bothStores();
  await start(place, [app, log], { full: true }).result;
  expect([app.previous, log.previous]).toEqual([undefined, undefined]);
});

test("a newest backup that cannot be read only warns, and everything is sent", async () => {
  const place = new MemoryPlace();
  placeBackup(place, buildManifest());
  place.set(manifestKey(buildManifest().id), Buffer.from("{"));
  const [app, log] = bothStores();
  const { run, result } = start(place, [app, log]);
  await result;
  expect(run.lines).toContainEqual(expect.stringContaining("Everything will be sent"));
  expect([app.previous, log.previous]).toEqual([undefined, undefined]);
});

test("a cancelled run writes no manifest and leaves nothing", async () => {
  const place = new MemoryPlace();
  const app = new FakeStore("postgres", "app", { backup: () => run.stopAll() });
  const { run, result } = start(place, [app]);
  await expect(result).rejects.toMatchObject({ code: "CANCELLED" });
  expect(place.keys()).toEqual([]);
});
