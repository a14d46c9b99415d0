import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Difference } from "../../../src/backup/inventory.ts";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { StoreManifest } from "../../../src/backup/manifest.ts";
import type { Target } from "../../../src/stores/store.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import {
  createPostgresTarget,
  createPostgresThrowaway,
} from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { createRichDatabase, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createRichDatabase();
});

afterAll(async () => {
  await source.drop();
});

function backUp(
  database: TestDatabase,
  sink: MemorySink,
  excludeSchemas: string[] = [],
): Promise<StoreManifest> {
  const options = { name: "postgres", url: new Secret(database.url), excludeSchemas };
  return createPostgresStore(options, startToolRun()).backup(sink);
}

async function restore(
  target: Target,
  manifest: StoreManifest,
  sink: MemorySink,
  replace = false,
): Promise<void> {
  await using scratch = await Scratch.create();
  await target.restore(manifest, { objects: sink, replace, scratchDir: scratch.path });
}

async function findDifferences(target: Target, manifest: StoreManifest): Promise<Difference[]> {
  const found = await target.takeInventory(manifest);
  return compareInventories("postgres", manifest.inventory, found).differences;
}

test("what is restored has the inventory of what was backed up", async () => {
  const sink = new MemorySink();
  const manifest = await backUp(source, sink);
  expect(postgresManifestSchema.parse(manifest)).toEqual(manifest);

  const target = await createPostgresThrowaway(
    { store: "postgres", url: new Secret(source.url) },
    startToolRun(),
  );
  try {
    expect((await target.inspect(manifest)).occupiedBy).toEqual([]);
    await restore(target, manifest, sink);
    const comparison = compareInventories(
      "postgres",
      manifest.inventory,
      await target.takeInventory(manifest),
    );
    expect(comparison.differences).toEqual([]);
    expect(comparison).toMatchObject({ tablesCompared: 14, rowsCompared: 1469 });
    const facts = await target.inspect(manifest);
    expect(facts.id).not.toBe(manifest.source.id);
    expect(facts.occupiedBy).toContain("table public.organisations");
    expect(facts.occupiedBy).toContain('sequence billing."Unused ""Seq\'s"""');
    expect(facts.occupiedBy).not.toContain("extension pgcrypto");
    const url = target.connectionEnv()["LIFEBOAT_POSTGRES_URL"] ?? "";
    expect(await runSql(url, "SELECT count(*)::int AS count FROM events")).toEqual([{ count: 900 }]);
  } finally {
    await target.destroy();
  }
});

test("the inventory names one of every kind", async () => {
  const { inventory } = await backUp(source, new MemorySink());
  expect([...new Set(inventory.schema.map(({ kind }) => kind))]).toMatchInlineSnapshot(`
    [
      "aggregate",
      "check constraint",
      "columns",
      "composite type",
      "domain",
      "enum",
      "exclusion constraint",
      "extension",
      "foreign key",
      "function",
      "index",
      "inheritance",
      "large objects",
      "materialized view",
      "partition",
      "partitioned table",
      "policy",
      "primary key",
      "procedure",
      "publication",
      "range type",
      "relation comment",
      "row-level security",
      "rule",
      "schema",
      "schema grants",
      "sequence",
      "sequence value",
      "statistics",
      "table options",
      "trigger",
      "unique constraint",
      "view",
    ]
  `);
  expect(inventory.schema).toContainEqual({
    kind: "sequence value",
    name: "public.tickets",
    definition: "10, used",
  });
});

test("the inventory is the same whatever the database's own settings are", async () => {
  const { inventory } = await backUp(source, new MemorySink());
  await runSql(
    source.url,
    `ALTER DATABASE ${source.name} SET TimeZone = 'Asia/Tokyo';
     ALTER DATABASE ${source.name} SET DateStyle = 'German';
     ALTER DATABASE ${source.name} SET IntervalStyle = 'iso_8601';
     ALTER DATABASE ${source.name} SET extra_float_digits = -5;
     ALTER DATABASE ${source.name} SET bytea_output = 'escape';
     ALTER DATABASE ${source.name} SET search_path = billing, public;
     ALTER DATABASE ${source.name} SET quote_all_identifiers = on;
     ALTER DATABASE ${source.name} SET statement_timeout = 1`,
  );
  try {
    expect((await backUp(source, new MemorySink())).inventory).toEqual(inventory);
  } finally {
    const server = inject("postgresUrl");
    await runSql(server, `ALTER DATABASE ${source.name} RESET ALL`);
  }
});

test("rows and sequence values written during the backup do not make it wrong", async () => {
  const busy = await createRichDatabase();
  const sink = new MemorySink();
  try {
    await runSql(busy.url, "INSERT INTO sessions SELECT md5(n::text) FROM generate_series(1, 200000) n");
    const writer = new Client({ connectionString: busy.url });
    await writer.connect();
    let isOver = false;
    let writes = 0;
    const writing = (async () => {
      while (!isOver) {
        await writer.query(
          `INSERT INTO sessions VALUES ('x'); DELETE FROM events WHERE id = ${100 + writes};
           UPDATE animals SET weight = weight + 1; SELECT nextval('tickets'), nextval('organisations_id_seq')`,
        );
        writes += 1;
      }
    })();
    const manifest = await backUp(busy, sink).finally(() => (isOver = true));
    await writing;
    await writer.end();
    expect(writes).toBeGreaterThan(10);

    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(busy.url) },
      startToolRun(),
    );
    try {
      await restore(target, manifest, sink);
      expect(await findDifferences(target, manifest)).toEqual([]);
    } finally {
      await target.destroy();
    }
  } finally {
    await busy.drop();
  }
});

test("an excluded schema is neither dumped nor counted, and the manifest says so", async () => {
  const sink = new MemorySink();
  const manifest = await backUp(source, sink, ["Kunden & Köln"]);
  expect(manifest.leftOut.map(({ what }) => what)).toContain("Schema Kunden & Köln");
  expect(JSON.stringify(manifest.inventory)).not.toContain("Kunden");

  const target = await createPostgresThrowaway(
    { store: "postgres", url: new Secret(source.url) },
    startToolRun(),
  );
  try {
    await restore(target, manifest, sink);
    expect(await findDifferences(target, manifest)).toEqual([]);
    expect(await target.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'Kunden%'")).toEqual([]);
  } finally {
    await target.destroy();
  }
});

test("an empty database is backed up and restored as one", async () => {
  const empty = await createPostgresDatabase();
  const sink = new MemorySink();
  try {
    const manifest = await backUp(empty, sink);
    const target = await createPostgresThrowaway(
      { store: "postgres", url: new Secret(empty.url) },
      startToolRun(),
    );
    try {
      await restore(target, manifest, sink);
      expect(await findDifferences(target, manifest)).toEqual([]);
    } finally {
      await target.destroy();
    }
  } finally {
    await empty.drop();
  }
});

describe("a restored database that was damaged", () => {
  const sink = new MemorySink();
  let manifest: StoreManifest;
  let restored: TestDatabase;

  beforeAll(async () => {
    manifest = await backUp(source, sink);
    restored = await createPostgresDatabase();
    const target = createPostgresTarget({ store: "postgres", url: new Secret(restored.url) }, startToolRun());
    await restore(target, manifest, sink);
  });

  afterAll(async () => {
    await restored.drop();
  });

  async function findDamage(sql: string): Promise<Difference[]> {
    const server = inject("postgresUrl");
    const name = `${restored.name}_damaged`;
    const url = new URL(server);
    url.pathname = `/${name}`;
    await runSql(server, `CREATE DATABASE ${name} TEMPLATE ${restored.name}`);
    try {
      await runSql(url.href, sql);
      const target = createPostgresTarget({ store: "postgres", url: new Secret(url.href) }, startToolRun());
      return await findDifferences(target, manifest);
    } finally {
      await runSql(server, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  }

  test.each([
    ["a deleted row", "DELETE FROM events WHERE id = 100", "rows", "public.events_2025"],
    ["a changed value", "UPDATE ONLY animals SET weight = 4.0", "content", "public.animals"],
    ["a swapped pair", "UPDATE dropped_column SET a = c, c = a", "content", "public.dropped_column"],
    ["a dropped index", "DROP INDEX organisations_paying", "index", "public.organisations_paying"],
    [
      "a dropped policy",
      "DROP POLICY members_read ON organisations",
      "policy",
      "public.organisations.members_read",
    ],
    [
      "a policy for others",
      "ALTER POLICY members_read ON organisations TO public",
      "policy",
      "public.organisations.members_read",
    ],
    [
      "security switched off",
      "ALTER TABLE organisations DISABLE ROW LEVEL SECURITY",
      "row-level security",
      "public.organisations",
    ],
    ["a moved sequence", "SELECT nextval('tickets')", "sequence value", "public.tickets"],
    ["a dropped view", "DROP VIEW paying", "view", "public.paying"],
    [
      "a disabled trigger",
      "ALTER TABLE organisations DISABLE TRIGGER touch",
      "trigger",
      "public.organisations.touch",
    ],
    [
      "a changed function",
      "CREATE OR REPLACE FUNCTION double(value int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 3'",
      "function",
      "public.double(value integer)",
    ],
    [
      "a dropped foreign key",
      "ALTER TABLE event_notes DROP CONSTRAINT event_notes_event_event_at_fkey",
      "foreign key",
      "public.event_notes.event_notes_event_event_at_fkey",
    ],
    [
      "a dropped default",
      "ALTER TABLE organisations ALTER plan DROP DEFAULT",
      "columns",
      "public.organisations",
    ],
    ["a new label", "ALTER TYPE plan ADD VALUE 'new'", "enum", "public.plan"],
    ["a dropped publication", "DROP PUBLICATION changes", "publication", "changes"],
    [
      "a materialized view left empty",
      "REFRESH MATERIALIZED VIEW totals WITH NO DATA",
      "materialized view",
      "public.totals",
    ],
  ])("shows %s", async (_, sql, kind, name) => {
    expect(await findDamage(sql)).toEqual([expect.objectContaining({ store: "postgres", kind, name })]);
  });

  test("shows a table that nobody backed up", async () => {
    expect(await findDamage("CREATE TABLE extra (id int)")).toContainEqual({
      store: "postgres",
      kind: "table",
      name: "public.extra",
      expected: "nothing",
      found: "0 rows",
    });
  });

  test("is whole again after a restore that replaces it", async () => {
    const target = createPostgresTarget({ store: "postgres", url: new Secret(restored.url) }, startToolRun());
    await runSql(restored.url, "DELETE FROM events WHERE id > 100; DROP VIEW paying");
    await restore(target, manifest, sink, true);
    expect(await findDifferences(target, manifest)).toEqual([]);
  });
});
