import { Readable } from "node:stream";
import { mapObjects, objectsOfStore, serialiseManifest } from "../backup/manifest.ts";
import type { Manifest, StoredObject } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import {
  backupFolder,
  drawBackupId,
  manifestKey,
  rekeyedKey,
  restoreGuideKey,
} from "../destinations/keys.ts";
import type { AgeEncryption } from "../encryption/age.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { PASSPHRASE } from "../encryption/recipient.ts";
import { renderRestoreGuide } from "../report/restore-guide.ts";
import type { RunContext } from "../run-context.ts";
import { secondsSince } from "../sys/clock.ts";
import { listBackupIds, pickBackup, readManifest } from "./catalogue/catalogue.ts";
import { readObjects } from "./objects/object-reader.ts";
import { ObjectWriter } from "./objects/object-writer.ts";
import { requireUnchanged } from "./catalogue/publish.ts";
import { settleAll } from "./together.ts";
import { requireUnlocked } from "./objects/unlock.ts";

export interface RekeyRequest {
  destination: Destination;
  /** One backup; all when absent. */
  backupId?: string;
  /** For whom everything is encrypted afterwards. */
  encryption: AgeEncryption;
  /** Opens what is encrypted now. */
  keyring?: Keyring;
}

export interface RekeyResult {
  command: "rekey";
  destination: string;
  recipients: string[];
  /** Backups of which something was encrypted anew, and those that were as they should be; newest first. */
  rekeyed: string[];
  unchanged: string[];
  objects: number;
  sizeBytes: number;
  /** Former objects that several backups may share: prune removes them when no backup refers to them any more. */
  leftForPrune: number;
  seconds: number;
}

/**
 * Encrypts existing backups for the present recipients. No object is rewritten: new ones are written beside the old,
 * then the manifest is replaced, and only then what it no longer names is removed. So a run that ends at any moment
 * leaves every backup readable, by its former keys or by the new ones.
 *
 * @throws AppError IDENTITY_MISSING before anything is written; BACKUP_NOT_FOUND, BACKUP_DAMAGED, OBJECT_MISSING,
 *   CANCELLED, and what the destination throws
 */
export async function rekey(request: RekeyRequest, context: RunContext): Promise<RekeyResult> {
  const { destination, backupId, encryption, keyring } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const manifests = await reporter.phase("Find", async () => {
    const all = backupId === undefined ? await listBackupIds(destination) : [];
    if (all.length === 0)
      return [await pickBackup(destination, backupId === undefined ? {} : { id: backupId })];
    return await Promise.all(all.map((id) => readManifest(destination, id)));
  });
  await reporter.phase("Check", () =>
    settleAll(manifests.map((manifest) => requireUnlocked(manifest, destination, keyring))),
  );
  const run = new Rekeying(request, drawBackupId(clock.now()), context);
  const rekeyed: string[] = [];
  await reporter.phase("Encrypt", async () => {
    for (const manifest of manifests) {
      if (!(await run.rekey(manifest))) continue;
      rekeyed.push(manifest.id);
      reporter.info(`Backup ${manifest.id} is encrypted for ${encryption.recipients.join(", ")}.`);
    }
  });
  const ids = manifests.map(({ id }) => id);
  return {
    command: "rekey",
    destination: destination.url,
    recipients: [...encryption.recipients],
    rekeyed,
    unchanged: ids.filter((id) => !rekeyed.includes(id)),
    objects: run.written.size,
    sizeBytes: [...run.written.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    leftForPrune: run.leftForPrune.size,
    seconds: secondsSince(clock, startMs),
  };
}

class Rekeying {
  /** New objects by the keys of the old ones, which several backups may share. */
  readonly written = new Map<string, StoredObject>();
  readonly leftForPrune = new Set<string>();
  readonly #request: RekeyRequest;
  readonly #id: string;
  readonly #context: RunContext;
  readonly #writer: ObjectWriter;

  constructor(request: RekeyRequest, id: string, context: RunContext) {
    this.#request = request;
    this.#id = id;
    this.#context = context;
    this.#writer = new ObjectWriter(request.destination, request.encryption);
  }

  /** @returns whether there was anything to do */
  async rekey(manifest: Manifest): Promise<boolean> {
    const { destination } = this.#request;
    const { id } = manifest;
    const former = manifest.stores.flatMap(objectsOfStore).filter((object) => this.#isForOthers(object));
    if (former.length === 0) return false;
    for (const object of former) await this.#rewrite(object);
    const replaced: Manifest = mapObjects(manifest, ({ key }) => this.written.get(key));

    await requireUnchanged(manifest, destination); // retention may have taken a store out of it
    const put = (key: string, bytes: Buffer) => destination.put(key, Readable.from([bytes]));
    // The guide first: until the manifest is replaced, both name objects that are there.
    await put(restoreGuideKey(id), Buffer.from(renderRestoreGuide(replaced, destination.url)));
    await put(manifestKey(id), serialiseManifest(replaced));

    const isOwn = ({ key }: StoredObject): boolean => key.startsWith(backupFolder(id));
    await settleAll(former.filter(isOwn).map(({ key }) => destination.remove(key)));
    for (const object of former) if (!isOwn(object)) this.leftForPrune.add(object.key);
    return true;
  }

  /** Which passphrase an object was encrypted under, nobody can see: those are always written anew. */
  #isForOthers({ age }: StoredObject): boolean {
    const wanted = this.#request.encryption.recipients;
    if (!age || wanted.includes(PASSPHRASE)) return true;
    return [...age.recipients].sort().join() !== [...wanted].sort().join();
  }

  async #rewrite(object: StoredObject): Promise<void> {
    if (this.written.has(object.key)) return;
    const { destination, keyring } = this.#request;
    const content = await readObjects(destination, keyring, this.#context).open(object);
    const fresh = await this.#writer.put(rekeyedKey(object.key, this.#id), content, object.sizeBytes);
    this.written.set(object.key, fresh);
    this.#context.reporter.progress({ label: "Encrypted", done: this.written.size, unit: "objects" });
  }
}
