import type { Inventory, SchemaObject } from "../../backup/inventory.ts";
import { ScopeReader } from "../../backup/restore-scope.ts";
import type { RestoreScope } from "../../backup/restore-scope.ts";
import { AppError } from "../../errors.ts";
import { readSchemaObjects } from "./catalog.ts";
import { dropOccupants } from "./occupants.ts";
import type { Occupant } from "./occupants.ts";
import type { Session } from "./session.ts";

/**
 * Removes what a restore of a part replaces, and nothing else: in one transaction, which is taken back when a foreign
 * key, view or publication outside of the part would go with it.
 *
 * @throws AppError TARGET_REFUSED with all that would go, STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function replacePart(
  session: Session,
  inventory: Inventory,
  scope: RestoreScope,
  occupants: readonly Occupant[],
): Promise<void> {
  if (occupants.length === 0) return;
  const reader = new ScopeReader(inventory, scope);
  const readOutside = async (): Promise<SchemaObject[]> =>
    (await readSchemaObjects(session, [])).filter((object) => !reader.holds(object));
  await session.run("Beginning to replace a part", "BEGIN");
  try {
    const before = await readOutside();
    await dropOccupants(session, occupants);
    const after = new Map((await readOutside()).map((object) => [`${object.kind} ${object.name}`, object]));
    const harmed = before.filter(
      ({ kind, name, definition }) => after.get(`${kind} ${name}`)?.definition !== definition,
    );
    if (harmed.length > 0) throw wouldHarm(harmed);
    await session.run("Replacing a part", "COMMIT");
  } catch (error) {
    await session.run("Taking back", "ROLLBACK");
    throw error;
  }
}

function wouldHarm(harmed: readonly SchemaObject[]): AppError {
  const names = harmed.map(({ kind, name }) => `${kind} ${name}`);
  return new AppError(
    "TARGET_REFUSED",
    `Replacing this part would take something else with it: ${names.join(", ")}. Nothing was changed.`,
    {
      hint: "Restore the rows alone (--data-only), name what depends on the part as well, or restore into a new database (--create-db).",
    },
  );
}
