import { randomUUID } from "node:crypto";
import { request as requestHttp } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { finished, pipeline } from "node:stream/promises";
import { AppError, throwIfCancelled } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Connection } from "./connection.ts";
import { explainAnswer, explainFailure } from "./server-errors.ts";
import { ZstdOutline } from "./zstd-frames.ts";

/** A connection on which nothing moves for so long is dead; a slow destination may well rest for minutes. */
const IDLE_LIMIT_MS = 30 * 60_000;
/** The beginning of an error's body, in chunks of the size that HTTP brings: more is never shown. */
const ERROR_CHUNKS = 4;

/** Settings of one query; each goes into the address as a parameter. */
export type Settings = Readonly<Record<string, string | number>>;

/**
 * Streams a query's result in zstd as the server compresses it. The stream ends cleanly only when the answer
 * ended as HTTP says it must and the last zstd frame is whole; a query that fails after status 200 breaks the
 * framing, in every version since 24.11. An answer without rows may have no bytes at all.
 *
 * `fetch` is not used because on Node 20 it takes a cut body for a whole one.
 *
 * @throws AppError as `explainFailure`; STORE_FAILED where the body was cut; CANCELLED
 */
export async function* openExport(
  connection: Connection,
  context: RunContext,
  query: string,
  settings: Settings,
): AsyncGenerator<Uint8Array, void> {
  throwIfCancelled(context.signal);
  const queryId = randomUUID();
  const request = openRequest(connection, context, {
    ...settings,
    query_id: queryId,
    enable_http_compression: 1,
    cancel_http_readonly_queries_on_client_close: 1,
  });
  request.setHeader("Accept-Encoding", "zstd");
  request.end(query);
  try {
    const response = await waitForResponse(request);
    await requireSuccess(response, connection, context);
    const outline = new ZstdOutline();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (response.headers["content-encoding"] !== "zstd") throw notCompressed(connection);
      outline.push(chunk);
      yield chunk;
    }
    if (!response.complete || !outline.isComplete) throw cutShort(connection, queryId);
  } catch (error) {
    // Node names a cut body by the socket's end; what it means for the data is the same each time.
    if (!context.signal.aborted && isCut(error)) throw cutShort(connection, queryId, error);
    throw explainFailure(error, connection, context);
  } finally {
    request.destroy();
  }
}

/**
 * Sends zstd-compressed rows as the body of an INSERT and waits until the server has taken them. A body that
 * fails breaks the request off, so that the server cannot take its beginning for the whole.
 *
 * @throws AppError as `explainFailure`; whatever `body` throws
 */
export async function sendInsert(
  connection: Connection,
  context: RunContext,
  query: string,
  settings: Settings,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  throwIfCancelled(context.signal);
  const request = openRequest(connection, context, { ...settings, query });
  request.setHeader("Content-Encoding", "zstd");
  let bodyFailure: { error: unknown } | undefined;
  const watchedBody = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      bodyFailure = { error };
      throw error;
    }
  };
  const receive = async (): Promise<void> => {
    const response = await waitForResponse(request);
    await requireSuccess(response, connection, context);
    await finished(response.resume());
  };
  try {
    // The server may answer, and hang up, before it has read everything: its answer tells more than our EPIPE.
    const [received, sent] = await Promise.allSettled([
      receive().catch((error: unknown) => {
        request.destroy();
        throw error;
      }),
      pipeline(watchedBody, request),
    ]);
    if (bodyFailure) throw bodyFailure.error;
    if (received.status === "rejected") throw received.reason;
    if (sent.status === "rejected") throw sent.reason;
  } catch (error) {
    throw bodyFailure ? error : explainFailure(error, connection, context);
  }
}

function openRequest(connection: Connection, context: RunContext, settings: Settings): ClientRequest {
  const address = new URL(connection.endpoint);
  for (const [name, value] of Object.entries(settings)) address.searchParams.set(name, String(value));
  const open = address.protocol === "https:" ? requestHttps : requestHttp;
  const request = open(address, {
    method: "POST",
    signal: context.signal,
    headers: {
      "X-ClickHouse-User": encodeHeader(connection.user),
      "X-ClickHouse-Key": encodeHeader(connection.password.reveal()),
    },
  });
  request.setTimeout(IDLE_LIMIT_MS, () =>
    request.destroy(new Error("the connection was silent for too long")),
  );
  return request;
}

/** Node writes headers as Latin-1: spread UTF-8 over it, so that the server sees the bytes of the name. */
function encodeHeader(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function waitForResponse(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject); // stays: an error after the response has its own listeners
  });
}

async function requireSuccess(
  response: IncomingMessage,
  connection: Connection,
  context: RunContext,
): Promise<void> {
  const number = response.headers["x-clickhouse-exception-code"];
  if (response.statusCode === 200 && number === undefined) return;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (chunks.length < ERROR_CHUNKS) chunks.push(chunk);
  }
  // Asked for zstd, the server sends its error in zstd too, which Node 20 cannot read.
  const message =
    response.headers["content-encoding"] === "zstd"
      ? `error ${String(number)}; its text is in system.query_log under query_id ${String(response.headers["x-clickhouse-query-id"])}`
      : Buffer.concat(chunks).toString("utf8");
  throw explainAnswer(
    { number: Number(number ?? 0), message, httpStatus: response.statusCode ?? 0 },
    connection,
    context,
  );
}

function isCut(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE")
  );
}

function cutShort(connection: Connection, queryId: string, cause?: unknown): AppError {
  return new AppError(
    "STORE_FAILED",
    `ClickHouse at ${connection.endpoint} broke its answer off in the middle.`,
    {
      hint: `Look in system.query_log for query_id ${queryId}, or for a proxy that cuts long answers.`,
      cause,
      transient: true,
    },
  );
}

function notCompressed(connection: Connection): AppError {
  return new AppError("STORE_UNSUPPORTED", `ClickHouse at ${connection.endpoint} did not answer in zstd.`, {
    hint: "Allow the setting enable_http_compression, and let no proxy strip Accept-Encoding or decompress answers.",
  });
}
