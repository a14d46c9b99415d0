import { createHash } from "node:crypto";
import { AppError } from "../../../errors.ts";
import { majorOf } from "../clients/tools.ts";
import { describeConnection } from "./connection.ts";
import type { PostgresConnection } from "./connection.ts";
import type { Session } from "./session.ts";

/** Older servers get no fixes any more, and lack what a backup asks of the server. */
const OLDEST_MAJOR = 14;

export interface ServerFacts {
  /** As the server writes it: "17.10". */
  version: string;
  major: number;
  /** The same for the same database, whichever way it was reached; another one for any other. */
  databaseId: string;
  databaseSizeBytes: number;
}

/** What to do about a server that takes no writes. */
export const GIVE_PRIMARY =
  "Give the address of the primary server (on managed services: the writer's, not a read replica's).";

/** Whether a server takes no writes, being the replica of another. */
export async function readIsReplica(session: Session): Promise<boolean> {
  const [row] = await session.rows<{ isReplica: boolean }>(
    "Asking whether the server is a replica",
    `SELECT pg_catalog.pg_is_in_recovery() AS "isReplica"`,
  );
  return row?.isReplica ?? false;
}

/** @throws AppError STORE_UNSUPPORTED: a replica, into which nothing can be restored */
export async function refuseReplica(session: Session, connection: PostgresConnection): Promise<void> {
  if (!(await readIsReplica(session))) return;
  throw new AppError(
    "STORE_UNSUPPORTED",
    `${describeConnection(connection)} is a read replica: nothing can be restored into it.`,
    { hint: GIVE_PRIMARY },
  );
}

/** @throws AppError STORE_UNSUPPORTED for a server that is too old */
export async function readServerFacts(
  session: Session,
  connection: PostgresConnection,
): Promise<ServerFacts> {
  const [row] = await session.rows<{ version: string; size: string }>(
    "Reading the server's version",
    `SELECT current_setting('server_version') AS version, pg_database_size(current_database())::text AS size`,
  );
  const version = parseServerVersion(row?.version ?? "");
  return {
    ...version,
    databaseId: await identifyDatabase(session, connection),
    databaseSizeBytes: Number(row?.size),
  };
}

/**
 * @param text - `server_version`, such as "17.10 (Debian 17.10-1.pgdg13+1)" or "18beta2"
 * @throws AppError STORE_UNSUPPORTED
 */
export function parseServerVersion(text: string): { version: string; major: number } {
  const version = text.split(" ")[0] ?? text;
  const major = majorOf(version);
  if (major >= OLDEST_MAJOR) return { version, major };
  throw new AppError(
    "STORE_UNSUPPORTED",
    `The server is PostgreSQL ${version}; ${OLDEST_MAJOR} is the oldest supported.`,
    {
      hint: `Upgrade the server to PostgreSQL ${OLDEST_MAJOR} or later.`,
    },
  );
}

async function identifyDatabase(session: Session, connection: PostgresConnection): Promise<string> {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
  try {
    const [row] = await session.rows<{ id: string }>(
      "Reading the server's identity",
      `SELECT system_identifier || '/' || oid AS id
       FROM pg_control_system(), pg_database WHERE datname = current_database()`,
    );
    return hash(`cluster ${row?.id}`);
  } catch (error) {
    // Some providers reserve the function; the address is then the best name there is.
    if (!(error instanceof AppError) || error.code !== "STORE_RIGHTS_MISSING") throw error;
    return hash(`address ${connection.host}:${connection.port}/${connection.database}`);
  }
}
