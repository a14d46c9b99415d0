import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Difference } from "../../../src/backup/inventory.ts";
import { postgresManifestSchema } from "../../../src/backup/manifest.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { listArchive } from "../../../src/stores/postgres/archive/archive.ts";
import { findPostgresTools } from "../../../src/stores/postgres/clients/find.ts";
import { majorOf } from "../../../src/stores/postgres/clients/tools.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import { createPostgresThrowaway } from "../../../src/stores/postgres/restore/target.ts";
import { parseToc } from "../../../src/stores/postgres/archive/toc.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { usePostgresServers } from "../../support/postgres-servers.ts";

const server = usePostgresServers(15, 18);
const backups = new Map<number, { sink: MemorySink; manifest: PostgresManifest }>();

function sourceOf(major: 15 | 18): string {
  return changeUrl(server(major).url, { pathname: "/kinds" }).reveal();
}

async function backUp(
  url: string,
  sink: MemorySink,
  options: Partial<PostgresStoreOptions> = {},
): Promise<PostgresManifest> {
  const store = createPostgresStore({ name: "app", url: new Secret(url), ...options }, startToolRun());
  return postgresManifestSchema.parse(await store.backup(sink));
}

beforeAll(async () => {
  const fixture = await readFile(new URL("../../fixtures/postgres-kinds.sql", import.meta.url), "utf8");
  for (const major of [15, 18] as const) {
    await runSql(server(major).url, "CREATE DATABASE kinds");
    await runSql(sourceOf(major), fixture);
    const sink = new MemorySink();
    backups.set(major, { sink, manifest: await backUp(sourceOf(major), sink) });
  }
});

function backupOf(major: number): { sink: MemorySink; manifest: PostgresManifest } {
  const backup = backups.get(major);
  if (!backup) throw new Error(`no backup of ${major}`);
  return backup;
}

/** What differs in a restored copy, after `sql` was run in it. */
async function restoreAndCompare(from: 15 | 18, to: 15 | 18, sql = ""): Promise<Difference[]> {
  const { sink, manifest } = backupOf(from);
  const options = { store: "app", url: new Secret(server(to).url) };
  const target = await createPostgresThrowaway(options, startToolRun());
  try {
    await using scratch = await Scratch.create();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
    if (sql !== "") await target.query(sql);
    return compareInventories("app", manifest.inventory, await target.takeInventory(manifest)).differences;
  } finally {
    await target.destroy();
  }
}

test.each([
  [15, 15],
  [15, 18],
  [18, 18],
] as const)("every kind of object comes back, from %i into %i", async (from, to) => {
  expect(await restoreAndCompare(from, to)).toEqual([]);
});

/** What the inventory has for each entry of a kind of the archive; of the others, in what else they are. */
const COUNTED: Readonly<Record<string, RegExp>> = {
  "ACCESS METHOD": /^access method$/,
  ACL: /^(procedure|foreign server|large object|column) grants$/,
  AGGREGATE: /^aggregate$/,
  BLOB: /^large objects$/, // until PostgreSQL 16
  "BLOB METADATA": /^large objects$/,
  CAST: /^cast$/,
  "CHECK CONSTRAINT": /^check constraint$/,
  COLLATION: /^collation$/,
  COMMENT: / comment$/,
  CONSTRAINT: /^primary key$/,
  CONVERSION: /^conversion$/,
  "DEFAULT ACL": /^default privileges$/,
  DOMAIN: /^domain$/,
  "EVENT TRIGGER": /^event trigger$/,
  "FK CONSTRAINT": /^foreign key$/,
  "FOREIGN DATA WRAPPER": /^foreign-data wrapper$/,
  "FOREIGN TABLE": /^foreign table$/,
  FUNCTION: /^function$/,
  INDEX: /^index$/,
  OPERATOR: /^operator$/,
  "OPERATOR CLASS": /^operator class$/,
  "OPERATOR FAMILY": /^operator family$/,
  POLICY: /^policy$/,
  "PROCEDURAL LANGUAGE": /^language$/,
  PROCEDURE: /^procedure$/,
  PUBLICATION: /^publication$/,
  "ROW SECURITY": /^row-level security$/,
  RULE: /^rule$/,
  SCHEMA: /^schema$/,
  SEQUENCE: /^sequence$/,
  "SEQUENCE SET": /^sequence value$/,
  SERVER: /^foreign server$/,
  STATISTICS: /^statistics$/,
  "TABLE ATTACH": /^partition$/,
  "TEXT SEARCH CONFIGURATION": /^text search configuration$/,
  "TEXT SEARCH DICTIONARY": /^text search dictionary$/,
  "TEXT SEARCH PARSER": /^text search parser$/,
  "TEXT SEARCH TEMPLATE": /^text search template$/,
  TRANSFORM: /^transform$/,
  TRIGGER: /^trigger$/,
  TYPE: /^base type$/,
  "USER MAPPING": /^user mapping$/,
  VIEW: /^view$/,
};
const PART_OF_OTHERS = [
  "BLOBS", // large objects
  "DEFAULT", // columns
  "INDEX ATTACH", // index
  "PUBLICATION TABLE", // publication
  "PUBLICATION TABLES IN SCHEMA", // publication
  "SHELL TYPE", // base type
  "TABLE", // columns
  "TABLE DATA", // rows
];

test.each([15, 18] as const)("whatever an archive of %i holds, the inventory names it", async (major) => {
  const { sink, manifest } = backupOf(major);
  const { schema, tables, notCovered } = manifest.inventory;
  const { entries } = parseToc(await listBackup(sink, manifest), manifest.inventory);
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const found = kinds
    .filter((kind) => COUNTED[kind])
    .map((kind) => [kind, schema.filter((object) => COUNTED[kind]!.test(object.kind)).length]);
  expect(found).toEqual(found.map(([kind]) => [kind, entries.filter((entry) => entry.kind === kind).length]));
  expect(kinds.filter((kind) => !COUNTED[kind]).sort()).toEqual(PART_OF_OTHERS);
  expect(tables).toHaveLength(entries.filter(({ kind }) => kind === "TABLE DATA").length);
  expect(notCovered).toEqual([expect.stringMatching(/^User mappings: .* options are not/)]);
  expect(manifest.leftOut.map(({ what }) => what)).toContain("Subscriptions");
  expect(JSON.stringify(manifest)).not.toContain("planted-");
});

async function listBackup(sink: MemorySink, { tool }: PostgresManifest): Promise<string> {
  await using scratch = await Scratch.create();
  const path = scratch.file("app.dump");
  await writeFile(path, sink.objects.get("app.dump") ?? "");
  const run = startToolRun();
  return (await listArchive(path, await findPostgresTools(majorOf(tool), run), run)).listing;
}

/** A statement, and all that must be told of it. */
type Change = readonly [sql: string, ...differences: string[]];

async function expectDifferences(changes: readonly Change[]): Promise<void> {
  const differences = await restoreAndCompare(18, 18, changes.map(([sql]) => sql).join("; "));
  expect(differences.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(
    changes.flatMap(([, ...named]) => named).sort(),
  );
}

test("a change of any kind of object is a difference, and names it", async () => {
  // Each statement, and all that must be told of it.
  const changes: Change[] = [
    ["COMMENT ON SCHEMA kinds IS 'other'", "schema comment kinds"],
    ["DROP TYPE kinds.shell", "base type kinds.shell"],
    ["ALTER TYPE kinds.word SET (STORAGE = external)", "base type kinds.word", "columns kinds.other_heap"],
    ["ALTER DOMAIN kinds.short SET DEFAULT 'x'", "domain kinds.short"],
    [
      "COMMENT ON CONSTRAINT few_letters ON DOMAIN kinds.short IS NULL",
      "domain constraint comment few_letters on kinds.short",
    ],
    ["DROP CAST (kinds.word AS json)", "cast kinds.word to json", "cast comment (kinds.word AS json)"],
    [
      "ALTER OPERATOR kinds.> (kinds.word, kinds.word) SET (RESTRICT = scalargtsel)",
      "operator kinds.> (kinds.word, kinds.word)",
    ],
    [
      "ALTER OPERATOR FAMILY kinds.words USING btree ADD OPERATOR 2 pg_catalog.<= (text, text)",
      "operator family kinds.words using btree",
    ],
    [
      "COMMENT ON OPERATOR CLASS kinds.word_order USING btree IS NULL",
      "operator class comment kinds.word_order USING btree",
    ],
    [
      "ALTER OPERATOR CLASS kinds.word_order USING btree RENAME TO another_order",
      "operator class kinds.word_order using btree",
      "operator class kinds.another_order using btree",
    ],
    ["COMMENT ON ACCESS METHOD kinds_heap IS NULL", "access method comment kinds_heap"],
    ["ALTER TABLE kinds.other_heap SET ACCESS METHOD heap", "table options kinds.other_heap"],
    ["DROP ACCESS METHOD kinds_heap", "access method kinds_heap"],
    [
      "ALTER COLLATION kinds.by_bytes RENAME TO by_letters",
      "collation kinds.by_bytes",
      "collation kinds.by_letters",
      "columns kinds.things",
    ],
    ["DROP CONVERSION kinds.latin", "conversion kinds.latin"],
    [
      "DROP TRANSFORM FOR kinds.word LANGUAGE kinds_sql",
      "transform kinds.word for kinds_sql",
      "transform comment for kinds.word language kinds_sql",
    ],
    ["COMMENT ON LANGUAGE kinds_sql IS 'other'", "language comment kinds_sql"],
    ["CREATE OR REPLACE LANGUAGE kinds_sql HANDLER plpgsql_call_handler", "language kinds_sql"],
    [
      "ALTER TEXT SEARCH CONFIGURATION kinds.configuration DROP MAPPING FOR word",
      "text search configuration kinds.configuration",
    ],
    [
      "ALTER TEXT SEARCH DICTIONARY kinds.dictionary (accept = true)",
      "text search dictionary kinds.dictionary",
    ],
    [
      "ALTER FOREIGN DATA WRAPPER kinds_wrapper OPTIONS (SET debug 'false')",
      "foreign-data wrapper kinds_wrapper",
    ],
    ["ALTER SERVER kinds_server OPTIONS (SET host 'elsewhere.invalid')", "foreign server kinds_server"],
    [
      `REVOKE USAGE ON FOREIGN SERVER kinds_server FROM "lifeboat test member"`,
      "foreign server grants kinds_server",
    ],
    [
      `DROP USER MAPPING FOR "lifeboat test member" SERVER kinds_server`,
      "user mapping kinds_server for lifeboat test member",
    ],
    ["ALTER FOREIGN TABLE kinds.far OPTIONS (SET table_name 'farther')", "foreign table kinds.far"],
    ["ALTER EVENT TRIGGER kinds_watch ENABLE", "event trigger kinds_watch"],
    [
      "ALTER TABLE kinds.things VALIDATE CONSTRAINT not_checked_yet",
      "check constraint kinds.things.not_checked_yet",
    ],
    ["COMMENT ON COLUMN kinds.things.a IS NULL", "column comment kinds.things.a"],
    ["COMMENT ON INDEX kinds.things_pk IS NULL", "relation comment kinds.things_pk"],
    ["ALTER STATISTICS kinds.a_and_b SET STATISTICS 51", "statistics kinds.a_and_b"],
    [`REVOKE UPDATE (a) ON kinds.things FROM "lifeboat test member"`, "column grants kinds.things.a"],
    ["ALTER TABLE kinds.things ENABLE ALWAYS TRIGGER tell", "trigger kinds.things.tell"],
    ["DROP RULE quiet ON kinds.things", "rule kinds.things.quiet", "rule comment quiet on kinds.things"],
    ["ALTER POLICY all_of_it ON kinds.things USING (false)", "policy kinds.things.all_of_it"],
    ["ALTER VIEW kinds.view ALTER a DROP DEFAULT", "columns kinds.view"],
    [
      "ALTER TABLE kinds.parted DETACH PARTITION kinds.parted_rest",
      "partition kinds.parted_rest",
      "index kinds.parted_rest_day_idx",
    ],
    ["CREATE OR REPLACE PROCEDURE kinds.act() LANGUAGE sql AS 'SELECT 2'", "procedure kinds.act()"],
    [
      "DROP AGGREGATE kinds.all_of(text)",
      "aggregate kinds.all_of(text)",
      "aggregate comment kinds.all_of(text)",
    ],
    [
      `ALTER DEFAULT PRIVILEGES IN SCHEMA kinds GRANT INSERT ON TABLES TO "lifeboat test member"`,
      "default privileges tables of postgres in kinds",
    ],
    ["ALTER PUBLICATION of_schema SET (publish = 'insert')", "publication of_schema"],
    ["ALTER PUBLICATION of_tables SET TABLE kinds.things (id, a) WHERE (id > 1)", "publication of_tables"],
    ["SELECT lo_put(4711, 0, 'x')", "large objects pg_largeobject"],
    ["COMMENT ON LARGE OBJECT 4711 IS NULL", "large object comment 4711"],
    [`REVOKE SELECT ON LARGE OBJECT 4711 FROM "lifeboat test member"`, "large object grants 4711"],
  ];
  await expectDifferences(changes);
  // What others name, by itself: it changes these, too.
  await expectDifferences([
    [
      "ALTER TEXT SEARCH PARSER kinds.parser RENAME TO reader",
      "text search parser kinds.parser",
      "text search parser kinds.reader",
      "text search configuration kinds.configuration",
    ],
    [
      "ALTER TEXT SEARCH TEMPLATE kinds.template RENAME TO model",
      "text search template kinds.template",
      "text search template kinds.model",
      "text search dictionary kinds.dictionary",
    ],
  ]);
});

test.each(["directory", "plain"] as const)(
  "format %s says as much of what is not compared",
  async (format) => {
    const { inventory } = await backUp(sourceOf(18), new MemorySink(), { dump: { format } });
    expect(inventory.notCovered).toEqual(backupOf(18).manifest.inventory.notCovered);
  },
);

test("what no plain server can restore is named all the same", async () => {
  await runSql(server(18).url, "CREATE DATABASE labelled");
  const url = changeUrl(server(18).url, { pathname: "/labelled" }).reveal();
  // Stand for an extension with rows of the operator's, and for a provider of labels.
  await runSql(
    url,
    `CREATE EXTENSION citext; CREATE TABLE jobs (id int); INSERT INTO jobs VALUES (1);
     ALTER EXTENSION citext ADD TABLE jobs; CREATE TABLE staff (id int);
     COMMENT ON DATABASE labelled IS 'with labels'; REVOKE CONNECT ON DATABASE labelled FROM PUBLIC;
     CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM staff;
     SET allow_system_table_mods = on;
     UPDATE pg_extension SET extconfig = ARRAY['jobs'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'citext';
     INSERT INTO pg_seclabel SELECT 'staff'::regclass, 'pg_class'::regclass, 0, 'guard', 'secret'`,
  );
  const sink = new MemorySink();
  const manifest = await backUp(url, sink);
  expect(manifest.inventory.notCovered).toEqual([
    expect.stringMatching(/^Objects of extensions/),
    expect.stringMatching(/^Materialized views: .* their rows/),
    expect.stringMatching(/^Rows of public\.jobs: the table belongs to the extension citext/),
  ]);
  expect(manifest.leftOut.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["The comment on the database", expect.stringMatching(/^Grants on the database/)]),
  );
  expect(manifest.inventory.schema).toContainEqual(
    expect.objectContaining({ kind: "table security label", name: "public.staff by guard" }),
  );
  expect(await listBackup(sink, manifest)).toMatch(
    /SECURITY LABEL public TABLE staff [^]*TABLE DATA public jobs /,
  );
});
