import type { Ora } from "ora";
import { formatSeconds } from "../report/quantities.ts";
import { formatProgress, ProgressThinner } from "../report/progress.ts";
import type { Progress, Reporter } from "../run-context.ts";
import { secondsSince } from "../sys/clock.ts";
import type { Clock } from "../sys/clock.ts";

const LIVE_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;

/** Says on stderr what a run does: a live line in a terminal, plain lines elsewhere. */
export class TerminalReporter implements Reporter {
  readonly #clock: Clock;
  readonly #thinner: ProgressThinner;
  /** Present in a terminal. */
  readonly #live: Ora | undefined;

  private constructor(clock: Clock, live: Ora | undefined) {
    this.#clock = clock;
    this.#live = live;
    this.#thinner = new ProgressThinner(clock, live ? LIVE_EVERY_MS : LINE_EVERY_MS);
  }

  /** @param mayBeLive - whether a terminal, if there is one, may show a live line */
  static async create(clock: Clock, mayBeLive: boolean): Promise<TerminalReporter> {
    // A terminal that says it has no columns cannot show a line that is written anew.
    const isLive = mayBeLive && process.stderr.isTTY && process.stderr.columns > 0;
    if (!isLive) return new TerminalReporter(clock, undefined);
    const { default: ora } = await import("ora");
    return new TerminalReporter(clock, ora({ stream: process.stderr, discardStdin: false }));
  }

  async phase<T>(title: string, work: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.ticksMs();
    if (this.#live) this.#live.start(title);
    else this.#write(`▸ ${title}`);
    try {
      const result = await work();
      this.#live?.succeed(`${title}  ${formatSeconds(secondsSince(this.#clock, startMs))}`);
      return result;
    } catch (error) {
      this.#live?.fail(title);
      throw error;
    }
  }

  info(line: string): void {
    this.#write(`  ${line}`);
  }

  warn(line: string): void {
    this.#write(`! ${line}`);
  }

  progress(progress: Progress): void {
    if (!this.#thinner.isDue(progress)) return;
    if (this.#live) this.#live.suffixText = formatProgress(progress);
    else this.#write(`  ${formatProgress(progress)}`);
  }

  #write(line: string): void {
    this.#live?.clear();
    process.stderr.write(`${line}\n`);
  }
}
