import { randomBytes } from "node:crypto";
import type { Inventory, SchemaObject } from "../../backup/inventory.ts";
import { ScopeReader } from "../../backup/restore-scope.ts";
import type { RestoreScope } from "../../backup/restore-scope.ts";
import { AppError } from "../../errors.ts";
import { readSchemaObjects } from "./catalog.ts";
import { quoteIdent } from "./faults.ts";
import { dropOccupants } from "./occupants.ts";
import type { Occupant } from "./occupants.ts";
import type { Session } from "./session.ts";

/** What a restore of a part replaces, set aside in schemas of its own until the restore has succeeded. */
export interface ReplacedPart {
  /** Once the new part is there. What still needs something of the old one keeps all of it, which is told. */
  drop(session: Session, warn: (line: string) => void): Promise<void>;
  /** Once what a failed restore made is gone. */
  putBack(session: Session): Promise<void>;
}

/**
 * Makes room for a part, and changes nothing else: in one transaction, which is not begun when a foreign key, view or
 * publication outside of the part would go with it.
 *
 * @returns undefined where nothing is in the way
 * @throws AppError TARGET_REFUSED with all that would go, STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function setPartAside(
  session: Session,
  inventory: Inventory,
  scope: RestoreScope,
  occupants: readonly Occupant[],
): Promise<ReplacedPart | undefined> {
  if (occupants.length === 0) return undefined;
  const reader = new ScopeReader(inventory, scope);
  const readOutside = async (): Promise<SchemaObject[]> => {
    const objects = await readSchemaObjects(session, []);
    const own = objects.filter((object) => object.kind === "sequence" && reader.holds(object));
    const sequences = new Set(own.map(({ name }) => name)); // what is said of them names no table
    return objects.filter((object) => !reader.holds(object) && !sequences.has(object.name));
  };
  const work = "Replacing a part";
  await inTransaction(session, "ROLLBACK", async () => {
    const harmed = await findHarm(readOutside, () => dropOccupants(session, occupants));
    if (harmed.length > 0) throw wouldHarm(harmed);
  });
  const moves = planMoves(occupants, await findCompanions(session, occupants));
  await inTransaction(session, "COMMIT", async () => {
    for (const name of moves.made) await session.run(work, `CREATE SCHEMA ${quoteIdent(name)}`);
    for (const statement of moves.aside) await session.run(work, statement);
  });
  const names = [...moves.made, ...moves.renamed];
  return {
    async drop(session, warn) {
      const drop = `DROP SCHEMA ${names.map(quoteIdent).join(", ")} CASCADE`;
      try {
        await inTransaction(session, "COMMIT", async () => {
          const readOthers = (): Promise<SchemaObject[]> => readSchemaObjects(session, names);
          const harmed = await findHarm(readOthers, () => session.run("Dropping what was replaced", drop));
          if (harmed.length > 0) throw wouldHarm(harmed);
        });
      } catch (error) {
        warn(
          `What was replaced lies in ${names.join(", ")} still (${String(error)}). Look, and run: ${drop};`,
        );
      }
    },
    async putBack(session) {
      const statements = [...moves.back, ...moves.made.map((name) => `DROP SCHEMA ${quoteIdent(name)}`)];
      try {
        await inTransaction(session, "COMMIT", async () => {
          for (const statement of statements)
            await session.run("Putting back what was to be replaced", statement);
        });
      } catch (error) {
        throw new AppError(
          "STORE_FAILED",
          `What was to be replaced lies in ${names.join(", ")} still (${String(error)}). Run: ${statements.join("; ")};`,
          { hint: "Make room where it lay, and run these statements.", cause: error },
        );
      }
    },
  };
}

async function inTransaction(
  session: Session,
  end: "COMMIT" | "ROLLBACK",
  work: () => Promise<void>,
): Promise<void> {
  await session.run("Beginning to replace a part", "BEGIN");
  try {
    await work();
    await session.run("Replacing a part", end);
  } catch (error) {
    await session.run("Taking back", "ROLLBACK");
    throw error;
  }
}

/** What is no longer as it was. */
async function findHarm(
  read: () => Promise<SchemaObject[]>,
  change: () => Promise<unknown>,
): Promise<SchemaObject[]> {
  const before = await read();
  await change();
  const after = new Map((await read()).map((object) => [`${object.kind} ${object.name}`, object]));
  return before.filter(
    ({ kind, name, definition }) => after.get(`${kind} ${name}`)?.definition !== definition,
  );
}

interface Move {
  aside: string;
  back: string;
}

interface Moves {
  /** Schemas that are made for what is moved, and new names of schemas that are moved whole. */
  made: string[];
  renamed: string[];
  /** In the order of each way. */
  aside: string[];
  back: string[];
}

const ROUTINES: ReadonlySet<string> = new Set(["aggregate", "function", "procedure"]);

function planMoves(occupants: readonly Occupant[], companions: readonly Occupant[]): Moves {
  const prefix = `lifeboat_replaced_${randomBytes(4).toString("hex")}`;
  const asideOf = new Map<string, string>();
  const asideFor = (schema: string): string => {
    const name = asideOf.get(schema) ?? `${prefix}_${asideOf.size + 1}`;
    asideOf.set(schema, name);
    return name;
  };
  const whole = occupants.filter(({ type }) => type === "schema").map(({ name }) => name ?? "");
  const renames = whole.map((schema) => rename(schema, asideFor(schema)));
  const renamed = [...asideOf.values()];
  const single = [...occupants, ...companions].filter(
    ({ schema }) => schema !== null && !whole.includes(schema),
  );
  const movesOf = (isMeant: (type: string) => boolean): Move[] =>
    single
      .filter(({ type }) => isMeant(type))
      .map((occupant) => move(occupant, asideFor(occupant.schema ?? "")));
  // A routine is named by its arguments' types, which must lie where they lay. A table takes its own sequences with it,
  // which cannot be moved alone.
  const routines = movesOf((type) => ROUTINES.has(type));
  const others = movesOf((type) => !ROUTINES.has(type) && type !== "sequence");
  const sequences = movesOf((type) => type === "sequence");
  return {
    made: [...asideOf.values()].filter((name) => !renamed.includes(name)),
    renamed,
    aside: [...routines, ...renames, ...others, ...sequences].map(({ aside }) => aside),
    back: [...renames, ...others, ...routines, ...sequences].map(({ back }) => back),
  };
}

function rename(schema: string, aside: string): Move {
  return {
    aside: `ALTER SCHEMA ${quoteIdent(schema)} RENAME TO ${quoteIdent(aside)}`,
    back: `ALTER SCHEMA ${quoteIdent(aside)} RENAME TO ${quoteIdent(schema)}`,
  };
}

function move({ type, identity, schema }: Occupant, aside: string): Move {
  const own = quoteIdent(schema ?? "");
  // As Postgres writes an identity: quoted only where it must be.
  const name = identity.slice(identity.startsWith(`${own}.`) ? own.length + 1 : (schema ?? "").length + 1);
  const alter = type === "sequence" ? "ALTER sequence IF EXISTS" : `ALTER ${type}`;
  return {
    aside: `${alter} ${identity} SET SCHEMA ${quoteIdent(aside)}`,
    back: `${alter} ${quoteIdent(aside)}.${name} SET SCHEMA ${own}`,
  };
}

/** What a table or a range type has of its own, and Postgres leaves where it is when that is moved. */
async function findCompanions(session: Session, occupants: readonly Occupant[]): Promise<Occupant[]> {
  const tables = occupants.filter(({ relation }) => relation !== null).map(({ identity }) => identity);
  const types = occupants.filter(({ type }) => type === "type").map(({ identity }) => identity);
  return await session.rows<Occupant & Record<string, unknown>>(
    "Looking for statistics and multiranges",
    `WITH range AS (SELECT rngtypid, rngmultitypid FROM pg_range WHERE rngtypid = ANY ($2::regtype[]::oid[])),
     companion (class, oid) AS (
       SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid = ANY ($1::regclass[]::oid[])
       UNION ALL SELECT 'pg_type'::regclass, rngmultitypid FROM range
       UNION ALL SELECT classid, objid FROM pg_depend JOIN range ON refobjid IN (rngtypid, rngmultitypid)
         WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_type'::regclass AND deptype = 'i')
     SELECT CASE type WHEN 'statistics object' THEN 'statistics' ELSE type END AS type, identity, schema,
       NULL::text AS name, NULL::text AS relation
     FROM companion, pg_identify_object(class, oid, 0)`,
    [tables, types],
  );
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
