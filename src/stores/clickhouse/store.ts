import type { ClickHouseManifest, StoredObject } from "../../backup/manifest.ts";
import { findOrExplain } from "../../finding.ts";
import type { Finding } from "../../finding.ts";
import type { RunContext } from "../../run-context.ts";
import { secondsSince } from "../../sys/clock.ts";
import type { Secret } from "../../sys/secret.ts";
import type { BackupSink, Store } from "../store.ts";
import { readCatalog } from "./catalog.ts";
import type { Catalog } from "./catalog.ts";
import { parseConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { CREATE_SETTINGS, planSchema, serialiseSchema, writeScript } from "./ddl.ts";
import { Exporter } from "./export.ts";
import { describeInventory, hashIdentity } from "./inventory.ts";
import { findHiddenRows, findLackingRights, rightsMissing } from "./rights.ts";
import { ClickHouseServer } from "./server.ts";

export interface ClickHouseStoreOptions {
  name: string;
  url: Secret;
  /** Which databases to back up; else the address's; else all but the server's own. */
  databases?: string[] | undefined;
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
  readonly #context: RunContext;
  #server: Promise<ClickHouseServer> | undefined;

  constructor({ name, url, databases }: ClickHouseStoreOptions, context: RunContext) {
    this.name = name;
    this.#context = context;
    this.#connection = parseConnection(url, context.redactor);
    this.#databases = databases ?? (this.#connection.database ? [this.#connection.database] : undefined);
  }

  async check(): Promise<string> {
    const server = await this.#connect();
    const lacks = await findLackingRights(server, this.#databases);
    if (lacks.length > 0) throw rightsMissing(server, lacks);
    const catalog = await readCatalog(server, this.#databases);
    const hidden = await findHiddenRows(server, catalog);
    if (hidden.length > 0) throw rightsMissing(server, hidden);
    return `ClickHouse ${server.version} at ${this.#connection.endpoint}, ${describeDatabases(catalog)}`;
  }

  async diagnose(): Promise<Finding[]> {
    return [await findOrExplain("connection", () => this.check())];
  }

  async backup(sink: BackupSink): Promise<ClickHouseManifest> {
    const startMs = this.#context.clock.ticksMs();
    const server = await this.#connect();
    const catalog = await readCatalog(server, this.#databases);
    const plan = planSchema(catalog.entries);
    const put = async (file: string, text: string): Promise<StoredObject> =>
      await sink.put(file, oneChunk(Buffer.from(text)), Buffer.byteLength(text));
    const settings = server.accept(CREATE_SETTINGS);
    const ddl = {
      objects: await put("schema.json", serialiseSchema(plan)),
      beforeData: await put("before-data.sql", writeScript(plan.beforeData, settings)),
      afterData: await put("after-data.sql", writeScript(plan.afterData, settings)),
    };
    const { parts, tables } = await new Exporter(server, sink, this.#context).exportTables(catalog.tables);
    return {
      store: this.name,
      kind: this.kind,
      server: { version: server.version },
      source: { id: hashIdentity(catalog), database: catalog.databases.join(", ") },
      inventory: describeInventory(catalog, tables),
      leftOut: catalog.leftOut,
      ddl,
      parts,
      seconds: secondsSince(this.#context.clock, startMs),
    };
  }

  async close(): Promise<void> {
    // A server that could not be reached has nothing to close.
    await this.#server?.then((server) => server.close()).catch(() => {});
  }

  #connect(): Promise<ClickHouseServer> {
    this.#server ??= ClickHouseServer.connect(this.#connection, this.#context);
    return this.#server;
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function describeDatabases({ databases, tables }: Catalog): string {
  const counted = tables.length === 1 ? "1 table" : `${tables.length} tables`;
  return `${databases.length === 1 ? "database" : "databases"} ${databases.join(", ")} with ${counted} of rows`;
}
