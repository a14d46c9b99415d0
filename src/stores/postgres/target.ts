import { randomBytes } from "node:crypto";
import { escapeLiteral } from "pg";
import type { Inventory, TableInventory } from "../../backup/inventory.ts";
import type { PostgresManifest, StoreManifest } from "../../backup/manifest.ts";
import { isWhole, ScopeReader } from "../../backup/restore-scope.ts";
import type { RestoreScope } from "../../backup/restore-scope.ts";
import { listRoles } from "../../backup/roles.ts";
import { AppError, cancelled } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { connectionVariables } from "../store.ts";
import type {
  Placement,
  QueryIdentity,
  RestoreOutcome,
  RestoreRequest,
  Target,
  TargetFacts,
  ThrowawayTarget,
} from "../store.ts";
import { majorOf } from "./clients/tools.ts";
import { addressOf, connectionTo, describeHost, parsePostgresAddress } from "./connection.ts";
import type { PostgresAddress, PostgresConnection } from "./connection.ts";
import { readFilledTables } from "./data-only.ts";
import { quoteIdent } from "./faults.ts";
import { refuseTransactionPooler } from "./poolers.ts";
import { takeInventory } from "./inventory.ts";
import { describeOccupant, findInTheWay, listOccupants } from "./occupants.ts";
import { findMissingExtensions } from "./extensions.ts";
import { NewDatabase, readDatabaseOptions } from "./placement.ts";
import { ArchiveRestore } from "./restore.ts";
import { planRestore, readDatabaseDefinition } from "./restore-plan.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { createMissingRoles, dropUnusedRoles } from "./roles.ts";
import { readServerFacts } from "./server.ts";
import { withSession } from "./session.ts";
import type { Session } from "./session.ts";

export interface PostgresTargetOptions extends PostgresAddress {
  /** Name of the store that is restored. */
  store: string;
  /** Into the database of the address itself when absent. */
  placement?: Placement;
}

/**
 * An existing database that the operator gave.
 *
 * @throws AppError CONFIG_INVALID for a URL that cannot be read
 */
export function createPostgresTarget(options: PostgresTargetOptions, context: RunContext): Target {
  const { store, placement = {} } = options;
  const connection = parsePostgresAddress(store, options, context.redactor);
  if (!placement.create && placement.replace === undefined) {
    return new PostgresTarget(store, connection, context);
  }
  return new NewPostgresTarget(store, connection, new NewDatabase(connection, placement, context), context);
}

/**
 * A new database on the server of `url`, named `lifeboat_drill_` and 8 hexadecimal digits.
 *
 * @throws AppError CONFIG_INVALID, STORE_UNREACHABLE, STORE_LOGIN_REFUSED, STORE_RIGHTS_MISSING, STORE_FAILED
 */
export async function createPostgresThrowaway(
  options: PostgresTargetOptions,
  context: RunContext,
): Promise<ThrowawayTarget> {
  const { store } = options;
  const server = parsePostgresAddress(store, options, context.redactor);
  refuseTransactionPooler(server);
  const database = `lifeboat_drill_${randomBytes(4).toString("hex")}`;
  await withSession(
    server,
    context,
    (session) =>
      // template0, so that nothing a template holds counts as restored.
      session.run(
        `Creating the database ${database}`,
        `CREATE DATABASE ${quoteIdent(database)} TEMPLATE template0`,
      ),
    { patient: true },
  );
  return new PostgresThrowaway(store, connectionTo(server, database), server, context);
}

class PostgresTarget implements Target {
  readonly kind = "postgres";
  readonly store: string;
  protected readonly connection: PostgresConnection;
  protected readonly context: RunContext;
  /** Roles that this target's restores made. */
  protected readonly createdRoles: string[] = [];
  #plan: RestorePlan | undefined;

  constructor(store: string, connection: PostgresConnection, context: RunContext) {
    this.store = store;
    this.connection = connection;
    this.context = context;
  }

  async inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts> {
    const manifest = requirePostgres(backup);
    refuseTransactionPooler(this.connection);
    const look = async (session: Session): Promise<TargetFacts> => {
      const server = await readServerFacts(session, this.connection);
      return {
        ...(await this.lookAtServer(session, manifest, scope)),
        id: server.databaseId,
        occupiedBy: await this.#findOccupants(session, manifest, scope),
      };
    };
    return withSession(this.connection, this.context, look, { patient: true });
  }

  async prepare(backup: StoreManifest, request: RestoreRequest): Promise<void> {
    const plan = (): Promise<RestorePlan> => planRestore(requirePostgres(backup), request, this.context);
    this.#plan = await (request.stopwatch ? request.stopwatch.measure(`${this.store}: fetch`, plan) : plan());
  }

  async restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome> {
    const manifest = requirePostgres(backup);
    try {
      if (!this.#plan) await this.prepare(backup, request);
      const plan = this.#plan;
      if (!plan) throw new Error("a restore was not prepared");
      return await this.restorePlan(manifest, request, plan);
    } catch (error) {
      if (this.context.signal.aborted) throw cancelled();
      throw error;
    } finally {
      await this.#plan?.remove();
      this.#plan = undefined;
    }
  }

  protected async restorePlan(
    backup: PostgresManifest,
    request: RestoreRequest,
    plan: RestorePlan,
  ): Promise<RestoreOutcome> {
    const created = await withSession(this.connection, this.context, (session) =>
      createMissingRoles(session, listRoles(backup), this.context),
    );
    this.createdRoles.push(...created);
    return await new ArchiveRestore(this.connection, backup, request, this.context).run(plan);
  }

  async takeInventory(
    backup: StoreManifest,
    scope: RestoreScope = { content: "all" },
    counted?: readonly TableInventory[],
  ): Promise<Inventory> {
    const manifest = requirePostgres(backup);
    const reader = new ScopeReader(manifest.inventory, scope);
    return takeInventory(this.connection, this.context, manifest, `${this.store}: inventory`, {
      isWanted: (table) => reader.holdsTable(table),
      ...(counted && { counted }),
    });
  }

  /** What can be said of the server without the database that is restored into. */
  protected async lookAtServer(
    session: Session,
    backup: PostgresManifest,
    scope: RestoreScope | undefined,
  ): Promise<TargetFacts> {
    const server = await readServerFacts(session, this.connection);
    refuseOlderServer(backup, server.major, server.version);
    return {
      id: "",
      host: describeHost(this.connection),
      databases: [this.connection.database],
      occupiedBy: [],
      serverVersion: server.version,
      lacks: isWhole(scope) ? await findLacks(session, backup) : [],
    };
  }

  async #findOccupants(
    session: Session,
    { excludedSchemas, inventory }: PostgresManifest,
    scope: RestoreScope | undefined,
  ): Promise<string[]> {
    if (scope?.content === "data") {
      const reader = new ScopeReader(inventory, scope);
      const tables = await readFilledTables(session, (table) => reader.holdsTable(table));
      return tables.filter(({ hasRows }) => hasRows).map(({ schema, name }) => `rows of ${schema}.${name}`);
    }
    const occupants = await listOccupants(session, excludedSchemas);
    return findInTheWay(occupants, inventory, scope).map(describeOccupant);
  }

  async settle(): Promise<void> {
    // A restore holds nothing still here.
  }

  async query(sql: string, { role, settings = {} }: QueryIdentity = {}): Promise<Record<string, unknown>[]> {
    const identity = [
      ...Object.entries(settings).map(
        ([name, value]) => `SELECT set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, false);`,
      ),
      ...(role === undefined ? [] : [`SET ROLE ${quoteIdent(role)};`]),
    ];
    return withSession(this.connection, this.context, (session) =>
      session.run("The statement", `${identity.join("")}${sql}`),
    );
  }

  connectionEnv(): Record<string, string> {
    return connectionVariables(this.store, addressOf(this.connection));
  }

  async close(): Promise<void> {
    // Every session is closed by the call that opened it.
  }
}

/** A database that this restore makes; it may replace another one once it is proved. */
class NewPostgresTarget extends PostgresTarget {
  readonly replacement?: NonNullable<Target["replacement"]>;
  readonly #made: NewDatabase;
  /** What the operator's address names. */
  readonly #named: PostgresConnection;

  constructor(store: string, named: PostgresConnection, made: NewDatabase, context: RunContext) {
    super(store, made.connection, context);
    this.#named = named;
    this.#made = made;
    if (named.database !== made.name) {
      this.replacement = { beside: made.name, swapIn: () => made.swapIn() };
    }
  }

  override async inspect(backup: StoreManifest, scope?: RestoreScope): Promise<TargetFacts> {
    const manifest = requirePostgres(backup);
    refuseTransactionPooler(this.#named);
    return await this.#made.atServer(async (session) => {
      await this.#made.check(session, manifest, () =>
        withSession(
          this.#named,
          this.context,
          async (old) => (await readServerFacts(old, this.#named)).databaseId,
        ),
      );
      return { ...(await this.lookAtServer(session, manifest, scope)), databases: [this.#named.database] };
    });
  }

  protected override async restorePlan(
    backup: PostgresManifest,
    request: RestoreRequest,
    plan: RestorePlan,
  ): Promise<RestoreOutcome> {
    const definition = await readDatabaseDefinition(plan, request, this.store, this.context);
    await this.#made.make(readDatabaseOptions(definition));
    try {
      return await super.restorePlan(backup, request, plan);
    } catch (error) {
      await this.#made.remove().catch((cleanup: unknown) => {
        this.context.reporter.warn(
          `The database ${this.#made.name} could not be dropped: ${String(cleanup)}`,
        );
      });
      throw error;
    }
  }

  /** What the operator named: commands around the restore know no other. */
  override connectionEnv(): Record<string, string> {
    return connectionVariables(this.store, addressOf(this.#named));
  }
}

class PostgresThrowaway extends PostgresTarget implements ThrowawayTarget {
  readonly #server: PostgresConnection;

  constructor(
    store: string,
    connection: PostgresConnection,
    server: PostgresConnection,
    context: RunContext,
  ) {
    super(store, connection, context);
    this.#server = server;
  }

  async destroy(): Promise<void> {
    const { database } = this.connection;
    await withSession(
      this.#server,
      this.context,
      async (session) => {
        const work = `Dropping the database ${database}`;
        await session.run(work, `DROP DATABASE IF EXISTS ${quoteIdent(database)} WITH (FORCE)`);
        const left = await session.rows(work, "SELECT FROM pg_database WHERE datname = $1", [database]);
        if (left.length > 0) {
          throw new AppError("STORE_FAILED", `${work} failed: it is still there.`, {
            hint: `Drop it by hand: DROP DATABASE ${quoteIdent(database)} WITH (FORCE);`,
          });
        }
        await dropUnusedRoles(session, this.createdRoles, this.context);
      },
      { survivesCancel: true },
    );
  }
}

/** Extensions of the backup that the server does not offer. */
async function findLacks(
  session: Session,
  { inventory }: PostgresManifest,
): Promise<NonNullable<TargetFacts["lacks"]>> {
  const names = inventory.schema.flatMap(({ kind, name }) => (kind === "extension" ? [name] : []));
  return (await findMissingExtensions(session, names)).map((name) => ({
    kind: "extension",
    name,
    mend: `Install the extension ${name} on that server, or use an image that has it.`,
  }));
}

function requirePostgres(backup: StoreManifest): PostgresManifest {
  if (backup.kind !== "postgres") throw new Error(`${backup.store} is no Postgres backup`);
  return backup;
}

/** An archive of a newer server holds settings and syntax that an older one does not know. */
function refuseOlderServer(backup: PostgresManifest, major: number, version: string): void {
  if (major >= majorOf(backup.server.version)) return;
  throw new AppError(
    "STORE_UNSUPPORTED",
    `The backup is of PostgreSQL ${backup.server.version}, and the target is PostgreSQL ${version}.`,
    { hint: `Restore into PostgreSQL ${majorOf(backup.server.version)} or later.` },
  );
}
