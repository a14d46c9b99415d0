import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import { readObjects } from "../../../src/commands/objects/object-reader.ts";
import { restoreAndCompare } from "../../../src/commands/restore.ts";
import { DirectoryDestination } from "../../../src/destinations/directory.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import type { ObjectSource, RestoreRequest } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import type { TestRun } from "../../support/run-context.ts";
import { SmallDisk } from "../../support/small-disk.ts";
import { until } from "../../support/until.ts";

let server: Awaited<ReturnType<typeof startPostgres>>;
let source: string;
let copy: string;

beforeAll(async () => {
  server = await startPostgres({ settings: { synchronous_commit: "on" } });
});
afterAll(() => server.stop());
beforeEach(async () => {
  for (const database of ["source", "copy"]) await runSql(server.url, `CREATE DATABASE ${database}`);
  source = changeUrl(server.url, { pathname: "/source" }).reveal();
  copy = changeUrl(server.url, { pathname: "/copy" }).reveal();
  return async () => {
    for (const database of ["source", "copy"]) {
      await runSql(server.url, `DROP DATABASE ${database} WITH (FORCE)`);
    }
  };
});

interface Copied {
  url?: string;
  run?: TestRun;
  objects: ObjectSource;
  scratchDir?: string;
}

async function restore(store: StoreManifest, { url = copy, run = startToolRun(), ...rest }: Copied) {
  await using scratch = await Scratch.create();
  const target = createPostgresTarget({ store: "app", url: new Secret(url) }, run);
  const request: RestoreRequest = { replace: false, scratchDir: scratch.path, jobs: 2, ...rest };
  return (await restoreAndCompare({ store, target }, request, run)).comparison;
}

async function backUp(sink: MemorySink): Promise<StoreManifest> {
  const options = { name: "app", url: new Secret(source), dump: { format: "custom" } } as const;
  return await createPostgresStore(options, startToolRun()).backup(sink);
}

test("a table is counted while the rows of another one are still on their way", async () => {
  await runSql(
    source,
    `CREATE FUNCTION await_leave() RETURNS boolean LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN true; END';
     CREATE TABLE quick AS SELECT 1 AS id;
     CREATE TABLE slow (id int CHECK (await_leave())); INSERT INTO slow VALUES (1), (2)`,
  );
  const sink = new MemorySink();
  const manifest = await backUp(sink);
  const run = startToolRun();
  const counted = new Promise((resolve) => {
    run.reporter.progress = ({ label, done }) => {
      if (label === "app: compare" && done === 1) resolve("counted");
    };
  });
  const holder = new Client({ connectionString: copy });
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(42)");
  const restoring = restore(manifest, { objects: sink, run });
  try {
    expect(await Promise.race([counted, restoring])).toBe("counted");
    // Were the restore to fail now, all of its sessions must be found and ended.
    const others = `SELECT application_name FROM pg_stat_activity WHERE datname = 'copy' AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND application_name NOT LIKE 'lifeboat-restore-%'`;
    await until(async () => (await holder.query(others)).rows.length === 0);
  } finally {
    await holder.end();
  }
  expect(await restoring).toMatchObject({ differences: [], contentsCompared: 2, rowsCompared: 3 });
});

test("no statement of a restore waits for the disk, and at the end all of it is waited for", async () => {
  await runSql(
    source,
    `SET synchronous_commit = off; CREATE TABLE hurried (id int CHECK (current_setting('synchronous_commit') = 'off'));
     INSERT INTO hurried VALUES (1)`,
  );
  const objects = new MemorySink();
  const manifest = await backUp(objects);
  await expect(runSql(copy, "SHOW synchronous_commit")).resolves.toEqual([{ synchronous_commit: "on" }]);
  const run = startToolRun();
  expect((await restore(manifest, { objects, run })).differences).toEqual([]);
  expect(run.lines.join("\n")).not.toContain("server's disk");
});

test("whoever may not wait for the disk is told", async () => {
  await runSql(source, "CREATE TABLE t AS SELECT 1 AS id");
  const objects = new MemorySink();
  const manifest = await backUp(objects);
  await runSql(
    copy,
    "CREATE ROLE plain LOGIN PASSWORD 'planted-password'; ALTER DATABASE copy OWNER TO plain",
  );
  await runSql(
    copy,
    `DO $$ DECLARE f text; BEGIN
       FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
         EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || f || ' FROM PUBLIC';
       END LOOP; END $$`,
  );
  const run = startToolRun();
  const url = changeUrl(copy, { username: "plain", password: "planted-password" }).reveal();
  expect((await restore(manifest, { objects, run, url })).differences).toEqual([]);
  expect(run.lines.join("\n")).toContain("may not be on the server's disk yet");
  expect(run.lines.join("\n")).not.toContain("planted-password");
});

test("an archive that lies in a folder is proved and read there, and needs no room elsewhere", async () => {
  await runSql(
    source,
    "CREATE TABLE large AS SELECT sha512(n::text::bytea) AS noise FROM generate_series(1, 150000) n",
  );
  const sink = new MemorySink();
  const manifest = await backUp(sink);
  await using folder = await Scratch.create();
  const run = startToolRun();
  const destination = new DirectoryDestination(folder.path, "backups", run);
  for (const [key, bytes] of sink.objects) await destination.put(key, Readable.from([bytes]));
  const objects = readObjects(destination, undefined, run);
  // A restore wants 64 MiB of room, and the archive has more than the rest.
  await using disk = await SmallDisk.mount(70);
  const scratchDir = disk.path;
  await expect(restore(manifest, { objects: sink, scratchDir })).rejects.toMatchObject({ code: "DISK_FULL" });
  expect(await restore(manifest, { objects, scratchDir })).toMatchObject({
    differences: [],
    contentsCompared: 1,
  });
  expect(await readdir(scratchDir)).toEqual([]);
  const [[key = "", bytes = Buffer.of()] = []] = sink.objects;
  const damaged = Buffer.from(bytes);
  damaged[damaged.length - 1000]! ^= 1;
  await destination.put(key, Readable.from([damaged]));
  await runSql(copy, "DROP TABLE large");
  await expect(restore(manifest, { objects, scratchDir })).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  expect(await runSql(copy, "SELECT FROM pg_class WHERE relname = 'large'")).toEqual([]);
});
