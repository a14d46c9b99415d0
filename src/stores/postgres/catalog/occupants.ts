import type { Inventory } from "../../../backup/inventory.ts";
import { isSelective, ScopeReader } from "../../../backup/restore-scope.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { AppError } from "../../../errors.ts";
import { USER_OBJECTS } from "./catalog-queries.ts";
import type { Session } from "../server/session.ts";

/** One thing that lies in a database and is not the system's. */
export interface Occupant {
  /** As DROP wants it: "table", "function", "schema". */
  type: string;
  /** Qualified and quoted, with argument types where it takes them. */
  identity: string;
  /** Where it lies, unquoted; null for what lies in no schema. */
  schema: string | null;
  /** Of what lies in no schema, its plain name. */
  name: string | null;
  /** Of tables, views and sequences, the name as inventories write it. */
  relation: string | null;
}

/** Everything that a restore could have made or could run into. */
export async function listOccupants(
  session: Session,
  excludedSchemas: readonly string[],
): Promise<Occupant[]> {
  return session.rows<Occupant & Record<string, unknown>>(
    "Looking into the target",
    `${USER_OBJECTS}, occupant (class, oid, schema, name, relation) AS (
       SELECT 'pg_class'::regclass, oid, nspname, NULL::text, full_name::text FROM relation
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND NOT EXISTS ( -- 'i': of identity columns
           SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'i'
             AND relkind = 'S')
       UNION ALL SELECT 'pg_proc'::regclass, oid, nspname, NULL, NULL FROM routine
       UNION ALL SELECT 'pg_type'::regclass, oid, nspname, NULL, NULL FROM user_type
         WHERE typtype IN ('e', 'd', 'r')
       UNION ALL SELECT 'pg_namespace'::regclass, oid, NULL, nspname, NULL FROM user_schema WHERE nspname <> 'public'
         AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_namespace'::regclass AND objid = oid)
       UNION ALL SELECT 'pg_extension'::regclass, oid, NULL, extname, NULL FROM pg_extension WHERE extname <> 'plpgsql'
       UNION ALL SELECT 'pg_publication'::regclass, oid, NULL, pubname, NULL FROM pg_publication
       UNION ALL SELECT 'pg_event_trigger'::regclass, oid, NULL, evtname, NULL FROM pg_event_trigger
       UNION ALL SELECT 'pg_largeobject'::regclass, oid, NULL, oid::text, NULL FROM pg_largeobject_metadata
     )
     SELECT CASE type WHEN 'composite type' THEN 'type' ELSE type END AS type, identity,
       occupant.schema::text AS schema, occupant.name, relation
     FROM occupant, pg_identify_object(class, oid, 0) ORDER BY 1, 2`,
    [excludedSchemas],
  );
}

/**
 * Of what lies in a target, what a backup would run into: all that lies in a schema, since an empty target is
 * what a restore is compared with; else namesakes. Extensions are in nobody's way: an archive creates only those
 * that are missing.
 */
export function findInTheWay(
  occupants: readonly Occupant[],
  { schema: incoming, ...rest }: Inventory,
  scope?: RestoreScope,
): Occupant[] {
  if (scope && isSelective(scope)) {
    const reader = new ScopeReader({ schema: incoming, ...rest }, scope);
    const chosen = new Set(scope.schemas);
    return occupants.filter(({ type, schema, name, relation }) => {
      if (relation !== null && reader.holdsTable(relation)) return true;
      return chosen.has(schema ?? (type === "schema" ? name : null) ?? "");
    });
  }
  const names = new Set(incoming.map(({ kind, name }) => `${kind} ${name}`));
  const bringsLargeObjects = incoming.some(({ kind }) => kind === "large objects");
  return occupants.filter(({ type, schema, name }) => {
    if (type === "extension") return false;
    if (type === "large object") return bringsLargeObjects;
    return schema !== null || names.has(`${type} ${name}`);
  });
}

/** Of what is in the way, what lies where the backup brings something: the rest is not its business. */
export function findToReplace(occupants: readonly Occupant[], incoming: Inventory): Occupant[] {
  const schemas = new Set(incoming.schema.filter(({ kind }) => kind === "schema").map(({ name }) => name));
  return findInTheWay(occupants, incoming).filter(
    ({ schema }) => schema === null || schema === "public" || schemas.has(schema),
  );
}

/**
 * Removes things, each in a transaction of its own: one for all would need more locks than a server has when
 * there are thousands. What went with another one is no error.
 *
 * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function dropOccupants(session: Session, occupants: readonly Occupant[]): Promise<void> {
  for (const { type, identity } of occupants) {
    const sql =
      type === "large object"
        ? `SELECT lo_unlink(${identity})`
        : `DROP ${type} IF EXISTS ${identity} CASCADE`;
    await session.run(`Removing ${type} ${identity}`, sql);
  }
}

/** Removes what was not there before. @throws AppError STORE_FAILED when something stays */
export async function dropNewcomers(session: Session, before: readonly Occupant[]): Promise<void> {
  const known = new Set(before.map(describeOccupant));
  const listNewcomers = async (): Promise<Occupant[]> =>
    (await listOccupants(session, [])).filter((occupant) => !known.has(describeOccupant(occupant)));
  await dropOccupants(session, await listNewcomers());
  const left = await listNewcomers();
  if (left.length === 0) return;
  throw new AppError("STORE_FAILED", `The target still holds ${left.map(describeOccupant).join(", ")}.`, {
    hint: "Drop these by hand before the next restore.",
  });
}

export function describeOccupant({ type, identity }: Occupant): string {
  return `${type} ${identity}`;
}
