import { AppError } from "../../../errors.ts";
import { findReferences, idOf, writeCreateDatabase } from "../sql/ddl.ts";
import type { SchemaEntry } from "../sql/ddl.ts";
import { makePortable } from "../sql/ddl-portable.ts";
import { isSilenced } from "../sql/inert.ts";
import type { Settings } from "../server/data-path.ts";
import { findStorage, isLocalDatabase, isOutward } from "../sql/engines.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteTexts } from "../sql/sql-text.ts";

/** Databases that every server has and no backup holds. */
export const SYSTEM_DATABASES = ["system", "INFORMATION_SCHEMA", "information_schema"];
/** Tables in which materialized views, time series and the like keep their own rows. */
const INNER_TABLE = /^\.(?:tmp\.)?inner(?:_id)?\./;

export interface Column {
  name: string;
  type: string;
  default_kind: string;
  default_expression: string;
}

/** What stands in `leftOut` unless the operator asks for it. */
export const ACCESS_LEFT_OUT = {
  what: "users, roles, grants, quotas, settings profiles and row policies",
  why: "They belong to the server rather than to its databases.",
};

/** A table that holds rows to copy. */
export interface DataTable {
  database: string;
  /** The name it goes by: a materialized view's own, for the inner table that keeps its rows. */
  name: string;
  /** The table that the rows are read from. */
  storedIn: string;
  /** Of that table; nil in databases of the old engine Ordinary. */
  uuid: string;
  storage: "parts" | "whole";
  /** Columns that hold stored values, in order. ALIAS and EPHEMERAL columns hold none. */
  columns: Column[];
}

/** What a server holds of some databases. */
export interface Catalog {
  /** Plain names, sorted. */
  databases: string[];
  /** Comparable between two looks at the same databases, and different for any others. */
  identity: string;
  entries: SchemaEntry[];
  tables: DataTable[];
  leftOut: { what: string; why: string }[];
}

/** What makes a table the one that it is. */
interface TableIdentity {
  database: string;
  name: string;
  engine: string;
  uuid: string;
}

interface TableRow extends TableIdentity {
  statement: string;
  dependencies: string[];
  total_rows: string | null;
}

/**
 * Reads what the named databases hold; without names, all that are not the server's own.
 *
 * @throws AppError STORE_UNREACHABLE when a named database is not there
 */
export async function readCatalog(server: ClickHouseServer, named?: readonly string[]): Promise<Catalog> {
  const databases = await readDatabases(server, named);
  const local = databases.filter(({ engine }) => isLocalDatabase(engine));
  const names = local.map(({ name }) => name);
  const [rows, columns, functions, collections] = await Promise.all([
    readTables(server, names),
    readColumns(server, names),
    server.rows<{ name: string; statement: string }>(
      "SELECT name, create_query AS statement FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name",
    ),
    listCollections(server),
  ]);
  const leftOut = databases
    .filter((database) => !local.includes(database))
    .map(({ name, engine }) => ({
      what: `database ${name}`,
      why: `Its engine ${engine} shows another system's tables.`,
    }));
  leftOut.push(ACCESS_LEFT_OUT, ...collections);

  const visible = rows.filter(isVisible);
  const known = new Set(visible.map(idOf));
  const entries: SchemaEntry[] = [
    ...local.map(({ name, engine }) => describeDatabase(name, engine)),
    ...functions.map(({ name, statement }) => describeFunction(name, statement)),
    ...visible.map((row) => describeObject(row, known)),
  ];
  const tables = findDataTables(rows, columns);
  for (const row of visible) leftOut.push(...explainLeftOut(row));
  return {
    databases: names,
    identity: local.map(({ name, uuid }) => `${name}=${isNil(uuid) ? server.uuid : uuid}`).join("\n"),
    entries,
    tables,
    leftOut,
  };
}

/** The tables of a catalog as they are now, without all that is only described of them. */
export async function readDataTables(server: ClickHouseServer, { databases }: Catalog): Promise<DataTable[]> {
  const [rows, columns] = await Promise.all([
    selectTables<TableIdentity>(server, databases, ""),
    readColumns(server, databases),
  ]);
  return findDataTables(rows, columns);
}

async function readDatabases(
  server: ClickHouseServer,
  named: readonly string[] | undefined,
): Promise<{ name: string; engine: string; uuid: string }[]> {
  if (named?.length === 0) return [];
  const which = named ? `IN (${quoteTexts(named)})` : `NOT IN (${quoteTexts(SYSTEM_DATABASES)})`;
  const found = await server.rows<{ name: string; engine: string; uuid: string }>(
    `SELECT name, engine, toString(uuid) AS uuid FROM system.databases WHERE name ${which} ORDER BY name`,
  );
  const missing = named?.filter((name) => !found.some((database) => database.name === name)) ?? [];
  if (missing.length > 0) {
    throw new AppError(
      "STORE_UNREACHABLE",
      `ClickHouse at ${server.connection.endpoint} has no database ${missing.join(", ")}, or does not show it to ${server.connection.user}.`,
      { hint: "Check the names under databases, and that the user has SHOW and SELECT on them." },
    );
  }
  return found;
}

/** Their values are secrets: only the names are kept, where the user may see them. */
async function listCollections(server: ClickHouseServer): Promise<Catalog["leftOut"]> {
  try {
    const found = await server.rows<{ name: string }>(
      "SELECT name FROM system.named_collections ORDER BY name",
    );
    return found.map(({ name }) => ({
      what: `named collection ${name}`,
      why: "Its values are secrets, which must be given again after a restore: CREATE NAMED COLLECTION.",
    }));
  } catch (error) {
    if (error instanceof AppError && error.code === "STORE_RIGHTS_MISSING") return [];
    throw error;
  }
}

async function readTables(server: ClickHouseServer, databases: readonly string[]): Promise<TableRow[]> {
  const described = `, create_table_query AS statement, total_rows,
    arrayMap((d, t) -> concat(d, '.', t), loading_dependencies_database, loading_dependencies_table) AS dependencies`;
  // A server that may show passwords of engines and dictionaries must not do so here.
  const settings = {
    show_table_uuid_in_table_create_query_if_not_nil: 0,
    format_display_secrets_in_show_and_select: 0,
  };
  return await selectTables<TableRow>(server, databases, described, settings);
}

async function selectTables<Row extends TableIdentity>(
  server: ClickHouseServer,
  databases: readonly string[],
  further: string,
  settings?: Settings,
): Promise<Row[]> {
  if (databases.length === 0) return [];
  return await server.rows<Row>(
    `SELECT database, name, engine, toString(uuid) AS uuid${further}
     FROM system.tables WHERE database IN (${quoteTexts(databases)}) AND NOT is_temporary ORDER BY database, name`,
    settings,
  );
}

async function readColumns(
  server: ClickHouseServer,
  databases: readonly string[],
): Promise<Map<string, Column[]>> {
  if (databases.length === 0) return new Map();
  const rows = await server.rows<Column & { database: string; table: string }>(
    `SELECT database, table, name, type, default_kind, default_expression FROM system.columns
     WHERE database IN (${quoteTexts(databases)}) ORDER BY database, table, position`,
  );
  const byTable = new Map<string, Column[]>();
  for (const { database, table, ...shown } of rows) {
    const column = { ...shown, type: withoutStateVersions(shown.type) };
    if (column.default_kind === "ALIAS" || column.default_kind === "EPHEMERAL") continue;
    const id = idOf({ database, name: table });
    byTable.set(id, [...(byTable.get(id) ?? []), column]);
  }
  return byTable;
}

/**
 * How states are written has a version, which the server shows in the type until it first sends such a column, and then
 * no longer: the column is the same (`setVersionToAggregateFunctions` in ClickHouse's DataTypeAggregateFunction.cpp).
 */
function withoutStateVersions(type: string): string {
  return type.replaceAll(/\bAggregateFunction\(\d+, /g, "AggregateFunction(");
}

function isVisible({ name }: TableIdentity): boolean {
  return !INNER_TABLE.test(name);
}

function findDataTables(rows: readonly TableIdentity[], columns: ReadonlyMap<string, Column[]>): DataTable[] {
  return rows.filter(isVisible).flatMap((row) => findDataTable(row, rows, columns));
}

function findDataTable(
  row: TableIdentity,
  rows: readonly TableIdentity[],
  columns: ReadonlyMap<string, Column[]>,
): DataTable[] {
  const inner = rows.find(
    ({ database, name }) =>
      database === row.database && (name === `.inner_id.${row.uuid}` || name === `.inner.${row.name}`),
  );
  const stored = row.engine === "MaterializedView" ? inner : row;
  if (!stored) return [];
  const storage = findStorage(stored.engine);
  if (storage === "none") return [];
  const { database, name } = row;
  const { name: storedIn, uuid } = stored;
  return [{ database, name, storedIn, uuid, storage, columns: columns.get(idOf(stored)) ?? [] }];
}

function describeDatabase(name: string, engine: string): SchemaEntry {
  const portable = writeCreateDatabase(name);
  return { kind: "database", database: name, name, engine, given: portable, portable, dependsOn: [] };
}

function describeFunction(name: string, given: string): SchemaEntry {
  const portable = given.replace(/^CREATE FUNCTION (?!IF NOT EXISTS)/, "CREATE FUNCTION IF NOT EXISTS ");
  return { kind: "function", database: "", name, engine: "", given, portable, dependsOn: [] };
}

function describeObject(row: TableRow, known: ReadonlySet<string>): SchemaEntry {
  const { database, name, engine, statement } = row;
  const mentioned = [...row.dependencies, ...findReferences(statement, known)];
  return {
    kind: kindOf(row),
    database,
    name,
    engine,
    given: statement,
    portable: makePortable(statement),
    dependsOn: [...new Set(mentioned)].filter((id) => id !== idOf(row)),
  };
}

function kindOf({ engine, statement }: TableRow): SchemaEntry["kind"] {
  if (engine === "MaterializedView") return "materialized view";
  if (engine.endsWith("View")) return "view";
  return statement.startsWith("CREATE DICTIONARY") ? "dictionary" : "table";
}

/** Whatever of an object a restore does not bring back, in sentences. */
function explainLeftOut(row: TableRow): { what: string; why: string }[] {
  const { engine, statement } = row;
  const kind = kindOf(row);
  const reasons: string[] = [];
  if (statement.includes("[HIDDEN]")) {
    reasons.push("The server hides a secret in its definition, which must be given again after a restore.");
  }
  if (kind === "table" && findStorage(engine) === "none") {
    if (isOutward(engine)) {
      reasons.push(
        `Its engine ${engine} points outward: its columns are restored with an engine that connects to nothing.`,
      );
    } else if (engine === "Buffer") {
      reasons.push(
        `Its engine Buffer holds ${row.total_rows ?? "0"} rows in memory, not yet in the table behind it: only its structure is kept. OPTIMIZE TABLE ${quotePath(row.database, row.name)} writes them there.`,
      );
    } else if (engine !== "Null") {
      reasons.push(
        `Its engine ${engine} keeps no rows of its own that could be read: only its structure is kept.`,
      );
    }
  } else if (isSilenced(statement, makePortable(statement))) {
    reasons.push(
      "It asks another system: it is restored with its columns and asks nobody; its own statement is in schema.json.",
    );
  }
  return reasons.map((why) => ({ what: `${kind} ${idOf(row)}`, why }));
}

function isNil(uuid: string): boolean {
  return /^[0-]*$/.test(uuid);
}
