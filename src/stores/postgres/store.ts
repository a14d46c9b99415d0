import { Readable } from "node:stream";
import type { SchemaObject } from "../../backup/inventory.ts";
import type { PostgresManifest } from "../../backup/manifest.ts";
import type { StoreShare } from "../../backup/shard-result.ts";
import { AppError } from "../../errors.ts";
import type { Finding } from "../../finding.ts";
import type { RunContext } from "../../run-context.ts";
import { secondsSince } from "../../sys/clock.ts";
import type { BackupSink, Outline, Store } from "../store.ts";
import { readSchemaObjects, readTables } from "./catalog/catalog.ts";
import type { CatalogTable } from "./catalog/catalog.ts";
import { findPostgresTools, noteNewerTools } from "./clients/find.ts";
import type { PostgresTools } from "./clients/tools.ts";
import { describeConnection, parsePostgresAddress } from "./server/connection.ts";
import type { PostgresAddress, PostgresConnection } from "./server/connection.ts";
import { diagnosePostgresStore } from "./doctor/diagnose.ts";
import { planDigest } from "./catalog/digest.ts";
import type { DigestPlan, DigestRules } from "./catalog/digest.ts";
import { describeDatabaseItself } from "./backup/database-itself.ts";
import { Dump } from "./backup/dump.ts";
import type { DumpSettings } from "./backup/dump.ts";
import { readExtensionTables } from "./server/extensions.ts";
import type { ExtensionTable } from "./server/extensions.ts";
import { readGlobals } from "./backup/globals.ts";
import { readNamedRoles } from "./catalog/grants.ts";
import { explainLockWait } from "./server/lock-holders.ts";
import {
  READER_COUNT,
  applyScope,
  assembleInventory,
  digestTables,
  emptyTable,
} from "./catalog/inventory.ts";
import { describePlatform, readPlatform, recordPlatform, withoutPlatform } from "./catalog/platform.ts";
import type { Platform, Preset } from "./catalog/platform.ts";
import { refuseTransactionPooler } from "./server/poolers.ts";
import { readRoleAttributes } from "./server/roles.ts";
import { requireReadRights } from "./catalog/rights.ts";
import { resolveScope, selectTables } from "./backup/scope.ts";
import type { Scope, ScopeRules } from "./backup/scope.ts";
import { describeLeftOut, recordScope } from "./backup/scope-record.ts";
import type { Dependent } from "./backup/dependents.ts";
import { readServerFacts } from "./server/server.ts";
import type { ServerFacts } from "./server/server.ts";
import { withSession } from "./server/session.ts";
import type { Session } from "./server/session.ts";
import { withSnapshot } from "./server/snapshot.ts";
import type { Snapshot } from "./server/snapshot.ts";
import { describeTablespaces } from "./backup/tablespaces.ts";
import { describeUncompared } from "./archive/toc-kinds.ts";

export interface PostgresStoreOptions extends PostgresAddress {
  name: string;
  /** Schemas to leave out: short for the same in `scope`. */
  excludeSchemas?: readonly string[];
  /** The whole database when absent. */
  scope?: ScopeRules;
  /** Format custom when absent. */
  dump?: DumpSettings;
  /** Every row of every table when absent. */
  digest?: DigestRules;
  /** Bring roles and settings of the server along. */
  globals?: boolean;
  /** What the database is taken for; recognised by itself when absent. */
  preset?: Preset;
  /** Of the schemas that a preset leaves out, those that are backed up all the same. */
  keepSchemas?: readonly string[];
}

/** @throws AppError CONFIG_INVALID for a URL that cannot be read */
export function createPostgresStore(options: PostgresStoreOptions, context: RunContext): Store {
  return new PostgresStore(options, context);
}

/** What is found out before a byte is written. */
interface Checked {
  server: ServerFacts;
  tools: PostgresTools;
  platform: Platform | undefined;
}

class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly name: string;
  readonly #connection: PostgresConnection;
  readonly #rules: ScopeRules;
  readonly #dump: DumpSettings;
  readonly #digest: DigestRules;
  readonly #bringsGlobals: boolean;
  readonly #context: RunContext;
  readonly #preset: Preset | undefined;
  readonly #keepSchemas: readonly string[];
  #checked: Checked | undefined;

  constructor(options: PostgresStoreOptions, context: RunContext) {
    const { name, scope, excludeSchemas } = options;
    this.name = name;
    this.#connection = parsePostgresAddress(name, options, context.redactor);
    this.#rules = { ...scope, ...(excludeSchemas && { excludeSchemas }) };
    this.#dump = options.dump ?? { format: "custom" };
    this.#digest = options.digest ?? { depth: "full" };
    this.#bringsGlobals = options.globals ?? false;
    this.#preset = options.preset;
    this.#keepSchemas = options.keepSchemas ?? [];
    this.#context = context;
  }

  async check(): Promise<string> {
    const { server, tools } = await this.#explaining(this.#check());
    return `PostgreSQL ${server.version} at ${describeConnection(this.#connection)}, with ${tools.version}`;
  }

  async diagnose(): Promise<Finding[]> {
    return diagnosePostgresStore(
      this.#connection,
      async (session) => this.#resolveScope(session, await this.#readPlatform(session)),
      this.#context,
    );
  }

  async backup(sink: BackupSink): Promise<PostgresManifest> {
    return await this.#explaining(this.#backup(sink));
  }

  async #explaining<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw await explainLockWait(error, this.#connection, this.#context);
    }
  }

  async #backup(sink: BackupSink): Promise<PostgresManifest> {
    const { clock } = this.#context;
    const startMs = clock.ticksMs();
    const { server, tools, platform } = this.#checked ?? (await this.#check());
    const toolNote = noteNewerTools(tools, server.major);
    if (toolNote !== undefined) this.#context.reporter.warn(`${this.name}: ${toolNote}`);
    return await withSnapshot(this.#connection, this.#context, READER_COUNT, async (snapshot) => {
      const held = await this.#backupSnapshot(snapshot, sink, server, tools, platform);
      return {
        kind: "postgres",
        store: this.name,
        server: { version: server.version },
        source: { id: server.databaseId, database: this.#connection.database },
        tool: tools.version,
        ...(toolNote !== undefined && { toolNote }),
        ...held,
        seconds: secondsSince(clock, startMs),
      };
    });
  }

  async outline(): Promise<Outline> {
    const { server } = this.#checked ?? (await this.#check());
    return { sizeBytes: server.databaseSizeBytes, pieces: [] };
  }

  async backupShare(sink: BackupSink): Promise<StoreShare> {
    return { role: "lead", manifest: await this.backup(sink), tables: [] };
  }

  async close(): Promise<void> {
    // Every session is closed by the call that opened it.
  }

  async #check(): Promise<Checked> {
    refuseTransactionPooler(this.#connection);
    const { server, platform } = await withSession(
      this.#connection,
      this.#context,
      async (session) => {
        const server = await readServerFacts(session, this.#connection);
        const platform = await this.#readPlatform(session);
        const scope = await this.#resolveScope(session, platform);
        await requireReadRights(session, this.#connection.user, scope);
        return { server, platform };
      },
      { patient: true },
    );
    if (platform && this.#preset === undefined) {
      this.#context.reporter.info(
        `${this.name}: this is a Supabase project; ${platform.schemas.length} schemas of the platform are left out`,
      );
    }
    this.#checked = { server, platform, tools: await findPostgresTools(server.major, this.#context) };
    return this.#checked;
  }

  async #readPlatform(session: Session): Promise<Platform | undefined> {
    return readPlatform(session, this.#preset, this.#keepSchemas);
  }

  /** @throws AppError CONFIG_INVALID */
  async #resolveScope(session: Session, platform: Platform | undefined): Promise<Scope> {
    const excludeSchemas = [...(this.#rules.excludeSchemas ?? []), ...(platform?.schemas ?? [])];
    const scope = await resolveScope(session, { ...this.#rules, excludeSchemas });
    const isOfPlatform = ({ kind, name }: Dependent): boolean =>
      kind === "event trigger" && platform?.eventTriggers.includes(name) === true;
    const own = { ...scope, dangling: scope.dangling.filter((dependent) => !isOfPlatform(dependent)) };
    this.#requireFormat(own, platform);
    return own;
  }

  /** The dump and the inventory of one snapshot, at the same time; the first to fail ends the others. */
  async #backupSnapshot(
    snapshot: Snapshot,
    sink: BackupSink,
    server: ServerFacts,
    tools: PostgresTools,
    platform: Platform | undefined,
  ): Promise<
    Pick<
      PostgresManifest,
      | "archive"
      | "globals"
      | "inventory"
      | "roles"
      | "roleAttributes"
      | "excludedSchemas"
      | "scope"
      | "platform"
      | "leftOut"
    >
  > {
    const { leader } = snapshot;
    const scope = await this.#resolveScope(leader, platform);
    const { excludedSchemas } = scope;
    const tables = selectTables(await readTables(leader, excludedSchemas), scope);
    const held = platform && recordPlatform(platform);
    const globals = this.#bringsGlobals ? await readGlobals(leader) : undefined;
    const ofServer = [...(await describeDatabaseItself(leader)), ...(await describeTablespaces(leader))];
    await snapshot.unlock(leader); // pg_dump needs many locks of its own
    const dump = new Dump(
      {
        connection: this.#connection,
        tools,
        snapshotId: snapshot.id,
        settings: this.#dump,
        scope,
        tables: tables.withRows,
        databaseSizeBytes: server.databaseSizeBytes,
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
    const dumping = dump.writeTo(sink);
    const plan = (table: CatalogTable): DigestPlan | undefined => planDigest(table, this.#digest);
    const digesting = digestTables(snapshot, tables.withRows, plan, this.#context, `${this.name}: inventory`);
    const describing = describeSchema(leader, excludedSchemas, held);
    for (const work of [dumping, digesting, describing, leader.lost]) work.catch(failAll);
    const outcomes = await Promise.allSettled([dumping, digesting, describing]);
    const [dumped, digested, described] = outcomes;
    if (dumped.status === "rejected" || digested.status === "rejected" || described.status === "rejected")
      throw firstFault;
    const { schema, roles, roleAttributes, extensionTables } = described.value;
    // Proof that the session which held the snapshot was there until the end.
    await leader.run("Ending the snapshot", "COMMIT");
    const { archive, sequences, listing, kinds } = dumped.value;
    const recorded = recordScope(scope, listing, schema);
    const globalsSql = globals && Buffer.from(globals.sql);
    const stored =
      globalsSql && (await sink.put("globals.sql", Readable.from([globalsSql]), globalsSql.length));
    const counted = [...digested.value, ...tables.withoutRows.map(emptyTable)];
    const notCovered = [
      ...describeUncompared(kinds),
      ...(scope.content === "structure" ? [] : extensionTables.map(describeExtensionTable)),
    ];
    return {
      archive,
      excludedSchemas,
      ...(recorded && { scope: recorded }),
      ...(stored && { globals: stored }),
      roles,
      roleAttributes,
      inventory: applyScope(assembleInventory(counted, schema, sequences, { notCovered }), recorded),
      leftOut: [
        OWNERS,
        globals ? PASSWORDS : ROLES_AND_SETTINGS,
        SUBSCRIPTIONS,
        ...describePlatform(platform, describeLeftOut(scope)),
        ...ofServer,
        ...(globals?.leftOut ?? []),
      ],
      ...(held && { platform: held }),
    };
  }

  /** @throws AppError CONFIG_INVALID */
  #requireFormat({ dangling }: Scope, platform: Platform | undefined): void {
    // pg_dump itself takes tables that are left out from publications.
    const isInTheDump = ({ kind }: { kind: string }): boolean => kind !== "publication";
    const reasons = [
      ...dangling.filter(isInTheDump).map(({ kind, name, needs }) => `${kind} ${name} needs ${needs}`),
      ...(platform?.extensions ?? []).map((name) => `extension ${name} is Supabase's`),
      ...(platform?.eventTriggers ?? []).map((name) => `event trigger ${name} is Supabase's`),
    ];
    if (this.#dump.format !== "plain" || reasons.length === 0) return;
    const what = reasons.join("; ");
    throw new AppError(
      "CONFIG_INVALID",
      `A dump of format plain would end at what needs what the scope of ${this.name} leaves out: ${what}.`,
      {
        hint: "Use format: custom, from which a restore can leave such things out, or take more into the scope.",
      },
    );
  }
}

/** What there is beside rows, and the roles that it names. */
async function describeSchema(
  leader: Session,
  excludedSchemas: readonly string[],
  held: PostgresManifest["platform"],
): Promise<
  Pick<PostgresManifest, "roles" | "roleAttributes"> & {
    schema: SchemaObject[];
    extensionTables: ExtensionTable[];
  }
> {
  const schema = withoutPlatform(await readSchemaObjects(leader, excludedSchemas), held);
  const roles = await readNamedRoles(leader, excludedSchemas);
  const roleAttributes = await readRoleAttributes(leader, roles);
  return {
    schema,
    roles,
    roleAttributes,
    extensionTables: await readExtensionTables(leader, excludedSchemas),
  };
}

function describeExtensionTable({ table, extension }: ExtensionTable): string {
  return `Rows of ${table}: the table belongs to the extension ${extension}; they are restored, and not compared.`;
}

const OWNERS = {
  what: "Owners",
  why: "What is restored belongs to the role that restores it; grants to others are kept.",
};
const ROLES_AND_SETTINGS = {
  what: "Passwords and logins of roles, and settings of roles and of the database",
  why: "They belong to the server; roles that grants and policies name are made again without a login.",
};
const PASSWORDS = { what: "Passwords of roles", why: "A backup holds no secret of the server." };
const SUBSCRIPTIONS = {
  what: "Subscriptions",
  why: "Their definition holds a password, and a copy would take over the original's slot.",
};
