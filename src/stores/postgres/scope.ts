import type { SchemaObject } from "../../backup/inventory.ts";
import type { PostgresScope } from "../../backup/manifest.ts";
import { NamePattern } from "../../backup/name-pattern.ts";
import { AppError } from "../../errors.ts";
import { findEntries } from "./archive.ts";
import { nameInFull } from "./catalog.ts";
import type { CatalogTable, QualifiedName } from "./catalog.ts";
import { TABLE_KINDS, VIEW_KINDS, findDependents } from "./dependents.ts";
import type { Dependent } from "./dependents.ts";
import type { Session } from "./session.ts";

/** What of a database an operator wants backed up; patterns as `NamePattern` reads them. */
export interface ScopeRules {
  /** Only these. */
  schemas?: readonly string[];
  excludeSchemas?: readonly string[];
  /** Only these, as `schema.table`; beside `schemas` both are meant. */
  tables?: readonly string[];
  excludeTables?: readonly string[];
  /** Tables whose structure is kept and whose rows are not. */
  excludeData?: readonly string[];
  content?: "all" | "structure" | "data";
  /** Whole databases have them when absent, chosen schemas and tables have not. */
  largeObjects?: boolean;
}

interface Relation extends QualifiedName {
  oid: number;
  kind: "table" | "view" | "sequence" | "foreign table";
  /** The partitioned table that it is a partition of. */
  parentOid: number | null;
  /** The table that a sequence belongs to. */
  ownerOid: number | null;
  isUnlogged: boolean;
}

/** What the rules come to in one database at one moment: names, no patterns. */
export interface Scope {
  content: "all" | "structure" | "data";
  largeObjects: boolean;
  excludedSchemas: string[];
  /** Tables, views and sequences of other schemas that are left out. */
  excludedRelations: (QualifiedName & { oid: number })[];
  /** Tables whose rows are left out, and why. */
  withoutRows: (QualifiedName & { oid: number; why: string })[];
  /** Structure alone comes along: a backup opens no connection from the database to another. */
  foreignTables: QualifiedName[];
  /** Views that are left out since they read what is. */
  blindViews: Dependent[];
  /** What pg_dump writes all the same, and no restore can create. */
  dangling: Dependent[];
}

/**
 * Looks what the rules come to.
 *
 * @throws AppError CONFIG_INVALID: a pattern matches nothing, or a table is in scope that needs what is not
 */
export async function resolveScope(session: Session, rules: ScopeRules): Promise<Scope> {
  const schemas = await readSchemas(session);
  const relations = await readRelations(session);
  const patterns = new Patterns();
  const inSchema = patterns.read(
    "schemas",
    rules.schemas,
    1,
    schemas.map((name) => [name]),
  );
  const tableNames = relations.map(({ schema, name }) => [schema, name] as const);
  const chosen = patterns.read("tables", rules.tables, 2, tableNames);
  const outSchema = patterns.read(
    "exclude-schemas",
    rules.excludeSchemas,
    1,
    schemas.map((name) => [name]),
  );
  const outTable = patterns.read("exclude-tables", rules.excludeTables, 2, tableNames);
  const outData = patterns.read("exclude-data", rules.excludeData, 2, tableNames);
  patterns.throwIfUseless();

  const isSelective = rules.schemas !== undefined || rules.tables !== undefined;
  const families = new Families(relations);
  const isChosen = (relation: Relation): boolean =>
    !isSelective ||
    inSchema(relation.schema) ||
    families.some(relation, ({ schema, name }) => chosen(schema, name));
  const isExcluded = (relation: Relation): boolean =>
    !isChosen(relation) || families.some(relation, ({ schema, name }) => outTable(schema, name));

  const usedSchemas = new Set(relations.filter((one) => !isExcluded(one)).map(({ schema }) => schema));
  const excludedSchemas = schemas.filter(
    (name) => outSchema(name) || (isSelective && !inSchema(name) && !usedSchemas.has(name)),
  );
  const here = relations.filter(({ schema }) => !excludedSchemas.includes(schema));
  const excluded = here.filter(isExcluded);
  if (isSelective && excluded.length === here.length) {
    throw new AppError(
      "CONFIG_INVALID",
      "The scope leaves nothing to back up: all that it chooses it excludes.",
      {
        hint: "Choose other schemas or tables, or exclude fewer.",
      },
    );
  }
  const dependents =
    excluded.length + excludedSchemas.length === 0
      ? []
      : await findDependents(
          session,
          excluded.map(({ oid }) => oid),
          excludedSchemas,
        );
  requireTables(dependents.filter(({ kind }) => TABLE_KINDS.has(kind)));
  const blindViews = dependents.filter(({ kind }) => VIEW_KINDS.has(kind));
  const blindOids = new Set(blindViews.map(({ oid }) => oid));
  // Tables that cannot be read on a standby are empty in its dump, as pg_dump itself decides.
  const isStandby = await readIsStandby(session);
  return {
    content: rules.content ?? "all",
    largeObjects: rules.content !== "structure" && (rules.largeObjects ?? !isSelective),
    excludedSchemas,
    excludedRelations: here.filter((one) => isExcluded(one) || blindOids.has(one.oid)),
    withoutRows: here
      .filter((one) => one.kind === "table" && !isExcluded(one))
      .flatMap((table) => {
        if (families.some(table, ({ schema, name }) => outData(schema, name))) {
          return [{ ...table, why: "The configuration leaves out its rows." }];
        }
        if (!isStandby || !table.isUnlogged) return [];
        return [{ ...table, why: "It is unlogged, and a standby server does not have its rows." }];
      }),
    foreignTables: here.filter((one) => one.kind === "foreign table" && !isExcluded(one)),
    blindViews,
    dangling: dependents.filter(({ kind }) => !TABLE_KINDS.has(kind) && !VIEW_KINDS.has(kind)),
  };
}

/** Which tables bring their rows, and which come without. */
export function selectTables(
  tables: readonly CatalogTable[],
  scope: Scope,
): { withRows: CatalogTable[]; withoutRows: CatalogTable[] } {
  const excluded = new Set(scope.excludedRelations.map(({ oid }) => oid));
  const emptied = new Set(scope.withoutRows.map(({ oid }) => oid));
  const inScope = tables.filter(({ oid }) => !excluded.has(oid));
  const hasRows = ({ oid }: CatalogTable): boolean => scope.content !== "structure" && !emptied.has(oid);
  return { withRows: inScope.filter(hasRows), withoutRows: inScope.filter((table) => !hasRows(table)) };
}

/**
 * What the manifest says of a scope; nothing of a whole database.
 *
 * @param listing - the archive's table of contents
 * @param schema - what the inventory would name
 */
export function recordScope(
  scope: Scope,
  listing: string,
  schema: readonly SchemaObject[],
): PostgresScope | undefined {
  const { content, largeObjects, excludedRelations } = scope;
  if (content === "all" && largeObjects && excludedRelations.length === 0 && scope.dangling.length === 0) {
    return undefined;
  }
  const dangling = scope.dangling.flatMap(({ kind, name, type, identity, catalogOid, oid }) => [
    { kind, name, entries: findEntries(listing, catalogOid, oid) },
    ...schema
      .filter(
        (object) =>
          (object.kind === `${kind} grants` && object.name === name) ||
          (object.kind === `${type} comment` && object.name === identity),
      )
      .map((object) => ({ kind: object.kind, name: object.name, entries: [] })),
  ]);
  return { content, largeObjects, excluded: excludedRelations.map(nameInFull), dangling };
}

/** What pg_dump is told of a scope. Names are exact: each goes as a quoted pattern. */
export function scopeArguments(scope: Scope): string[] {
  const args = [
    ...(scope.content === "structure" ? ["--schema-only"] : []),
    ...(scope.content === "data" ? ["--data-only"] : []),
    // Their long names changed in PostgreSQL 16.
    ...(scope.content === "structure" ? [] : [scope.largeObjects ? "-b" : "-B"]),
    ...scope.excludedSchemas.map((name) => `--exclude-schema=${quotePattern(name)}`),
    ...groupPatterns(scope.excludedRelations).map((pattern) => `--exclude-table=${pattern}`),
    ...groupPatterns(scope.withoutRows).map((pattern) => `--exclude-table-data=${pattern}`),
  ];
  const length = args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
  if (length <= MOST_ARGUMENT_BYTES) return args;
  throw new AppError(
    "CONFIG_INVALID",
    `The scope leaves out ${scope.excludedRelations.length + scope.withoutRows.length} tables one by one, more than pg_dump can be told.`,
    { hint: "Choose or exclude whole schemas." },
  );
}

/** Linux takes 2 MiB of arguments and environment, of which this leaves some. */
const MOST_ARGUMENT_BYTES = 1_500_000;
/** pg_dump asks the server once a pattern, so names go together; one argument may have 128 KiB. */
const PATTERN_BYTES = 60_000;

function groupPatterns(names: readonly QualifiedName[]): string[] {
  return [...new Set(names.map(({ schema }) => schema))].flatMap((schema) => {
    const groups: string[] = [];
    for (const { name } of names.filter((one) => one.schema === schema)) {
      const last = groups.at(-1);
      const quoted = quotePattern(name);
      if (last === undefined || last.length + quoted.length > PATTERN_BYTES) groups.push(quoted);
      else groups[groups.length - 1] = `${last}|${quoted}`;
    }
    return groups.map((group) => `${quotePattern(schema)}.(${group})`);
  });
}

/** Inside of quotes psql's pattern language takes every character as it is. */
function quotePattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

class Patterns {
  readonly #useless: string[] = [];

  /** @returns whether a name is meant; false for all when no patterns are given */
  read(
    key: string,
    texts: readonly string[] | undefined,
    partCount: number,
    names: readonly (readonly string[])[],
  ): (...name: string[]) => boolean {
    const patterns = (texts ?? []).map((text) => {
      const pattern = NamePattern.parse(text, partCount);
      if (!pattern || !names.some((name) => pattern.matches(...name))) this.#useless.push(`${text} (${key})`);
      return pattern;
    });
    return (...name) => patterns.some((pattern) => pattern?.matches(...name));
  }

  /** @throws AppError CONFIG_INVALID */
  throwIfUseless(): void {
    if (this.#useless.length === 0) return;
    throw new AppError(
      "CONFIG_INVALID",
      `The database has nothing that matches ${this.#useless.join(", ")}.`,
      {
        hint: "Names are written as the database has them, upper and lower case too, with * for any characters; tables as schema.table.",
      },
    );
  }
}

/** What comes and goes together: partitions with the tables they are of, sequences with those that own them. */
class Families {
  readonly #byOid: ReadonlyMap<number, Relation>;

  constructor(relations: readonly Relation[]) {
    this.#byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  }

  /** Whether a relation or one that it belongs to is meant. */
  some(relation: Relation, isMeant: (relation: Relation) => boolean): boolean {
    for (
      let one: Relation | undefined = relation;
      one;
      one = this.#byOid.get(one.parentOid ?? one.ownerOid ?? 0)
    ) {
      if (isMeant(one)) return true;
    }
    return false;
  }
}

function requireTables(tables: readonly Dependent[]): void {
  const [first] = tables;
  if (!first) return;
  const lines = tables.slice(0, 5).map(({ name, needs }) => `${name} needs ${needs}`);
  const more = tables.length > 5 ? ` and ${tables.length - 5} more` : "";
  throw new AppError(
    "CONFIG_INVALID",
    `The scope leaves out what tables in it cannot be without: ${lines.join("; ")}${more}.`,
    { hint: "Take what is needed into the scope, or leave these tables out as well." },
  );
}

async function readSchemas(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    "Listing the schemas",
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Members of extensions are not listed: pg_dump leaves them to CREATE EXTENSION. */
async function readRelations(session: Session): Promise<Relation[]> {
  return session.rows<Relation & Record<string, unknown>>(
    "Listing the tables",
    `SELECT c.oid AS oid, nspname::text AS schema, relname::text AS name,
       CASE relkind WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view'
         ELSE 'table' END AS kind,
       (SELECT inhparent FROM pg_catalog.pg_inherits
        WHERE inhrelid = c.oid AND relispartition) AS "parentOid",
       (SELECT refobjid FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND relkind = 'S'
          AND refclassid = classid AND deptype IN ('a', 'i') LIMIT 1) AS "ownerOid",
       relpersistence = 'u' AS "isUnlogged"
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
         WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND deptype = 'e')
     ORDER BY 2, 3`,
  );
}

async function readIsStandby(session: Session): Promise<boolean> {
  const [row] = await session.rows<{ standby: boolean }>(
    "Asking whether the server is a standby",
    "SELECT pg_catalog.pg_is_in_recovery() AS standby",
  );
  return row?.standby ?? false;
}

/** What a scope leaves out, and why, for the manifest. */
export function describeLeftOut(scope: Scope): { what: string; why: string }[] {
  const excluded = new Set(scope.blindViews.map(({ name }) => name));
  return [
    ...scope.excludedSchemas.map((schema) => ({
      what: `Schema ${schema}`,
      why: "The configuration leaves it out.",
    })),
    ...scope.excludedRelations
      .filter((relation) => !excluded.has(nameInFull(relation)))
      .map((relation) => ({ what: nameInFull(relation), why: "The configuration leaves it out." })),
    ...[...scope.blindViews, ...scope.dangling].map(({ kind, name, needs }) =>
      kind === "publication"
        ? {
            what: `Part of publication ${name}`,
            why: `It publishes ${needs}; the rest is restored, and not compared.`,
          }
        : {
            what: `${kind[0]?.toUpperCase()}${kind.slice(1)} ${name}`,
            why: `It needs ${needs}, which is left out.`,
          },
    ),
    ...scope.foreignTables.map((table) => ({
      what: `Rows of ${nameInFull(table)}`,
      why: "It is a foreign table: they are at the server that it leads to.",
    })),
    ...scope.withoutRows.map((table) => ({ what: `Rows of ${nameInFull(table)}`, why: table.why })),
    ...(scope.content === "structure"
      ? [{ what: "All rows and the values of sequences", why: "The configuration asks for structure alone." }]
      : []),
    ...(scope.content === "data"
      ? [
          {
            what: "Every definition",
            why: "The configuration asks for data alone: it is restored where the tables are already.",
          },
        ]
      : []),
    ...(scope.largeObjects || scope.content === "structure"
      ? []
      : [{ what: "Large objects", why: "The configuration leaves them out." }]),
  ];
}
