import pLimit from "p-limit";
import { objectsOfStore } from "../backup/manifest.ts";
import type { Manifest, StoreKind, StoreManifest, StoredObject } from "../backup/manifest.ts";
import { pickSample } from "../backup/sample.ts";
import type { Destination } from "../destinations/destination.ts";
import { backupsPrefix, manifestKey, partsPrefix, restoreGuideKey } from "../destinations/keys.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { AppError } from "../errors.ts";
import { readSeal } from "../report/guide-seal.ts";
import { countOf } from "../report/quantities.ts";
import type { RunContext } from "../run-context.ts";
import type { ContentProof } from "../stores/store.ts";
import { secondsSince } from "../sys/clock.ts";
import { listBackupIds, pickBackup, readManifests } from "./catalogue/catalogue.ts";
import { readObjects } from "./objects/object-reader.ts";
import { verifyServerPlaces } from "./catalogue/server-places.ts";
import type { ServerPlace } from "./catalogue/server-places.ts";

const OBJECTS_AT_ONCE = 4;

/** Which backups are looked at: one by its id, all, or the newest with a share of the older ones. */
export type VerifyScope =
  { kind: "newest" } | { kind: "one"; id: string } | { kind: "all" } | { kind: "sample"; share: number };

export interface VerifyRequest {
  destination: Destination;
  scope: VerifyScope;
  /** Read every byte; else only look whether each object is there in its full size. */
  full: boolean;
  /** Opens what is encrypted; without it, encrypted objects are held against their digests alone. */
  keyring?: Keyring;
  /** Reads content to its end, by the kind of store that wrote it. */
  openProof: (kind: StoreKind) => Promise<ContentProof>;
  /** Where servers write rows by themselves. */
  serverPlaces?: readonly ServerPlace[];
}

/** One object that is not what a manifest says. */
export interface Damage {
  key: string;
  /** The backups that need it. */
  backups: string[];
  /** In a sentence. */
  what: string;
}

export interface VerifyResult {
  command: "verify";
  destination: string;
  mode: "quick" | "full";
  verdict: "intact" | "damaged";
  /** Newest first. */
  backups: string[];
  objects: number;
  /** Of the objects: what they have together, and in full mode what was read. */
  sizeBytes: number;
  damages: Damage[];
  /** What could not be looked into, in sentences. */
  notProven: string[];
  seconds: number;
}

/** An object, and who needs it. */
interface Need {
  object: StoredObject;
  store: StoreManifest;
  backups: string[];
}

/**
 * Holds what lies at a destination against its manifests. Damage is the result and no error: all of it is found.
 *
 * @throws AppError BACKUP_NOT_FOUND, FORMAT_TOO_NEW, DESTINATION_…, CANCELLED
 */
export async function verify(request: VerifyRequest, context: RunContext): Promise<VerifyResult> {
  const { destination, full } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const notProven = new Set<string>();
  const { manifests, damages } = await reporter.phase("Find", () => findBackups(request, notProven, context));
  const needs = listNeeds(manifests, damages);
  await reporter.phase(full ? "Read" : "Look", async () => {
    damages.push(...(await findMissing(needs, manifests, destination)));
    const written = await verifyServerPlaces(manifests, request.serverPlaces ?? []);
    damages.push(...written.damages);
    for (const sentence of written.notProven) notProven.add(sentence);
    if (!full) return;
    damages.push(...(await findChangedGuides(manifests, damages, request, notProven)));
    damages.push(...(await readAll(needs, damages, request, notProven, context)));
  });
  damages.sort((a, b) => a.key.localeCompare(b.key));
  for (const { key, what } of damages) reporter.warn(`${key}: ${what}`);
  return {
    command: "verify",
    destination: destination.url,
    mode: full ? "full" : "quick",
    verdict: damages.length > 0 ? "damaged" : "intact",
    backups: manifests.map(({ id }) => id),
    objects: needs.length,
    sizeBytes: needs.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    damages,
    notProven: [...notProven],
    seconds: secondsSince(clock, startMs),
  };
}

async function findBackups(
  { destination, scope }: VerifyRequest,
  notProven: Set<string>,
  { clock, reporter }: RunContext,
): Promise<{ manifests: Manifest[]; damages: Damage[] }> {
  await destination.check();
  const ids = await listBackupIds(destination);
  const [newest] = ids;
  // Says what there is, where there is not what was asked for.
  if (newest === undefined || (scope.kind === "one" && !ids.includes(scope.id))) {
    return {
      manifests: [await pickBackup(destination, scope.kind === "one" ? { id: scope.id } : {})],
      damages: [],
    };
  }
  const chosen = {
    newest: [newest],
    all: ids,
    one: scope.kind === "one" ? [scope.id] : [],
    sample: scope.kind === "sample" ? [newest, ...pickSample(ids.slice(1), scope.share, clock.now())] : [],
  }[scope.kind];
  reporter.info(`${countOf(chosen.length, "backup")} of ${ids.length} at ${destination.url}`);
  const { readable, unreadable } = await readManifests(destination, chosen);
  const damages: Damage[] = [];
  for (const { id, error } of unreadable) {
    if (error.code === "FORMAT_TOO_NEW") notProven.add(error.message);
    else damages.push({ key: manifestKey(id), backups: [id], what: error.message });
  }
  return { manifests: readable, damages };
}

/** Every object once, whoever refers to it. */
function listNeeds(manifests: readonly Manifest[], damages: Damage[]): Need[] {
  const needs = new Map<string, Need>();
  for (const { id, stores } of manifests) {
    for (const store of stores) {
      for (const object of objectsOfStore(store)) {
        const known = needs.get(object.key);
        if (!known) needs.set(object.key, { object, store, backups: [id] });
        else if (known.object.sha256 === object.sha256) known.backups.push(id);
        else {
          const what = `Two manifests say different things of it: those of ${known.backups.join(", ")} and ${id}.`;
          damages.push({ key: object.key, backups: [...known.backups, id], what });
        }
      }
    }
  }
  return [...needs.values()];
}

/** By listing, which tells a thousand sizes with one request. */
async function findMissing(
  needs: readonly Need[],
  manifests: readonly Manifest[],
  destination: Destination,
): Promise<Damage[]> {
  const sizes = new Map<string, number>();
  const wanted = new Set(needs.map(({ object }) => object.key));
  const prefixes = [
    ...(needs.some(({ object }) => object.key.startsWith(partsPrefix)) ? [partsPrefix] : []),
    backupsPrefix,
  ];
  const guides = new Map(manifests.map(({ id }) => [restoreGuideKey(id), id]));
  for (const prefix of prefixes) {
    for await (const { key, sizeBytes } of destination.list(prefix)) {
      if (wanted.has(key) || guides.has(key)) sizes.set(key, sizeBytes);
    }
  }
  const damages = needs.flatMap(({ object: { key, sizeBytes }, backups }): Damage[] => {
    const found = sizes.get(key);
    if (found === sizeBytes) return [];
    const what = found === undefined ? "It is not there." : `It has ${found} bytes instead of ${sizeBytes}.`;
    return [{ key, backups, what }];
  });
  for (const [key, id] of guides) {
    if (!sizes.has(key)) damages.push({ key, backups: [id], what: "It is not there." });
  }
  return damages;
}

/** A guide proves itself; nobody can say whether one of the first format, which had no seal, is as it was. */
async function findChangedGuides(
  manifests: readonly Manifest[],
  known: readonly Damage[],
  { destination }: VerifyRequest,
  notProven: Set<string>,
): Promise<Damage[]> {
  const missing = new Set(known.map(({ key }) => key));
  const limit = pLimit(OBJECTS_AT_ONCE);
  const judge = async ({ id, formatVersion }: Manifest): Promise<Damage[]> => {
    const key = restoreGuideKey(id);
    if (missing.has(key)) return [];
    const seal = readSeal(await destination.read(key));
    if (seal === "absent" && formatVersion === 1) {
      notProven.add("Guides of backups of format 1 were only looked for: they do not carry their SHA-256.");
    } else if (seal !== "intact") {
      return [{ key, backups: [id], what: "It is not what was written: its SHA-256 is another." }];
    }
    return [];
  };
  return (await Promise.all(manifests.map((manifest) => limit(() => judge(manifest))))).flat();
}

/** @param known - objects that are not read, since they are damaged for sure */
async function readAll(
  needs: readonly Need[],
  known: readonly Damage[],
  { destination, keyring, openProof }: VerifyRequest,
  notProven: Set<string>,
  context: RunContext,
): Promise<Damage[]> {
  const { reporter } = context;
  const skipped = new Set(known.map(({ key }) => key));
  const unread = new UnreadContents();
  const left = needs.filter(({ object }) => !skipped.has(object.key));
  const total = left.reduce((sum, { object }) => sum + object.sizeBytes, 0);
  const damages: Damage[] = [];
  let done = 0;
  const limit = pLimit(OBJECTS_AT_ONCE);
  const reading = left.map(({ object, store, backups }) =>
    limit(async () => {
      const isLocked = object.age !== undefined && !keyring?.holdsOneOf(object.age.recipients);
      const content = await readObjects(destination, isLocked ? undefined : keyring, context).open(object);
      if (isLocked) {
        for await (const _ of content) {
          // What is inside, nobody here can see.
        }
        notProven.add(
          "Encrypted objects were held against their digests only: nothing that was given opens them.",
        );
      } else {
        const why = await (await openProof(store.kind)).prove(store, object, content);
        if (why !== undefined) unread.add(object.key, why);
      }
    })
      .catch((error: unknown) => {
        const isDamage =
          error instanceof AppError && ["BACKUP_DAMAGED", "OBJECT_MISSING"].includes(error.code);
        if (!isDamage) throw error;
        damages.push({ key: object.key, backups, what: error.message });
      })
      .then(() => {
        done += object.sizeBytes;
        reporter.progress({ label: "Verified", done, total, unit: "bytes" });
      }),
  );
  try {
    await Promise.all(reading);
  } catch (error) {
    context.stopAll(); // what else is under way need not go on
    await Promise.allSettled(reading);
    throw error;
  }
  for (const sentence of unread.sentences()) notProven.add(sentence);
  return damages;
}

/** Objects whose values nobody here can read: those of one folder, such as a table's, are told of together. */
class UnreadContents {
  readonly #groups = new Map<string, { folder: string; why: string; keys: string[] }>();

  add(key: string, why: string): void {
    const folder = key.slice(0, key.lastIndexOf("/"));
    const group = this.#groups.get(`${folder}\n${why}`) ?? { folder, why, keys: [] };
    this.#groups.set(`${folder}\n${why}`, group);
    group.keys.push(key);
  }

  sentences(): string[] {
    return [...this.#groups.values()]
      .map(({ folder, why, keys }) =>
        keys.length === 1
          ? `${keys[0]} was held against its digest only, since ${why}`
          : `${countOf(keys.length, "object")} in ${folder} were held against their digests only, since ${why}`,
      )
      .sort();
  }
}
