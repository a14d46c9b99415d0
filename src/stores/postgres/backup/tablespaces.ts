import type { Session } from "../server/session.ts";

/** What the manifest says of tablespaces that a database uses beside its own; nothing where it uses none. */
export async function describeTablespaces(session: Session): Promise<{ what: string; why: string }[]> {
  const [row] = await session.rows<{ names: string | null }>(
    "Reading the tablespaces",
    `SELECT string_agg(DISTINCT spcname, ', ' ORDER BY spcname) AS names
     FROM pg_catalog.pg_class JOIN pg_catalog.pg_tablespace t ON t.oid = reltablespace WHERE spcname !~ '^pg_'`,
  );
  if (typeof row?.names !== "string") return [];
  const why = "They are folders of the server: what is restored lies where its database does.";
  return [{ what: `Tablespaces (${row.names})`, why }];
}
