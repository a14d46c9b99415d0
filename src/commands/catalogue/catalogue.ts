import { randomInt } from "node:crypto";
import pLimit from "p-limit";
import { parseManifest } from "../../backup/manifest.ts";
import type { Manifest } from "../../backup/manifest.ts";
import { parsePin } from "../../backup/pin.ts";
import type { Pin } from "../../backup/pin.ts";
import type { Destination, Listed } from "../../destinations/destination.ts";
import {
  backupsPrefix,
  drillKey,
  drillsPrefix,
  findBackupOf,
  findBackupTime,
  findDrillOf,
  manifestKey,
  manifestName,
  pinsPrefix,
} from "../../destinations/keys.ts";
import { parseDrillRecord } from "../../drill/record.ts";
import type { DrillRecord } from "../../drill/record.ts";
import { AppError } from "../../errors.ts";

/** Each is small, and most of its time is waiting. */
const READS_AT_ONCE = 48;

/** Which backup a restore or a drill is to take. Without any field: the newest complete one. */
export interface Selection {
  id?: string;
  /** Only those whose data is older than this. */
  before?: Date;
  /** Which of them; the newest when absent. */
  pick?: "newest" | "oldest" | "random";
}

/**
 * The ids of the complete backups at a destination, newest first. A folder without a manifest is a run that is
 * under way or died, and is not listed.
 */
export async function listBackupIds(destination: Destination): Promise<string[]> {
  return [...(await listManifests(destination)).keys()];
}

/** The manifests of the complete backups as they are listed, by id, newest first. */
export async function listManifests(destination: Destination): Promise<Map<string, Listed>> {
  const manifests: [string, Listed][] = [];
  for await (const listed of destination.listInFolders(backupsPrefix, manifestName)) {
    const id = findBackupOf(listed.key);
    if (id !== undefined) manifests.push([id, listed]);
  }
  return new Map(manifests.sort(([a], [b]) => (a < b ? 1 : -1)));
}

/** @throws AppError OBJECT_MISSING, BACKUP_DAMAGED, FORMAT_TOO_NEW */
export async function readManifest(destination: Destination, id: string): Promise<Manifest> {
  const key = manifestKey(id);
  const where = `${destination.url}/${key}`;
  const manifest = parseManifest(await destination.read(key), where);
  if (manifest.id === id) return manifest;
  throw new AppError("BACKUP_DAMAGED", `The manifest ${where} is that of another backup.`, {
    hint: "Somebody copied it there: restore a backup that lies in its own folder.",
  });
}

/** What lies at a destination, and what of it cannot be read: one damaged object must not hide the others. */
export interface Readings<T> {
  readable: T[];
  /** In sentences. */
  unreadable: string[];
}

/** The same, with what each error was. */
export interface Outcomes<T> {
  readable: T[];
  unreadable: { id: string; error: AppError }[];
}

/** The manifests of all complete backups, newest first. */
export async function readCatalogue(destination: Destination): Promise<Readings<Manifest>> {
  return toReadings(await readManifests(destination, await listBackupIds(destination)));
}

/** The manifests of some backups, in the order of the ids, and those that cannot be read, each with the reason. */
export async function readManifests(
  destination: Destination,
  ids: readonly string[],
): Promise<Outcomes<Manifest>> {
  return await readEach(ids, (id) => readManifest(destination, id));
}

/**
 * The manifests of some backups, all of them or none: what one that cannot be read refers to would be taken for garbage.
 *
 * @throws AppError BACKUP_DAMAGED
 */
export async function requireManifests(
  destination: Destination,
  ids: readonly string[],
): Promise<Manifest[]> {
  const { readable, unreadable } = toReadings(await readManifests(destination, ids));
  if (unreadable.length === 0) return readable;
  throw new AppError(
    "BACKUP_DAMAGED",
    `Nothing is removed, since nobody knows what these backups need:\n${unreadable.join("\n")}`,
    {
      hint: "Read them with the version of lifeboat that wrote them; or, when they are lost, remove their folders by hand.",
    },
  );
}

/** The newest complete backup, or undefined where there is none yet. */
export async function findNewestBackup(destination: Destination): Promise<Manifest | undefined> {
  const [newest] = await listBackupIds(destination);
  return newest === undefined ? undefined : await readManifest(destination, newest);
}

/** @throws AppError BACKUP_NOT_FOUND, and what reading the manifest throws */
export async function pickBackup(destination: Destination, selection: Selection): Promise<Manifest> {
  const ids = await listBackupIds(destination);
  const { id, before, pick = "newest" } = selection;
  const candidates = ids.filter(
    (candidate) =>
      (id === undefined || candidate === id) &&
      (before === undefined || (findBackupTime(candidate)?.getTime() ?? Infinity) < before.getTime()),
  );
  const places = {
    newest: 0,
    oldest: candidates.length - 1,
    random: randomInt(Math.max(candidates.length, 1)),
  };
  const picked = candidates[places[pick]];
  if (picked === undefined) throw notFound(destination, selection, ids);
  return await readManifest(destination, picked);
}

/** The ids of the drills that left a record at a destination, newest first. */
export async function listDrillIds(destination: Destination): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of destination.list(drillsPrefix)) {
    const id = findDrillOf(key);
    if (id !== undefined) ids.push(id);
  }
  return ids.sort().reverse();
}

/** Some drill records, in the order of the ids, and those that cannot be read, each with the reason. */
export async function readDrillRecords(
  destination: Destination,
  ids: readonly string[],
): Promise<Outcomes<DrillRecord>> {
  return await readEach(ids, async (id) => {
    const key = drillKey(id);
    return parseDrillRecord(await destination.read(key), `${destination.url}/${key}`);
  });
}

/** All drill records at a destination, oldest first. */
export async function readDrills(destination: Destination): Promise<Readings<DrillRecord>> {
  const drills = toReadings(await readDrillRecords(destination, await listDrillIds(destination)));
  drills.readable.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  return drills;
}

/**
 * The pins at a destination, by the backup they keep.
 *
 * @throws AppError BACKUP_DAMAGED, FORMAT_TOO_NEW: what a pin keeps must not go because it cannot be read
 */
export async function readPins(destination: Destination): Promise<Map<string, Pin>> {
  const pins = new Map<string, Pin>();
  for await (const { key } of destination.list(pinsPrefix)) {
    const pin = parsePin(await destination.read(key), `${destination.url}/${key}`);
    pins.set(pin.backupId, pin);
  }
  return pins;
}

/** About the object that was read, and not about the destination. */
const OF_ONE_OBJECT: ReadonlySet<string> = new Set(["BACKUP_DAMAGED", "FORMAT_TOO_NEW", "OBJECT_MISSING"]);

/** Reads each of some objects, a number at a time, and tells which of them cannot be read. */
export async function readEach<T>(
  names: readonly string[],
  read: (name: string) => Promise<T>,
): Promise<Outcomes<T>> {
  const limit = pLimit(READS_AT_ONCE);
  const outcomes: Outcomes<T> = { readable: [], unreadable: [] };
  const settled = await Promise.allSettled(names.map((name) => limit(() => read(name))));
  for (const [index, outcome] of settled.entries()) {
    if (outcome.status === "fulfilled") {
      outcomes.readable.push(outcome.value);
      continue;
    }
    const error: unknown = outcome.reason;
    if (!(error instanceof AppError) || !OF_ONE_OBJECT.has(error.code)) throw error;
    outcomes.unreadable.push({ id: names[index]!, error });
  }
  return outcomes;
}

function toReadings<T>({ readable, unreadable }: Outcomes<T>): Readings<T> {
  return { readable, unreadable: unreadable.map(({ error }) => error.message) };
}

function notFound(destination: Destination, { id, before }: Selection, ids: string[]): AppError {
  const wanted = [
    id === undefined ? "" : ` with the id ${id}`,
    before === undefined ? "" : ` from before ${before.toISOString()}`,
  ].join("");
  const hint =
    ids.length === 0
      ? "Run lifeboat backup first, and check that name and destination are those it was run with."
      : ids.length === 1
        ? `There is one, ${ids[0]}.`
        : `There are ${ids.length}, from ${ids.at(-1)} to ${ids[0]}; lifeboat list shows them.`;
  return new AppError("BACKUP_NOT_FOUND", `${destination.url} holds no complete backup${wanted}.`, { hint });
}
