import type { SchemaObject } from "../../../backup/inventory.ts";
import type { ClickHouseManifest, ClickHousePart } from "../../../backup/manifest.ts";
import { isSelective, ScopeReader } from "../../../backup/restore-scope.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { idOf } from "../sql/ddl.ts";
import type { SchemaEntry, SchemaPlan } from "../sql/ddl.ts";
import { tokenise } from "../sql/sql-text.ts";

/** The kinds of an inventory that lie in a database under a name of their own. */
const NAMED_KINDS: ReadonlySet<string> = new Set(["table", "view", "materialized view", "dictionary"]);

/** What of a backup one restore brings back. */
export class Selection {
  readonly content: RestoreScope["content"];
  /** Ids of partitions, where only these of the chosen tables are meant. */
  readonly partitions: ReadonlySet<string> | undefined;
  /** Ids of the tables, views and dictionaries that are chosen. */
  readonly ids: ReadonlySet<string>;
  /** The databases that they lie in. */
  readonly databases: readonly string[];
  readonly #backup: ClickHouseManifest;
  readonly #isSelective: boolean;
  readonly #reader: ScopeReader;

  constructor(backup: ClickHouseManifest, scope: RestoreScope = { content: "all" }) {
    this.#backup = backup;
    this.content = scope.content;
    this.partitions = scope.partitions && new Set(scope.partitions);
    this.#isSelective = isSelective(scope);
    this.#reader = new ScopeReader(backup.inventory, scope);
    const { schema, tables } = backup.inventory;
    const named = schema.filter((object) => NAMED_KINDS.has(object.kind) && this.#isMet(object));
    const names = [...named, ...tables].map(({ name }) => name);
    this.ids = new Set(names.filter((id) => this.#reader.holdsTable(id)));
    const all = schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
    const isUsed = (database: string): boolean =>
      (scope.schemas?.includes(database) ?? false) ||
      [...this.ids].some((id) => id.startsWith(`${database}.`));
    this.databases = this.#isSelective ? all.filter(isUsed) : all;
  }

  /** Whether tables that are there are filled, rather than created. */
  get fillsTables(): boolean {
    return this.content === "data" || this.partitions !== undefined;
  }

  holdsPart({ database, table, partition }: ClickHousePart): boolean {
    if (this.content === "structure" || !this.ids.has(idOf({ database, name: table }))) return false;
    return this.partitions?.has(partition) ?? true;
  }

  /** Parts of the selection, of one table or view. */
  partsOf({ database, name }: { database: string; name: string }): ClickHousePart[] {
    return this.#backup.parts.filter(
      (part) => part.database === database && part.table === name && this.holdsPart(part),
    );
  }

  /** What is created: the chosen, and the databases, functions and dictionaries that it cannot do without. */
  narrow({ beforeData, afterData }: SchemaPlan): SchemaPlan {
    if (this.content === "data") return { beforeData: [], afterData: [] };
    if (!this.#isSelective) return { beforeData, afterData };
    const all = [...beforeData, ...afterData];
    const byId = new Map(all.map((entry) => [idOf(entry), entry]));
    const chosen = new Set(all.filter((entry) => NAMED_KINDS.has(entry.kind) && this.ids.has(idOf(entry))));
    // A set is walked to its end, also when it grows on the way.
    for (const entry of chosen) {
      for (const id of entry.dependsOn) {
        const needed = byId.get(id);
        if (needed?.kind === "dictionary") chosen.add(needed);
      }
    }
    const called = new Set([...chosen].flatMap(({ portable }) => listCalls(portable)));
    const databases = new Set([...this.databases, ...[...chosen].map(({ database }) => database)]);
    const isWanted = (entry: SchemaEntry): boolean =>
      chosen.has(entry) ||
      (entry.kind === "database" && databases.has(entry.name)) ||
      (entry.kind === "function" && called.has(entry.name));
    return { beforeData: beforeData.filter(isWanted), afterData: afterData.filter(isWanted) };
  }

  /** A view whose source is left out is left out too, and the comparison names it. */
  #isMet(object: SchemaObject): boolean {
    return this.#reader.findUnmet(object).length === 0;
  }
}

function listCalls(statement: string): string[] {
  const tokens = tokenise(statement);
  return tokens.filter((_, at) => tokens[at + 1]?.text === "(").map(({ value }) => value);
}

export function isNamed({ kind }: { kind: string }): boolean {
  return NAMED_KINDS.has(kind);
}
