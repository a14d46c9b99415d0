import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres } from "../../../local-services/postgres.ts";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import { restoreAndCompare } from "../../../src/commands/restore.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import type { RestoreRequest, Target } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";

/** pg_dump locks each with its sequence; who reads one locks its indexes as well. */
const TABLES = 120;
const INDEXES = 15;
/** Some 1000 locks in all, of which pg_dump takes 400 here. */
const FEW_LOCKS = {
  max_locks_per_transaction: "10",
  max_connections: "60",
  max_worker_processes: "2",
  max_wal_senders: "0",
  autovacuum_max_workers: "1",
  shared_buffers: "16MB",
};

let server: Awaited<ReturnType<typeof startPostgres>>;
let source: string;
let copy: string;
const sink = new MemorySink();
let manifest: StoreManifest;

beforeAll(async () => {
  server = await startPostgres({ settings: FEW_LOCKS });
  for (const database of ["source", "copy"]) await runSql(server.url, `CREATE DATABASE ${database}`);
  source = changeUrl(server.url, { pathname: "/source" }).reveal();
  copy = changeUrl(server.url, { pathname: "/copy" }).reveal();
  await runSql(source, "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
  const columns = Array.from({ length: INDEXES }, (_, index) => `c${index} int DEFAULT 1 UNIQUE`).join(", ");
  for (const name of NAMES) {
    await runSql(
      source,
      `CREATE TABLE ${name} (id serial, ${columns}); INSERT INTO ${name} DEFAULT VALUES;
       CREATE TRIGGER touch BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION touch()`,
    );
  }
});
afterAll(() => server.stop());

const NAMES = Array.from({ length: TABLES }, (_, number) => `t${number}`);

test("there are more tables than one transaction can read", async () => {
  const readAll = NAMES.map((name) => `SELECT FROM ${name};`).join(" ");
  await expect(runSql(source, `BEGIN; ${readAll} COMMIT`)).rejects.toThrow("out of shared memory");
});

test("they are backed up", async () => {
  const store = createPostgresStore({ name: "postgres", url: new Secret(source) }, startToolRun());
  manifest = await store.backup(sink);
  expect(manifest.inventory.tables).toHaveLength(TABLES);
});

test("they are restored into a drill's database", async () => {
  const options = { store: "postgres", url: new Secret(server.url) };
  const target = await createPostgresThrowaway(options, startToolRun());
  try {
    await expectSame(target, {});
  } finally {
    await target.destroy();
  }
});

test.each<[string, Partial<RestoreRequest>]>([
  ["into an empty database", {}],
  ["in place of those that are there", { replace: true }],
  ["as rows in place of those that are there", { replace: true, scope: { content: "data" } }],
])("they are restored %s", async (_, request) => {
  const run = startToolRun();
  const target = createPostgresTarget({ store: "postgres", url: new Secret(copy) }, run);
  await expectSame(target, request);
  const isToldOfLocks = run.lines.some((line) => line.includes("max_locks_per_transaction"));
  expect(isToldOfLocks).toBe(request.scope !== undefined);
  const asleep = await runSql(copy, "SELECT FROM pg_trigger WHERE tgenabled = 'D'");
  expect(asleep).toEqual([]);
});

async function expectSame(target: Target, request: Partial<RestoreRequest>): Promise<void> {
  await using scratch = await Scratch.create();
  const { comparison } = await restoreAndCompare(
    { store: manifest, target },
    { objects: sink, replace: false, scratchDir: scratch.path, ...request },
    startToolRun(),
  );
  expect(comparison).toMatchObject({ differences: [], contentsCompared: TABLES, rowsCompared: TABLES });
}
