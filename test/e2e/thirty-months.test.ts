import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import type { ClickHouseManifest } from "../../src/backup/manifest.ts";
import type { BackupResult } from "../../src/commands/backup.ts";
import { prune } from "../../src/commands/prune.ts";
import { openDestination } from "../../src/destinations/open.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Machine } from "../support/cli.ts";
import { startTestRun } from "../support/run-context.ts";
import { createClickHouseDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { runClickHouse } from "./product.ts";

const MONTHS = 30;
const CHANGED = "202501";
/** After it nothing that lies there can belong to a run under way. */
const LATER_MS = 10 * 24 * 3_600_000;

let scratch: Scratch;
let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  scratch = await Scratch.create();
  folder = scratch.file("backups");
  await mkdir(folder);
  database = await createClickHouseDatabase();
  await runClickHouse(
    database.url,
    `CREATE TABLE log (id UInt64, at DateTime, v String) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY id;
     INSERT INTO log SELECT number, toDateTime('2024-01-05 00:00:00', 'UTC') + toIntervalMonth(number % ${MONTHS}), hex(sipHash128(number)) FROM numbers(60000)`,
  );
});
afterAll(async () => {
  await database.drop();
  await scratch.remove();
});

async function backUp(): Promise<{ id: string; sentBytes: number; parts: ClickHouseManifest["parts"] }> {
  const machine = await Machine.create({
    LIFEBOAT_DESTINATION: pathToFileURL(folder).href,
    LIFEBOAT_CLICKHOUSE_URL: database.url,
  });
  const { status, json, stderr } = await machine.run("backup");
  expect(status, stderr).toBe(0);
  const { backupId, sentBytes, manifest } = json as BackupResult;
  const [store] = manifest.stores;
  if (store?.kind !== "clickhouse") throw new Error("a ClickHouse store");
  return { id: backupId, sentBytes, parts: store.parts };
}

/** Leaves one backup of a copy: newer ones are thrown away by hand, since prune keeps the newest; the rest is pruned. */
async function keepOnly(id: string, newer: readonly string[]): Promise<string> {
  const own = await Scratch.create();
  onTestFinished(() => own.remove());
  const copy = own.file("backups");
  await cp(folder, copy, { recursive: true });
  for (const each of newer) await rm(join(copy, "lifeboat", "backups", each), { recursive: true });
  const run = startTestRun();
  const context = { ...run, clock: { ...run.clock, now: () => new Date(Date.now() + LATER_MS) } };
  const destination = await openDestination({ url: pathToFileURL(copy).href }, "lifeboat", context);
  const policy = { rule: { last: 1 }, stores: {}, timeZone: "UTC" };
  await prune([{ destination, policy }], false, context);
  expect(await readdir(join(copy, "lifeboat", "backups"))).toEqual([id]);
  return copy;
}

async function listParts(copy: string): Promise<string[]> {
  const files = await readdir(join(copy, "lifeboat", "parts"), { recursive: true });
  return files.filter((file) => file.endsWith(".native.zst")).map((file) => `parts/${file}`);
}

describe("thirty monthly partitions, of which one changes", () => {
  test("the second backup sends that one, and each of three restores proven without the others", async () => {
    const first = await backUp();
    await runClickHouse(
      database.url,
      `INSERT INTO log SELECT number, '2025-01-07 00:00:00', 'new' FROM numbers(10)`,
    );
    const second = await backUp();
    const unchanged = await backUp();
    await database.drop();

    const keysOf = ({ parts }: typeof first): string[] => parts.map(({ key }) => key).sort();
    expect(first.parts).toHaveLength(MONTHS);
    const sent = second.parts.filter(({ key }) => !keysOf(first).includes(key));
    expect(sent.map(({ partition }) => partition)).toEqual([CHANGED]);
    expect(keysOf(unchanged)).toEqual(keysOf(second));
    expect(second.sentBytes).toBeLessThan(first.sentBytes / 15);
    expect(unchanged.sentBytes).toBeLessThan(first.sentBytes / 100);

    const ids = [first, second, unchanged].map(({ id }) => id);
    for (const [index, backup] of [first, second, unchanged].entries()) {
      const copy = await keepOnly(backup.id, ids.slice(index + 1));
      expect((await listParts(copy)).sort()).toEqual(keysOf(backup));
      const machine = await Machine.create({ LIFEBOAT_DESTINATION: pathToFileURL(copy).href });
      const drill = await machine.run("drill", "--target-clickhouse-url", inject("clickhouseUrl"));
      expect(drill.json, drill.stderr).toMatchObject({ record: { verdict: "proven", backupId: backup.id } });
    }
  });
});
