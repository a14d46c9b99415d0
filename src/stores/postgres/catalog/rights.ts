import { AppError } from "../../../errors.ts";
import { nameInFull, quoteInFull } from "./catalog.ts";
import type { QualifiedName } from "./catalog.ts";
import { USER_OBJECTS } from "./catalog-queries.ts";
import { quoteIdent } from "../server/faults.ts";
import type { Session } from "../server/session.ts";

/** Above this many, one grant for everything is kinder than a list. */
const GRANTS_LISTED = 5;

/** Something that the role lacks, and the statements that give it. */
export interface MissingRight {
  /** Goes on after "the role". */
  lacks: string;
  mending: string[];
}

/** What of a database is to be read. */
export interface ReadScope {
  excludedSchemas: readonly string[];
  /** Tables and sequences of other schemas that are left out. */
  excludedRelations?: readonly QualifiedName[];
  /** Tables whose rows are left out: a dump locks them all the same, which takes the right to read. */
  withoutRows?: readonly QualifiedName[];
  largeObjects?: boolean;
}

interface Relation {
  schema: string;
  name: string;
  isSequence: boolean;
  schemaClosed: boolean;
  relationClosed: boolean;
  isBlinded: boolean;
  isForced: boolean;
  owner: string;
  isOwn: boolean;
}

/**
 * Refuses a role that could not read everything in scope: row-level security would hide rows from it, or it may not read
 * a table, a sequence or a large object.
 *
 * @throws AppError STORE_RIGHTS_MISSING, with the statements that mend all of it
 */
export async function requireReadRights(session: Session, user: string, scope: ReadScope): Promise<void> {
  const missing = await findMissingRights(session, user, scope);
  if (missing.length === 0) return;
  throw new AppError(
    "STORE_RIGHTS_MISSING",
    `The role ${user} cannot back up everything: ${missing.map(({ lacks }) => lacks).join("; ")}.`,
    { hint: `Run as an administrator: ${missing.flatMap(({ mending }) => mending).join(" ")}` },
  );
}

/**
 * Everything that the role would need to read and may not. Views, materialized views and foreign tables are not
 * among it: a dump holds their definitions alone.
 */
export async function findMissingRights(
  session: Session,
  user: string,
  { excludedSchemas, excludedRelations = [], withoutRows = [], largeObjects = true }: ReadScope,
): Promise<MissingRight[]> {
  const unreadable = await session.rows<Relation & Record<string, unknown>>(
    "Reading the role's rights",
    `${USER_OBJECTS}, right_of AS (
       SELECT nspname::text AS schema, relname::text AS name, relkind = 'S' AS "isSequence",
              NOT has_schema_privilege(relnamespace, 'USAGE') AS "schemaClosed",
              NOT has_table_privilege(oid, 'SELECT') AS "relationClosed",
              relkind <> 'S' AND row_security_active(oid) AS "isBlinded",
              relforcerowsecurity AS "isForced", relowner::regrole::text AS owner,
              relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS "isOwn"
       FROM relation WHERE relkind IN ('r', 'p', 'S'))
     SELECT * FROM right_of WHERE "schemaClosed" OR "relationClosed" OR "isBlinded" ORDER BY schema, name`,
    [excludedSchemas],
  );
  const outside = new Set(excludedRelations.map(nameInFull));
  const unread = new Set(withoutRows.map(nameInFull));
  const relations = unreadable.filter((one) => !outside.has(nameInFull(one)));
  const closed = relations.filter(({ schemaClosed, relationClosed }) => schemaClosed || relationClosed);
  const blinded = relations.filter((one) => one.isBlinded && !unread.has(nameInFull(one)));
  return [
    ...(blinded.length === 0
      ? []
      : [
          {
            lacks: `row-level security hides rows of ${nameFew(blinded)} from it`,
            mending: await mendBlindness(session, user, blinded),
          },
        ]),
    ...(closed.length === 0
      ? []
      : [{ lacks: `it may not read ${nameFew(closed)}`, mending: grantsFor(closed, user) }]),
    ...(largeObjects ? await findClosedLargeObjects(session, user) : []),
  ];
}

/**
 * Providers that keep superusers to themselves, by a role that each of them has: nobody there can give BYPASSRLS.
 * Whoever belongs to the owner of a table sees its rows, unless its policies are forced upon the owner, too.
 */
async function mendBlindness(
  session: Session,
  user: string,
  blinded: readonly Relation[],
): Promise<string[]> {
  const [provider] = await session.rows<{ name: string }>(
    "Looking for the provider",
    `SELECT rolname::text AS name FROM pg_catalog.pg_roles
     WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin', 'alloydbsuperuser') LIMIT 1`,
  );
  if (!provider) return [`ALTER ROLE ${quoteIdent(user)} BYPASSRLS;`];
  const owners = new Set(blinded.filter(({ isOwn }) => !isOwn).map(({ owner }) => owner));
  return [
    ...[...owners].map((owner) => `GRANT ${owner} TO ${quoteIdent(user)};`),
    ...blinded
      .filter(({ isForced }) => isForced)
      .map((table) => `ALTER TABLE ${quoteInFull(table)} NO FORCE ROW LEVEL SECURITY;`),
  ];
}

function grantsFor(closed: readonly Relation[], user: string): string[] {
  const role = quoteIdent(user);
  if (closed.length > GRANTS_LISTED) return [`GRANT pg_read_all_data TO ${role};`];
  const schemas = new Set(closed.filter(({ schemaClosed }) => schemaClosed).map(({ schema }) => schema));
  return [
    ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${quoteIdent(schema)} TO ${role};`),
    ...closed
      .filter(({ relationClosed }) => relationClosed)
      .map(
        (one) => `GRANT SELECT ON ${one.isSequence ? "SEQUENCE" : "TABLE"} ${quoteInFull(one)} TO ${role};`,
      ),
  ];
}

/** Read from their access lists, since a function that tells exists from PostgreSQL 18 on only. */
async function findClosedLargeObjects(session: Session, user: string): Promise<MissingRight[]> {
  const [found] = await session.rows<{ count: string; ids: string[] }>(
    "Reading the rights on large objects",
    `SELECT count(*)::text AS count, (array_agg(oid::text ORDER BY oid))[1:${GRANTS_LISTED + 1}] AS ids
     FROM pg_catalog.pg_largeobject_metadata
     WHERE current_setting('lo_compat_privileges') = 'off'
       AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT pg_has_role(lomowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM aclexplode(lomacl)
                       WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, 'USAGE')))`,
  );
  const count = Number(found?.count ?? 0);
  if (count === 0) return [];
  const role = quoteIdent(user);
  const ids = found?.ids ?? [];
  const each =
    `DO $$ BEGIN EXECUTE (SELECT string_agg(format('GRANT SELECT ON LARGE OBJECT %s TO %I;', oid, '${user.replaceAll("'", "''")}'), ' ')` +
    ` FROM pg_largeobject_metadata); END $$;`;
  return [
    {
      lacks: `it may not read ${count === 1 ? `large object ${ids[0]}` : `${count} large objects`}`,
      mending:
        count > GRANTS_LISTED ? [each] : [`GRANT SELECT ON LARGE OBJECT ${ids.join(", ")} TO ${role};`],
    },
  ];
}

function nameFew(relations: readonly Relation[]): string {
  const names = relations.slice(0, GRANTS_LISTED).map(({ schema, name }) => `${schema}.${name}`);
  const more = relations.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
