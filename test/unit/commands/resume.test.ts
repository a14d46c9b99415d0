import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { serialiseReceipt } from "../../../src/backup/receipt.ts";
import type { ClickHousePart } from "../../../src/backup/manifest.ts";
import { backup } from "../../../src/commands/backup.ts";
import { RUN_LIMIT_MS } from "../../../src/commands/prune.ts";
import { tidyAfter } from "../../../src/commands/tidy.ts";
import {
  buildBackupId,
  findWriterOfPart,
  partKey,
  receiptKey,
  receiptsPrefix,
} from "../../../src/destinations/keys.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import type { BackupSink } from "../../../src/stores/store.ts";
import { buildClickHouseManifest, buildManifest, placeBackup } from "../../support/builders.ts";
import { FakeStore } from "../../support/fake-store.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const DEAD = buildBackupId(new Date(Date.now() - 3_600_000), "dead");

function buildPart(partition: string, backupId: string): ClickHousePart {
  const part = { database: "shop", table: "log", partition, fingerprint: "f00d" };
  return {
    ...part,
    key: partKey("log", part, backupId),
    sizeBytes: 4,
    sha256: "0".repeat(64),
    columns: ["id"],
    rows: 1,
    digest: "1",
  };
}

/** A store of two partitions, one of which is kept before the test's own moment comes. */
class KeepingStore extends FakeStore {
  sink: BackupSink | undefined;
  readonly #then: () => void | Promise<void>;
  fullEveryMs?: number;

  constructor(then: () => void | Promise<void> = () => {}) {
    super("clickhouse", "log");
    this.#then = then;
  }

  override async backup(sink: BackupSink): ReturnType<FakeStore["backup"]> {
    this.sink = sink;
    const template = buildPart("1", DEAD);
    const sent = await sink.putPart(template, Readable.from([Buffer.from("rows")]));
    await sink.keep({ ...template, ...sent });
    await sink.putPart({ ...template, partition: "2" }, Readable.from([Buffer.from("rows")]));
    await this.#then();
    return { ...buildClickHouseManifest({ store: "log" }), parts: [{ ...template, ...sent }] };
  }
}

function start(place: MemoryPlace, store: FakeStore, full = false) {
  const run = startTestRun();
  const result = backup(
    {
      name: "shop",
      stores: [store],
      destination: new SeveralDestinations([new MemoryDestination(place, run)], run),
      openForCleanUp: async () => new MemoryDestination(place, startTestRun()),
      full,
    },
    run,
  );
  return { run, result };
}

test.each(["failed", "was cancelled"])(
  "a run that %s leaves what it had finished, for the next run",
  async (how) => {
    const place = new MemoryPlace();
    const broken = new AppError("STORE_FAILED", "broken", { hint: "Mend it." });
    const dying = new KeepingStore(() => {
      if (how === "failed") throw broken;
      run.stopAll();
      throw cancelled();
    });
    const { run, result } = start(place, dying);
    await expect(result).rejects.toBeInstanceOf(AppError);
    const [part, receipt, ...more] = place.keys();
    expect(part).toMatch(/^parts\/log\/shop\.log\/1-f00d/);
    expect(receipt).toMatch(new RegExp(`^${receiptsPrefix}.*/log-1.json$`));
    expect(more).toEqual([]);
    expect(run.lines.at(-1)).toContain("1 part of this run stay");

    const next = new KeepingStore();
    await start(place, next).result;
    expect(next.sink?.finished.map(({ key }) => key)).toEqual([part]);
    expect(await next.sink?.holds(next.sink.finished[0]!)).toBe(true);
    expect(place.keys().filter((key) => key.startsWith(receiptsPrefix))).toEqual([]);
    // The second partition of the fake was sent and is not referred to.
    expect(place.keys().filter((key) => key.startsWith("parts/"))).toHaveLength(2);
  },
);

test("what was read again while it moved is written beside what was written first", async () => {
  const place = new MemoryPlace();
  const keys: string[] = [];
  const moved: KeepingStore = new KeepingStore(async () => {
    for (const rows of ["first", "again"]) {
      const { key } = await moved.sink!.putPart(buildPart("3", DEAD), Readable.from([Buffer.from(rows)]));
      keys.push(key);
    }
    expect(keys.map((key) => place.objects.get(key)?.bytes.toString())).toEqual(["first", "again"]);
  });
  await start(place, moved).result;
  expect(keys).toHaveLength(2);
  expect(keys.map(findWriterOfPart)).toEqual(Array(2).fill(expect.stringMatching(/^\d{8}T/)));
});

test("a run that found out that what it sends is changed on the way leaves nothing to refer to", async () => {
  const place = new MemoryPlace();
  const deceived: KeepingStore = new KeepingStore(async () => {
    for (let number = 0; number < 20; number += 1) await deceived.sink?.keep(buildPart(`${number}`, DEAD));
    expect(place.keys().filter((key) => key.startsWith(receiptsPrefix))).toHaveLength(1);
    deceived.sink?.distrust();
    await deceived.sink?.keep(buildPart("late", DEAD));
    throw new AppError("STORE_FAILED", "fewer rows", { hint: "Mend it." });
  });
  await expect(start(place, deceived).result).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(place.keys()).toEqual([]);
});

test("a full run is told of nothing, and receipts of runs long ago are not used", async () => {
  const place = new MemoryPlace();
  const old = buildBackupId(new Date(Date.now() - RUN_LIMIT_MS - 3_600_000), "01d0");
  for (const id of [DEAD, old]) {
    const parts = [buildPart("7", id)];
    place.set(receiptKey(id, "log", 1), serialiseReceipt({ backupId: id, store: "log", parts }));
  }
  const full = new KeepingStore();
  await start(place, full, true).result;
  expect(full.sink?.finished).toEqual([]);
  const usual = new KeepingStore();
  await start(place, usual).result;
  expect(usual.sink?.finished.map(({ key }) => key)).toEqual([buildPart("7", DEAD).key]);
});

test("a receipt that is damaged, or cannot be written, does not stop a backup", async () => {
  const place = new MemoryPlace();
  place.set(receiptKey(DEAD, "log", 1), Buffer.from("{"));
  place.fault = (method, key) => {
    if (method === "putIfAbsent" && key.startsWith(receiptsPrefix)) {
      throw new AppError("DESTINATION_REFUSED", "not here", { hint: "Allow it." });
    }
  };
  const store = new KeepingStore(() => {
    throw new AppError("STORE_FAILED", "broken", { hint: "Mend it." });
  });
  const { run, result } = start(place, store);
  await expect(result).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(run.lines).toContain("Should this run die, the next one sends everything again: not here");
  expect(place.keys()).toEqual([receiptKey(DEAD, "log", 1)]);
});

test("what a run sent anew stays while another run may refer to it by a receipt", async () => {
  const place = new MemoryPlace();
  /** As many as a receipt is written for. */
  const count = 16;
  const first = new (class extends FakeStore {
    override async backup(sink: BackupSink): ReturnType<FakeStore["backup"]> {
      for (let number = 1; number <= count; number += 1) {
        const part = buildPart(String(number), DEAD);
        await sink.keep({ ...part, ...(await sink.putPart(part, Readable.from([Buffer.from("rows")]))) });
      }
      await start(place, second).result;
      return { ...buildClickHouseManifest({ store: "log" }), parts: [] };
    }
  })("clickhouse", "log");
  let referred: readonly ClickHousePart[] = [];
  const second = new (class extends FakeStore {
    override async backup(sink: BackupSink): ReturnType<FakeStore["backup"]> {
      referred = sink.finished;
      return { ...buildClickHouseManifest({ store: "log" }), parts: [...sink.finished] };
    }
  })("clickhouse", "log");
  await start(place, first).result;
  expect(referred).toHaveLength(count);
  expect(place.keys()).toEqual(expect.arrayContaining(referred.map(({ key }) => key)));
});

test("post leaves the parts of a killed run that have a receipt, and says how many", async () => {
  const place = new MemoryPlace();
  const [finished, unfinished] = [buildPart("1", DEAD), buildPart("2", DEAD)];
  for (const { key } of [finished, unfinished]) place.set(key, Buffer.from("rows"));
  const receipt = receiptKey(DEAD, "log", 1);
  place.set(receipt, serialiseReceipt({ backupId: DEAD, store: "log", parts: [finished] }));
  const tidied = await tidyAfter(new MemoryDestination(place, startTestRun()), DEAD);
  expect(tidied).toEqual({ removed: 1, kept: 1 });
  expect(place.keys()).toEqual([finished.key, receipt]);
});

test("post leaves the parts of a killed run that a backup, which needs no receipts, refers to", async () => {
  const place = new MemoryPlace();
  const [needed, needless] = [buildPart("1", DEAD), buildPart("2", DEAD)];
  const stores = [buildClickHouseManifest({ parts: [needed] })];
  placeBackup(place, buildManifest({ id: buildBackupId(new Date(), "beef"), stores }));
  place.set(needless.key, Buffer.from("rows"));
  const tidied = await tidyAfter(new MemoryDestination(place, startTestRun()), DEAD);
  expect(tidied).toEqual({ removed: 1, kept: 1 });
  expect(place.keys()).toContain(needed.key);
});

test("credentials that may list but not look have everything sent, with one warning", async () => {
  const place = new MemoryPlace();
  placeBackup(place, buildManifest());
  const run = startTestRun();
  const destination = new MemoryDestination(place, run);
  destination.findSize = async () => {
    throw new AppError("DESTINATION_REFUSED", "no HEAD", { hint: "Allow it." });
  };
  const store = new KeepingStore(async () => {
    const [part] = buildClickHouseManifest().parts;
    expect(await store.sink?.holds(part!)).toBe(false);
    expect(await store.sink?.holds(part!)).toBe(false);
  });
  const request = {
    name: "shop",
    stores: [store],
    destination: new SeveralDestinations([destination], run),
    openForCleanUp: async () => destination,
    full: false,
  };
  await backup(request, run);
  expect(run.lines.filter((line) => line.includes("nobody may look"))).toEqual([
    "Everything is sent, since nobody may look what is there: no HEAD",
  ]);
});

test.each([
  [3, "everything"],
  [100_000, "nothing new"],
])("with full-every %s days, parts of the past are sent again: %s", async (days, what) => {
  const place = new MemoryPlace();
  const sentAt = new Date(Date.now() - 10 * 86_400_000);
  const part = buildPart("1", buildBackupId(sentAt, "0001"));
  placeBackup(place, buildManifest({ stores: [buildClickHouseManifest({ parts: [part] })] }));
  const store = new KeepingStore();
  store.fullEveryMs = days * 86_400_000;
  const { run, result } = start(place, store);
  await result;
  expect(store.sink?.previous === undefined).toBe(what === "everything");
  expect(run.lines.some((line) => line.includes("(full-every)"))).toBe(what === "everything");
});
