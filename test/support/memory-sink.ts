import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ClickHousePart, StoredObject, StoreManifest } from "../../src/backup/manifest.ts";
import type { ServerFolder } from "../../src/backup/server-folder.ts";
import { AppError } from "../../src/errors.ts";
import { partKey } from "../../src/destinations/keys.ts";
import type { BackupSink, ObjectSource, PartName } from "../../src/stores/store.ts";
import { BACKUP_ID } from "./builders.ts";

/** Keeps what a store streams, as a destination would: an object is there only when its body ended well. */
export class MemorySink implements BackupSink, ObjectSource {
  readonly objects = new Map<string, Buffer>();
  /** What bodies ended in, when not well. */
  readonly failures: unknown[] = [];
  previous: StoreManifest | undefined;
  finished: ClickHousePart[] = [];
  /** What the store said it had finished. */
  readonly kept: ClickHousePart[] = [];

  readonly announced: ServerFolder[] = [];

  async put(file: string, body: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of body) chunks.push(chunk);
    } catch (error) {
      this.failures.push(error);
      throw error;
    }
    const bytes = Buffer.concat(chunks);
    this.objects.set(file, bytes);
    return { key: file, sizeBytes: bytes.length, sha256: digest(bytes) };
  }

  async putPart(part: PartName, body: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    return this.put(partKey("clickhouse", part, BACKUP_ID), body);
  }

  async keep(part: ClickHousePart): Promise<void> {
    this.kept.push(part);
  }

  async announce(folder: ServerFolder): Promise<void> {
    this.announced.push(folder);
  }

  distrust(): void {
    this.kept.length = 0;
  }

  async holds({ key, sizeBytes }: StoredObject): Promise<boolean> {
    return this.objects.get(key)?.length === sizeBytes;
  }

  async open(object: StoredObject): Promise<Readable> {
    const bytes = this.objects.get(object.key);
    if (!bytes) throw new AppError("OBJECT_MISSING", `${object.key} is missing.`, { hint: "Look for it." });
    return Readable.from(provenChunks(bytes, object));
  }
}

async function* provenChunks(bytes: Buffer, object: StoredObject): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, -1);
  if (digest(bytes) !== object.sha256) {
    throw new AppError("BACKUP_DAMAGED", `${object.key} is damaged.`, { hint: "Take another backup." });
  }
  yield bytes.subarray(-1);
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
