import { NamePattern } from "../../../backup/name-pattern.ts";
import { AppError } from "../../../errors.ts";
import type { CatalogTable, QualifiedName } from "../catalog/catalog.ts";
import { TABLE_KINDS, VIEW_KINDS, findDependents } from "./dependents.ts";
import type { Dependent } from "./dependents.ts";
import { readIsReplica } from "../server/server.ts";
import type { Session } from "../server/session.ts";

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
  const isStandby = await readIsReplica(session);
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
