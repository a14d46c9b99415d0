import type { Clock } from "../../../sys/clock.ts";

/** After a look that took long, the next one waits this many times as long. */
const REST_FACTOR = 4;
const LONGEST_REST_MS = 30_000;

/**
 * Looks at something for many who ask at once. Each of them gets a look that was begun after they had asked, and
 * those who wait for the same one share it: looking stays a small part of the load however many ask.
 */
export class LookAgain<Seen> {
  readonly #look: () => Promise<Seen>;
  readonly #clock: Clock;
  readonly #hurry = new AbortController();
  readonly #signal: AbortSignal;
  /** Not begun yet: who asks now may have its result. */
  #next: Promise<Seen> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #restMs = 0;

  constructor(look: () => Promise<Seen>, clock: Clock, signal: AbortSignal) {
    this.#look = look;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** @throws what looking throws */
  see(): Promise<Seen> {
    this.#next ??= this.#lookNext(this.#last);
    return this.#next;
  }

  /** Ends the rests: nobody works any longer whom a look could disturb. */
  hurry(): void {
    this.#hurry.abort();
  }

  async #lookNext(last: Promise<unknown>): Promise<Seen> {
    await last;
    await this.#rest();
    const startMs = this.#clock.ticksMs();
    const seen = this.#look();
    this.#next = undefined;
    this.#last = seen.then(
      () => {},
      () => {},
    );
    const result = await seen;
    this.#restMs = Math.min(REST_FACTOR * (this.#clock.ticksMs() - startMs), LONGEST_REST_MS);
    return result;
  }

  async #rest(): Promise<void> {
    const { signal: isHurried } = this.#hurry;
    const either = AbortSignal.any([this.#signal, isHurried]);
    await this.#clock.sleep(this.#restMs, either).catch((error: unknown) => {
      if (this.#signal.aborted || !isHurried.aborted) throw error;
    });
  }
}
