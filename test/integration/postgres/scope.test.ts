import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import type { DumpSettings } from "../../../src/stores/postgres/backup/dump.ts";
import type { ScopeRules } from "../../../src/stores/postgres/backup/scope.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import type { ThrowawayTarget } from "../../../src/stores/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createPostgresDatabase();
  await runSql(
    source.url,
    `CREATE SCHEMA app; CREATE SCHEMA "my.Schema"; CREATE SCHEMA "Köln & 東京"; CREATE SCHEMA legacy;
     CREATE EXTENSION pgcrypto;
     CREATE TYPE app.state AS ENUM ('on', 'off');
     CREATE TABLE app.users (id serial PRIMARY KEY, state app.state DEFAULT 'on');
     CREATE TABLE app."Audit Log" (id bigserial PRIMARY KEY, who int, what text);
     CREATE TABLE app.orders (
       id int PRIMARY KEY, buyer int REFERENCES app.users, entry bigint CONSTRAINT logged REFERENCES app."Audit Log");
     CREATE TABLE app.events (id int, at date) PARTITION BY RANGE (at);
     CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
     CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
     CREATE VIEW app.recent AS SELECT * FROM app."Audit Log";
     CREATE MATERIALIZED VIEW app.recent_counts AS SELECT count(*) FROM app.recent;
     CREATE VIEW app.buyers AS SELECT buyer FROM app.orders;
     CREATE FUNCTION app.last_entry() RETURNS app."Audit Log" LANGUAGE sql AS 'SELECT * FROM app."Audit Log" LIMIT 1';
     COMMENT ON FUNCTION app.last_entry() IS 'the last'; REVOKE ALL ON FUNCTION app.last_entry() FROM public;
     COMMENT ON CONSTRAINT logged ON app.orders IS 'as the law wants it';
     CREATE PUBLICATION changes FOR TABLE app.users, app."Audit Log";
     CREATE FUNCTION app.count_users() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.users';
     CREATE FUNCTION legacy.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER touched BEFORE INSERT ON app.users FOR EACH ROW EXECUTE FUNCTION legacy.touch();
     ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
     CREATE POLICY known ON app.orders USING (entry IN (SELECT id FROM app."Audit Log"));
     CREATE TABLE "my.Schema"."t""1.x*" (id int); CREATE TABLE "my.Schema"."T" (id int);
     CREATE TABLE "Köln & 東京"."дела (1)|$" (id int); CREATE TABLE "Köln & 東京".other (id int);
     CREATE TABLE legacy.old (id int);
     INSERT INTO app.users DEFAULT VALUES; INSERT INTO app.users DEFAULT VALUES;
     INSERT INTO app."Audit Log" (who, what) VALUES (1, 'planted-secret-row');
     INSERT INTO app.orders VALUES (1, 1, 1);
     INSERT INTO app.events VALUES (1, '2025-05-05'), (2, '2026-06-06');
     INSERT INTO "my.Schema"."t""1.x*" VALUES (1); INSERT INTO "my.Schema"."T" VALUES (2);
     INSERT INTO "Köln & 東京"."дела (1)|$" VALUES (3); INSERT INTO "Köln & 東京".other VALUES (4);
     INSERT INTO legacy.old VALUES (5);
     SELECT lo_from_bytea(0, '\\x01')`,
  );
});

afterAll(async () => {
  await source.drop();
});

interface Outcome {
  manifest: PostgresManifest;
  /** Tables and views of the restored database by name, tables with their rows. */
  restored: Record<string, number | string>;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** Backs up, restores into an empty database, and requires that the two inventories agree. */
async function roundTrip(
  scope: ScopeRules,
  check: (outcome: Outcome) => Promise<void>,
  dump: DumpSettings = { format: "custom" },
): Promise<void> {
  const sink = new MemorySink();
  const run = startToolRun();
  const url = new Secret(source.url);
  const store = createPostgresStore({ name: "postgres", url, scope, dump }, run);
  await store.check();
  const manifest = (await store.backup(sink)) as PostgresManifest;
  expect(postgresManifestSchema.parse(manifest)).toEqual(manifest);
  const target: ThrowawayTarget = await createPostgresThrowaway({ store: "postgres", url }, run);
  try {
    await using scratch = await Scratch.create();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
    const found = await target.takeInventory(manifest);
    expect(compareInventories("postgres", manifest.inventory, found).differences).toEqual([]);
    const names = await target.query(
      `SELECT nspname || '.' || relname AS name, relkind, c.oid::regclass::text AS quoted FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND relkind IN ('r', 'v', 'm') ORDER BY 1`,
    );
    const restored: Outcome["restored"] = {};
    for (const { name, relkind, quoted } of names) {
      const [{ count } = { count: "" }] =
        relkind === "r"
          ? await target.query(`SELECT count(*)::int AS count FROM ONLY ${String(quoted)}`)
          : [];
      restored[String(name)] =
        relkind === "r" ? Number(count) : relkind === "v" ? "view" : "materialized view";
    }
    await check({ manifest, restored, query: (sql) => target.query(sql) });
  } finally {
    await target.destroy();
  }
}

function leftOut({ manifest }: Outcome): string[] {
  return manifest.leftOut.map(({ what, why }) => `${what}: ${why}`);
}

describe("a scope", () => {
  test("of chosen schemas brings these alone, with extensions", async () => {
    await roundTrip(
      { schemas: ["my.Schem*", "Köln & 東京"].map((name) => name.replace("my.Schem*", '"my.Schem"*')) },
      async (outcome) => {
        expect(outcome.restored).toEqual({
          'my.Schema.t"1.x*': 1,
          "my.Schema.T": 1,
          "Köln & 東京.дела (1)|$": 1,
          "Köln & 東京.other": 1,
        });
        expect(outcome.manifest.excludedSchemas).toEqual(["app", "legacy", "public"]);
        expect(leftOut(outcome)).toContain("Schema legacy: The configuration leaves it out.");
        expect(leftOut(outcome)).toContain("Large objects: The configuration leaves them out.");
        expect(await outcome.query("SELECT FROM pg_largeobject_metadata")).toEqual([]);
      },
    );
  });

  test("of chosen tables brings them with their types, partitions and sequences", async () => {
    await roundTrip(
      { tables: ["app.users", "app.events", 'my*."t""1.x*"', "*.дела*"], excludeSchemas: ["legacy"] },
      async (outcome) => {
        expect(outcome.restored).toEqual({
          "app.users": 2,
          "app.events_2025": 1,
          "app.events_2026": 1,
          'my.Schema.t"1.x*': 1,
          "Köln & 東京.дела (1)|$": 1,
        });
        expect(await outcome.query("SELECT nextval('app.users_id_seq')::int AS next")).toEqual([{ next: 3 }]);
        expect(outcome.manifest.inventory.tables.map(({ name }) => name).sort()).toEqual(
          Object.keys(outcome.restored).sort(),
        );
      },
    );
  });

  test("without some tables names what cannot be without them", async () => {
    await roundTrip(
      { excludeTables: ['app."Audit Log"', "app.events_2025", '"my.Schema".T'] },
      async (outcome) => {
        expect(outcome.restored).toEqual({
          "app.users": 2,
          "app.orders": 1,
          "app.events_2026": 1,
          "app.buyers": "view",
          'my.Schema.t"1.x*': 1,
          "Köln & 東京.дела (1)|$": 1,
          "Köln & 東京.other": 1,
          "legacy.old": 1,
        });
        expect(leftOut(outcome)).toEqual(
          expect.arrayContaining([
            "app.Audit Log: The configuration leaves it out.",
            "app.Audit Log_id_seq: The configuration leaves it out.",
            'View app.recent: It needs table app."Audit Log", which is left out.',
            expect.stringMatching(/^Materialized view app\.recent_counts: It needs /),
            'Foreign key app.orders.logged: It needs table app."Audit Log", which is left out.',
            'Policy app.orders.known: It needs table app."Audit Log", which is left out.',
            expect.stringMatching(/^Function app\.last_entry\(\): It needs /),
          ]),
        );
        expect(outcome.manifest.scope?.dangling.map(({ kind, entries }) => [kind, entries.length])).toEqual([
          ["foreign key", 2],
          ["table constraint comment", 0],
          ["function", 3],
          ["function comment", 0],
          ["function grants", 0],
          ["policy", 1],
          ["publication", 0],
        ]);
        const names = outcome.manifest.inventory.schema.map(({ kind, name }) => `${kind} ${name}`);
        expect(names).toContain("foreign key app.orders.orders_buyer_fkey");
        expect(names).toContain("function app.count_users()");
        expect(names).not.toContain("foreign key app.orders.logged");
        expect(names).not.toContain("function app.last_entry()");
      },
    );
  });

  test("without a schema leaves out the trigger that calls into it", async () => {
    await roundTrip({ excludeSchemas: ["legacy"] }, async (outcome) => {
      expect(outcome.restored).not.toHaveProperty(["legacy.old"]);
      expect(leftOut(outcome)).toContain(
        "Trigger app.users.touched: It needs function legacy.touch(), which is left out.",
      );
    });
  });

  test("without the rows of some tables keeps their structure", async () => {
    await roundTrip({ excludeData: ["app.events", "*.other", 'app."Audit"*'] }, async (outcome) => {
      expect(outcome.restored).toMatchObject({
        "app.events_2025": 0,
        "app.events_2026": 0,
        "app.Audit Log": 0,
        "app.users": 2,
        "Köln & 東京.other": 0,
      });
      expect(leftOut(outcome)).toContain("Rows of app.Audit Log: The configuration leaves out its rows.");
    }).catch((error: unknown) => {
      // The key of app.orders refers to rows that are left out: a restore says so.
      expect(String(error)).toMatch(/violates foreign key constraint "logged"/);
    });
  });

  test("of structure alone brings no row and no value", async () => {
    await roundTrip({ content: "structure" }, async (outcome) => {
      expect(outcome.restored).toMatchObject({ "app.users": 0, "legacy.old": 0, "app.recent": "view" });
      expect(await outcome.query("SELECT FROM pg_largeobject_metadata")).toEqual([]);
      expect(leftOut(outcome)).toContain(
        "All rows and the values of sequences: The configuration asks for structure alone.",
      );
    });
  });

  test("may bring large objects with chosen schemas, and leave them out of a whole database", async () => {
    await roundTrip({ schemas: ["legacy"], largeObjects: true }, async ({ query }) => {
      expect(await query("SELECT FROM pg_largeobject_metadata")).toHaveLength(1);
    });
    await roundTrip({ largeObjects: false }, async ({ query }) => {
      expect(await query("SELECT FROM pg_largeobject_metadata")).toEqual([]);
    });
  });

  test.each([{ format: "directory" }, { format: "plain" }] as const)("goes with %j", async (dump) => {
    await roundTrip(
      { schemas: ['"my.Schema"'] },
      async ({ restored }) => {
        expect(restored).toEqual({ 'my.Schema.t"1.x*': 1, "my.Schema.T": 1 });
      },
      dump,
    );
  });
});

describe("before a byte is written", () => {
  test.each<[string, ScopeRules, DumpSettings["format"], RegExp]>([
    [
      "a pattern that matches nothing",
      { tables: ["app.user"], schemas: ["App"] },
      "custom",
      /matches App \(schemas\), app\.user \(tables\)/,
    ],
    [
      "a partition without what it is of",
      { tables: ["app.events_2026"] },
      "custom",
      /app\.events_2026 needs table app\.events/,
    ],
    ["a scope of nothing", { excludeSchemas: ["app"], tables: ["app.users"] }, "custom", /leaves nothing/],
    [
      "what plain SQL cannot leave out",
      { excludeTables: ['app."Audit Log"'] },
      "plain",
      /foreign key app\.orders\.logged needs/,
    ],
  ])("%s is refused", async (_, scope, format, message) => {
    const store = createPostgresStore(
      { name: "postgres", url: new Secret(source.url), scope, dump: { format } },
      startToolRun(),
    );
    await expect(store.check()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

test("a table that needs a type of a schema that is left out is refused", async () => {
  const database = await createPostgresDatabase();
  try {
    await runSql(
      database.url,
      `CREATE SCHEMA types; CREATE TYPE types.state AS ENUM ('on'); CREATE TABLE users (state types.state);
       CREATE FUNCTION types.one() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE orders (n int DEFAULT types.one())`,
    );
    const scope = { excludeSchemas: ["types"] };
    const store = createPostgresStore(
      { name: "postgres", url: new Secret(database.url), scope },
      startToolRun(),
    );
    await expect(store.check()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message:
        "The scope leaves out what tables in it cannot be without: public.orders needs function types.one(); public.users needs type types.state.",
    });
  } finally {
    await database.drop();
  }
});

test("data alone is restored where the tables are, and compared", async () => {
  const database = await createPostgresDatabase();
  const copy = await createPostgresDatabase();
  try {
    const structure =
      "CREATE TABLE users (id serial PRIMARY KEY, name text); CREATE VIEW names AS SELECT name FROM users";
    await runSql(copy.url, structure);
    await runSql(database.url, `${structure}; INSERT INTO users (name) VALUES ('a'), ('b')`);
    const sink = new MemorySink();
    const run = startToolRun();
    const store = createPostgresStore(
      { name: "postgres", url: new Secret(database.url), scope: { content: "data" } },
      run,
    );
    const manifest = (await store.backup(sink)) as PostgresManifest;
    const target = createPostgresTarget({ store: "postgres", url: new Secret(copy.url) }, run);
    await using scratch = await Scratch.create();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
    const comparison = compareInventories(
      "postgres",
      manifest.inventory,
      await target.takeInventory(manifest),
    );
    expect(comparison).toMatchObject({
      differences: [],
      tablesCompared: 1,
      rowsCompared: 2,
      schemaObjectsCompared: 1,
    });
    expect(await runSql(copy.url, "SELECT nextval('users_id_seq')::int AS next")).toEqual([{ next: 3 }]);
  } finally {
    await Promise.all([database.drop(), copy.drop()]);
  }
});
