import { readLastOutcome, writeLastOutcome } from "../commands/catalogue/last-outcome.ts";
import type { RunResult } from "../commands/result.ts";
import type { Config } from "../config/config.ts";
import type { Destination } from "../destinations/destination.ts";
import { openDestination } from "../destinations/open.ts";
import { toldAs } from "../notify/channel.ts";
import type { Memory } from "../notify/notifier.ts";
import { explainFailure } from "../report/failure.ts";
import { judgeFailure, judgeResult } from "../report/outcome.ts";
import type { RunContext } from "../run-context.ts";
import { createDeadline } from "../sys/clock.ts";

const MEMORY_LIMIT_MS = 20_000;

/**
 * Carries a run out, and tells those whom the configuration names that it begins and how it ended.
 *
 * @param shell - its signal fires when the run is cancelled from outside
 */
export async function withNotices(
  config: Config,
  shell: { signal: AbortSignal; runUrl?: string },
  context: RunContext,
  work: () => Promise<RunResult>,
): Promise<RunResult> {
  const { command, name, notify } = config;
  for (const sentence of notify.silent) context.reporter.warn(sentence);
  // A backup that several runs share is one to those who are told: plan begins it, and finish says how it ended.
  if (notify.channels.length === 0 || "shard" in config) return await work();
  // Loaded only where somebody is told.
  const { Notifier } = await import("../notify/notifier.ts");
  const request = {
    name,
    command: toldAs(command),
    channels: notify.channels,
    memory: buildMemory(config, context),
    isCancelled: () => shell.signal.aborted,
    ...(shell.runUrl !== undefined && { runUrl: shell.runUrl }),
  };
  const notifier = new Notifier(request, context);
  if (command !== "finish") notifier.begin();
  const [ended] = await Promise.allSettled([work()]);
  if (ended.status === "fulfilled") {
    if (command === "plan") await notifier.begun();
    else await notifier.end(judgeResult(ended.value));
    return ended.value;
  }
  await notifier.end(judgeFailure(command, explainFailure(ended.reason, context.redactor)));
  throw ended.reason;
}

/** At the first destination. By connections of its own: the run's end with its signal. */
function buildMemory({ command, name, destinations }: Config, context: RunContext): Memory {
  const withDestination = async <T>(use: (destination: Destination) => Promise<T>): Promise<T> => {
    const calm = { ...context, signal: createDeadline(MEMORY_LIMIT_MS) };
    const destination = await openDestination(destinations[0]!.config, name, calm);
    try {
      return await use(destination);
    } finally {
      destination.close();
    }
  };
  return {
    read: () => withDestination((destination) => readLastOutcome(destination, toldAs(command))),
    write: (outcome) => withDestination((destination) => writeLastOutcome(destination, outcome)),
  };
}
