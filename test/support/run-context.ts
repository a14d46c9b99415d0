import { setMaxListeners } from "node:events";
import type { RunContext } from "../../src/run-context.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { Redactor } from "../../src/sys/secret.ts";

export interface TestRun extends RunContext {
  /** All that was reported, in order. */
  lines: string[];
  /** How long the run wanted to sleep, in milliseconds; it does not wait. */
  slept: number[];
}

/** A run that keeps what it reports and sleeps no longer than a turn of the event loop. */
export function startTestRun(): TestRun {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // as createContext does
  const lines: string[] = [];
  const slept: number[] = [];
  return {
    lines,
    slept,
    signal: stop.signal,
    stopAll: () => stop.abort(),
    reporter: {
      phase: (title, work) => {
        lines.push(title);
        return work();
      },
      info: (line) => void lines.push(line),
      warn: (line) => void lines.push(line),
      progress: () => {},
    },
    clock: {
      ...systemClock,
      sleep: async (ms, signal) => {
        slept.push(ms);
        await systemClock.sleep(0, signal);
      },
    },
    redactor: new Redactor(),
    toolEnv: {},
    cacheDir: "",
  };
}
