import type { Inventory, SchemaObject } from "../../../backup/inventory.ts";
import { listSchemas, listTables } from "../../../backup/restore-scope.ts";
import { readKind } from "./toc-kinds.ts";

/** One line of an archive's table of contents. */
export interface TocEntry {
  id: number;
  /** In pg_dump's words: "TABLE", "FK CONSTRAINT", "SEQUENCE SET". */
  kind: string;
  /** null for what lies in no schema. */
  schema: string | null;
  /** The name; of what belongs to a table, that table's name before it. */
  tag: string;
  /** Ids of other entries. */
  dependsOn: number[];
  /** As pg_restore --use-list takes it. */
  line: string;
}

/** Their tags begin with their table's name. */
const NAMED_BEHIND_TABLE: ReadonlySet<string> = new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "POLICY",
  "RULE",
  "TRIGGER",
]);
/** What holds rows or shows them. */
export const RELATION_KINDS: ReadonlySet<string> = new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW",
]);

/** What an archive holds, and what of it stands on what. */
export class Toc {
  readonly entries: readonly TocEntry[];
  readonly #byId: ReadonlyMap<number, TocEntry>;

  constructor(entries: readonly TocEntry[]) {
    this.entries = entries;
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
  }

  find(id: number): TocEntry | undefined {
    return this.#byId.get(id);
  }

  /** What an entry stands on itself; ids that the archive only uses for its order are left out. */
  neededBy({ dependsOn }: TocEntry): TocEntry[] {
    return [...new Set(dependsOn)].flatMap((id) => this.#byId.get(id) ?? []);
  }
}

/**
 * Reads what `pg_restore --list --verbose` prints. Its columns are separated by spaces, and names may hold some:
 * the inventory's names tell where a name ends, else the owner is taken for one word.
 *
 * ```text
 * 3479; 0 16456 TABLE DATA public organisations postgres
 * ;	depends on: 222
 * ```
 */
export function parseToc(listing: string, inventory: Inventory): Toc {
  const schemas = ["public", ...listSchemas(inventory)];
  // Those of schemas that the inventory leaves out as well.
  for (const [, schema = ""] of listing.matchAll(/^\d+; 2615 \d+ SCHEMA - (.+) \S+$/gm)) schemas.push(schema);
  schemas.sort((a, b) => b.length - a.length);
  const tables = new Set(listTables(inventory));
  const known = new Set([
    ...tables,
    ...inventory.schema.map(({ name, table }) =>
      table !== undefined && name.startsWith(`${table}.`) ? `${table} ${name.slice(table.length + 1)}` : name,
    ),
  ]);
  const entries: TocEntry[] = [];
  for (const line of listing.split("\n")) {
    const dependencies = /^;\s+depends on: ([\d ]+)$/.exec(line);
    if (dependencies) {
      entries.at(-1)?.dependsOn.push(...(dependencies[1] ?? "").split(" ").map(Number));
      continue;
    }
    const parts = /^(\d+); \d+ \d+ (.*)$/.exec(line);
    if (!parts) continue;
    const [, id, rest = ""] = parts;
    entries.push({ id: Number(id), ...splitRest(rest, schemas, known, tables), dependsOn: [], line });
  }
  return new Toc(entries);
}

function splitRest(
  rest: string,
  schemas: readonly string[],
  known: ReadonlySet<string>,
  tables: ReadonlySet<string>,
): Pick<TocEntry, "kind" | "schema" | "tag"> {
  const kind = readKind(rest);
  const behind = rest.slice(kind.length + 1);
  if (behind.startsWith("- ")) return { kind, schema: null, tag: withoutOwner(behind.slice(2)) };
  const schema = schemas.find((name) => behind.startsWith(`${name} `)) ?? behind.split(" ")[0] ?? "";
  const tagAndOwner = behind.slice(schema.length + 1);
  let tag = withoutOwner(tagAndOwner);
  for (let end = tagAndOwner.lastIndexOf(" "); end > 0; end = tagAndOwner.lastIndexOf(" ", end - 1)) {
    const candidate = tagAndOwner.slice(0, end);
    if (!known.has(`${schema}.${candidate}`)) continue;
    // A table's own name is only the beginning of what is named behind it.
    if (NAMED_BEHIND_TABLE.has(kind) && tables.has(`${schema}.${candidate}`)) break;
    tag = candidate;
    break;
  }
  return { kind, schema, tag };
}

function withoutOwner(text: string): string {
  const end = text.lastIndexOf(" ");
  return end < 0 ? text : text.slice(0, end);
}

/** Of a table or view, its name as inventories write it. */
export function relationName({ schema, tag }: TocEntry): string {
  return `${schema}.${tag}`;
}

/** What the inventory calls the kinds whose words differ; of several, the one that it knows by that name. */
const INVENTORY_KINDS: Readonly<Record<string, readonly string[]>> = {
  "FK CONSTRAINT": ["foreign key"],
  CONSTRAINT: ["primary key", "unique constraint", "exclusion constraint"],
  "TABLE DATA": ["rows"],
  "ROW SECURITY": ["row-level security"],
  TYPE: ["enum", "composite type", "range type"],
  "SEQUENCE SET": ["sequence value"],
};

/** Names an entry as inventories and people do: "foreign key public.orders.orders_user_fkey". */
export function describeEntry(
  entry: TocEntry,
  toc: Toc,
  inventory: Inventory,
): { kind: string; name: string } {
  const kinds = INVENTORY_KINDS[entry.kind] ?? [entry.kind.toLowerCase()];
  const name = nameInInventory(entry, toc, inventory.schema);
  const known = kinds.find((kind) =>
    inventory.schema.some((object) => object.kind === kind && object.name === name),
  );
  return { kind: known ?? kinds[0] ?? entry.kind.toLowerCase(), name };
}

function nameInInventory(entry: TocEntry, toc: Toc, objects: readonly SchemaObject[]): string {
  const { kind, schema, tag } = entry;
  if (schema === null) return tag;
  const table = toc
    .neededBy(entry)
    .find((needed) => RELATION_KINDS.has(needed.kind) && tag.startsWith(`${needed.tag} `));
  if (table && kind !== "COMMENT") return `${schema}.${table.tag}.${tag.slice(table.tag.length + 1)}`;
  const name = `${schema}.${tag}`;
  const open = name.indexOf("(");
  if (open < 0) return name;
  // The archive names types of arguments, the inventory their names as well.
  const alike = objects.filter((object) => object.name.startsWith(name.slice(0, open + 1)));
  return alike.length === 1 ? (alike[0]?.name ?? name) : name;
}
