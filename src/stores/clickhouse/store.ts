import type { TableInventory } from "../../backup/inventory.ts";
import type {
  ClickHouseManifest,
  ClickHousePart,
  ServerBackup,
  StoredObject,
  StoreManifest,
} from "../../backup/manifest.ts";
import type { StoreShare } from "../../backup/shard-result.ts";
import { explainAsFinding } from "../../finding.ts";
import type { Finding } from "../../finding.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { secondsSince } from "../../sys/clock.ts";
import type { Secret } from "../../sys/secret.ts";
import type { BackupSink, Outline, Share, Store } from "../store.ts";
import { diagnoseAccess, findLackingAccess, readAccess } from "./backup/access.ts";
import { nameEntities, writeAccessScript } from "./backup/access-sql.ts";
import { ACCESS_LEFT_OUT, readCatalog, readDataTables } from "./catalog/catalog.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { parseConnection } from "./server/connection.ts";
import type { Connection } from "./server/connection.ts";
import { CREATE_SETTINGS, planSchema, serialiseSchema, writeScript } from "./sql/ddl.ts";
import { diagnoseServer } from "./doctor/diagnose.ts";
import { diagnoseServerMode } from "./server-mode/diagnose-server-mode.ts";
import { Exporter } from "./backup/export.ts";
import { describeInventory, hashIdentity } from "./catalog/inventory.ts";
import { findReplaced } from "./catalog/replaced-tables.ts";
import { findHiddenRows, findLackingRights, rightsMissing } from "./catalog/rights.ts";
import { ClickHouseServer } from "./server/server.ts";
import type { ServerDestination } from "./server-mode/server-destination.ts";
import { exportByServer } from "./server-mode/server-export.ts";
import { describeShared, listPieces, shareId } from "./backup/sharing.ts";

export interface ServerMode {
  destination: ServerDestination;
  /** How long a BACKUP may take. */
  deadlineMs: number;
}

interface Exports {
  catalog: Catalog;
  parts: ClickHousePart[];
  tables: TableInventory[];
  /** Tables that were replaced or altered each time they were looked at. */
  replaced: string[];
  serverBackup?: ServerBackup;
}

/** How often everything is looked at where tables are replaced under the backup. */
const ATTEMPTS = 3;

export interface ClickHouseStoreOptions {
  name: string;
  url: Secret;
  /** Which databases to back up; else the address's; else all but the server's own. */
  databases?: string[] | undefined;
  /** After this time everything is sent anew. */
  fullEveryMs?: number | undefined;
  /** The server writes the rows itself, to a place that it reaches. */
  serverMode?: ServerMode | undefined;
  /** Users, roles and what they may do come along. */
  access?: true | undefined;
  /** Larger partitions are sent in several objects of about this size. */
  sliceBytes?: number | undefined;
}

/** A ClickHouse server that is backed up over HTTP alone. @throws AppError CONFIG_INVALID */
export function createClickHouseStore(options: ClickHouseStoreOptions, context: RunContext): Store {
  return new ClickHouseStore(options, context);
}

class ClickHouseStore implements Store {
  readonly name: string;
  readonly kind = "clickhouse";
  readonly #connection: Connection;
  readonly #databases: string[] | undefined;
  readonly fullEveryMs: number | undefined;
  readonly #sliceBytes: number | undefined;
  readonly #serverMode: ServerMode | undefined;
  readonly #isAccessKept: boolean;
  readonly #context: RunContext;
  #server: Promise<ClickHouseServer> | undefined;
  /** As it was checked a moment ago: what is true of it is what a backup begins with. */
  #checked: Catalog | undefined;

  constructor(
    { name, url, databases, fullEveryMs, sliceBytes, serverMode, access }: ClickHouseStoreOptions,
    context: RunContext,
  ) {
    this.name = name;
    this.fullEveryMs = fullEveryMs;
    this.#sliceBytes = sliceBytes;
    this.#serverMode = serverMode;
    this.#isAccessKept = access === true;
    this.#context = context;
    this.#connection = parseConnection(url, context.redactor);
    this.#databases = databases ?? (this.#connection.database ? [this.#connection.database] : undefined);
  }

  async check(): Promise<string> {
    const server = await this.#connect();
    const reading = readCatalog(server, this.#databases);
    reading.catch(() => {}); // awaited below, unless the user lacks rights, which tells more
    const lacks = await Promise.all([
      findLackingRights(server, this.#databases),
      this.#isAccessKept ? findLackingAccess(server) : [],
    ]);
    if (lacks.flat().length > 0) throw rightsMissing(server, lacks.flat());
    const catalog = await reading;
    const hidden = await findHiddenRows(server, catalog);
    if (hidden.length > 0) throw rightsMissing(server, hidden);
    this.#checked = catalog;
    return `ClickHouse ${server.version} at ${this.#connection.endpoint}, ${describeDatabases(catalog)}`;
  }

  async diagnose(): Promise<Finding[]> {
    let server: ClickHouseServer;
    try {
      server = await this.#connect();
    } catch (error) {
      return [explainAsFinding("connection", error)];
    }
    const findings = await diagnoseServer(server, this.#databases, this.#context);
    if (this.#isAccessKept) findings.push(await diagnoseAccess(server));
    if (this.#serverMode) findings.push(...(await diagnoseServerMode(server, this.#serverMode.destination)));
    return findings;
  }

  async backup(sink: BackupSink): Promise<ClickHouseManifest> {
    const startMs = this.#context.clock.ticksMs();
    const server = await this.#connect();
    const exports = this.#serverMode
      ? await this.#exportByServer(server, sink, this.#serverMode)
      : await this.#export(server, sink);
    return await this.#describe(server, exports, sink, startMs);
  }

  async outline(previous: StoreManifest | undefined): Promise<Outline> {
    const server = await this.#connect();
    // The server writes all of it by itself, and its backup is one.
    if (this.#serverMode) return { sizeBytes: 0, pieces: [] };
    const { tables } = await this.#takeCatalog(server);
    return { sizeBytes: 0, pieces: await listPieces(server, tables, previous) };
  }

  async backupShare(sink: BackupSink, share: Share): Promise<StoreShare> {
    if (this.#serverMode) return { role: "lead", manifest: await this.backup(sink), tables: [] };
    const startMs = this.#context.clock.ticksMs();
    const server = await this.#connect();
    const exports = await this.#export(server, sink, share);
    const { catalog, replaced } = exports;
    const tables = describeShared(catalog.tables, exports);
    if (share.isLead) {
      const manifest = await this.#describe(server, { ...exports, parts: [], tables: [] }, sink, startMs);
      return { role: "lead", manifest, tables };
    }
    const found = new Set(tables.map(({ table }) => table));
    return {
      role: "other",
      store: this.name,
      source: describeSource(catalog),
      tables,
      missing: share.tables.filter((table) => !found.has(table)),
      notCovered: describeReplaced(replaced),
      seconds: secondsSince(this.#context.clock, startMs),
    };
  }

  async #describe(
    server: ClickHouseServer,
    { catalog, parts, tables, replaced, serverBackup }: Exports,
    sink: BackupSink,
    startMs: number,
  ): Promise<ClickHouseManifest> {
    const plan = planSchema(catalog.entries);
    const put = async (file: string, text: string): Promise<StoredObject> =>
      await sink.put(file, oneChunk(Buffer.from(text)), Buffer.byteLength(text));
    const settings = server.accept(CREATE_SETTINGS);
    const [objects, beforeData, afterData, access] = await Promise.all([
      put("schema.json", serialiseSchema(plan)),
      put("before-data.sql", writeScript(plan.beforeData, settings)),
      put("after-data.sql", writeScript(plan.afterData, settings)),
      this.#isAccessKept ? readAccess(server, catalog.databases) : undefined,
    ]);
    const inventory = describeInventory(catalog, tables);
    inventory.notCovered.push(...describeReplaced(replaced));
    return {
      store: this.name,
      kind: this.kind,
      server: { version: server.version },
      source: describeSource(catalog),
      inventory,
      leftOut: access
        ? [...catalog.leftOut.filter((each) => each !== ACCESS_LEFT_OUT), ...access.leftOut]
        : catalog.leftOut,
      ddl: { objects, beforeData, afterData },
      parts,
      ...(access && {
        access: {
          ...(await put("access.sql", writeAccessScript(access.entities))),
          ...nameEntities(access.entities),
        },
      }),
      ...(serverBackup && { serverBackup }),
      seconds: secondsSince(this.#context.clock, startMs),
    };
  }

  async #exportByServer(server: ClickHouseServer, sink: BackupSink, mode: ServerMode): Promise<Exports> {
    const catalog = await this.#takeCatalog(server);
    if (catalog.tables.length === 0) return { catalog, parts: [], tables: [], replaced: [] };
    const { destination, deadlineMs } = mode;
    const exported = await exportByServer(
      server,
      catalog.tables,
      destination,
      { sink, deadlineMs },
      this.#context,
    );
    return {
      catalog,
      parts: [],
      ...exported,
      replaced: findReplaced(catalog, await readDataTables(server, catalog)),
    };
  }

  /**
   * Exports all tables, and looks afterwards whether they still are the tables that were there before. Where some
   * were exchanged or altered meanwhile, their rows and definitions would not go together: all is looked at again,
   * and what was sent already is referred to.
   */
  async #export(server: ClickHouseServer, sink: BackupSink, share?: Share): Promise<Exports> {
    const choices = { sliceBytes: this.#sliceBytes, holds: share?.holds };
    const exporter = new Exporter(server, sink, this.#context, choices);
    const own = share && !share.isLead ? new Set(share.tables) : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const all = await this.#takeCatalog(server);
      const catalog = own ? { ...all, tables: all.tables.filter((table) => own.has(shareId(table))) } : all;
      const findChanges = async (): Promise<string[]> =>
        findReplaced(catalog, await readDataTables(server, catalog));
      let exported: Awaited<ReturnType<Exporter["exportTables"]>> | undefined;
      let replaced: string[];
      try {
        exported = await exporter.exportTables(catalog.tables);
        replaced = await findChanges();
      } catch (error) {
        const isLast = attempt === ATTEMPTS || !(error instanceof AppError) || error.code !== "STORE_FAILED";
        replaced = isLast ? [] : await findChanges();
        if (replaced.length === 0) throw error;
      }
      if (exported && (replaced.length === 0 || attempt === ATTEMPTS))
        return { catalog, ...exported, replaced };
      this.#context.reporter.info(
        `Looking again, since it was replaced or altered meanwhile: ${replaced.join(", ")}`,
      );
    }
  }

  async close(): Promise<void> {
    // A server that could not be reached has nothing to close.
    await this.#server?.then((server) => server.close()).catch(() => {});
  }

  /** The catalog that was checked, once; then what is there now. */
  async #takeCatalog(server: ClickHouseServer): Promise<Catalog> {
    const checked = this.#checked;
    this.#checked = undefined;
    return checked ?? (await readCatalog(server, this.#databases));
  }

  #connect(): Promise<ClickHouseServer> {
    this.#server ??= ClickHouseServer.connect(this.#connection, this.#context);
    return this.#server;
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function describeSource(catalog: Catalog): ClickHouseManifest["source"] {
  return { id: hashIdentity(catalog), database: catalog.databases.join(", ") };
}

function describeReplaced(replaced: readonly string[]): string[] {
  return replaced.map(
    (name) =>
      `Whether ${name} goes with the other tables: it was replaced or altered again and again while the backup ran.`,
  );
}

function describeDatabases({ databases, tables }: Catalog): string {
  const counted = tables.length === 1 ? "1 table" : `${tables.length} tables`;
  return `${databases.length === 1 ? "database" : "databases"} ${databases.join(", ")} with ${counted} of rows`;
}
