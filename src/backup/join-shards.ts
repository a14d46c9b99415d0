import { AppError } from "../errors.ts";
import type { StoreManifest } from "./manifest.ts";
import { addTables, compareParts } from "./parts.ts";
import type { ShardPlan } from "./shard-plan.ts";
import type { ShardRecord, SharedTable, StoreShare } from "./shard-result.ts";

const AGAIN =
  "Run plan, the shards and finish again (on GitHub: re-run all jobs); partitions that were sent already are referred to.";

type Lead = Extract<StoreShare, { role: "lead" }>;
type Other = Extract<StoreShare, { role: "other" }> & { shard: string };

/**
 * Joins what several runs did, in the order of the plan's stores, into what one run would have written.
 *
 * @throws AppError STORE_FAILED when they did not read the same thing: another server, or a table that was replaced or
 *   altered between two of them
 */
export function joinShards(plan: ShardPlan, records: readonly ShardRecord[]): StoreManifest[] {
  const portions = plan.shards.flatMap(({ portions }) => portions);
  const stores = [...new Set(portions.map(({ store }) => store))];
  return stores.map((store) => {
    const others: Other[] = [];
    let lead: Lead | undefined;
    for (const { shard, stores } of records) {
      for (const share of stores) {
        if (share.role === "lead" && share.manifest.store === store) lead = share;
        else if (share.role === "other" && share.store === store) others.push({ ...share, shard });
      }
    }
    if (!lead) throw new Error(`nobody leads ${store}`); // the plan names one, and its record is complete
    return joinStore(lead, others);
  });
}

function joinStore({ manifest, tables }: Lead, others: readonly Other[]): StoreManifest {
  if (manifest.kind !== "clickhouse" || tables.length === 0) return manifest;
  for (const { shard, source } of others) {
    if (source.id === manifest.source.id) continue;
    throw new AppError(
      "STORE_FAILED",
      `Shard ${shard} read other databases of ${manifest.store} than the shard that leads: another server, or databases that were dropped and made again.`,
      { hint: `Give every shard the same addresses. ${AGAIN}` },
    );
  }
  requireSameTables(manifest.store, tables, others);
  const joined = new Map(
    tables.map((lead): [string, [SharedTable, ...SharedTable[]]] => [lead.table, [lead]]),
  );
  for (const shared of others.flatMap((other) => other.tables)) joined.get(shared.table)?.push(shared);
  const all = [...joined.values()];
  const { inventory } = manifest;
  return {
    ...manifest,
    parts: all.flatMap((shared) => shared.flatMap(({ parts }) => parts)).sort(compareParts),
    inventory: {
      ...inventory,
      tables: all.map(([lead, ...rest]) =>
        addTables([lead.inventory, ...rest.map(({ inventory }) => inventory)]),
      ),
      notCovered: [...new Set([inventory, ...others].flatMap(({ notCovered }) => notCovered))],
    },
    seconds: Math.max(manifest.seconds, ...others.map(({ seconds }) => seconds)),
  };
}

/**
 * Rows and definitions of a table come from different runs: they must be of one and the same table. A table that the
 * lead did not find was dropped meanwhile, and its rows are left aside.
 */
function requireSameTables(store: string, tables: readonly SharedTable[], others: readonly Other[]): void {
  const states = new Map(tables.map(({ table, state }) => [table, state]));
  const changed = others.flatMap(({ shard, tables, missing }) => [
    ...tables
      .filter(({ table, state }) => states.has(table) && states.get(table) !== state)
      .map(({ table }) => `${table} (shard ${shard})`),
    ...missing.filter((table) => states.has(table)).map((table) => `${table} (shard ${shard})`),
  ]);
  if (changed.length === 0) return;
  throw new AppError(
    "STORE_FAILED",
    `Tables of ${store} were replaced or altered between two shards: ${changed.join(", ")}.`,
    { hint: AGAIN },
  );
}
