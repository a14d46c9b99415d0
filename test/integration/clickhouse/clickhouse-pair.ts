import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { inject } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Difference } from "../../../src/backup/inventory.ts";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import type { ClickHouseStoreOptions } from "../../../src/stores/clickhouse/store.ts";
import {
  createClickHouseTarget,
  createClickHouseThrowaway,
} from "../../../src/stores/clickhouse/restore/target.ts";
import type { BackupSink, ObjectSource, Target, ThrowawayTarget } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { startTestRun } from "../../support/run-context.ts";
import type { TestRun } from "../../support/run-context.ts";

/** Two servers: the one of the test run as source, and one of this file's own that backups are restored into. */
export class ClickHousePair implements AsyncDisposable {
  readonly sourceUrl = inject("clickhouseUrl");
  readonly targetUrl: string;
  readonly run: TestRun = startTestRun();
  readonly #source: Target;
  readonly #stopTarget: () => Promise<void>;

  private constructor(server: Awaited<ReturnType<typeof startClickHouse>>) {
    this.targetUrl = server.url;
    this.#stopTarget = () => server.stop();
    this.#source = createClickHouseTarget({ store: "source", url: new Secret(this.sourceUrl) }, this.run);
  }

  static async start(): Promise<ClickHousePair> {
    return new ClickHousePair(await startClickHouse());
  }

  /** Creates a database on the source and runs statements in it (`DB` stands for its name). */
  async fill(script: string): Promise<string> {
    const database = nameUniquely();
    await this.sql(`CREATE DATABASE ${database}; ${script.replaceAll("DB.", `${database}.`)}`);
    return database;
  }

  /** Fills a database of the source with a column of every type. @returns its name */
  async fillTypes(): Promise<string> {
    const fixture = await readFile(new URL("../../fixtures/clickhouse-types.sql", import.meta.url), "utf8");
    const database = nameUniquely();
    await this.sql(fixture.replaceAll("every_type", database));
    return database;
  }

  /** Runs statements on the source. */
  sql(script: string): Promise<Record<string, unknown>[]> {
    return this.#source.query(script);
  }

  async backup(
    databases: string[],
    sink: BackupSink,
    options: { sliceBytes?: number } = {},
  ): Promise<ClickHouseManifest> {
    const url = new Secret(this.sourceUrl);
    return await backUpClickHouse({ name: "clickhouse", url, databases, ...options }, sink, this.run);
  }

  /** Restores into the second server, hands the target over, and destroys what was restored. */
  async withRestored<T>(
    manifest: ClickHouseManifest,
    objects: ObjectSource,
    work: (target: ThrowawayTarget) => Promise<T>,
  ): Promise<T> {
    const target = await this.openThrowaway();
    try {
      await target.restore(manifest, { objects, replace: false, scratchDir: "" });
      return await work(target);
    } finally {
      await target.destroy();
      await target.close();
    }
  }

  openThrowaway(): Promise<ThrowawayTarget> {
    return createClickHouseThrowaway({ store: "clickhouse", url: new Secret(this.targetUrl) }, this.run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.close();
    await this.#stopTarget();
  }
}

/** The source is shared by all files of tests. */
function nameUniquely(): string {
  return `test_${randomBytes(6).toString("hex")}`;
}

export async function backUpClickHouse(
  options: ClickHouseStoreOptions,
  sink: BackupSink,
  run: TestRun,
): Promise<ClickHouseManifest> {
  const store = createClickHouseStore(options, run);
  try {
    const manifest = await store.backup(sink);
    if (manifest.kind !== "clickhouse") throw new Error("not a ClickHouse manifest");
    return manifest;
  } finally {
    await store.close();
  }
}

/** What a restored server holds otherwise than the backup says. */
export async function findDifferences(manifest: ClickHouseManifest, target: Target): Promise<Difference[]> {
  const found = await target.takeInventory(manifest);
  return compareInventories("clickhouse", manifest.inventory, found).differences;
}
