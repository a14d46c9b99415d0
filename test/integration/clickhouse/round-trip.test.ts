import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { clickhouseManifestSchema } from "../../../src/backup/manifest.ts";
import { createClickHouseThrowaway } from "../../../src/stores/clickhouse/restore/target.ts";
import type { ThrowawayTarget } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

const DATABASES = ["app", `аналитика "v1.2" it's`];

let pair: ClickHousePair;
let sink: MemorySink;
let manifest: ClickHouseManifest;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  await pair.sql(await readFile(new URL("../../fixtures/clickhouse-rich.sql", import.meta.url), "utf8"));
  sink = new MemorySink();
  manifest = await pair.backup(DATABASES, sink);
});

afterAll(async () => {
  await pair.sql(
    'DROP DATABASE app SYNC; DROP DATABASE `аналитика "v1.2" it\'s` SYNC; DROP FUNCTION app_double',
  );
  await pair[Symbol.asyncDispose]();
});

describe("a rich database", () => {
  test("comes back without a difference", async () => {
    clickhouseManifestSchema.parse(manifest);
    await pair.withRestored(manifest, sink, async (target) => {
      expect(await findDifferences(manifest, target)).toEqual([]);
      const [sums] = await target.query(
        "SELECT (SELECT sum(hits) FROM app.by_kind) AS inner_hits, (SELECT countMerge(hits) FROM app.states) AS state_hits",
      );
      expect(sums).toEqual({ inner_hits: 50, state_hits: 50 });
    });
  });

  test("holds rows older than their TTL until the restore is settled", async () => {
    await pair.withRestored(manifest, sink, async (target) => {
      await expect(target.query("OPTIMIZE TABLE app.ephemeral FINAL")).rejects.toThrow(
        /cancelled|disabled|abort/i,
      );
      expect(await target.query("SELECT count() AS n FROM app.ephemeral")).toEqual([{ n: 500 }]);
      await target.settle();
      await target.query("OPTIMIZE TABLE app.ephemeral FINAL");
      expect(await target.query("SELECT count() AS n FROM app.ephemeral")).toEqual([{ n: 0 }]);
    });
  });

  test("leaves nothing behind, and is refused where its names are taken", async () => {
    const target = await pair.openThrowaway();
    const occupied = await pair.withRestored(manifest, sink, async () => {
      const facts = await target.inspect(manifest);
      await expect(
        target.restore(manifest, { objects: sink, replace: false, scratchDir: "" }),
      ).rejects.toMatchObject({
        code: "TARGET_REFUSED",
      });
      return facts;
    });
    expect(occupied.occupiedBy).toContain("app.events");
    expect(occupied.databases).toEqual(DATABASES);
    expect(occupied.id).not.toBe(manifest.source.id);
    const after = await target.inspect(manifest);
    expect(after.occupiedBy).toEqual([]);
    expect(
      await target.query("SELECT name FROM system.databases WHERE name = 'app'").catch(() => "gone"),
    ).toEqual("gone");
    await target.close();
  });

  test("says what is not brought back", () => {
    const about = manifest.leftOut.map(({ what, why }) => `${what}: ${why}`).join("\n");
    expect(about).toMatch(/table app\.outward: The server hides a secret/);
    expect(about).toMatch(/table app\.outward: Its engine MySQL points outward/);
    expect(about).toMatch(/table app\.buffered: Its engine Buffer/);
    const everything = JSON.stringify(manifest) + [...sink.objects.values()].join("\n");
    expect(everything).not.toContain("hidden-password");
  });
});

describe("damage done to a restored database is found:", () => {
  test.each<[string, string, { kind: string; name: string }]>([
    [
      "deleted rows",
      "SYSTEM START MERGES app.erased; DELETE FROM app.erased WHERE id = 5",
      { kind: "rows", name: "app.erased" },
    ],
    [
      "a changed value under the same count",
      "SYSTEM START MERGES app.events; ALTER TABLE app.events UPDATE note = 'other' WHERE id = 7 SETTINGS mutations_sync = 1",
      { kind: "content", name: "app.events" },
    ],
    ["a dropped view", "DROP VIEW app.paid", { kind: "view", name: "app.paid" }],
    [
      "a dropped materialized view",
      "DROP VIEW app.to_states",
      { kind: "materialized view", name: "app.to_states" },
    ],
    ["a dropped table", "DROP TABLE app.totals SYNC", { kind: "table", name: "app.totals" }],
    [
      "a dropped dictionary",
      "DROP DICTIONARY app.name_of SETTINGS check_table_dependencies = 0",
      { kind: "dictionary", name: "app.name_of" },
    ],
    [
      "a dropped index",
      "ALTER TABLE app.events DROP INDEX by_customer SETTINGS mutations_sync = 0, alter_sync = 0",
      { kind: "index", name: "app.events.by_customer" },
    ],
    [
      "a table too many",
      "CREATE TABLE app.extra (x Int8) ENGINE = Memory",
      { kind: "table", name: "app.extra" },
    ],
  ])("%s", async (_, damage, difference) => {
    await pair.withRestored(manifest, sink, async (target: ThrowawayTarget) => {
      await target.query(damage);
      expect(await findDifferences(manifest, target)).toContainEqual(expect.objectContaining(difference));
    });
  });
});

describe("a restore that fails", () => {
  test("because an object is damaged says so and leaves nothing behind", async () => {
    const target = await pair.openThrowaway();
    for (const position of [0.1, 0.5, 0.99]) {
      const part = manifest.parts.find(({ table }) => table === "events")!;
      const damaged = new MemorySink();
      for (const [key, bytes] of sink.objects) damaged.objects.set(key, Buffer.from(bytes));
      const bytes = damaged.objects.get(part.key)!;
      const at = Math.floor(bytes.length * position);
      bytes[at] = bytes[at]! ^ 4;
      await expect(
        target.restore(manifest, { objects: damaged, replace: false, scratchDir: "" }),
      ).rejects.toMatchObject({
        code: "BACKUP_DAMAGED",
      });
      expect((await target.inspect(manifest)).occupiedBy).toEqual([]);
    }
    await target.close();
  });

  test("because an object is missing leaves nothing behind", async () => {
    const target = await pair.openThrowaway();
    const incomplete = new MemorySink();
    for (const [key, bytes] of sink.objects) incomplete.objects.set(key, bytes);
    incomplete.objects.delete(manifest.parts[0]!.key);
    await expect(
      target.restore(manifest, { objects: incomplete, replace: false, scratchDir: "" }),
    ).rejects.toMatchObject({
      code: "OBJECT_MISSING",
    });
    expect((await target.inspect(manifest)).occupiedBy).toEqual([]);
    await target.close();
  });

  test("or is cancelled lets the server go back to its background work", async () => {
    const run = startTestRun();
    const target = await createClickHouseThrowaway(
      { store: "clickhouse", url: new Secret(pair.targetUrl) },
      run,
    );
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: "" });
    run.stopAll();
    await target.settle();
    await target.destroy();
    await target.close();
  });

  test("leaves alone what replaced its tables meanwhile, and removes all else", async () => {
    const target = await pair.openThrowaway();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: "" });
    const other = await pair.openThrowaway();
    await other.query(
      "DROP DATABASE app SYNC; CREATE DATABASE app; CREATE TABLE app.mine (x Int8) ENGINE = Memory",
    );
    // Not TARGET_REFUSED, which says that nothing was touched.
    await expect(target.destroy()).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await other.query("EXISTS app.mine")).toEqual([{ result: 1 }]);
    await other.query("DROP DATABASE app SYNC");
    expect((await other.inspect(manifest)).occupiedBy).toEqual([]);
    expect(await other.query("SELECT name FROM system.functions WHERE name = 'app_double'")).toEqual([]);
    await other.close();
    await target.close();
  });

  test("is repeated over its own remains when the operator names the target", async () => {
    await pair.withRestored(manifest, sink, async () => {
      const target = await pair.openThrowaway();
      await target.restore(manifest, { objects: sink, replace: true, scratchDir: "" });
      expect(await findDifferences(manifest, target)).toEqual([]);
      await target.destroy();
      await target.close();
    });
  });
});
