import type { Inventory, SchemaObject, TableInventory } from "../../../backup/inventory.ts";
import type { PostgresManifest, PostgresScope } from "../../../backup/manifest.ts";
import { narrowInventory } from "../../../backup/restore-scope.ts";
import type { RunContext } from "../../../run-context.ts";
import { nameInFull, readSchemaObjects, readSequenceValues, readTables } from "./catalog.ts";
import type { CatalogTable, SequenceValue } from "./catalog.ts";
import { DIGEST_METHOD, digestTogether } from "./digest.ts";
import type { DigestPlan } from "./digest.ts";
import { readPools } from "./pools.ts";
import { withoutPlatform } from "./platform.ts";
import type { Session } from "../server/session.ts";
import { withSnapshot } from "../server/snapshot.ts";
import type { Snapshot } from "../server/snapshot.ts";
import type { PostgresConnection } from "../server/connection.ts";

/** Names the queries of schema/ and the forms of definition-text.ts: to be counted up when these change. */
const DEFINITION_METHOD = "postgres-catalog-v2";

/** Sessions that read rows at once. More would take from the server what pg_dump needs. */
export const READER_COUNT = 2;

/** Tables that a reader holds locked at once, with all their indexes: a server may have only some hundreds of locks. */
const TABLES_LOCKED = 10;

/** Tables up to this size are read several at once. */
const SMALL_TABLE_BYTES = 256 * 1024;

/** Counts and digests every table of a restored copy as its backup did, and names what else it holds, as of one moment. */
export async function takeInventory(
  connection: PostgresConnection,
  context: RunContext,
  backup: CopiedBackup,
  label: string,
  part: InventoryPart = {},
): Promise<Inventory> {
  const { excludedSchemas, scope, platform, inventory } = backup;
  return await withSnapshot(connection, context, READER_COUNT, async (snapshot) => {
    const found = await readSchemaObjects(snapshot.leader, excludedSchemas, inventory.schema);
    const schema = withoutPlatform(found, platform);
    const sequences = await readSequenceValues(snapshot, excludedSchemas);
    const tables = part.counted ?? (await digestWanted(snapshot, context, backup, label, part));
    return applyScope(assembleInventory(tables, schema, sequences, inventory), scope);
  });
}

/** What a copy is counted by: its backup. */
export type CopiedBackup = Pick<PostgresManifest, "excludedSchemas" | "scope" | "platform" | "inventory">;

/** What of an inventory is taken. */
export interface InventoryPart {
  /** By full name; every table when absent. */
  isWanted?: (table: string) => boolean;
  /** Tables that were read already: their rows are not read again. */
  counted?: readonly TableInventory[];
}

async function digestWanted(
  snapshot: Snapshot,
  context: RunContext,
  backup: CopiedBackup,
  label: string,
  { isWanted }: InventoryPart,
): Promise<TableInventory[]> {
  const tables = await readCopiedTables(snapshot.leader, backup, isWanted);
  const plan = planLike(backup);
  return await digestTables(snapshot, tables, plan, context, label, backup.inventory.digestMethod);
}

/** Tables of a restored copy whose rows its backup holds. */
export async function readCopiedTables(
  session: Session,
  { excludedSchemas, scope }: CopiedBackup,
  isWanted: (table: string) => boolean = () => true,
): Promise<CatalogTable[]> {
  const excluded = new Set(scope?.excluded);
  const tables = await readTables(session, excludedSchemas);
  const pools = await readPools(session);
  return tables
    .filter((table) => isWanted(nameInFull(table)) && !excluded.has(nameInFull(table)))
    .map((table) => {
      const pool = pools.get(table.oid);
      return { ...table, ...(pool !== undefined && { pool }) };
    });
}

/** Digests tables of a copy as its backup digested them. */
export function planLike({ inventory }: CopiedBackup): (table: CatalogTable) => DigestPlan | undefined {
  const plans = new Map(inventory.tables.map(({ name, digestedBy }) => [name, digestedBy]));
  return (table) => plans.get(nameInFull(table));
}

/** Reads every row of every table, several tables at once, the first of the list first. */
export async function digestTables(
  snapshot: Snapshot,
  tables: readonly CatalogTable[],
  plan: (table: CatalogTable) => DigestPlan | undefined,
  { reporter }: RunContext,
  label: string,
  method = DIGEST_METHOD,
): Promise<TableInventory[]> {
  const queue = [...tables];
  const inventories: TableInventory[] = [];
  const readQueue = async (reader: Session): Promise<void> => {
    let locked = 0;
    for (let group = takeGroup(queue); group.length > 0; group = takeGroup(queue)) {
      if (locked + group.length > TABLES_LOCKED) {
        await snapshot.unlock(reader);
        locked = 0;
      }
      locked += group.length;
      inventories.push(...(await digestTogether(reader, group, plan, method)));
      reporter.progress({ label, done: inventories.length, total: tables.length, unit: "tables" });
    }
  };
  await Promise.all(snapshot.readers.map(readQueue));
  return inventories;
}

/**
 * Takes from the front what is read in one statement: a large table, or several small ones, since each statement costs
 * a way to the server and back. Empty when nothing is left.
 */
export function takeGroup(
  queue: CatalogTable[],
  isSmall = ({ sizeBytes }: CatalogTable): boolean => sizeBytes <= SMALL_TABLE_BYTES,
): CatalogTable[] {
  const large = queue.slice(0, TABLES_LOCKED).findIndex((table) => !isSmall(table));
  return queue.splice(0, large < 0 ? TABLES_LOCKED : Math.max(1, large));
}

/** @param notCovered - what the archive holds and is not looked into; a copy is compared by what its backup says of that */
export function assembleInventory(
  tables: readonly TableInventory[],
  schema: readonly SchemaObject[],
  sequences: readonly SequenceValue[],
  {
    digestMethod = DIGEST_METHOD,
    notCovered = [],
  }: Partial<Pick<Inventory, "digestMethod" | "notCovered">> = {},
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
    digestMethod,
    definitionMethod: DEFINITION_METHOD,
    tables: [...tables].sort((a, b) => compareText(a.name, b.name)),
    schema: [...schema, ...values].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name)),
    notCovered: [...notCovered],
  };
}

/** What a backup says of a table whose rows it leaves out: a restore of it must have none. */
export function emptyTable(table: CatalogTable): TableInventory {
  return { name: nameInFull(table), rows: 0, digest: "0" };
}

/** Leaves aside what a backup's scope leaves out. Applied to the source and to what was restored, both agree. */
export function applyScope(inventory: Inventory, scope: PostgresScope | undefined): Inventory {
  if (!scope) return inventory;
  const excluded = new Set(scope.excluded);
  const dangling = new Set(scope.dangling.map(({ kind, name }) => `${kind} ${name}`));
  const isIn = ({ kind, name, table }: SchemaObject): boolean =>
    !excluded.has(table ?? name) &&
    !dangling.has(`${kind} ${name}`) &&
    (scope.largeObjects || kind !== "large objects");
  return narrowInventory(
    {
      ...inventory,
      tables: inventory.tables.filter(({ name }) => !excluded.has(name)),
      schema: inventory.schema.filter(isIn),
    },
    { content: scope.content },
  ).inventory;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
