import Table from "cli-table3";
import { formatSeconds } from "../src/report/quantities.ts";
import type { Clock } from "../src/sys/clock.ts";
import { secondsSince } from "../src/sys/clock.ts";

/** Names each step on stderr as it begins, and gathers what came of them and how long they took. */
export class ClosingTable {
  readonly #clock: Clock;
  readonly #rows: string[][] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param tell - what happened, for the reader of the table */
  async step<T>(title: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T> {
    process.stderr.write(`\n${this.#rows.length + 1}. ${title}\n`);
    const startMs = this.#clock.ticksMs();
    const result = await work();
    this.#rows.push([title, tell(result), formatSeconds(secondsSince(this.#clock, startMs))]);
    return result;
  }

  render(): string {
    const table = new Table({
      head: ["Step", "What happened", "Time"],
      style: { head: [], border: [] },
      colAligns: ["left", "left", "right"],
    });
    table.push(...this.#rows);
    return table.toString();
  }
}
