import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { PostgresManifest } from "../../backup/manifest.ts";
import { cancelled } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { startTool } from "../../sys/exec.ts";
import type { RestoreRequest } from "../store.ts";
import { findPostgresTools } from "./clients/find.ts";
import { majorOf } from "./clients/tools.ts";
import type { PostgresTools } from "./clients/tools.ts";
import type { PostgresConnection } from "./connection.ts";
import { fetchArchive } from "./fetch-archive.ts";
import { loadPlainSql } from "./plain-sql.ts";
import { LibpqAccess } from "./libpq.ts";
import { dropNewcomers, dropOccupants, findToReplace, listOccupants } from "./occupants.ts";
import type { Occupant } from "./occupants.ts";
import { writeUseList } from "./use-list.ts";
import { withSession } from "./session.ts";
import { explainToolFault } from "./tool-faults.ts";

/** More jobs than this wait for the same disk. */
const MOST_JOBS = 4;

/**
 * Loads one archive into a database. The archive lies in a private file meanwhile, since pg_restore works in
 * parallel only from a file, and since nothing may reach the database before the whole archive is proved good.
 *
 * When pg_restore fails, what it made is removed again. With `replace`, what lay in the schemas of the backup is
 * gone by then. (pg_restore's own --clean cannot drop the keys of partitions, and would leave what the archive
 * does not bring.)
 *
 * @throws AppError BACKUP_DAMAGED, OBJECT_MISSING, TOOL_MISSING, TOOL_FAILED, STORE_FAILED, CANCELLED
 */
export async function restoreArchive(
  connection: PostgresConnection,
  backup: PostgresManifest,
  request: RestoreRequest,
  context: RunContext,
): Promise<void> {
  const tools = await findPostgresTools(majorOf(backup.tool), context);
  try {
    const archive = await fetchArchive(backup, request.objects, request.scratchDir, context.signal);
    const before = await withSession(connection, context, async (session) => {
      if (request.replace) {
        const occupants = await listOccupants(session, backup.excludedSchemas);
        await dropOccupants(session, findToReplace(occupants, backup.inventory.schema));
      }
      return listOccupants(session, []);
    });

    const applicationName = `lifeboat-restore-${randomBytes(4).toString("hex")}`;
    await using libpq = await LibpqAccess.open(connection);
    const env = { ...libpq.env, PGAPPNAME: applicationName };
    try {
      if (archive.format === "plain") {
        await loadPlainSql({ ...archive, env, singleTransaction: false }, tools, context);
      } else {
        const useList = await writeUseList(archive.path, backup, tools, context);
        await runPgRestore(connection, archive.path, useList, tools, env, context);
      }
    } catch (error) {
      await undo(connection, context, applicationName, before);
      throw error;
    }
  } catch (error) {
    if (context.signal.aborted) throw cancelled();
    throw error;
  } finally {
    const path = join(request.scratchDir, `${backup.store}.dump`);
    for (const left of [path, `${path}.list`]) await rm(left, { recursive: true, force: true });
  }
}

/** @throws AppError TOOL_FAILED, CANCELLED */
async function runPgRestore(
  connection: PostgresConnection,
  path: string,
  useList: string | undefined,
  tools: PostgresTools,
  env: Readonly<Record<string, string>>,
  context: RunContext,
): Promise<void> {
  const args = [
    // As a connection string, since a bare name that holds "=" would be taken for one.
    `--dbname=dbname='${connection.database.replaceAll(/[\\']/g, "\\$&")}'`,
    `--jobs=${Math.min(MOST_JOBS, availableParallelism())}`,
    "--no-owner",
    "--no-password",
    "--exit-on-error",
    ...(useList === undefined ? [] : [`--use-list=${useList}`]),
    path,
  ];
  const tool = startTool(tools.command("pg_restore", args, env), context);
  tool.stdin.end();
  tool.stdout.resume();
  try {
    await tool.done;
  } catch (error) {
    await tool.stop();
    throw explainToolFault(error, "pg_restore", tool.stderrTail());
  }
}

/** Ends what pg_restore left running at the server, which would hold locks, and drops what it made. */
async function undo(
  connection: PostgresConnection,
  context: RunContext,
  applicationName: string,
  before: readonly Occupant[],
): Promise<void> {
  try {
    await withSession(
      connection,
      context,
      async (session) => {
        await session.rows(
          "Ending pg_restore's sessions",
          "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1",
          [applicationName],
        );
        await dropNewcomers(session, before);
      },
      { survivesCancel: true },
    );
  } catch (error) {
    // The failure of the restore itself is what the operator must read first.
    context.reporter.warn(
      `The target holds part of a failed restore, which could not be removed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
