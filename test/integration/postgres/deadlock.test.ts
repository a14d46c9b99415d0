import { Client } from "pg";
import { expect, test } from "vitest";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { restorePostgres } from "../../support/postgres-restores.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import { until } from "../../support/until.ts";

/**
 * Makes the first statement that hangs a partition's key into its parent's take lock 1, wait until somebody else wants
 * that, and want lock 2.
 */
const LOCKS_IN_ONE_ORDER = `
  CREATE SCHEMA guard; CREATE SEQUENCE guard.turn;
  CREATE FUNCTION guard.lock() RETURNS event_trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF current_query() NOT LIKE '%events_pkey%ATTACH%' OR nextval('guard.turn') > 1 THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(1);
    WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted) LOOP
      PERFORM pg_sleep(0.01);
    END LOOP;
    PERFORM pg_advisory_xact_lock(2);
  END $$;
  CREATE EVENT TRIGGER guard ON ddl_command_start WHEN TAG IN ('ALTER INDEX') EXECUTE FUNCTION guard.lock()`;
const FIRST_IS_HELD = `
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

test("what a deadlock ended is made when nothing else runs, with the foreign keys that were lost for want of it", async () => {
  const objects = new MemorySink();
  const source = await createRichDatabase();
  const target = await createPostgresDatabase();
  const other = new Client({ connectionString: target.url });
  await other.connect();
  try {
    const options = { name: "postgres", url: new Secret(source.url) };
    const store = await createPostgresStore(options, startToolRun()).backup(objects);
    await runSql(target.url, LOCKS_IN_ONE_ORDER);
    // The server ends whoever finds the circle: the other session does not look for it.
    await runSql(target.url, `ALTER DATABASE ${target.name} SET deadlock_timeout = '5ms'`);
    await other.query("SET deadlock_timeout = '1d'; BEGIN; SELECT pg_advisory_xact_lock(2)");
    const taking = until(async () => (await runSql(target.url, FIRST_IS_HELD)).length > 0).then(() =>
      other.query("SELECT pg_advisory_xact_lock(1); COMMIT"),
    );
    const run = startToolRun();
    const scope = { tables: ["public.events", "public.event_notes"], content: "all" } as const;
    const restoring = restorePostgres({ store, objects }, target.url, scope, { jobs: 2 }, run);
    const [{ comparison }] = await Promise.all([restoring, taking]);
    expect(comparison).toMatchObject({ differences: [], tablesCompared: 5, rowsCompared: 920 });
    expect(run.lines.join("\n")).toMatch(
      /After a deadlock, these are tried again .*: index attach public\.events_\w+_pkey, .*foreign key public\.event_notes/,
    );
    const counted = "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()";
    expect(await until(async () => (await runSql(target.url, counted))[0]?.["deadlocks"])).toBe(1);
  } finally {
    await other.end();
    await target.drop();
    await source.drop();
  }
});
