import type { ClickHousePart, StoredObject, StoreManifest } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { partKey, partsFolder, storeObjectKey } from "../../destinations/keys.ts";
import type { RunContext } from "../../run-context.ts";
import type { AgeEncryption } from "../../encryption/age.ts";
import type { BackupSink } from "../../stores/store.ts";
import { ObjectLookup } from "./object-lookup.ts";
import { ObjectWriter } from "./object-writer.ts";
import { noteServerFolder } from "../catalogue/server-folders.ts";
import { ReceiptBook } from "../catalogue/receipts.ts";

/** By what the objects of one run differ from those of other runs that work on the same backup. */
export interface Attempt {
  /** In the names of its receipts. */
  name: string;
  /** Below the folder of a store. */
  folder: string;
  /** In the form of a backup's id; at the end of the names of parts. */
  partsId: string;
}

/** Writes the objects of one backup, and knows what it wrote. */
export class BackupWriter {
  readonly #backupId: string;
  readonly #partsId: string;
  readonly #folder: string;
  readonly #destination: Destination;
  readonly #objects: ObjectWriter;
  readonly #context: RunContext;
  readonly #keys = new Set<string>();
  readonly #receipts: ReceiptBook;
  #sentBytes = 0;

  constructor(
    backupId: string,
    destination: Destination,
    encryption: AgeEncryption | undefined,
    context: RunContext,
    attempt?: Attempt,
  ) {
    this.#backupId = backupId;
    this.#partsId = attempt?.partsId ?? backupId;
    this.#folder = attempt?.folder ?? "";
    this.#destination = destination;
    this.#objects = new ObjectWriter(destination, encryption);
    this.#context = context;
    this.#receipts = new ReceiptBook(backupId, context, attempt?.name);
  }

  /** Notes, in receipts, the finished parts that a later run may refer to. */
  async writeReceipts(destination: Destination): Promise<void> {
    await this.#receipts.write(destination);
  }

  /** Keys of the parts that receipts told of: another run may refer to them by now. */
  get received(): ReadonlySet<string> {
    return this.#receipts.received;
  }

  /** Every key this run wrote to, or tried to. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** Bytes this run has sent so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Takes down a key that this run is about to write by itself. */
  note(key: string): void {
    this.#keys.add(key);
  }

  /**
   * The sink of one store.
   *
   * @param previous - what the newest complete backup says of it
   * @param finished - its parts that dead runs had finished
   */
  sinkOf(
    store: string,
    previous: StoreManifest | undefined,
    finished: readonly ClickHousePart[] = [],
  ): BackupSink {
    const known = [...(previous?.kind === "clickhouse" ? previous.parts : []), ...finished];
    const lookup = new ObjectLookup(partsFolder(store), known, this.#destination, this.#context.reporter);
    return {
      previous,
      finished,
      keep: (part) => this.#receipts.add(store, part, this.#destination),
      announce: (folder) => noteServerFolder(folder, this.#destination),
      distrust: () => this.#receipts.distrust(),
      put: (file, body, expectedSizeBytes) =>
        this.#write(storeObjectKey(this.#backupId, store, `${this.#folder}${file}`), body, expectedSizeBytes),
      putPart: (part, body, expectedSizeBytes) =>
        this.#write(this.#newPartKey(store, part), body, expectedSizeBytes),
      holds: async (object) => {
        if (!this.#objects.accepts(object) || !(await lookup.holds(object))) return false;
        await this.#destination.extendLock(object.key);
        return true;
      },
    };
  }

  /** What moved while it was read is read again, and may hold the same as the first time, which is not replaced. */
  #newPartKey(store: string, part: Parameters<typeof partKey>[1]): string {
    for (let time = 1; ; time += 1) {
      const key = partKey(store, part, this.#partsId, time);
      if (!this.#keys.has(this.#objects.keyOf(key))) return key;
    }
  }

  async #write(
    key: string,
    body: AsyncIterable<Uint8Array>,
    expectedSizeBytes?: number,
  ): Promise<StoredObject> {
    this.#keys.add(this.#objects.keyOf(key)); // before: a write whose answer was lost may have arrived
    return await this.#objects.put(key, this.#count(body), expectedSizeBytes);
  }

  async *#count(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      this.#sentBytes += chunk.byteLength;
      this.#context.reporter.progress({ label: "Sent", done: this.#sentBytes, unit: "bytes" });
      yield chunk;
    }
  }
}
