import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";
import { tableInventorySchema } from "./inventory.ts";
import { clickhousePartSchema, storeManifestSchema } from "./manifest.ts";

const RESULT_VERSION = 1;

/** Some partitions of one table. */
const sharedTableSchema = z.strictObject({
  /** What the store calls it. */
  table: z.string(),
  /** What it was when its rows were read: shares of a table fit together only where this is the same. */
  state: z.string(),
  /** Of these partitions alone. */
  inventory: tableInventorySchema,
  parts: z.array(clickhousePartSchema),
});
export type SharedTable = z.infer<typeof sharedTableSchema>;

const storeShareSchema = z.discriminatedUnion("role", [
  z.strictObject({
    role: z.literal("lead"),
    /** Of the whole store, but for the rows of tables that are shared. */
    manifest: storeManifestSchema,
    /** All tables of a store that is shared, in the order of its inventory. */
    tables: z.array(sharedTableSchema),
  }),
  z.strictObject({
    role: z.literal("other"),
    store: z.string(),
    source: z.strictObject({ id: z.string(), database: z.string() }),
    tables: z.array(sharedTableSchema),
    /** Tables of the plan that were not there any more. */
    missing: z.array(z.string()),
    notCovered: z.array(z.string()),
    seconds: z.number(),
  }),
]);
/** What one of several runs backed up of one store. */
export type StoreShare = z.infer<typeof storeShareSchema>;

/** What one of the runs that share a backup has done. */
const resultSchema = z.strictObject({
  format: z.literal("lifeboat-shard"),
  formatVersion: z.literal(RESULT_VERSION),
  backupId: z.string(),
  shard: z.string(),
  finishedAt: z.iso.datetime(),
  sentBytes: z.int().nonnegative(),
  stores: z.array(storeShareSchema),
});
export type ShardRecord = z.infer<typeof resultSchema>;

export function serialiseShardRecord(record: Omit<ShardRecord, "format" | "formatVersion">): Buffer {
  return serialiseDocument({ format: "lifeboat-shard", formatVersion: RESULT_VERSION, ...record });
}

/** @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED */
export function parseShardRecord(bytes: Uint8Array, where: string): ShardRecord {
  const kind = {
    what: "record of a shard",
    format: "lifeboat-shard",
    newestVersion: RESULT_VERSION,
    schema: resultSchema,
    hint: "Remove it, and run its shard again.",
  };
  return parseDocument(kind, bytes, where);
}
