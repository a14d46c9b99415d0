import * as z from "zod";
import { AppError } from "../../../errors.ts";
import { quoteName, tokenise } from "./sql-text.ts";

/** The kinds in the order in which they are created where nothing else decides. */
const KINDS = ["database", "function", "table", "dictionary", "view", "materialized view"] as const;

const schemaEntrySchema = z.strictObject({
  kind: z.enum(KINDS),
  /** Empty for a function, which belongs to the server. */
  database: z.string(),
  /** The object's own name; the database's, for a database. */
  name: z.string(),
  engine: z.string(),
  /** As the server gave it. */
  given: z.string(),
  /** For one plain server. */
  portable: z.string(),
  /** Ids (see `idOf`) of what must exist first. */
  dependsOn: z.array(z.string()),
});
/** One thing to create: what schema.json holds, in an order that can be created. */
export type SchemaEntry = z.infer<typeof schemaEntrySchema>;

const schemaFileSchema = z.strictObject({
  format: z.literal("lifeboat-clickhouse-schema"),
  formatVersion: z.literal(1),
  beforeData: z.array(schemaEntrySchema),
  afterData: z.array(schemaEntrySchema),
});

/** What must exist before rows are loaded, and what must come after them, each in an order that can be created. */
export interface SchemaPlan {
  beforeData: SchemaEntry[];
  afterData: SchemaEntry[];
}

/** How people write it, and how manifests name it: `database.name`, or the bare name of a database or function. */
export function idOf(entry: { kind?: string; database: string; name: string }): string {
  return entry.database === "" || entry.kind === "database" ? entry.name : `${entry.database}.${entry.name}`;
}

/** What a statement mentions of the objects that are known by `database.name`, in names as in texts. */
export function findReferences(statement: string, known: ReadonlySet<string>): string[] {
  const tokens = tokenise(statement);
  const found = new Set<string>();
  tokens.forEach((token, at) => {
    if (token.kind === "string" && known.has(token.value)) found.add(token.value); // dictGet('db.name', …)
    const [dot, name] = [tokens[at + 1], tokens[at + 2]];
    if (token.kind === "symbol" || dot?.text !== "." || !name) return;
    const path = `${token.value}.${name.value}`;
    if (known.has(path)) found.add(path);
  });
  return [...found];
}

/**
 * Orders a schema so that it restores. Materialized views fire on INSERT and so come after the rows, as do
 * views and dictionaries, except those that a table needs (a DEFAULT that asks a dictionary).
 */
export function planSchema(entries: readonly SchemaEntry[]): SchemaPlan {
  const byId = new Map(entries.map((entry) => [idOf(entry), entry]));
  const ranked = [...entries].sort(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compareText(idOf(a), idOf(b)),
  );
  const placed = new Set<SchemaEntry>();
  const place = (entry: SchemaEntry, plan: SchemaEntry[]): void => {
    if (placed.has(entry)) return;
    placed.add(entry); // before its dependencies, so that a circle ends
    for (const id of entry.dependsOn) {
      const needed = byId.get(id);
      if (needed && (needed.kind !== "materialized view" || entry.kind === "materialized view"))
        place(needed, plan);
    }
    plan.push(entry);
  };
  const plan: SchemaPlan = { beforeData: [], afterData: [] };
  const isBeforeData = ({ kind }: SchemaEntry): boolean =>
    kind === "database" || kind === "function" || kind === "table";
  for (const entry of ranked) if (isBeforeData(entry)) place(entry, plan.beforeData);
  for (const entry of ranked) place(entry, plan.afterData);
  return plan;
}

export function serialiseSchema(plan: SchemaPlan): string {
  return `${JSON.stringify({ format: "lifeboat-clickhouse-schema", formatVersion: 1, ...plan }, null, 1)}\n`;
}

/** @throws AppError BACKUP_DAMAGED */
export function parseSchema(text: string): SchemaPlan {
  try {
    const { beforeData, afterData } = schemaFileSchema.parse(JSON.parse(text));
    return { beforeData, afterData };
  } catch (error) {
    throw new AppError("BACKUP_DAMAGED", "The backup's ClickHouse schema cannot be read.", {
      hint: "Use the version of lifeboat that wrote it, or a newer one, or restore another backup.",
      cause: error,
    });
  }
}

/** Session settings without which a newer or stricter server refuses statements that the source once took. */
export const CREATE_SETTINGS = {
  // Nested columns are listed flattened by a server that flattens, and must stay whole otherwise.
  flatten_nested: 0,
  allow_suspicious_low_cardinality_types: 1,
  allow_suspicious_fixed_string_types: 1,
  allow_suspicious_codecs: 1,
  allow_suspicious_ttl_expressions: 1,
  allow_suspicious_indices: 1,
  allow_suspicious_variant_types: 1,
  allow_suspicious_primary_key: 1,
  allow_suspicious_types_in_group_by: 1,
  allow_suspicious_types_in_order_by: 1,
  // What is new is an experiment for a few versions, and must be allowed by name as long as it is.
  allow_experimental_json_type: 1,
  allow_experimental_dynamic_type: 1,
  allow_experimental_variant_type: 1,
  allow_experimental_bfloat16_type: 1,
  enable_time_time64_type: 1,
  allow_experimental_qbit_type: 1,
  allow_experimental_nullable_tuple_type: 1,
  allow_experimental_full_text_index: 1,
  allow_experimental_vector_similarity_index: 1,
  allow_experimental_statistics: 1,
  allow_experimental_refreshable_materialized_view: 1,
  allow_experimental_window_view: 1,
  allow_experimental_live_view: 1,
  allow_experimental_alias_table_engine: 1,
  allow_experimental_time_series_table: 1,
  // Otherwise a user's profile could give columns another type than the statement says.
  data_type_default_nullable: 0,
} as const;

/**
 * A script for clickhouse-client, and for curl, which sends one line after the other: a line is one statement, and
 * the first gives the settings. Tables are not created "if not exists": a table in the way must be noticed.
 *
 * @param settings - those of CREATE_SETTINGS that the source knows: any other would fail the script
 */
export function writeScript(
  entries: readonly SchemaEntry[],
  settings: Readonly<Record<string, string | number>>,
): string {
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  // The server writes line breaks of texts as \n: any other is mere layout.
  const statements = entries.map(({ portable }) => portable.replaceAll("\n", " "));
  return [`SET ${assignments.join(", ")}`, ...statements].map((line) => `${line};\n`).join("");
}

/** The portable statement of a database: whatever engine it had, the plain server chooses. */
export function writeCreateDatabase(name: string): string {
  return `CREATE DATABASE IF NOT EXISTS ${quoteName(name)}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
