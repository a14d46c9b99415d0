import { AppError } from "../../../errors.ts";
import { CREATE_SETTINGS, idOf } from "../sql/ddl.ts";
import type { SchemaEntry } from "../sql/ddl.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quoteName, quotePath, quoteText } from "../sql/sql-text.ts";

/** Dropping must neither ask whether a table is too large nor who else depends on it: all of it goes. */
export const DROP_SETTINGS = {
  max_table_size_to_drop: 0,
  max_partition_size_to_drop: 0,
  check_table_dependencies: 0,
  check_referential_table_dependencies: 0,
} as const;

interface Made {
  entry: SchemaEntry;
  /** The uuid the server gave it; empty for a function, which has none. */
  uuid: string;
}

/** What one run made on a server: the only things that it may remove again. */
export class Ledger {
  readonly #made: Made[] = [];

  /** Creates something and enters it, unless it is a database or function that was there before. */
  async create(server: ClickHouseServer, entry: SchemaEntry): Promise<void> {
    const mayExist = entry.kind === "database" || entry.kind === "function";
    if (mayExist && (await findUuid(server, entry)) !== undefined) return;
    // Another run may make it in this moment: what is only "not there yet" must not be taken for one's own.
    const statement = entry.portable.replace(/^(CREATE (?:DATABASE|FUNCTION)) IF NOT EXISTS/, "$1");
    await server.run(statement, CREATE_SETTINGS);
    this.#made.push({ entry, uuid: (await findUuid(server, entry)) ?? "" });
  }

  /** Statements that drop by hand what is still there. */
  get remains(): string[] {
    const databases = this.#made.flatMap(({ entry }) => (entry.kind === "database" ? [entry.name] : []));
    const outside = this.#made.filter(
      ({ entry }) => entry.kind === "database" || !databases.includes(entry.database),
    );
    return outside.reverse().map(({ entry }) => writeDrop(entry));
  }

  /** Drops one thing that was made. */
  async drop(server: ClickHouseServer, entry: SchemaEntry): Promise<void> {
    await server.run(writeDrop(entry), DROP_SETTINGS);
    const at = this.#made.findIndex((made) => made.entry === entry);
    if (at !== -1) this.#made.splice(at, 1);
  }

  /**
   * Drops what was made, the latest first, and looks whether it is gone. What bears a name of the ledger but is
   * not what was made stays, and is an error, once all else is gone.
   *
   * @param isHurried - let the server remove the files in its own time: the names are gone all the same
   * @throws AppError STORE_FAILED
   */
  async dropAll(server: ClickHouseServer, isHurried = false): Promise<void> {
    const ownDatabases = this.#made.filter(({ entry }) => entry.kind === "database");
    const isInside = ({ entry }: Made): boolean =>
      entry.kind !== "database" && ownDatabases.some((own) => own.entry.name === entry.database);
    const replaced: Made[] = [];
    // Dropping a database drops what is in it, in whatever order it needs.
    for (const made of this.#made.filter((each) => !isInside(each)).reverse()) {
      const uuid = await findUuid(server, made.entry);
      if (uuid === undefined) continue;
      if (uuid !== made.uuid) {
        replaced.push(made);
        continue;
      }
      const statement = writeDrop(made.entry);
      await server.run(isHurried ? statement.replace(/ SYNC$/, "") : statement, DROP_SETTINGS);
      if ((await findUuid(server, made.entry)) !== undefined) throw stillThere(made.entry);
    }
    this.#made.splice(0, Infinity, ...replaced.reverse());
    if (replaced.length > 0) throw notOurs(replaced);
  }
}

async function findUuid(server: ClickHouseServer, entry: SchemaEntry): Promise<string | undefined> {
  const name = quoteText(entry.name);
  const queries: Partial<Record<SchemaEntry["kind"], string>> = {
    database: `SELECT toString(uuid) AS uuid FROM system.databases WHERE name = ${name}`,
    function: `SELECT '' AS uuid FROM system.functions WHERE name = ${name}`,
  };
  const inDatabase = `SELECT toString(uuid) AS uuid FROM system.tables WHERE database = ${quoteText(entry.database)} AND name = ${name}`;
  const [found] = await server.rows<{ uuid: string }>(queries[entry.kind] ?? inDatabase);
  return found?.uuid;
}

function writeDrop({ kind, database, name }: SchemaEntry): string {
  if (kind === "database") return `DROP DATABASE ${quoteName(name)} SYNC`;
  if (kind === "function") return `DROP FUNCTION ${quoteName(name)}`;
  const what = { table: "TABLE", dictionary: "DICTIONARY", view: "VIEW", "materialized view": "VIEW" }[kind];
  return `DROP ${what} ${quotePath(database, name)} SYNC`;
}

function notOurs(replaced: readonly Made[]): AppError {
  const names = replaced.map(({ entry }) => `${entry.kind} ${idOf(entry)}`).join(", ");
  return new AppError("STORE_FAILED", `No longer what this run made, and so left alone: ${names}.`, {
    hint: "Something replaced it meanwhile; look at it, and drop it by hand if nobody needs it.",
  });
}

function stillThere(entry: SchemaEntry): AppError {
  return new AppError("STORE_FAILED", `${entry.kind} ${idOf(entry)} was dropped but is still there.`, {
    hint: "Look at the target, and drop what this run restored by hand.",
  });
}
