import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { RestoreRequest } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { restorePostgres } from "../../support/postgres-restores.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { until } from "../../support/until.ts";

/** What `--replace` was to replace is there again when the restore comes to nothing. */

const NOTES: RestoreScope = { tables: ["public.event_notes"], content: "all" };
const ROWS_OF_NOTES: RestoreScope = { ...NOTES, content: "data" };

const objects = new MemorySink();
let source: TestDatabase;
let store: StoreManifest;
/** A copy of the source, changed in the meantime. */
let database: TestDatabase;

beforeAll(async () => {
  source = await createRichDatabase();
  await runSql(
    source.url,
    `CREATE TABLE public.late_notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text,
       parent integer REFERENCES public.late_notes DEFERRABLE INITIALLY DEFERRED);
     INSERT INTO public.late_notes (note, parent) VALUES ('a', 2), ('b', 1)`,
  );
  const options = { name: "postgres", url: new Secret(source.url) };
  store = await createPostgresStore(options, startToolRun()).backup(objects);
});
afterAll(async () => {
  await source?.drop();
});
beforeEach(async () => {
  database = await createPostgresDatabase();
  expect((await restoreInto(undefined)).comparison.differences).toEqual([]);
  await runSql(database.url, "UPDATE event_notes SET note = 'mine'");
});
afterEach(async () => {
  await database?.drop();
});

async function restoreInto(
  scope: RestoreScope | undefined,
  more: Partial<RestoreRequest> = {},
): ReturnType<typeof restorePostgres> {
  return await restorePostgres({ store, objects }, database.url, scope, more);
}

/** Every relation by where it lies, its file and its trigger states: a part that was made anew has other files. */
async function readAll(): Promise<unknown> {
  return await runSql(
    database.url,
    `SELECT n.nspname, relname, pg_relation_filenode(c.oid)::text AS file,
       (SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = c.oid) AS triggers
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE n.nspname !~ '^(pg_|information)' ORDER BY 1, 2`,
  );
}

async function readNotes(): Promise<unknown> {
  return (await runSql(database.url, "SELECT DISTINCT note FROM event_notes")).map(({ note }) => note);
}

describe("a part that was set aside", () => {
  test("is back when what lies in the target cannot be looked at afterwards", async () => {
    const before = await readAll();
    // The commit that sets the part aside leaves the session with a catalog that lacks a column.
    await runSql(
      database.url,
      `CREATE SCHEMA guard; CREATE VIEW guard.pg_publication AS SELECT 0::oid AS oid;
       CREATE FUNCTION guard.blind() RETURNS event_trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_catalog.set_config('search_path', 'guard, pg_catalog', false); END $$;
       CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION guard.blind()`,
    );
    await expect(restoreInto(NOTES, { replace: true })).rejects.toMatchObject({
      message: expect.stringContaining("pubname"),
    });
    await runSql(database.url, "DROP EVENT TRIGGER guard; DROP SCHEMA guard CASCADE");
    expect(await readAll()).toEqual(before);
    expect(await readNotes()).toEqual(["mine"]);
  });

  test("is back when the new rows differ", async () => {
    const before = await readAll();
    const { comparison } = await restoreInto(NOTES, { replace: true, onRows: () => "stop" });
    expect(comparison.notProven.join()).toContain("the restore was ended when the rows differed");
    expect(await readAll()).toEqual(before);
  });
});

describe("rows that are replaced", () => {
  test("are those of the backup, with sequences, and nothing else has changed", async () => {
    const readTriggers = async (): Promise<unknown> =>
      await runSql(database.url, "SELECT tgname, tgenabled FROM pg_trigger ORDER BY 1");
    await runSql(
      database.url,
      `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'spoilt'; RETURN NEW; END $$;
       CREATE TRIGGER spoil BEFORE INSERT ON late_notes FOR EACH ROW EXECUTE FUNCTION spoil();
       INSERT INTO late_notes (note, parent) VALUES ('c', 1)`,
    );
    const before = await readTriggers();
    const scope: RestoreScope = { tables: ["public.late_notes", "public.event_notes"], content: "data" };
    const { comparison } = await restoreInto(scope, { replace: true });
    expect(comparison).toMatchObject({ differences: [], tablesCompared: 2, rowsCompared: 22 });
    expect(await readTriggers()).toEqual(before);
    expect(await runSql(database.url, "SELECT nextval('late_notes_id_seq')::int AS next")).toEqual([
      { next: 3 },
    ]);
  });

  test.each<[string, string, RegExp]>([
    [
      "a foreign key",
      "DELETE FROM events WHERE id = 3",
      /nothing was changed: insert or update on table "event_notes" violates foreign key/,
    ],
    [
      "a check",
      "ALTER TABLE event_notes ADD CHECK (note <> 'note')",
      /violates check constraint .* \(rows of event_notes\)/,
    ],
    [
      "a lost column",
      "ALTER TABLE event_notes DROP COLUMN note; ALTER TABLE event_notes ADD note text DEFAULT 'mine'; ALTER TABLE event_notes RENAME note TO other",
      /column "note" of relation "event_notes" does not exist/,
    ],
  ])("are there when the load fails at %s", async (_, spoil, message) => {
    await runSql(
      database.url,
      `DELETE FROM event_notes WHERE event = 3; SELECT setval('late_notes_id_seq', 77); ${spoil}`,
    );
    const before = await readAll();
    const scope: RestoreScope = {
      tables: ["public.late_notes", "public.event_notes", "public.animals"],
      content: "data",
    };
    const failed = restoreInto(scope, { replace: true });
    await expect(failed).rejects.toMatchObject({
      code: "TOOL_FAILED",
      message: expect.stringMatching(message),
    });
    expect(await readAll()).toEqual(before);
    expect(await runSql(database.url, "SELECT count(*)::int FROM event_notes")).toEqual([{ count: 19 }]);
    expect(await runSql(database.url, "SELECT last_value::int FROM late_notes_id_seq")).toEqual([
      { last_value: 77 },
    ]);
  });

  test("are there when the new ones differ", async () => {
    await runSql(database.url, "SELECT setval('late_notes_id_seq', 77)");
    const before = await readAll();
    const scope: RestoreScope = { tables: ["public.late_notes", "public.event_notes"], content: "data" };
    const counted: number[] = [];
    const onRows: RestoreRequest["onRows"] = ({ tables }) => {
      counted.push(...tables.map(({ rows }) => rows));
      return "stop";
    };
    await restoreInto(scope, { replace: true, onRows });
    expect(counted.sort()).toEqual([2, 20]);
    expect(await readAll()).toEqual(before);
    expect(await readNotes()).toEqual(["mine"]);
    expect(await runSql(database.url, "SELECT last_value::int FROM late_notes_id_seq")).toEqual([
      { last_value: 77 },
    ]);
  });

  test("are there, and not locked, when the connection is cut under the load", async () => {
    const before = await readAll();
    const other = new Client({ connectionString: database.url });
    await other.connect();
    try {
      // Each new row's foreign key waits for this one.
      await other.query("BEGIN; SELECT FROM events FOR UPDATE");
      const failed = restoreInto(ROWS_OF_NOTES, { replace: true });
      failed.catch(() => {});
      await until(async () => {
        const cut = await runSql(
          database.url,
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'lifeboat-restore-%' AND wait_event_type = 'Lock'`,
        );
        return cut.length > 0;
      });
      await expect(failed).rejects.toMatchObject({
        code: "TOOL_FAILED",
        message: expect.stringContaining("nothing was changed"),
        hint: expect.stringContaining("The connection was cut"),
      });
    } finally {
      await other.end();
    }
    expect(await readAll()).toEqual(before);
    expect(await readNotes()).toEqual(["mine"]);
  });
});
