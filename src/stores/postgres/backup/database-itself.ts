import type { Session } from "../server/session.ts";

/** What the manifest says of a comment and grants on the database as a whole; nothing where there are none. */
export async function describeDatabaseItself(session: Session): Promise<{ what: string; why: string }[]> {
  const [row] = await session.rows<{ hasComment: boolean; hasGrants: boolean }>(
    "Looking at the database itself",
    `SELECT shobj_description(oid, 'pg_database') IS NOT NULL AS "hasComment", datacl IS NOT NULL AS "hasGrants"
     FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
  const why = "A restore goes into a database that somebody made, and leaves what is said of it as it is.";
  return [
    ...(row?.hasComment ? [{ what: "The comment on the database", why }] : []),
    ...(row?.hasGrants ? [{ what: "Grants on the database (CONNECT, CREATE, TEMPORARY)", why }] : []),
  ];
}
