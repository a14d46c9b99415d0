import type { Inventory, SchemaObject } from "../../../backup/inventory.ts";
import type { ClickHouseManifest } from "../../../backup/manifest.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { AppError } from "../../../errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { DatabaseNames } from "../sql/database-names.ts";
import { idOf, writeCreateDatabase } from "../sql/ddl.ts";
import type { SchemaEntry, SchemaPlan } from "../sql/ddl.ts";
import { hashDefinition, listTableItems } from "../sql/ddl-portable.ts";

/** A backup whose databases are restored under other names than their own. */
export class Relocation {
  readonly #names: DatabaseNames;
  readonly #plan: SchemaPlan;

  /**
   * @param names - new names by old ones
   * @param plan - the backup's schema, under its own names
   * @throws AppError CONFIG_INVALID for names that do not fit the backup
   */
  constructor(names: ReadonlyMap<string, string>, backup: ClickHouseManifest, plan: SchemaPlan) {
    requireFit(names, backup);
    if (backup.serverBackup) throw writtenByServer(backup.store);
    const entries = [...plan.beforeData, ...plan.afterData];
    this.#plan = plan;
    this.#names = new DatabaseNames(
      names,
      new Set(entries.filter(({ kind }) => kind !== "database" && kind !== "function").map(idOf)),
    );
  }

  /** The backup as it will be there. Only what its own schema can tell gets another hash. */
  moveBackup(backup: ClickHouseManifest): ClickHouseManifest {
    const rename = (path: string): string => this.#names.renamePath(path);
    const definitions = this.#hashDefinitions();
    const moveObject = (object: SchemaObject): SchemaObject => ({
      ...object,
      name: object.kind === "database" ? this.#names.rename(object.name) : rename(object.name),
      definition: definitions.get(`${keyOf(object)} ${object.definition}`) ?? object.definition,
      ...(object.table !== undefined && { table: rename(object.table) }),
      ...(object.needs && { needs: object.needs.map(rename).sort() }),
    });
    const { inventory, parts } = backup;
    return {
      ...backup,
      inventory: {
        ...inventory,
        tables: inventory.tables.map((table) => ({ ...table, name: rename(table.name) })),
        schema: inventory.schema.map(moveObject),
      },
      parts: parts.map((part) => ({ ...part, database: this.#names.rename(part.database) })),
    };
  }

  moveScope(scope: RestoreScope): RestoreScope {
    const { tables, schemas } = scope;
    return {
      ...scope,
      ...(tables && { tables: tables.map((table) => this.#names.renamePath(table)) }),
      ...(schemas && { schemas: schemas.map((schema) => this.#names.rename(schema)) }),
    };
  }

  movePlan({ beforeData, afterData }: SchemaPlan): SchemaPlan {
    const move = (entry: SchemaEntry): SchemaEntry => this.#moveEntry(entry);
    return { beforeData: beforeData.map(move), afterData: afterData.map(move) };
  }

  moveDatabase(database: string | undefined): string | undefined {
    return database === undefined ? undefined : this.#names.rename(database);
  }

  /** Says of every definition that it still names a database by its old name, so that it differs from the backup's. */
  markOldNames(inventory: Inventory, { entries }: Catalog): Inventory {
    const marks = new Map<string, string>();
    for (const entry of entries) {
      const depends = entry.dependsOn.filter((id) => this.#names.renamePath(id) !== id);
      const old = new Set([...this.#names.findOld(entry.portable), ...depends]);
      if (old.size > 0) marks.set(keyOf({ kind: entry.kind, name: idOf(entry) }), [...old].join(", "));
    }
    const schema = inventory.schema.map((object) => {
      const old = marks.get(keyOf(object));
      return old === undefined
        ? object
        : { ...object, definition: `${object.definition}, which still names ${old}` };
    });
    return { ...inventory, schema };
  }

  #moveEntry(entry: SchemaEntry): SchemaEntry {
    const isDatabase = entry.kind === "database";
    return {
      ...entry,
      database: this.#names.rename(entry.database),
      name: isDatabase ? this.#names.rename(entry.name) : entry.name,
      portable: isDatabase ? this.#renameCreate(entry) : this.#names.rewrite(entry.portable),
      dependsOn: entry.dependsOn.map((id) => this.#names.renamePath(id)),
    };
  }

  #renameCreate({ name, portable }: SchemaEntry): string {
    const renamed = this.#names.rename(name);
    return renamed === name ? portable : writeCreateDatabase(renamed);
  }

  /** Hashes of what the schema will say, by kind, name and hash in the backup. */
  #hashDefinitions(): Map<string, string> {
    const hashes = new Map<string, string>();
    for (const entry of [...this.#plan.beforeData, ...this.#plan.afterData]) {
      const id = idOf(entry);
      const moved = listDefinitions(this.#moveEntry(entry), id);
      listDefinitions(entry, id).forEach(({ key, hash }, at) => {
        hashes.set(`${key} ${hash}`, moved[at]?.hash ?? hash);
      });
    }
    return hashes;
  }
}

function listDefinitions({ kind, portable }: SchemaEntry, name: string): { key: string; hash: string }[] {
  const items = kind === "table" ? listTableItems(portable) : [];
  const own = items.map((item) => ({ ...item, name: `${name}.${item.name}` }));
  return [{ kind, name, definition: portable }, ...own].map((each) => ({
    key: keyOf(each),
    hash: hashDefinition(each.definition),
  }));
}

function keyOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind} ${name}`;
}

function writtenByServer(store: string): AppError {
  return new AppError(
    "CONFIG_INVALID",
    `The rows of ${store} were written by its server, and come back under their own names only.`,
    { hint: "Leave --into-database out, and restore into a server without these databases." },
  );
}

function requireFit(names: ReadonlyMap<string, string>, { inventory }: ClickHouseManifest): void {
  const held = inventory.schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
  const unknown = [...names.keys()].filter((name) => !held.includes(name));
  if (unknown.length > 0) {
    throw new AppError("CONFIG_INVALID", `The backup holds no database ${unknown.join(", no ")}.`, {
      hint: `Name databases of the backup before the equals signs of --into-database: ${held.join(", ")}.`,
    });
  }
  const taken = [...names.values()].filter((name) => held.includes(name));
  if (taken.length > 0) {
    throw new AppError("CONFIG_INVALID", `The backup itself holds a database ${taken.join(", a ")}.`, {
      hint: "Give --into-database names that the backup does not hold.",
    });
  }
}
