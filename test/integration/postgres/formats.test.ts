import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import { objectsOfStore, postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import { createPostgresThrowaway } from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { SmallDisk } from "../../support/small-disk.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createRichDatabase();
});

afterAll(async () => {
  await source.drop();
});

async function backUp(
  sink: MemorySink,
  dump: NonNullable<PostgresStoreOptions["dump"]>,
): Promise<PostgresManifest> {
  const store = createPostgresStore({ name: "postgres", url: new Secret(source.url), dump }, startToolRun());
  await store.check();
  return (await store.backup(sink)) as PostgresManifest;
}

describe("what was dumped is restored whole", () => {
  test.each<[string, NonNullable<PostgresStoreOptions["dump"]>, RegExp]>([
    ["custom, zstd", { format: "custom", compression: "zstd", level: 5 }, /^app\.dump$/],
    ["custom, gzip", { format: "custom", compression: "gzip" }, /^app\.dump$/],
    ["custom, not compressed", { format: "custom", compression: "none" }, /^app\.dump$/],
    [
      "directory, zstd",
      { format: "directory", jobs: 2 },
      /^app\.dump\/(toc|blobs_\d+|\d+|blob_\d+)\.(dat|toc)(\.zst)?$/,
    ],
    ["directory, gzip", { format: "directory", compression: "gzip" }, /^app\.dump\/.*$/],
    ["plain, zstd", { format: "plain" }, /^app\.sql\.zst$/],
    ["plain, gzip", { format: "plain", compression: "gzip" }, /^app\.sql\.gz$/],
    ["plain, not compressed", { format: "plain", compression: "none" }, /^app\.sql$/],
  ])("in format %s", async (_, dump, names) => {
    await using scratch = await Scratch.create();
    const sink = new MemorySink();
    const manifest = await backUp(sink, { ...dump, scratchDir: scratch.path });
    expect(await readdir(scratch.path)).toEqual([]);
    expect(postgresManifestSchema.parse(manifest)).toEqual(manifest);
    expect(manifest.archive.format).toBe(dump.format);
    expect([...sink.objects.keys()].filter((name) => !names.test(name))).toEqual([]);
    expect(
      objectsOfStore(manifest)
        .map(({ key }) => key)
        .sort(),
    ).toEqual([...sink.objects.keys()].sort());

    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(source.url) },
      startToolRun(),
    );
    try {
      await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
      expect(await readdir(scratch.path)).toEqual([]);
      const found = await target.takeInventory(manifest);
      const comparison = compareInventories("postgres", manifest.inventory, found);
      expect(comparison.differences).toEqual([]);
      expect(comparison).toMatchObject({ tablesCompared: 14, contentsCompared: 14, rowsCompared: 1469 });
    } finally {
      await target.destroy();
    }
  });
});

describe("a directory on a disk that is too small", () => {
  test("is refused before a byte is written, by the size of the tables", async () => {
    await runSql(
      source.url,
      "CREATE TABLE large AS SELECT repeat('x', 1000) AS filler FROM generate_series(1, 5000)",
    );
    try {
      await using disk = await SmallDisk.mount(2);
      const sink = new MemorySink();
      await expect(backUp(sink, { format: "directory", scratchDir: disk.path })).rejects.toMatchObject({
        message: expect.stringMatching(/needs about .* in .*, and .* are free there/),
        hint: expect.stringContaining("scratch-dir"),
      });
      expect(await readdir(disk.path)).toEqual([]);
      expect(sink.objects.size).toBe(0);
    } finally {
      await runSql(source.url, "DROP TABLE large");
    }
  });

  test("is told of clearly when the disk fills all the same, and leaves nothing behind", async () => {
    // The server compresses these values; the dump is told not to.
    await runSql(
      source.url,
      "CREATE TABLE unfolding AS SELECT repeat('x', 100000) AS filler FROM generate_series(1, 100)",
    );
    try {
      await using disk = await SmallDisk.mount(4);
      const sink = new MemorySink();
      const settings = { format: "directory", compression: "none", scratchDir: disk.path } as const;
      await expect(backUp(sink, settings)).rejects.toMatchObject({
        message: expect.stringMatching(/^The disk of .* is full: pg_dump exited.*No space left on device/s),
        hint: expect.stringContaining("format: custom"),
      });
      expect(await readdir(disk.path)).toEqual([]);
      expect(sink.objects.size).toBe(0);
    } finally {
      await runSql(source.url, "DROP TABLE unfolding");
    }
  });
});

test("a folder that is not there is named", async () => {
  const failing = backUp(new MemorySink(), { format: "directory", scratchDir: "/nowhere/at/all" });
  await expect(failing).rejects.toMatchObject({ message: expect.stringContaining("/nowhere/at/all") });
});
