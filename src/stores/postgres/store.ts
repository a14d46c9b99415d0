import type { PostgresManifest } from "../../backup/manifest.ts";
import { findOrExplain } from "../../finding.ts";
import type { Finding } from "../../finding.ts";
import type { RunContext } from "../../run-context.ts";
import { secondsSince } from "../../sys/clock.ts";
import type { BackupSink, Store } from "../store.ts";
import { readSchemaObjects, readTables } from "./catalog.ts";
import { findPostgresTools, noteNewerTools } from "./clients/find.ts";
import type { PostgresTools } from "./clients/tools.ts";
import { describeConnection, parsePostgresAddress } from "./connection.ts";
import type { PostgresAddress, PostgresConnection } from "./connection.ts";
import { Dump } from "./dump.ts";
import { refuseTransactionPooler } from "./faults.ts";
import { readNamedRoles } from "./grants.ts";
import { READER_COUNT, assembleInventory, digestTables } from "./inventory.ts";
import { readRoleAttributes } from "./roles.ts";
import { requireReadRights } from "./rights.ts";
import { readServerFacts } from "./server.ts";
import type { ServerFacts } from "./server.ts";
import { withSession } from "./session.ts";
import { Snapshot } from "./snapshot.ts";

export interface PostgresStoreOptions extends PostgresAddress {
  name: string;
  /** Exact names of schemas to leave out. */
  excludeSchemas?: readonly string[];
}

/** @throws AppError CONFIG_INVALID for a URL that cannot be read */
export function createPostgresStore(options: PostgresStoreOptions, context: RunContext): Store {
  return new PostgresStore(options, context);
}

class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly name: string;
  readonly #connection: PostgresConnection;
  readonly #excludedSchemas: readonly string[];
  readonly #context: RunContext;
  #checked: { server: ServerFacts; tools: PostgresTools } | undefined;

  constructor(options: PostgresStoreOptions, context: RunContext) {
    const { name, excludeSchemas = [] } = options;
    this.name = name;
    this.#connection = parsePostgresAddress(name, options, context.redactor);
    this.#excludedSchemas = excludeSchemas;
    this.#context = context;
  }

  async check(): Promise<string> {
    const { server, tools } = await this.#check();
    return `PostgreSQL ${server.version} at ${describeConnection(this.#connection)}, with ${tools.version}`;
  }

  async diagnose(): Promise<Finding[]> {
    return [await findOrExplain("connection", () => this.check())];
  }

  async backup(sink: BackupSink): Promise<PostgresManifest> {
    const { clock } = this.#context;
    const startMs = clock.ticksMs();
    const { server, tools } = this.#checked ?? (await this.#check());
    const toolNote = noteNewerTools(tools, server.major);
    if (toolNote !== undefined) this.#context.reporter.warn(`${this.name}: ${toolNote}`);
    const snapshot = await Snapshot.open(this.#connection, this.#context, READER_COUNT);
    try {
      const { archive, inventory, roles, roleAttributes } = await this.#backupSnapshot(
        snapshot,
        sink,
        server,
        tools,
      );
      return {
        kind: "postgres",
        store: this.name,
        server: { version: server.version },
        source: { id: server.databaseId, database: this.#connection.database },
        archive: { ...archive, format: "custom" },
        tool: tools.version,
        ...(toolNote !== undefined && { toolNote }),
        excludedSchemas: [...this.#excludedSchemas],
        roles,
        roleAttributes,
        inventory,
        leftOut: this.#leftOut(),
        seconds: secondsSince(clock, startMs),
      };
    } finally {
      snapshot.cut();
    }
  }

  async close(): Promise<void> {
    // Every session is closed by the call that opened it.
  }

  async #check(): Promise<{ server: ServerFacts; tools: PostgresTools }> {
    refuseTransactionPooler(this.#connection);
    const server = await withSession(
      this.#connection,
      this.#context,
      async (session) => {
        const facts = await readServerFacts(session, this.#connection);
        await requireReadRights(session, this.#connection.user, this.#excludedSchemas);
        return facts;
      },
      { patient: true },
    );
    this.#checked = { server, tools: await findPostgresTools(server.major, this.#context) };
    return this.#checked;
  }

  /** The dump and the inventory of one snapshot, at the same time; the first to fail ends the other. */
  async #backupSnapshot(
    snapshot: Snapshot,
    sink: BackupSink,
    server: ServerFacts,
    tools: PostgresTools,
  ): Promise<
    Pick<PostgresManifest, "inventory" | "roles" | "roleAttributes"> & {
      archive: Awaited<ReturnType<BackupSink["put"]>>;
    }
  > {
    const excluded = this.#excludedSchemas;
    const tables = await readTables(snapshot.leader, excluded);
    const schema = await readSchemaObjects(snapshot.leader, excluded);
    const roles = await readNamedRoles(snapshot.leader, excluded);
    const roleAttributes = await readRoleAttributes(snapshot.leader, roles);
    const dump = new Dump(
      {
        connection: this.#connection,
        tools,
        snapshotId: snapshot.id,
        excludedSchemas: excluded,
        tables,
        label: `${this.name}: dump`,
      },
      this.#context,
    );
    let firstFault: unknown;
    const failAll = (error: unknown): void => {
      firstFault ??= error;
      dump.fail(error);
      snapshot.cut();
    };
    const putting = sink.put("app.dump", dump.body, server.databaseSizeBytes);
    const digesting = digestTables(snapshot, tables, this.#context, `${this.name}: inventory`);
    for (const work of [putting, digesting, snapshot.leader.lost]) work.catch(failAll);
    const [put, digested] = await Promise.allSettled([putting, digesting]);
    if (put.status === "rejected" || digested.status === "rejected") throw firstFault;
    // Proof that the session which held the snapshot was there until the end.
    await snapshot.leader.run("Ending the snapshot", "COMMIT");
    const inventory = assembleInventory(digested.value, schema, dump.contents.sequences);
    return { archive: put.value, inventory, roles, roleAttributes };
  }

  #leftOut(): PostgresManifest["leftOut"] {
    return [
      {
        what: "Owners",
        why: "What is restored belongs to the role that restores it; grants to others are kept.",
      },
      {
        what: "Passwords and logins of roles, and settings of roles and of the database",
        why: "They belong to the server; roles that grants and policies name are made again without a login.",
      },
      {
        what: "Subscriptions",
        why: "Their definition holds a password, and a copy would take over the original's slot.",
      },
      ...this.#excludedSchemas.map((schema) => ({
        what: `Schema ${schema}`,
        why: "The configuration excludes it.",
      })),
    ];
  }
}
