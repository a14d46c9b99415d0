import { text } from "node:stream/consumers";
import type { Inventory, TableInventory } from "../../../backup/inventory.ts";
import type { ClickHouseManifest, StoreManifest } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Secret } from "../../../sys/secret.ts";
import { connectionVariables } from "../../store.ts";
import type {
  ObjectSource,
  Placement,
  QueryIdentity,
  RestoreOutcome,
  RestoreRequest,
  Target,
  TargetFacts,
  ThrowawayTarget,
} from "../../store.ts";
import type { RestoreScope } from "../../../backup/restore-scope.ts";
import { applyAccess } from "./access-restore.ts";
import { readCatalog } from "../catalog/catalog.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { CleanUp } from "./clean-up.ts";
import { addressOf, describeHost, parseConnection } from "../server/connection.ts";
import type { Connection } from "../server/connection.ts";
import { countSelected } from "./count-selected.ts";
import { idOf, parseSchema } from "../sql/ddl.ts";
import type { SchemaPlan } from "../sql/ddl.ts";
import { clear, requireNothingFires, requireSameColumns } from "./existing-tables.ts";
import { findExisting, findInTheWay, notEmpty, requireThere } from "./in-the-way.ts";
import { describeInventory, hashIdentity } from "../catalog/inventory.ts";
import { DROP_SETTINGS, Ledger } from "./ledger.ts";
import { Relocation } from "./relocation.ts";
import { Restoration } from "./restore.ts";
import { findLeftovers } from "./leftovers.ts";
import { isNamed, Selection } from "./selection.ts";
import { ClickHouseServer } from "../server/server.ts";
import type { ServerMode } from "../store.ts";
import { quotePath, quoteTexts, splitStatements } from "../sql/sql-text.ts";

export interface ClickHouseTargetOptions {
  store: string;
  url: Secret;
  /** Where the server that was backed up wrote its rows to, with the credentials that reading them needs. */
  serverMode?: ServerMode | undefined;
  placement?: Pick<Placement, "databaseNames">;
}

/** A server that a backup is restored into, under the backup's own names or those that the operator gave. @throws AppError CONFIG_INVALID */
export function createClickHouseTarget(options: ClickHouseTargetOptions, context: RunContext): Target {
  return new ClickHouseTarget(options, context);
}

/**
 * A server that a backup is restored into for a while. Views name the databases they read from, so the names are
 * the backup's own, and nothing of those names may be there yet.
 *
 * @throws AppError CONFIG_INVALID
 */
export async function createClickHouseThrowaway(
  options: ClickHouseTargetOptions,
  context: RunContext,
): Promise<ThrowawayTarget> {
  return new ClickHouseTarget(options, context, true);
}

class ClickHouseTarget implements ThrowawayTarget {
  readonly store: string;
  readonly kind = "clickhouse";
  readonly #connection: Connection;
  readonly #context: RunContext;
  readonly #ledger = new Ledger();
  readonly #cleanUp: CleanUp;
  #server: Promise<ClickHouseServer> | undefined;
  #operator: Promise<ClickHouseServer> | undefined;
  #database: string | undefined;
  /** What lay beside the backup's tables before the restore, and is none of its business. */
  #foreign: ReadonlySet<string> = new Set();
  #wakeUps: string[] = [];
  /** Views of a copy that is thrown away never refresh themselves: what they read might lie elsewhere. */
  #refreshes: string[] = [];
  readonly #isThrowaway: boolean;
  #relocation: Relocation | undefined;
  readonly #databaseNames: Placement["databaseNames"];

  readonly #serverMode: ServerMode | undefined;

  constructor(
    { store, url, serverMode, placement }: ClickHouseTargetOptions,
    context: RunContext,
    isThrowaway = false,
  ) {
    this.#serverMode = serverMode;
    this.#isThrowaway = isThrowaway;
    this.#databaseNames = placement?.databaseNames;
    this.store = store;
    this.#context = context;
    this.#connection = parseConnection(url, context.redactor);
    this.#database = this.#connection.database;
    this.#cleanUp = new CleanUp(this.#withoutDatabase(), this.#ledger, context);
  }

  async relocate(
    backup: StoreManifest,
    scope: RestoreScope | undefined,
    objects: ObjectSource,
  ): Promise<{ store: StoreManifest; scope?: RestoreScope }> {
    if (!this.#databaseNames) return { store: backup, ...(scope && { scope }) };
    const manifest = requireClickHouse(backup);
    const schema = await readSchema(manifest, objects);
    const relocation = new Relocation(this.#databaseNames, manifest, schema);
    this.#relocation = relocation;
    this.#database = relocation.moveDatabase(this.#database);
    return { store: relocation.moveBackup(manifest), ...(scope && { scope: relocation.moveScope(scope) }) };
  }

  async inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts> {
    const server = await this.#connect();
    const selection = new Selection(requireClickHouse(backup), scope);
    const catalog = await this.#readCatalog(server, listDatabases(backup));
    const { objects, rows } = await findInTheWay(server, catalog, selection);
    for (const { found, mend } of await findLeftovers(server, this.#context)) {
      this.#context.reporter.warn(`${found} ${mend}`);
    }
    return {
      id: hashIdentity(catalog),
      host: describeHost(this.#connection),
      databases: [...selection.databases],
      occupiedBy: [...objects, ...rows].map(idOf),
      serverVersion: server.version,
    };
  }

  async restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome> {
    const manifest = requireClickHouse(backup);
    const selection = new Selection(manifest, request.scope);
    const server = await this.#connect();
    this.#database ??= selection.databases[0];
    const catalog = await this.#readCatalog(server, selection.databases);
    const { objects, rows } = await findInTheWay(server, catalog, selection);
    if (objects.length + rows.length > 0 && !request.replace) {
      throw notEmpty(this.#connection, [...objects, ...rows].map(idOf));
    }
    const present = catalog.entries.filter(isNamed).map(idOf);
    this.#foreign = new Set(present.filter((id) => !selection.ids.has(id)));
    const existing = selection.fillsTables ? findExisting(catalog, selection) : [];
    if (selection.content === "data") requireThere(selection, manifest, existing);
    existing.forEach(requireSameColumns);
    for (const { table } of existing) if (table.storage !== "parts") await requireNothingFires(server, table);
    const own = await readSchema(manifest, request.objects);
    const schema = this.#relocation?.movePlan(own) ?? own;
    const restoration = new Restoration(
      server,
      manifest,
      selection,
      request.objects,
      this.#ledger,
      this.#context,
      this.#serverMode,
    );
    try {
      for (const { kind, database, name } of objects) {
        const what = kind === "dictionary" ? "DICTIONARY" : "TABLE";
        await server.run(`DROP ${what} ${quotePath(database, name)} SYNC`, DROP_SETTINGS);
      }
      for (const table of rows) await clear(server, table, selection.partitions);
      await restoration.run(schema, existing);
      this.#wakeUps = restoration.wakeUps;
      this.#refreshes = restoration.refreshes;
      const refused = request.access ? await applyAccess(server, manifest, request.objects) : [];
      return { lost: [], refused };
    } catch (error) {
      await this.#cleanUp.removeAll(restoration.undo).catch((cleanup: unknown) => {
        // The reason why the restore failed matters more; what is left is named.
        this.#context.reporter.warn(`What the failed restore had made is still there: ${String(cleanup)}`);
      });
      throw error;
    }
  }

  async takeInventory(backup: StoreManifest, scope?: RestoreScope): Promise<Inventory> {
    const server = await this.#connect();
    const selection = new Selection(requireClickHouse(backup), scope);
    const all = await this.#readCatalog(server, selection.databases);
    const functions = new Set(
      backup.inventory.schema.flatMap(({ kind, name }) => (kind === "function" ? [name] : [])),
    );
    const isOurs = (each: { kind?: string; database: string; name: string }): boolean =>
      // Functions belong to the server: those of others are none of the backup's business.
      each.kind === "function" ? functions.has(each.name) : !this.#foreign.has(idOf(each));
    const tables: TableInventory[] = [];
    for (const table of all.tables.filter(isOurs)) {
      tables.push({ name: idOf(table), ...(await countSelected(server, table, selection)) });
    }
    const ours = { ...all, entries: all.entries.filter(isOurs) };
    const inventory = describeInventory(ours, tables);
    return this.#relocation?.markOldNames(inventory, ours) ?? inventory;
  }

  async settle(): Promise<void> {
    // What a cancelled drill has made goes in a moment, and its seconds are counted.
    if (this.#isThrowaway && this.#context.signal.aborted) return;
    const statements = [...this.#wakeUps.splice(0), ...(this.#isThrowaway ? [] : this.#refreshes.splice(0))];
    if (statements.length === 0) return;
    await this.#cleanUp.run(async (server) => {
      for (const statement of statements) await server.run(statement);
    });
  }

  /** Statements end with semicolons. The rows of the last one come as JSON: leave FORMAT out. */
  async query(sql: string, as?: QueryIdentity): Promise<Record<string, unknown>[]> {
    if (as?.role !== undefined || as?.settings !== undefined) {
      throw new AppError("CONFIG_INVALID", "A query on ClickHouse cannot be run as another role here.", {
        hint: "Leave as-role and settings out: they are for Postgres and its policies.",
      });
    }
    this.#operator ??= ClickHouseServer.connect(
      { ...this.#connection, database: this.#database },
      this.#context,
    );
    const server = await this.#operator;
    let rows: Record<string, unknown>[] = [];
    for (const statement of splitStatements(sql)) rows = await server.runAny(statement);
    return rows;
  }

  connectionEnv(): Record<string, string> {
    return connectionVariables(this.store, addressOf(this.#connection, this.#database ?? "default"));
  }

  async destroy(): Promise<void> {
    await this.#cleanUp.removeAll();
  }

  async close(): Promise<void> {
    const servers = await Promise.allSettled([this.#server, this.#operator]);
    // A server that could not be reached has nothing to close.
    for (const server of servers) if (server.status === "fulfilled") await server.value?.close();
  }

  #connect(): Promise<ClickHouseServer> {
    this.#server ??= ClickHouseServer.connect(this.#withoutDatabase(), this.#context);
    return this.#server;
  }

  /** The address may name a database that the restore is about to make. */
  #withoutDatabase(): Connection {
    return { ...this.#connection, database: undefined };
  }

  /** Of those databases that are there. */
  async #readCatalog(server: ClickHouseServer, databases: readonly string[]): Promise<Catalog> {
    if (databases.length === 0) return await readCatalog(server, []);
    const found = await server.rows<{ name: string }>(
      `SELECT name FROM system.databases WHERE name IN (${quoteTexts(databases)})`,
    );
    return await readCatalog(
      server,
      found.map(({ name }) => name),
    );
  }
}

/** @throws AppError BACKUP_DAMAGED, OBJECT_MISSING */
async function readSchema({ ddl }: ClickHouseManifest, objects: ObjectSource): Promise<SchemaPlan> {
  return parseSchema(await text(await objects.open(ddl.objects)));
}

function listDatabases({ inventory }: StoreManifest): string[] {
  return inventory.schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
}

function requireClickHouse(backup: StoreManifest): ClickHouseManifest {
  if (backup.kind === "clickhouse") return backup;
  throw new AppError(
    "TARGET_REFUSED",
    `${backup.store} is a ${backup.kind} backup and cannot go into ClickHouse.`,
    {
      hint: "Give the store a target of its own kind.",
    },
  );
}
