import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { PostgresConnection } from "./connection.ts";
import { withSession } from "./session.ts";

/**
 * The variables that keep pg_restore from waiting for the disk after each of thousands of statements. What it has
 * committed then may be lost until `flushCommits` is done, should the server crash; pg_restore fails by that as well.
 *
 * @param env - the variables of `LibpqAccess`
 * @see https://www.postgresql.org/docs/current/wal-async-commit.html
 */
export function postponeFlushes(
  { learned }: PostgresConnection,
  { PGOPTIONS: options = "" }: Readonly<Record<string, string>>,
): Record<string, string> {
  // The operator's own come last, and win.
  return learned.refusesOptions ? {} : { PGOPTIONS: `-c synchronous_commit=off ${options}` };
}

/**
 * Commits something in a session of the server's own settings: when that is where they want it, on disk or on a
 * standby, so is all that was committed before.
 */
export async function flushCommits(connection: PostgresConnection, context: RunContext): Promise<void> {
  try {
    await withSession(connection, context, (session) =>
      session.run(
        "Waiting for the server's disk",
        "SELECT pg_catalog.pg_logical_emit_message(true, 'lifeboat', 'restored')",
      ),
    );
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "STORE_RIGHTS_MISSING") throw error;
    // A second later it has done so by itself.
    context.reporter.warn(`What was restored may not be on the server's disk yet: ${error.message}`);
  }
}
