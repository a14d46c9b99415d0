import { Readable } from "node:stream";
import type { StoredObject, StoreManifest } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { partKey, storeObjectKey } from "../destinations/keys.ts";
import type { RunContext } from "../run-context.ts";
import type { BackupSink } from "../stores/store.ts";

/** Writes the objects of one backup, and knows what it wrote. */
export class BackupWriter {
  readonly #backupId: string;
  readonly #destination: Destination;
  readonly #context: RunContext;
  readonly #keys: string[] = [];
  #sentBytes = 0;

  constructor(backupId: string, destination: Destination, context: RunContext) {
    this.#backupId = backupId;
    this.#destination = destination;
    this.#context = context;
  }

  /** Every key this run wrote to, or tried to. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** Bytes this run has sent so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** A small object of the backup as a whole. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#write(key, Readable.from([bytes]));
  }

  /** The sink of one store. `previous` is what the newest complete backup says of it. */
  sinkOf(store: string, previous: StoreManifest | undefined): BackupSink {
    return {
      previous,
      put: (file, body, expectedSizeBytes) =>
        this.#write(storeObjectKey(this.#backupId, store, file), body, expectedSizeBytes),
      putPart: (part, body, expectedSizeBytes) =>
        this.#write(partKey(store, part, this.#backupId), body, expectedSizeBytes),
      holds: async ({ key, sizeBytes }) => (await this.#destination.findSize(key)) === sizeBytes,
    };
  }

  async #write(
    key: string,
    body: AsyncIterable<Uint8Array>,
    expectedSizeBytes?: number,
  ): Promise<StoredObject> {
    this.#keys.push(key); // before: a write whose answer was lost may have arrived
    const written = await this.#destination.put(key, this.#count(body), expectedSizeBytes);
    return { key, ...written };
  }

  async *#count(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      this.#sentBytes += chunk.byteLength;
      this.#context.reporter.progress({ label: "Sent", done: this.#sentBytes, unit: "bytes" });
      yield chunk;
    }
  }
}
