import type { RoleAttributes } from "../../../backup/manifest.ts";
import { createRole, grantMemberships } from "../../../backup/roles.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { quoteIdent } from "./faults.ts";
import type { Session } from "./session.ts";

/** Reads what a copy of these roles needs to behave as they do under policies; roles like any new one are left out. */
export async function readRoleAttributes(
  session: Session,
  roles: readonly string[],
): Promise<RoleAttributes[]> {
  const rows = await session.rows<{ name: string; bypasses: boolean; inherits: boolean; memberOf: string[] }>(
    "Reading the roles",
    `SELECT rolname::text AS name, rolsuper OR rolbypassrls AS bypasses, rolinherit AS inherits,
       ARRAY(SELECT DISTINCT pg_get_userbyid(roleid)::text FROM pg_auth_members
             WHERE member = pg_roles.oid AND pg_get_userbyid(roleid) = ANY ($1::text[]) ORDER BY 1) AS "memberOf"
     FROM pg_roles WHERE rolname = ANY ($1::text[]) ORDER BY rolname`,
    [roles],
  );
  return rows.flatMap(({ name, bypasses, inherits, memberOf }) => {
    if (!bypasses && inherits && memberOf.length === 0) return [];
    return {
      name,
      ...(bypasses && { bypassesRls: true }),
      ...(!inherits && { inherits: false }),
      ...(memberOf.length > 0 && { memberOf }),
    };
  });
}

/**
 * Creates the roles that grants and policies name and the target's server lacks, without a login: pg_restore would
 * lose these grants and policies otherwise. Roles that are there, or that another restore makes at the same moment,
 * stay as they are.
 *
 * @returns the roles it created
 * @throws AppError STORE_RIGHTS_MISSING
 */
export async function createMissingRoles(
  session: Session,
  roles: readonly RoleAttributes[],
  { reporter }: RunContext,
): Promise<string[]> {
  const found = await session.rows<{ name: string }>(
    "Looking for the roles of grants and policies",
    "SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::text[])",
    [roles.map(({ name }) => name)],
  );
  const missing = roles.filter(({ name }) => !found.some((role) => role.name === name));
  const created: RoleAttributes[] = [];
  for (const [position, role] of missing.entries()) {
    try {
      await makeRole(session, role, reporter);
      created.push(role);
      reporter.info(`Created the role ${role.name}, which grants or policies name`);
    } catch (error) {
      if (isThere(error)) continue;
      if (!isRefusal(error)) throw error;
      throw new AppError(
        "STORE_RIGHTS_MISSING",
        `Grants and policies name roles that the target lacks: ${error.message}`,
        {
          hint: `Run there as an administrator: ${missing.slice(position).map(createRole).join(" ")}`,
          cause: error,
        },
      );
    }
  }
  const memberships = created.flatMap(grantMemberships);
  if (memberships.length > 0) await session.run("Granting memberships", memberships.join(" "));
  return created.map(({ name }) => name);
}

/** Makes a role, without BYPASSRLS where the session may not give that. */
async function makeRole(
  session: Session,
  role: RoleAttributes,
  reporter: RunContext["reporter"],
): Promise<void> {
  const work = `Creating the role ${role.name}`;
  try {
    await session.run(work, createRole(role));
  } catch (error) {
    if (!role.bypassesRls || !isRefusal(error)) throw error;
    await session.run(work, createRole({ ...role, bypassesRls: false }));
    reporter.warn(
      `The role ${role.name} bypasses row-level security in the original, and cannot be given that here. Run as an ` +
        `administrator: ALTER ROLE ${quoteIdent(role.name)} BYPASSRLS;`,
    );
  }
}

function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "STORE_RIGHTS_MISSING";
}

/** A role of another session is unseen until that commits; then its name is taken, by one code or the other. */
function isThere(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
  return code === "42710" || code === "23505";
}

/**
 * Drops roles that `createMissingRoles` made. One that another database came to use meanwhile stays: Postgres
 * refuses to drop it, and a role without login and rights harms nobody.
 */
export async function dropUnusedRoles(
  session: Session,
  roles: readonly string[],
  { reporter }: RunContext,
): Promise<void> {
  for (const role of roles) {
    try {
      await session.run(`Dropping the role ${role}`, `DROP ROLE IF EXISTS ${quoteIdent(role)}`);
    } catch (error) {
      reporter.warn(`The role ${role} stays: ${error instanceof AppError ? error.message : String(error)}`);
    }
  }
}
