import pLimit from "p-limit";
import { objectsOfStore } from "../backup/manifest.ts";
import type { Manifest, StoredObject } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import type { RunContext } from "../run-context.ts";
import { listBackupIds, pickBackup, readManifest } from "./catalogue/catalogue.ts";
import type { Selection } from "./catalogue/catalogue.ts";
import { readObjects } from "./objects/object-reader.ts";
import { publish, putRestoreGuide } from "./catalogue/publish.ts";
import { settleAll } from "./together.ts";

const OBJECTS_AT_ONCE = 4;

export interface CopyRequest {
  from: Destination;
  to: readonly Destination[];
  selection: Selection;
  /** Every backup that is missing, and not one alone. */
  isAll: boolean;
}

/** What was copied to one destination. */
export interface Copied {
  url: string;
  /** Backups that are complete there now and were not before, oldest first. */
  backups: string[];
  objects: number;
  sizeBytes: number;
}

export interface CopyResult {
  command: "copy";
  from: string;
  to: Copied[];
}

/**
 * Copies backups between destinations, each object proved on its way: what the others lack of it, and its manifest
 * last. Objects that are there already are not sent again, so a copy that was killed goes on where it was.
 *
 * @throws AppError BACKUP_NOT_FOUND, and what either destination throws; one that fails does not stop the others
 */
export async function copy(request: CopyRequest, context: RunContext): Promise<CopyResult> {
  const { from, to, selection, isAll } = request;
  const { reporter } = context;
  const ids = await reporter.phase("Find", async () =>
    isAll ? (await listBackupIds(from)).reverse() : [(await pickBackup(from, selection)).id],
  );
  const copied = await reporter.phase("Copy", () =>
    settleAll(to.map((destination) => copyTo(destination, ids, from, context))),
  );
  return { command: "copy", from: from.url, to: copied };
}

async function copyTo(
  to: Destination,
  ids: readonly string[],
  from: Destination,
  context: RunContext,
): Promise<Copied> {
  await to.check("write");
  const present = new Set(await listBackupIds(to));
  const copied: Copied = { url: to.url, backups: [], objects: 0, sizeBytes: 0 };
  for (const id of ids.filter((candidate) => !present.has(candidate))) {
    await copyBackup(await readManifest(from, id), { from, to, copied }, context);
    copied.backups.push(id);
    context.reporter.info(`${id} is complete at ${to.url}.`);
  }
  return copied;
}

async function copyBackup(
  manifest: Manifest,
  { from, to, copied }: { from: Destination; to: Destination; copied: Copied },
  context: RunContext,
): Promise<void> {
  const stored = readObjects(from, undefined, context);
  const limit = pLimit(OBJECTS_AT_ONCE);
  /** Objects that were there already. */
  const found: StoredObject[] = [];
  const copyObject = async (object: StoredObject): Promise<void> => {
    const { key, sizeBytes } = object;
    if ((await to.findSize(key)) === sizeBytes) {
      await to.extendLock(key);
      found.push(object);
      return;
    }
    await to.put(key, await stored.open(object), sizeBytes);
    copied.objects += 1;
    copied.sizeBytes += sizeBytes;
    context.reporter.progress({ label: `Copied to ${to.url}`, done: copied.sizeBytes, unit: "bytes" });
  };
  const copyAll = async (objects: readonly StoredObject[]): Promise<void> => {
    await settleAll(objects.map((object) => limit(() => copyObject(object))));
  };
  await copyAll(manifest.stores.flatMap(objectsOfStore));
  // While the others were sent, prune may have taken them: no manifest referred to them.
  await copyAll(found.splice(0));
  await putRestoreGuide(manifest, to);
  await publish(manifest, to);
}
