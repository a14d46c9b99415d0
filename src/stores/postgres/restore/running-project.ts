import type { Inventory } from "../../../backup/inventory.ts";
import { AppError } from "../../../errors.ts";
import { SUPABASE_SIGNS } from "../../../presets/supabase.ts";
import { isSupabase } from "../catalog/platform.ts";
import type { Session } from "../server/session.ts";
import type { TocEntry } from "../archive/toc.ts";

/** The schemas of a running project that the platform itself owns, `auth` too; none of any other database. */
export async function readOwnedSchemas(session: Session): Promise<string[]> {
  if (!(await isSupabase(session))) return [];
  const rows = await session.rows<{ name: string }>(
    "Looking for what belongs to Supabase",
    "SELECT nspname::text AS name FROM pg_namespace WHERE starts_with(pg_get_userbyid(nspowner), $1)",
    [SUPABASE_SIGNS.ownerPrefix],
  );
  return rows.map(({ name }) => name);
}

/**
 * Whether an entry of an archive is in every project already, and nobody but the platform may make it there: what only
 * lies under what is restored, in a schema of the platform's, and default privileges of its roles.
 *
 * @param ownedSchemas - of the project that is restored into
 */
export function isInEveryProject(
  { kind, schema, tag, line }: Pick<TocEntry, "kind" | "schema" | "tag" | "line">,
  isSupport: boolean,
  ownedSchemas: readonly string[],
): boolean {
  if (ownedSchemas.length === 0) return false;
  const [owner = ""] = line.split(" ").slice(-1);
  if (kind === "DEFAULT ACL") return owner.startsWith(SUPABASE_SIGNS.ownerPrefix);
  return isSupport && ownedSchemas.includes(kind === "SCHEMA" ? tag : (schema ?? ""));
}

/**
 * A running project's services work with what lies in the platform's schemas, as its own roles own it.
 *
 * @throws AppError TARGET_REFUSED where a restore of everything would replace that
 */
export async function requireNoProject(session: Session, { schema }: Inventory): Promise<void> {
  const owned = (await readOwnedSchemas(session)).filter((name) =>
    schema.some((object) => object.kind === "schema" && object.name === name),
  );
  if (owned.length === 0) return;
  throw new AppError(
    "TARGET_REFUSED",
    `The target is a running Supabase project, and its ${owned.join(", ")} would be replaced.`,
    {
      hint: "Restore in parts: rows of users with --data-only --table auth.users, and your own schemas with --schema … --replace.",
    },
  );
}
