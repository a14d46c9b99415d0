import type { Client } from "pg";
import { AppError } from "../../../errors.ts";
import { createDeadline } from "../../../sys/clock.ts";
import { describeHost } from "./connection.ts";
import type { PostgresConnection } from "./connection.ts";

/** What stands between us and the server's own session. */
export type Pooler = "none" | "session" | "transaction";

/** Sessions that a backup holds at once: the snapshot's, its readers' and pg_dump's. */
const SESSIONS_NEEDED = 4;
const SECOND_SESSION_MS = 10_000;

/** Supabase's direct host has only an IPv6 address unless the IPv4 add-on is paid; GitHub's runners have none. */
export function isSupabaseDirect(host: string): boolean {
  return /^db\.[a-z0-9]+\.supabase\.co$/.test(host);
}

export function isSupabase(host: string): boolean {
  return isSupabaseDirect(host) || host.endsWith(".pooler.supabase.com");
}

/** How to reach the same Supabase project through IPv4 with a session of one's own. */
export function adviseSessionPooler({ host }: PostgresConnection): string {
  const project = /^db\.([a-z0-9]+)\.supabase\.co$/.exec(host)?.[1] ?? "<project-ref>";
  const pooler = host.endsWith(".pooler.supabase.com") ? host : "aws-<n>-<region>.pooler.supabase.com";
  const where = pooler === host ? "" : " The dashboard shows the host whole: Connect, Session pooler.";
  return `Use the project's session pooler: host ${pooler}, port 5432, user postgres.${project}.${where}`;
}

/**
 * Refuses by its name a pooler that hands each transaction to another session, before it is reached: an exported
 * snapshot would be lost.
 *
 * @throws AppError STORE_UNSUPPORTED
 */
export function refuseTransactionPooler(connection: PostgresConnection): void {
  const { host, port } = connection;
  if (isSupabase(host) && port === 6543) {
    throw transactionPooler(`${host}:6543 is Supabase's transaction pooler`, adviseSessionPooler(connection));
  }
  if (/^ep-[a-z0-9-]+-pooler\..*neon\.(tech|build)$/.test(host)) {
    const hint = `Use the direct host, without "-pooler": ${host.replace("-pooler.", ".")}.`;
    throw transactionPooler(`${host} is Neon's transaction pooler`, hint);
  }
}

/**
 * Finds out what a new connection leads to, without changing anything. A pooler gives out a number of its own for
 * the session, which is not that of the server's process. Whether it keeps sessions shows in a second one: for
 * PgBouncer hands out first the server connection that was used last.
 *
 * @param openSecond - opens another connection of the same kind
 * @throws AppError STORE_UNSUPPORTED when a pooler gives no second session
 */
export async function findPooler(
  first: Client,
  openSecond: () => Promise<Client>,
  connection: PostgresConnection,
): Promise<Pooler> {
  const pid = await readPid(first);
  if (pid === (first as unknown as { processID: number | null }).processID) return "none";
  const second = await openSecond();
  try {
    const secondPid = await withinLimit(second, connection);
    if (secondPid === pid) return "transaction";
    return (await readPid(first)) === pid ? "session" : "transaction";
  } finally {
    await second.end().catch(() => {}); // it was read from only
  }
}

/** @throws AppError STORE_UNSUPPORTED */
export function refuseFoundTransactionPooler(connection: PostgresConnection): void {
  if (connection.learned.pooler !== "transaction") return;
  throw transactionPooler(
    `Behind ${describeHost(connection)} is a pooler in transaction mode`,
    "Give the server's own address, or a pooler's with pool_mode = session.",
  );
}

function transactionPooler(what: string, hint: string): AppError {
  return new AppError(
    "STORE_UNSUPPORTED",
    `${what}, which keeps no session: a snapshot would be lost between two statements.`,
    { hint },
  );
}

async function readPid(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/** In a transaction, which holds the server's session for as long as the first is asked again. */
async function withinLimit(second: Client, connection: PostgresConnection): Promise<number> {
  const cut = createDeadline(SECOND_SESSION_MS);
  const tooLate = new Promise<never>((_, reject) => {
    cut.addEventListener("abort", () =>
      reject(
        new AppError(
          "STORE_UNSUPPORTED",
          `The pooler at ${describeHost(connection)} gives no second session.`,
          {
            hint: `A backup holds ${SESSIONS_NEEDED} sessions at once: raise the pooler's pool size, or use the server's own address.`,
          },
        ),
      ),
    );
  });
  const reading = second.query("BEGIN READ ONLY").then(() => readPid(second));
  reading.catch(() => {}); // cut below, when it is too late
  return await Promise.race([reading, tooLate]);
}
