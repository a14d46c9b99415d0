import { bad, explainAsFinding, good } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { RunContext } from "../../../run-context.ts";
import { describeConnection, parsePostgresAddress } from "../server/connection.ts";
import { adviseExtensions, findMissingExtensions, readExtensions } from "../server/extensions.ts";
import { quoteIdent } from "../server/faults.ts";
import { findLeftovers } from "../restore/leftovers.ts";
import { refuseTransactionPooler } from "../server/poolers.ts";
import { readNamedRoles } from "../catalog/grants.ts";
import { GIVE_PRIMARY, readIsReplica, readServerFacts } from "../server/server.ts";
import { withSession } from "../server/session.ts";
import type { Session } from "../server/session.ts";
import type { PostgresStoreOptions } from "../store.ts";
import type { PostgresTargetOptions } from "../restore/target.ts";

/** What a restore needs of the target's server. */
interface Needs {
  major: number;
  version: string;
  extensions: string[];
  /** Roles that policies and grants name. */
  roles: string[];
}

/**
 * Looks whether a drill can make its database on the server of `url`, and whether what the source holds can be
 * restored there. Writes nothing.
 *
 * @param source - the store that is to be restored there; undefined where it is not known: then the target alone is looked at
 * @throws AppError CANCELLED
 */
export async function diagnosePostgresTarget(
  target: PostgresTargetOptions,
  source: PostgresStoreOptions | undefined,
  context: RunContext,
): Promise<Finding[]> {
  // A source that cannot be reached is told of where it is looked at itself.
  const needs = source && (await readNeeds(source, context).catch(ignoreFindings));
  try {
    const connection = parsePostgresAddress(target.store, target, context.redactor);
    refuseTransactionPooler(connection);
    return await withSession(connection, context, async (session) => {
      const { version, major } = await readServerFacts(session, connection);
      return [
        good("connection", `PostgreSQL ${version} at ${describeConnection(connection)}`),
        ...(await lookAtReplica(session)),
        await lookAtRights(session, connection.user, needs),
        ...(needs
          ? [compareVersions(needs, { major, version }), await lookAtExtensions(session, needs, major)]
          : []),
        ...(await findLeftovers(session, connection.database, context)),
      ];
    });
  } catch (error) {
    return [explainAsFinding("connection", error)];
  }
}

function ignoreFindings(error: unknown): undefined {
  explainAsFinding("connection", error);
}

async function readNeeds(source: PostgresStoreOptions, context: RunContext): Promise<Needs> {
  const connection = parsePostgresAddress(source.name, source, context.redactor);
  refuseTransactionPooler(connection);
  return await withSession(connection, context, async (session) => {
    const { version, major } = await readServerFacts(session, connection);
    const roles = await readNamedRoles(session, source.excludeSchemas ?? []);
    return { version, major, roles, extensions: await readExtensions(session) };
  });
}

async function lookAtReplica(session: Session): Promise<Finding[]> {
  if (!(await readIsReplica(session))) return [];
  return [bad("replica", "The server is a read replica: nothing can be restored into it.", GIVE_PRIMARY)];
}

async function lookAtRights(session: Session, user: string, needs: Needs | undefined): Promise<Finding> {
  const [role] = await session.rows<{ createsDatabases: boolean; createsRoles: boolean; missing: string[] }>(
    "Reading the role's rights",
    `SELECT rolsuper OR rolcreatedb AS "createsDatabases", rolsuper OR rolcreaterole AS "createsRoles",
            ARRAY(SELECT name FROM unnest($1::text[]) name
                  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)) AS missing
     FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    [needs?.roles ?? []],
  );
  const missing = role?.missing ?? [];
  const lacks: string[] = [];
  const mending: string[] = [];
  if (!role?.createsDatabases) {
    lacks.push("create databases");
    mending.push(`ALTER ROLE ${quoteIdent(user)} CREATEDB;`);
  }
  if (missing.length > 0 && !role?.createsRoles) {
    lacks.push(`create the roles that policies and grants name (${missing.join(", ")})`);
    mending.push(...missing.map((name) => `CREATE ROLE ${quoteIdent(name)} NOLOGIN;`));
  }
  if (lacks.length > 0) return bad("rights", `${user} may not ${lacks.join(", nor ")}.`, mending.join(" "));
  return good("rights", `${user} may create the database of a drill`);
}

function compareVersions(needs: Needs, target: { major: number; version: string }): Finding {
  const found = `The source is PostgreSQL ${needs.version}, and the target PostgreSQL ${target.version}`;
  if (target.major >= needs.major) return good("version", found);
  return bad("version", `${found}, which is older.`, `Drill on PostgreSQL ${needs.major} or later.`);
}

async function lookAtExtensions(session: Session, { extensions }: Needs, major: number): Promise<Finding> {
  if (extensions.length === 0) return good("extensions", "The source uses none");
  const missing = await findMissingExtensions(session, extensions);
  if (missing.length === 0) return good("extensions", `The target offers ${extensions.join(", ")}`);
  return bad(
    "extensions",
    `The target does not offer ${missing.join(", ")}.`,
    adviseExtensions(missing, major),
  );
}
