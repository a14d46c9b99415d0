import { setMaxListeners } from "node:events";
import { systemClock } from "./sys/clock.ts";
import type { Clock } from "./sys/clock.ts";
import { toolEnvironment } from "./sys/exec.ts";
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
  /** Where Postgres clients are fetched from; the PostgreSQL project's apt archive when absent. */
  postgresArchive?: ToolArchive;
}

/** An apt archive, or a mirror of one. */
export interface ToolArchive {
  uri: string;
  /** Path of the keys that its signature is checked with; those of the archive that it mirrors when absent. */
  keyring?: string;
}

/** What a shell knows of the process it runs in. */
export interface ContextSource {
  /** Fires when the run is cancelled from outside. */
  signal: AbortSignal;
  reporter: Reporter;
  redactor: Redactor;
  env: Readonly<Record<string, string | undefined>>;
  cacheDir: string;
  postgresArchive?: ToolArchive;
}

/** The context of one run. Its signal fires with the shell's, and when one part of the run has failed for good. */
export function createContext(source: ContextSource): RunContext {
  const { signal, reporter, redactor, env, cacheDir, postgresArchive } = source;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  // Each request and body under way listens to it; Node takes more than ten for a leak, and says so on stderr.
  setMaxListeners(0, either);
  return {
    signal: either,
    stopAll: () => stop.abort(),
    reporter,
    redactor,
    clock: systemClock,
    toolEnv: toolEnvironment(env),
    cacheDir,
    ...(postgresArchive && { postgresArchive }),
  };
}
