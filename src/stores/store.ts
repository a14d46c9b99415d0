import type { Readable } from "node:stream";
import type { Inventory, TableInventory } from "../backup/inventory.ts";
import type { ClickHousePart, StoredObject, StoreKind, StoreManifest } from "../backup/manifest.ts";
import type { ServerFolder } from "../backup/server-folder.ts";
import type { StoreShare } from "../backup/shard-result.ts";
import type { RestoreScope } from "../backup/restore-scope.ts";
import type { Finding } from "../finding.ts";
import type { Stopwatch } from "../sys/clock.ts";

/** What the object of one partition, or of one slice of it, is named by. */
export type PartName = Pick<ClickHousePart, "database" | "table" | "partition" | "fingerprint" | "slice">;

/** Where a store puts what it streams. The sink owns keys, hashing and the upload. */
export interface BackupSink {
  /** An object of this backup alone. It appears only when `body` has ended without error. */
  put(file: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<StoredObject>;
  /** The rows of one partition, an object that later backups may refer to. */
  putPart(part: PartName, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<StoredObject>;
  /** What the newest complete backup says of the same store; undefined when there is none or it is not to be used. */
  readonly previous: StoreManifest | undefined;
  /** Parts of the same store that runs had finished which never came to be backups. */
  readonly finished: readonly ClickHousePart[];
  /**
   * Notes that a part is whole and holds the rows that it says, so that a later run may refer to it should this one
   * end early.
   */
  keep(part: ClickHousePart): Promise<void>;
  /** Notes, before a server begins to write a folder by itself, that it does: prune then finds what a dead run left. */
  announce(folder: ServerFolder): Promise<void>;
  /** Takes back what was noted: something on the way changes what is sent, so no later run may refer to any of it. */
  distrust(): void;
  /**
   * Whether an object that `previous` or `finished` names is still there in its full size: a bucket's own rule for old objects
   * may have removed what an older backup wrote.
   */
  holds(object: StoredObject): Promise<boolean>;
}

/** Something of a store that a run of its own can back up: a partition. */
export interface Piece {
  /** What every run that looks at the same store calls the table, and the piece of it. */
  table: string;
  piece: string;
  sizeBytes: number;
}

/** How a store's backup can be divided among several runs. */
export interface Outline {
  /** About how much is read in any case, by the one run that leads. */
  sizeBytes: number;
  /** What other runs can take; empty where one run must take all. */
  pieces: Piece[];
}

/** What of a store one of several runs backs up. */
export interface Share {
  /** Whether this run says what the store is: its definitions, its tables, and all pieces that nobody else holds. */
  isLead: boolean;
  holds: (table: string, piece: string) => boolean;
  /** The tables that the plan names for it. */
  tables: readonly string[];
}

/** A database that is backed up. */
export interface Store {
  readonly name: string;
  readonly kind: StoreKind;
  /** After this time what was sent once is sent anew, even if nothing changed; never when absent. */
  readonly fullEveryMs?: number | undefined;
  /**
   * Connects, and refuses a server, role or connection that could not give a whole backup, before a byte is
   * written.
   *
   * @returns one line for people: which server, which version, which tool
   * @throws AppError STORE_UNREACHABLE, STORE_LOGIN_REFUSED, STORE_UNSUPPORTED, STORE_RIGHTS_MISSING, TOOL_MISSING
   */
  check(): Promise<string>;
  /**
   * Looks at everything that a backup needs, also where something is bad, and writes nothing.
   *
   * @throws AppError CANCELLED alone
   */
  diagnose(): Promise<Finding[]>;
  /**
   * Streams everything into the sink and takes the inventory of exactly that.
   *
   * @throws AppError STORE_FAILED, TOOL_FAILED, and what the sink throws
   */
  backup(sink: BackupSink): Promise<StoreManifest>;
  /**
   * Looks what there is to back up. What an earlier backup holds already counts as nothing.
   *
   * @throws AppError STORE_FAILED and its kin
   */
  outline(previous: StoreManifest | undefined): Promise<Outline>;
  /**
   * The same as `backup`, of a share alone. The shares of all runs together are joined as `joinStore` says.
   *
   * @throws as `backup`
   */
  backupShare(sink: BackupSink, share: Share): Promise<StoreShare>;
  close(): Promise<void>;
}

/** Where a restore reads from. */
export interface ObjectSource {
  /**
   * Streams one object. Its last bytes are held back until size and SHA-256 are proved, so a reader that sees a
   * clean end has read the object as it was written.
   *
   * @throws AppError OBJECT_MISSING, and BACKUP_DAMAGED through the stream
   */
  open(object: StoredObject): Promise<Readable>;
  /**
   * Where the very bytes that `open` gives lie as a file of this machine. They are not proved: `open` does that. Absent,
   * or undefined, where there is none.
   */
  findPath?(object: StoredObject): string | undefined;
}

/** Reads what a store wrote to its end, without a database: that it is what was written, its digest shows already. */
export interface ContentProof {
  /**
   * Takes in all of one object's content.
   *
   * @returns why it could be read no deeper than its digest, as a clause, or undefined when it was read through
   * @throws AppError BACKUP_DAMAGED, what `content` fails with, CANCELLED
   */
  prove(store: StoreManifest, object: StoredObject, content: Readable): Promise<string | undefined>;
}

/** What lies in a target before a restore. */
export interface TargetFacts {
  /** Comparable with `source.id` of a manifest. */
  id: string;
  /** Where the target's server is, as people write it: host, and the port where it is not the usual one. */
  host: string;
  /** What is restored into, by name. */
  databases: string[];
  /** Tables and the like that are in the way, by name; empty when the target is. */
  occupiedBy: string[];
  serverVersion: string;
  /** What the backup brings and this server cannot hold, in the words of inventories, with what mends it. */
  lacks?: { kind: string; name: string; mend: string }[];
}

/** Where a restore puts a database, when that is not simply the one it connects to. */
export interface Placement {
  /** It is created, and must not exist yet. */
  create?: boolean;
  /** It is replaced by one that was restored beside it and proved: its name, typed out. */
  replace?: string;
  /** Where to connect meanwhile. */
  maintenanceDatabase?: string;
  /** New names of the backup's databases, by their own: those go by them once they are restored. */
  databaseNames?: ReadonlyMap<string, string>;
}

/** An object of a backup that could not be restored. */
export interface LostObject {
  /** In the words of inventories, as far as they have one: "extension", "foreign key". */
  kind: string;
  name: string;
  why: string;
}

/** What came of a restore. */
export interface RestoreOutcome {
  /** What is not there and was allowed to be missing. */
  lost: LostObject[];
  /** Statements about users and their rights that the server did not take: each is a difference. */
  refused?: LostObject[];
  /** The tables as they were read in the middle of the restore: nothing changes rows after that. */
  tables?: TableInventory[];
  /** The restore ended when the rows were in and `onRows` said so: indexes and constraints are missing, or the old part is back. */
  isStopped?: boolean;
}

export interface RestoreRequest {
  objects: ObjectSource;
  /** Replace what is in the way: only ever true when the operator named the target. */
  replace: boolean;
  /** Private directory for archives on their way into the target. */
  scratchDir: string;
  /** Everything when absent. */
  scope?: RestoreScope;
  /** How many things to restore at once; the store decides when absent. */
  jobs?: number;
  /** Without a file on this machine's disk, at the price of speed. */
  stream?: boolean;
  /** Bring back users, roles and what they may do as well, where the backup has them. */
  access?: boolean;
  /** What may be lost, as kind and name in the words of inventories; all else that is lost is a failure. */
  allowMissing?: readonly string[];
  /** Times the parts of the restore: fetch, data, compare, indexes. */
  stopwatch?: Stopwatch;
  /** Told what the rows are once they are in, where a store knows before indexes cost their time. */
  onRows?: (found: Inventory) => "go on" | "stop";
}

/** Who a query is run as, where the store knows policies by row. */
export interface QueryIdentity {
  role?: string;
  /** Such as `request.jwt.claims`. */
  settings?: Readonly<Record<string, string>>;
}

/** A database that a backup is restored into. */
export interface Target {
  readonly store: string;
  readonly kind: StoreKind;
  /**
   * Present where databases can go by other names than the backup's: the backup and the scope as they will be there,
   * which is what all else of the target is then given.
   *
   * @throws AppError CONFIG_INVALID for names that do not fit the backup; BACKUP_DAMAGED, OBJECT_MISSING
   */
  relocate?(
    backup: StoreManifest,
    scope: RestoreScope | undefined,
    objects: ObjectSource,
  ): Promise<{ store: StoreManifest; scope?: RestoreScope }>;
  /** Connects, and looks what the backup would meet. @throws AppError as `Store.check` */
  inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts>;
  /**
   * Fetches and proves what can be, and writes nothing to the target: `restore` begins at once then. Without it,
   * `restore` does so itself.
   *
   * @throws AppError BACKUP_DAMAGED, OBJECT_MISSING, DISK_FULL, TOOL_MISSING
   */
  prepare?(backup: StoreManifest, request: RestoreRequest): Promise<void>;
  /**
   * Restores one store. When it fails, what it had made is removed again where the target was empty before.
   *
   * @throws AppError STORE_FAILED, TOOL_FAILED, BACKUP_DAMAGED, OBJECT_MISSING
   */
  restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome>;
  /**
   * Counts and digests as the backup's own inventory did, of what the scope covers: everything when absent.
   *
   * @param counted - tables that `restore` has read already
   */
  takeInventory(
    backup: StoreManifest,
    scope?: RestoreScope,
    counted?: readonly TableInventory[],
  ): Promise<Inventory>;
  /**
   * Present where the restored data lies beside what it is to replace: lets it take the place, and removes what was
   * there. Only for data that was compared.
   */
  readonly replacement?: { readonly beside: string; swapIn(): Promise<void> };
  /**
   * Lets the server go back to its background work, which a restore holds still until rows are compared. It works
   * after the run's signal has fired.
   */
  settle(): Promise<void>;
  /**
   * Runs statements given by the operator, and returns the rows of the last one.
   *
   * @throws AppError STORE_FAILED, and CONFIG_INVALID where `as` means nothing to this kind of store
   */
  query(sql: string, as?: QueryIdentity): Promise<Record<string, unknown>[]>;
  /** What a command needs to reach the restored data, by variable name; values may hold a password. */
  connectionEnv(): Record<string, string>;
  close(): Promise<void>;
}

/** A target made for one drill and destroyed after it. */
export interface ThrowawayTarget extends Target {
  /**
   * Removes what this target has made, and nothing else, and proves that it is gone. It works after the run's signal
   * has fired, and on a target that nothing was restored into.
   */
  destroy(): Promise<void>;
}

/** Where a restored store is. */
export interface RestoredAddress {
  /** With user, password and database. */
  url: string;
  /** A name, an address, or the folder of a socket. */
  host: string;
  port: number | string;
  user: string;
  password: string;
  database: string;
}

/**
 * The variables by which commands find a restored store: its address (`LIFEBOAT_POSTGRES_URL`), and the parts of it for
 * programs that want them one by one (`LIFEBOAT_POSTGRES_HOST`, `_PORT`, `_USER`, `_PASSWORD`, `_DATABASE`).
 */
export function connectionVariables(store: string, address: RestoredAddress): Record<string, string> {
  const prefix = `LIFEBOAT_${store.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
  return Object.fromEntries(
    Object.entries(address).map(([part, value]) => [`${prefix}_${part.toUpperCase()}`, String(value)]),
  );
}
