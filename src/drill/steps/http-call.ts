import { AppError, throwIfCancelled } from "../../errors.ts";

const SHOWN_CHARACTERS = 300;

/** What came back from an address. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Makes one request and reads the whole answer.
 *
 * @throws AppError TOOL_FAILED when nobody answers, or the answer breaks off; CANCELLED when the signal fires
 */
export async function callHttp(
  address: string,
  request: { method: string; headers: Readonly<Record<string, string>>; body?: string },
  signal: AbortSignal,
): Promise<HttpAnswer> {
  try {
    const answer = await fetch(address, { ...request, signal });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    throwIfCancelled(signal);
    throw new AppError(
      "TOOL_FAILED",
      `${request.method} ${address} was not answered: ${explainFetchError(error)}.`,
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
export function quoteAnswer({ status, text }: HttpAnswer): string {
  const beginning = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `status ${status}${beginning === "" ? "" : `: ${beginning}`}`;
}

/** The parsed body, or undefined when it is no JSON. */
export function findJson({ text }: HttpAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
