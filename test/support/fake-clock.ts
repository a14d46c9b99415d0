import type { Clock } from "../../src/sys/clock.ts";

/** Stands still until it is told to go on; nobody who sleeps by it waits. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(now: string) {
    this.#nowMs = Date.parse(now);
  }

  advance(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  ticksMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number): Promise<void> {
    this.advance(ms / 1000);
  }
}
