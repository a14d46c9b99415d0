import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinShards } from "../../../src/backup/join-shards.ts";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { divide, holdsPiece, parsePlan, serialisePlan } from "../../../src/backup/shard-plan.ts";
import type { ShardPlan } from "../../../src/backup/shard-plan.ts";
import { parseShardRecord, serialiseShardRecord } from "../../../src/backup/shard-result.ts";
import type { ShardRecord, SharedTable, StoreShare } from "../../../src/backup/shard-result.ts";
import {
  BACKUP_ID,
  buildClickHouseManifest,
  buildPostgresManifest,
  buildTable,
} from "../../support/builders.ts";

const stores = fc.uniqueArray(fc.constantFrom("main", "log", "events"), { minLength: 1 }).chain((names) =>
  fc.tuple(
    ...names.map((store) =>
      fc.record({
        store: fc.constant(store),
        sizeBytes: fc.nat(10 ** 9),
        pieces: fc.uniqueArray(
          fc.record({
            table: fc.constantFrom("`a`.`x`", "`a`.`y`"),
            piece: fc.constantFrom("all", "202601", "202602", "202603"),
            sizeBytes: fc.nat(10 ** 9),
          }),
          { selector: ({ table, piece }) => `${table} ${piece}` },
        ),
      }),
    ),
  ),
);

function buildPlan(shards: ShardPlan["shards"]): ShardPlan {
  const plan = {
    backupId: BACKUP_ID,
    name: "shop",
    startedAt: "2026-11-20T02:17:04.000Z",
    destinations: ["s3://backups/shop"],
    full: false,
    keys: [],
    shards,
  };
  return parsePlan(serialisePlan(plan), "here");
}

describe("dividing", () => {
  test("every piece is one shard's, each store has one that leads, and no shard is without work", () => {
    fc.assert(
      fc.property(stores, fc.integer({ min: 1, max: 8 }), (all, count) => {
        const plan = buildPlan(divide(all, count));
        expect(plan.shards.length).toBeLessThanOrEqual(count);
        const items = all.reduce((sum, { pieces }) => sum + 1 + pieces.length, 0);
        expect(plan.shards).toHaveLength(Math.min(count, items));
        const portions = plan.shards.flatMap(({ shard, portions }) =>
          portions.map((portion) => ({ ...portion, holds: holdsPiece(plan, shard, portion) })),
        );
        for (const { store, pieces } of all) {
          const own = portions.filter((portion) => portion.store === store);
          expect(own.filter(({ isLead }) => isLead)).toHaveLength(1);
          for (const { table, piece } of pieces)
            expect(own.filter(({ holds }) => holds(table, piece))).toHaveLength(1);
          // What came in since is the lead's.
          const holders = own.filter(({ holds }) => holds("`a`.`new`", "all") || holds("`a`.`x`", "209901"));
          expect(holders).toEqual(own.filter(({ isLead }) => isLead));
        }
      }),
    );
  });

  test("no shard has more than a fair share and one piece", () => {
    fc.assert(
      fc.property(stores, fc.integer({ min: 1, max: 8 }), (all, count) => {
        const shards = divide(all, count);
        const sizes = all.flatMap(({ sizeBytes, pieces }) => [
          sizeBytes,
          ...pieces.map((piece) => piece.sizeBytes),
        ]);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const overhead = sizes.length * 1024 ** 2;
        for (const shard of shards)
          expect(shard.sizeBytes).toBeLessThanOrEqual(total / shards.length + Math.max(...sizes) + overhead);
      }),
    );
  });
});

const [PART] = buildClickHouseManifest().parts;

function share(table: string, rows: number, parts: Partial<SharedTable> = {}): SharedTable {
  return {
    table: `\`shop\`.\`${table}\``,
    state: "1",
    inventory: buildTable(`shop.${table}`, rows, String(rows)),
    parts: [{ ...PART!, table, partition: String(rows), rows }],
    ...parts,
  };
}

function other(tables: SharedTable[], missing: string[] = [], parts = {}): StoreShare {
  const { source } = buildClickHouseManifest();
  return { role: "other", store: "log", source, tables, missing, notCovered: [], seconds: 9, ...parts };
}

function lead(tables: SharedTable[]): StoreShare {
  const inventory = { ...buildClickHouseManifest().inventory, tables: [] };
  return { role: "lead", manifest: buildClickHouseManifest({ parts: [], inventory }), tables };
}

/** Joins shares of `log`, the first of them by the shard that leads. */
function join(...shares: StoreShare[]): ClickHouseManifest {
  const shards = shares.map((_, index) => `${index + 1}/${shares.length}`);
  const records = shares.map((one, index): ShardRecord => {
    const record = { backupId: BACKUP_ID, shard: shards[index]!, sentBytes: 1, stores: [one] };
    return parseShardRecord(
      serialiseShardRecord({ ...record, finishedAt: "2026-11-20T03:00:00.000Z" }),
      "here",
    );
  });
  const plan = buildPlan(
    shards.map((shard, index) => ({
      shard,
      sizeBytes: 0,
      portions: [{ store: "log", isLead: index === 0, tables: {} }],
    })),
  );
  const [store] = joinShards(plan, records);
  if (store?.kind !== "clickhouse") throw new Error("a ClickHouse store");
  return store;
}

describe("joining", () => {
  test("parts, rows and digests of a table come together, whoever read them", () => {
    const joined = join(
      lead([share("a", 1), share("b", 0, { parts: [] })]),
      other([share("b", 5)]),
      other([share("a", 2), share("b", 7)]),
    );
    expect(joined.parts.map(({ table, rows }) => `${table} ${rows}`)).toEqual(["a 1", "a 2", "b 5", "b 7"]);
    expect(joined.inventory.tables).toEqual([buildTable("shop.a", 3, "3"), buildTable("shop.b", 12, "12")]);
    expect(joined.seconds).toBe(9);
  });

  test("a share without a digest leaves bounds for the whole table", () => {
    const moving = { ...buildTable("shop.a", 4, null), moving: { rowsAtLeast: 3, rowsAtMost: 6 } };
    const { inventory } = join(lead([share("a", 1)]), other([share("a", 4, { inventory: moving })]));
    expect(inventory.tables).toEqual([
      { name: "shop.a", rows: 5, digest: null, moving: { rowsAtLeast: 4, rowsAtMost: 7 } },
    ]);
  });

  test("a table that the lead did not find was dropped meanwhile", () => {
    const joined = join(lead([share("a", 1)]), other([share("gone", 5)], ["`shop`.`also gone`"]));
    expect(joined.parts).toHaveLength(1);
    expect(joined.inventory.tables).toEqual([buildTable("shop.a", 1, "1")]);
  });

  test.each([
    ["altered", other([share("a", 2, { state: "2" })])],
    ["dropped and made again", other([], ["`shop`.`a`"])],
  ])("a table that was %s between two shards is an error that names it", (_, changed) => {
    expect(() => join(lead([share("a", 1)]), changed)).toThrow(
      expect.objectContaining({
        code: "STORE_FAILED",
        message: "Tables of log were replaced or altered between two shards: `shop`.`a` (shard 2/2).",
        hint: expect.stringContaining("re-run all jobs") as string,
      }),
    );
  });

  test("shards that read different servers are an error", () => {
    const elsewhere = other([share("a", 2)], [], { source: { id: "another", database: "shop" } });
    expect(() => join(lead([share("a", 1)]), elsewhere)).toThrow(/Shard 2\/2 read other databases of log/);
  });

  test("a store that one shard has whole is as that shard says", () => {
    const manifest = buildPostgresManifest({ store: "log" });
    const plan = buildPlan([
      { shard: "1/1", sizeBytes: 0, portions: [{ store: "log", isLead: true, tables: {} }] },
    ]);
    const whole = { role: "lead" as const, manifest, tables: [] };
    const bytes = serialiseShardRecord({
      backupId: BACKUP_ID,
      shard: "1/1",
      finishedAt: "2026-11-20T03:00:00.000Z",
      sentBytes: 0,
      stores: [whole],
    });
    expect(joinShards(plan, [parseShardRecord(bytes, "here")])).toEqual([manifest]);
  });
});
