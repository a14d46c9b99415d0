import pLimit from "p-limit";
import { AppError } from "../../../errors.ts";
import { forEachAtOnce } from "../../at-once.ts";
import { SYSTEM_DATABASES } from "./catalog.ts";
import type { Catalog, DataTable } from "./catalog.ts";
import { idOf } from "../sql/ddl.ts";
import { isLocalDatabase } from "../sql/engines.ts";
import { EXACT_READ, listColumns, selectFrom } from "./reading.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quoteName, quotePath, quoteText, quoteTexts } from "../sql/sql-text.ts";

/** What keeps a user from seeing everything that is to be backed up, and the statement that changes it. */
export interface Lack {
  what: string;
  mend: string;
}

/** What a backup asks the server for beside rows. */
const SYSTEM_TABLES = ["databases", "tables", "columns", "functions", "settings", "parts", "parts_columns"];
const QUESTIONS_AT_ONCE = 4;

/**
 * What the user may not see of the databases in scope. `system.tables` shows only what the user may see: without this
 * a backup of half a database would agree with itself, and restore as "proven".
 */
export async function findLackingRights(
  server: ClickHouseServer,
  named: readonly string[] | undefined,
): Promise<Lack[]> {
  const to = `TO ${quoteName(server.connection.user)}`;
  const fixed = await findFixedSettings(server, EXACT_READ);
  if (fixed.length > 0) return fixed; // nothing further could be asked
  const need = async (privilege: string, where: string, what: string): Promise<Lack[]> => {
    // This statement takes no FORMAT. There since 24.10.
    const [answer] = await server.runAny(`CHECK GRANT ${privilege} ON ${where}`);
    return answer?.["result"] === 1 ? [] : [{ what, mend: `GRANT ${privilege} ON ${where} ${to}` }];
  };
  const inTables = findRefused(SYSTEM_TABLES, (some) => mayRead(server, ...some)).then((unreadable) =>
    unreadable.map((table) => ({
      what: `may not read system.${table}`,
      mend: `GRANT SELECT ON system.${table} ${to}`,
    })),
  );
  const unseen = "may not see all databases, and no databases are named in the configuration";
  const inServer = named ? [] : need("SHOW DATABASES", "*.*", unseen);
  const limit = pLimit(QUESTIONS_AT_ONCE);
  const inDatabase = async (database: string): Promise<Lack[]> => {
    const where = `${quoteName(database)}.*`;
    const [found, asks] = await Promise.all([
      need("SELECT", where, `may not read every table of ${database}`),
      asksDictionaries(server, database),
    ]);
    if (!asks) return found;
    const what = `may not ask the dictionaries that columns of ${database} are filled from`;
    return [...found, ...(await need("dictGet", where, what))];
  };
  const inDatabases = Promise.resolve(named ?? listDatabases(server)).then((databases) =>
    Promise.all(databases.map((database) => limit(() => inDatabase(database)))),
  );
  return (await Promise.all([inTables, inServer, inDatabases])).flat(2);
}

/**
 * Tables of which a row policy, or a filter in the user's profile, hides rows. The plan of a plain read tells it
 * for every engine; `system.row_policies` only tells the name, and only to those who may see it.
 */
export async function findHiddenRows(server: ClickHouseServer, { tables }: Catalog): Promise<Lack[]> {
  const hidden: DataTable[] = [];
  await forEachAtOnce(tables, QUESTIONS_AT_ONCE, async (table) => {
    const columns = listColumns(table.columns.map(({ name }) => name));
    const [plan] = await server.rows<{ explain: string }>(
      `EXPLAIN json = 1, actions = 1 ${selectFrom(table, columns)}`,
    );
    if (hasFilter(JSON.parse(plan?.explain ?? "null"))) hidden.push(table);
  });
  if (hidden.length === 0) return [];
  const policies = await readPolicies(server);
  const user = quoteName(server.connection.user);
  return hidden.sort(compareNames).map((table) => {
    const { database, storedIn } = table;
    const mine = policies.filter((policy) => policy.database === database && policy.table === storedIn);
    const names = mine.length > 0 ? ` (${mine.map(({ name }) => name).join(", ")})` : "";
    const restrictive = mine.filter((policy) => policy.is_restrictive === 1 && policy.apply_to_all === 1);
    const exemptions = restrictive.map(
      (policy) =>
        `ALTER ROW POLICY ${quoteName(policy.name)} ON ${quotePath(database, storedIn)} TO ALL EXCEPT ${[...policy.apply_to_except.map(quoteName), user].join(", ")}`,
    );
    const admission = `CREATE ROW POLICY lifeboat_reads_all ON ${quotePath(database, storedIn)} USING 1 TO ${user}`;
    return {
      what: `does not see all rows of ${idOf(table)}: a row policy${names} hides some`,
      mend: [...exemptions, admission].join("; "),
    };
  });
}

/** Settings that a whole read must set and the user may not. */
async function findFixedSettings(
  server: ClickHouseServer,
  settings: Readonly<Record<string, string | number>>,
): Promise<Lack[]> {
  const change = `ALTER USER ${quoteName(server.connection.user)} MODIFY SETTINGS`;
  if (server.isReadonly) {
    return [
      {
        what: "may not change any setting, since its profile has readonly = 1",
        mend: `${change} readonly = 2`,
      },
    ];
  }
  const wanted = Object.entries(server.accept(settings)).map(
    ([name, value]) => `${name} = ${typeof value === "number" ? value : quoteText(value)}`,
  );
  const fixed = await findRefused(wanted, (some) =>
    allowed(server.runAny(`SELECT 1 SETTINGS ${some.join(", ")}`)),
  );
  if (fixed.length === 0) return [];
  return [
    {
      what: `may not set ${fixed.join(", ")}, since its profile forbids it`,
      mend: `${change} ${fixed.join(", ")}`,
    },
  ];
}

/** @returns STORE_RIGHTS_MISSING with everything that is lacking, all at once */
export function rightsMissing(server: ClickHouseServer, lacks: readonly Lack[]): AppError {
  const { endpoint, user } = server.connection;
  const lines = [...new Set(lacks.map(({ what }) => what))];
  const mends = [...new Set(lacks.map(({ mend }) => mend))];
  return new AppError(
    "STORE_RIGHTS_MISSING",
    `A backup of ClickHouse at ${endpoint} would not be whole: user ${user} ${lines.join("; ")}.`,
    {
      hint: `Run as an administrator: ${mends.join("; ")}. A user that users.xml defines gets them there, under grants and its profile.`,
    },
  );
}

/** Asks for the plan alone, for which rights are looked at too: system.parts_columns takes seconds to read. */
export async function mayRead(server: ClickHouseServer, ...tables: readonly string[]): Promise<boolean> {
  const reads = tables.map((table) => `(SELECT 1 FROM system.${table})`);
  return await allowed(server.rows(`EXPLAIN PLAN ${reads.join(" UNION ALL ")}`));
}

/** Asks for all at once, since far servers take their time, and one by one only where something is refused. */
async function findRefused(
  items: readonly string[],
  areAllowed: (some: readonly string[]) => Promise<boolean>,
): Promise<string[]> {
  if (items.length === 0 || (await areAllowed(items))) return [];
  const limit = pLimit(QUESTIONS_AT_ONCE);
  const answers = await Promise.all(items.map((item) => limit(() => areAllowed([item]))));
  return items.filter((_, index) => answers[index] === false);
}

async function allowed(query: Promise<unknown>): Promise<boolean> {
  try {
    await query;
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "STORE_RIGHTS_MISSING") return false;
    throw error;
  }
}

async function listDatabases(server: ClickHouseServer): Promise<string[]> {
  const found = await server.rows<{ name: string; engine: string }>(
    `SELECT name, engine FROM system.databases WHERE name NOT IN (${quoteTexts(SYSTEM_DATABASES)}) ORDER BY name`,
  );
  return found.filter(({ engine }) => isLocalDatabase(engine)).map(({ name }) => name);
}

/** Rows written before such a column was added are filled as they are read. */
async function asksDictionaries(server: ClickHouseServer, database: string): Promise<boolean> {
  const found = await server.rows(
    `SELECT 1 FROM system.columns WHERE database = ${quoteText(database)}
       AND default_kind IN ('DEFAULT', 'MATERIALIZED') AND match(default_expression, '\\\\bdict[A-Z]') LIMIT 1`,
  );
  return found.length > 0;
}

interface Policy {
  name: string;
  database: string;
  table: string;
  is_restrictive: number;
  apply_to_all: number;
  apply_to_except: string[];
}

async function readPolicies(server: ClickHouseServer): Promise<Policy[]> {
  const query = `SELECT short_name AS name, database, table, is_restrictive, apply_to_all, apply_to_except
     FROM system.row_policies`;
  let policies: Policy[] = [];
  await allowed(server.rows<Policy>(query).then((rows) => (policies = rows)));
  return policies;
}

/** Whether any step of a query's plan leaves rows out. Names of columns are values, not keys, of the plan. */
function hasFilter(plan: unknown): boolean {
  if (Array.isArray(plan)) return plan.some(hasFilter);
  if (typeof plan !== "object" || plan === null) return false;
  return Object.entries(plan).some(
    ([key, value]) => /filter/i.test(key) || (key === "Node Type" && value === "Filter") || hasFilter(value),
  );
}

function compareNames(a: DataTable, b: DataTable): number {
  const [left, right] = [idOf(a), idOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
