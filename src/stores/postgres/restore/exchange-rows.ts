import type { TableInventory } from "../../../backup/inventory.ts";
import type { RunContext } from "../../../run-context.ts";
import { startTool } from "../../../sys/exec.ts";
import { quoteInFull } from "../catalog/catalog.ts";
import type { CatalogTable } from "../catalog/catalog.ts";
import type { PostgresTools } from "../clients/tools.ts";
import { planEmptying, readTriggers } from "./data-only.ts";
import type { FilledTable } from "./data-only.ts";
import { digestTogether } from "../catalog/digest.ts";
import { planLike, readCopiedTables, takeGroup } from "../catalog/inventory.ts";
import type { CopiedBackup } from "../catalog/inventory.ts";
import { PsqlTransaction } from "./psql-transaction.ts";
import { quoteIdent } from "../server/faults.ts";
import type { Session } from "../server/session.ts";
import { pinTexts } from "../server/snapshot.ts";
import type { TocEntry } from "../archive/toc.ts";
import { explainToolFault } from "../server/tool-faults.ts";

/** What empties tables for their new rows, and what makes them as they were but for those. */
export interface Exchange {
  tables: CatalogTable[];
  before: string[];
  after: string[];
}

/**
 * Looks how the rows of tables are exchanged, and changes nothing.
 *
 * @throws AppError TARGET_REFUSED where rows of other tables refer to them
 */
export async function planExchange(
  session: Session,
  tables: readonly FilledTable[],
  entries: readonly TocEntry[],
  backup: CopiedBackup,
  isWanted: (table: string) => boolean,
): Promise<Exchange> {
  const triggers = await readTriggers(session, tables);
  const sequences = entries.filter(({ kind }) => kind === "SEQUENCE SET");
  return {
    tables: await readCopiedTables(session, backup, isWanted),
    before: [
      ...(await planEmptying(session, tables)),
      ...triggers.map(({ table, name }) => `ALTER TABLE ${table} DISABLE TRIGGER ${quoteIdent(name)}`),
      // It gives a sequence a new file, and setval writes to that one: so a rollback takes its value back, too.
      ...sequences.map(
        ({ schema, tag }) => `ALTER SEQUENCE ${quoteInFull({ schema: schema ?? "", name: tag })} RESTART`,
      ),
    ],
    after: triggers.map(({ table, name, wake }) => `ALTER TABLE ${table} ${wake} ${quoteIdent(name)}`),
  };
}

/**
 * Whether the server has locks enough to exchange the rows of tables in one transaction, and leaves a third to others: it
 * holds one for each table, its indexes, and the table of its long values, to its end.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
 */
export async function hasLocksFor(session: Session, tables: readonly FilledTable[]): Promise<boolean> {
  const [row] = await session.rows<{ suffices: boolean }>(
    "Counting locks",
    `WITH heaps AS (
       SELECT oid FROM pg_class WHERE oid = ANY ($1::oid[])
       UNION ALL SELECT reltoastrelid FROM pg_class WHERE oid = ANY ($1::oid[]) AND reltoastrelid <> 0)
     SELECT 3 * ((SELECT count(*) FROM heaps) + (SELECT count(*) FROM pg_index JOIN heaps ON indrelid = oid))
       < 2 * current_setting('max_locks_per_transaction')::bigint
       * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS suffices`,
    [tables.map(({ oid }) => oid)],
  );
  return row?.suffices ?? false;
}

/**
 * Exchanges rows for those of an archive, in one transaction: others see the old ones until all new ones are in and
 * were compared, and have them back whatever ends it.
 *
 * @param script - what pg_restore is to be told: it writes the archive's rows out, in their order
 * @param judge - whether the new rows stay
 * @returns the new rows as they were read before the commit, and whether they stayed
 * @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED, with the old rows in their place
 */
export async function exchangeRows(
  { tables, before, after }: Exchange,
  script: { path: string; listPath: string },
  backup: CopiedBackup,
  access: { tools: PostgresTools; env: Readonly<Record<string, string>> },
  judge: (found: TableInventory[]) => "go on" | "stop",
  context: RunContext,
): Promise<{ found: TableInventory[]; hasStayed: boolean }> {
  const { tools, env } = access;
  await using transaction = PsqlTransaction.begin("Replacing the rows", env, tools, context);
  await transaction.run(before);
  const args = ["--data-only", `--use-list=${script.listPath}`, "--file=-", script.path];
  const restore = startTool(tools.command("pg_restore", args, { LC_ALL: "C" }), context);
  restore.stdin.end();
  try {
    await transaction.feed(restore.stdout);
    await restore.done;
  } catch (error) {
    throw explainToolFault(error, "pg_restore", restore.stderrTail());
  } finally {
    await restore.stop();
  }
  // Keys that are checked at the end only would stand against all that follows.
  await transaction.run(["SET CONSTRAINTS ALL IMMEDIATE", "SET client_encoding = 'UTF8'", pinTexts("LOCAL")]);
  const queue = [...tables];
  const found: TableInventory[] = [];
  for (let group = takeGroup(queue); group.length > 0; group = takeGroup(queue)) {
    found.push(
      ...(await digestTogether(transaction, group, planLike(backup), backup.inventory.digestMethod)),
    );
  }
  if (judge(found) === "stop") return { found, hasStayed: false };
  await transaction.run(after);
  await transaction.commit();
  return { found, hasStayed: true };
}
