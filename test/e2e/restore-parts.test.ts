import { mkdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Scratch } from "../../src/sys/scratch.ts";
import { Machine } from "../support/cli.ts";
import type { CliRun } from "../support/cli.ts";
import { createRichDatabase, runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";

type Format = "custom" | "directory" | "plain";

/** One thing in a database, as Postgres itself tells of it: an index by its definition, rows by their digest. */
interface Thing {
  kind: string;
  name: string;
  schema: string;
  /** The table that it belongs to. */
  of: string | null;
  /** Other tables and views that it needs. */
  needs: string[];
  is: string;
}

let source: TestDatabase;
let things: Thing[];
let backups: Scratch;
let machine: Machine;
let target: TestDatabase;

beforeAll(async () => {
  [source, backups] = await Promise.all([createRichDatabase(), Scratch.create()]);
  things = await look(source);
});
afterAll(() => Promise.all([source.drop(), backups.remove()]));
beforeEach(async () => {
  [machine, target] = await Promise.all([Machine.create(), createPostgresDatabase()]);
  return () => target.drop();
});

/** Looked up without lifeboat, so that what it overlooks is seen. */
async function look({ url }: TestDatabase): Promise<Thing[]> {
  const described = (await runSql(url, THINGS)) as unknown as Thing[];
  const rows = described
    .filter(({ kind }) => kind === "table")
    .map(async (table): Promise<Thing> => {
      // As JSON: the columns of an heir may come in another order.
      const [found] = await runSql(
        url,
        `SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(to_jsonb(t)::text, ',' ORDER BY to_jsonb(t)::text)), '') AS is
       FROM ONLY ${table.name} t`,
      );
      return { ...table, kind: "rows", of: table.name, is: String(found?.["is"]) };
    });
  const all = [...described, ...(await Promise.all(rows))];
  return inOrder(all);
}

function inOrder(all: readonly Thing[]): Thing[] {
  return [...all].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const THINGS = `
  WITH mine AS (
    SELECT oid, nspname::text AS schema FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  relation AS (
    SELECT c.*, c.oid::regclass::text AS name, schema,
      (SELECT refobjid::regclass::text FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
         AND refclassid = classid AND relkind = 'S' AND deptype IN ('a', 'i')) AS owner
    FROM pg_class c JOIN mine ON mine.oid = relnamespace)
  SELECT 'table' AS kind, name, schema, name AS of, ARRAY[]::text[] AS needs, concat_ws(' ', relrowsecurity, relpersistence,
    (SELECT string_agg(format('%I %s %s', attname, format_type(atttypid, atttypmod), attnotnull), ',' ORDER BY attname)
     FROM pg_attribute WHERE attrelid = oid AND attnum > 0 AND NOT attisdropped)) AS is
  FROM relation WHERE relkind IN ('r', 'p')
  UNION ALL SELECT 'index', indexrelid::regclass::text, schema, name, '{}', pg_get_indexdef(indexrelid)
  FROM pg_index JOIN relation ON oid = indrelid
  UNION ALL SELECT 'constraint', conname, schema, name,
    array_remove(ARRAY[nullif(confrelid, 0)::regclass::text], NULL), pg_get_constraintdef(c.oid)
  FROM pg_constraint c JOIN relation ON relation.oid = conrelid
  UNION ALL SELECT 'policy', polname, schema, name, '{}', concat_ws(' ', polcmd, polpermissive, polroles::regrole[]::text,
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy JOIN relation ON relation.oid = polrelid
  UNION ALL SELECT 'trigger', tgname, schema, name, '{}', concat(tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL SELECT 'view', name, schema, name,
    ARRAY(SELECT DISTINCT refobjid::regclass::text FROM pg_rewrite w JOIN pg_depend ON objid = w.oid
     WHERE ev_class = relation.oid AND refclassid = 'pg_class'::regclass AND refobjid <> relation.oid),
    concat(relkind, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')
  UNION ALL SELECT 'sequence', name, schema, owner, '{}', concat_ws(' ', seqstart, seqincrement, seqmax, seqcycle)
  FROM relation JOIN pg_sequence ON seqrelid = oid
  UNION ALL SELECT 'sequence value', name, relation.schema, owner, '{}', coalesce(last_value::text, 'unused')
  FROM relation JOIN pg_sequences ON oid = (quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass
  UNION ALL SELECT 'publication', pubname, NULL, NULL,
    ARRAY(SELECT prrelid::regclass::text FROM pg_publication_rel WHERE prpubid = pg_publication.oid ORDER BY 1), pubinsert::text
  FROM pg_publication
  UNION ALL SELECT 'large object', oid::text, NULL, NULL, '{}',
    (SELECT string_agg(encode(data, 'hex'), '' ORDER BY pageno) FROM pg_largeobject WHERE loid = oid)
  FROM pg_largeobject_metadata
  UNION ALL SELECT 'function', p.oid::regprocedure::text, schema, NULL, '{}', md5(prosrc) FROM pg_proc p
  JOIN mine ON mine.oid = pronamespace
  WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype IN ('e', 'i'))`;

/** What a part of the source comes to, and how a restore is asked for it. */
interface Part {
  args: readonly string[];
  /** A restore that comes first, into the same target. */
  onto?: readonly string[];
  tables?: readonly string[];
  schema?: string;
  /** Functions that the tables' triggers call. */
  beneath?: readonly string[];
  /** Without rows, sequences are as they were made. */
  withoutRows?: boolean;
  withoutLargeObjects?: boolean;
}

function expected({ tables, schema, beneath = [], withoutRows, withoutLargeObjects }: Part): Thing[] {
  const isIn = ({ of, schema: own }: Thing): boolean =>
    tables ? of !== null && tables.includes(of) : schema === undefined || own === schema;
  const chosen = things.filter(isIn);
  const names = new Set(chosen.map(({ name }) => name));
  const whole = chosen.filter(({ needs }) => needs.every((name) => names.has(name)));
  const support = things.filter(({ kind, name }) => kind === "function" && beneath.includes(name));
  const all = [...new Set([...whole, ...support])]
    .filter(({ kind }) => !(withoutLargeObjects && kind === "large object"))
    .map((thing) => {
      if (withoutRows && thing.kind === "rows") return { ...thing, is: "0 rows, " };
      return withoutRows && thing.kind === "sequence value" ? { ...thing, is: "unused" } : thing;
    });
  return inOrder(all);
}

const PARTS: [string, Part][] = [
  ["everything", { args: [] }],
  ["a table", { args: ["--table", "public.organisations"], tables: ["organisations"], beneath: ["touch()"] }],
  [
    "tables of two schemas, without the key to a third",
    {
      args: ["--table", 'public.event_notes,billing.Invoice "lines"'],
      tables: ["event_notes", 'billing."Invoice ""lines"""'],
    },
  ],
  ["a schema", { args: ["--schema", "Kunden & Köln"], schema: "Kunden & Köln" }],
  ["definitions", { args: ["--schema-only"], withoutRows: true, withoutLargeObjects: true }],
  ["rows, onto definitions", { args: ["--data-only"], onto: ["--schema-only"], withoutLargeObjects: true }],
];

const backedUp = new Map<Format, string[]>();

/** Backs the source up the first time that a format is asked for. */
async function backUp(format: Format): Promise<string[]> {
  const place = backedUp.get(format) ?? ["--destination", pathToFileURL(backups.file(format)).href];
  if (!backedUp.has(format)) {
    await mkdir(backups.file(format));
    const args = [...place, "--postgres-url", source.url, "--postgres-format", format];
    const { status, stderr } = await machine.run("backup", ...args);
    expect(status, stderr).toBe(0);
    backedUp.set(format, place);
  }
  return place;
}

async function restore(format: Format, args: readonly string[]): Promise<CliRun> {
  const place = await backUp(format);
  return await machine.run("restore", ...place, "--target-postgres-url", target.url, ...args);
}

describe.each<Format>(["custom", "directory"])("from a backup of format %s", (format) => {
  test.each(PARTS)("comes back: %s", async (_, part) => {
    for (const args of [...(part.onto ? [part.onto] : []), part.args]) {
      expect((await restore(format, args)).stderr).not.toContain("✗");
    }
    expect(await look(target)).toEqual(expected(part));
  });
});

test("from plain SQL comes back everything, or nothing", async () => {
  const refused = await restore("plain", ["--table", "public.organisations"]);
  expect(refused).toMatchObject({ status: 2, json: { error: { code: "CONFIG_INVALID" } } });
  expect(await look(target)).toEqual([]);
  await restore("plain", []);
  expect(await look(target)).toEqual(expected({ args: [] }));
});

test("streamed comes back the same", async () => {
  await restore("custom", ["--stream"]);
  expect(await look(target)).toEqual(expected({ args: [] }));
});
