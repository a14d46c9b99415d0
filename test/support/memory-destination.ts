import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { MeteredBody, guardStream } from "../../src/destinations/body.ts";
import { keyTaken } from "../../src/destinations/destination.ts";
import type { Destination, Listed, Written } from "../../src/destinations/destination.ts";
import { requireSafeKey } from "../../src/destinations/keys.ts";
import { AppError, throwIfCancelled } from "../../src/errors.ts";
import type { RunContext } from "../../src/run-context.ts";

const CHUNK_BYTES = 64 * 1024;

type Method = "check" | "put" | "putIfAbsent" | "open" | "list" | "remove";

/** What several destinations can look at, as several runs look at one bucket. */
export class MemoryPlace {
  readonly objects = new Map<string, { bytes: Buffer; modifiedAt: Date }>();
  readonly locks = new Map<string, Date | "held">();
  isThere = true;
  /** Undefined where it knows no end, as a bucket. */
  freeBytes: number | undefined;
  /** Called before a method does its work, and after; what it throws, the caller of the method gets. */
  fault: (method: Method, key: string, moment: "before" | "after") => void = () => {};

  keys(): string[] {
    return [...this.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  set(key: string, bytes: Uint8Array, modifiedAt = new Date(0)): void {
    this.objects.set(key, { bytes: Buffer.from(bytes), modifiedAt });
  }

  bytes(key: string): Buffer {
    const found = this.objects.get(key);
    if (!found) throw new Error(`${key} is not there`);
    return found.bytes;
  }
}

/** Keeps objects in memory, and otherwise does what test/contract/destination-contract.ts asks of a destination. */
export class MemoryDestination implements Destination {
  readonly url: string = "memory://bucket/shop";
  isClosed = false;
  readonly #place: MemoryPlace;
  readonly #run: RunContext;

  constructor(place: MemoryPlace, run: RunContext) {
    this.#place = place;
    this.#run = run;
  }

  async findFreeBytes(): Promise<number | undefined> {
    return this.#place.freeBytes;
  }

  async check(): Promise<void> {
    await this.#do("check", "", () => {});
  }

  async put(key: string, body: AsyncIterable<Uint8Array>): Promise<Written> {
    return await this.#write(key, body, () => {});
  }

  async create(key: string, body: AsyncIterable<Uint8Array>): Promise<Written> {
    return await this.#write(key, body, () => {
      if (this.#place.objects.has(key)) throw keyTaken(key, this.url);
    });
  }

  async #write(key: string, body: AsyncIterable<Uint8Array>, allow: () => void): Promise<Written> {
    const metered = new MeteredBody(body, this.#run.signal);
    return await this.#do("put", key, async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of metered) chunks.push(Buffer.from(chunk));
      allow();
      this.#place.set(key, Buffer.concat(chunks));
      return metered.written();
    });
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<"written" | "already-there"> {
    return await this.#do("putIfAbsent", key, () => {
      if (this.#place.objects.has(key)) return "already-there";
      this.#place.set(key, bytes);
      return "written";
    });
  }

  async read(key: string): Promise<Buffer> {
    return await buffer(await this.open(key));
  }

  async open(key: string, fromByte = 0): Promise<Readable> {
    return await this.#do("open", key, () => {
      const bytes = this.#place.objects.get(key)?.bytes;
      if (!bytes) throw new AppError("OBJECT_MISSING", `${key} is not there.`, { hint: "Look for it." });
      const source = Readable.from(inChunks(bytes.subarray(fromByte)), { objectMode: false });
      return guardStream(source, bytes.byteLength - fromByte, this.#run.signal, (error) => error);
    });
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    const keys = await this.#do("list", prefix, () => this.#place.keys());
    for (const key of keys) {
      const found = this.#place.objects.get(key);
      if (found && key.startsWith(prefix)) {
        yield { key, sizeBytes: found.bytes.byteLength, modifiedAt: found.modifiedAt };
      }
    }
  }

  async *listInFolders(prefix: string, name: string): AsyncGenerator<Listed> {
    for await (const listed of this.list(prefix)) {
      const [, found, ...rest] = listed.key.slice(prefix.length).split("/");
      if (found === name && rest.length === 0) yield listed;
    }
  }

  async findSize(key: string): Promise<number | undefined> {
    return await this.#do("open", key, () => this.#place.objects.get(key)?.bytes.byteLength);
  }

  async findLock(key: string): Promise<Date | "held" | undefined> {
    return this.#place.locks.get(key);
  }

  async extendLock(): Promise<void> {}

  async remove(key: string): Promise<void> {
    await this.#do("remove", key, () => void this.#place.objects.delete(key));
  }

  async abortUnfinished(): Promise<number> {
    return 0; // nothing is visible here before it is whole
  }

  close(): void {
    this.isClosed = true;
  }

  async #do<T>(method: Method, key: string, work: () => T | Promise<T>): Promise<T> {
    throwIfCancelled(this.#run.signal);
    if (!["check", "list"].includes(method)) requireSafeKey(key);
    if (!this.#place.isThere) {
      throw new AppError("DESTINATION_MISSING", `${this.url} is not there.`, { hint: "Create it." });
    }
    this.#place.fault(method, key, "before");
    const result = await work();
    this.#place.fault(method, key, "after");
    return result;
  }
}

function* inChunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
