import type { BackupPoint } from "../backup/history.ts";
import { countRows } from "../backup/inventory.ts";
import { FORMAT_VERSION, objectsOfStore, sizeOfBackup, sizeOfStore } from "../backup/manifest.ts";
import type { Manifest, StoreManifest } from "../backup/manifest.ts";
import type { Destination, DestinationGroup, DestinationOutcome } from "../destinations/destination.ts";
import { drawBackupId, partsPrefix, restoreGuideKey } from "../destinations/keys.ts";
import type { AgeEncryption } from "../encryption/age.ts";
import { AppError } from "../errors.ts";
import { countOf, formatBytes, formatSeconds } from "../report/quantities.ts";
import type { Reporter, RunContext } from "../run-context.ts";
import type { Store } from "../stores/store.ts";
import { secondsSince, Stopwatch } from "../sys/clock.ts";
import { VERSION } from "../version.ts";
import { fingerprintKeys } from "./application-keys.ts";
import type { GivenKey } from "./application-keys.ts";
import { BackupWriter } from "./objects/backup-writer.ts";
import { findEarlier, NOTHING, recall } from "./catalogue/earlier.ts";
import type { Earlier } from "./catalogue/earlier.ts";
import { recallBackups } from "./catalogue/history.ts";
import { publish, putRestoreGuide } from "./catalogue/publish.ts";
import { removeReceipts } from "./catalogue/receipts.ts";
import { warnOfOthers } from "./objects/recipients.ts";
import { lookForRoom } from "./catalogue/room.ts";
import { runTogether, settleAll } from "./together.ts";

export interface BackupRequest {
  /** The product's name, as the manifest states it. */
  name: string;
  stores: Store[];
  /** One or several: what fails at one of them spoils nothing at the others. */
  destination: DestinationGroup;
  /**
   * The same for tidying up after a failed or cancelled run, when `destination` itself no longer
   * works because the run's signal has fired.
   */
  openForCleanUp: () => Promise<Destination>;
  /** Send everything, whatever earlier backups hold. */
  full: boolean;
  /** For whom data objects are encrypted; they lie there as they are when absent. */
  encryption?: AgeEncryption;
  /** The application's own keys, which the manifest names by fingerprint. */
  keys?: readonly GivenKey[];
  /** Told as soon as it is known, so that a killed run can be tidied up after. */
  onStart?: (backupId: string) => void;
}

export interface BackupResult {
  command: "backup" | "finish";
  backupId: string;
  /** Bytes the backup needs at the destination, and bytes this run sent for it. */
  sizeBytes: number;
  sentBytes: number;
  seconds: number;
  /** How each destination ended: where one failed, the backup is complete at the others only. */
  destinations: readonly DestinationOutcome[];
  manifest: Manifest;
  /** The backups before it, newest first, as far as they are compared with; absent where they cannot be read. */
  past?: BackupPoint[];
}

/**
 * Backs up all stores into one backup, and lists it only when everything is there: the manifest is written last.
 *
 * @throws AppError of any store or of the destination; nothing is listed then, and what was sent is removed.
 *   Only when the manifest's own writing fails is it left, since the manifest may have arrived.
 */
export async function backup(request: BackupRequest, context: RunContext): Promise<BackupResult> {
  const { name, stores, destination, full, encryption, keys = [] } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const startedAt = clock.now();
  const id = drawBackupId(startedAt);
  const phases = new Stopwatch(clock);
  const writer = new BackupWriter(id, destination, encryption, context);
  request.onStart?.(id);

  let found = NOTHING;
  // A full backup needs nothing of an earlier one but to know whether the keys changed.
  const find = async (): Promise<void> => {
    if (!full || keys.length > 0) found = await findEarlier(destination, startedAt, context);
  };
  await reporter.phase("Check", () => phases.measure("check", () => check(request, context, find)));
  const earlier = full ? NOTHING : found;
  const manifest = await tidyOnFailure(writer, request, context, async () => {
    const storeManifests = await reporter.phase("Back up", () =>
      phases.measure("backup", () =>
        runTogether(context, stores, async (store) => {
          const { previous, finished } = recall(store, earlier, startedAt, reporter);
          const held = await store.backup(writer.sinkOf(store.name, previous, finished));
          reporter.info(describeStore(held));
          if (held.inventory.tables.length === 0) {
            reporter.warn(
              `${held.store} holds no table: look at its address and scope, unless that is meant.`,
            );
          }
          return held;
        }),
      ),
    );
    const fingerprints = await fingerprintKeys(keys, found.newest, context);
    const complete: Manifest = {
      format: "lifeboat-backup",
      formatVersion: FORMAT_VERSION,
      id,
      name,
      writtenBy: VERSION,
      startedAt: startedAt.toISOString(),
      finishedAt: clock.now().toISOString(),
      stores: storeManifests,
      ...(fingerprints.length > 0 && { keys: fingerprints }),
      phases: phases.times,
    };
    writer.note(restoreGuideKey(id));
    await destination.each((one) => putRestoreGuide(complete, one));
    return complete;
  });
  // Outside the tidying: once the manifest may have arrived, its objects must stay.
  await destination.each((one) => publish(manifest, one));
  const { outcomes } = destination; // what follows is best effort, and takes nothing back
  if (encryption) warnOfOthers(manifest.stores.flatMap(objectsOfStore), encryption, context);
  reporter.info(`Backup ${id} is complete.`);
  const [past] = await Promise.all([
    recallBackups(destination, id, context),
    tidyAfterSuccess(manifest, writer, earlier, destination, reporter),
  ]);
  const seconds = secondsSince(clock, startMs);
  return {
    command: "backup",
    backupId: id,
    sizeBytes: sizeOfBackup(manifest),
    sentBytes: writer.sentBytes,
    seconds,
    destinations: outcomes,
    manifest,
    ...(past && { past }),
  };
}

export function describeStore(held: StoreManifest): string {
  const { store, inventory } = held;
  return (
    `${store}: ${countOf(inventory.tables.length, "table")}, ${countOf(countRows(inventory), "row")}, ` +
    `${formatBytes(sizeOfStore(held))} in ${formatSeconds(held.seconds)}`
  );
}

/**
 * Looks whether stores and destinations are there and as a backup needs them.
 *
 * @param meanwhile - what can be done as soon as the destination is known to be there
 */
export async function check(
  { stores, destination }: Pick<BackupRequest, "stores" | "destination">,
  context: RunContext,
  meanwhile = async (): Promise<void> => {},
): Promise<void> {
  const { reporter } = context;
  const facts = await settleAll([
    destination
      .check("write")
      .then(meanwhile)
      .then(() => `Destination: ${destination.url}`),
    ...stores.map((store) => store.check()),
  ]);
  for (const fact of facts) reporter.info(fact);
  const rooms = await destination.each((one) => lookForRoom(one, context));
  for (const room of rooms) if (room?.state === "warning") reporter.warn(`${room.found} ${room.mend}`);
}

/**
 * Removes what a complete backup makes needless: parts that this run sent and then sent anew, because their rows
 * had changed under the read, and receipts. Best effort: prune finds them too, and those of which a receipt told it alone.
 */
async function tidyAfterSuccess(
  manifest: Manifest,
  writer: BackupWriter,
  { receipts }: Earlier,
  destination: Destination,
  reporter: Reporter,
): Promise<void> {
  const needed = new Set(manifest.stores.flatMap(objectsOfStore).map(({ key }) => key));
  const needless = writer.keys.filter(
    (key) => key.startsWith(partsPrefix) && !needed.has(key) && !writer.received.has(key),
  );
  try {
    await settleAll(needless.map((key) => destination.remove(key)));
    await removeReceipts(destination, [manifest.id, ...receipts.map(({ backupId }) => backupId)]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    reporter.info(`Some objects that no backup needs are left for prune: ${error.message}`);
  }
}

/**
 * Removes what a failed run has written. Best effort: what stays behind is listed nowhere, and costs only its
 * storage.
 */
export async function tidyOnFailure<T>(
  writer: BackupWriter,
  request: Pick<BackupRequest, "destination" | "openForCleanUp">,
  context: RunContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    try {
      const destination = await request.openForCleanUp();
      try {
        await writer.writeReceipts(destination);
        const { received } = writer;
        const needless = writer.keys.filter((key) => !received.has(key));
        await settleAll(needless.map((key) => destination.remove(key)));
        if (received.size > 0) {
          context.reporter.info(
            `${countOf(received.size, "part")} of this run ${received.size === 1 ? "stays" : "stay"}: the next one need not send ${received.size === 1 ? "it" : "them"}.`,
          );
        }
      } finally {
        destination.close();
      }
    } catch {
      context.reporter.warn(
        `Objects of the failed run are left at ${request.destination.url}; they are not listed as a backup.`,
      );
    }
    throw error;
  }
}
