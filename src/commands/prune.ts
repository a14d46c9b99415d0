import pLimit from "p-limit";
import { objectsOfStore } from "../backup/manifest.ts";
import type { Manifest } from "../backup/manifest.ts";
import { planRetention } from "../backup/retention.ts";
import type { Decision, RetainableBackup, RetentionPolicy } from "../backup/retention.ts";
import type { Destination, Listed } from "../destinations/destination.ts";
import {
  backupsPrefix,
  findBackupOf,
  findBackupOfShard,
  findBackupTime,
  findOriginOfPart,
  findRunOfReceipt,
  manifestKey,
  partsPrefix,
  receiptsPrefix,
  restoreGuideKey,
  shardsPrefix,
} from "../destinations/keys.ts";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { listBackupIds, readDrills, readPins, requireManifests } from "./catalogue/catalogue.ts";
import { readReceipts } from "./catalogue/receipts.ts";
import { republish, requireUnchanged } from "./catalogue/publish.ts";
import { readServerFolders } from "./catalogue/server-folders.ts";
import { pruneServerPlaces } from "./catalogue/server-places.ts";
import type { PrunedPlace, ServerPlace } from "./catalogue/server-places.ts";
import { settleAll } from "./together.ts";

/**
 * How long a run may take. What is younger may belong to a run under way, which no manifest tells of yet; and what was
 * the newest backup since then may be what that run refers to.
 */
export const RUN_LIMIT_MS = 48 * 3_600_000;
const REQUESTS_AT_ONCE = 16;
const ELSEWHERE_UNKNOWN =
  "Only some of the destinations were pruned, and a backup at another one may need them.";

/** A destination and what it keeps. */
export interface PruneTarget {
  destination: Destination;
  policy: RetentionPolicy;
}

export interface PruneResult {
  command: "prune";
  isDryRun: boolean;
  destinations: Pruned[];
  /** Where servers had written rows by themselves that no backup needs any longer. */
  serverPlaces?: PrunedPlace[];
}

/** The places that servers write to by themselves. */
export interface PruneServerPlaces {
  places: readonly ServerPlace[];
  /** Whether every destination is among the targets: a backup that lies elsewhere may need what lies there. */
  areAllDestinationsKnown: boolean;
}

/** What became of the backups at one destination. */
export interface Pruned {
  url: string;
  /** What becomes of each backup, newest first. */
  decisions: Decision[];
  /** Backups of which no store is kept. */
  removedBackups: string[];
  /** Backups of which some stores are removed, and others stay. */
  narrowedBackups: string[];
  /** Objects that no remaining backup needs, and their bytes. */
  removedObjects: number;
  removedBytes: number;
  /** Uploads of dead runs that were never finished; a dry run does not look for them. */
  abortedUploads: number;
}

/**
 * Removes what retention lets go, at each destination by itself: manifests first, so that whenever it is killed every
 * listed backup is whole; then the objects that no manifest refers to; then the unfinished uploads of dead runs.
 *
 * @throws AppError BACKUP_DAMAGED or FORMAT_TOO_NEW when a manifest, pin or record of a drill cannot be read: nothing is
 *   removed there, since nobody knows what it keeps. DESTINATION_FAILED when another run changed a manifest meanwhile. And
 *   what a destination throws; the others are pruned all the same.
 */
export async function prune(
  targets: readonly PruneTarget[],
  isDryRun: boolean,
  context: RunContext,
  { places, areAllDestinationsKnown }: PruneServerPlaces = { places: [], areAllDestinationsKnown: true },
): Promise<PruneResult> {
  return await context.reporter.phase(isDryRun ? "Plan" : "Prune", async () => {
    const outcomes = await settleAll(
      targets.map((target) => pruneOne(target, isDryRun, context.clock.now())),
    );
    const notes = (await settleAll(targets.map(({ destination }) => readServerFolders(destination)))).flat();
    const isAbandoned = (began: Date): boolean => isOld(began, context.clock.now());
    const serverPlaces = await pruneServerPlaces(
      {
        before: outcomes.flatMap(({ before }) => before),
        left: outcomes.flatMap(({ left }) => left),
        noted: notes.filter(({ began }) => isAbandoned(began)),
      },
      places,
      { isDryRun, ...(!areAllDestinationsKnown && { obstacle: ELSEWHERE_UNKNOWN }) },
    );
    const destinations = outcomes.map(({ pruned }) => pruned);
    return { command: "prune", isDryRun, destinations, ...(serverPlaces.length > 0 && { serverPlaces }) };
  });
}

interface Outcome {
  pruned: Pruned;
  before: Manifest[];
  left: Manifest[];
}

async function pruneOne(
  { destination, policy }: PruneTarget,
  isDryRun: boolean,
  now: Date,
): Promise<Outcome> {
  const manifests = await requireManifests(destination, await listBackupIds(destination));
  const decisions = await plan(manifests, policy, now, destination);
  const left = manifests.flatMap((manifest) => applyDecision(manifest, decisions, now));
  const leftIds = new Set(left.map(({ id }) => id));
  const removedBackups = manifests.map(({ id }) => id).filter((id) => !leftIds.has(id));
  const narrowed = left.filter((manifest) => !manifests.includes(manifest));
  const unneeded = await findGarbage(destination, left, new Set(removedBackups), now);
  const garbage = await leaveToNewBackups(unneeded, manifests, destination);
  let abortedUploads = 0;
  if (!isDryRun) {
    for (const manifest of narrowed) {
      await requireUnchanged(
        manifests.find(({ id }) => id === manifest.id)!,
        destination,
      );
      await republish(manifest, destination);
    }
    await removeAll(removedBackups.map(manifestKey), destination);
    await removeAll(
      garbage.map(({ key }) => key),
      destination,
    );
    const isDead = ({ startedAt }: { startedAt: Date }): boolean => isOld(startedAt, now);
    for (const prefix of [backupsPrefix, partsPrefix])
      abortedUploads += await destination.abortUnfinished(prefix, isDead);
  }
  const pruned = {
    url: destination.url,
    decisions,
    removedBackups,
    narrowedBackups: narrowed.map(({ id }) => id),
    removedObjects: garbage.length,
    removedBytes: garbage.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    abortedUploads,
  };
  return { pruned, before: manifests, left };
}

async function plan(
  manifests: readonly Manifest[],
  policy: RetentionPolicy,
  now: Date,
  destination: Destination,
): Promise<Decision[]> {
  const [drills, pins] = await Promise.all([readDrills(destination), readPins(destination)]);
  if (drills.unreadable.length > 0) {
    throw new AppError(
      "BACKUP_DAMAGED",
      `Nothing is removed, since nobody knows which backups these drills proved:\n${drills.unreadable.join("\n")}`,
      {
        hint: "Prune with the version of lifeboat that wrote them; or, when they are lost, remove these records by hand.",
      },
    );
  }
  const proven = new Map<string, Set<string>>();
  for (const { backupId, verdict, comparisons } of drills.readable) {
    if (verdict !== "proven") continue;
    const stores = proven.get(backupId) ?? new Set();
    proven.set(backupId, stores);
    for (const { store } of comparisons) stores.add(store);
  }
  const backups = manifests.map(({ id, startedAt, finishedAt, stores }): RetainableBackup => {
    const names = stores.map(({ store }) => store);
    const pin = pins.get(id);
    return {
      id,
      startedAt: new Date(startedAt),
      finishedAt: new Date(finishedAt),
      stores: names,
      provenStores: names.filter((name) => proven.get(id)?.has(name)),
      ...(pin !== undefined && { pin: pin.note }),
    };
  });
  const decisions = planRetention(backups, policy, now, RUN_LIMIT_MS);
  // Only of what would go: asking costs a request for each.
  const limit = pLimit(REQUESTS_AT_ONCE);
  const locks = await Promise.all(
    decisions.map(({ id, stores }) =>
      limit(async () =>
        stores.every(({ isKept }) => isKept) ? undefined : await destination.findLock(manifestKey(id)),
      ),
    ),
  );
  if (locks.every((lock) => lock === undefined)) return decisions;
  const lockOf = new Map(decisions.map(({ id }, index) => [id, locks[index]]));
  const lockable = backups.map((backup) => {
    const lockedUntil = lockOf.get(backup.id);
    return lockedUntil === undefined ? backup : { ...backup, lockedUntil };
  });
  return planRetention(lockable, policy, now, RUN_LIMIT_MS);
}

/** The manifest as the decision leaves it: the same, with fewer stores, or none. */
function applyDecision(manifest: Manifest, decisions: readonly Decision[], now: Date): Manifest[] {
  const decided = decisions.find(({ id }) => id === manifest.id)?.stores ?? [];
  const gone = decided.filter(({ isKept }) => !isKept).map(({ store }) => store);
  if (gone.length === 0) return [manifest];
  const stores = manifest.stores.filter(({ store }) => !gone.includes(store));
  if (stores.length === 0) return [];
  const removedAt = now.toISOString();
  const removed = [...(manifest.removed ?? []), ...gone.map((store) => ({ store, removedAt }))];
  return [{ ...manifest, stores, removed }];
}

/** Objects that no remaining backup needs, as far as a run under way cannot need them either. */
async function findGarbage(
  destination: Destination,
  left: readonly Manifest[],
  removed: ReadonlySet<string>,
  now: Date,
): Promise<Listed[]> {
  const needed = listNeeded(left);
  // A run under way may refer to what it saw in a manifest before that was rekeyed.
  const inUse = new Set<string>();
  for (const key of needed) {
    const part = findOriginOfPart(key);
    if (part?.rekeyedAt && !isOld(part.rekeyedAt, now)) inUse.add(part.origin);
  }
  // A run refers to parts that a dead one had finished no longer than RUN_LIMIT_MS before it began.
  for (const { parts } of await readReceipts(destination, new Date(now.getTime() - 2 * RUN_LIMIT_MS)))
    for (const { key } of parts) needed.add(key);
  const garbage: Listed[] = [];
  for (const prefix of [backupsPrefix, partsPrefix]) {
    for await (const object of destination.list(prefix)) {
      const { key, modifiedAt } = object;
      if (needed.has(key) || inUse.has(findOriginOfPart(key)?.origin ?? "")) continue;
      const backupId = findBackupOf(key);
      // What lies between the backups under a name that no run gives is none of ours.
      if (prefix === backupsPrefix && backupId === undefined) continue;
      const isOfRemoved = backupId !== undefined && removed.has(backupId);
      if (isOfRemoved || isOld(modifiedAt, now)) garbage.push(object);
    }
  }
  for await (const object of destination.list(receiptsPrefix)) {
    const began = findBackupTime(findRunOfReceipt(object.key) ?? "");
    if (began && now.getTime() - began.getTime() > 2 * RUN_LIMIT_MS) garbage.push(object);
  }
  for await (const object of destination.list(shardsPrefix)) {
    const began = findBackupTime(findBackupOfShard(object.key) ?? "");
    if (began && isOld(began, now)) garbage.push(object);
  }
  return garbage;
}

/** Leaves out what runs and copies need that have ended since the manifests were read. */
async function leaveToNewBackups(
  garbage: readonly Listed[],
  known: readonly Manifest[],
  destination: Destination,
): Promise<Listed[]> {
  const knownIds = new Set(known.map(({ id }) => id));
  const newIds = (await listBackupIds(destination)).filter((id) => !knownIds.has(id));
  const needed = listNeeded(await requireManifests(destination, newIds));
  return garbage.filter(({ key }) => !needed.has(key));
}

/** Keys of all that belongs to some backups. */
function listNeeded(manifests: readonly Manifest[]): Set<string> {
  const needed = new Set<string>();
  for (const { id, stores } of manifests) {
    needed.add(manifestKey(id)).add(restoreGuideKey(id));
    for (const store of stores) for (const { key } of objectsOfStore(store)) needed.add(key);
  }
  return needed;
}

function isOld(time: Date, now: Date): boolean {
  return now.getTime() - time.getTime() > RUN_LIMIT_MS;
}

async function removeAll(keys: readonly string[], destination: Destination): Promise<void> {
  const limit = pLimit(REQUESTS_AT_ONCE);
  await settleAll(keys.map((key) => limit(() => destination.remove(key))));
}
