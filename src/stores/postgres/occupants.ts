import type { SchemaObject } from "../../backup/inventory.ts";
import { AppError } from "../../errors.ts";
import { USER_OBJECTS } from "./catalog-queries.ts";
import type { Session } from "./session.ts";

/** One thing that lies in a database and is not the system's. */
export interface Occupant {
  /** As DROP wants it: "table", "function", "schema". */
  type: string;
  /** Qualified and quoted, with argument types where it takes them. */
  identity: string;
  /** Of a thing that lies in no schema, its plain name; null for all others. */
  globalName: string | null;
}

/** Everything that a restore could have made or could run into. */
export async function listOccupants(session: Session): Promise<Occupant[]> {
  return session.rows<Occupant & Record<string, unknown>>(
    "Looking into the target",
    `${USER_OBJECTS}, occupant (class, oid, name) AS (
       SELECT 'pg_class'::regclass, oid, NULL::name FROM relation
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
       UNION ALL SELECT 'pg_proc'::regclass, oid, NULL FROM routine
       UNION ALL SELECT 'pg_type'::regclass, oid, NULL FROM user_type WHERE typtype IN ('e', 'd', 'r')
       UNION ALL SELECT 'pg_namespace'::regclass, oid, nspname FROM user_schema WHERE nspname <> 'public'
         AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_namespace'::regclass AND objid = oid)
       UNION ALL SELECT 'pg_extension'::regclass, oid, extname FROM pg_extension WHERE extname <> 'plpgsql'
       UNION ALL SELECT 'pg_publication'::regclass, oid, pubname FROM pg_publication
       UNION ALL SELECT 'pg_event_trigger'::regclass, oid, evtname FROM pg_event_trigger
     )
     SELECT CASE type WHEN 'composite type' THEN 'type' ELSE type END AS type, identity, occupant.name AS "globalName"
     FROM occupant, pg_identify_object(class, oid, 0) ORDER BY 1, 2`,
    [[]],
  );
}

/**
 * Of what lies in a target, what a backup would run into. Things outside schemas are in the way only of their
 * namesakes, and extensions of nobody: an archive creates them only where they are missing.
 */
export function findInTheWay(occupants: readonly Occupant[], incoming: readonly SchemaObject[]): Occupant[] {
  const names = new Set(incoming.map(({ kind, name }) => `${kind} ${name}`));
  return occupants.filter(
    ({ type, globalName }) =>
      globalName === null || (type !== "extension" && names.has(`${type} ${globalName}`)),
  );
}

/**
 * Removes what was not there before. Each thing may have gone with another, hence IF EXISTS; the order matters
 * only for sequences and types that belong to tables, which CASCADE sees to.
 *
 * @throws AppError STORE_FAILED
 */
export async function dropNewcomers(session: Session, before: readonly Occupant[]): Promise<void> {
  const known = new Set(before.map(describeOccupant));
  const newcomers = (await listOccupants(session)).filter((one) => !known.has(describeOccupant(one)));
  for (const { type, identity } of newcomers) {
    await session.run(`Removing ${type} ${identity}`, `DROP ${type} IF EXISTS ${identity} CASCADE`);
  }
  const left = (await listOccupants(session)).filter((one) => !known.has(describeOccupant(one)));
  if (left.length === 0) return;
  throw new AppError("STORE_FAILED", `The target still holds ${left.map(describeOccupant).join(", ")}.`, {
    hint: "Drop these by hand before the next restore.",
  });
}

export function describeOccupant({ type, identity }: Occupant): string {
  return `${type} ${identity}`;
}
