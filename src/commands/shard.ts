import { Readable } from "node:stream";
import { serialiseDocument } from "../backup/document.ts";
import { objectsOfStore } from "../backup/manifest.ts";
import type { StoredObject, StoreManifest } from "../backup/manifest.ts";
import { holdsPiece } from "../backup/shard-plan.ts";
import type { Portion, ShardPlan } from "../backup/shard-plan.ts";
import { serialiseShardRecord } from "../backup/shard-result.ts";
import type { StoreShare } from "../backup/shard-result.ts";
import { attemptKey, drawBackupId, shardKey, writeShard } from "../destinations/keys.ts";
import type { Destination } from "../destinations/destination.ts";
import { AppError } from "../errors.ts";
import { countOf, formatSeconds } from "../report/quantities.ts";
import type { RunContext } from "../run-context.ts";
import type { Store } from "../stores/store.ts";
import { secondsSince } from "../sys/clock.ts";
import { check, describeStore, tidyOnFailure } from "./backup.ts";
import type { BackupRequest } from "./backup.ts";
import { BackupWriter } from "./objects/backup-writer.ts";
import type { Attempt } from "./objects/backup-writer.ts";
import { findEarlier, NOTHING, recall } from "./catalogue/earlier.ts";
import { warnOfOthers } from "./objects/recipients.ts";
import { findRecord } from "./catalogue/shards.ts";
import { runTogether } from "./together.ts";

export interface ShardRequest extends Pick<
  BackupRequest,
  "stores" | "destination" | "openForCleanUp" | "encryption"
> {
  plan: ShardPlan;
  /** Which of the plan's shards, such as `2/3`. */
  shard: string;
}

export interface ShardResult {
  command: "shard";
  backupId: string;
  shard: string;
  /** Whether there was nothing to do, since an earlier attempt had finished. */
  wasFinished: boolean;
  sentBytes: number;
  seconds: number;
}

/**
 * Backs up what a plan gives to one of several runs, and writes down what that came to. A shard that has finished is not
 * run again.
 *
 * @throws AppError CONFIG_INVALID when the plan has no such shard, or names a store that is not configured; and as `backup`
 */
export async function backupShard(request: ShardRequest, context: RunContext): Promise<ShardResult> {
  const { plan, shard, destination, encryption } = request;
  const { clock, reporter } = context;
  const { backupId } = plan;
  const startMs = clock.ticksMs();
  const work = findWork(request);
  const done = { command: "shard", backupId, shard } as const;
  await destination.check("write"); // first of all: one that is not there is left out of all that follows
  if ((await destination.findSize(shardKey(backupId, shard))) !== undefined) {
    const record = await findRecord(destination, backupId, shard);
    reporter.info(`Shard ${shard} of backup ${backupId} has finished before.`);
    return { ...done, wasFinished: true, sentBytes: record?.sentBytes ?? 0, seconds: 0 };
  }
  const stores = work.map(({ store }) => store);
  await reporter.phase("Check", () => check({ stores, destination }, context));
  const earlier = plan.full ? NOTHING : await findEarlier(destination, clock.now(), context);
  const attempt = await beginAttempt(plan, shard, destination, context);
  const writer = new BackupWriter(backupId, destination, encryption, context, attempt);
  const shares = await tidyOnFailure(writer, request, context, () =>
    reporter.phase("Back up", () =>
      runTogether(context, work, async ({ store, portion }) => {
        const { previous, finished } = recall(store, earlier, new Date(plan.startedAt), reporter);
        const share = await store.backupShare(writer.sinkOf(store.name, previous, finished), {
          isLead: portion.isLead,
          holds: holdsPiece(plan, shard, portion),
          tables: Object.keys(portion.tables),
        });
        reporter.info(describeShare(share));
        return share;
      }),
    ),
  );
  if (encryption) warnOfOthers(shares.flatMap(listObjects), encryption, context);
  // The next attempt, or whoever begins after this run has died, refers to what it sent.
  await writer.writeReceipts(destination);
  const { sentBytes } = writer;
  const finishedAt = clock.now().toISOString();
  const bytes = serialiseShardRecord({ backupId, shard, finishedAt, sentBytes, stores: shares });
  // Outside the tidying: once the record may have arrived, its objects must stay.
  await destination.put(shardKey(backupId, shard), Readable.from([bytes]), bytes.length);
  reporter.info(`Shard ${shard} of backup ${backupId} has finished; finish joins all of them.`);
  return { ...done, wasFinished: false, sentBytes, seconds: secondsSince(clock, startMs) };
}

/**
 * Two attempts never write the same key: an earlier one may be under way still, on a machine that GitHub has lost sight
 * of, and would put its own bytes in the place of those that this one's record names.
 */
async function beginAttempt(
  { backupId }: ShardPlan,
  shard: string,
  destination: Destination,
  { clock }: RunContext,
): Promise<Attempt> {
  const startedAt = clock.now();
  const begun = serialiseDocument({ startedAt: startedAt.toISOString() });
  let number = 1;
  while ((await destination.putIfAbsent(attemptKey(backupId, shard, number), begun)) === "already-there")
    number += 1;
  const name = writeShard(shard);
  if (number === 1) return { name, folder: "", partsId: backupId };
  const partsId = drawBackupId(startedAt);
  return { name: `${name}-attempt-${number}`, folder: `${name}-attempt-${number}/`, partsId };
}

/** The stores that a shard is about, and what of each it backs up. */
function findWork({ plan, shard, stores }: ShardRequest): { store: Store; portion: Portion }[] {
  const names = plan.shards.map((planned) => planned.shard);
  const planned = plan.shards.find((candidate) => candidate.shard === shard);
  if (!planned) {
    throw new AppError(
      "CONFIG_INVALID",
      `The plan of backup ${plan.backupId} has no shard ${shard}; there is ${names.join(", ")}.`,
      { hint: "Run the shards that plan named; on GitHub they are its output matrix." },
    );
  }
  return planned.portions.map((portion) => {
    const store = stores.find(({ name }) => name === portion.store);
    if (store) return { store, portion };
    throw new AppError(
      "CONFIG_INVALID",
      `Shard ${shard} is about ${portion.store}, which is not configured here.`,
      { hint: "Give plan, the shards and finish the same configuration." },
    );
  });
}

function listObjects(share: StoreShare): StoredObject[] {
  const parts = share.tables.flatMap((table) => table.parts);
  return share.role === "lead" ? [...objectsOfStore(share.manifest), ...parts] : parts;
}

function describeShare(share: StoreShare): string {
  if (share.role === "lead" && share.tables.length === 0) return describeStore(share.manifest);
  const [name, { seconds }]: [string, Pick<StoreManifest, "seconds">] =
    share.role === "lead" ? [share.manifest.store, share.manifest] : [share.store, share];
  const parts = share.tables.reduce((sum, table) => sum + table.parts.length, 0);
  return `${name}: ${countOf(parts, "part")} of ${countOf(share.tables.length, "table")} in ${formatSeconds(seconds)}`;
}
