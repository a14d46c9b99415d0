import { warning } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import { formatSeconds } from "../../../report/quantities.ts";
import type { RunContext } from "../../../run-context.ts";
import { DEAD_AFTER_MS } from "../../dead-runs.ts";
import { quoteIdent } from "../server/faults.ts";
import type { Session } from "../server/session.ts";

/** The database of a drill says when it was made, in its comment: nothing at the server does. */
const MADE_AT = "Made by a drill of lifeboat at ";

/** What says of a database, to later runs, that a drill made it, and when. */
export function markThrowaway(database: string, at: Date): string {
  return `COMMENT ON DATABASE ${quoteIdent(database)} IS '${MADE_AT}${at.toISOString()}'`;
}

/**
 * What runs that were killed left in the database of a session, beside it, and of drills at its server.
 *
 * @param database - the operator's, where the session is in another one
 */
export async function findLeftovers(
  session: Session,
  database: string,
  { clock }: Pick<RunContext, "clock">,
): Promise<Finding[]> {
  const drills = await session.rows<{ name: string; madeAt: string }>(
    "Looking for databases of drills",
    `SELECT datname::text AS name, substr(shobj_description(oid, 'pg_database'), length($1) + 1) AS "madeAt"
     FROM pg_database WHERE datname ~ '^lifeboat_drill_[0-9a-f]{8}$'
       AND starts_with(shobj_description(oid, 'pg_database'), $1)
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = pg_database.datname AND backend_type = 'client backend')
     ORDER BY 1`,
    [MADE_AT],
  );
  const ageMs = (madeAt: string): number => clock.now().getTime() - Date.parse(madeAt);
  return [
    ...drills
      .filter(({ madeAt }) => ageMs(madeAt) > DEAD_AFTER_MS)
      .map(({ name, madeAt }) =>
        warning(
          "leftovers",
          `A drill ended before it could drop its database ${name}, ${formatSeconds(ageMs(madeAt) / 1000)} ago: a copy of a backup.`,
          `DROP DATABASE ${quoteIdent(name)} WITH (FORCE);`,
        ),
      ),
    ...(await findDatabasesBeside(session, database)),
    ...(await findPartsAside(session)),
  ];
}

/** Tells of what killed restores left where another one begins. */
export async function warnOfLeftovers(
  session: Session,
  database: string,
  { reporter }: RunContext,
): Promise<void> {
  const found = [...(await findDatabasesBeside(session, database)), ...(await findPartsAside(session))];
  for (const { found: what, mend } of found) reporter.warn(`${what} ${mend}`);
}

/** What `--replace-db` left. */
async function findDatabasesBeside(session: Session, database: string): Promise<Finding[]> {
  const beside = await session.rows<{ name: string; kind: string; sessions: number }>(
    "Looking for databases beside",
    `SELECT datname::text AS name, split_part(substr(datname, length($1) + 2), '_', 1) AS kind,
       (SELECT count(*)::int FROM pg_stat_activity a WHERE a.datname = d.datname) AS sessions
     FROM pg_database d WHERE starts_with(datname, $1) AND substr(datname, length($1) + 1) ~ '^_(restored|replaced)_[0-9a-f]{8}$'
     ORDER BY 1`,
    [database.slice(0, 40)],
  );
  return beside.map(({ name, kind, sessions }) => {
    const drop = `DROP DATABASE ${quoteIdent(name)} WITH (FORCE);`;
    if (kind === "restored") {
      const busy = sessions > 0 ? ` Its ${sessions} sessions may be those of a run that is at work.` : "";
      return warning(
        "leftovers",
        `The database ${name} was restored to replace ${database}, and did not: it is a copy of a backup.${busy}`,
        drop,
      );
    }
    const [own, old, aside] = [database, name, `${database.slice(0, 40)}_aside`].map(quoteIdent);
    return warning(
      "leftovers",
      `The database ${name} is what ${database} was before it was replaced: it may be the only copy of what is in no backup.`,
      `To look into it: ALTER DATABASE ${old} ALLOW_CONNECTIONS true; ` +
        `to have it back, then: ALTER DATABASE ${own} RENAME TO ${aside}; ALTER DATABASE ${old} RENAME TO ${own}; ` +
        `when nothing of it is wanted: ${drop}`,
    );
  });
}

/** What a restore of a part had set aside. */
async function findPartsAside(session: Session): Promise<Finding[]> {
  const parts = await session.rows<{ schemas: string[]; holds: string; back: string | null }>(
    "Looking for parts that were set aside",
    `SELECT array_agg(nspname::text ORDER BY nspname) AS schemas,
       coalesce((SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY 1) FROM pg_class c
         WHERE relnamespace = ANY (array_agg(n.oid)) AND relkind IN ('r', 'p', 'v', 'm', 'f')), 'no table') AS holds,
       max(CASE WHEN nspname ~ '^lifeboat_replaced_[0-9a-f]{8}$' THEN obj_description(n.oid, 'pg_namespace') END) AS back
     FROM pg_namespace n WHERE nspname ~ '^lifeboat_replaced_[0-9a-f]{8}(_[0-9]+)?$' GROUP BY left(nspname, 26) ORDER BY 1`,
  );
  return parts.map(({ schemas, holds, back }) =>
    warning(
      "leftovers",
      `A restore ended before it could put back or drop what it was to replace. It lies in ${schemas.join(", ")} (${holds}), and may be the only copy of rows that are in no backup.`,
      `To have it back, drop what is where it lay, and run: ${back ?? "ALTER TABLE … SET SCHEMA … for each"}; ` +
        `when nothing of it is wanted: DROP SCHEMA ${schemas.map(quoteIdent).join(", ")} CASCADE;`,
    ),
  );
}
