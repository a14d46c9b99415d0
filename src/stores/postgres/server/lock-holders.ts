import { AppError, throwIfCancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { PostgresConnection } from "./connection.ts";
import { withSession } from "./session.ts";

interface Holder {
  table: string;
  pid: number;
  /** Empty where it gave itself no name. */
  application: string;
  user: string;
  /** UTC, as Postgres writes it; null where this role may not see it. */
  since: string | null;
}

const SHOWN = 5;

/**
 * What to throw when waiting for a table took too long: the same, and who holds locks that nobody can read beside. The
 * text of their statements is left out, since it may hold data.
 */
export async function explainLockWait(
  error: unknown,
  connection: PostgresConnection,
  context: RunContext,
): Promise<unknown> {
  if (!(error instanceof AppError) || !/due to (lock|statement) timeout/.test(error.message)) return error;
  const holders = await readHolders(connection, context).catch(() => {
    throwIfCancelled(context.signal);
    return []; // what failed first is what the operator must read
  });
  if (holders.length === 0) return error;
  const lines = holders.map(
    ({ table, pid, application, user, since }) =>
      `  ${table}: process ${pid} of ${user}${application === "" ? "" : ` (${application})`}${since === null ? "" : `, whose transaction began at ${since} UTC`}`,
  );
  const [{ pid }] = holders as [Holder];
  return new AppError(error.code, [`${error.message}`, "Locked against reading are", ...lines].join("\n"), {
    hint: `Let that transaction end, or end it as an administrator (SELECT pg_terminate_backend(${pid});), and try again.`,
    cause: error,
  });
}

async function readHolders(connection: PostgresConnection, context: RunContext): Promise<Holder[]> {
  return await withSession(connection, context, (session) =>
    session.rows<Holder & Record<string, unknown>>(
      "Looking for who holds locks",
      `SELECT nspname || '.' || relname AS table, pid, coalesce(application_name, '') AS application,
         coalesce(usename::text, 'an unknown role') AS user,
         to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
       JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND relkind NOT IN ('i', 'I', 't')
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       ORDER BY xact_start, 1 LIMIT ${SHOWN}`,
    ),
  );
}
