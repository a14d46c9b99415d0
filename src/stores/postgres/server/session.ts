import { Client } from "pg";
import type { QueryResultRow } from "pg";
import { cancelled, throwIfCancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { clientConfig, describeConnection, isUnixSocket } from "./connection.ts";
import type { PostgresConnection } from "./connection.ts";
import { explainConnectFault, explainQueryFault } from "./faults.ts";
import { connectPatiently } from "./patience.ts";
import { findPooler, refuseFoundTransactionPooler } from "./poolers.ts";
import type { Pooler } from "./poolers.ts";

/**
 * Defeats what a role or a database limits by default: a backup takes as long as it takes, and waits for a lock no
 * longer than the connection says. Also where startup options were refused, and those that not every server knows
 * (transaction_timeout is PostgreSQL 17's).
 */
const UNLIMITED = `
  SELECT pg_catalog.set_config(name, value, false)
  FROM (VALUES ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
               ('idle_session_timeout', '0'), ('transaction_timeout', '0'), ('lock_timeout', $1)) wanted (name, value)
  WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;

export interface SessionOptions {
  /** The first connection of a run: a server that starts or wakes up is waited for. */
  patient?: boolean;
  /** Cleaning up must work after the run was cancelled; everything else is cut off then. */
  survivesCancel?: boolean;
}

/** One connection to one database. Its errors are AppErrors, and what the server says in them is redacted. */
export class Session {
  /** Rejects when the connection ends without `close`; never resolves. */
  readonly lost: Promise<never>;
  readonly #client: Client;
  readonly #context: RunContext;
  readonly #cut: () => void;
  readonly #cancelSignal: AbortSignal | undefined;

  private constructor(client: Client, context: RunContext, cancelSignal: AbortSignal | undefined) {
    this.#client = client;
    this.#context = context;
    this.#cancelSignal = cancelSignal;
    this.#cut = () => cutConnection(client);
    cancelSignal?.addEventListener("abort", this.#cut, { once: true });
    this.lost = new Promise((_, reject) => {
      client.on("error", (error) => reject(this.#explain(error, "Keeping the connection open")));
    });
    this.lost.catch(() => {}); // most sessions are not watched: their queries fail by themselves
  }

  /** @throws AppError STORE_UNREACHABLE, STORE_LOGIN_REFUSED, STORE_RIGHTS_MISSING, CANCELLED */
  static async open(
    connection: PostgresConnection,
    context: RunContext,
    { survivesCancel = false, patient = false }: SessionOptions = {},
  ): Promise<Session> {
    const cancelSignal = survivesCancel ? undefined : context.signal;
    if (cancelSignal) throwIfCancelled(cancelSignal);
    const attempt = (): Promise<Client> => connect(connection, context, cancelSignal);
    const client = patient
      ? await connectPatiently(attempt, describeConnection(connection), context)
      : await attempt();
    const session = new Session(client, context, cancelSignal);
    try {
      // Before anything is set: in a session that others share, it would stay for them.
      connection.learned.pooler ??= await session.#findPooler(connection, attempt);
      refuseFoundTransactionPooler(connection);
      await session.rows("Lifting the time limits", UNLIMITED, [`${connection.lockWaitMs}ms`]);
    } catch (error) {
      session.cut();
      throw error;
    }
    return session;
  }

  /** Whether what travels is encrypted, as far as the first server on the way. */
  get isEncrypted(): boolean {
    const { stream } = (this.#client as unknown as { connection: { stream: { encrypted?: boolean } } })
      .connection;
    return stream.encrypted === true;
  }

  async #findPooler(connection: PostgresConnection, attempt: () => Promise<Client>): Promise<Pooler> {
    try {
      return await findPooler(this.#client, attempt, connection);
    } catch (error) {
      throw this.#explain(error, "Looking for a pooler");
    }
  }

  /**
   * @param work - what the statement is for, as the subject of "… failed"
   * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING, CANCELLED
   */
  async rows<Row extends QueryResultRow>(
    work: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    try {
      return (await this.#client.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw this.#explain(error, work);
    }
  }

  /** Runs one or several statements without parameters, and returns the rows of the last one. */
  async run(work: string, sql: string): Promise<Record<string, unknown>[]> {
    try {
      // With several statements `pg` returns an array, which its types do not say.
      const result: unknown = await this.#client.query(sql);
      const last: unknown = Array.isArray(result) ? result.at(-1) : result;
      return (last as { rows: Record<string, unknown>[] }).rows;
    } catch (error) {
      throw this.#explain(error, work);
    }
  }

  async close(): Promise<void> {
    this.#cancelSignal?.removeEventListener("abort", this.#cut);
    await this.#client.end().catch(() => {}); // an ended connection is what was wanted
  }

  /** Ends the connection at once, also under a running statement. */
  cut(): void {
    this.#cancelSignal?.removeEventListener("abort", this.#cut);
    this.#cut();
  }

  #explain(error: unknown, work: string): Error {
    if (this.#cancelSignal?.aborted) return cancelled();
    return explainQueryFault(error, work, this.#context.redactor);
  }
}

/** Opens a session for one piece of work, and closes it whatever happens. */
export async function withSession<T>(
  connection: PostgresConnection,
  context: RunContext,
  work: (session: Session) => Promise<T>,
  options?: SessionOptions,
): Promise<T> {
  const session = await Session.open(connection, context, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function connect(
  connection: PostgresConnection,
  context: RunContext,
  cancelSignal: AbortSignal | undefined,
): Promise<Client> {
  const { mode } = connection.tls;
  const attempt = async (encrypted: boolean): Promise<Client> => {
    const client = new Client(clientConfig(connection, encrypted));
    client.on("error", () => {}); // a connection that fails later must not end the process
    const cut = (): void => cutConnection(client);
    cancelSignal?.addEventListener("abort", cut, { once: true });
    try {
      await client.connect();
      return client;
    } catch (error) {
      cut();
      throw error;
    } finally {
      cancelSignal?.removeEventListener("abort", cut);
    }
  };
  let encrypted = mode !== "disable" && !isUnixSocket(connection);
  // libpq's `prefer` and `allow`: a server without TLS is reached without it.
  const mayGoWithout = mode === "prefer" || mode === "allow";
  const adapt = (error: unknown): boolean => {
    if (encrypted && mayGoWithout && /does not support SSL/i.test(String(error))) {
      encrypted = false;
      return true;
    }
    if (connection.learned.refusesOptions || !/unsupported startup parameter/i.test(String(error)))
      return false;
    return (connection.learned.refusesOptions = true);
  };
  try {
    for (;;) {
      try {
        return await attempt(encrypted);
      } catch (error) {
        if (!adapt(error)) throw error;
      }
    }
  } catch (error) {
    if (cancelSignal?.aborted) throw cancelled();
    throw explainConnectFault(error, connection, context.redactor);
  }
}

/** `end()` waits for the running statement; closing the socket does not. `pg` gives no other way to it. */
function cutConnection(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
