import type { Readable } from "node:stream";
import { AppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** What an upload came to. */
export interface Written {
  sizeBytes: number;
  /** Lower-case hexadecimal, over the bytes as they were sent. */
  sha256: string;
}

/** An object as a listing shows it. */
export interface Listed {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** How one destination of a backup ended. */
export interface DestinationOutcome {
  url: string;
  /** Why it holds no such backup; absent where it does. */
  failure?: { code: ErrorCode; reason: string; hint: string };
}

/** One destination or several, as one. */
export interface DestinationGroup extends Destination {
  readonly outcomes: readonly DestinationOutcome[];
  /** Does the same at each destination that has not failed, and gives what it gave. */
  each<T>(work: (destination: Destination) => Promise<T>): Promise<T[]>;
}

/**
 * A place where backups go. Keys are `/`-separated, relative to the destination's prefix.
 *
 * Every method throws AppError: DESTINATION_UNREACHABLE (transient), DESTINATION_REFUSED (credentials or
 * rights), DESTINATION_MISSING (bucket or folder), DESTINATION_FAILED (anything else; transient where the
 * service says so), OBJECT_MISSING, BACKUP_DAMAGED (a key that would lead out of the destination), CANCELLED. What
 * is transient was tried again already, except where bytes had been given out: `open` fails once the stream is cut.
 */
export interface Destination {
  /** The address that keys are relative to, without credentials. */
  readonly url: string;

  /**
   * Reaches the destination and says whether it can be listed or, where nobody may list, written to. Leaves nothing.
   *
   * @param purpose - with "write" also whether an object can be written, which a place to restore from need not allow
   */
  check(purpose?: "write"): Promise<void>;

  /** How much more fits there, in bytes; undefined where nobody tells, as at S3. */
  findFreeBytes(): Promise<number | undefined>;

  /**
   * Streams one object, in bounded memory, in the place of what is there. It appears, or takes that place, only when
   * `body` has ended without error: an error thrown by `body`, or a cancelled run, leaves nothing behind, neither
   * object nor billed parts.
   *
   * @param expectedSizeBytes - a guess, to choose part sizes that suffice; it may be wrong
   */
  put(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written>;

  /**
   * The same, but never in the place of another object: where the key is taken that is DESTINATION_FAILED. For keys that
   * only one run writes to, since some services keep no such promise while two write at once.
   */
  create(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written>;

  /** Writes a small object unless the key is taken; the first writer wins, whoever runs at the same time. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<"written" | "already-there">;

  /** Reads a small object whole. */
  read(key: string): Promise<Buffer>;

  /**
   * Streams an object. A stream cut short ends in an error, never in a clean end.
   *
   * @param fromByte - where to begin; less than the object's size
   */
  open(key: string, fromByte?: number): Promise<Readable>;

  /** Where an object lies as a file of this machine, for programs that read files; nothing is looked at. */
  findPath?(key: string): string;

  /** All objects whose key starts with `prefix`, in key order. */
  list(prefix: string): AsyncIterable<Listed>;

  /**
   * Of each folder directly below `prefix` the object of one name, in key order; a folder without one gives nothing. Where
   * folders hold many objects it costs less than `list`.
   *
   * @param prefix - ends in a slash
   */
  listInFolders(prefix: string, name: string): AsyncIterable<Listed>;

  /** Size of one object, or undefined when it is not there. */
  findSize(key: string): Promise<number | undefined>;

  /**
   * Until when the destination itself refuses to remove an object; `"held"` where no date ends that, and undefined
   * where nothing locks it, or where the credentials may not ask.
   */
  findLock(key: string): Promise<Date | "held" | undefined>;

  /** Locks an object that a new backup refers to for as long as one that is written now; nothing where nothing is locked. */
  extendLock(key: string): Promise<void>;

  /** Removes one object; removing what is not there is no error. */
  remove(key: string): Promise<void>;

  /**
   * Ends uploads below a prefix that were never finished (billed parts, temporary files), those that `isDead`
   * picks; returns how many. `startedAt` is the time of the last write where nothing better is known (folders).
   */
  abortUnfinished(
    prefix: string,
    isDead: (upload: { key: string; startedAt: Date }) => boolean,
  ): Promise<number>;

  close(): void;
}

/** What `create` throws where something lies under its key. */
export function keyTaken(key: string, url: string): AppError {
  return new AppError("DESTINATION_FAILED", `${url} holds an object ${key} already, which is not replaced.`, {
    hint: "No other run writes under that name: find out who put it there, then start the run again.",
  });
}
