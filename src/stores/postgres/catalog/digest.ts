import { NamePattern } from "../../../backup/name-pattern.ts";
import type { TableInventory } from "../../../backup/inventory.ts";
import { nameInFull, quoteInFull } from "./catalog.ts";
import type { CatalogTable } from "./catalog.ts";
import { quoteIdent } from "../server/faults.ts";
import type { Session } from "../server/session.ts";

/** Names `hashOfRow` below and the settings it runs under: digests compare only when both are the same. */
export const DIGEST_METHOD = "postgres-chained-v2";
const SAMPLE_METHOD = "postgres-chained-sample-v2";
/** Of backups by lifeboat 0.1: a hash of the text of the whole row, at twice the cost. */
const WHOLE_ROW_METHOD = "postgres-hashtextextended-v1";
const COUNTS_METHOD = "counts";

/** From this length on, bytes are hashed as they are: their text would be twice as long, and no text exceeds 1 GB. */
const LONG_VALUE_BYTES = 1024 * 1024;
/** Stands for NULL, and for nothing that anybody stores. */
const NULL_TEXT = "'null 5b1c0a9e7f3d4862'";
/** Calls nest no deeper than this: a server bounds the depth of an expression. */
const CHAIN_LENGTH = 50;
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
  return undefined;
}

/** What decides whether a row is in the sample: the same before and after a restore, and cheap to read. */
function chooseKey({ keyColumns, columns, longColumns }: CatalogTable): string[] {
  if (keyColumns.length > 0) return keyColumns;
  const short = columns.filter((column) => !longColumns.includes(column));
  return short.length > 0 ? short : columns;
}

/**
 * Counts tables and digests them as planned, in one statement.
 *
 * @param method - where the plan says none
 * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING
 */
export async function digestTogether(
  reader: Pick<Session, "rows">,
  tables: readonly CatalogTable[],
  plan: (table: CatalogTable) => DigestPlan | undefined,
  method: string,
): Promise<TableInventory[]> {
  const selects = tables.map((table, position) => {
    const digest = digestExpression(table, plan(table) ?? { method });
    // `ONLY`, since children and partitions are counted as tables of their own.
    return `SELECT ${position} AS position, count(*)::text AS rows, ${digest} AS digest FROM ONLY ${quoteInFull(table)}`;
  });
  const counted = await reader.rows<{ position: number; rows: string; digest: string | null }>(
    `Reading ${tables.map(nameInFull).join(", ")}`,
    selects.join(" UNION ALL "),
  );
  return counted.map(({ position, rows, digest }) => {
    const table = tables[position]!;
    const own = plan(table);
    const { pool } = table;
    return {
      name: nameInFull(table),
      rows: Number(rows),
      digest,
      ...(own && { digestedBy: own }),
      ...(pool && { pool }),
    };
  });
}

/** A sum over a hash of each row does not depend on the order of rows; unlike an exclusive or it sees duplicates. */
function digestExpression(table: CatalogTable, { method, key = [], oneIn }: DigestPlan): string {
  const sum = (row: string, filter = ""): string => `coalesce(sum(${row})${filter}, 0)::text`;
  switch (method) {
    case DIGEST_METHOD:
      return sum(hashOfRow(table, table.columns));
    case SAMPLE_METHOD: {
      const isInSample = `${hashOfRow(table, key)} % ${oneIn ?? DEFAULT_ONE_IN} = 0`;
      return sum(hashOfRow(table, table.columns), ` FILTER (WHERE ${isInSample})`);
    }
    case WHOLE_ROW_METHOD:
      return sum(`hashtextextended(ROW(${table.columns.map(quoteIdent).join(", ")})::text, 0)`);
    default:
      // Counts, or of a newer lifeboat: what that made cannot be made again here, and is not compared.
      return "NULL::text";
  }
}

/**
 * The hash of each column's text is the seed of the next one's, so that no value can change places with another. The
 * text of the whole row would cost more than twice as much, and could be longer than a server allows.
 */
function hashOfRow(table: CatalogTable, columns: readonly string[]): string {
  const chains: string[] = [];
  for (let start = 0; start < columns.length; start += CHAIN_LENGTH) {
    const chain = columns.slice(start, start + CHAIN_LENGTH).reduce((seed, column) => {
      const text = `coalesce(${textOf(table, column)}, ${NULL_TEXT}) COLLATE "C"`;
      return `hashtextextended(${text}, ${seed})`;
    }, "0");
    chains.push(chain);
  }
  return chains.length === 0 ? "0" : chains.reduce((seed, chain) => `hashint8extended(${chain}, ${seed})`);
}

function textOf({ bytesColumns, foreignColumns }: CatalogTable, name: string): string {
  const column = quoteIdent(name);
  // A cast that somebody made may give a text that says less than the type's own.
  if (foreignColumns.includes(name)) return `ROW(${column})::text`;
  if (!bytesColumns.includes(name)) return `${column}::text`;
  return `CASE WHEN octet_length(${column}) < ${LONG_VALUE_BYTES} THEN ${column}::text ELSE encode(sha256(${column}), 'hex') END`;
}
