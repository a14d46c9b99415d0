import { randomBytes } from "node:crypto";
import { escapeLiteral } from "pg";
import type { Inventory } from "../../backup/inventory.ts";
import type { PostgresManifest, StoreManifest } from "../../backup/manifest.ts";
import { listRoles } from "../../backup/roles.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { connectionVariable } from "../store.ts";
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
import { connectionTo, describeHost, parsePostgresAddress, uriOf } from "./connection.ts";
import type { PostgresAddress, PostgresConnection } from "./connection.ts";
import { quoteIdent, refuseTransactionPooler } from "./faults.ts";
import { takeInventory } from "./inventory.ts";
import { describeOccupant, findInTheWay, listOccupants } from "./occupants.ts";
import { restoreArchive } from "./restore.ts";
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
  return new PostgresTarget(
    options.store,
    parsePostgresAddress(options.store, options, context.redactor),
    context,
  );
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

  constructor(store: string, connection: PostgresConnection, context: RunContext) {
    this.store = store;
    this.connection = connection;
    this.context = context;
  }

  async inspect(backup: StoreManifest): Promise<TargetFacts> {
    const manifest = requirePostgres(backup);
    refuseTransactionPooler(this.connection);
    const look = async (session: Session): Promise<TargetFacts> => {
      const server = await readServerFacts(session, this.connection);
      refuseOlderServer(manifest, server.major, server.version);
      const occupants = findInTheWay(
        await listOccupants(session, manifest.excludedSchemas),
        manifest.inventory.schema,
      );
      return {
        id: server.databaseId,
        host: describeHost(this.connection),
        databases: [this.connection.database],
        occupiedBy: occupants.map(describeOccupant),
        serverVersion: server.version,
      };
    };
    return withSession(this.connection, this.context, look, { patient: true });
  }

  async restore(backup: StoreManifest, request: RestoreRequest): Promise<RestoreOutcome> {
    const manifest = requirePostgres(backup);
    const created = await withSession(this.connection, this.context, (session) =>
      createMissingRoles(session, listRoles(manifest), this.context),
    );
    this.createdRoles.push(...created);
    await restoreArchive(this.connection, manifest, request, this.context);
    return { lost: [] };
  }

  async takeInventory(backup: StoreManifest): Promise<Inventory> {
    const manifest = requirePostgres(backup);
    return takeInventory(this.connection, this.context, manifest, `${this.store}: inventory`);
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
    return { [connectionVariable(this.store)]: uriOf(this.connection).reveal() };
  }

  async close(): Promise<void> {
    // Every session is closed by the call that opened it.
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
