import { randomBytes } from "node:crypto";
import { countRows } from "../backup/inventory.ts";
import { FORMAT_VERSION, serialiseManifest, sizeOfBackup, sizeOfStore } from "../backup/manifest.ts";
import type { Manifest, StoreManifest } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { buildBackupId, manifestKey, restoreGuideKey } from "../destinations/keys.ts";
import { AppError } from "../errors.ts";
import { countOf, formatBytes, formatSeconds } from "../report/quantities.ts";
import { renderRestoreGuide } from "../report/restore-guide.ts";
import type { RunContext } from "../run-context.ts";
import type { Store } from "../stores/store.ts";
import { secondsSince, Stopwatch } from "../sys/clock.ts";
import { VERSION } from "../version.ts";
import { BackupWriter } from "./backup-writer.ts";
import { findNewestBackup } from "./catalogue.ts";
import { runTogether, settleAll } from "./together.ts";

export interface BackupRequest {
  /** The product's name, as the manifest states it. */
  name: string;
  stores: Store[];
  destination: Destination;
  /**
   * The same destination for tidying up after a failed or cancelled run, when `destination` itself no longer
   * works because the run's signal has fired.
   */
  openForCleanUp: () => Promise<Destination>;
  /** Send everything, whatever earlier backups hold. */
  full: boolean;
  /** Told as soon as it is known, so that a killed run can be tidied up after. */
  onStart?: (backupId: string) => void;
}

export interface BackupResult {
  command: "backup";
  backupId: string;
  /** Bytes the backup needs at the destination, and bytes this run sent for it. */
  sizeBytes: number;
  sentBytes: number;
  seconds: number;
  manifest: Manifest;
}

/**
 * Backs up all stores into one backup, and lists it only when everything is there: the manifest is written last.
 *
 * @throws AppError of any store or of the destination; nothing is listed then, and what was sent is removed.
 *   Only when the manifest's own writing fails is it left, since the manifest may have arrived.
 */
export async function backup(request: BackupRequest, context: RunContext): Promise<BackupResult> {
  const { name, stores, destination, full } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const startedAt = clock.now();
  const id = buildBackupId(startedAt, randomBytes(2).toString("hex"));
  const phases = new Stopwatch(clock);
  const writer = new BackupWriter(id, destination, context);
  request.onStart?.(id);

  await reporter.phase("Check", () => phases.measure("check", () => check(request, context)));
  const previous = full ? undefined : await findPrevious(destination, context);
  const manifest = await tidyOnFailure(writer, request, context, async () => {
    const storeManifests = await reporter.phase("Back up", () =>
      phases.measure("backup", () =>
        runTogether(context, stores, async (store) => {
          const known = previous?.stores.find((candidate) => candidate.store === store.name);
          const held = await store.backup(writer.sinkOf(store.name, known));
          reporter.info(describeStore(held));
          return held;
        }),
      ),
    );
    const complete: Manifest = {
      format: "lifeboat-backup",
      formatVersion: FORMAT_VERSION,
      id,
      name,
      writtenBy: VERSION,
      startedAt: startedAt.toISOString(),
      finishedAt: clock.now().toISOString(),
      stores: storeManifests,
      phases: phases.times,
    };
    await writer.put(restoreGuideKey(id), Buffer.from(renderRestoreGuide(complete, destination.url)));
    return complete;
  });
  // Outside the tidying: once the manifest may have arrived, its objects must stay.
  await publish(manifest, destination);
  reporter.info(`Backup ${id} is complete.`);
  return {
    command: "backup",
    backupId: id,
    sizeBytes: sizeOfBackup(manifest),
    sentBytes: writer.sentBytes,
    seconds: secondsSince(clock, startMs),
    manifest,
  };
}

function describeStore(held: StoreManifest): string {
  const { store, inventory } = held;
  return (
    `${store}: ${countOf(inventory.tables.length, "table")}, ${countOf(countRows(inventory), "row")}, ` +
    `${formatBytes(sizeOfStore(held))} in ${formatSeconds(held.seconds)}`
  );
}

async function check({ stores, destination }: BackupRequest, { reporter }: RunContext): Promise<void> {
  const facts = await settleAll([
    destination.check().then(() => `Destination: ${destination.url}`),
    ...stores.map((store) => store.check()),
  ]);
  for (const fact of facts) reporter.info(fact);
}

/**
 * The newest backup, for what need not be sent again. A credential that may not read is no obstacle to a backup,
 * and neither is a damaged manifest: everything is sent then.
 */
async function findPrevious(destination: Destination, context: RunContext): Promise<Manifest | undefined> {
  try {
    return await findNewestBackup(destination);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    context.reporter.warn(
      `Everything will be sent, since the newest backup cannot be read: ${error.message}`,
    );
    return undefined;
  }
}

async function publish(manifest: Manifest, destination: Destination): Promise<void> {
  const key = manifestKey(manifest.id);
  const bytes = serialiseManifest(manifest);
  const hasArrived = async (): Promise<boolean> => bytes.equals(await destination.read(key));
  try {
    // A retry after a lost answer meets what the first attempt wrote.
    if ((await destination.putIfAbsent(key, bytes)) === "written" || (await hasArrived())) return;
  } catch (error) {
    // The last answer may have been lost as well.
    if (await hasArrived().catch(() => false)) return;
    throw error;
  }
  throw new AppError("DESTINATION_FAILED", `Another run has already written a backup ${manifest.id}.`, {
    hint: "Two runs started in the same second and drew the same number; start this one again.",
  });
}

/**
 * Removes what a failed run has written. Best effort: what stays behind is listed nowhere, and costs only its
 * storage.
 */
async function tidyOnFailure<T>(
  writer: BackupWriter,
  request: BackupRequest,
  context: RunContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    try {
      const destination = await request.openForCleanUp();
      try {
        await settleAll(writer.keys.map((key) => destination.remove(key)));
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
