import { randomBytes } from "node:crypto";
import { countRows } from "../backup/inventory.ts";
import {
  FORMAT_VERSION,
  objectsOfStore,
  serialiseManifest,
  sizeOfBackup,
  sizeOfStore,
} from "../backup/manifest.ts";
import type { ClickHousePart, Manifest, StoreManifest } from "../backup/manifest.ts";
import type { Receipt } from "../backup/receipt.ts";
import type { Destination } from "../destinations/destination.ts";
import {
  buildBackupId,
  findBackupTime,
  findWriterOfPart,
  manifestKey,
  partsPrefix,
  restoreGuideKey,
} from "../destinations/keys.ts";
import type { AgeEncryption } from "../encryption/age.ts";
import { describeKeyOf } from "../encryption/recipient.ts";
import { AppError } from "../errors.ts";
import { countOf, formatBytes, formatSeconds } from "../report/quantities.ts";
import { renderRestoreGuide } from "../report/restore-guide.ts";
import type { Reporter, RunContext } from "../run-context.ts";
import type { Store } from "../stores/store.ts";
import { secondsSince, Stopwatch } from "../sys/clock.ts";
import { VERSION } from "../version.ts";
import { fingerprintKeys } from "./application-keys.ts";
import type { GivenKey } from "./application-keys.ts";
import { BackupWriter } from "./backup-writer.ts";
import { findNewestBackup } from "./catalogue.ts";
import { RUN_LIMIT_MS } from "./prune.ts";
import { readReceipts, removeReceipts } from "./receipts.ts";
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
  /** For whom data objects are encrypted; they lie there as they are when absent. */
  encryption?: AgeEncryption;
  /** The application's own keys, which the manifest names by fingerprint. */
  keys?: readonly GivenKey[];
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
  const { name, stores, destination, full, encryption, keys = [] } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const startedAt = clock.now();
  const id = buildBackupId(startedAt, randomBytes(2).toString("hex"));
  const phases = new Stopwatch(clock);
  const writer = new BackupWriter(id, destination, encryption, context);
  request.onStart?.(id);

  await reporter.phase("Check", () => phases.measure("check", () => check(request, context)));
  // A full backup needs nothing of an earlier one but to know whether the keys changed.
  const found = full && keys.length === 0 ? NOTHING : await findEarlier(destination, startedAt, context);
  const earlier = full ? NOTHING : found;
  const manifest = await tidyOnFailure(writer, request, context, async () => {
    const storeManifests = await reporter.phase("Back up", () =>
      phases.measure("backup", () =>
        runTogether(context, stores, async (store) => {
          const { previous, finished } = recall(store, earlier, startedAt, reporter);
          const held = await store.backup(writer.sinkOf(store.name, previous, finished));
          reporter.info(describeStore(held));
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
    await writer.put(restoreGuideKey(id), Buffer.from(renderRestoreGuide(complete, destination.url)));
    return complete;
  });
  // Outside the tidying: once the manifest may have arrived, its objects must stay.
  await publish(manifest, destination);
  if (encryption) warnOfOthers(manifest, encryption, context);
  reporter.info(`Backup ${id} is complete.`);
  await tidyAfterSuccess(manifest, writer, earlier, destination, reporter);
  return {
    command: "backup",
    backupId: id,
    sizeBytes: sizeOfBackup(manifest),
    sentBytes: writer.sentBytes,
    seconds: secondsSince(clock, startMs),
    manifest,
  };
}

/** Recipients hold from now on: what an earlier backup sent stays as it was written. */
function warnOfOthers({ stores }: Manifest, { recipients }: AgeEncryption, { reporter }: RunContext): void {
  const objects = stores.flatMap(objectsOfStore);
  for (const recipient of recipients) {
    const closed = objects.filter(({ age }) => age && !age.recipients.includes(recipient));
    if (closed.length === 0) continue;
    const size = formatBytes(closed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    reporter.warn(
      `${countOf(closed.length, "object")} (${size}) of this backup cannot be opened with ${describeKeyOf(recipient)}: ` +
        "earlier backups wrote them for others. Run backup --full once, or rekey, to change that.",
    );
  }
  const former = new Set(objects.flatMap(({ age }) => age?.recipients ?? []));
  for (const recipient of recipients) former.delete(recipient);
  if (former.size === 0) return;
  reporter.warn(
    `Objects of this backup that earlier ones wrote can still be opened with ${[...former].map(describeKeyOf).join(" or ")}, ` +
      "for which nothing is written any more.",
  );
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

/** What lies at the destination that need not be sent again. */
interface Earlier {
  newest: Manifest | undefined;
  receipts: readonly Receipt[];
}
const NOTHING: Earlier = { newest: undefined, receipts: [] };

/**
 * The newest backup, and what dead runs had finished. A credential that may not read is no obstacle to a backup,
 * and neither is a damaged manifest: everything is sent then.
 */
async function findEarlier(destination: Destination, now: Date, context: RunContext): Promise<Earlier> {
  try {
    const newest = await findNewestBackup(destination);
    return { newest, receipts: await readReceipts(destination, new Date(now.getTime() - RUN_LIMIT_MS)) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    context.reporter.warn(
      `Everything will be sent, since the newest backup cannot be read: ${error.message}`,
    );
    return NOTHING;
  }
}

/** What is known of one store; nothing when it is time to read all of it again. */
function recall(
  store: Store,
  { newest, receipts }: Earlier,
  now: Date,
  reporter: Reporter,
): { previous: StoreManifest | undefined; finished: ClickHousePart[] } {
  const previous = newest?.stores.find((candidate) => candidate.store === store.name);
  const finished = receipts.flatMap((receipt) => (receipt.store === store.name ? receipt.parts : []));
  const oldest = previous && findOldestData(previous);
  const { fullEveryMs } = store;
  if (fullEveryMs !== undefined && oldest && now.getTime() - oldest.getTime() >= fullEveryMs) {
    reporter.info(
      `${store.name}: everything is sent, since some of it was last sent ${oldest.toISOString()} (full-every).`,
    );
    return { previous: undefined, finished };
  }
  return { previous, finished };
}

/** When the oldest of the objects that a backup shares with others was sent; undefined when it shares none. */
function findOldestData(store: StoreManifest): Date | undefined {
  if (store.kind !== "clickhouse") return undefined;
  const times = store.parts.flatMap(({ key }) => findBackupTime(findWriterOfPart(key) ?? "") ?? []);
  return times.sort((a, b) => a.getTime() - b.getTime())[0];
}

/**
 * Removes what a complete backup makes needless: parts that this run sent and then sent anew, because their rows
 * had changed under the read, and receipts. Best effort: prune finds them too.
 */
async function tidyAfterSuccess(
  manifest: Manifest,
  writer: BackupWriter,
  { receipts }: Earlier,
  destination: Destination,
  reporter: Reporter,
): Promise<void> {
  const needed = new Set(manifest.stores.flatMap(objectsOfStore).map(({ key }) => key));
  const needless = writer.keys.filter((key) => key.startsWith(partsPrefix) && !needed.has(key));
  try {
    await settleAll(needless.map((key) => destination.remove(key)));
    await removeReceipts(destination, [manifest.id, ...receipts.map(({ backupId }) => backupId)]);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    reporter.info(`Some objects that no backup needs are left for prune: ${error.message}`);
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
        const received = await writer.writeReceipts(destination);
        const needless = writer.keys.filter((key) => !received.has(key));
        await settleAll(needless.map((key) => destination.remove(key)));
        if (received.size > 0) {
          context.reporter.info(
            `${countOf(received.size, "part")} of this run stay: the next one need not send them.`,
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
