import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { quoteInFull } from "../catalog/catalog.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { quoteIdent } from "../server/faults.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";

/** A table of the target that rows are loaded into. */
export interface FilledTable {
  oid: number;
  schema: string;
  name: string;
  hasRows: boolean;
}

/** Triggers of the operator's, and how they were. */
interface SleepingTrigger {
  table: string;
  name: string;
  /** As ALTER TABLE says it: "ENABLE TRIGGER", "ENABLE ALWAYS TRIGGER". */
  wake: string;
}

/** The tables that hold rows of their own, of those that are wanted. */
export async function readFilledTables(
  session: Session,
  isWanted: (table: string) => boolean,
): Promise<FilledTable[]> {
  const all = await session.rows<Omit<FilledTable, "hasRows">>(
    "Listing the tables",
    `SELECT c.oid, nspname::text AS schema, relname::text AS name FROM pg_class c
     JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 2, 3`,
  );
  const wanted = all.filter(({ schema, name }) => isWanted(`${schema}.${name}`));
  const filled: FilledTable[] = [];
  for (const table of wanted) {
    const work = `Looking into ${table.schema}.${table.name}`;
    const [row] = await session.rows<{ any: boolean }>(
      work,
      `SELECT EXISTS (SELECT FROM ONLY ${quoteInFull(table)}) AS any`,
    );
    filled.push({ ...table, hasRows: row?.any ?? false });
  }
  return filled;
}

/**
 * What empties tables that are to be filled again.
 *
 * @throws AppError TARGET_REFUSED when others refer to them, whose rows would have to go as well
 */
export async function planEmptying(session: Session, tables: readonly FilledTable[]): Promise<string[]> {
  if (!tables.some(({ hasRows }) => hasRows)) return [];
  const referring = await session.rows<{ name: string }>(
    "Looking for foreign keys",
    `SELECT DISTINCT conrelid::regclass::text || ' (' || conname || ')' AS name FROM pg_constraint
     WHERE contype = 'f' AND confrelid = ANY ($1::oid[]) AND conrelid <> ALL ($1::oid[]) ORDER BY 1`,
    [tables.map(({ oid }) => oid)],
  );
  if (referring.length > 0) {
    const names = referring.map(({ name }) => name).join(", ");
    throw new AppError(
      "TARGET_REFUSED",
      `The tables cannot be emptied alone: rows of ${names} refer to them. Nothing was changed.`,
      {
        hint: "Name those tables as well, or restore into a new database (--create-db) and copy what you need.",
      },
    );
  }
  // Those that refer to one another must go together, also the empty ones. All at once would take too many locks.
  return groupByKeys(tables, await readForeignKeys(session, tables)).map(
    (family) => `TRUNCATE ONLY ${family.map(quoteInFull).join(", ")}`,
  );
}

/** Empties tables that are to be filled again. @throws AppError as `planEmptying` */
export async function emptyTables(session: Session, tables: readonly FilledTable[]): Promise<void> {
  for (const statement of await planEmptying(session, tables)) {
    await session.run("Emptying the tables", statement);
  }
}

/** A foreign key between two tables, by their oids. */
interface ForeignKey {
  from: number;
  to: number;
}

async function readForeignKeys(session: Session, tables: readonly FilledTable[]): Promise<ForeignKey[]> {
  return await session.rows<ForeignKey & Record<string, unknown>>(
    "Reading the foreign keys",
    `SELECT conrelid AS from, confrelid AS to FROM pg_constraint
     WHERE contype = 'f' AND conrelid = ANY ($1::oid[]) AND confrelid = ANY ($1::oid[]) AND conrelid <> confrelid`,
    [tables.map(({ oid }) => oid)],
  );
}

/** Tables that foreign keys connect, whichever way and over how many others. */
function groupByKeys(tables: readonly FilledTable[], keys: readonly ForeignKey[]): FilledTable[][] {
  const groups = new Map(tables.map((table) => [table.oid, [table]]));
  for (const { from, to } of keys) {
    const [one = [], other = []] = [groups.get(from), groups.get(to)];
    if (one === other) continue;
    one.push(...other);
    for (const { oid } of other) groups.set(oid, one);
  }
  return [...new Set(groups.values())];
}

/**
 * The order in which foreign keys let tables be filled: what is referred to comes first.
 *
 * @throws AppError TARGET_REFUSED when tables refer to one another in a circle
 */
export async function orderByForeignKeys(
  session: Session,
  tables: readonly FilledTable[],
): Promise<FilledTable[]> {
  const keys = await readForeignKeys(session, tables);
  const ordered: FilledTable[] = [];
  let left = [...tables];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ oid }) => oid));
    const ready = left.filter(({ oid }) => !keys.some(({ from, to }) => from === oid && waiting.has(to)));
    if (ready.length === 0) throw circular(left);
    ordered.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return ordered;
}

function circular(tables: readonly FilledTable[]): AppError {
  const names = tables.map(({ schema, name }) => `${schema}.${name}`).join(", ");
  return new AppError(
    "TARGET_REFUSED",
    `Foreign keys of ${names} refer to one another in a circle, so no order lets them be filled. Nothing was changed.`,
    { hint: "Restore into a new database (--create-db), where rows come before foreign keys." },
  );
}

/**
 * Loads rows while the operator's own triggers sleep: they would change what is loaded. They are woken again
 * whatever happens.
 *
 * @throws AppError STORE_RIGHTS_MISSING, and what `load` throws
 */
export async function withoutTriggers<T>(
  connection: PostgresConnection,
  context: RunContext,
  tables: readonly FilledTable[],
  load: () => Promise<T>,
): Promise<T> {
  const asleep: SleepingTrigger[] = [];
  const work = "Switching triggers";
  try {
    await withSession(connection, context, async (session) => {
      for (const trigger of await readTriggers(session, tables)) {
        asleep.push(trigger);
        await session.run(work, `ALTER TABLE ${trigger.table} DISABLE TRIGGER ${quoteIdent(trigger.name)}`);
      }
    });
    return await load();
  } finally {
    if (asleep.length > 0) {
      const wake = asleep.map(({ table, name, wake }) => `ALTER TABLE ${table} ${wake} ${quoteIdent(name)};`);
      // Each in a transaction of its own, as they were switched off: together they could need too many locks.
      const wakeAll = async (session: Session): Promise<void> => {
        for (const statement of wake) await session.run(work, statement);
      };
      await withSession(connection, context, wakeAll, { survivesCancel: true }).catch((error: unknown) => {
        context.reporter.warn(`Triggers are still switched off (${String(error)}). Run: ${wake.join(" ")}`);
      });
    }
  }
}

/** The operator's own that fire when rows come in. */
export async function readTriggers(
  session: Session,
  tables: readonly FilledTable[],
): Promise<SleepingTrigger[]> {
  const rows = await session.rows<{ oid: number; name: string; always: boolean }>(
    "Reading the triggers",
    `SELECT tgrelid AS oid, tgname::text AS name, tgenabled = 'A' AS always FROM pg_trigger
     WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = ANY ($1::oid[])`,
    [tables.map(({ oid }) => oid)],
  );
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  return rows.flatMap(({ oid, name, always }) => {
    const table = byOid.get(oid);
    if (!table) return [];
    return [{ table: quoteInFull(table), name, wake: always ? "ENABLE ALWAYS TRIGGER" : "ENABLE TRIGGER" }];
  });
}
