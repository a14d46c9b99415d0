import type { Inventory, SchemaObject, TableInventory } from "../../backup/inventory.ts";
import type { RunContext } from "../../run-context.ts";
import { nameInFull, quoteInFull, readSchemaObjects, readSequenceValues, readTables } from "./catalog.ts";
import type { CatalogTable, SequenceValue } from "./catalog.ts";
import { quoteIdent } from "./faults.ts";
import type { Session } from "./session.ts";
import { Snapshot } from "./snapshot.ts";
import type { PostgresConnection } from "./connection.ts";

/** Names the query below and the settings it runs under: digests compare only when both are the same. */
const DIGEST_METHOD = "postgres-hashtextextended-v1";

/** Names the queries of schema/ and the forms of definition-text.ts: to be counted up when these change. */
const DEFINITION_METHOD = "postgres-catalog-v2";

/** Sessions that read rows at once. More would take from the server what pg_dump needs. */
export const READER_COUNT = 2;

const NOT_COVERED = [
  "Materialized views: their definition is compared; their rows are computed again by the restore.",
  "Objects of extensions, with grants on them: extensions are compared by name and schema, and their versions noted.",
];

/**
 * Counts and digests every table, and names what else the database holds, as of one moment.
 *
 * @param expected - what the backup says, where this is its restored copy
 */
export async function takeInventory(
  connection: PostgresConnection,
  context: RunContext,
  excludedSchemas: readonly string[],
  label: string,
  expected?: Inventory,
): Promise<Inventory> {
  const snapshot = await Snapshot.open(connection, context, READER_COUNT);
  try {
    const tables = await readTables(snapshot.leader, excludedSchemas);
    const schema = await readSchemaObjects(snapshot.leader, excludedSchemas, expected?.schema);
    const sequences = await readSequenceValues(snapshot.leader, excludedSchemas);
    return assembleInventory(await digestTables(snapshot, tables, context, label), schema, sequences);
  } finally {
    snapshot.cut(); // a reader may still be in a long statement when another one failed
  }
}

/** Reads every row of every table, several tables at once, the first of the list first. */
export async function digestTables(
  { readers }: Snapshot,
  tables: readonly CatalogTable[],
  { reporter }: RunContext,
  label: string,
): Promise<TableInventory[]> {
  const queue = [...tables];
  const inventories: TableInventory[] = [];
  const readQueue = async (reader: Session): Promise<void> => {
    for (let table = queue.shift(); table; table = queue.shift()) {
      inventories.push(await digestTable(reader, table));
      reporter.progress({ label, done: inventories.length, total: tables.length, unit: "tables" });
    }
  };
  await Promise.all(readers.map(readQueue));
  return inventories;
}

export function assembleInventory(
  tables: readonly TableInventory[],
  schema: readonly SchemaObject[],
  sequences: readonly SequenceValue[],
): Inventory {
  const owners = new Map(
    schema.flatMap(({ kind, name, table }) => (kind === "sequence" && table ? [[name, table]] : [])),
  );
  const values = sequences.map((sequence) => {
    const name = nameInFull(sequence);
    const table = owners.get(name);
    return {
      kind: "sequence value",
      name,
      definition: `${sequence.last}, ${sequence.isCalled ? "used" : "not used yet"}`,
      ...(table !== undefined && { table }),
    };
  });
  return {
    digestMethod: DIGEST_METHOD,
    definitionMethod: DEFINITION_METHOD,
    tables: [...tables].sort((a, b) => compareText(a.name, b.name)),
    schema: [...schema, ...values].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name)),
    notCovered: NOT_COVERED,
  };
}

/**
 * A sum over a hash of each row's text does not depend on the order of rows, and unlike an exclusive or it
 * sees duplicates. `ONLY`, since children and partitions are counted as tables of their own.
 */
async function digestTable(reader: Session, table: CatalogTable): Promise<TableInventory> {
  const name = nameInFull(table);
  const [counted] = await reader.rows<{ rows: string; digest: string }>(
    `Reading ${name}`,
    `SELECT count(*)::text AS rows,
            coalesce(sum(hashtextextended(ROW(${table.columns.map(quoteIdent).join(", ")})::text, 0)::numeric), 0)::text AS digest
     FROM ONLY ${quoteInFull(table)}`,
  );
  return { name, rows: Number(counted?.rows), digest: counted?.digest ?? null };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
