import { createHash } from "node:crypto";
import type { SchemaObject } from "../../../backup/inventory.ts";
import { quoteIdent } from "../server/faults.ts";
import { FIRST_USER_OID, USER_OBJECTS } from "./catalog-queries.ts";
import { canonicaliseExpression, canonicaliseQuery } from "./definition-text.ts";
import { readGrants } from "./grants.ts";
import { readLargeObjects } from "./large-objects.ts";
import { schemaQueries } from "./schema/queries.ts";
import type { SchemaRow } from "./schema/queries.ts";
import type { Session } from "../server/session.ts";
import type { Snapshot } from "../server/snapshot.ts";

const SEQUENCES_PER_QUERY = 100;

/** A name in two parts, unquoted. */
export interface QualifiedName {
  schema: string;
  name: string;
}

export interface CatalogTable extends QualifiedName {
  oid: number;
  /** Those that hold values of their own, by name. */
  columns: string[];
  /** Of the primary key; empty where there is none. */
  keyColumns: string[];
  /** Columns of text or bytes, whose values may be very long. */
  longColumns: string[];
  /** Those of bytes among them. */
  bytesColumns: string[];
  /** Columns of types that are not the server's own. */
  foreignColumns: string[];
  /** With values that lie out of line, without indexes. */
  sizeBytes: number;
  /** Of a restored copy: what it is a partition of, as `readPools` tells. */
  pool?: string;
}

/** Where a sequence stands. */
export interface SequenceValue extends QualifiedName {
  /** Decimal text: it may exceed 53 bits. */
  last: string;
  isCalled: boolean;
}

/** As people write it, and as the inventory names it. */
export function nameInFull({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`;
}

export function quoteInFull({ schema, name }: QualifiedName): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/** Tables that hold rows of their own (partitions, not partitioned tables), the largest first. */
export async function readTables(
  session: Session,
  excludedSchemas: readonly string[],
): Promise<CatalogTable[]> {
  // Columns by name, not by position: a restore may move an inherited column to another position. A virtual column
  // holds nothing, and computing it may fail.
  const namesOf = (types: string): string =>
    `coalesce(array_agg(attname::text ORDER BY attname) FILTER (WHERE ${types}), '{}')`;
  const rows = await session.rows<Omit<CatalogTable, "sizeBytes"> & { sizeBytes: string }>(
    "Listing the tables",
    `${USER_OBJECTS}
     SELECT oid, nspname::text AS schema, relname::text AS name, size::text AS "sizeBytes",
       columns, "keyColumns", "longColumns", "bytesColumns", "foreignColumns"
     FROM relation CROSS JOIN pg_table_size(oid) size CROSS JOIN LATERAL (
       SELECT ${namesOf("true")} AS columns,
         ${namesOf("EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))")} AS "keyColumns",
         ${namesOf("atttypid IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype)")} AS "longColumns",
         ${namesOf("atttypid = 'bytea'::regtype")} AS "bytesColumns",
         ${namesOf(`atttypid >= ${FIRST_USER_OID}`)} AS "foreignColumns"
       FROM pg_attribute
       WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v') attributes
     WHERE relkind = 'r' ORDER BY size DESC, nspname, relname`,
    [excludedSchemas],
  );
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}

/**
 * Everything else that the database holds, definitions as hashes. Sequences' values are read apart.
 *
 * @param expected - what the backup names, where this is its restored copy (see `readGrants`)
 */
export async function readSchemaObjects(
  session: Session,
  excludedSchemas: readonly string[],
  expected?: readonly SchemaObject[],
): Promise<SchemaObject[]> {
  const [server] = await session.rows<{ major: number }>(
    "Reading the server's version",
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  const objects: SchemaObject[] = [];
  for (const query of schemaQueries(server?.major ?? 0)) {
    const rows = await session.rows<SchemaRow & Record<string, unknown>>(
      "Reading the catalog",
      `${USER_OBJECTS}\n${query}`,
      [excludedSchemas],
    );
    objects.push(...rows.map(describeObject));
  }
  objects.push(...(await readGrants(session, excludedSchemas, expected)));
  objects.push(...(await readLargeObjects(session)));
  return objects;
}

export async function readSequenceValues(
  snapshot: Snapshot,
  excludedSchemas: readonly string[],
): Promise<SequenceValue[]> {
  const work = "Reading the sequences";
  const names = await snapshot.leader.rows<{ schema: string; name: string }>(
    work,
    `${USER_OBJECTS}
     SELECT nspname::text AS schema, relname::text AS name FROM relation WHERE relkind = 'S'`,
    [excludedSchemas],
  );
  const values: SequenceValue[] = [];
  for (let start = 0; start < names.length; start += SEQUENCES_PER_QUERY) {
    const group = names.slice(start, start + SEQUENCES_PER_QUERY);
    const sql = group.map(
      (name, position) =>
        `SELECT ${position} AS position, last_value::text AS last, is_called AS "isCalled" FROM ${quoteInFull(name)}`,
    );
    const rows = await snapshot.leader.rows<{ position: number; last: string; isCalled: boolean }>(
      work,
      sql.join(" UNION ALL "),
    );
    for (const { position, last, isCalled } of rows) {
      const name = group[position];
      if (name) values.push({ ...name, last, isCalled });
    }
    await snapshot.unlock(snapshot.leader);
  }
  return values;
}

function describeObject({ kind, name, shown, hashed, query, version, of, needs }: SchemaRow): SchemaObject {
  const texts = [hashed && canonicaliseExpression(hashed), query && canonicaliseQuery(query)];
  const hasText = hashed !== null || typeof query === "string";
  const hash = hasText ? hashDefinition(texts.filter((text) => typeof text === "string").join("\n")) : null;
  return {
    kind,
    name,
    definition: [shown, hash].filter((part) => part !== null).join(" "),
    ...(version !== undefined && { version }),
    ...(of && { table: of }),
    ...(needs && { needs }),
  };
}

function hashDefinition(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
