import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { WatchedSink } from "../../support/watched-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

let pair: ClickHousePair;

beforeAll(async () => {
  pair = await ClickHousePair.start();
});

afterAll(async () => {
  await pair[Symbol.asyncDispose]();
});

const LOG = `CREATE TABLE DB.log (id UInt64, month UInt8, v String, at DateTime DEFAULT '2026-01-01 00:00:00')
    ENGINE = MergeTree PARTITION BY month ORDER BY id SETTINGS ENGINE_SETTINGS;
  INSERT INTO DB.log (id, month, v) SELECT number, number % 3, toString(number) FROM numbers(3000);`;

function makeLog(settings = "index_granularity = 128"): string {
  return LOG.replace("ENGINE_SETTINGS", settings);
}

/** The rows of a table on the source, in an order of their own. */
async function readRows(table: string): Promise<unknown> {
  return await pair.sql(`SELECT * FROM ${table} ORDER BY ALL`);
}

/** Restores a backup, compares it with its own inventory, and its rows with those that the source shows now. */
async function expectSame(manifest: ClickHouseManifest, sink: WatchedSink, tables: string[]): Promise<void> {
  await pair.withRestored(manifest, sink, async (target) => {
    expect(await findDifferences(manifest, target)).toEqual([]);
    for (const table of tables) {
      expect(await target.query(`SELECT * FROM ${table} ORDER BY ALL`)).toEqual(await readRows(table));
    }
  });
}

/** Backs up, changes something, and backs up again; returns the second backup and what it sent. */
async function backUpTwice(
  setUp: string,
  change: string,
): Promise<{ db: string; second: ClickHouseManifest; sink: WatchedSink }> {
  const db = await pair.fill(setUp);
  const sink = new WatchedSink();
  sink.previous = await pair.backup([db], sink);
  sink.sent.length = 0;
  await pair.sql(change.replaceAll("DB.", `${db}.`));
  const second = await pair.backup([db], sink);
  sink.sent.sort();
  return { db, second, sink };
}

describe("between two backups", () => {
  test.each<[string, string, string, string[]]>([
    ["a lightweight delete", makeLog(), "DELETE FROM DB.log WHERE id = 4", ["1"]],
    [
      "an UPDATE mutation",
      makeLog(),
      "ALTER TABLE DB.log UPDATE v = 'changed' WHERE id = 4 SETTINGS mutations_sync = 2",
      ["1"],
    ],
    [
      "an UPDATE with patch parts",
      makeLog("enable_block_number_column = 1, enable_block_offset_column = 1"),
      "UPDATE DB.log SET v = 'patched' WHERE id = 4 SETTINGS enable_lightweight_update = 1",
      ["1"],
    ],
    ["OPTIMIZE FINAL of rows that stay as they are", makeLog(), "OPTIMIZE TABLE DB.log FINAL", []],
    [
      "OPTIMIZE FINAL of rows that replace one another",
      `CREATE TABLE DB.log (id UInt64, v UInt8) ENGINE = ReplacingMergeTree ORDER BY id;
       SYSTEM STOP MERGES DB.log; INSERT INTO DB.log VALUES (1, 1), (2, 1); INSERT INTO DB.log VALUES (2, 2)`,
      "SYSTEM START MERGES DB.log; OPTIMIZE TABLE DB.log FINAL",
      ["all"],
    ],
    [
      "DROP PARTITION and other rows in the same number",
      makeLog(),
      "ALTER TABLE DB.log DROP PARTITION 2; INSERT INTO DB.log (id, month, v) SELECT number, 2, 'other' FROM numbers(1000)",
      ["2"],
    ],
    [
      "DROP TABLE and other rows in the same number",
      makeLog(),
      `DROP TABLE DB.log SYNC; ${makeLog().replace("toString(number)", "toString(number + 1)")}`,
      ["0", "1", "2"],
    ],
    [
      "TRUNCATE and the same rows again",
      makeLog(),
      "TRUNCATE TABLE DB.log; INSERT INTO DB.log (id, month, v) SELECT number, number % 3, toString(number) FROM numbers(3000)",
      [],
    ],
    [
      "ATTACH of a partition that was detached before the first backup",
      `${makeLog()} ALTER TABLE DB.log DETACH PARTITION 1`,
      "ALTER TABLE DB.log ATTACH PARTITION 1",
      ["1"],
    ],
    [
      "ATTACH of an old state of a partition",
      `${makeLog()} CREATE TABLE DB.old AS DB.log; ALTER TABLE DB.old ATTACH PARTITION 1 FROM DB.log;
       ALTER TABLE DB.log UPDATE v = 'new' WHERE month = 1 SETTINGS mutations_sync = 2`,
      "ALTER TABLE DB.log REPLACE PARTITION 1 FROM DB.old",
      ["1"],
    ],
    [
      "a column with a constant default",
      makeLog(),
      "ALTER TABLE DB.log ADD COLUMN more UInt8 DEFAULT 7",
      ["0", "1", "2"],
    ],
    [
      "another constant default of a column that no part stores",
      `${makeLog()} ALTER TABLE DB.log ADD COLUMN more UInt8 DEFAULT 7`,
      "ALTER TABLE DB.log MODIFY COLUMN more UInt8 DEFAULT 8",
      ["0", "1", "2"],
    ],
    [
      "another type",
      makeLog(),
      "ALTER TABLE DB.log MODIFY COLUMN v FixedString(8) SETTINGS mutations_sync = 2",
      ["0", "1", "2"],
    ],
    [
      "another name of a column",
      makeLog(),
      "ALTER TABLE DB.log RENAME COLUMN v TO w SETTINGS mutations_sync = 2",
      ["0", "1", "2"],
    ],
    [
      "rows that expired",
      `${makeLog().replace("ORDER BY id", "ORDER BY id TTL at + INTERVAL 1 MONTH WHERE month = 0")} SYSTEM STOP TTL MERGES DB.log`,
      "SYSTEM START TTL MERGES DB.log; OPTIMIZE TABLE DB.log FINAL",
      [],
    ],
    [
      "values of a column that expired",
      makeLog(),
      "ALTER TABLE DB.log MODIFY COLUMN v String TTL at + INTERVAL 1 DAY; OPTIMIZE TABLE DB.log PARTITION 2 FINAL",
      ["0", "1", "2"],
    ],
    [
      "a deletion of the rows of one partition",
      makeLog(),
      "ALTER TABLE DB.log DELETE WHERE month = 0 SETTINGS mutations_sync = 2",
      [],
    ],
    [
      "an exchange for another table with the same columns",
      `${makeLog()} CREATE TABLE DB.other AS DB.log; INSERT INTO DB.other (id, month, v) SELECT number, 1, 'other' FROM numbers(1000)`,
      "EXCHANGE TABLES DB.log AND DB.other",
      ["0", "1", "1", "2"],
    ],
    [
      "other rows in a table without parts",
      "CREATE TABLE DB.log (id UInt64) ENGINE = Log; INSERT INTO DB.log VALUES (1)",
      "TRUNCATE TABLE DB.log; INSERT INTO DB.log VALUES (2)",
      ["all"],
    ],
  ])("%s: the second is right, and sends no more than that asks for", async (_, setUp, change, sent) => {
    const { db, second, sink } = await backUpTwice(setUp, change);
    expect(sink.sent).toEqual(sent);
    expect(second.inventory.notCovered).toEqual([]);
    expect(second.inventory.tables.every(({ digest }) => digest !== null)).toBe(true);
    await expectSame(second, sink, [`${db}.log`]);
  });
});

describe("a column that older parts compute as they are read", () => {
  const rates = (rate: number): string =>
    `CREATE OR REPLACE TABLE DB.rates (k UInt64, rate UInt64) ENGINE = MergeTree ORDER BY k; INSERT INTO DB.rates VALUES (1, ${rate})`;
  const dictionary = `${rates(5)};
    CREATE DICTIONARY DB.d (k UInt64, rate UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT k, rate FROM DB.rates' USER 'lifeboat' PASSWORD 'PASSWORD_HERE')) LAYOUT(FLAT()) LIFETIME(0)`;

  test("is read again when a dictionary gives other values", async () => {
    const password = new URL(pair.sourceUrl).password;
    const db = await pair.fill(
      `${makeLog()} ${dictionary.replace("PASSWORD_HERE", password)};
       ALTER TABLE DB.log ADD COLUMN rate UInt64 DEFAULT dictGet('DB.d', 'rate', toUInt64(1))`,
    );
    const sink = new WatchedSink();
    sink.previous = await pair.backup([db], sink);
    sink.sent.length = 0;
    sink.previous = await pair.backup([db], sink);
    expect(sink.sent).toEqual([]); // the values are the same ones
    await pair.sql(`${rates(6)}; SYSTEM RELOAD DICTIONARY DB.d`.replaceAll("DB.", `${db}.`));
    const second = await pair.backup([db], sink);
    expect(sink.sent.toSorted()).toEqual(["0", "1", "2", "all"]);
    const rows = second.inventory.tables.find(({ name }) => name === `${db}.log`);
    expect(rows).toMatchObject({ rows: 3000, digest: expect.any(String) });
    const first = sink.previous.inventory.tables.find(({ name }) => name === `${db}.log`);
    expect(rows?.digest).not.toBe(first?.digest);
  });

  test("is never referred to, and proves only its count, when it is never twice the same", async () => {
    const db = await pair.fill(`${makeLog()} ALTER TABLE DB.log ADD COLUMN r UInt64 DEFAULT rand64(id)`);
    const sink = new WatchedSink();
    sink.previous = await pair.backup([db], sink);
    expect(sink.sent).toHaveLength(3);
    expect(sink.previous.inventory.tables).toEqual([
      { name: `${db}.log`, rows: 3000, digest: null, moving: { rowsAtLeast: 3000, rowsAtMost: 3000 } },
    ]);
    expect(pair.run.lines.join("\n")).toContain(`${db}.log, partition 1, computes values of columns`);
    const second = await pair.backup([db], sink);
    expect(sink.sent).toHaveLength(6);
    await pair.withRestored(second, sink, async (target) => {
      expect(await findDifferences(second, target)).toEqual([]);
    });
    expect(sink.kept).toEqual([]);
  });

  test("is referred to as any other once its values are stored", async () => {
    const { db, second, sink } = await backUpTwice(
      `${makeLog()} ALTER TABLE DB.log ADD COLUMN at2 DateTime DEFAULT now();
       ALTER TABLE DB.log MATERIALIZE COLUMN at2 SETTINGS mutations_sync = 2`,
      "SELECT 1",
    );
    expect(sink.sent).toEqual([]);
    await expectSame(second, sink, [`${db}.log`]);
  });
});

describe("while a backup runs", () => {
  const TWO = `${makeLog()} CREATE TABLE DB.other (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id;
    INSERT INTO DB.other SELECT number, 7 FROM numbers(500)`;

  test("an exchange of tables is noticed, and each is backed up under the name that it has in the end", async () => {
    const db = await pair.fill(TWO);
    let times = 0;
    const sink = new WatchedSink(async () => {
      times += 1;
      if (times === 1) await pair.sql(`EXCHANGE TABLES ${db}.log AND ${db}.other`);
    });
    const manifest = await pair.backup([db], sink);
    expect(manifest.inventory.tables.map(({ name, rows }) => [name, rows])).toEqual([
      [`${db}.log`, 500],
      [`${db}.other`, 3000],
    ]);
    expect(manifest.inventory.notCovered).toEqual([]);
    await expectSame(manifest, sink, [`${db}.log`, `${db}.other`]);
  });

  test("a column that is renamed or dropped does not fail it", async () => {
    const db = await pair.fill(TWO);
    let times = 0;
    const sink = new WatchedSink(async () => {
      times += 1;
      if (times === 1) {
        await pair.sql(
          `ALTER TABLE ${db}.log RENAME COLUMN v TO w; ALTER TABLE ${db}.log DROP COLUMN at SETTINGS mutations_sync = 2`,
        );
      }
    });
    const manifest = await pair.backup([db], sink);
    await expectSame(manifest, sink, [`${db}.log`, `${db}.other`]);
  });

  test("a table that is replaced each time is backed up, and the report says what that means", async () => {
    const db = await pair.fill(TWO);
    const sink = new WatchedSink(async (partition) => {
      if (partition !== "7") return;
      await pair.sql(
        `CREATE OR REPLACE TABLE ${db}.other (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id
           AS SELECT number, 7 FROM numbers(500)`,
      );
    });
    const manifest = await pair.backup([db], sink);
    expect(manifest.inventory.notCovered).toEqual([
      `Whether ${db}.other goes with the other tables: it was replaced or altered again and again while the backup ran.`,
    ]);
    expect(sink.sent.filter((partition) => partition !== "7").toSorted()).toEqual(["0", "1", "2"]);
    await expectSame(manifest, sink, [`${db}.log`, `${db}.other`]);
  });
});

describe("a large partition", () => {
  const BIG = `CREATE TABLE DB.big (id UInt64, v String) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 512;
    INSERT INTO DB.big SELECT number, hex(sipHash128(number)) FROM numbers(60000);
    INSERT INTO DB.big SELECT number + 60000, 'small' FROM numbers(100); INSERT INTO DB.big SELECT number + 70000, 'small' FROM numbers(100);
    DELETE FROM DB.big WHERE id % 1000 = 7; SYSTEM STOP MERGES DB.big`;

  test("is sent in slices, which together are the partition, and is referred to as one", async () => {
    const db = await pair.fill(BIG);
    const sink = new WatchedSink();
    const first = await pair.backup([db], sink, { sliceBytes: 500_000 });
    expect(first.parts.length).toBeGreaterThan(3);
    expect(first.parts.map(({ slice }) => slice)).toEqual(
      first.parts.map((_, index) => ({ number: index + 1, of: first.parts.length })),
    );
    expect(first.inventory.tables).toMatchObject([{ rows: 60_138, digest: expect.any(String) }]);
    await expectSame(first, sink, [`${db}.big`]);

    sink.previous = first;
    sink.sent.length = 0;
    const second = await pair.backup([db], sink, { sliceBytes: 500_000 });
    expect(sink.sent).toEqual([]);
    expect(second.parts).toEqual(first.parts);

    // Merged, it is cut elsewhere: the old slices hold the same rows, and are not mixed with new ones.
    await pair.sql(`SYSTEM START MERGES ${db}.big; OPTIMIZE TABLE ${db}.big FINAL`);
    sink.previous = second;
    const third = await pair.backup([db], sink, { sliceBytes: 300_000 });
    expect(sink.sent).toEqual([]);
    await expectSame(third, sink, [`${db}.big`]);
    sink.previous = third;
    sink.objects.delete(third.parts[0]!.key);
    const fourth = await pair.backup([db], sink, { sliceBytes: 300_000 });
    expect(sink.sent).toHaveLength(fourth.parts.length);
    await expectSame(fourth, sink, [`${db}.big`]);
  });

  test("goes on where a run before had ended", async () => {
    const db = await pair.fill(BIG);
    const dying = new WatchedSink();
    const all = await pair.backup([db], dying, { sliceBytes: 500_000 });
    expect(dying.kept).toHaveLength(all.parts.length);
    const sink = new WatchedSink();
    sink.finished = dying.kept.slice(0, 3);
    for (const { key } of sink.finished) sink.objects.set(key, dying.objects.get(key)!);
    const manifest = await pair.backup([db], sink, { sliceBytes: 500_000 });
    expect(sink.sent).toHaveLength(all.parts.length - 3);
    await expectSame(manifest, sink, [`${db}.big`]);
  });
});
