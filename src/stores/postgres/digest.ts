import { NamePattern } from "../../backup/name-pattern.ts";
import type { TableInventory } from "../../backup/inventory.ts";
import { nameInFull, quoteInFull } from "./catalog.ts";
import type { CatalogTable } from "./catalog.ts";
import { quoteIdent } from "./faults.ts";
import type { Session } from "./session.ts";

/** Names `wholeRow` below and the settings it runs under: digests compare only when both are the same. */
export const DIGEST_METHOD = "postgres-hashtextextended-v1";
/** The same, but long values are hashed one by one. */
const LONG_VALUES_METHOD = "postgres-hashtextextended-long-v1";
const SAMPLE_METHOD = "postgres-hashtextextended-sample-v1";
const COUNTS_METHOD = "counts";

/** From this length on, in bytes, a value is hashed by itself. */
const LONG_VALUE_BYTES = 1024 * 1024;
/** A table whose out-of-line values take less than this together cannot hold one that is dangerously long. */
const LONG_VALUES_TABLE_BYTES = 1024 * 1024;
const DEFAULT_ONE_IN = 100;

export const DIGEST_DEPTHS = ["full", "counts", "sample"] as const;
export type DigestDepth = (typeof DIGEST_DEPTHS)[number];

/** How deep tables are looked into. Rows are counted exactly, always. */
export interface DigestRules {
  depth: DigestDepth;
  /** Tables up to this size are digested in full whatever `depth` says. */
  aboveBytes?: number;
  /** Of how many rows a sample takes one. */
  oneIn?: number;
  /** Tables of their own depth; of several patterns that match, the first counts. */
  tables?: readonly { pattern: string; depth: DigestDepth }[];
}

/** How one table is digested. It goes into the inventory, so that the restored table is digested the same way. */
export type DigestPlan = NonNullable<TableInventory["digestedBy"]>;

/** The plan for a table of a backup. `undefined`: in full, by DIGEST_METHOD. */
export function planDigest(table: CatalogTable, rules: DigestRules): DigestPlan | undefined {
  const own = rules.tables?.find(({ pattern }) =>
    NamePattern.parse(pattern, 2)?.matches(table.schema, table.name),
  );
  const isSmall = table.sizeBytes <= (rules.aboveBytes ?? 0) && rules.aboveBytes !== undefined;
  const depth = own?.depth ?? (isSmall ? "full" : rules.depth);
  if (depth === "counts") return { method: COUNTS_METHOD };
  if (depth === "sample") {
    return { method: SAMPLE_METHOD, oneIn: rules.oneIn ?? DEFAULT_ONE_IN, key: chooseKey(table) };
  }
  return table.longValueBytes >= LONG_VALUES_TABLE_BYTES ? { method: LONG_VALUES_METHOD } : undefined;
}

/** What decides whether a row is in the sample: the same before and after a restore, and cheap to read. */
function chooseKey({ keyColumns, columns, longColumns }: CatalogTable): string[] {
  if (keyColumns.length > 0) return keyColumns;
  const short = columns.filter((column) => !longColumns.some(({ name }) => name === column));
  return short.length > 0 ? short : columns;
}

/** Counts a table and digests it as planned. @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING */
export async function digestTable(
  reader: Session,
  table: CatalogTable,
  plan: DigestPlan | undefined,
): Promise<TableInventory> {
  const name = nameInFull(table);
  // `ONLY`, since children and partitions are counted as tables of their own.
  const [counted] = await reader.rows<{ rows: string; digest: string | null }>(
    `Reading ${name}`,
    `SELECT count(*)::text AS rows, ${digestExpression(table, plan)} AS digest FROM ONLY ${quoteInFull(table)}`,
  );
  return {
    name,
    rows: Number(counted?.rows),
    digest: counted?.digest ?? null,
    ...(plan && { digestedBy: plan }),
  };
}

/** A sum over a hash of each row's text does not depend on the order of rows; unlike an exclusive or it sees duplicates. */
function digestExpression(table: CatalogTable, plan: DigestPlan | undefined): string {
  const sum = (row: string, filter = ""): string => `coalesce(sum(${hash(row)}::numeric)${filter}, 0)::text`;
  switch (plan?.method) {
    case undefined:
    case DIGEST_METHOD:
      return sum(rowText(table.columns.map(quoteIdent)));
    case LONG_VALUES_METHOD:
      return sum(shortenedRow(table));
    case SAMPLE_METHOD: {
      const key = hash(rowText((plan.key ?? []).map(quoteIdent)));
      return sum(shortenedRow(table), ` FILTER (WHERE ${key} % ${plan.oneIn ?? DEFAULT_ONE_IN} = 0)`);
    }
    case COUNTS_METHOD:
      return "NULL::text";
    default:
      // Of a newer lifeboat: what it made cannot be made again here, and is not compared.
      return "NULL::text";
  }
}

function hash(text: string): string {
  return `hashtextextended(${text}, 0)`;
}

function rowText(values: readonly string[]): string {
  return `ROW(${values.join(", ")})::text`;
}

/**
 * The text of a row in which a hash stands for each long value. A server may give no value more than 1 GB, and the
 * text of a row repeats what the row holds, bytes as two characters each.
 */
function shortenedRow(table: CatalogTable): string {
  const longTypes = new Map(table.longColumns.map(({ name, isBinary }) => [name, isBinary]));
  return rowText(
    table.columns.map((name) => {
      const column = quoteIdent(name);
      const isBinary = longTypes.get(name);
      if (isBinary === undefined) return column;
      const digest = isBinary ? `encode(sha256(${column}), 'hex')` : `${hash(column)}::text`;
      // The length of such a value is known without reading it.
      return `CASE WHEN octet_length(${column}) < ${LONG_VALUE_BYTES} THEN ${column}::text ELSE ${digest} END`;
    }),
  );
}
