import type { RunContext } from "../run-context.ts";
import { withDeadline } from "../sys/clock.ts";
import type { Message } from "./messages.ts";

const ATTEMPTS = 3;
const FIRST_DELAY_MS = 1000;
const ATTEMPT_LIMIT_MS = 10_000;
/** A service that wants to be left alone for longer is not waited for. */
const LONGEST_DELAY_MS = 15_000;
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Why a message did not arrive, without its address. */
export class NotSent extends Error {
  override readonly name = "NotSent";
  /** Present when it may arrive later. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Sends one message, up to three times while the failure may pass.
 *
 * @param context - its signal ends all attempts
 * @throws NotSent; AppError CANCELLED when the signal fires in a pause
 */
export async function send(message: Message, context: Pick<RunContext, "signal" | "clock">): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sendOnce(message, context.signal);
    } catch (error) {
      if (!(error instanceof NotSent) || error.retryAfterMs === undefined || attempt === ATTEMPTS)
        throw error;
      const pauseMs = Math.max(error.retryAfterMs, FIRST_DELAY_MS * 4 ** (attempt - 1));
      if (pauseMs > LONGEST_DELAY_MS) throw error;
      await context.clock.sleep(pauseMs, context.signal);
    }
  }
}

async function sendOnce({ url, method, headers, body }: Message, signal: AbortSignal): Promise<void> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url.reveal(), {
      method,
      headers: { "user-agent": "lifeboat", ...headers },
      ...(body !== undefined && { body }),
      // Followed, a POST would become a GET, and the address would be told to somebody else.
      redirect: "manual",
      signal: withDeadline(signal, ATTEMPT_LIMIT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw new NotSent(describeNetworkError(error), 0);
  }
  if (response.ok) return;
  const answer = `it answered HTTP ${response.status}${quoteAnswer(text)}`;
  if (response.status >= 300 && response.status < 400) {
    throw new NotSent(`${answer}: it has moved. Give its new address`);
  }
  const seconds = Number(response.headers.get("retry-after") ?? 0);
  throw TRANSIENT.has(response.status)
    ? new NotSent(answer, Number.isFinite(seconds) ? seconds * 1000 : 0)
    : new NotSent(answer);
}

/** `fetch` hides the reason in the cause. */
function describeNetworkError(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") return "it did not answer in time";
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  return `it cannot be reached${code === "" ? "" : ` (${code})`}`;
}

/** A word of reason, as `invalid_token`; not a page, which may repeat the address. */
function quoteAnswer(text: string): string {
  let reason = text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) reason = String(parsed.message);
  } catch {
    // Plain text.
  }
  return /^[\w .,:'()-]{1,120}$/.test(reason.trim()) ? `, ${reason.trim()}` : "";
}
