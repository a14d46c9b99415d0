import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import type { Difference } from "../../../src/backup/inventory.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import { compareRestored } from "../../../src/commands/restoring/compare-restored.ts";
import { placePairings, refuseSurprises } from "../../../src/commands/restoring/restore-checks.ts";
import type { Pairing } from "../../../src/commands/restoring/restore-checks.ts";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

/** In SQL, `@` stands for the database's name. */
const SHOP = `
  CREATE TABLE @.known (id UInt64, name String) ENGINE = MergeTree ORDER BY id;
  INSERT INTO @.known SELECT number, concat('n', toString(number)) FROM numbers(5);
  CREATE DICTIONARY @.names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'known' DB '@')) LAYOUT(FLAT()) LIFETIME(0);
  CREATE DICTIONARY @.by_query (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(QUERY 'SELECT id, name FROM @.known')) LAYOUT(FLAT()) LIFETIME(0);
  CREATE TABLE @.orders (id UInt64, day Date, customer String DEFAULT dictGetOrDefault('@.names', 'name', id, '-'), INDEX by_customer customer TYPE bloom_filter, CONSTRAINT dated CHECK day > '2000-01-01') ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(day) ORDER BY id;
  CREATE TABLE @.daily (day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY day;
  CREATE MATERIALIZED VIEW @.to_daily TO @.daily AS SELECT day, count() AS n FROM @.orders GROUP BY day;
  CREATE MATERIALIZED VIEW @.by_month ENGINE = SummingMergeTree ORDER BY m AS SELECT toYYYYMM(day) AS m, count() AS n FROM @.orders GROUP BY m;
  CREATE VIEW @.totals AS SELECT @.orders.customer AS shop, count() AS n FROM @.orders INNER JOIN @.known AS k ON k.id = @.orders.id GROUP BY shop;
  CREATE TABLE @.buffered AS @.orders ENGINE = Buffer('@', 'orders', 1, 10, 100, 10000, 1000000, 10000000, 100000000);
  CREATE TABLE @.merged AS @.daily ENGINE = Merge('@', '^daily$');
  INSERT INTO @.orders SELECT number, toDate('2026-01-01') + number % 90, 'given' FROM numbers(900)`;

let pair: ClickHousePair;
let shop: string;
let copy: string;
let sink: MemorySink;
let manifest: ClickHouseManifest;
let original: unknown;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  shop = `shop_${randomBytes(4).toString("hex")}`;
  copy = `${shop}-copy`;
  await pair.sql(`CREATE DATABASE ${shop}; ${SHOP.replaceAll("@", shop)}`);
  sink = new MemorySink();
  manifest = await pair.backup([shop], sink);
  original = await describeOriginal();
});

afterEach(async () => {
  expect(await describeOriginal()).toEqual(original);
  await pair.sql(`DROP DATABASE IF EXISTS \`${copy}\` SYNC`);
});

afterAll(async () => {
  await pair.sql(`DROP DATABASE ${shop} SYNC`);
  await pair[Symbol.asyncDispose]();
});

async function describeOriginal(): Promise<unknown> {
  return await pair.sql(
    `SELECT name, uuid, total_rows, create_table_query FROM system.tables WHERE database = '${shop}' ORDER BY name`,
  );
}

/** Places the backup on the server that it was taken from, under another name. */
async function withPlaced<T>(
  names: Record<string, string>,
  work: (pairing: Pairing) => Promise<T>,
  scope?: RestoreScope,
): Promise<T> {
  const placement = { databaseNames: new Map(Object.entries(names)) };
  const url = new Secret(pair.sourceUrl);
  const target = createClickHouseTarget({ store: "clickhouse", url, placement }, pair.run);
  try {
    const chosen = { store: manifest, target, ...(scope && { scope }) };
    const [placed] = await placePairings([chosen], sink);
    return await work(placed!);
  } finally {
    await target.close();
  }
}

async function restore({ store, target, scope }: Pairing, replace = false): Promise<Difference[]> {
  const request = { objects: sink, replace, scratchDir: "", ...(scope && { scope }) };
  const outcome = await target.restore(store, request);
  const found = await target.takeInventory(store, scope);
  await target.settle();
  return compareRestored(store, found, request, outcome).comparison.differences;
}

test("a database comes back beside the original, and nothing of it knows the old name", async () => {
  await withPlaced({ [shop]: copy }, async (pairing) => {
    const { store, target } = pairing;
    expect((await refuseSurprises([pairing], [], [])).named).toEqual(new Set());
    expect(await restore(pairing)).toEqual([]);
    expect(store.inventory.tables.map(({ name }) => name)).toContain(`${copy}.by_month`);
    const named = await target.query(
      `SELECT name FROM system.tables WHERE database = '${copy}'
         AND match(replaceAll(create_table_query, '${copy}', ''), '${shop}')`,
    );
    expect(named).toEqual([]);
    const [dictionaries] = await target.query(
      `SELECT countIf(position(create_table_query, $$DB '${copy}'$$) > 0) AS by_name,
         countIf(position(create_table_query, $$FROM \`${copy}\`.known$$) > 0) AS by_query
       FROM system.tables WHERE database = '${copy}' AND engine = 'Dictionary'`,
    );
    expect(dictionaries).toEqual({ by_name: 1, by_query: 1 });
    // What is inserted into the copy goes through the copy's own views and buffer.
    await target.query(
      `INSERT INTO \`${copy}\`.known VALUES (1000, 'copied');
       INSERT INTO \`${copy}\`.orders VALUES (1000, '2030-01-01', 'copied');
       INSERT INTO \`${copy}\`.buffered VALUES (1001, '2030-01-01', 'b');
       OPTIMIZE TABLE \`${copy}\`.buffered`,
    );
    const [after] = await target.query(
      `SELECT (SELECT toUInt32(sum(n)) FROM \`${copy}\`.by_month WHERE m = 203001) AS months,
         (SELECT toUInt32(sum(n)) FROM \`${copy}\`.merged WHERE day = '2030-01-01') AS days,
         (SELECT toUInt32(sum(n)) FROM \`${copy}\`.totals WHERE shop = 'copied') AS totals`,
    );
    expect(after).toEqual({ months: 2, days: 2, totals: 1 });
  });
});

test("a copy that is damaged, or names the original again, differs", async () => {
  await withPlaced({ [shop]: copy }, async (pairing) => {
    const { store, target } = pairing;
    expect(await restore(pairing)).toEqual([]);
    await target.query(
      `ALTER TABLE \`${copy}\`.orders DELETE WHERE id = 7 SETTINGS mutations_sync = 2;
       DROP VIEW \`${copy}\`.totals;
       CREATE VIEW \`${copy}\`.totals AS SELECT ${shop}.orders.customer AS shop, count() AS n FROM ${shop}.orders INNER JOIN ${shop}.known AS k ON k.id = ${shop}.orders.id GROUP BY shop`,
    );
    if (store.kind !== "clickhouse") throw new Error("not a ClickHouse manifest");
    const differences = await findDifferences(store, target);
    expect(differences).toHaveLength(2);
    expect(differences).toContainEqual(
      expect.objectContaining({
        kind: "rows",
        name: `${copy}.orders`,
        expected: "900 rows",
        found: "899 rows",
      }),
    );
    expect(differences).toContainEqual(
      expect.objectContaining({
        kind: "view",
        name: `${copy}.totals`,
        found: expect.stringContaining(`still names ${shop}`) as unknown,
      }),
    );
  });
});

test("a reference that cannot be told from a text differs rather than passes", async () => {
  await pair.sql(`CREATE VIEW ${shop}.by_text AS SELECT position('${shop}.orders', 'o') AS at`);
  const [everything, itsObjects] = [manifest, sink];
  try {
    sink = new MemorySink();
    manifest = await pair.backup([shop], sink);
    await withPlaced({ [shop]: copy }, async (pairing) => {
      expect(await restore(pairing)).toMatchObject([
        {
          kind: "view",
          name: `${copy}.by_text`,
          found: expect.stringContaining(`names ${shop}.orders`) as unknown,
        },
      ]);
    });
  } finally {
    [manifest, sink] = [everything, itsObjects];
    await pair.sql(`DROP VIEW ${shop}.by_text SYNC`);
  }
});

test("a part of the backup, chosen by the names that the backup has", async () => {
  const scope: RestoreScope = { tables: [`${shop}.daily`, `${shop}.to_daily`], content: "all" };
  await withPlaced(
    { [shop]: copy },
    async (pairing) => {
      expect(pairing.scope?.tables).toEqual([`${copy}.daily`, `${copy}.to_daily`]);
      expect(await restore(pairing)).toEqual([]);
      const there = await pairing.target.query(`SELECT name FROM system.tables WHERE database = '${copy}'`);
      expect(there).toEqual([{ name: "daily" }]);
    },
    scope,
  );
});

test("a new name that is taken is refused until it is typed", async () => {
  await pair.sql(`CREATE DATABASE \`${copy}\`; CREATE TABLE \`${copy}\`.orders (x UInt8) ENGINE = Memory`);
  await withPlaced({ [shop]: copy }, async (pairing) => {
    await expect(refuseSurprises([pairing], [shop], [])).rejects.toMatchObject({
      code: "TARGET_REFUSED",
      message: `The target for clickhouse (${copy}) is not empty: it holds ${copy}.orders.`,
    });
    expect((await refuseSurprises([pairing], [copy], [])).named).toEqual(new Set(["clickhouse"]));
    expect(await restore(pairing, true)).toEqual([]);
  });
});

test("names that do not fit the backup", async () => {
  const work = async (): Promise<void> => {};
  await expect(withPlaced({ [`${shop}x`]: "y" }, work)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `The backup holds no database ${shop}x.`,
    hint: `Name databases of the backup before the equals signs of --into-database: ${shop}.`,
  });
  await expect(withPlaced({ [shop]: shop }, work)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `The backup itself holds a database ${shop}.`,
  });
});

test("rows that the server wrote keep their names", async () => {
  const everything = manifest;
  manifest = {
    ...manifest,
    serverBackup: {
      engine: "S3",
      at: "s3://b",
      folder: "f",
      chain: ["f"],
      tables: [],
      files: 0,
      writtenBytes: 0,
      totalBytes: 0,
    },
  };
  try {
    await expect(withPlaced({ [shop]: copy }, async () => {})).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "The rows of clickhouse were written by its server, and come back under their own names only.",
    });
  } finally {
    manifest = everything;
  }
});
