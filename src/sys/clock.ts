import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { cancelled, throwIfCancelled } from "../errors.ts";

/** The only source of time, so that tests can set it. */
export interface Clock {
  now(): Date;
  /** Monotonic milliseconds, for durations. */
  ticksMs(): number;
  /** @throws AppError CANCELLED when the signal fires first */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  ticksMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      throw cancelled();
    }
  },
};

/** Wall-clock seconds of one phase of a run. */
export interface PhaseTime {
  phase: string;
  seconds: number;
}

/** Collects how long each phase took, in the order in which the phases ended. */
export class Stopwatch {
  readonly times: PhaseTime[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async measure<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.ticksMs();
    try {
      return await work();
    } finally {
      this.times.push({ phase, seconds: secondsSince(this.#clock, startMs) });
    }
  }
}

/** Seconds since `startMs` (a `ticksMs` reading), rounded to milliseconds. */
export function secondsSince(clock: Clock, startMs: number): number {
  return Math.round(clock.ticksMs() - startMs) / 1000;
}

/**
 * A signal that fires when `timeoutMs` have passed. The timer holds its controller: `AbortSignal.any` holds its
 * sources weakly, and on Node 20 an `AbortSignal.timeout` among them may be collected before it fires.
 */
export function createDeadline(timeoutMs: number): AbortSignal {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(), timeoutMs).unref();
  setMaxListeners(0, deadline.signal);
  return deadline.signal;
}

/** A signal that fires with `signal`, or when `timeoutMs` have passed. */
export function withDeadline(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, createDeadline(timeoutMs)]);
}

/**
 * Waits for work that takes no signal, but no longer than until the signal fires.
 *
 * @throws AppError CANCELLED when the signal fires first; the work's own outcome is dropped then
 */
export async function waitUnlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfCancelled(signal);
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelled());
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
