import { chmod, chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import { restoreAndCompare } from "../../../src/commands/restore.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import type { Target } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { SmallDisk } from "../../support/small-disk.ts";

/** Who owns a server's folders where the tests run as root. */
const NOBODY = 65534;

let server: Awaited<ReturnType<typeof startPostgres>>;
let source: string;
let sink: MemorySink;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  sink = new MemorySink();
  await runSql(server.url, "CREATE DATABASE source");
  source = urlOf("source");
  return () => runSql(server.url, "DROP DATABASE source WITH (FORCE)");
});

function urlOf(database: string): string {
  return changeUrl(server.url, { pathname: `/${database}` }).reveal();
}

function backUp(options: Partial<PostgresStoreOptions> = {}): Promise<StoreManifest> {
  const store = createPostgresStore({ name: "app", url: new Secret(source), ...options }, startToolRun());
  return store.backup(sink);
}

async function restoreInto(manifest: StoreManifest, target: Target): Promise<void> {
  await using scratch = await Scratch.create();
  const request = { objects: sink, replace: false, scratchDir: scratch.path };
  const { comparison } = await restoreAndCompare({ store: manifest, target }, request, startToolRun());
  expect(comparison.differences).toEqual([]);
}

test("who holds a table that a backup waits for in vain is told, without what they run", async () => {
  await runSql(source, "CREATE TABLE busy (id int)");
  const holder = new Client({ connectionString: source, application_name: "nightly migration" });
  await holder.connect();
  try {
    await holder.query("BEGIN; LOCK TABLE busy; SELECT 'planted-in-a-statement'");
    const [{ pid } = {}] = (await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows;
    const error = await backUp({ lockWaitMs: 300 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(
        new RegExp(
          `public\\.busy: process ${pid} of postgres \\(nightly migration\\), whose transaction began at \\d{4}-.* UTC$`,
        ),
      ),
      hint: expect.stringContaining(`pg_terminate_backend(${pid})`),
    });
    expect(JSON.stringify(error)).not.toContain("planted-in-a-statement");
  } finally {
    await holder.end();
  }
  await backUp({ lockWaitMs: 10_000 });
});

/** A folder of the server's own on a disk of its own. */
async function createTablespace(disk: SmallDisk, name: string): Promise<void> {
  await chmod(dirname(disk.path), 0o711);
  const folder = join(disk.path, name);
  await mkdir(folder);
  if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
  await runSql(server.url, `CREATE TABLESPACE ${name} LOCATION '${folder}'`);
}

test("a server whose disk fills during a restore is told of, and what was restored is gone", async () => {
  await runSql(
    source,
    "CREATE TABLE large AS SELECT n, repeat('x', 500) AS x FROM generate_series(1, 50000) n",
  );
  const manifest = await backUp();
  await using disk = await SmallDisk.mount(20);
  await createTablespace(disk, "small");
  await runSql(server.url, "CREATE DATABASE copy TABLESPACE small");
  try {
    const url = new Secret(urlOf("copy"));
    const target = createPostgresTarget({ store: "app", url }, startToolRun());
    await expect(restoreInto(manifest, target)).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringContaining("No space left on device"),
      hint: expect.stringContaining("more room"),
    });
    expect(await runSql(url.reveal(), "SELECT FROM pg_class WHERE relname = 'large'")).toEqual([]);
    await disk.remount("size=100m");
    await restoreInto(manifest, target);
  } finally {
    await runSql(server.url, "DROP DATABASE copy WITH (FORCE)");
    await runSql(server.url, "DROP TABLESPACE small");
  }
});

test.each(["custom", "plain"] as const)(
  "a table comes back from format %s where its tablespace is unknown",
  async (format) => {
    await using disk = await SmallDisk.mount(20);
    await createTablespace(disk, "elsewhere");
    try {
      await runSql(
        source,
        "CREATE TABLE t TABLESPACE elsewhere AS SELECT 1 AS id; CREATE INDEX i ON t (id) TABLESPACE elsewhere",
      );
      const manifest = await backUp({ dump: { format } });
      expect(manifest.leftOut.map(({ what }) => what)).toContain("Tablespaces (elsewhere)");
      const options = { store: "app", url: new Secret(inject("postgresUrl")) };
      const target = await createPostgresThrowaway(options, startToolRun());
      try {
        await restoreInto(manifest, target);
      } finally {
        await target.destroy();
      }
    } finally {
      await runSql(source, "DROP TABLE IF EXISTS t");
      await runSql(server.url, "DROP TABLESPACE elsewhere");
    }
  },
);
