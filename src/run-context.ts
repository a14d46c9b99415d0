import type { Clock } from "./sys/clock.ts";
import type { Redactor } from "./sys/secret.ts";

/** How far a long piece of work has come. `total` is absent where nobody can know it. */
export interface Progress {
  label: string;
  done: number;
  total?: number;
  unit: "bytes" | "rows" | "tables" | "objects";
}

/** Where a run tells people what it does: log groups in GitHub, lines or a live line in a terminal. */
export interface Reporter {
  /** One phase of a run. Phases do not nest and do not overlap; the group is closed whatever happens. */
  phase<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** One fact, one line. */
  info(line: string): void;
  warn(line: string): void;
  /** May be called often; the reporter thins it out. The same label replaces its earlier progress. */
  progress(progress: Progress): void;
}

/** What every part of one run shares. The shells make it; nothing below them reads the process. */
export interface RunContext {
  /** Fires when the run is cancelled; every part then stops, cleans up, and throws CANCELLED. */
  signal: AbortSignal;
  /** Ends everything the run has under way, by the signal above: one part has failed for good. */
  stopAll(): void;
  reporter: Reporter;
  clock: Clock;
  /** Knows every credential of the run; all text from tools and servers passes through it. */
  redactor: Redactor;
  /** The environment that tools are started with, without credentials. */
  toolEnv: Readonly<Record<string, string>>;
  /** Where fetched tools are kept between runs. */
  cacheDir: string;
}
