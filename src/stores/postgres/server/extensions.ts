import type { Session } from "./session.ts";

/** Packages of apt.postgresql.org, behind `postgresql-<major>-`. Those of contrib come with the server. */
const PACKAGES: Readonly<Record<string, string>> = {
  hll: "hll",
  hypopg: "hypopg",
  orafce: "orafce",
  pg_cron: "cron",
  pg_partman: "partman",
  pg_repack: "repack",
  pgaudit: "pgaudit",
  pgrouting: "pgrouting",
  pgtap: "pgtap",
  postgis: "postgis-3",
  postgis_raster: "postgis-3",
  postgis_topology: "postgis-3",
  rum: "rum",
  vector: "pgvector",
};

/** How a server gets extensions that it lacks. @param major - the server's */
export function adviseExtensions(names: readonly string[], major: number): string {
  const packages = new Set(names.flatMap((name) => PACKAGES[name] ?? []));
  const others = names.filter((name) => PACKAGES[name] === undefined);
  return [
    ...(packages.size > 0
      ? [
          `On its machine: apt-get install ${[...packages].map((name) => `postgresql-${major}-${name}`).join(" ")}`,
        ]
      : []),
    ...(others.length > 0
      ? [`Use an image or service that has ${others.join(", ")}, or install them there.`]
      : []),
  ].join("\n");
}

/** The extensions that a database uses, beside the one that every database has. */
export async function readExtensions(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    "Listing the extensions",
    `SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Which of these extensions the server of a session cannot create, since it does not have them. */
export async function findMissingExtensions(session: Session, names: readonly string[]): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    "Looking for the extensions",
    `SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, position)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions offered WHERE offered.name = wanted.name)
     ORDER BY position`,
    [names],
  );
  return rows.map(({ name }) => name);
}

export interface ExtensionTable {
  /** By its full name. */
  table: string;
  extension: string;
}

/** Tables of extensions whose rows pg_dump takes for the operator's (`pg_extension_config_dump`). */
export async function readExtensionTables(
  session: Session,
  excludedSchemas: readonly string[],
): Promise<ExtensionTable[]> {
  return await session.rows<ExtensionTable & Record<string, unknown>>(
    "Looking for tables of extensions",
    `SELECT nspname || '.' || relname AS table, extname::text AS extension
     FROM pg_catalog.pg_extension CROSS JOIN LATERAL unnest(extconfig) config
     JOIN pg_catalog.pg_class c ON c.oid = config JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p') AND nspname <> ALL ($1::text[]) ORDER BY 1`,
    [excludedSchemas],
  );
}
