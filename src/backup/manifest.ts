import { createHash } from "node:crypto";
import * as z from "zod";
import { parseDocument, serialiseDocument } from "./document.ts";
import { AppError } from "../errors.ts";
import { keyFingerprintSchema } from "./application-keys.ts";
import { inventorySchema } from "./inventory.ts";

/** The newest manifest version this code writes and reads. docs/backup-format.md describes every version. */
export const FORMAT_VERSION = 2;

/** One object at a destination. `key` is relative to the backup's name in the destination. */
const storedObjectSchema = z.strictObject({
  key: z.string(),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /**
   * Present when the object is an age file: for whom, as `age1…` or `passphrase`, and how many bytes are inside.
   * Size and SHA-256 are those of the file, so that it can be proved without opening it.
   */
  age: z
    .strictObject({ recipients: z.array(z.string()).min(1), contentBytes: z.int().nonnegative() })
    .optional(),
});
export type StoredObject = z.infer<typeof storedObjectSchema>;

const storeCommon = {
  /** The store's name in the configuration; unique within a backup. */
  store: z.string(),
  server: z.strictObject({ version: z.string() }),
  /** Which database this is: a hash that the same database gives again and no other does, and its plain name. */
  source: z.strictObject({ id: z.string(), database: z.string() }),
  inventory: inventorySchema,
  leftOut: z.array(z.strictObject({ what: z.string(), why: z.string() })),
  seconds: z.number(),
};

/** What pg_dump wrote, in the format that the operator chose. */
const postgresArchiveSchema = z.discriminatedUnion("format", [
  storedObjectSchema.extend({ format: z.literal("custom") }),
  /** SQL for psql. */
  storedObjectSchema.extend({ format: z.literal("plain"), compression: z.enum(["zstd", "gzip", "none"]) }),
  /** A folder for pg_restore: each of its files under its name there. */
  z.strictObject({
    format: z.literal("directory"),
    files: z.array(storedObjectSchema.extend({ file: z.string().regex(/^[\w.-]+$/) })),
  }),
]);
export type PostgresArchive = z.infer<typeof postgresArchiveSchema>;

const roleAttributesSchema = z.strictObject({
  name: z.string(),
  /** Policies do not hold for it. */
  bypassesRls: z.boolean().optional(),
  /** False where it must SET ROLE to use what the roles below may do. */
  inherits: z.boolean().optional(),
  /** Others of these roles that it is a member of. */
  memberOf: z.array(z.string()).optional(),
});
export type RoleAttributes = z.infer<typeof roleAttributesSchema>;

const postgresScopeSchema = z.strictObject({
  content: z.enum(["all", "structure", "data"]),
  largeObjects: z.boolean(),
  /** Tables, views and sequences that were left out, in full: not dumped, and not looked at after a restore. */
  excluded: z.array(z.string()),
  /** What the archive holds and no restore can create, since it needs what was left out. */
  dangling: z.array(
    z.strictObject({
      /** As in the inventory, which does not name it. */
      kind: z.string(),
      name: z.string(),
      /** Its numbers in the archive's table of contents, with which pg_restore --list begins a line. */
      entries: z.array(z.int().positive()),
    }),
  ),
});
export type PostgresScope = z.infer<typeof postgresScopeSchema>;

export const postgresManifestSchema = z.strictObject({
  ...storeCommon,
  kind: z.literal("postgres"),
  archive: postgresArchiveSchema,
  /** What pg_dump calls itself, with its version. */
  tool: z.string(),
  /** Present where pg_dump is of a newer major version than the server: why, and what that means for a restore. */
  toolNote: z.string().optional(),
  /** Schemas that the configuration leaves out: not dumped, not counted, and not looked at after a restore. */
  excludedSchemas: z.array(z.string()),
  /** What of those schemas is in the backup; all of it when absent. */
  scope: postgresScopeSchema.optional(),
  /** Roles, their memberships, and settings of roles and of the database, as SQL without a password. */
  globals: storedObjectSchema.optional(),
  /** What belongs to the platform that runs the database; absent where it was taken for nobody's. */
  platform: z
    .strictObject({
      name: z.literal("supabase"),
      /** In the archive, not in the inventory, and made only where the target's server offers them. */
      extensions: z.array(z.string()),
      /** In the archive, not in the inventory, and never made: they are of tables that were left out. */
      publications: z.array(z.string()),
      /** The same of event triggers: their functions belong to the platform. */
      eventTriggers: z.array(z.string()),
    })
    .optional(),
  /** Roles that policies and grants name: they must exist before the archive is restored, or those are lost. */
  roles: z.array(z.string()),
  /** What the server knew of these roles, where it is not what a new role has. */
  roleAttributes: z.array(roleAttributesSchema).optional(),
});
export type PostgresManifest = z.infer<typeof postgresManifestSchema>;

/** The rows of one partition of one table (or of a whole table whose engine knows no partitions). */
export const clickhousePartSchema = storedObjectSchema.extend({
  database: z.string(),
  table: z.string(),
  /** The partition's id in system.parts; "all" where the engine knows no partitions. */
  partition: z.string(),
  /** Changes whenever the visible rows of the partition could have changed. */
  fingerprint: z.string(),
  /** The columns in the order in which the Native block holds them. */
  columns: z.array(z.string()),
  rows: z.int().nonnegative(),
  digest: z.string().nullable(),
  /** Names and types of the columns, hashed: digests of rows compare only under the same. */
  layout: z.string().optional(),
  /** Which of several objects that together hold a large partition; absent where one holds it all. */
  slice: z.strictObject({ number: z.int().positive(), of: z.int().positive() }).optional(),
});
export type ClickHousePart = z.infer<typeof clickhousePartSchema>;

/** Rows that the server itself wrote with BACKUP, where it can reach the place (`mode: server`). */
const serverBackupSchema = z.strictObject({
  /** Where it lies: `Disk` with the disk's name, or `S3` with an address. Credentials are kept nowhere. */
  engine: z.enum(["Disk", "S3"]),
  at: z.string(),
  /** The folder there, of this backup alone. */
  folder: z.string(),
  /** The folders it cannot do without, the full one first and itself last. */
  chain: z.array(z.string()).min(1),
  /** Tables whose rows it holds, as `[database, name]`. */
  tables: z.array(z.tuple([z.string(), z.string()])),
  files: z.int().nonnegative(),
  /** Bytes that this backup wrote, and bytes of all that it stands for. */
  writtenBytes: z.int().nonnegative(),
  totalBytes: z.int().nonnegative(),
});
export type ServerBackup = z.infer<typeof serverBackupSchema>;

/** Users without what they log in with, and what they may do, as SQL; and the names of what it holds. */
const clickhouseAccessSchema = storedObjectSchema.extend({
  profiles: z.array(z.string()),
  quotas: z.array(z.string()),
  roles: z.array(z.string()),
  users: z.array(z.string()),
  policies: z.array(z.string()),
});

export const clickhouseManifestSchema = z.strictObject({
  ...storeCommon,
  kind: z.literal("clickhouse"),
  ddl: z.strictObject({
    /** What lifeboat itself restores from: each object with its kind, name, dependencies and statement. */
    objects: storedObjectSchema,
    /** The same for stock tools: what must exist before the data is loaded, then what must come after it. */
    beforeData: storedObjectSchema,
    afterData: storedObjectSchema,
  }),
  parts: z.array(clickhousePartSchema),
  access: clickhouseAccessSchema.optional(),
  serverBackup: serverBackupSchema.optional(),
});
export type ClickHouseManifest = z.infer<typeof clickhouseManifestSchema>;

export const storeManifestSchema = z.discriminatedUnion("kind", [
  postgresManifestSchema,
  clickhouseManifestSchema,
]);
/** What a backup holds of one store. */
export type StoreManifest = z.infer<typeof storeManifestSchema>;
export type StoreKind = StoreManifest["kind"];

const manifestSchema = z.strictObject({
  format: z.literal("lifeboat-backup"),
  /** Version 2 only adds fields to version 1, so one schema reads both. */
  formatVersion: z.literal([1, FORMAT_VERSION]),
  id: z.string(),
  /** The product's name: the folder of the destination that holds its backups. */
  name: z.string(),
  /** Version of lifeboat. */
  writtenBy: z.string(),
  /** Both in UTC, ISO 8601. The data is as old as `startedAt`. */
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  stores: z.array(storeManifestSchema),
  /** Stores that retention has removed from this backup since, UTC, ISO 8601. */
  removed: z.array(z.strictObject({ store: z.string(), removedAt: z.iso.datetime() })).optional(),
  /** The application's own keys at that time, by fingerprint; absent where none were configured. */
  keys: z.array(keyFingerprintSchema).optional(),
  phases: z.array(z.strictObject({ phase: z.string(), seconds: z.number() })),
});
const sealedManifestSchema = manifestSchema.extend({ sha256: z.string().optional() });
/** What one complete backup holds. It is written last and only once: where it lies, the backup is complete. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Every object that one store's part of a backup needs. */
export function objectsOfStore(store: StoreManifest): StoredObject[] {
  if (store.kind === "postgres") {
    const { archive, globals } = store;
    const files = archive.format === "directory" ? archive.files : [archive];
    return globals ? [...files, globals] : files;
  }
  const { ddl, access, parts } = store;
  return [ddl.objects, ddl.beforeData, ddl.afterData, ...(access ? [access] : []), ...parts];
}

/** A manifest in which some objects have taken the place of others: those that `replace` gives something for. */
export function mapObjects(
  manifest: Manifest,
  replace: (object: StoredObject) => StoredObject | undefined,
): Manifest {
  const map = <T extends StoredObject>(object: T): T => {
    const { key: _key, sizeBytes: _size, sha256: _digest, age: _age, ...about } = object;
    const found = replace(object);
    return found ? ({ ...about, ...found } as T) : object;
  };
  const stores = manifest.stores.map((store): StoreManifest => {
    if (store.kind === "postgres") {
      const { archive, globals } = store;
      const others = globals && { globals: map(globals) };
      if (archive.format !== "directory") return { ...store, ...others, archive: map(archive) };
      return { ...store, ...others, archive: { ...archive, files: archive.files.map(map) } };
    }
    const { objects, beforeData, afterData } = store.ddl;
    const ddl = { objects: map(objects), beforeData: map(beforeData), afterData: map(afterData) };
    const access = store.access && { access: map(store.access) };
    return { ...store, ddl, ...access, parts: store.parts.map(map) };
  });
  return { ...manifest, stores };
}

/** Bytes of what an object holds, encrypted or not. */
export function contentBytesOf({ sizeBytes, age }: StoredObject): number {
  return age?.contentBytes ?? sizeBytes;
}

/** Bytes that one store's part of a backup needs at its destination. */
export function sizeOfStore(store: StoreManifest): number {
  return objectsOfStore(store).reduce((sum, object) => sum + object.sizeBytes, 0);
}

/** Bytes that a backup needs at its destination, objects shared with other backups included. */
export function sizeOfBackup(manifest: Manifest): number {
  return manifest.stores.reduce((sum, store) => sum + sizeOfStore(store), 0);
}

/** Its last line is the SHA-256 of all the rest, so that a manifest proves itself as other objects are proved by it. */
export function serialiseManifest(manifest: Manifest): Buffer {
  const bytes = serialiseDocument(manifest);
  return Buffer.concat([
    bytes.subarray(0, -SEALED_END.length),
    Buffer.from(`,\n "sha256": "${digest(bytes)}"${SEALED_END}`),
  ]);
}

/** How a serialised document ends, before and after the seal is put in. */
const SEALED_END = "\n}\n";

/** Whether the last line holds the digest of these very bytes; undefined where it holds none. */
function isSealIntact(bytes: Uint8Array): boolean | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  const seal = /,\n "sha256": "([0-9a-f]{64})"\n\}\n$/.exec(text);
  return seal ? seal[1] === digest(Buffer.from(text.slice(0, seal.index) + SEALED_END, "latin1")) : undefined;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Reads a manifest of any version this code knows.
 *
 * @param where - the manifest's address, for the error
 * @throws AppError FORMAT_TOO_NEW, BACKUP_DAMAGED
 */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const kind = {
    what: "manifest",
    format: "lifeboat-backup",
    newestVersion: FORMAT_VERSION,
    schema: sealedManifestSchema,
    hint: "Restore another backup (lifeboat list shows them), and find out who changed this object.",
  };
  const isIntact = isSealIntact(bytes);
  const changed = (): AppError =>
    new AppError("BACKUP_DAMAGED", `The manifest ${where} is not what was written: its SHA-256 is another.`, {
      hint: kind.hint,
    });
  // Before anything of it is believed: one bit makes a newer version of a version.
  if (isIntact === false) throw changed();
  const { sha256: seal, ...manifest } = parseDocument(kind, bytes, where);
  // Those of before have none. Where there is one that is not written as a seal is, it was changed itself.
  if (seal !== undefined && isIntact === undefined) throw changed();
  return manifest;
}
