import { text } from "node:stream/consumers";
import type { ClickHouseManifest } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { ObjectSource, RestoreOutcome } from "../../store.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { splitStatements } from "../sql/sql-text.ts";

/**
 * Runs every statement of a backup's `access.sql`, also after one that fails: each stands for somebody's rights.
 *
 * @returns those that the server did not take, with its reasons
 * @throws AppError BACKUP_DAMAGED, OBJECT_MISSING, STORE_UNREACHABLE, STORE_LOGIN_REFUSED, CANCELLED
 */
export async function applyAccess(
  server: ClickHouseServer,
  { access }: ClickHouseManifest,
  objects: ObjectSource,
): Promise<NonNullable<RestoreOutcome["refused"]>> {
  const refused: NonNullable<RestoreOutcome["refused"]> = [];
  if (!access) return refused;
  for (const statement of splitStatements(await text(await objects.open(access)))) {
    try {
      await server.run(statement);
    } catch (error) {
      const isItsOwn =
        error instanceof AppError && ["STORE_FAILED", "STORE_RIGHTS_MISSING"].includes(error.code);
      if (!isItsOwn) throw error;
      refused.push({ kind: "access statement", name: statement, why: error.message });
    }
  }
  return refused;
}
