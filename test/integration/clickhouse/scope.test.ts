import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import { compareRestored } from "../../../src/commands/restoring/compare-restored.ts";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import type { Target } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair } from "./clickhouse-pair.ts";

const SHOP = `
  CREATE TABLE DB.known (id UInt64, name String) ENGINE = Log;
  CREATE DICTIONARY DB.names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'known' DB 'nowhere')) LAYOUT(FLAT()) LIFETIME(0);
  CREATE TABLE DB.orders (id UInt64, day Date, customer String DEFAULT dictGetOrDefault('DB.names', 'name', id, '-')) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(day) ORDER BY id;
  INSERT INTO DB.known SELECT number, 'n' FROM numbers(5);
  CREATE TABLE DB.daily (day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY day;
  CREATE MATERIALIZED VIEW DB.to_daily TO DB.daily AS SELECT day, count() AS n FROM DB.orders GROUP BY day;
  CREATE MATERIALIZED VIEW DB.by_month ENGINE = SummingMergeTree ORDER BY m AS SELECT toYYYYMM(day) AS m, count() AS n FROM DB.orders GROUP BY m;
  CREATE VIEW DB.totals AS SELECT count() AS n FROM DB.orders;
  CREATE VIEW DB.of_known AS SELECT count() AS n FROM DB.known;
  INSERT INTO DB.orders SELECT number, toDate('2026-01-01') + number % 90, 'given' FROM numbers(900)`;

let pair: ClickHousePair;
let shop: string;
let other: string;
let sink: MemorySink;
let manifest: ClickHouseManifest;
let target: Target;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  shop = await pair.fill(SHOP);
  other = await pair.fill("CREATE TABLE DB.t (x UInt8) ENGINE = Memory; INSERT INTO DB.t VALUES (1)");
  sink = new MemorySink();
  manifest = await pair.backup([shop, other], sink);
  target = createClickHouseTarget({ store: "clickhouse", url: new Secret(pair.targetUrl) }, pair.run);
});

afterAll(async () => {
  await target.close();
  await pair.sql(`DROP DATABASE ${shop} SYNC; DROP DATABASE ${other} SYNC`);
  await pair[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await target.query(`DROP DATABASE IF EXISTS ${shop} SYNC; DROP DATABASE IF EXISTS ${other} SYNC`);
});

async function restore(scope: RestoreScope, replace = false): Promise<string[]> {
  const request = { objects: sink, replace, scratchDir: "", scope };
  const outcome = await target.restore(manifest, request);
  const found = await target.takeInventory(manifest, scope);
  await target.settle();
  const { comparison } = compareRestored(manifest, found, request, outcome);
  expect(comparison.differences).toEqual([]);
  const tables = await target.query(
    `SELECT concat(database, '.', name) AS id FROM system.tables WHERE database IN ('${shop}', '${other}') AND NOT startsWith(name, '.') `,
  );
  return tables.map(({ id }) => String(id).replace(shop, "shop").replace(other, "other")).sort();
}

async function count(table: string): Promise<unknown> {
  const [row] = await target.query(`SELECT count() AS n FROM ${shop}.${table}`);
  return row?.["n"];
}

describe("a restore brings back", () => {
  test("one database of two", async () => {
    expect(await restore({ schemas: [other], content: "all" })).toEqual(["other.t"]);
  });

  test("one table, with the dictionary that fills it and without the views over it", async () => {
    expect(await restore({ tables: [`${shop}.orders`], content: "all" })).toEqual([
      "shop.names",
      "shop.orders",
    ]);
    expect(await count("orders")).toBe(900);
  });

  test("a view only where what it reads comes too", async () => {
    const scope = {
      tables: [`${shop}.totals`, `${shop}.of_known`, `${shop}.known`],
      content: "all",
    } as const;
    expect(await restore(scope)).toEqual(["shop.known", "shop.of_known"]);
  });

  test("chosen partitions", async () => {
    expect(await restore({ tables: [`${shop}.orders`], partitions: ["202602"], content: "all" })).toContain(
      "shop.orders",
    );
    expect(await target.query(`SELECT count() AS n, min(toYYYYMM(day)) AS m FROM ${shop}.orders`)).toEqual([
      { n: 280, m: 202602 },
    ]);
  });

  test("the structure, then the rows into it, without a materialized view that counts them twice", async () => {
    expect(await restore({ content: "structure" })).toEqual([
      "other.t",
      "shop.by_month",
      "shop.daily",
      "shop.known",
      "shop.names",
      "shop.of_known",
      "shop.orders",
      "shop.to_daily",
      "shop.totals",
    ]);
    expect(await count("orders")).toBe(0);
    await restore({ content: "data" });
    const sums = `SELECT (SELECT sum(n) FROM ${shop}.daily) AS daily, (SELECT sum(n) FROM ${shop}.by_month) AS by_month`;
    expect(await target.query(sums)).toEqual([{ daily: 900, by_month: 900 }]);
    const left = await target.query("SELECT name FROM system.tables WHERE startsWith(name, 'lifeboat_')");
    expect(left).toEqual([]);
  });

  test("a lost partition into the table it was lost from", async () => {
    await restore({ content: "all" });
    await target.query(`ALTER TABLE ${shop}.orders DROP PARTITION 202602`);
    await restore({ tables: [`${shop}.orders`], partitions: ["202602"], content: "data" });
    expect(await count("orders")).toBe(900);
  });
});

describe("a restore of a part refuses", () => {
  test("a table with rows that was not named, and replaces only what was asked for when it was", async () => {
    await restore({ content: "all" });
    const scope: RestoreScope = { tables: [`${shop}.orders`], partitions: ["202601"], content: "data" };
    expect((await target.inspect(manifest, scope)).occupiedBy).toEqual([`${shop}.orders`]);
    await expect(restore(scope)).rejects.toMatchObject({ code: "TARGET_REFUSED" });
    expect(await count("orders")).toBe(900);
    await target.query(`ALTER TABLE ${shop}.orders DROP PARTITION 202603`);
    await restore(scope, true);
    expect(await count("orders")).toBe(590);
  });

  test("a table that is not there, or has other columns", async () => {
    const scope: RestoreScope = { tables: [`${shop}.orders`], content: "data" };
    await expect(restore(scope)).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: expect.stringContaining(`no ${shop}.orders`),
    });
    await restore({ tables: [`${shop}.orders`], content: "structure" });
    await target.query(`ALTER TABLE ${shop}.orders ADD COLUMN extra UInt8, DROP COLUMN customer`);
    await expect(restore(scope)).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: expect.stringMatching(/lacks customer; the backup does not have its extra/),
    });
  });

  test("rows that would make a view fire on an engine without partitions", async () => {
    await restore({ schemas: [shop], content: "structure" });
    await target.query(
      `CREATE MATERIALIZED VIEW ${shop}.fires ENGINE = Memory AS SELECT id FROM ${shop}.known`,
    );
    await expect(restore({ tables: [`${shop}.known`], content: "data" })).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: expect.stringContaining("fires"),
    });
  });
});

test("rows that cannot be brought into a table leave it as it was", async () => {
  await restore({ content: "all" });
  await target.query(`ALTER TABLE ${shop}.orders DROP PARTITION 202602`);
  const part = manifest.parts.find(({ table, partition }) => table === "orders" && partition === "202602")!;
  const damaged = new MemorySink();
  for (const [key, bytes] of sink.objects) damaged.objects.set(key, Buffer.from(bytes));
  damaged.objects.get(part.key)![100]! ^= 4;
  const scope: RestoreScope = { tables: [`${shop}.orders`], content: "data", partitions: ["202602"] };
  const fresh = createClickHouseTarget({ store: "clickhouse", url: new Secret(pair.targetUrl) }, pair.run);
  await expect(
    fresh.restore(manifest, { objects: damaged, replace: false, scratchDir: "", scope }),
  ).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  await fresh.close();
  expect(await count("orders")).toBe(620);
  const left = await target.query("SELECT name FROM system.tables WHERE startsWith(name, 'lifeboat_')");
  expect(left).toEqual([]);
});
