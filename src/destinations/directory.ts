import { randomBytes } from "node:crypto";
import type { Dirent, Stats } from "node:fs";
import {
  access,
  constants,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { AppError, throwIfCancelled } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { MeteredBody, guardStream } from "./body.ts";
import { keyTaken } from "./destination.ts";
import type { Listed, Written } from "./destination.ts";
import { explainFileError, hasCode } from "./directory-errors.ts";
import { probeKey, requireSafeKey } from "./keys.ts";
import type { ProbedDestination, TriedRight } from "./rights.ts";

/** An object that is still being written lies beside its final name, so that rename and link stay on one disk. */
const PARTIAL = /\.partial-[0-9a-f]{12}$/;
/** What is read or written at once. */
const PIECE_BYTES = 1024 * 1024;
/** Entries of a folder that a listing looks at before they are asked for. */
const LOOK_AHEAD = 32;
/** Files of as many folders that are looked at together. */
const LOOKS_AT_ONCE = 256;

/** Backups in a folder of this machine, or of a disk mounted there. Files are readable by their owner only. */
export class DirectoryDestination implements ProbedDestination {
  readonly url: string;
  readonly #base: string;
  readonly #root: string;
  readonly #context: RunContext;

  /**
   * @param base - must exist: were it created, backups would go to the system's disk on the day the backup disk
   *   is not mounted
   * @param name - the folder below it that belongs to this destination; created when first needed
   */
  constructor(base: string, name: string, context: RunContext) {
    this.#base = base;
    this.#root = join(base, requireSafeKey(name));
    this.url = pathToFileURL(this.#root).href;
    this.#context = context;
  }

  async check(purpose?: "write"): Promise<void> {
    await this.#do("Looking at the folder", async () => {
      const found = await statIfThere(this.#base);
      if (found?.isDirectory()) return;
      throw new AppError("DESTINATION_MISSING", `${this.#base} is not there, or is no folder.`, {
        hint: "Create the folder, or mount its disk; it is not created by itself, lest backups go to the wrong disk.",
      });
    });
    if (purpose === "write") await this.#tryToWrite();
  }

  async findFreeBytes(): Promise<number> {
    const { bavail, bsize } = await this.#do("Looking at the disk", () => statfs(this.#base));
    return bavail * bsize;
  }

  /** The folder that is there tells: what will lie in it is created with its owner's rights. */
  async tryRights(): Promise<TriedRight[]> {
    const place = (await statIfThere(this.#root)) ? this.#root : this.#base;
    const list = (await isAllowed(place, constants.R_OK)) ? "allowed" : "refused";
    const write = await this.#tryToWrite().then(
      () => "allowed" as const,
      (error: unknown) => {
        if (error instanceof AppError && error.code === "DESTINATION_REFUSED") return "refused" as const;
        throw error;
      },
    );
    return [
      { right: "list", key: "", outcome: list },
      { right: "read", key: probeKey, outcome: list },
      { right: "write", key: probeKey, outcome: write },
      { right: "remove", key: probeKey, outcome: write },
    ];
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<Written> {
    const metered = new MeteredBody(body, this.#context.signal);
    await this.#writePartial(key, metered, (partial, path) => rename(partial, path));
    return metered.written();
  }

  async create(key: string, body: AsyncIterable<Uint8Array>): Promise<Written> {
    const metered = new MeteredBody(body, this.#context.signal);
    if ((await this.#writeUnlessThere(key, metered)) === "already-there") throw keyTaken(key, this.url);
    return metered.written();
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<"written" | "already-there"> {
    return await this.#writeUnlessThere(key, Readable.from([bytes]));
  }

  async read(key: string): Promise<Buffer> {
    return await buffer(await this.open(key));
  }

  async open(key: string, fromByte = 0): Promise<Readable> {
    const file = await this.#do(`Reading ${key}`, () => this.#openObject(key));
    const { size } = await file.stat();
    const source = file.createReadStream({ start: fromByte, highWaterMark: PIECE_BYTES });
    return guardStream(source, Math.max(0, size - fromByte), this.#context.signal, (error) =>
      this.#explain(error, `Reading ${key}`),
    );
  }

  findPath(key: string): string {
    return this.#path(key);
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    await this.check();
    for await (const file of this.#walk(folderOf(prefix), prefix)) {
      if (!PARTIAL.test(file.key)) yield file;
    }
  }

  async *listInFolders(prefix: string, name: string): AsyncGenerator<Listed> {
    await this.check();
    const folders = (await this.#readFolder(prefix)).filter((entry) => entry.isDirectory());
    for (let at = 0; at < folders.length; at += LOOKS_AT_ONCE) {
      const keys = folders.slice(at, at + LOOKS_AT_ONCE).map((folder) => `${prefix}${folder.name}/${name}`);
      const found = await this.#do(`Listing ${prefix}`, () =>
        Promise.all(keys.map((key) => statIfThere(join(this.#root, key)))),
      );
      for (const [index, key] of keys.entries()) {
        const file = found[index];
        if (file?.isFile()) yield { key, sizeBytes: file.size, modifiedAt: file.mtime };
      }
    }
  }

  async findSize(key: string): Promise<number | undefined> {
    return await this.#do(`Looking for ${key}`, async () => {
      const found = await statIfThere(this.#path(key));
      return found?.isFile() ? found.size : undefined;
    });
  }

  async findLock(): Promise<undefined> {
    return undefined; // whoever may write to the folder may remove from it
  }

  async extendLock(): Promise<void> {}

  async remove(key: string): Promise<void> {
    await this.#removeFile(requireSafeKey(key));
  }

  async abortUnfinished(
    prefix: string,
    isDead: (upload: { key: string; startedAt: Date }) => boolean,
  ): Promise<number> {
    let removed = 0;
    for await (const file of this.#walk(folderOf(prefix), prefix)) {
      const key = file.key.replace(PARTIAL, "");
      // Its last write tells how long it has been dead; when it was begun, no file system tells reliably.
      if (key === file.key || !isDead({ key, startedAt: file.modifiedAt })) continue;
      await this.#removeFile(file.key);
      removed++;
    }
    return removed;
  }

  close(): void {}

  async #writeUnlessThere(
    key: string,
    body: AsyncIterable<Uint8Array>,
  ): Promise<"written" | "already-there"> {
    let outcome: "written" | "already-there" = "written";
    await this.#writePartial(key, body, async (partial, path) => {
      try {
        // A link appears whole or not at all, and unlike a rename it never replaces what is there.
        await link(partial, path);
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
        outcome = "already-there";
      }
    });
    return outcome;
  }

  /** Only writing tells: the system's own answer about rights knows neither a full disk nor a server's refusal. */
  async #tryToWrite(): Promise<void> {
    await this.#writePartial(probeKey, Readable.from([Buffer.from("x")]), async () => {});
  }

  /**
   * Writes beside the final name, lets `publish` make it visible, and leaves nothing else behind. Errors of the
   * body pass as they are: it may be a file or a socket too, and must not be taken for the destination.
   */
  async #writePartial(
    key: string,
    body: AsyncIterable<Uint8Array>,
    publish: (partial: string, path: string) => Promise<void>,
  ): Promise<void> {
    const path = this.#path(key);
    const partial = `${path}.partial-${randomBytes(6).toString("hex")}`;
    const doing = `Writing ${key}`;
    try {
      const file = await this.#do(doing, () => this.#create(partial));
      try {
        for await (const bytes of gather(body)) await this.#do(doing, () => writeAll(file, bytes));
        // Power may fail right after: first the bytes must be on the disk, then the name.
        await this.#do(doing, () => file.sync());
      } finally {
        await file.close();
      }
      await this.#do(doing, async () => {
        await publish(partial, path);
        await syncFolder(dirname(path));
      });
    } finally {
      await unlink(partial).catch(() => {}); // was renamed, or a later sweep finds it: the first error matters more
      await this.#removeEmptyFolders(dirname(path));
    }
  }

  async #create(partial: string): Promise<FileHandle> {
    await this.check();
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(dirname(partial), { recursive: true, mode: 0o700 });
        return await open(partial, "wx", 0o600);
      } catch (error) {
        if (!hasCode(error, "ENOENT")) throw error;
        // So says Node's recursive mkdir of a read-only file system; this call gives the true reason.
        await access(this.#base, constants.W_OK);
        // Else another run removed the folder as empty in between.
        if (attempt === 3) throw error;
      }
    }
  }

  async #openObject(key: string): Promise<FileHandle> {
    try {
      const file = await open(this.#path(key), "r");
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
      await this.check();
    }
    throw new AppError("OBJECT_MISSING", `${key} is not in ${this.url}.`, {
      hint: "It was removed, or the backup that names it was copied without it.",
    });
  }

  /**
   * Goes through files in key order: a folder takes its place in it with the slash that ends its name. Looks at some entries
   * ahead of the one that is asked for, since each look waits for the disk.
   */
  async *#walk(folder: string, prefix: string, reading = this.#readFolder(folder)): AsyncGenerator<Listed> {
    const entries = (await reading)
      .map((entry) => ({ key: `${folder}${entry.name}`, isFolder: entry.isDirectory() }))
      .filter(({ key, isFolder }) =>
        isFolder ? `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`) : key.startsWith(prefix),
      );
    const looks: (() => AsyncIterable<Listed>)[] = [];
    for (const index of entries.keys()) {
      for (const entry of entries.slice(looks.length, index + LOOK_AHEAD))
        looks.push(this.#look(entry, prefix));
      yield* looks[index]!();
    }
  }

  /** Begins to read a folder, or to look at a file. @returns what gives the files */
  #look({ key, isFolder }: { key: string; isFolder: boolean }, prefix: string): () => AsyncIterable<Listed> {
    if (isFolder) {
      const reading = this.#readFolder(`${key}/`);
      reading.catch(() => {}); // whoever asks for it sees it
      return () => this.#walk(`${key}/`, prefix, reading);
    }
    const looking = this.#do(`Looking at ${key}`, () => statIfThere(join(this.#root, key)));
    looking.catch(() => {});
    return async function* () {
      const found = await looking;
      // Undefined when it was removed since the folder was read.
      if (found) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
    };
  }

  async #readFolder(folder: string): Promise<Dirent[]> {
    throwIfCancelled(this.#context.signal);
    return await this.#do(`Listing ${folder}`, async () => {
      try {
        const entries = await readdir(join(this.#root, folder), { withFileTypes: true });
        return entries.sort((a, b) => Buffer.compare(sortName(a), sortName(b)));
      } catch (error) {
        if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
        throw error;
      }
    });
  }

  async #removeFile(key: string): Promise<void> {
    const path = join(this.#root, key);
    await this.#do(`Removing ${key}`, async () => {
      await rm(path, { force: true });
      await this.#removeEmptyFolders(dirname(path));
    });
  }

  /** A folder is there as long as something is in it, as in S3. Best effort: an empty one does no harm. */
  async #removeEmptyFolders(folder: string): Promise<void> {
    for (let current = folder; current.startsWith(this.#root); current = dirname(current)) {
      try {
        await rmdir(current);
      } catch {
        return;
      }
    }
  }

  #path(key: string): string {
    return join(this.#root, requireSafeKey(key));
  }

  async #do<T>(doing: string, work: () => Promise<T>): Promise<T> {
    throwIfCancelled(this.#context.signal);
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error, doing);
    }
  }

  #explain(error: unknown, doing: string): unknown {
    return explainFileError(error, `${doing} in ${this.url}`);
  }
}

/** The deepest folder that holds everything below a prefix, which may end within a name. */
function folderOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/") + 1);
}

function sortName(entry: Dirent): Buffer {
  return Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name);
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

async function isAllowed(path: string, mode: number): Promise<TriedRight["outcome"]> {
  try {
    await access(path, mode | constants.X_OK);
    return "allowed";
  } catch {
    return "refused";
  }
}

/**
 * Few large pieces instead of the many small ones in which a pipe gives them, since each write goes through a thread of
 * its own. A piece holds until the next one is asked for.
 */
async function* gather(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.length;) {
      const taken = chunk.subarray(offset, offset + PIECE_BYTES - filled);
      piece.set(taken, filled);
      offset += taken.length;
      filled += taken.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += (await file.write(bytes, offset)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
