import type { SchemaObject } from "../../../backup/inventory.ts";
import {
  describeLetters,
  listGrantors,
  parseGrants,
  PUBLIC,
  readAccessList,
  writeGrants,
} from "./access-list.ts";
import type { DefaultAccess, Grants } from "./access-list.ts";
import { FIRST_USER_OID, isNoMember, USER_OBJECTS } from "./catalog-queries.ts";
import type { Session } from "../server/session.ts";

/** An access list as the catalog holds it. */
interface AccessRow {
  kind: string;
  name: string;
  /** As `acldefault` knows it. */
  type: string;
  owner: string;
  items: string[];
  /** The table that it is or belongs to. */
  of: string | null;
}

const DEFAULT_PRIVILEGES = "default privileges";

/** Everything that somebody granted or revoked something on, once for each catalog that holds such lists. */
const ACCESS_LISTS = `${USER_OBJECTS}
  SELECT kind || ' grants' AS kind, name, type, pg_get_userbyid(owner)::text AS owner, acl::text[] AS items, of
  FROM (
    SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind, full_name AS name,
      CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS type, relowner AS owner, relacl AS acl,
      CASE WHEN relkind <> 'S' THEN full_name END AS of FROM relation
    UNION ALL SELECT 'column', full_name || '.' || attname, 'c', relowner, attacl, full_name
      FROM relation JOIN pg_attribute ON attrelid = relation.oid AND NOT attisdropped
    UNION ALL SELECT CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
      full_name, 'f', proowner, proacl, NULL FROM routine
    UNION ALL SELECT 'type', full_name, 'T', typowner, typacl, NULL FROM user_type
    UNION ALL SELECT 'schema', nspname, 'n', nspowner, nspacl, NULL FROM user_schema
      WHERE ${isNoMember("pg_namespace", "user_schema.oid")}
    UNION ALL SELECT 'language', lanname, 'l', lanowner, lanacl, NULL FROM pg_language
      WHERE oid >= ${FIRST_USER_OID} AND ${isNoMember("pg_language", "pg_language.oid")}
    UNION ALL SELECT 'foreign-data wrapper', fdwname, 'F', fdwowner, fdwacl, NULL FROM pg_foreign_data_wrapper w
      WHERE ${isNoMember("pg_foreign_data_wrapper", "w.oid")}
    UNION ALL SELECT 'foreign server', srvname, 'S', srvowner, srvacl, NULL FROM pg_foreign_server s
      WHERE ${isNoMember("pg_foreign_server", "s.oid")}
    UNION ALL SELECT 'large object', oid::text, 'L', lomowner, lomacl, NULL FROM pg_largeobject_metadata
  ) object WHERE acl IS NOT NULL
  UNION ALL SELECT '${DEFAULT_PRIVILEGES}',
    CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
      WHEN 'n' THEN 'schemas' ELSE 'large objects' END || ' of ' || pg_get_userbyid(defaclrole)
      || coalesce(' in ' || nspname, ''),
    CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype::text END, pg_get_userbyid(defaclrole), defaclacl::text[], NULL
  FROM pg_default_acl LEFT JOIN user_schema ON user_schema.oid = defaclnamespace
  WHERE defaclnamespace = 0 OR user_schema.oid IS NOT NULL`;

/** "c" is a column, which nobody has rights on by default; ALL of it is SELECT, INSERT, UPDATE and REFERENCES. */
const DEFAULT_ACCESS = `
  SELECT type, CASE type WHEN 'c' THEN '{=/o,o=arwx/o}' ELSE acldefault(type::"char", 10)::text[] END AS items
  FROM unnest('{r,s,f,n,T,l,F,S,L,c}'::text[]) type`;

/**
 * Reads grants and default privileges, in a form that does not depend on who owns what: all rights of an owner go
 * without saying, since what is restored belongs to the role that restores it.
 *
 * @param expected - what the backup names, where this is its restored copy: what was granted to the role that now owns
 *   the object has merged with its rights as the owner, and counts as granted
 */
export async function readGrants(
  session: Session,
  excludedSchemas: readonly string[],
  expected: readonly SchemaObject[] = [],
): Promise<SchemaObject[]> {
  const defaults = await readDefaults(session);
  const expectedById = new Map(
    expected.map(({ kind, name, definition }) => [`${kind}\n${name}`, definition]),
  );
  const rows = await readRows(session, excludedSchemas);
  return rows.flatMap(({ kind, name, type, owner, items, of }) => {
    const { grants, byDefault } = readRow({ type, owner, items }, defaults);
    const ofOwner = parseGrants(expectedById.get(`${kind}\n${name}`) ?? "").get(owner);
    if (ofOwner !== undefined && !grants.has(owner)) grants.set(owner, ofOwner);
    const definition = writeGrants(grants);
    const saysNothing = kind !== DEFAULT_PRIVILEGES && definition === writeGrants(byDefault);
    return saysNothing ? [] : [{ kind, name, definition, ...(of !== null && { table: of }) }];
  });
}

/**
 * Roles that must exist where a dump is restored: those that grants, default privileges, policies and user mappings
 * name. Postgres' own roles (pg_…) are everywhere.
 */
export async function readNamedRoles(
  session: Session,
  excludedSchemas: readonly string[],
): Promise<string[]> {
  const defaults = await readDefaults(session);
  const named = new Set<string>();
  for (const row of await readRows(session, excludedSchemas)) {
    for (const grantee of readRow(row, defaults).grants.keys()) named.add(grantee);
    for (const grantor of listGrantors(row.items)) if (grantor !== row.owner) named.add(grantor);
  }
  const others = await session.rows<{ name: string }>(
    "Reading the roles of policies",
    `${USER_OBJECTS}
     SELECT rolname::text AS name FROM pg_policy JOIN relation ON relation.oid = polrelid
       JOIN pg_roles ON pg_roles.oid = ANY (polroles)
     UNION SELECT pg_get_userbyid(defaclrole)::text FROM pg_default_acl
       LEFT JOIN user_schema ON user_schema.oid = defaclnamespace
       WHERE defaclnamespace = 0 OR user_schema.oid IS NOT NULL
     UNION SELECT usename::text FROM pg_user_mappings WHERE umuser <> 0`,
    [excludedSchemas],
  );
  for (const { name } of others) named.add(name);
  return [...named].filter((name) => name !== PUBLIC && !name.startsWith("pg_")).sort();
}

/** @returns the grants without an owner's full rights, and what they are on a new object */
function readRow(
  { type, owner, items }: Pick<AccessRow, "type" | "owner" | "items">,
  defaults: ReadonlyMap<string, DefaultAccess>,
): { grants: Grants; byDefault: Grants } {
  const { owner: all, public: ofPublic } = defaults.get(type) ?? { owner: "", public: "" };
  const grants = readAccessList(items, all);
  if (grants.get(owner) === "ALL") grants.delete(owner);
  return { grants, byDefault: new Map(ofPublic === "" ? [] : [[PUBLIC, describeLetters(ofPublic, all)]]) };
}

async function readRows(session: Session, excludedSchemas: readonly string[]): Promise<AccessRow[]> {
  return session.rows<AccessRow & Record<string, unknown>>("Reading the grants", ACCESS_LISTS, [
    excludedSchemas,
  ]);
}

async function readDefaults(session: Session): Promise<Map<string, DefaultAccess>> {
  const rows = await session.rows<{ type: string; items: string[] }>("Reading the grants", DEFAULT_ACCESS);
  const letters = (item: string | undefined): string => /=([a-zA-Z]*)\//.exec(item ?? "")?.[1] ?? "";
  return new Map(
    rows.map(({ type, items }) => [
      type,
      {
        owner: letters(items.find((item) => !item.startsWith("="))),
        public: letters(items.find((item) => item.startsWith("="))),
      },
    ]),
  );
}
