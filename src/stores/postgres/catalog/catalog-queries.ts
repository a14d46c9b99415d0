/**
 * What belongs to the operator, as the beginning of every catalog query ($1: excluded schemas). Objects of
 * extensions are left out: CREATE EXTENSION makes them again.
 */
export const USER_OBJECTS = `
  WITH extension_member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  user_schema AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL ($1::text[])
  ),
  relation AS (
    SELECT c.*, nspname, nspname || '.' || relname AS full_name
    FROM pg_class c JOIN user_schema ON user_schema.oid = relnamespace
    WHERE NOT EXISTS (
      SELECT FROM extension_member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
  ),
  routine AS (
    SELECT p.*, nspname, nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS full_name
    FROM pg_proc p JOIN user_schema ON user_schema.oid = pronamespace
    WHERE NOT EXISTS ( -- 'i': the constructors of range types
      SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype IN ('e', 'i'))
  ),
  user_type AS (
    SELECT t.*, nspname, nspname || '.' || typname AS full_name
    FROM pg_type t JOIN user_schema ON user_schema.oid = typnamespace
    WHERE NOT EXISTS (
      SELECT FROM extension_member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
  )`;

/** A condition: no extension brought this row of this catalog. */
export function isNoMember(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM extension_member WHERE classid = '${catalog}'::regclass AND objid = ${oid})`;
}

/** Ids below are those of initdb (FirstNormalObjectId in the server's sources). */
export const FIRST_USER_OID = 16384;
