import type { ClickHouseManifest, ClickHousePart } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { ObjectSource } from "../../store.ts";
import { forEachAtOnce } from "../../at-once.ts";
import { idOf } from "../sql/ddl.ts";
import type { SchemaEntry, SchemaPlan } from "../sql/ddl.ts";
import { isRefreshable } from "../sql/ddl-portable.ts";
import { findStorage } from "../sql/engines.ts";
import { fillByPartitions } from "./existing-tables.ts";
import type { ExistingTable } from "./existing-tables.ts";
import type { Ledger } from "./ledger.ts";
import { listColumns } from "../catalog/reading.ts";
import type { Selection } from "./selection.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { findPlace } from "../server-mode/server-destination.ts";
import { importByServer } from "../server-mode/server-export.ts";
import { quotePath, quoteText } from "../sql/sql-text.ts";
import type { ServerMode } from "../store.ts";

const LOADS_AT_ONCE = 4;
/** How long the server's own RESTORE may take where the configuration does not say. */
const RESTORE_LIMIT_MS = 6 * 3_600_000;

/** What keeps every row as it was stored: nothing merged, deduplicated, computed again or left to later. */
const EXACT_INSERT = {
  optimize_on_insert: 0,
  async_insert: 0,
  insert_deduplicate: 0,
  deduplicate_insert: "disable",
  insert_allow_materialized_columns: 1,
  max_partitions_per_insert_block: 0,
  max_execution_time: 0,
  http_receive_timeout: 1800,
  // Otherwise an answer of 200 may be sent before the last block is in.
  wait_end_of_query: 1,
} as const;

/** Restores what was chosen of one backup into one server. What it creates it enters in the ledger first thing. */
export class Restoration {
  readonly #server: ClickHouseServer;
  readonly #backup: ClickHouseManifest;
  readonly #selection: Selection;
  readonly #objects: ObjectSource;
  readonly #ledger: Ledger;
  readonly #context: RunContext;
  readonly #serverMode: ServerMode | undefined;
  /** Statements that undo what holds merges still. */
  readonly wakeUps: string[] = [];
  /** Statements that let views refresh themselves again. */
  readonly refreshes: string[] = [];
  /** Statements that give tables which were there before back as they were, should the restore fail. */
  readonly undo: string[] = [];

  constructor(
    server: ClickHouseServer,
    backup: ClickHouseManifest,
    selection: Selection,
    objects: ObjectSource,
    ledger: Ledger,
    context: RunContext,
    serverMode?: ServerMode,
  ) {
    this.#serverMode = serverMode;
    this.#server = server;
    this.#backup = backup;
    this.#selection = selection;
    this.#objects = objects;
    this.#ledger = ledger;
    this.#context = context;
  }

  /**
   * @param schema - of the whole backup, under the names that it goes to
   * @param existing - tables that are there and are filled rather than created
   * @throws AppError STORE_FAILED, BACKUP_DAMAGED, OBJECT_MISSING
   */
  async run(schema: SchemaPlan, existing: readonly ExistingTable[]): Promise<void> {
    if (this.#backup.serverBackup && this.#selection.fillsTables) throw fillsNoTables(this.#backup.store);
    const { beforeData, afterData } = this.#selection.narrow(schema);
    const isThere = new Set(existing.map(({ table }) => idOf(table)));
    const tables = beforeData.filter((entry) => entry.kind === "table" && !isThere.has(idOf(entry)));
    for (const entry of beforeData) {
      if (isThere.has(idOf(entry))) continue;
      await this.#ledger.create(this.#server, entry);
      if (entry.kind === "table" && findStorage(entry.engine) === "parts") {
        await this.#holdMerges(entry.database, entry.name);
      }
    }
    await this.#load(tables.flatMap((entry) => this.#partsInto(entry, entry.name)));
    await this.#importByServer(tables);
    for (const table of existing) await this.#fill(table);
    for (const entry of afterData) {
      if (isThere.has(idOf(entry))) continue;
      await this.#ledger.create(this.#server, entry);
      if (entry.kind === "materialized view") await this.#fillInnerTable(entry);
    }
  }

  async #fill(existing: ExistingTable): Promise<void> {
    const { table, parts } = existing;
    if (table.storage !== "parts") {
      this.undo.push(`TRUNCATE TABLE ${quotePath(table.database, table.storedIn)}`);
      await this.#load(parts.map((part) => ({ part, table: table.storedIn })));
      return;
    }
    const firstOfTable = this.wakeUps.length;
    await this.#holdMerges(table.database, table.storedIn);
    this.undo.push(...this.wakeUps.slice(firstOfTable));
    const insert = (part: ClickHousePart, into: string): Promise<void> =>
      this.#insert(part, into, this.#context.signal);
    await fillByPartitions(this.#server, this.#ledger, existing, insert, this.undo);
  }

  /** Rows older than a TTL, and versions that replace one another, must be there when they are counted. */
  async #holdMerges(database: string, table: string): Promise<void> {
    const path = quotePath(database, table);
    for (const work of ["MERGES", "TTL MERGES"]) {
      await this.#server.run(`SYSTEM STOP ${work} ${path}`);
      this.wakeUps.push(`SYSTEM START ${work} ${path}`);
    }
  }

  /** A view's own rows go into the table behind it, before any other view that reads from it exists. */
  async #fillInnerTable(entry: SchemaEntry): Promise<void> {
    const path = quotePath(entry.database, entry.name);
    if (isRefreshable(entry.portable)) {
      await this.#server.run(`SYSTEM STOP VIEW ${path}`);
      this.refreshes.push(`SYSTEM START VIEW ${path}`);
    }
    const [database, name] = [quoteText(entry.database), quoteText(entry.name)];
    const [inner] = await this.#server.rows<{ name: string; engine: string }>(
      `SELECT name, engine FROM system.tables WHERE database = ${database} AND (name = concat('.inner.', ${name})
         OR name = concat('.inner_id.', (SELECT toString(any(uuid)) FROM system.tables WHERE database = ${database} AND name = ${name})))`,
    );
    if (!inner) return;
    if (findStorage(inner.engine) === "parts") await this.#holdMerges(entry.database, inner.name);
    await this.#load(this.#partsInto(entry, inner.name));
    await this.#importByServer([entry]);
  }

  /** The rows that the source's server wrote are read by this one, which reaches the same place. */
  async #importByServer(entries: readonly SchemaEntry[]): Promise<void> {
    const { serverBackup, store } = this.#backup;
    if (!serverBackup || this.#selection.content === "structure") return;
    const { destination, deadlineMs } = this.#serverMode ?? {};
    const place = findPlace(serverBackup, destination, store);
    await importByServer(
      this.#server,
      serverBackup,
      place,
      entries,
      deadlineMs ?? RESTORE_LIMIT_MS,
      this.#context,
    );
  }

  #partsInto(entry: SchemaEntry, table: string): { part: ClickHousePart; table: string }[] {
    return this.#selection.partsOf(entry).map((part) => ({ part, table }));
  }

  /** Largest first, as they were read. */
  async #load(loads: { part: ClickHousePart; table: string }[]): Promise<void> {
    loads.sort((a, b) => b.part.sizeBytes - a.part.sizeBytes);
    let done = 0;
    await forEachAtOnce(loads, LOADS_AT_ONCE, async ({ part, table }, signal) => {
      await this.#insert(part, table, signal);
      done += 1;
      this.#context.reporter.progress({ label: "partitions", done, total: loads.length, unit: "objects" });
    });
  }

  async #insert(part: ClickHousePart, table: string, signal: AbortSignal): Promise<void> {
    const query = `INSERT INTO ${quotePath(part.database, table)} (${listColumns(part.columns)}) FORMAT Native`;
    try {
      await this.#server.sendInsert(query, EXACT_INSERT, await this.#objects.open(part), signal);
    } catch (error) {
      // A server that chokes on damaged bytes does so before their digest is known: find out whose fault it is.
      if (error instanceof AppError && error.code === "STORE_FAILED") await this.#readToEnd(part);
      throw error;
    }
  }

  /** @throws AppError BACKUP_DAMAGED when the object is not what was written */
  async #readToEnd(part: ClickHousePart): Promise<void> {
    for await (const _ of await this.#objects.open(part)) {
      // Reading is what proves it.
    }
  }
}

function fillsNoTables(store: string): AppError {
  return new AppError(
    "CONFIG_INVALID",
    `The rows of ${store} were written by its server, and come back only into tables that are made for them.`,
    {
      hint: "Leave out data-only and partitions: choose whole tables, and restore them into a server without them.",
    },
  );
}
