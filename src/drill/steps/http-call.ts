import { AppError, throwIfCancelled } from "../../errors.ts";

const SHOWN_CHARACTERS = 300;

/** What came back from an address. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Makes one request and reads the whole answer. A redirect is an answer, too: followed, it might be production that
 * speaks, since the restored application knows its own address there, and it would be told the request's headers.
 *
 * @param request - `shown`: what messages call the address
 * @throws AppError TOOL_FAILED when nobody answers, or the answer breaks off; CANCELLED when the signal fires
 */
export async function callHttp(
  address: string,
  {
    shown = address,
    ...request
  }: { method: string; headers: Readonly<Record<string, string>>; body?: string; shown?: string },
  signal: AbortSignal,
): Promise<HttpAnswer> {
  try {
    const answer = await fetch(address, { ...request, redirect: "manual", signal });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    throwIfCancelled(signal);
    throw new AppError(
      "TOOL_FAILED",
      `${request.method} ${shown} was not answered: ${explainFetchError(error)}.`,
      {
        hint: "See whether the application still runs, and listens on this address.",
        cause: error,
      },
    );
  }
}

/** The reason that fetch hides behind "fetch failed". */
export function explainFetchError(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError) return cause.errors.map(explainFetchError).join(", ");
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}

/** The beginning of an answer, for an error text. */
export function quoteAnswer({ status, headers, text }: HttpAnswer): string {
  const beginning = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `status ${describeStatus({ status, headers })}${beginning === "" ? "" : `: ${beginning}`}`;
}

/** "200", and where a redirect leads. */
export function describeStatus({ status, headers }: Pick<HttpAnswer, "status" | "headers">): string {
  const location = headers.get("location");
  return `${status}${location === null ? "" : `, which leads to ${location} and is not followed`}`;
}

/** The parsed body, or undefined when it is no JSON. */
export function findJson({ text }: HttpAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
