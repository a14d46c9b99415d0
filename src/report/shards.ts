import type { PlannedShard } from "../backup/shard-plan.ts";
import type { ShardResult } from "../commands/shard.ts";
import { countOf, formatBytes, formatSeconds } from "./quantities.ts";

/** `2/3: about 4.1 GB: postgres, clickhouse (12 partitions)` */
export function describeShard({ shard, sizeBytes, portions }: PlannedShard): string {
  const what = portions.map(({ store, isLead, tables }) => {
    const pieces = Object.values(tables).reduce((sum, { length }) => sum + length, 0);
    if (pieces === 0) return store;
    return `${store} (${isLead ? "definitions, " : ""}${countOf(pieces, "partition")})`;
  });
  return `${shard}: about ${formatBytes(sizeBytes)} to send: ${what.join(", ")}`;
}

/** What came of one shard, in a sentence. */
export function describeFinishedShard({
  backupId,
  shard,
  wasFinished,
  sentBytes,
  seconds,
}: ShardResult): string {
  if (wasFinished) return `Shard ${shard} of backup ${backupId} had finished before: nothing was sent.`;
  return `Shard ${shard} of backup ${backupId} has finished: ${formatBytes(sentBytes)} sent in ${formatSeconds(seconds)}. The backup is listed when finish has joined all shards.`;
}
