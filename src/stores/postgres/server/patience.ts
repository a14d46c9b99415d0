import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";

/** A server that starts or wakes up (Neon's takes seconds), or whose places are all taken for a moment. */
const WAKING_MS = 75_000;
/** Nothing answers at all: it may be restarting, but a wrong address is likelier. */
const SILENT_MS = 20_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 8000;

/** What errors of connecting are worth waiting for, and for how long. */
const WORTH_WAITING: readonly { code?: RegExp; said?: RegExp; forMs: number }[] = [
  { code: /^(57P0[123]|53300)$/, forMs: WAKING_MS },
  {
    said: /too many (clients|connections)|max clients reached|no more connections allowed/i,
    forMs: WAKING_MS,
  },
  { said: /couldn't connect to compute node|compute node is (starting|not available)/i, forMs: WAKING_MS },
  { code: /^ETIMEDOUT$/, forMs: WAKING_MS },
  { said: /timeout expired|connection timeout/i, forMs: WAKING_MS },
  { code: /^(ECONNREFUSED|ECONNRESET|EAI_AGAIN)$/, forMs: SILENT_MS },
];

/**
 * Connects, and tries again for a while where the server may only be starting, waking up or full. It is told once.
 *
 * @param attempt - throws an AppError whose cause is what the driver said
 * @throws AppError the last attempt's; CANCELLED
 */
export async function connectPatiently<T>(
  attempt: () => Promise<T>,
  name: string,
  { clock, reporter, signal }: RunContext,
): Promise<T> {
  const startMs = clock.ticksMs();
  let sleptMs = 0;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await attempt();
    } catch (error) {
      const patienceMs = patienceFor(error);
      // Whichever is longer: what was slept by the clock, or what has passed on it.
      const passedMs = Math.max(sleptMs, clock.ticksMs() - startMs);
      if (passedMs + waitMs > patienceMs) throw error;
      if (sleptMs === 0) {
        const reason = error instanceof AppError ? error.message : String(error);
        reporter.info(`${name}: ${reason} Trying again for up to ${patienceMs / 1000} s.`);
      }
      await clock.sleep(waitMs, signal);
      sleptMs += waitMs;
    }
  }
}

function patienceFor(error: unknown): number {
  if (!(error instanceof AppError)) return 0;
  const cause: unknown = error.cause;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const { code = "" } = (first ?? {}) as { code?: string };
  const said = first instanceof Error ? first.message : "";
  return WORTH_WAITING.find((one) => one.code?.test(code) || one.said?.test(said))?.forMs ?? 0;
}
