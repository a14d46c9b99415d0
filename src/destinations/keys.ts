import { randomInt } from "node:crypto";
import { AppError } from "../errors.ts";

/**
 * The only place where object keys are built or taken apart. All keys are relative to `<prefix>/<name>/` of the
 * destination; docs/backup-format.md draws the layout.
 */

const BACKUPS = "backups/";
const DRILLS = "drills/";
const OUTCOMES = "outcomes/";
const PARTS = "parts/";
const PINS = "pins/";
const RECEIPTS = "receipts/";
const SHARDS = "shards/";

/** What the id of a backup looks like. */
const ID = "\\d{8}T\\d{6}Z-[0-9a-f]{4}";
/** The key of a part: up to the run that sent it, that run, the last one of `rekey`, if any, and the end. */
const PART_FORM = new RegExp(`^(${PARTS}.+?-(${ID}))(?:-(${ID}))?(\\.native\\.zst)(?:\\.age)?$`);

/**
 * The id of a run that starts now. Its last digits are the milliseconds, so that of two runs in one second the later
 * sorts last, and chance below that.
 */
export function drawBackupId(startedAt: Date): string {
  const suffix = startedAt.getUTCMilliseconds() * SUFFIXES_PER_MS + randomInt(SUFFIXES_PER_MS);
  return buildBackupId(startedAt, suffix.toString(16).padStart(4, "0"));
}

/** As many for each of a second's thousand as four hexadecimal digits allow. */
const SUFFIXES_PER_MS = 65;

/** @param suffix - four hexadecimal digits, by which two runs in one second differ */
export function buildBackupId(startedAt: Date, suffix: string): string {
  const compact = startedAt.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${compact}-${suffix}`;
}

/** The time in a backup's id, or undefined when the text is no backup id. */
export function findBackupTime(id: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{4}$/.exec(id);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

export const backupsPrefix = BACKUPS;
export const drillsPrefix = DRILLS;
export const partsPrefix = PARTS;
export const pinsPrefix = PINS;
export const receiptsPrefix = RECEIPTS;
export const shardsPrefix = SHARDS;

/** Under which rights are tried: no backup or drill has such an id, and nothing ever lies there. */
export const probeId = "probe";
export const probeKey = `${BACKUPS}${probeId}/${probeId}/${probeId}`;

/** What lies in the folder of every complete backup, and of no other. */
export const manifestName = "manifest.json";

/** All that belongs to one backup alone. */
export function backupFolder(backupId: string): string {
  return `${BACKUPS}${backupId}/`;
}

export function manifestKey(backupId: string): string {
  return `${backupFolder(backupId)}${manifestName}`;
}

export function restoreGuideKey(backupId: string): string {
  return `${BACKUPS}${backupId}/RESTORE.md`;
}

/** An object that belongs to one backup alone, such as `app.dump`. */
export function storeObjectKey(backupId: string, store: string, file: string): string {
  return `${BACKUPS}${backupId}/${store}/${file}`;
}

/**
 * The rows of one partition, an object that later backups may refer to. The fingerprint says what it holds; the
 * id of the backup that writes it keeps two runs that read the same state at the same time from writing one key.
 *
 * @param time - how often this run has read it by now
 */
export function partKey(
  store: string,
  part: {
    database: string;
    table: string;
    partition: string;
    fingerprint: string;
    slice?: { number: number; of: number } | undefined;
  },
  backupId: string,
  time = 1,
): string {
  const table = `${encodeName(part.database)}.${encodeName(part.table)}`;
  const slice = part.slice ? `-${part.slice.number}of${part.slice.of}` : "";
  const again = time === 1 ? "" : `-time${time}`;
  const name = `${encodeName(part.partition)}-${part.fingerprint}${slice}${again}-${backupId}`;
  return `${PARTS}${store}/${table}/${name}.native.zst`;
}

/** Where the parts of one store lie. */
export function partsFolder(store: string): string {
  return `${PARTS}${store}/`;
}

/** Whether a key below `partsPrefix` was written by the run of this backup. */
export function isPartOfBackup(key: string, backupId: string): boolean {
  const name = `-${backupId}.native.zst`;
  return key.endsWith(name) || key.endsWith(encryptedKey(name));
}

/** The key of an object that is an age file. */
export function encryptedKey(key: string): string {
  return `${key}.age`;
}

/**
 * The key beside an object's under which `rekey` writes its content anew, without the ending of `encryptedKey`.
 *
 * @param rekeyId - in the form of a backup's id; of a part it counts as the run that wrote it
 */
export function rekeyedKey(key: string, rekeyId: string): string {
  // Two backups may each have sent the same partition: the id of the run that did keeps their keys apart.
  if (key.startsWith(PARTS)) return key.replace(PART_FORM, `$1-${rekeyId}$4`);
  return key.replace(/\.age$/, "").replace(new RegExp(`(\\.rekeyed-${ID})?$`), `.rekeyed-${rekeyId}`);
}

/**
 * What `rekeyedKey` leaves as it is of a part's key, and when the part was rekeyed last, if it was; undefined for a key of
 * another form.
 */
export function findOriginOfPart(key: string): { origin: string; rekeyedAt?: Date | undefined } | undefined {
  const [, origin, , rekeyId] = PART_FORM.exec(key) ?? [];
  if (origin === undefined) return undefined;
  return { origin, ...(rekeyId !== undefined && { rekeyedAt: findBackupTime(rekeyId) }) };
}

/** The backup whose run wrote the part under a key below `partsPrefix`, or undefined for a key of another form. */
export function findWriterOfPart(key: string): string | undefined {
  const [, , sentBy, rekeyId] = PART_FORM.exec(key) ?? [];
  const id = rekeyId ?? sentBy;
  return id !== undefined && findBackupTime(id) ? id : undefined;
}

/** Parts that a run under way has finished, a few at a time. */
export function receiptKey(backupId: string, store: string, number: number): string {
  return `${receiptsFolder(backupId)}${store}-${number}.json`;
}

export function receiptsFolder(backupId: string): string {
  return `${RECEIPTS}${backupId}/`;
}

/** The run that wrote a receipt, or undefined when the key is that of no receipt. */
export function findRunOfReceipt(key: string): string | undefined {
  const id = /^receipts\/([^/]+)\/[^/]+\.json$/.exec(key)?.[1];
  return id !== undefined && findBackupTime(id) ? id : undefined;
}

/** That a server writes a folder by itself; no run's receipts lie there. */
export const serverFoldersPrefix = `${RECEIPTS}server-folders/`;

/** @param folder - the last part of its name, in the form of a backup's id */
export function serverFolderKey(folder: string): string {
  return `${serverFoldersPrefix}${folder.split("/").at(-1) ?? ""}.json`;
}

/** What the runs that share one backup tell each other. */
export function shardsFolder(backupId: string): string {
  return `${SHARDS}${backupId}/`;
}

/** Which of them backs up what. */
export function planKey(backupId: string): string {
  return `${shardsFolder(backupId)}plan.json`;
}

/** What one of them has done. @param shard - such as `2/3` */
export function shardKey(backupId: string, shard: string): string {
  return `${shardsFolder(backupId)}${writeShard(shard)}.json`;
}

/** That an attempt at one of them has begun. @param attempt - 1 for the first */
export function attemptKey(backupId: string, shard: string, attempt: number): string {
  return `${shardsFolder(backupId)}${writeShard(shard)}-attempt-${attempt}.json`;
}

/** A shard's name as part of a key. */
export function writeShard(shard: string): string {
  return shard.replace("/", "of");
}

/** The backup that a key below `shardsPrefix` is about, or undefined when no run gives such a key. */
export function findBackupOfShard(key: string): string | undefined {
  const [folder, id = "", ...rest] = key.split("/");
  return `${folder}/` === SHARDS && rest.length === 1 && findBackupTime(id) ? id : undefined;
}

/** What keeps one backup, whatever the rules of retention say. */
export function pinKey(backupId: string): string {
  return `${PINS}${backupId}.json`;
}

/** The backup in whose folder a key lies, or undefined when it lies elsewhere. */
export function findBackupOf(key: string): string | undefined {
  const [folder, id = "", ...rest] = key.split("/");
  return `${folder}/` === BACKUPS && rest.length > 0 && findBackupTime(id) ? id : undefined;
}

/** Whether a key is that of rows or definitions, and not of a document about them. */
export function isDataKey(key: string): boolean {
  return key.startsWith(PARTS) || (key.startsWith(BACKUPS) && key.split("/").length > 3);
}

/** Whether a key is part of a backup: nobody but retention ever removes it. */
export function isLockableKey(key: string): boolean {
  return key.startsWith(PARTS) || key.startsWith(BACKUPS);
}

export function drillKey(drillId: string): string {
  return `${DRILLS}${drillId}.json`;
}

/** The drill whose record lies under a key, or undefined when the key is that of no record. */
export function findDrillOf(key: string): string | undefined {
  return /^drills\/([^/]+)\.json$/.exec(key)?.[1];
}

/** How the last run of a command ended. */
export function outcomeKey(command: string): string {
  return `${OUTCOMES}${command}.json`;
}

/**
 * Gives a key back when it stays where it belongs. Keys are read from manifests as well, and a manifest that was
 * tampered with must not make a restore read, or a prune remove, anything outside of the destination.
 *
 * @throws AppError BACKUP_DAMAGED: a part of the key is empty, `.` or `..`, or holds a control character or `\\`
 */
export function requireSafeKey(key: string): string {
  const isSafe = key.split("/").every((part) => !["", ".", ".."].includes(part));
  if (isSafe && !/[\u0000-\u001f\u007f\\]/.test(key)) return key;
  throw new AppError("BACKUP_DAMAGED", `${JSON.stringify(key)} is no key inside of a destination.`, {
    hint: "No run writes such a key: whatever names it was changed by somebody, so do not restore from it.",
  });
}

/** Database names may hold any character; keys keep to those that every store, shell and URL takes as they are. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/[.!'()*~%]/g, (character) =>
    character === "%" ? "=" : `=${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
