import { randomBytes } from "node:crypto";
import { escapeLiteral } from "pg";
import type { Inventory, SchemaObject } from "../../../backup/inventory.ts";
import { ScopeReader } from "../../../backup/restore-scope.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { AppError } from "../../../errors.ts";
import { readSchemaObjects } from "../catalog/catalog.ts";
import { quoteIdent } from "../server/faults.ts";
import { dropOccupants } from "../catalog/occupants.ts";
import type { Occupant } from "../catalog/occupants.ts";
import type { Session } from "../server/session.ts";

/** What a restore of a part replaces: it lies in schemas of its own until the restore has succeeded. */
export interface ReplacedPart {
  /** The schemas that it lies in meanwhile, and what removes them. */
  readonly place: string;
  /** All of it, or nothing. */
  setAside(session: Session): Promise<void>;
  /** Once the new part is there. @throws AppError TARGET_REFUSED where others need something of the old one still */
  drop(session: Session): Promise<void>;
  /** Once what a failed restore made is gone. It may not have been set aside at all. */
  putBack(session: Session): Promise<void>;
}

/**
 * Looks how room is made for a part, and changes nothing.
 *
 * @returns undefined where nothing is in the way
 * @throws AppError TARGET_REFUSED with every foreign key, view or publication outside of the part that would go with
 *   it, STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function planReplacing(
  session: Session,
  inventory: Inventory,
  scope: RestoreScope,
  occupants: readonly Occupant[],
): Promise<ReplacedPart | undefined> {
  if (occupants.length === 0) return undefined;
  const reader = new ScopeReader(inventory, scope);
  const whole = occupants.filter(({ type }) => type === "schema");
  /** What is said of a schema that goes as a whole: its comment, its grants. */
  const isSaidOfWhole = ({ kind, name }: SchemaObject): boolean =>
    kind.startsWith("schema ") && whole.some((schema) => name === schema.identity || name === schema.name);
  const readOutside = async (): Promise<SchemaObject[]> => {
    const objects = await readSchemaObjects(session, []);
    const own = objects.filter((object) => object.kind === "sequence" && reader.holds(object));
    const sequences = new Set(own.map(({ name }) => name)); // what is said of them names no table
    return objects.filter(
      (object) => !reader.holds(object) && !sequences.has(object.name) && !isSaidOfWhole(object),
    );
  };
  await inTransaction(session, "ROLLBACK", async () => {
    const harmed = await findHarm(readOutside, () => dropOccupants(session, occupants));
    if (harmed.length > 0) throw wouldHarm(harmed);
  });
  const moves = planMoves(occupants, await findCompanions(session, occupants));
  const names = [...moves.made, ...moves.renamed];
  const back = [...moves.back, ...moves.made.map((name) => `DROP SCHEMA ${quoteIdent(name)}`)];
  const drop = `DROP SCHEMA ${names.map(quoteIdent).join(", ")} CASCADE`;
  const runAll = (on: Session, work: string, statements: readonly string[]): Promise<void> =>
    inTransaction(on, "COMMIT", async () => {
      for (const statement of statements) await on.run(work, statement);
    });
  return {
    place: `${names.join(", ")} (look, and run: ${drop};)`,
    async setAside(own) {
      const made = moves.made.map((name) => `CREATE SCHEMA ${quoteIdent(name)}`);
      // Whoever finds it after this run was killed reads there what puts it back.
      const note = `COMMENT ON SCHEMA ${quoteIdent(moves.note)} IS ${escapeLiteral(back.join("; "))}`;
      await runAll(own, "Replacing a part", [...made, note, ...moves.aside]);
    },
    async drop(own) {
      await inTransaction(own, "COMMIT", async () => {
        const readOthers = (): Promise<SchemaObject[]> => readSchemaObjects(own, names);
        const harmed = await findHarm(readOthers, () => own.run("Dropping what was replaced", drop));
        if (harmed.length > 0) throw wouldHarm(harmed);
      });
    },
    async putBack(own) {
      // A connection that is cut at the commit does not tell whether that was done.
      const aside = await own.rows(
        "Looking for what was to be replaced",
        "SELECT FROM pg_namespace WHERE nspname = ANY ($1)",
        [names],
      );
      if (aside.length === 0) return;
      try {
        await runAll(own, "Putting back what was to be replaced", back);
      } catch (error) {
        throw new AppError(
          "STORE_FAILED",
          `What was to be replaced lies in ${names.join(", ")} still (${String(error)}). Run: ${back.join("; ")};`,
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
  /** The one of those that is there for its comment alone. */
  note: string;
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
    made: [prefix, ...[...asideOf.values()].filter((name) => !renamed.includes(name))],
    note: prefix,
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
