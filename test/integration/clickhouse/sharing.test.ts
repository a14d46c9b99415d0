import { afterAll, beforeAll, expect, test } from "vitest";
import { joinShards } from "../../../src/backup/join-shards.ts";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { divide, holdsPiece } from "../../../src/backup/shard-plan.ts";
import type { PlannedShard, ShardPlan } from "../../../src/backup/shard-plan.ts";
import type { ShardRecord } from "../../../src/backup/shard-result.ts";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { BACKUP_ID } from "../../support/builders.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

let pair: ClickHousePair;

beforeAll(async () => {
  pair = await ClickHousePair.start();
});
afterAll(() => pair[Symbol.asyncDispose]());

const TABLES = `CREATE TABLE DB.log (id UInt64, month UInt8, v String) ENGINE = MergeTree PARTITION BY month ORDER BY id;
  INSERT INTO DB.log SELECT number, number % 6, toString(number) FROM numbers(6000);
  CREATE TABLE DB.doomed (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id;
  INSERT INTO DB.doomed SELECT number, number % 3 FROM numbers(30);
  CREATE TABLE DB.notes (v String) ENGINE = Log;
  INSERT INTO DB.notes VALUES ('one');`;

/**
 * Backs up a database by two shards, one after the other, the one that leads second or first.
 *
 * @param changes - statements that are run after the plan, and between the two
 */
async function backUpShared(
  db: string,
  leadComes: "first" | "last",
  changes: { afterPlan?: string; between?: string },
): Promise<{ sink: MemorySink; join: () => ClickHouseManifest }> {
  const sink = new MemorySink();
  const url = new Secret(pair.sourceUrl);
  const store = createClickHouseStore({ name: "clickhouse", url, databases: [db] }, pair.run);
  const change = async (statements = ""): Promise<void> => {
    if (statements !== "") await pair.sql(statements.replaceAll("DB.", `${db}.`));
  };
  try {
    const outline = await store.outline(undefined);
    const plan: ShardPlan = {
      format: "lifeboat-plan",
      formatVersion: 1,
      backupId: BACKUP_ID,
      name: "shop",
      startedAt: "2026-11-20T02:17:04.000Z",
      destinations: ["memory://"],
      full: false,
      keys: [],
      shards: divide([{ store: "clickhouse", ...outline }], 2),
    };
    await change(changes.afterPlan);
    const isLead = ({ portions }: PlannedShard): number => (portions[0]!.isLead ? 0 : 1);
    const order = plan.shards.toSorted((a, b) => isLead(a) - isLead(b));
    if (leadComes === "last") order.reverse();
    const records: ShardRecord[] = [];
    for (const { shard, portions } of order) {
      const [portion] = portions;
      const share = await store.backupShare(sink, {
        isLead: portion!.isLead,
        holds: holdsPiece(plan, shard, portion!),
        tables: Object.keys(portion!.tables),
      });
      records.push({
        format: "lifeboat-shard",
        formatVersion: 1,
        backupId: BACKUP_ID,
        shard,
        finishedAt: plan.startedAt,
        sentBytes: 0,
        stores: [share],
      });
      if (records.length === 1) await change(changes.between);
    }
    return { sink, join: () => joinShards(plan, records)[0] as ClickHouseManifest };
  } finally {
    await store.close();
  }
}

test.each(["first", "last"] as const)(
  "partitions and tables that come and go after the plan, with the lead %s, are in it once or not at all",
  async (leadComes) => {
    const db = await pair.fill(TABLES);
    const { sink, join } = await backUpShared(db, leadComes, {
      afterPlan: `INSERT INTO DB.log SELECT number, 6 + number % 3, 'new' FROM numbers(90);
        INSERT INTO DB.log SELECT number, number % 6, 'more' FROM numbers(60);
        ALTER TABLE DB.log DROP PARTITION 1; DROP TABLE DB.doomed SYNC;
        CREATE TABLE DB.fresh (id UInt64) ENGINE = MergeTree ORDER BY id; INSERT INTO DB.fresh VALUES (1)`,
    });
    const manifest = join();
    const single = await pair.backup([db], new MemorySink());
    expect(manifest.inventory).toEqual(single.inventory);
    expect(manifest.parts.map(({ table, partition, rows }) => [table, partition, rows])).toEqual(
      single.parts.map(({ table, partition, rows }) => [table, partition, rows]),
    );
    await pair.withRestored(manifest, sink, async (target) => {
      expect(await findDifferences(manifest, target)).toEqual([]);
      const rows = `SELECT * FROM ${db}.log ORDER BY ALL`;
      expect(await target.query(rows)).toEqual(await pair.sql(rows));
    });
  },
);

test("a table that is dropped between two shards is left out", async () => {
  const db = await pair.fill(TABLES);
  const { join } = await backUpShared(db, "last", { between: "DROP TABLE DB.doomed SYNC" });
  expect(join().inventory.tables.map(({ name }) => name)).toEqual([`${db}.log`, `${db}.notes`]);
  expect(join().parts.map(({ table }) => table)).not.toContain("doomed");
});

test.each([
  ["altered", "ALTER TABLE DB.log ADD COLUMN extra UInt8"],
  [
    "exchanged",
    `CREATE TABLE DB.other AS DB.log; INSERT INTO DB.other SELECT * FROM DB.log LIMIT 10; EXCHANGE TABLES DB.log AND DB.other`,
  ],
  [
    "dropped and made again",
    `DROP TABLE DB.log SYNC; CREATE TABLE DB.log (id UInt64) ENGINE = MergeTree ORDER BY id`,
  ],
])("a table that is %s between two shards is refused when they are joined", async (_, between) => {
  const db = await pair.fill(TABLES);
  const { join } = await backUpShared(db, "first", { between });
  expect(join).toThrow(
    expect.objectContaining({ code: "STORE_FAILED", message: expect.stringMatching(/`log`/) as string }),
  );
});
