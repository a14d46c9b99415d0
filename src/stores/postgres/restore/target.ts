import { randomBytes } from "node:crypto";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Placement, Target, ThrowawayTarget } from "../../store.ts";
import { connectionTo, parsePostgresAddress } from "../server/connection.ts";
import type { PostgresAddress, PostgresConnection } from "../server/connection.ts";
import { quoteIdent } from "../server/faults.ts";
import { markThrowaway } from "./leftovers.ts";
import { refuseTransactionPooler } from "../server/poolers.ts";
import { NewDatabase } from "./placement.ts";
import { dropUnusedRoles } from "../server/roles.ts";
import { refuseReplica } from "../server/server.ts";
import { withSession } from "../server/session.ts";
import { PostgresTarget } from "./database-target.ts";
import { NewPostgresTarget } from "./new-database-target.ts";

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
    async (session) => {
      await refuseReplica(session, server);
      // template0, so that nothing a template holds counts as restored.
      await session.run(
        `Creating the database ${database}`,
        `CREATE DATABASE ${quoteIdent(database)} TEMPLATE template0`,
      );
      await session.run(`Noting when ${database} was made`, markThrowaway(database, context.clock.now()));
    },
    { patient: true },
  );
  return new PostgresThrowaway(store, connectionTo(server, database), server, context);
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
