import type { Inventory, TableInventory } from "../../backup/inventory.ts";
import type { ClickHouseManifest, StoreManifest } from "../../backup/manifest.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { withDeadline } from "../../sys/clock.ts";
import type { Secret } from "../../sys/secret.ts";
import { connectionVariable } from "../store.ts";
import type {
  QueryIdentity,
  RestoreOutcome,
  RestoreRequest,
  Target,
  TargetFacts,
  ThrowawayTarget,
} from "../store.ts";
import { readCatalog } from "./catalog.ts";
import { describeHost, parseConnection, urlWithDatabase } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { idOf } from "./ddl.ts";
import { describeInventory, hashIdentity } from "./inventory.ts";
import { DROP_SETTINGS, Ledger } from "./ledger.ts";
import { countRows } from "./reading.ts";
import { Restoration } from "./restore.ts";
import { ClickHouseServer } from "./server.ts";
import { quotePath, quoteTexts, splitStatements } from "./sql-text.ts";

/** Cleaning up after a run must go on after it was cancelled, but not for ever. */
const CLEANUP_LIMIT_MS = 120_000;
/** The kinds of an inventory that lie in a database under a name of their own. */
const NAMED_KINDS: ReadonlySet<string> = new Set(["table", "view", "materialized view", "dictionary"]);

export interface ClickHouseTargetOptions {
  store: string;
  url: Secret;
}

/** A server that a backup is restored into, under the backup's own names. @throws AppError CONFIG_INVALID */
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
  return new ClickHouseTarget(options, context);
}

class ClickHouseTarget implements ThrowawayTarget {
  readonly store: string;
  readonly kind = "clickhouse";
  readonly #connection: Connection;
  readonly #context: RunContext;
  readonly #ledger = new Ledger();
  #server: Promise<ClickHouseServer> | undefined;
  #operator: Promise<ClickHouseServer> | undefined;
  #database: string | undefined;
  /** What lay beside the backup's tables before the restore, and is none of its business. */
  #foreign: ReadonlySet<string> = new Set();
  #wakeUps: string[] = [];

  constructor({ store, url }: ClickHouseTargetOptions, context: RunContext) {
    this.store = store;
    this.#context = context;
    this.#connection = parseConnection(url, context.redactor);
    this.#database = this.#connection.database;
  }

  async inspect(backup: StoreManifest): Promise<TargetFacts> {
    const server = await this.#connect();
    const { databases, ids } = describeNames(backup);
    const catalog = await readCatalog(server, await this.#findExisting(server, databases));
    const present = catalog.entries.filter(({ kind }) => NAMED_KINDS.has(kind)).map(idOf);
    return {
      id: hashIdentity(catalog),
      host: describeHost(this.#connection),
      databases,
      occupiedBy: present.filter((id) => ids.has(id)),
      serverVersion: server.version,
    };
  }

  async restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome> {
    const manifest = requireClickHouse(backup);
    const server = await this.#connect();
    const { databases, ids } = describeNames(manifest);
    this.#database ??= databases[0];
    const catalog = await readCatalog(server, await this.#findExisting(server, databases));
    const present = catalog.entries.filter(({ kind }) => NAMED_KINDS.has(kind));
    const inTheWay = present.filter((entry) => ids.has(idOf(entry)));
    if (inTheWay.length > 0 && !request.replace) throw notEmpty(this.#connection, inTheWay.map(idOf));
    this.#foreign = new Set(present.map(idOf).filter((id) => !ids.has(id)));
    const restoration = new Restoration(server, manifest, request.objects, this.#ledger, this.#context);
    try {
      for (const { kind, database, name } of inTheWay) {
        const what = kind === "dictionary" ? "DICTIONARY" : "TABLE";
        await server.run(`DROP ${what} ${quotePath(database, name)} SYNC`, DROP_SETTINGS);
      }
      await restoration.run();
      this.#wakeUps = restoration.wakeUps;
      return { lost: [] };
    } catch (error) {
      await this.#removeAll().catch((cleanup: unknown) => {
        // The reason why the restore failed matters more; what is left is named.
        this.#context.reporter.warn(`What the failed restore had made is still there: ${String(cleanup)}`);
      });
      throw error;
    }
  }

  async takeInventory(backup: StoreManifest): Promise<Inventory> {
    const server = await this.#connect();
    const { databases } = describeNames(backup);
    const all = await readCatalog(server, await this.#findExisting(server, databases));
    const entries = all.entries.filter((entry) => !this.#foreign.has(idOf(entry)));
    const wanted = all.tables.filter((table) => !this.#foreign.has(idOf(table)));
    const tables: TableInventory[] = [];
    for (const table of wanted) tables.push({ name: idOf(table), ...(await countRows(server, table)) });
    return describeInventory({ ...all, entries }, tables);
  }

  async settle(): Promise<void> {
    if (this.#wakeUps.length === 0) return;
    await this.#cleanUp(async (server) => {
      for (const statement of this.#wakeUps.splice(0)) await server.run(statement);
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
    return {
      [connectionVariable(this.store)]: urlWithDatabase(this.#connection, this.#database ?? "default"),
    };
  }

  async destroy(): Promise<void> {
    await this.#removeAll();
  }

  async close(): Promise<void> {
    const servers = await Promise.allSettled([this.#server, this.#operator]);
    // A server that could not be reached has nothing to close.
    for (const server of servers) if (server.status === "fulfilled") await server.value?.close();
  }

  async #removeAll(): Promise<void> {
    await this.#cleanUp((server) => this.#ledger.dropAll(server));
  }

  async #cleanUp(work: (server: ClickHouseServer) => Promise<void>): Promise<void> {
    const signal = withDeadline(new AbortController().signal, CLEANUP_LIMIT_MS);
    const server = await ClickHouseServer.connect(this.#withoutDatabase(), { ...this.#context, signal });
    try {
      await work(server);
    } finally {
      await server.close();
    }
  }

  #connect(): Promise<ClickHouseServer> {
    this.#server ??= ClickHouseServer.connect(this.#withoutDatabase(), this.#context);
    return this.#server;
  }

  /** The address may name a database that the restore is about to make. */
  #withoutDatabase(): Connection {
    return { ...this.#connection, database: undefined };
  }

  async #findExisting(server: ClickHouseServer, databases: readonly string[]): Promise<string[]> {
    if (databases.length === 0) return [];
    const found = await server.rows<{ name: string }>(
      `SELECT name FROM system.databases WHERE name IN (${quoteTexts(databases)})`,
    );
    return found.map(({ name }) => name);
  }
}

/** The databases of a backup, and the ids of what it restores into them. */
function describeNames(backup: StoreManifest): { databases: string[]; ids: Set<string> } {
  const { schema, tables } = backup.inventory;
  const named = schema.filter(({ kind }) => NAMED_KINDS.has(kind));
  return {
    databases: schema.filter(({ kind }) => kind === "database").map(({ name }) => name),
    ids: new Set([...named, ...tables].map(({ name }) => name)),
  };
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

function notEmpty(connection: Connection, names: readonly string[]): AppError {
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "");
  return new AppError("TARGET_REFUSED", `ClickHouse at ${connection.endpoint} already has ${shown}.`, {
    hint: "Restore into an empty server, or name the target on purpose to replace what is there.",
  });
}
