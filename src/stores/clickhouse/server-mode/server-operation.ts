import { randomUUID } from "node:crypto";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { withDeadline } from "../../../sys/clock.ts";
import { ClickHouseServer } from "../server/server.ts";
import { quoteText } from "../sql/sql-text.ts";

const POLL_MS = 1_000;
/** A restart of the server forgets its operations; a load balancer may ask another replica now and then. */
const UNKNOWN_LIMIT = 30;
const CANCEL_LIMIT_MS = 5_000;

/** What the server says of a BACKUP or RESTORE, as system.backups has it. */
export interface OperationState {
  status: string;
  error: string;
  num_files: string;
  total_size: string;
  compressed_size: string;
  files_read: string;
  bytes_read: string;
}

/**
 * Starts a BACKUP or RESTORE on the server and waits for its end. The server would go on after our connection
 * broke, so it runs asynchronously under an id of ours, and is cancelled when the run is, or at the deadline.
 *
 * @param statement - without ASYNC; may hold credentials, and is told to nobody
 * @throws AppError STORE_FAILED, CANCELLED
 */
export async function runOperation(
  server: ClickHouseServer,
  operation: { statement: string; settings: Readonly<Record<string, string | number>>; what: string },
  deadlineMs: number,
  context: RunContext,
): Promise<OperationState> {
  const id = randomUUID();
  const settings = Object.entries({ ...operation.settings, id }).map(
    ([name, value]) =>
      `${name} = ${typeof value === "number" ? value : value.startsWith(RAW) ? value.slice(RAW.length) : quoteText(value)}`,
  );
  const startMs = context.clock.ticksMs();
  try {
    const statement = `${operation.statement} SETTINGS ${settings.join(", ")} ASYNC`;
    await server.run(statement, { max_query_size: 64 * 1024 ** 2 }, id);
    return await waitForEnd(server, id, operation.what, startMs + deadlineMs, context);
  } catch (error) {
    await cancel(server, id, context).catch(() => {
      context.reporter.warn(
        `The server may go on with its ${operation.what}: KILL QUERY WHERE query_id = '${id}' ends it.`,
      );
    });
    throw error;
  }
}

/** Marks a setting whose value is an expression rather than a text. */
const RAW = "\0";

/** A setting such as `base_backup = Disk(…)`. */
export function expression(sql: string): string {
  return RAW + sql;
}

async function waitForEnd(
  server: ClickHouseServer,
  id: string,
  what: string,
  endMs: number,
  context: RunContext,
): Promise<OperationState> {
  const { clock, reporter, signal } = context;
  for (let unknown = 0; unknown < UNKNOWN_LIMIT;) {
    const [state] = await server.rows<OperationState>(
      `SELECT toString(status) AS status, error, num_files, total_size, compressed_size, files_read, bytes_read
       FROM system.backups WHERE id = ${quoteText(id)}`,
    );
    if (!state) unknown += 1;
    else if (state.status === "BACKUP_CREATED" || state.status === "RESTORED") return state;
    else if (/_(?:FAILED|CANCELLED)$/.test(state.status)) throw failed(server, what, state, context);
    else
      reporter.progress({
        label: what,
        done: Number(state.bytes_read),
        total: Number(state.total_size),
        unit: "bytes",
      });
    if (clock.ticksMs() >= endMs) throw tooLong(server, what);
    await clock.sleep(POLL_MS, signal);
  }
  throw new AppError(
    "STORE_FAILED",
    `ClickHouse at ${server.connection.endpoint} knows nothing of its ${what} any longer.`,
    {
      hint: "It was restarted, or another replica answers: point the address at one server.",
    },
  );
}

/** The server's own words, without its stack trace, and without credentials it may repeat. */
function failed(
  server: ClickHouseServer,
  what: string,
  { error, status }: OperationState,
  { redactor }: RunContext,
): AppError {
  const said = redactor.redact(error.split(/, Stack trace|\n/)[0] ?? "").slice(0, 400);
  return new AppError(
    "STORE_FAILED",
    `The ${what} of ClickHouse at ${server.connection.endpoint} ended with ${status}: ${said}`,
    { hint: "The server's own message tells what it could not do; its log holds the rest." },
  );
}

function tooLong(server: ClickHouseServer, what: string): AppError {
  return new AppError(
    "STORE_FAILED",
    `The ${what} of ClickHouse at ${server.connection.endpoint} took too long.`,
    {
      hint: "Give it more time with server-deadline, and check that the server reaches the destination.",
    },
  );
}

/** Works after the run's signal has fired. */
async function cancel(server: ClickHouseServer, id: string, context: RunContext): Promise<void> {
  const signal = withDeadline(new AbortController().signal, CANCEL_LIMIT_MS);
  const own = await ClickHouseServer.connect(server.connection, { ...context, signal });
  try {
    await own.run(`KILL QUERY WHERE query_id = ${quoteText(id)} ASYNC`);
  } finally {
    await own.close();
  }
}
