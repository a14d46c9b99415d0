import { beforeEach, describe, expect, test } from "vitest";
import { objectsOfStore } from "../../../../src/backup/manifest.ts";
import { serialiseReceipt } from "../../../../src/backup/receipt.ts";
import { finish } from "../../../../src/commands/finish.ts";
import { plan } from "../../../../src/commands/plan.ts";
import { prune, RUN_LIMIT_MS } from "../../../../src/commands/prune.ts";
import { exitStatusOfResult } from "../../../../src/commands/result.ts";
import { backupShard } from "../../../../src/commands/shard.ts";
import { pickPlanned, readPlan } from "../../../../src/commands/catalogue/shards.ts";
import {
  attemptKey,
  buildBackupId,
  manifestKey,
  planKey,
  receiptKey,
  receiptsPrefix,
  restoreGuideKey,
  shardKey,
  shardsPrefix,
} from "../../../../src/destinations/keys.ts";
import { SeveralDestinations } from "../../../../src/destinations/several.ts";
import { AppError } from "../../../../src/errors.ts";
import { buildClickHouseManifest } from "../../../support/builders.ts";
import { FakeStore } from "../../../support/fake-store.ts";
import { MemoryDestination, MemoryPlace } from "../../../support/memory-destination.ts";
import { startTestRun } from "../../../support/run-context.ts";

/** Like MemoryDestination, under an address of its own. */
class NamedDestination extends MemoryDestination {
  override readonly url: string;

  constructor(name: string, place: MemoryPlace, run = startTestRun()) {
    super(place, run);
    this.url = `memory://${name}/shop`;
  }
}

let here: MemoryPlace;
let there: MemoryPlace;
/** What the runs of a test have as destinations. */
let places: MemoryPlace[];

beforeEach(() => {
  here = new MemoryPlace();
  there = new MemoryPlace();
  places = [here];
});

const open = (): NamedDestination[] =>
  places.map((place) => new NamedDestination(place === here ? "here" : "there", place));

const bothStores = (): FakeStore[] => [new FakeStore("postgres", "app"), new FakeStore("clickhouse", "log")];

async function makePlan(count = 2, stores = bothStores()): Promise<string> {
  const run = startTestRun();
  const destination = new SeveralDestinations(open(), run);
  return (await plan({ name: "shop", stores, destination, full: false, count }, run)).backupId;
}

async function runShard(backupId: string, shard: string, stores = bothStores()) {
  const run = startTestRun();
  const all = open();
  const planned = await readPlan(all, backupId, run);
  const destination = new SeveralDestinations(pickPlanned(all, planned), run);
  const openForCleanUp = async () => new SeveralDestinations(open(), startTestRun());
  return await backupShard({ plan: planned, shard, stores, destination, openForCleanUp }, run);
}

async function runFinish(backupId: string) {
  const run = startTestRun();
  const group = (chosen: ConstructorParameters<typeof SeveralDestinations>[0]) =>
    new SeveralDestinations(chosen, run);
  return await finish({ backupId, destinations: open(), group }, run);
}

const refuse = (message: string): AppError =>
  new AppError("DESTINATION_REFUSED", message, { hint: "Mend the rights." });

test("what shards have done is listed by finish alone, manifest last, and leaves no plan", async () => {
  const id = await makePlan();
  for (const shard of ["2/2", "1/2"]) await runShard(id, shard);
  expect(here.keys().filter((key) => key.startsWith(shardsPrefix))).toEqual(
    [
      shardKey(id, "1/2"),
      attemptKey(id, "1/2", 1),
      shardKey(id, "2/2"),
      attemptKey(id, "2/2", 1),
      planKey(id),
    ].sort(),
  );
  const writes: string[] = [];
  here.fault = (method, key, moment) => {
    if (moment === "before" && method.startsWith("put")) writes.push(`${method} ${key}`);
  };
  const result = await runFinish(id);
  expect(writes).toEqual([`putIfAbsent ${restoreGuideKey(id)}`, `putIfAbsent ${manifestKey(id)}`]);
  expect(result.manifest.stores.map(({ store }) => store)).toEqual(["app", "log"]);
  expect(result.sentBytes).toBe(result.sizeBytes);
  expect(exitStatusOfResult(result)).toBe(0);
  const left = here.keys().filter((key) => key.startsWith(shardsPrefix) || key.startsWith(receiptsPrefix));
  expect(left).toEqual([]);
  expect((await runFinish(id)).manifest).toEqual(result.manifest);
});

test("objects that an attempt left and nobody refers to go when the backup is listed", async () => {
  const id = await makePlan();
  for (const shard of ["1/2", "2/2"]) await runShard(id, shard);
  const left = `parts/log/shop.requests/202611-beef-${id}.native.zst`;
  const others = "parts/log/shop.requests/202611-beef-20260101T000000Z-beef.native.zst";
  here.set(left, Buffer.from("left"));
  here.set(others, Buffer.from("of another run"));
  // Another run may have read of it.
  const [template] = buildClickHouseManifest().parts;
  const received = { ...template!, key: `parts/log/shop.requests/202611-cafe-${id}.native.zst` };
  here.set(received.key, Buffer.from("left"));
  const receipt = serialiseReceipt({ backupId: id, store: "log", parts: [received] });
  here.set(receiptKey(id, "log-1of2", 9), receipt);
  await runFinish(id);
  expect(here.keys()).not.toContain(left);
  expect(here.keys()).toEqual(expect.arrayContaining([others, received.key]));
});

test("credentials that may not remove data list the backup all the same, and remove what they may", async () => {
  const id = await makePlan();
  for (const shard of ["1/2", "2/2"]) await runShard(id, shard);
  const left = `parts/log/shop.requests/202611-beef-${id}.native.zst`;
  here.set(left, Buffer.from("left"));
  here.fault = (method, key) => {
    if (method === "remove" && key.startsWith("parts/")) throw refuse("Access denied.");
  };
  await runFinish(id);
  expect(here.keys()).toContain(manifestKey(id));
  expect(here.keys()).toContain(left);
  expect(here.keys().filter((key) => key.startsWith(shardsPrefix))).toEqual([]);
});

describe("nothing is listed", () => {
  test("while shards have not finished: all of them are named", async () => {
    const id = await makePlan(3, [...bothStores(), new FakeStore("postgres", "billing")]);
    await runShard(id, "2/3", [...bothStores(), new FakeStore("postgres", "billing")]);
    await expect(runFinish(id)).rejects.toMatchObject({
      code: "SHARD_UNFINISHED",
      message: `Backup ${id} is not complete: of its 3 shards, 1/3 and 3/3 have not finished.`,
    });
    expect(here.keys()).not.toContain(manifestKey(id));
    expect(here.keys()).toContain(shardKey(id, "2/3"));
  });

  test.each(["is gone", "has another size"])("when an object that a shard wrote %s", async (how) => {
    const id = await makePlan();
    for (const shard of ["1/2", "2/2"]) await runShard(id, shard);
    const dump = `backups/${id}/app/app.dump`;
    if (how === "is gone") here.objects.delete(dump);
    else here.set(dump, here.bytes(dump).subarray(1));
    await expect(runFinish(id)).rejects.toMatchObject({
      code: "OBJECT_MISSING",
      message: `1 object of backup ${id} is not at memory://here/shop in full size: ${dump}.`,
    });
    expect(here.keys()).not.toContain(manifestKey(id));
  });

  test("when a shard fails: what it wrote goes, and what others did stays", async () => {
    const id = await makePlan();
    const broken = new AppError("STORE_FAILED", "broken", { hint: "Mend it." });
    const failing = ["postgres", "clickhouse"].map(
      (kind, index) =>
        new FakeStore(kind as "postgres", index === 0 ? "app" : "log", {
          backup: () => {
            throw broken;
          },
        }),
    );
    await runShard(id, "1/2");
    const before = here.keys();
    await expect(runShard(id, "2/2", failing)).rejects.toBe(broken);
    expect(here.keys()).toEqual([...before, attemptKey(id, "2/2", 1)].sort());
    await runShard(id, "2/2");
    expect((await runFinish(id)).manifest.stores).toHaveLength(2);
  });

  test("two attempts at one shard write no key twice, so that the later end of one spoils nothing of the other", async () => {
    const id = await makePlan(1);
    const written: string[] = [];
    here.fault = (method, key, moment) => {
      if (method === "put" && moment === "before" && !key.startsWith(shardsPrefix)) written.push(key);
    };
    let second: Promise<unknown> | undefined;
    const slow = [
      new FakeStore("postgres", "app", {
        backup: async () => {
          second = runShard(id, "1/1");
          await second;
        },
      }),
      new FakeStore("clickhouse", "log"),
    ];
    await runShard(id, "1/1", slow);
    await expect(second).resolves.toMatchObject({ wasFinished: false });
    expect(written).toHaveLength(new Set(written).size);
    expect(written.filter((key) => key.endsWith("app.dump"))).toEqual([
      `backups/${id}/app/app.dump`,
      `backups/${id}/app/1of1-attempt-2/app.dump`,
    ]);
    const { manifest } = await runFinish(id);
    for (const { key } of manifest.stores.flatMap(objectsOfStore)) expect(here.keys()).toContain(key);
  });
});

describe("a plan", () => {
  test("that is not there, or too old to be worked on, is told with what to do", async () => {
    const none = buildBackupId(new Date(), "0000");
    await expect(runShard(none, "1/2")).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
    const id = await makePlan();
    const old = new Date(Date.now() - RUN_LIMIT_MS - 60_000).toISOString();
    const text = here
      .bytes(planKey(id))
      .toString()
      .replace(/"startedAt": "[^"]+"/, `"startedAt": "${old}"`);
    here.set(planKey(id), Buffer.from(text));
    for (const working of [runShard(id, "1/2"), runFinish(id)])
      await expect(working).rejects.toMatchObject({
        code: "BACKUP_NOT_FOUND",
        message: expect.stringContaining("more than 48 hours old") as string,
      });
  });

  test("that may not be read says which rights shards need", async () => {
    const id = await makePlan();
    here.fault = (method) => {
      if (method === "open") throw refuse("Access denied.");
    };
    await expect(runShard(id, "1/2")).rejects.toMatchObject({
      code: "DESTINATION_REFUSED",
      hint: expect.stringContaining("the right to read and list") as string,
    });
  });

  test("without such a shard, or with a store that is not configured, is refused before anything is sent", async () => {
    const id = await makePlan();
    const before = here.keys();
    await expect(runShard(id, "3/2")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: `The plan of backup ${id} has no shard 3/2; there is 1/2, 2/2.`,
    });
    for (const shard of ["1/2", "2/2"])
      await expect(runShard(id, shard, [])).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(here.keys()).toEqual(before);
  });

  test("is removed by prune with its records once it is too old", async () => {
    const old = buildBackupId(new Date(Date.now() - RUN_LIMIT_MS - 60_000), "0000");
    const young = await makePlan();
    here.set(planKey(old), Buffer.from("{}"));
    here.set(shardKey(old, "1/2"), Buffer.from("{}"));
    const [destination] = open();
    const policy = { rule: { last: 1 }, stores: {}, timeZone: "UTC" };
    await prune([{ destination: destination!, policy }], false, startTestRun());
    expect(here.keys()).toEqual([planKey(young)]);
  });
});

describe("with several destinations", () => {
  test("one that failed in a shard is left out, and the others are completed", async () => {
    places = [here, there];
    const id = await makePlan();
    await runShard(id, "1/2");
    there.fault = (method, key) => {
      if (method === "put" && key.startsWith("backups/")) throw refuse("No more room.");
      if (method === "put" && key.startsWith("parts/")) throw refuse("No more room.");
    };
    await runShard(id, "2/2");
    there.fault = () => {};
    const result = await runFinish(id);
    expect(result.destinations).toMatchObject([
      { url: "memory://here/shop" },
      { url: "memory://there/shop", failure: { code: "SHARD_UNFINISHED" } },
    ]);
    expect(exitStatusOfResult(result)).toBe(2);
    expect(here.keys()).toContain(manifestKey(id));
    expect(there.keys()).not.toContain(manifestKey(id));
  });

  test("whose records tell of different attempts, the second is not given a backup of the first's objects", async () => {
    places = [here, there];
    const id = await makePlan(1);
    // The first attempt fails over there, and the second over here.
    there.fault = (method, key) => {
      if (method === "put" && key.endsWith("app.dump")) throw refuse("No more room.");
    };
    await runShard(id, "1/1");
    there.fault = () => {};
    here.fault = (method, key) => {
      if (method === "put" && key.endsWith("app.dump")) throw refuse("No more room.");
    };
    await runShard(id, "1/1");
    here.fault = () => {};
    const result = await runFinish(id);
    expect(result.destinations.map(({ failure }) => failure?.code)).toEqual([undefined, "OBJECT_MISSING"]);
    for (const { key } of result.manifest.stores.flatMap(objectsOfStore)) expect(here.keys()).toContain(key);
    expect(there.keys()).not.toContain(manifestKey(id));
  });

  test("one that is not there while a shard runs is left out of it", async () => {
    places = [here, there];
    const id = await makePlan(1);
    here.isThere = false;
    await expect(runShard(id, "1/1")).resolves.toMatchObject({ wasFinished: false });
    here.isThere = true;
    const { destinations } = await runFinish(id);
    expect(destinations.map(({ url, failure }) => [url, failure?.code])).toEqual([
      ["memory://here/shop", "SHARD_UNFINISHED"],
      ["memory://there/shop", undefined],
    ]);
    expect(there.keys()).toContain(manifestKey(id));
  });
});
