import { joinShards } from "../backup/join-shards.ts";
import { FORMAT_VERSION, objectsOfStore, parseManifest, sizeOfBackup } from "../backup/manifest.ts";
import type { Manifest, StoreManifest } from "../backup/manifest.ts";
import type { ShardPlan } from "../backup/shard-plan.ts";
import type { Destination, DestinationGroup, DestinationOutcome } from "../destinations/destination.ts";
import {
  backupFolder,
  findBackupTime,
  isPartOfBackup,
  manifestKey,
  partsPrefix,
  restoreGuideKey,
} from "../destinations/keys.ts";
import { AppError } from "../errors.ts";
import { countOf } from "../report/quantities.ts";
import type { Reporter, RunContext } from "../run-context.ts";
import { secondsSince } from "../sys/clock.ts";
import { VERSION } from "../version.ts";
import { describeStore } from "./backup.ts";
import type { BackupResult } from "./backup.ts";
import { recallBackups } from "./catalogue/history.ts";
import { publish, putRestoreGuide } from "./catalogue/publish.ts";
import { readReceipts, removeReceipts } from "./catalogue/receipts.ts";
import { pickPlanned, readPlan, readRecords, removeShards } from "./catalogue/shards.ts";
import { settleAll } from "./together.ts";

/** Named in a message at the most. */
const KEYS_NAMED = 5;

export interface FinishRequest {
  backupId: string;
  /** All that are configured: the plan says which of them receive this backup. */
  destinations: readonly Destination[];
  /** Makes one of several. */
  group: (destinations: readonly Destination[]) => DestinationGroup;
}

/**
 * Joins what the shards of a plan have done into one backup, and lists it. It needs no database: all that is to be known
 * lies at the destination. Where the backup is listed already, nothing is done.
 *
 * @throws AppError SHARD_UNFINISHED; OBJECT_MISSING when an object that a shard wrote is not there in its full size; STORE_FAILED when shards do not fit together. Nothing is listed then, and nothing is removed. And as `readPlan`
 */
export async function finish(
  { backupId, destinations, group }: FinishRequest,
  context: RunContext,
): Promise<BackupResult> {
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const listed = await findListed(destinations, backupId);
  if (listed) {
    reporter.info(`Backup ${backupId} was complete before.`);
    const past = await recallBackups(listed.destination, backupId, context);
    return describe(listed.manifest, listed.outcomes, {
      sentBytes: 0,
      seconds: secondsSince(clock, startMs),
      past,
    });
  }
  const plan = await readPlan(destinations, backupId, context);
  const destination = group(pickPlanned(destinations, plan));
  const { stores, records } = await reporter.phase("Join", async () => {
    const [first] = await destination.each(async (one) => {
      const records = await readRecords(one, plan);
      return { stores: joinShards(plan, records), records };
    });
    // Of one manifest: records may tell of one attempt at a shard here, and of another one there.
    await destination.each((one) => requireObjects(plan, first!.stores, one));
    return first!;
  });
  for (const store of stores) reporter.info(describeStore(store));
  const backedUpAt = Math.max(...records.map(({ finishedAt }) => new Date(finishedAt).getTime()));
  const manifest: Manifest = {
    format: "lifeboat-backup",
    formatVersion: FORMAT_VERSION,
    id: backupId,
    name: plan.name,
    writtenBy: VERSION,
    startedAt: plan.startedAt,
    finishedAt: clock.now().toISOString(),
    stores,
    ...(plan.keys.length > 0 && { keys: plan.keys }),
    phases: [
      { phase: "backup", seconds: (backedUpAt - new Date(plan.startedAt).getTime()) / 1000 },
      { phase: "finish", seconds: secondsSince(clock, startMs) },
    ],
  };
  await destination.each((one) => putRestoreGuide(manifest, one));
  await destination.each((one) => publish(manifest, one));
  reporter.info(`Backup ${backupId} is complete.`);
  await destination.each((one) => tidyUp(manifest, one, reporter));
  const sentBytes = records.reduce((sum, record) => sum + record.sentBytes, 0);
  const past = await recallBackups(destination, backupId, context);
  return describe(manifest, destination.outcomes, { sentBytes, seconds: secondsSince(clock, startMs), past });
}

/** The backup as it is listed already, and at which destinations it is. */
async function findListed(
  destinations: readonly Destination[],
  backupId: string,
): Promise<{ destination: Destination; manifest: Manifest; outcomes: DestinationOutcome[] } | undefined> {
  const key = manifestKey(backupId);
  const sizes = await Promise.allSettled(destinations.map((one) => one.findSize(key)));
  const isListed = sizes.map((size) => size.status === "fulfilled" && size.value !== undefined);
  const first = destinations.find((_, index) => isListed[index]);
  if (!first) return undefined;
  const outcomes = destinations.map(({ url }, index): DestinationOutcome => {
    if (isListed[index]) return { url };
    const reason = `Backup ${backupId} is not there.`;
    return { url, failure: { code: "OBJECT_MISSING", reason, hint: "It is complete elsewhere." } };
  });
  const manifest = parseManifest(await first.read(key), `${first.url}/${key}`);
  return { destination: first, manifest, outcomes };
}

/** Makes sure that all objects are at a destination in their full size. @throws AppError OBJECT_MISSING */
async function requireObjects(
  { backupId }: ShardPlan,
  stores: readonly StoreManifest[],
  destination: Destination,
): Promise<void> {
  const needed = new Map(stores.flatMap(objectsOfStore).map(({ key, sizeBytes }) => [key, sizeBytes]));
  for (const prefix of [backupFolder(backupId), partsPrefix]) {
    if (![...needed.keys()].some((key) => key.startsWith(prefix))) continue;
    for await (const { key, sizeBytes } of destination.list(prefix)) {
      if (needed.get(key) === sizeBytes) needed.delete(key);
    }
  }
  if (needed.size === 0) return;
  const named = [...needed.keys()].slice(0, KEYS_NAMED).join(", ");
  throw new AppError(
    "OBJECT_MISSING",
    `${countOf(needed.size, "object")} of backup ${backupId} ${needed.size === 1 ? "is" : "are"} not at ${destination.url} in full size: ${named}${needed.size > KEYS_NAMED ? " and others" : ""}.`,
    { hint: "Find out who removed them, and run plan and the shards again." },
  );
}

/** Removes what the attempts of this backup left and nobody needs. Best effort: prune finds it too. */
async function tidyUp(manifest: Manifest, destination: Destination, reporter: Reporter): Promise<void> {
  const { id, startedAt } = manifest;
  const needed = new Set([manifestKey(id), restoreGuideKey(id)]);
  for (const { key } of manifest.stores.flatMap(objectsOfStore)) needed.add(key);
  try {
    const needless: string[] = [];
    for (const prefix of [backupFolder(id), partsPrefix]) {
      for await (const { key } of destination.list(prefix)) {
        const isOwn = prefix !== partsPrefix || isPartOfBackup(key, id);
        if (isOwn && !needed.has(key)) needless.push(key);
      }
    }
    await removeShards(destination, id);
    const receipts = await readReceipts(destination, new Date(0));
    // Another run may refer to these by now.
    const received = new Set(receipts.flatMap(({ parts }) => parts.map(({ key }) => key)));
    const began = new Date(startedAt);
    const former = receipts.map(({ backupId }) => backupId).filter((run) => findBackupTime(run)! < began);
    await removeReceipts(destination, [id, ...former]);
    // Last: who may remove these documents need not be allowed to remove data.
    await settleAll(needless.filter((key) => !received.has(key)).map((key) => destination.remove(key)));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    reporter.info(`Some objects that no backup needs are left for prune: ${error.message}`);
  }
}

function describe(
  manifest: Manifest,
  destinations: readonly DestinationOutcome[],
  {
    sentBytes,
    seconds,
    past,
  }: Pick<BackupResult, "sentBytes" | "seconds"> & { past: BackupResult["past"] | undefined },
): BackupResult {
  return {
    command: "finish",
    backupId: manifest.id,
    sizeBytes: sizeOfBackup(manifest),
    sentBytes,
    seconds,
    destinations,
    manifest,
    ...(past && { past }),
  };
}
