import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import type { RestoreScope } from "../../../src/backup/restore-scope.ts";
import type { RestoredStore } from "../../../src/commands/restoring/compare-restored.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import type { RestoreRequest } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { restorePostgres } from "../../support/postgres-restores.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

const sink = new MemorySink();
let source: TestDatabase;
let manifest: StoreManifest;

beforeAll(async () => {
  source = await createRichDatabase();
  const options = { name: "postgres", url: new Secret(source.url) };
  manifest = await createPostgresStore(options, startToolRun()).backup(sink);
});

afterAll(async () => {
  await source.drop();
});

/** A copy of the source as it was, restored whole. */
async function copySource(): Promise<TestDatabase> {
  const copy = await createPostgresDatabase();
  const { comparison } = await restoreInto(copy, undefined);
  expect(comparison.differences).toEqual([]);
  return copy;
}

async function restoreInto(
  database: TestDatabase,
  scope: RestoreScope | undefined,
  more: Partial<RestoreRequest> = {},
): Promise<RestoredStore> {
  return await restorePostgres({ store: manifest, objects: sink }, database.url, scope, more);
}

async function inspect(database: TestDatabase, scope: RestoreScope): Promise<string[]> {
  const target = createPostgresTarget({ store: "postgres", url: new Secret(database.url) }, startToolRun());
  return (await target.inspect(manifest, scope)).occupiedBy;
}

async function listNames(url: string, sql: string): Promise<unknown[]> {
  return (await runSql(url, sql)).map((row) => Object.values(row)[0]);
}

const TABLES =
  "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace) ORDER BY 1";

describe("tables", () => {
  test("come with all that belongs to them, and with the types and functions below", async () => {
    const database = await createPostgresDatabase();
    try {
      const scope: RestoreScope = { tables: ["public.organisations"], content: "all" };
      const { comparison, notRestored } = await restoreInto(database, scope);
      expect(comparison).toMatchObject({ differences: [], tablesCompared: 1, rowsCompared: 4 });
      expect(comparison.schemaObjectsCompared).toBeGreaterThan(8);
      expect(await listNames(database.url, TABLES)).toEqual(["organisations"]);
      // What pg_restore --table alone would lose.
      const [found] = await runSql(
        database.url,
        `SELECT (SELECT count(*)::int FROM pg_index WHERE indrelid = 'organisations'::regclass) AS indexes,
           (SELECT count(*)::int FROM pg_policy) AS policies, relrowsecurity AS "rowSecurity",
           (SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal) AS triggers,
           (SELECT last_value::int FROM organisations_id_seq) AS last, obj_description(oid) AS comment
         FROM pg_class WHERE oid = 'organisations'::regclass`,
      );
      expect(found).toEqual({
        indexes: 4,
        policies: 2,
        rowSecurity: true,
        triggers: 1,
        last: 4,
        comment: "who pays",
      });
      await runSql(database.url, "INSERT INTO organisations (name) VALUES ('the next')");
      expect(notRestored.join("\n")).toMatch(
        /Not asked for, and left alone: table \(\d+\), .*publication \(1\)/,
      );
    } finally {
      await database.drop();
    }
  });

  test("lose foreign keys to tables that are not restored, and these are named", async () => {
    const database = await createPostgresDatabase();
    try {
      const scope: RestoreScope = {
        tables: ['billing.Invoice "lines"', "public.event_notes"],
        content: "all",
      };
      const { comparison, notRestored } = await restoreInto(database, scope);
      expect(comparison).toMatchObject({ differences: [], tablesCompared: 2, rowsCompared: 520 });
      expect(
        await listNames(database.url, "SELECT conname::text FROM pg_constraint WHERE contype = 'f'"),
      ).toEqual([]);
      expect(notRestored).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /^postgres: foreign key billing\.Invoice "lines"\..*_fkey: it needs public\.organisations/,
          ),
          expect.stringMatching(
            /^postgres: foreign key public\.event_notes\..*_fkey: it needs public\.events/,
          ),
        ]),
      );
      expect(
        await listNames(database.url, `SELECT nextval('billing."Invoice ""lines""_select_seq"')::int`),
      ).toEqual([2600]);
    } finally {
      await database.drop();
    }
  });

  test("that are partitioned come with their partitions, and keys among them stay", async () => {
    const database = await createPostgresDatabase();
    try {
      const scope: RestoreScope = { tables: ["public.events", "public.event_notes"], content: "all" };
      const { comparison } = await restoreInto(database, scope);
      expect(comparison).toMatchObject({ differences: [], tablesCompared: 5, rowsCompared: 920 });
      expect(
        await listNames(
          database.url,
          "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND conparentid = 0",
        ),
      ).toEqual(["event_notes_event_event_at_fkey"]);
    } finally {
      await database.drop();
    }
  });

  test("go back into the database they were lost from, and nothing else changes there", async () => {
    const database = await copySource();
    try {
      await runSql(
        database.url,
        "DROP TABLE event_notes; DELETE FROM events WHERE id = 100; CREATE TABLE mine (a int)",
      );
      const before = await runSql(database.url, "SELECT sum(id)::text FROM events");
      const scope: RestoreScope = { tables: ["public.event_notes"], content: "all" };
      expect(await inspect(database, scope)).toEqual([]);
      const { comparison } = await restoreInto(database, scope);
      expect(comparison).toMatchObject({ differences: [], rowsCompared: 20 });
      expect(await runSql(database.url, "SELECT sum(id)::text FROM events")).toEqual(before);
      expect(await listNames(database.url, TABLES)).toContain("mine");
    } finally {
      await database.drop();
    }
  });

  test("that are there are in the way, and are replaced when that was said", async () => {
    const database = await copySource();
    try {
      const scope: RestoreScope = { tables: ["public.event_notes"], content: "all" };
      expect(await inspect(database, scope)).toEqual(["table public.event_notes"]);
      await runSql(database.url, "UPDATE event_notes SET note = 'spoilt'");
      const { comparison } = await restoreInto(database, scope, { replace: true });
      expect(comparison.differences).toEqual([]);
      expect(await listNames(database.url, "SELECT DISTINCT note FROM event_notes")).toEqual(["note"]);
    } finally {
      await database.drop();
    }
  });

  test.each<[string, RestoreScope]>([
    ["tables", { tables: ["public.event_notes", "public.animals", "public.dogs"], content: "all" }],
    ["a schema", { schemas: ["Kunden & Köln"], content: "all" }],
    [
      "the schema public beside tables",
      { schemas: ["public"], tables: ['billing.Invoice "lines"'], content: "all" },
    ],
  ])("that were to be replaced are back when the restore fails: %s", async (_, scope) => {
    const database = await copySource();
    try {
      // Publications name tables of the part, and would keep it from being replaced. What was analysed stays so.
      await runSql(database.url, "DROP PUBLICATION changes; UPDATE event_notes SET note = 'mine'; ANALYZE");
      const readAll = (): Promise<unknown> =>
        runSql(
          database.url,
          `SELECT n.nspname, relname, relkind, pg_relation_filenode(c.oid) AS file, reltuples < 0 AS fresh
           FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE n.nspname !~ '^(pg_|information)'
           UNION ALL SELECT n.nspname, stxname, 's', s.oid, NULL FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace
           UNION ALL SELECT n.nspname, proname, 'f', p.oid, NULL FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
             WHERE n.nspname !~ '^(pg_|information)'
           UNION ALL SELECT nspname, '', 'n', oid, NULL FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1, 2, 3, 4`,
        );
      const before = await readAll();
      // Indexes are the last that is restored: the new part is there by then.
      await runSql(
        database.url,
        `CREATE SCHEMA guard;
         CREATE FUNCTION guard.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'no trigger, key or index today'; END $$;
         CREATE EVENT TRIGGER guard ON ddl_command_start WHEN TAG IN ('CREATE INDEX', 'CREATE TRIGGER', 'CREATE FUNCTION')
           EXECUTE FUNCTION guard.refuse()`,
      );
      await expect(restoreInto(database, scope, { replace: true })).rejects.toMatchObject({
        code: "TOOL_FAILED",
      });
      await runSql(database.url, "DROP EVENT TRIGGER guard; DROP SCHEMA guard CASCADE");
      expect(await readAll()).toEqual(before);

      expect((await restoreInto(database, scope, { replace: true })).comparison.differences).toEqual([]);
      const left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'lifeboat%'";
      expect(await runSql(database.url, left)).toEqual([]);
    } finally {
      await database.drop();
    }
  });

  test("are not replaced when a view, a key or a publication of others would go with them", async () => {
    const database = await copySource();
    try {
      const scope: RestoreScope = { tables: ["public.organisations"], content: "all" };
      await expect(restoreInto(database, scope, { replace: true })).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        message: expect.stringMatching(
          /foreign key billing\.Invoice "lines".*_fkey.*publication changes.*view public\.paying|view public\.paying.*publication changes/s,
        ),
      });
      expect(
        (await restoreInto(database, { content: "data" }, { replace: true })).comparison.differences,
      ).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

test("one schema comes with its functions and sequences, and nothing of the others", async () => {
  const database = await createPostgresDatabase();
  try {
    const { comparison, notRestored } = await restoreInto(database, {
      schemas: ["Kunden & Köln"],
      content: "all",
    });
    expect(comparison).toMatchObject({ differences: [], tablesCompared: 1, rowsCompared: 40 });
    expect(await runSql(database.url, `SELECT "Kunden & Köln".zwei()`)).toEqual([{ zwei: 2 }]);
    expect(await listNames(database.url, TABLES)).toEqual(['"Kunden & Köln"."дела"']);
    expect(notRestored.join()).toContain("extension (1)");
  } finally {
    await database.drop();
  }
});

test("definitions alone leave every table empty, with indexes, keys and policies", async () => {
  const database = await createPostgresDatabase();
  try {
    const { comparison } = await restoreInto(database, { content: "structure" });
    expect(comparison).toMatchObject({ differences: [], tablesCompared: 14, rowsCompared: 0 });
    expect(await runSql(database.url, "SELECT count(*)::int AS count FROM pg_policy")).toEqual([
      { count: 2 },
    ]);
    expect(await listNames(database.url, "SELECT last_value::int FROM tickets")).toEqual([7]);

    // The rows alone then make it the whole database, in the order that foreign keys need.
    const filled = await restoreInto(database, { content: "data" });
    expect(filled.comparison).toMatchObject({ differences: [], rowsCompared: 1469 });
    expect(await listNames(database.url, "SELECT last_value::int FROM tickets")).toEqual([10]);
  } finally {
    await database.drop();
  }
});

describe("rows alone", () => {
  test("are loaded past the operator's triggers, which are as they were afterwards", async () => {
    const database = await copySource();
    try {
      const states =
        "SELECT tgname::text || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";
      await runSql(
        database.url,
        `DELETE FROM event_notes;
         CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'spoilt'; RETURN NEW; END $$;
         CREATE TRIGGER spoil BEFORE INSERT ON event_notes FOR EACH ROW EXECUTE FUNCTION spoil();
         ALTER TABLE event_notes ENABLE ALWAYS TRIGGER spoil`,
      );
      const before = await listNames(database.url, states);
      const scope: RestoreScope = { tables: ["public.event_notes"], content: "data" };
      const { comparison } = await restoreInto(database, scope);
      expect(comparison).toMatchObject({ differences: [], rowsCompared: 20 });
      expect(await listNames(database.url, states)).toEqual(before);
      expect(before).toContain("spoilA");
    } finally {
      await database.drop();
    }
  });

  test("are refused where tables are missing or hold rows that others refer to", async () => {
    const database = await copySource();
    try {
      const scope: RestoreScope = { tables: ["public.organisations"], content: "data" };
      expect(await inspect(database, scope)).toEqual(["rows of public.organisations"]);
      await expect(restoreInto(database, scope)).rejects.toMatchObject({ code: "TARGET_REFUSED" });
      await expect(restoreInto(database, scope, { replace: true })).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        message: expect.stringContaining('rows of billing."Invoice ""lines"""'),
      });
      await runSql(database.url, "DROP TABLE event_notes");
      await expect(
        restoreInto(database, { tables: ["public.event_notes"], content: "data" }),
      ).rejects.toMatchObject({
        message: expect.stringContaining("lacks tables for these rows: public.event_notes"),
      });
      expect(await listNames(database.url, "SELECT count(*)::int FROM organisations")).toEqual([4]);
    } finally {
      await database.drop();
    }
  });

  test("are taken away again when they cannot all be loaded", async () => {
    const database = await copySource();
    try {
      const scope: RestoreScope = { tables: ["public.event_notes", "public.animals"], content: "data" };
      await runSql(database.url, `TRUNCATE event_notes, ONLY animals; DELETE FROM events WHERE id = 3`);
      await expect(restoreInto(database, scope)).rejects.toMatchObject({
        code: "TOOL_FAILED",
        message: expect.stringContaining("rows public.event_notes: "),
      });
      expect(await listNames(database.url, "SELECT count(*)::int FROM ONLY animals")).toEqual([0]);
    } finally {
      await database.drop();
    }
  });
});

test("a streamed restore is the same without a file", async () => {
  const database = await createPostgresDatabase();
  try {
    const { comparison } = await restoreInto(database, undefined, { stream: true });
    expect(comparison).toMatchObject({ differences: [], rowsCompared: 1469 });
  } finally {
    await database.drop();
  }
});
