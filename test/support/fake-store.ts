import { Readable } from "node:stream";
import type { StoreManifest } from "../../src/backup/manifest.ts";
import type { StoreShare } from "../../src/backup/shard-result.ts";
import { findOrExplain } from "../../src/finding.ts";
import type { Finding } from "../../src/finding.ts";
import type { BackupSink, Outline, Store } from "../../src/stores/store.ts";
import { buildClickHouseManifest, buildPostgresManifest } from "./builders.ts";

interface Moments {
  check(): void | Promise<void>;
  /** When the first object is written, and more is to come. */
  backup(): void | Promise<void>;
}

/** A store whose data is a few words, and whose work can be disturbed. */
export class FakeStore implements Store {
  readonly name: string;
  readonly kind: StoreManifest["kind"];
  /** The previous manifest it was handed, once it was. */
  previous: StoreManifest | undefined;
  readonly #moments: Partial<Moments>;

  constructor(kind: StoreManifest["kind"], name: string, moments: Partial<Moments> = {}) {
    this.kind = kind;
    this.name = name;
    this.#moments = moments;
  }

  async check(): Promise<string> {
    await this.#moments.check?.();
    return `${this.name}: a fake ${this.kind}`;
  }

  async diagnose(): Promise<Finding[]> {
    return [await findOrExplain("connection", () => this.check())];
  }

  async backup(sink: BackupSink): Promise<StoreManifest> {
    this.previous = sink.previous;
    const put = (file: string): ReturnType<BackupSink["put"]> =>
      sink.put(file, Readable.from([Buffer.from(`${file} of ${this.name}`)]));
    if (this.kind === "postgres") {
      const archive = await put("app.dump");
      await this.#moments.backup?.();
      return buildPostgresManifest({ store: this.name, archive: { ...archive, format: "custom" } });
    }
    const [template] = buildClickHouseManifest().parts;
    if (!template) throw new Error("the builder makes one part");
    const part = { ...template, ...(await sink.putPart(template, Readable.from([Buffer.from("rows")]))) };
    await this.#moments.backup?.();
    return buildClickHouseManifest({
      store: this.name,
      ddl: {
        objects: await put("ddl.json"),
        beforeData: await put("before-data.sql"),
        afterData: await put("after-data.sql"),
      },
      parts: [part],
    });
  }

  async outline(): Promise<Outline> {
    return { sizeBytes: 1, pieces: [] };
  }

  async backupShare(sink: BackupSink): Promise<StoreShare> {
    return { role: "lead", manifest: await this.backup(sink), tables: [] };
  }

  async close(): Promise<void> {}
}
