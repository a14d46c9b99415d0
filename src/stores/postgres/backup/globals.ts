import { escapeLiteral } from "pg";
import type { PostgresManifest } from "../../../backup/manifest.ts";
import { quoteIdent } from "../server/faults.ts";
import type { Session } from "../server/session.ts";

/**
 * Roles that a provider makes and keeps for itself: Amazon, Google, Azure, Neon, Supabase, Aiven, DigitalOcean.
 * Their definition means nothing elsewhere, and may not be changed there.
 */
const PROVIDER_ROLES =
  "^(rds_|rdsadmin|rdsrepladmin|cloudsql|alloydb|azure_|azuresu|neon_|cloud_admin|supabase_|supabase|authenticator$|dashboard_user$|pgbouncer$|pgsodium_|pgtle_|cli_login_|avnadmin|doadmin|_do)";

/** Settings whose value is a list of names; as stored, names in it are quoted. */
const LIST_SETTINGS: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** Roles and settings of a server, as far as a role may read them. */
export interface Globals {
  sql: string;
  leftOut: PostgresManifest["leftOut"];
}

interface RoleRow {
  name: string;
  attributes: string[];
  isProviders: boolean;
}

interface SettingRow {
  role: string | null;
  database: string | null;
  assignment: string;
  isCustom: boolean;
}

/**
 * Reads roles, their memberships and settings, and the settings of this database, from catalogs that every role
 * may read: no password is among them. Settings that an application made up are left out, since many keep a
 * secret there (`app.jwt_secret`).
 */
export async function readGlobals(session: Session): Promise<Globals> {
  const roles = await readRoles(session);
  const settings = await readSettings(session);
  const kept = new Set(roles.filter(({ isProviders }) => !isProviders).map(({ name }) => name));
  const isKept = ({ role }: SettingRow): boolean => role === null || kept.has(role);
  const provided = roles.filter(({ isProviders }) => isProviders).map(({ name }) => name);
  const custom = settings.filter((setting) => isKept(setting) && setting.isCustom);
  const lines = [
    "-- Roles, their memberships, and settings of roles and of the database. Apply it as an administrator with",
    "-- psql, before or after the archive. Roles come without passwords: set them anew.",
    "",
    ...roles.filter(({ isProviders }) => !isProviders).flatMap(createRole),
    ...(await readMemberships(session, kept)),
    ...settings.filter((setting) => isKept(setting) && !setting.isCustom).map(setSetting),
  ];
  return {
    sql: `${lines.join("\n")}\n`,
    leftOut: [
      ...(provided.length > 0
        ? [{ what: `Roles ${provided.join(", ")}`, why: "They belong to the provider of the server." }]
        : []),
      ...custom.map((setting) => ({
        what: `Setting ${nameOf(setting)} of ${describeHolder(setting)}`,
        why: "The application made it up, and its value may be a secret.",
      })),
    ],
  };
}

async function readRoles(session: Session): Promise<RoleRow[]> {
  return session.rows<RoleRow & Record<string, unknown>>(
    "Reading the roles",
    `SELECT rolname::text AS name, rolname ~ $1 AS "isProviders", array_remove(ARRAY[
       CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
       CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
       CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
       CASE WHEN rolsuper THEN 'SUPERUSER' END,
       CASE WHEN rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || rolconnlimit END,
       'VALID UNTIL ' || quote_literal(rolvaliduntil)], NULL) AS attributes
     FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`,
    [PROVIDER_ROLES],
  );
}

function createRole({ name, attributes }: RoleRow): string[] {
  const role = quoteIdent(name);
  // Only what a new role has not: to say the rest needs rights that administrators of managed servers lack.
  return [
    `DO ${escapeLiteral(`BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN NULL; END`)};`,
    ...(attributes.length > 0 ? [`ALTER ROLE ${role} WITH ${attributes.join(" ")};`] : []),
  ];
}

async function readMemberships(session: Session, kept: ReadonlySet<string>): Promise<string[]> {
  // The rows as JSON, since PostgreSQL 16 brought columns that older servers lack.
  const rows = await session.rows<{ role: string; member: string; row: Record<string, unknown> }>(
    "Reading the memberships of roles",
    `SELECT DISTINCT ON (1, 2) r.rolname::text AS role, m.rolname::text AS member, to_jsonb(a) AS row
     FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles r ON r.oid = roleid
     JOIN pg_catalog.pg_roles m ON m.oid = member ORDER BY 1, 2, admin_option DESC`,
  );
  const isKnown = (role: string): boolean => kept.has(role) || role.startsWith("pg_");
  return rows
    .filter(({ role, member }) => isKnown(role) && kept.has(member))
    .map(({ role, member, row }) => {
      const options = [
        ...(row["admin_option"] === true ? ["ADMIN OPTION"] : []),
        ...("inherit_option" in row
          ? [`INHERIT ${row["inherit_option"] === true}`, `SET ${row["set_option"] === true}`]
          : []),
      ];
      const by = options.length > 0 ? ` WITH ${options.join(", ")}` : "";
      return `GRANT ${quoteIdent(role)} TO ${quoteIdent(member)}${by};`;
    });
}

async function readSettings(session: Session): Promise<SettingRow[]> {
  return session.rows<SettingRow & Record<string, unknown>>(
    "Reading the settings of roles and of the database",
    `SELECT rolname::text AS role, datname::text AS database, assignment,
       split_part(assignment, '=', 1) LIKE '%.%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings
         WHERE name = split_part(assignment, '=', 1) AND category <> 'Customized Options') AS "isCustom"
     FROM pg_catalog.pg_db_role_setting
     LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = setrole
     LEFT JOIN pg_catalog.pg_database ON pg_database.oid = setdatabase
     CROSS JOIN LATERAL unnest(setconfig) assignment
     WHERE (setrole = 0 OR rolname !~ '^pg_') AND (setdatabase = 0 OR datname = current_database())
     ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3`,
  );
}

function setSetting(setting: SettingRow): string {
  const { role, database, assignment } = setting;
  const name = nameOf(setting);
  const value = assignment.slice(name.length + 1);
  const values = LIST_SETTINGS.has(name) ? splitNames(value) : [value];
  const ofRole =
    role === null
      ? ""
      : `ROLE ${quoteIdent(role)}${database === null ? "" : ` IN DATABASE ${quoteIdent(database)}`}`;
  const holder = ofRole || `DATABASE ${quoteIdent(database ?? "")}`;
  const quotedName = name.split(".").map(quoteIdent).join(".");
  return `ALTER ${holder} SET ${quotedName} TO ${values.map((one) => escapeLiteral(one)).join(", ") || "''"};`;
}

/** `"$user", public` as its names, unquoted. */
function splitNames(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

function nameOf({ assignment }: SettingRow): string {
  return assignment.slice(0, assignment.indexOf("="));
}

function describeHolder({ role, database }: SettingRow): string {
  if (role === null) return `the database ${database}`;
  return database === null ? `the role ${role}` : `the role ${role} in the database ${database}`;
}
