import { afterEach, beforeEach, expect, inject, test } from "vitest";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import type { Finding } from "../../../src/finding.ts";
import { diagnosePostgresTarget } from "../../../src/stores/postgres/doctor/diagnose-target.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { restorePostgres } from "../../support/postgres-restores.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { until } from "../../support/until.ts";

const objects = new MemorySink();
let database: TestDatabase;
let store: StoreManifest;

beforeEach(async () => {
  database = await createPostgresDatabase();
  await runSql(
    database.url,
    `CREATE TABLE notes (id int PRIMARY KEY, note text); INSERT INTO notes VALUES (1, 'old');
     CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop".orders (id int); COMMENT ON SCHEMA "My Shop" IS 'It''s mine'`,
  );
  store = await createPostgresStore({ name: "app", url: new Secret(database.url) }, startToolRun()).backup(
    objects,
  );
});
afterEach(async () => {
  await database?.drop();
});

async function findLeftovers(run = startToolRun()): Promise<Finding[]> {
  const options = { name: "app", url: new Secret(database.url) };
  const ofStore = await createPostgresStore(options, run).diagnose();
  const ofTarget = await diagnosePostgresTarget({ ...options, store: "app" }, undefined, run);
  const [found, foundThere] = [ofStore, ofTarget].map((findings) =>
    findings.filter(({ check }) => check === "leftovers"),
  );
  expect(found).toEqual(foundThere);
  return found ?? [];
}

async function readAll(): Promise<unknown> {
  return await runSql(
    database.url,
    `SELECT n.nspname, relname, pg_relation_filenode(c.oid) AS file, obj_description(n.oid, 'pg_namespace') AS comment
     FROM pg_namespace n LEFT JOIN pg_class c ON n.oid = relnamespace WHERE n.nspname !~ '^(pg_|information)' ORDER BY 1, 2`,
  );
}

test("a part that nobody put back is found, with the statements that do so", async () => {
  expect(await findLeftovers()).toEqual([]);
  const before = await readAll();
  // Neither the new part can be made, nor the old one be put back.
  await runSql(
    database.url,
    `CREATE SCHEMA guard; CREATE FUNCTION guard.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF to_regclass('public.notes') IS NULL OR current_query() LIKE '%notes_pkey%' THEN RAISE 'not today'; END IF; END $$;
     CREATE EVENT TRIGGER guard ON ddl_command_start WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA') EXECUTE FUNCTION guard.refuse()`,
  );
  const scope = { tables: ["public.notes"], schemas: ["My Shop"], content: "all" } as const;
  const failed = restorePostgres({ store, objects }, database.url, scope, { replace: true });
  await expect(failed).rejects.toThrow("pg_restore could not restore");
  await runSql(database.url, "DROP EVENT TRIGGER guard; DROP SCHEMA guard CASCADE");
  expect(await readAll()).not.toEqual(before);

  const [finding, ...more] = await findLeftovers();
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    state: "warning",
    found: expect.stringMatching(/notes.*only copy of rows/),
  });
  const run = startToolRun();
  await createPostgresTarget({ store: "app", url: new Secret(database.url) }, run).inspect(store, scope);
  expect(run.lines.join("\n")).toContain(finding?.found);

  const [, putBack = ""] =
    /run: (.*); when nothing of it is wanted: DROP SCHEMA/.exec(finding?.mend ?? "") ?? [];
  await runSql(database.url, putBack);
  expect(await readAll()).toEqual(before);
  expect(await findLeftovers()).toEqual([]);

  const again = await restorePostgres({ store, objects }, database.url, scope, { replace: true });
  expect(again.comparison.differences).toEqual([]);
  const comment = "SELECT obj_description('\"My Shop\"'::regnamespace) AS comment";
  expect(await runSql(database.url, comment)).toEqual([{ comment: "It's mine" }]);
});

test("databases that --replace-db left are found; the old one is not taken for a copy", async () => {
  const [copy, old] = [`${database.name}_restored_0123abcd`, `${database.name}_replaced_0123abcd`];
  const own = inject("postgresUrl");
  try {
    await runSql(own, `CREATE DATABASE ${copy}`);
    await runSql(own, `CREATE DATABASE ${old} ALLOW_CONNECTIONS false`);
    const found = await findLeftovers();
    expect(found).toMatchObject([
      {
        found: expect.stringContaining("may be the only copy"),
        mend: expect.stringContaining(`ALTER DATABASE "${old}" RENAME TO "${database.name}"`),
      },
      {
        found: expect.stringContaining("a copy of a backup"),
        mend: `DROP DATABASE "${copy}" WITH (FORCE);`,
      },
    ]);
    const closed = await diagnosePostgresTarget(
      { store: "app", url: changeUrl(database.url, { pathname: `/${old}` }) },
      undefined,
      startToolRun(),
    );
    expect(closed).toMatchObject([
      { state: "bad", mend: expect.stringContaining(`ALTER DATABASE "${old}" ALLOW_CONNECTIONS true;`) },
    ]);
    await runSql(own, found[1]?.mend ?? "");
    expect(await findLeftovers()).toHaveLength(1);
  } finally {
    await runSql(own, `DROP DATABASE IF EXISTS ${copy}`);
    await runSql(own, `DROP DATABASE IF EXISTS ${old}`);
  }
});

test("the database of a drill is found when no drill can be at work in it", async () => {
  const startedAt = Date.now();
  const after = (hours: number): FakeClock =>
    new FakeClock(new Date(startedAt + hours * 3_600_000).toISOString());
  const options = { store: "app", url: new Secret(database.url) };
  const target = await createPostgresThrowaway(options, { ...startToolRun(), clock: after(0) });
  try {
    const { LIFEBOAT_APP_DATABASE: name = "" } = target.connectionEnv();
    const isFound = async (hours: number): Promise<boolean> =>
      (await findLeftovers({ ...startToolRun(), clock: after(hours) })).some(
        ({ mend }) => mend === `DROP DATABASE "${name}" WITH (FORCE);`,
      );
    // The session that made it may take a moment to leave.
    await until(() => isFound(7));
    expect(await isFound(1)).toBe(false);
  } finally {
    await target.destroy();
  }
});
