import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { ClickHouseClient } from "@clickhouse/client";
import { AppError, throwIfCancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Connection } from "./connection.ts";
import { openExport, sendInsert } from "./data-path.ts";
import type { Settings } from "./data-path.ts";
import { EXACT_READ } from "../catalog/reading.ts";
import { explainFailure } from "./server-errors.ts";

/** Before it, a query that fails in mid-answer may end the answer politely: a backup could not be trusted. */
const OLDEST_VERSION = [24, 11] as const;
/** Digests of large tables take their time; the run has its own end. */
const STATEMENT_LIMIT_MS = 6 * 3_600_000;
/** How long the first query waits for a service that sleeps. */
const WAKING_LIMIT_MS = 180_000;
const WAKING_PAUSE_MS = 5_000;

interface ServerFacts {
  version: string;
  uuid: string;
  readonly: string;
  settings: string[];
}

/** One ClickHouse server: statements through its client, data through our own path. */
export class ClickHouseServer {
  readonly connection: Connection;
  readonly version: string;
  readonly uuid: string;
  /** Whether the user may not change any setting (readonly = 1): then hardly a query here can be asked. */
  readonly isReadonly: boolean;
  readonly #context: RunContext;
  readonly #client: ClickHouseClient;
  readonly #knownSettings: ReadonlySet<string>;

  private constructor(
    connection: Connection,
    context: RunContext,
    client: ClickHouseClient,
    facts: ServerFacts,
  ) {
    this.connection = connection;
    this.version = facts.version;
    this.uuid = facts.uuid;
    this.isReadonly = facts.readonly === "1";
    this.#context = context;
    this.#client = client;
    this.#knownSettings = new Set(facts.settings);
  }

  /**
   * Connects, with patience for a service that has to wake up.
   *
   * @throws AppError STORE_UNREACHABLE, STORE_LOGIN_REFUSED, STORE_UNSUPPORTED
   */
  static async connect(connection: Connection, context: RunContext): Promise<ClickHouseServer> {
    const client = createClient({
      url: connection.endpoint,
      username: connection.user,
      password: connection.password.reveal(),
      ...(connection.database !== undefined && { database: connection.database }),
      application: "lifeboat",
      request_timeout: STATEMENT_LIMIT_MS,
      log: { level: ClickHouseLogLevel.OFF }, // it would print failed queries to the console
    });
    try {
      const facts = await askPatiently(client, connection, context);
      requireVersion(facts.version, connection);
      return new ClickHouseServer(connection, context, client, facts);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** The rows of a SELECT, all of them whatever the user's profile says; 64-bit integers come as text. @throws AppError as `explainFailure` */
  async rows<Row>(query: string, settings: Settings = {}): Promise<Row[]> {
    return await this.#ask(async () => {
      const result = await this.#client.query({
        query,
        // One document, not a row a line: an answer that something cut short between two rows must not pass for whole.
        format: "JSON",
        abort_signal: this.#context.signal,
        clickhouse_settings: this.accept({
          ...EXACT_READ,
          ...settings,
          output_format_json_quote_64bit_integers: 1,
        }),
      });
      const { data } = await result.json<Row>();
      return data;
    });
  }

  /** Runs a statement that returns nothing. @throws AppError as `explainFailure` */
  async run(query: string, settings: Settings = {}, queryId?: string): Promise<void> {
    await this.#ask(async () => {
      await this.#client.command({
        query,
        ...(queryId !== undefined && { query_id: queryId }),
        abort_signal: this.#context.signal,
        clickhouse_settings: this.accept(settings),
      });
    });
  }

  /** Runs any one statement, and returns the rows it may have. */
  async runAny(query: string): Promise<Record<string, unknown>[]> {
    return await this.#ask(async () => {
      const { stream } = await this.#client.exec({
        query,
        abort_signal: this.#context.signal,
        // wait_end_of_query: an error must show in the status, not in the middle of rows.
        clickhouse_settings: { wait_end_of_query: 1 },
        http_headers: { "X-ClickHouse-Format": "JSONEachRow" },
      });
      let body = "";
      for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) body += chunk;
      const lines = body.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    });
  }

  /** @see openExport */
  openExport(query: string, settings: Settings, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return openExport(this.connection, this.#until(signal), query, this.accept(settings));
  }

  /** @see sendInsert */
  async sendInsert(
    query: string,
    settings: Settings,
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    await sendInsert(this.connection, this.#until(signal), query, this.accept(settings), body);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #until(signal: AbortSignal): RunContext {
    return { ...this.#context, signal: AbortSignal.any([this.#context.signal, signal]) };
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    throwIfCancelled(this.#context.signal);
    try {
      return await work();
    } catch (error) {
      throw explainFailure(error, this.connection, this.#context);
    }
  }

  /** Servers refuse settings they do not know, and what we ask for came in over many versions. */
  accept(settings: Settings): Record<string, string | number> {
    return Object.fromEntries(Object.entries(settings).filter(([name]) => this.#knownSettings.has(name)));
  }
}

async function askPatiently(
  client: ClickHouseClient,
  connection: Connection,
  context: RunContext,
): Promise<ServerFacts> {
  const startMs = context.clock.ticksMs();
  let told = "";
  for (;;) {
    try {
      throwIfCancelled(context.signal);
      const result = await client.query({
        query:
          "SELECT version() AS version, toString(serverUUID()) AS uuid, anyIf(value, name = 'readonly') AS readonly, groupArray(name) AS settings FROM system.settings",
        format: "JSONEachRow",
        abort_signal: context.signal,
      });
      const [facts] = await result.json<ServerFacts>();
      if (facts) return facts;
      throw new Error("the server answered without a row");
    } catch (error) {
      const explained = explainFailure(error, connection, context);
      const isPatient = context.clock.ticksMs() - startMs < WAKING_LIMIT_MS;
      if (!explained.transient || !isPatient) throw explained;
      if (explained.message !== told)
        context.reporter.info(`${explained.message} Waiting for it to wake up.`);
      told = explained.message;
      await context.clock.sleep(WAKING_PAUSE_MS, context.signal);
    }
  }
}

function requireVersion(version: string, connection: Connection): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new AppError(
    "STORE_UNSUPPORTED",
    `ClickHouse at ${connection.endpoint} is ${version}, which is too old.`,
    {
      hint: `Upgrade it to ${OLDEST_VERSION.join(".")} or later: older servers can end a failed answer as if it were whole.`,
    },
  );
}
