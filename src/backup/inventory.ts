import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { poolRows } from "./pooled-rows.ts";

/**
 * What one table held. The digest does not depend on the order of rows; two digests compare only under the
 * same `digestMethod`.
 */
export const tableInventorySchema = z.strictObject({
  /** `schema.table` in Postgres, `database.table` in ClickHouse; unquoted, as people write it. */
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Decimal text, since it exceeds 53 bits; null where the content was not digested. */
  digest: z.string().nullable(),
  /** How it was digested, where that is not the inventory's own `digestMethod`. */
  digestedBy: z
    .strictObject({
      method: z.string(),
      /** Of a sample: one row in so many was taken, */
      oneIn: z.int().positive().optional(),
      /** by a hash of these columns. */
      key: z.array(z.string()).optional(),
    })
    .optional(),
  /**
   * Present when rows changed while the table was read and no exact count could be had: the restored table must
   * then hold between these two numbers of rows, and its digest proves nothing.
   */
  moving: z
    .strictObject({ rowsAtLeast: z.int().nonnegative(), rowsAtMost: z.int().nonnegative() })
    .optional(),
});
export type TableInventory = z.infer<typeof tableInventorySchema> & {
  /**
   * Of a restored table, never in a manifest: by name what it is a partition of, where a restore may put rows into
   * another partition of that than they were in. Their digests must be sums that are not cut off.
   */
  pool?: string;
};

/** Anything a store holds beside rows: an index, a policy, a sequence with its value, a view. */
const schemaObjectSchema = z.strictObject({
  /** In words a person uses: "index", "foreign key", "policy", "sequence", "materialized view". */
  kind: z.string(),
  name: z.string(),
  /** The value where it is short and no secret (a sequence's), else a hash of the definition. */
  definition: z.string(),
  /** The table it belongs to and comes and goes with, as `tables` names it; absent for what stands by itself. */
  table: z.string().optional(),
  /** Other tables and views that must be there before it can be: what a foreign key refers to, a view reads. */
  needs: z.array(z.string()).optional(),
  /** Of software that the server brings (an extension): another version is told, but is no difference. */
  version: z.string().optional(),
});
export type SchemaObject = z.infer<typeof schemaObjectSchema>;

/** The counts and digests of one store, taken at backup time and again after a restore. */
export const inventorySchema = z.strictObject({
  digestMethod: z.string(),
  /** How `definition` was made; only under the same method do definitions compare, else names alone. */
  definitionMethod: z.string().optional(),
  tables: z.array(tableInventorySchema),
  schema: z.array(schemaObjectSchema),
  /** What was not looked into, and why, in sentences. */
  notCovered: z.array(z.string()),
});
export type Inventory = z.infer<typeof inventorySchema>;

/** Rows of all tables together. */
export function countRows({ tables }: Pick<Inventory, "tables">): number {
  return tables.reduce((sum, table) => sum + table.rows, 0);
}

/** One thing that a restored store holds otherwise than the backup said. */
export interface Difference {
  store: string;
  /** "rows", "content", "table", or the kind of the schema object. */
  kind: string;
  name: string;
  expected: string;
  found: string;
}

/** What comparing two inventories of one store showed. */
export interface Comparison {
  store: string;
  differences: Difference[];
  tablesCompared: number;
  /** Tables of which not only the rows were counted, but the digests compared. */
  contentsCompared: number;
  rowsCompared: number;
  schemaObjectsCompared: number;
  /** What the comparison could not prove, in sentences. */
  notProven: string[];
}

/** What a difference expected where only the restored store has something, or found where only the backup has. */
export const ABSENT = "nothing";

/** Compares what a backup said it held with what was found after the restore. */
export function compareInventories(store: string, expected: Inventory, found: Inventory): Comparison {
  const comparison: Comparison = {
    store,
    differences: [],
    tablesCompared: 0,
    contentsCompared: 0,
    rowsCompared: 0,
    schemaObjectsCompared: 0,
    notProven: [...expected.notCovered],
  };
  const digestsCompare = expected.digestMethod === found.digestMethod;
  if (!digestsCompare) {
    comparison.notProven.push(
      `Contents of tables in ${store}: the backup's digests were made by ${expected.digestMethod}, these by ${found.digestMethod}.`,
    );
  }
  compareTables(comparison, expected.tables, found.tables, digestsCompare);
  const definitionsCompare = expected.definitionMethod === found.definitionMethod;
  if (!definitionsCompare) {
    comparison.notProven.push(
      `Definitions in ${store}: an older lifeboat wrote them down in another way, so only names were compared.`,
    );
  }
  compareSchemas(comparison, expected.schema, found.schema, definitionsCompare);
  return comparison;
}

function compareTables(
  comparison: Comparison,
  expected: readonly TableInventory[],
  found: readonly TableInventory[],
  digestsCompare: boolean,
): void {
  const { store, differences } = comparison;
  const pooled = poolRows(expected, found);
  const foundByName = new Map(pooled.found.map((table) => [table.name, table]));
  for (const table of pooled.expected) {
    const restored = foundByName.get(table.name);
    foundByName.delete(table.name);
    if (!restored) {
      differences.push({
        store,
        kind: "table",
        name: table.name,
        expected: describeRows(table.rows),
        found: ABSENT,
      });
      continue;
    }
    const partitions = pooled.pools.get(table.name);
    if (partitions !== undefined) {
      comparison.notProven.push(
        `Which partition of ${table.name} a row lies in: hashes of its key differ from database to database, so its ${partitions} partitions were compared as one table.`,
      );
    }
    comparison.tablesCompared += partitions ?? 1;
    comparison.rowsCompared += restored.rows;
    if (!rowsAgree(table, restored)) {
      differences.push({
        store,
        kind: "rows",
        name: table.name,
        expected: table.moving
          ? `${table.moving.rowsAtLeast} to ${describeRows(table.moving.rowsAtMost)}`
          : describeRows(table.rows),
        found: describeRows(restored.rows),
      });
    } else if (table.moving) {
      comparison.notProven.push(
        `Contents of ${table.name}: it was being rewritten while it was read, so only its row count was held against bounds.`,
      );
    } else if (table.digest === null || restored.digest === null) {
      comparison.notProven.push(`Contents of ${table.name}: only its rows were counted.`);
    } else if (!isDeepStrictEqual(table.digestedBy, restored.digestedBy) && table.rows > 0) {
      comparison.notProven.push(
        `Contents of ${table.name}: the backup's digest and this one were made in different ways, so only its rows were counted.`,
      );
    } else if (digestsCompare || table.digestedBy) {
      comparison.contentsCompared += partitions ?? 1;
      const { oneIn } = table.digestedBy ?? {};
      if (oneIn !== undefined) {
        comparison.notProven.push(
          `Contents of ${table.name}: every row was counted, but only a sample of 1 in ${oneIn} was compared.`,
        );
      }
      if (table.digest === restored.digest) continue;
      differences.push({
        store,
        kind: "content",
        name: table.name,
        expected: `digest ${table.digest}`,
        found: `digest ${restored.digest}`,
      });
    }
  }
  for (const extra of foundByName.values()) {
    differences.push({
      store,
      kind: "table",
      name: extra.name,
      expected: ABSENT,
      found: describeRows(extra.rows),
    });
  }
}

function compareSchemas(
  comparison: Comparison,
  expected: readonly SchemaObject[],
  found: readonly SchemaObject[],
  definitionsCompare: boolean,
): void {
  const { store, differences, notProven } = comparison;
  const identify = (object: SchemaObject): string => `${object.kind}\n${object.name}`;
  // Names are compared as people write them, so two things may bear the same one: "a.b" in c, and b in "c.a".
  const foundById = groupBy(found, identify);
  const take = (
    object: SchemaObject,
    isMeant: (candidate: SchemaObject) => boolean,
  ): SchemaObject | undefined => {
    const namesakes = foundById.get(identify(object)) ?? [];
    const position = namesakes.findIndex(isMeant);
    return position === -1 ? undefined : namesakes.splice(position, 1)[0];
  };
  const unmatched: SchemaObject[] = [];
  for (const object of expected) {
    comparison.schemaObjectsCompared += 1;
    const { kind, name, definition, version } = object;
    const restored = take(object, (candidate) => !definitionsCompare || candidate.definition === definition);
    if (!restored) unmatched.push(object);
    else if (version !== undefined && restored.version !== version) {
      notProven.push(
        `${kind} ${name}: the backup came from version ${version}, and the restored store has version ` +
          `${restored.version}, so what it brings with it may differ.`,
      );
    }
  }
  for (const object of unmatched) {
    const { kind, name, definition } = object;
    const other = take(object, () => true);
    differences.push({ store, kind, name, expected: definition, found: other?.definition ?? ABSENT });
  }
  if (!definitionsCompare) return; // what this method alone names is no difference
  for (const { kind, name, definition } of [...foundById.values()].flat()) {
    differences.push({ store, kind, name, expected: ABSENT, found: definition });
  }
}

function groupBy<Item>(items: readonly Item[], identify: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(identify(item));
    if (group) group.push(item);
    else groups.set(identify(item), [item]);
  }
  return groups;
}

function rowsAgree(expected: TableInventory, found: TableInventory): boolean {
  const { moving } = expected;
  if (!moving) return expected.rows === found.rows;
  return found.rows >= moving.rowsAtLeast && found.rows <= moving.rowsAtMost;
}

function describeRows(rows: number): string {
  return rows === 1 ? "1 row" : `${rows} rows`;
}
