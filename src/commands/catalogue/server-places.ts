import type { Manifest, ServerBackup } from "../../backup/manifest.ts";
import type { Destination, Listed } from "../../destinations/destination.ts";
import { findBackupTime } from "../../destinations/keys.ts";
import { AppError } from "../../errors.ts";
import type { NotedFolder } from "./server-folders.ts";
import type { Damage } from "../verify.ts";

/** A place that database servers write rows to by themselves, as far as this machine reaches it. */
export interface ServerPlace extends Pick<ServerBackup, "engine" | "at"> {
  /** Absent for a disk of the server, and where no credentials are given. */
  objects?: Destination;
}

/** One folder that a server wrote, and the backups that cannot do without it. */
interface Folder {
  place: Pick<ServerBackup, "engine" | "at">;
  name: string;
  backups: string[];
  /** Undefined where the manifest of the backup that wrote it is not among those that were read. */
  sizeBytes: number | undefined;
}

/** What became of the folders at one place that no backup needs any longer. */
export interface PrunedPlace {
  at: string;
  removedFolders: string[];
  removedObjects: number;
  removedBytes: number;
  /** What is to be removed by hand, and why. */
  leftFolders: string[];
  why?: string;
}

/** Without it the server reads nothing of a folder. */
const MARKER = ".backup";

/** What prune knows of the folders. */
export interface KnownFolders {
  /** The manifests of all destinations. */
  before: readonly Manifest[];
  /** What prune leaves of them. */
  left: readonly Manifest[];
  /** Folders that runs had begun so long ago that none of them is under way, whether or not a backup came of it. */
  noted: readonly NotedFolder[];
}

/**
 * Removes the folders that no backup needs: those of backups that went, and what dead runs left. Only folders that a
 * manifest or a note tells of are touched: others may write to the same place. An increment needs its whole chain, so a
 * base stays as long as anything builds on it.
 *
 * @param obstacle - why nothing can be removed this time, in a sentence
 * @throws AppError CANCELLED; what else fails is told in the result, since the manifests are gone
 */
export async function pruneServerPlaces(
  { before, left, noted }: KnownFolders,
  places: readonly ServerPlace[],
  { isDryRun, obstacle }: { isDryRun: boolean; obstacle?: string | undefined },
): Promise<PrunedPlace[]> {
  const needed = new Set(listFolders(left).map(identify));
  const pruned = new Map<string, PrunedPlace>();
  for (const folder of withNotes(listFolders(before), noted)) {
    const { place, name, notes } = folder;
    if (needed.has(identify(folder)) || !isOurs(name)) continue;
    const key = JSON.stringify([place.engine, place.at]);
    const result = pruned.get(key) ?? {
      at: place.at,
      removedFolders: [],
      removedObjects: 0,
      removedBytes: 0,
      leftFolders: [],
    };
    pruned.set(key, result);
    const objects = findObjects(folder, places);
    if (obstacle !== undefined || !objects) result.why ??= obstacle ?? explainUnreached(place);
    const isLeft = result.why !== undefined || !objects;
    try {
      if (!isLeft) {
        for (const { key, sizeBytes } of await listAll(objects, name)) {
          if (!isDryRun) await objects.remove(key);
          result.removedObjects += 1;
          result.removedBytes += sizeBytes;
        }
      }
      // Nobody reaches a disk of the server, so nobody can tell when its folder has gone: it is named once.
      const isSettled = !isLeft || (obstacle === undefined && place.engine === "Disk");
      if (isSettled && !isDryRun) for (const note of notes) await note.forget();
      (isLeft ? result.leftFolders : result.removedFolders).push(name);
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
      result.why = error.message;
      result.leftFolders.push(name);
    }
  }
  return [...pruned.values()];
}

/** The folders, with what notes tell of them, and those that only notes tell of. */
function withNotes(
  folders: readonly Folder[],
  noted: readonly NotedFolder[],
): (Folder & { notes: NotedFolder[] })[] {
  const all = new Map(folders.map((folder) => [identify(folder), { ...folder, notes: [] as NotedFolder[] }]));
  for (const note of noted) {
    const { engine, at, folder: name } = note;
    const unknown = { place: { engine, at }, name, backups: [], sizeBytes: undefined, notes: [] };
    const id = identify(unknown);
    const folder = all.get(id) ?? unknown;
    all.set(id, folder);
    folder.notes.push(note);
  }
  return [...all.values()];
}

/** Holds what lies at the places against what the manifests say: that every folder of a chain is there, in its size. */
export async function verifyServerPlaces(
  manifests: readonly Manifest[],
  places: readonly ServerPlace[],
): Promise<{ damages: Damage[]; notProven: string[] }> {
  const damages: Damage[] = [];
  const notProven = new Set<string>();
  for (const folder of listFolders(manifests)) {
    const { place, name, backups, sizeBytes } = folder;
    const objects = findObjects(folder, places);
    if (!objects) {
      notProven.add(`What a server wrote to ${place.at} was not looked at: ${explainUnreached(place)}`);
      continue;
    }
    const found = await listAll(objects, name);
    const foundBytes = found.reduce((sum, each) => sum + each.sizeBytes, 0);
    const lacksMarker = !found.some(({ key }) => key === `${name}/${MARKER}`);
    const what =
      found.length === 0
        ? "It is not there."
        : lacksMarker
          ? `It has no ${MARKER}, without which the server reads nothing of it.`
          : sizeBytes !== undefined && foundBytes !== sizeBytes
            ? `Its objects have ${foundBytes} bytes instead of ${sizeBytes}.`
            : undefined;
    if (what !== undefined) damages.push({ key: `${place.at}/${name}`, backups, what });
    notProven.add(`Of what a server wrote to ${place.at}, names and sizes were compared, not the contents.`);
  }
  return { damages, notProven: [...notProven] };
}

/** Every folder once, whoever needs it. */
function listFolders(manifests: readonly Manifest[]): Folder[] {
  const folders = new Map<string, Folder>();
  for (const { id, stores } of manifests) {
    for (const store of stores) {
      if (store.kind !== "clickhouse" || !store.serverBackup) continue;
      const { engine, at, chain, folder, writtenBytes } = store.serverBackup;
      for (const name of chain) {
        const known = { place: { engine, at }, name, backups: [], sizeBytes: undefined };
        const found: Folder = folders.get(identify(known)) ?? known;
        folders.set(identify(found), found);
        found.backups.push(id);
        if (name === folder) found.sizeBytes = writtenBytes;
      }
    }
  }
  return [...folders.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function identify({ place, name }: Pick<Folder, "place" | "name">): string {
  return JSON.stringify([place.engine, place.at, name]);
}

/** Whether the name is one that a run gives: nothing else is removed, whatever a manifest says. */
function isOurs(name: string): boolean {
  return !name.split("/").includes("..") && findBackupTime(name.split("/").at(-1) ?? "") !== undefined;
}

function findObjects({ place }: Folder, places: readonly ServerPlace[]): Destination | undefined {
  return places.find(({ engine, at }) => engine === place.engine && at === place.at)?.objects;
}

function explainUnreached({ engine }: Folder["place"]): string {
  return engine === "Disk"
    ? "It is a disk of the server, which nobody reaches over HTTP."
    : "No server-destination of lifeboat.yml gives credentials for this address.";
}

async function listAll(objects: Destination, folder: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const object of objects.list(`${folder}/`)) found.push(object);
  return found;
}
