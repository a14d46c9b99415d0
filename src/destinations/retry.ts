import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";

const RETRIES = 5;
const FIRST_DELAY_MS = 500;

/**
 * Repeats one request while its error is transient: five more times, after about 0.5, 1, 2, 4 and 8 seconds.
 *
 * The unit is the request and not the Destination method, because a listing that is repeated from its start
 * would give its first pages twice, and the body of `put` can be read only once. It is also the only retry there
 * is: the AWS SDK's own is switched off, so that attempts do not multiply and each one leaves a line in the log.
 *
 * @param attempt - receives 1, 2, …
 */
export async function retryTransient<T>(
  context: RunContext,
  signal: AbortSignal,
  attempt: (attemptNumber: number) => Promise<T>,
): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await attempt(retry + 1);
    } catch (error) {
      if (!(error instanceof AppError && error.transient) || retry === RETRIES) throw error;
      context.reporter.warn(`${error.message} Trying again (${retry + 1} of ${RETRIES}).`);
      // Spread out, so that parts that were told to slow down together do not come back together.
      await context.clock.sleep(FIRST_DELAY_MS * 2 ** retry * (0.5 + Math.random()), signal);
    }
  }
}
