import { AppError } from "../../errors.ts";
import { nameInFull, quoteInFull } from "./catalog.ts";
import type { QualifiedName } from "./catalog.ts";
import { USER_OBJECTS } from "./catalog-queries.ts";
import { quoteIdent } from "./faults.ts";
import type { Session } from "./session.ts";

/** Above this many, one grant for everything is kinder than a list. */
const GRANTS_LISTED = 5;

interface Unreadable {
  schema: string;
  name: string;
  isSequence: boolean;
  schemaClosed: boolean;
  relationClosed: boolean;
  isBlinded: boolean;
}

/**
 * Refuses a role that could not read everything in scope: row-level security would hide rows from it, or it may not read
 * a table or a sequence.
 *
 * @throws AppError STORE_RIGHTS_MISSING, with the statements that mend it
 */
export async function requireReadRights(
  session: Session,
  user: string,
  excludedSchemas: readonly string[],
  excludedRelations: readonly QualifiedName[] = [],
): Promise<void> {
  const unreadable = await session.rows<Unreadable & Record<string, unknown>>(
    "Reading the role's rights",
    `${USER_OBJECTS}, right_of AS (
       SELECT nspname::text AS schema, relname::text AS name, relkind = 'S' AS "isSequence",
              NOT has_schema_privilege(relnamespace, 'USAGE') AS "schemaClosed",
              NOT has_table_privilege(oid, 'SELECT') AS "relationClosed",
              relkind <> 'S' AND row_security_active(oid) AS "isBlinded"
       FROM relation WHERE relkind IN ('r', 'p', 'S'))
     SELECT * FROM right_of WHERE "schemaClosed" OR "relationClosed" OR "isBlinded" ORDER BY schema, name`,
    [excludedSchemas],
  );
  const outside = new Set(excludedRelations.map(nameInFull));
  const inScope = unreadable.filter((one) => !outside.has(nameInFull(one)));
  const closed = inScope.filter(({ schemaClosed, relationClosed }) => schemaClosed || relationClosed);
  const blinded = inScope.filter(({ isBlinded }) => isBlinded);
  if (closed.length === 0 && blinded.length === 0) return;

  const reasons: string[] = [];
  const mending: string[] = [];
  if (blinded.length > 0) {
    reasons.push(`row-level security hides rows of ${nameFew(blinded)} from it`);
    mending.push(`ALTER ROLE ${quoteIdent(user)} BYPASSRLS;`);
  }
  if (closed.length > 0) {
    reasons.push(`it may not read ${nameFew(closed)}`);
    mending.push(...grantsFor(closed, user));
  }
  throw new AppError(
    "STORE_RIGHTS_MISSING",
    `The role ${user} cannot back up everything: ${reasons.join("; ")}.`,
    {
      hint: `Run as an administrator: ${mending.join(" ")}`,
    },
  );
}

function grantsFor(closed: readonly Unreadable[], user: string): string[] {
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

function nameFew(relations: readonly Unreadable[]): string {
  const names = relations.slice(0, GRANTS_LISTED).map(({ schema, name }) => `${schema}.${name}`);
  const more = relations.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
