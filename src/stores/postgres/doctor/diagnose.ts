import { bad, explainAsFinding, findOrExplain, good, warning } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import { formatBytes, formatSeconds } from "../../../report/quantities.ts";
import type { RunContext } from "../../../run-context.ts";
import { explainPostgresTools, noteNewerTools } from "../clients/find.ts";
import { describeConnection, isUnixSocket } from "../server/connection.ts";
import type { PostgresConnection } from "../server/connection.ts";
import { readExtensions } from "../server/extensions.ts";
import { findLeftovers } from "../restore/leftovers.ts";
import { refuseTransactionPooler } from "../server/poolers.ts";
import { findMissingRights } from "../catalog/rights.ts";
import type { ReadScope } from "../catalog/rights.ts";
import { readServerFacts } from "../server/server.ts";
import type { ServerFacts } from "../server/server.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";
import { withSnapshot } from "../server/snapshot.ts";

/** What a backup holds at once: the snapshot's session, two readers and pg_dump's. */
const SESSIONS_NEEDED = 4;
const READERS_TRIED = 2;
const CLOCKS_MAY_DIFFER_MS = 60_000;
/** Of rows that pg_dump compresses with zstd and that are digested beside it, on a small machine. */
const BYTES_PER_SECOND = 50_000_000;
/** Extensions of providers that a plain server cannot have, whatever packages it installs. */
const MANAGED_EXTENSIONS = [
  "supabase_vault",
  "pgsodium",
  "pg_graphql",
  "pg_net",
  "pg_cron",
  "aws_s3",
  "neon",
];

/**
 * Looks at a source as a backup will meet it: each thing for itself, so that one that is bad hides no other.
 *
 * @param resolveScope - what of the database is backed up
 * @throws AppError CANCELLED
 */
export async function diagnosePostgresStore(
  connection: PostgresConnection,
  resolveScope: (session: Session) => Promise<ReadScope>,
  context: RunContext,
): Promise<Finding[]> {
  try {
    refuseTransactionPooler(connection);
    return await withSession(
      connection,
      context,
      async (session) => {
        const server = await readServerFacts(session, connection);
        const looks: [string, () => Promise<Finding[]>][] = [
          [
            "connection",
            async () => [describeWay(connection, server), await lookAtEncryption(session, connection)],
          ],
          ["client", () => lookAtClient(server, context)],
          ["rights", () => lookAtRights(session, connection.user, resolveScope)],
          ["snapshot", async () => [await lookAtSnapshot(connection, context)]],
          ["connections", async () => [await countFreeConnections(session)]],
          ["time limits", async () => [await lookAtTimeLimits(session, connection.user)]],
          ["clock", async () => [await compareClocks(session, context)]],
          ["replica", () => lookAtReplica(session)],
          ["size", async () => [describeSize(server)]],
          ["extensions", () => lookAtExtensions(session)],
          ["leftovers", () => findLeftovers(session, connection.database, context)],
        ];
        const findings: Finding[] = [];
        for (const [check, look] of looks) {
          findings.push(...(await look().catch((error: unknown) => [explainAsFinding(check, error)])));
        }
        return findings;
      },
      { patient: true },
    );
  } catch (error) {
    return [explainAsFinding("connection", error)];
  }
}

function describeWay(connection: PostgresConnection, { version }: ServerFacts): Finding {
  const way = connection.learned.pooler === "session" ? "through a pooler that keeps sessions" : "directly";
  return good("connection", `PostgreSQL ${version} at ${describeConnection(connection)}, reached ${way}`);
}

async function lookAtEncryption(session: Session, connection: PostgresConnection): Promise<Finding> {
  const check = "encryption";
  if (isUnixSocket(connection)) return good(check, "None is needed: the server is reached by a Unix socket");
  const { mode, authorities } = connection.tls;
  const isLocal = ["127.0.0.1", "::1", "localhost"].includes(connection.host);
  if (!session.isEncrypted) {
    if (isLocal) return good(check, "None; the server is on this machine");
    return warning(check, "The connection is not encrypted.", "Add sslmode=verify-full to the address.");
  }
  if (authorities === undefined) {
    return warning(
      check,
      `The connection is encrypted, and nobody looks whose certificate it is (sslmode=${mode}).`,
      "Add sslmode=verify-full to the address, with ca or sslrootcert where the provider has an authority of its own.",
    );
  }
  return good(
    check,
    `Encrypted, the certificate verified${mode === "verify-full" ? ", the host's name too" : ""}`,
  );
}

async function lookAtClient(server: ServerFacts, context: RunContext): Promise<Finding[]> {
  const { chosen, tried } = await explainPostgresTools(server.major, context);
  const asked = tried.map(({ source, outcome }) => `${source}: ${outcome}`).join("\n");
  if (!chosen) {
    const found = `No pg_dump of PostgreSQL ${server.major} or later can be had.\n${asked}`;
    return [bad("client", found, `apt-get install postgresql-client-${server.major}`)];
  }
  const note = noteNewerTools(chosen.tools, server.major);
  const found = `${chosen.tools.version}, ${chosen.where}`;
  if (note === undefined) return [good("client", found)];
  return [warning("client", `${found}. ${note}`, `apt-get install postgresql-client-${server.major}`)];
}

async function lookAtRights(
  session: Session,
  user: string,
  resolveScope: (session: Session) => Promise<ReadScope>,
): Promise<Finding[]> {
  const missing = await findMissingRights(session, user, await resolveScope(session));
  if (missing.length === 0) return [good("rights", `${user} may read everything that is backed up`)];
  return missing.map(({ lacks, mending }) =>
    bad("rights", `The role ${user} cannot back up everything: ${lacks}.`, mending.join("\n")),
  );
}

/** Opens what a backup opens; it also shows whether that many sessions can be had. */
async function lookAtSnapshot(connection: PostgresConnection, context: RunContext): Promise<Finding> {
  return await findOrExplain("snapshot", async () => {
    await withSnapshot(connection, context, READERS_TRIED, async () => {});
    return "It can be exported, and other sessions can join it";
  });
}

async function countFreeConnections(session: Session): Promise<Finding> {
  const [row] = await session.rows<{
    most: number;
    used: number;
    reserved: number;
    role: number;
    mine: number;
  }>(
    "Counting the connections",
    `SELECT current_setting('max_connections')::int AS most,
            current_setting('superuser_reserved_connections')::int AS reserved,
            (SELECT sum(numbackends)::int FROM pg_catalog.pg_stat_database) AS used,
            (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role,
            (SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE usename = current_user) AS mine`,
  );
  const { most = 0, used = 0, reserved = 0, role = -1, mine = 0 } = row ?? {};
  // Ours is among those in use.
  const free = Math.min(most - reserved - used, role < 0 ? Infinity : role - mine) + 1;
  const found = `${free} of ${role < 0 ? most : Math.min(most, role)} connections are free; a backup takes ${SESSIONS_NEEDED}`;
  if (free >= SESSIONS_NEEDED) return good("connections", found);
  return bad(
    "connections",
    `${found}.`,
    "Close idle ones (pg_stat_activity), or raise max_connections or the role's CONNECTION LIMIT.",
  );
}

/** Every limit can be lifted by whom it limits, and a session lifts them first of all: they are named, no more. */
async function lookAtTimeLimits(session: Session, user: string): Promise<Finding> {
  const limits = await session.rows<{ assignment: string; isOfRole: boolean }>(
    "Reading the time limits",
    `SELECT assignment, setrole <> 0 AS "isOfRole" FROM pg_catalog.pg_db_role_setting, unnest(setconfig) assignment
     WHERE setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))
       AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
       AND assignment ~ '^(statement|transaction|idle_in_transaction_session|idle_session)_timeout='
       AND assignment !~ '=0[a-z]*$' ORDER BY 1, 2`,
  );
  if (limits.length === 0) return good("time limits", "None that would cut a long read");
  const named = limits.map(
    ({ assignment, isOfRole }) =>
      `${assignment.replace("=", " = ")} (of ${isOfRole ? `the role ${user}` : "the database"})`,
  );
  return good("time limits", `Lifted for the sessions of a backup: ${named.join(", ")}`);
}

async function compareClocks(session: Session, { clock }: RunContext): Promise<Finding> {
  const before = clock.now().getTime();
  const [row] = await session.rows<{ now: string }>(
    "Asking for the time",
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now`,
  );
  const here = (before + clock.now().getTime()) / 2;
  const aheadMs = Number(row?.now) - here;
  const by = formatSeconds(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) <= CLOCKS_MAY_DIFFER_MS)
    return good("clock", `The server's differs from this machine's by ${by}`);
  return warning(
    "clock",
    `The server's clock is ${by} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's, by which backups are dated.`,
    "Set this machine's clock: timedatectl set-ntp true",
  );
}

async function lookAtReplica(session: Session): Promise<Finding[]> {
  const [row] = await session.rows<{ isReplica: boolean; feedback: string; delay: string }>(
    "Looking whether it is a replica",
    `SELECT pg_is_in_recovery() AS "isReplica", current_setting('hot_standby_feedback') AS feedback,
            current_setting('max_standby_streaming_delay') AS delay`,
  );
  if (!row?.isReplica) return [];
  if (row.feedback === "on" || row.delay === "-1") {
    return [good("replica", "The server is a replica that lets long reads finish")];
  }
  return [
    warning(
      "replica",
      `The server is a replica, and cancels a read that stands in the way of replication for ${row.delay}.`,
      "ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();",
    ),
  ];
}

function describeSize({ databaseSizeBytes }: ServerFacts): Finding {
  const seconds = Math.max(1, databaseSizeBytes / BYTES_PER_SECOND);
  return good(
    "size",
    `${formatBytes(databaseSizeBytes)} with indexes; a backup sends less, in about ${formatSeconds(seconds)} where the network allows`,
  );
}

async function lookAtExtensions(session: Session): Promise<Finding[]> {
  const managed = (await readExtensions(session)).filter((name) => MANAGED_EXTENSIONS.includes(name));
  if (managed.length === 0) return [];
  return [
    warning(
      "extensions",
      `A plain server does not have ${managed.join(", ")}: what they hold comes back only where they are.`,
      "Restore and drill on the provider's own image or service, or leave their schemas out (exclude-schemas).",
    ),
  ];
}
