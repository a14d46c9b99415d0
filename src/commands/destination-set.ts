import type { Destination, Written } from "../destinations/destination.ts";
import { AppError } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { splitBody } from "./split-body.ts";

/** How long all destinations wait for one that takes nothing; its requests have their own limits below that. */
const PATIENCE_MS = 180_000;

/** How one destination of a backup ended. */
export interface DestinationOutcome {
  url: string;
  /** Why it holds no such backup; absent where it does. */
  failure?: { code: string; reason: string; hint: string };
}

/**
 * The destinations of one backup: what is written goes to all of them at once. One that fails is left out from then
 * on, and the others go on.
 */
export class DestinationSet {
  readonly #members: { destination: Destination; failure?: AppError }[];
  readonly #context: RunContext;

  constructor(destinations: readonly Destination[], context: RunContext) {
    this.#members = destinations.map((destination) => ({ destination }));
    this.#context = context;
  }

  /** Those that have not failed. */
  get live(): Destination[] {
    return this.#members.filter(({ failure }) => !failure).map(({ destination }) => destination);
  }

  get outcomes(): DestinationOutcome[] {
    return this.#members.map(({ destination: { url }, failure }) => ({
      url,
      ...(failure && { failure: { code: failure.code, reason: failure.message, hint: failure.hint } }),
    }));
  }

  /**
   * Does the same at each destination that is left.
   *
   * @throws what it threw, when none is left; CANCELLED; and our own bugs
   */
  async each(work: (destination: Destination) => Promise<void>): Promise<void> {
    const live = this.live;
    const outcomes = await Promise.allSettled(live.map((destination) => work(destination)));
    this.#settle(live, outcomes);
  }

  /**
   * Streams one object to every destination that is left.
   *
   * @throws what `body` throws, or what the last destination threw
   */
  async put(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<Written> {
    const live = this.live;
    const [only] = live;
    if (live.length === 1 && only) return await only.put(key, body, expectedSizeBytes);
    const { branches, sourceError } = splitBody(body, live.length, this.#context, {
      patienceMs: PATIENCE_MS,
      onStall: (index) => tooSlow(live[index]!),
    });
    const outcomes = await Promise.allSettled(
      live.map(async (destination, index) => {
        const branch = branches[index]!;
        try {
          return await destination.put(key, branch, expectedSizeBytes);
        } finally {
          branch.destroy(); // whoever reads no more must not be waited for
        }
      }),
    );
    const broken = sourceError();
    if (broken !== undefined) throw broken;
    const [written] = this.#settle(live, outcomes);
    return written!;
  }

  /**
   * Sees to it that an object which one of the destinations holds is at all of them, copied where it is missing, so
   * that a new backup can refer to it.
   *
   * @returns false when none has it in its full size
   */
  async ensure(key: string, sizeBytes: number): Promise<boolean> {
    const holders: Destination[] = [];
    await this.each(async (destination) => {
      if (await holds(destination, key, sizeBytes)) holders.push(destination);
    });
    const [source] = holders;
    if (!source) return false;
    await this.each(async (destination) => {
      if (!holders.includes(destination)) await destination.put(key, await source.open(key), sizeBytes);
      else await destination.extendLock(key);
    });
    return true;
  }

  /** Takes down who failed. @returns what the others gave */
  #settle<T>(live: readonly Destination[], outcomes: readonly PromiseSettledResult<T>[]): T[] {
    const results: T[] = [];
    const failures: { destination: Destination; error: unknown }[] = [];
    outcomes.forEach((outcome, index) => {
      if (outcome.status === "fulfilled") results.push(outcome.value);
      else failures.push({ destination: live[index]!, error: outcome.reason });
    });
    for (const { destination, error } of failures) {
      if (!(error instanceof AppError) || error.code === "CANCELLED" || results.length === 0) throw error;
      const member = this.#members.find((candidate) => candidate.destination === destination)!;
      if (member.failure) continue;
      member.failure = error;
      this.#context.reporter.warn(
        `${destination.url} is left out of this backup: ${error.message} The others go on; lifeboat copy repairs it.`,
      );
    }
    return results;
  }
}

/** A credential that may only write cannot look; then it is taken for not there, and written. */
async function holds(destination: Destination, key: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await destination.findSize(key)) === sizeBytes;
  } catch (error) {
    if (error instanceof AppError && error.code === "DESTINATION_REFUSED") return false;
    throw error;
  }
}

function tooSlow({ url }: Destination): AppError {
  return new AppError(
    "DESTINATION_FAILED",
    `${url} took nothing for ${PATIENCE_MS / 1000} s while the other destinations waited for it.`,
    { hint: "Look at its service and at the network between; lifeboat copy brings it up to date." },
  );
}
