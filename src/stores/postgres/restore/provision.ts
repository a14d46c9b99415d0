import type { PostgresManifest } from "../../../backup/manifest.ts";
import { listProvisions } from "../../../backup/provisions.ts";
import type { Session } from "../server/session.ts";

/**
 * Makes what an archive refers to and does not bring: the schemas of extensions that lie in excluded schemas. What is
 * there stays as it is.
 *
 * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function provisionTarget(session: Session, backup: PostgresManifest): Promise<void> {
  const provisions = listProvisions(backup);
  const present = await session.rows<{ name: string }>(
    "Looking for the schemas of extensions",
    "SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1::text[])",
    [provisions.map(({ schema }) => schema)],
  );
  for (const { schema, statements } of provisions) {
    if (present.some(({ name }) => name === schema)) continue;
    await session.run(`Creating the schema ${schema}`, statements.join(" "));
  }
}
