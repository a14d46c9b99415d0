import type { Inventory, SchemaObject, TableInventory } from "./inventory.ts";

/** How much of a store a restore brings back. */
export interface RestoreScope {
  /** Tables in full, `schema.table` or `database.table` as inventories write them. */
  tables?: readonly string[];
  /**
   * Schemas of Postgres, databases of ClickHouse, with all that lies in them. Beside `tables` both are restored;
   * everything is when neither is given.
   */
  schemas?: readonly string[];
  /** ClickHouse: ids of partitions, of the tables above; every partition when absent. */
  partitions?: readonly string[];
  /** Rows and all that lies around them, one without the other. */
  content: "all" | "structure" | "data";
}

/** What a comparison may expect after a restore of a part. */
export interface Narrowed {
  inventory: Inventory;
  /** What lies in the part and was left out of it all the same, with the reason, in sentences. */
  leftOut: string[];
}

/** Kinds that are values rather than definitions: they come with the rows. */
const COMES_WITH_ROWS: ReadonlySet<string> = new Set(["sequence value", "large objects"]);
/** The digest of no rows, whatever the method: each is a sum. */
const NO_ROWS_DIGEST = "0";

/** Whether a restore of this scope is one of everything. */
export function isWhole(scope: RestoreScope | undefined): boolean {
  return scope === undefined || (!isSelective(scope) && scope.content === "all");
}

/** Whether tables, schemas or partitions were chosen. */
export function isSelective({ tables, schemas, partitions }: RestoreScope): boolean {
  return tables !== undefined || schemas !== undefined || partitions !== undefined;
}

/** Every table and view of an inventory by its name, with those that hold no rows of their own. */
export function listTables({ tables, schema }: Inventory): string[] {
  return [...new Set([...tables.map(({ name }) => name), ...schema.flatMap(({ table }) => table ?? [])])];
}

/** Every schema or database of an inventory, also those that only the names of tables tell. */
export function listSchemas(inventory: Inventory): string[] {
  const named = inventory.schema.flatMap(({ kind, name }) => (CONTAINERS.has(kind) ? [name] : []));
  const implied = listTables(inventory)
    .filter((table) => !named.some((schema) => table.startsWith(`${schema}.`)))
    .map((table) => table.split(".")[0] ?? table);
  return [...new Set([...named, ...implied])];
}

const CONTAINERS: ReadonlySet<string> = new Set(["schema", "database"]);

/** Answers what of one inventory lies in a scope. */
export class ScopeReader {
  readonly #schemas: readonly string[];
  readonly #chosenSchemas: ReadonlySet<string>;
  readonly #chosenTables: ReadonlySet<string>;
  readonly #isSelective: boolean;

  constructor(inventory: Inventory, scope: RestoreScope) {
    // The longest first: a schema's name may hold a dot.
    this.#schemas = listSchemas(inventory).sort((a, b) => b.length - a.length);
    this.#chosenSchemas = new Set(scope.schemas);
    this.#chosenTables = withPartitions(inventory, scope.tables ?? []);
    this.#isSelective = isSelective(scope);
  }

  /** Whether a table or view is restored. */
  holdsTable(name: string): boolean {
    if (!this.#isSelective || this.#chosenTables.has(name)) return true;
    return this.#chosenSchemas.has(this.#schemaOf(name));
  }

  /** Whether a schema object lies in the scope, whatever it needs beside that. */
  holds({ kind, name, table }: SchemaObject): boolean {
    if (!this.#isSelective) return true;
    if (table !== undefined) return this.holdsTable(table);
    return this.#chosenSchemas.has(CONTAINERS.has(kind) ? name : this.#schemaOf(name));
  }

  /** What an object of the scope cannot be without and will not find. */
  findUnmet({ needs = [] }: SchemaObject): string[] {
    return needs.filter((table) => !this.holdsTable(table));
  }

  #schemaOf(name: string): string {
    return this.#schemas.find((schema) => name.startsWith(`${schema}.`)) ?? "";
  }
}

/** Names of a scope that an inventory does not know. */
export function findUnknown(inventory: Inventory, { tables = [], schemas = [] }: RestoreScope): string[] {
  const knownTables = new Set(listTables(inventory));
  const knownSchemas = new Set(listSchemas(inventory));
  return [
    ...tables.filter((table) => !knownTables.has(table)),
    ...schemas.filter((schema) => !knownSchemas.has(schema)),
  ];
}

/**
 * What must be there after a restore of a part: the tables of the scope with what belongs to them, and what lies
 * in its schemas. What needs a table outside (a foreign key, a view) is left out, and named.
 *
 * Applied to what was found, it leaves aside what stands beside the restored part.
 */
export function narrowInventory(inventory: Inventory, scope: RestoreScope): Narrowed {
  if (isWhole(scope)) return { inventory, leftOut: [] };
  const reader = new ScopeReader(inventory, scope);
  const leftOut: string[] = [];
  const schema = inventory.schema.filter((object) => {
    if (!isOfContent(object, scope) || !reader.holds(object)) return false;
    const unmet = scope.content === "data" ? [] : reader.findUnmet(object);
    if (unmet.length === 0) return true;
    leftOut.push(`${object.kind} ${object.name}: it needs ${unmet.join(", ")}, which is not restored.`);
    return false;
  });
  const tables = inventory.tables.filter(({ name }) => reader.holdsTable(name));
  const isStructure = scope.content === "structure";
  return {
    inventory: {
      ...inventory,
      tables: isStructure ? tables.map(emptied) : tables,
      schema: isStructure ? schema.map(unpopulated) : schema,
    },
    leftOut,
  };
}

/** How many things of each kind a scope leaves alone, for people. */
export function countOutside(whole: Inventory, narrowed: Inventory): { kind: string; count: number }[] {
  const counts = new Map<string, number>();
  const add = (kind: string, by: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + by);
  add("table", whole.tables.length - narrowed.tables.length);
  for (const { kind } of whole.schema) if (kind !== "columns") add(kind, 1);
  for (const { kind } of narrowed.schema) if (kind !== "columns") add(kind, -1);
  return [...counts].flatMap(([kind, count]) => (count > 0 ? [{ kind, count }] : []));
}

/** A partitioned table is nothing without its partitions. */
function withPartitions({ schema }: Inventory, tables: readonly string[]): Set<string> {
  const chosen = new Set(tables);
  const partitions = schema.filter(({ kind }) => kind === "partition");
  for (let before = -1; before < chosen.size;) {
    before = chosen.size;
    for (const { name, needs = [] } of partitions) {
      if (needs.some((parent) => chosen.has(parent))) chosen.add(name);
    }
  }
  return chosen;
}

/** Rows alone bring the values of sequences; large objects would need their owners' oids to be there. */
function isOfContent({ kind }: SchemaObject, { content }: RestoreScope): boolean {
  if (content === "all") return true;
  if (content === "data") return kind === "sequence value";
  return !COMES_WITH_ROWS.has(kind);
}

function emptied({ name }: TableInventory): TableInventory {
  return { name, rows: 0, digest: NO_ROWS_DIGEST };
}

/** Without rows nothing is computed from them: the definition says so in front of its hash. */
function unpopulated(object: SchemaObject): SchemaObject {
  if (object.kind !== "materialized view" || object.definition.startsWith("not populated")) return object;
  return { ...object, definition: `not populated ${object.definition}` };
}
