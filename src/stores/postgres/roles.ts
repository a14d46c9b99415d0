import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { quoteIdent } from "./faults.ts";
import type { Session } from "./session.ts";

/**
 * Creates the roles that policies name and the target's server lacks, without a login: pg_restore would lose
 * the policies otherwise.
 *
 * @returns the roles it created
 * @throws AppError STORE_RIGHTS_MISSING
 */
export async function createMissingRoles(
  session: Session,
  roles: readonly string[],
  { reporter }: RunContext,
): Promise<string[]> {
  const missing = await session.rows<{ name: string }>(
    "Looking for the roles of policies",
    `SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)`,
    [roles],
  );
  const statements = missing.map(({ name }) => `CREATE ROLE ${quoteIdent(name)} NOLOGIN;`);
  for (const [position, statement] of statements.entries()) {
    const name = missing[position]?.name ?? "";
    try {
      await session.run(`Creating the role ${name}`, statement);
      reporter.info(`Created the role ${name}, which policies name`);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "STORE_RIGHTS_MISSING") throw error;
      throw new AppError(
        "STORE_RIGHTS_MISSING",
        `Policies name roles that the target lacks: ${error.message}`,
        {
          hint: `Run there as an administrator: ${statements.slice(position).join(" ")}`,
          cause: error,
        },
      );
    }
  }
  return missing.map(({ name }) => name);
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
