import { AppError } from "../../errors.ts";
import { withDeadline } from "../../sys/clock.ts";
import { eachLine, startTool } from "../../sys/exec.ts";
import type { RunningTool } from "../../sys/exec.ts";
import { buildCommand } from "./command.ts";
import type { CommandOptions } from "./command.ts";
import { describeStatus, explainFetchError } from "./http-call.ts";
import type { Step, StepContext } from "./step.ts";

const POLL_MS = 200;
const PROBE_TIMEOUT_MS = 5000;
const LOG_LINES_KEPT = 200;
const LOG_LINES_SHOWN = 40;

export interface StartStepOptions extends CommandOptions {
  name: string;
  /** The address that must answer with a status from 200 to 299. */
  ready: string;
  timeoutMs: number;
}

/**
 * Starts the application on the restored data and waits until its health address answers. It runs until the drill
 * ends, and is then ended with everything it started. Its log is shown when this or a later step fails.
 */
export function buildStartStep(options: StartStepOptions): Step {
  const { name, timeoutMs, ready } = options;
  return {
    name,
    kind: "start",
    timeoutMs,
    async perform(context) {
      const { drillSignal, redactor, reporter } = context;
      await refuseTakenAddress(ready, context.signal);
      const tool = startTool(buildCommand(options, context), { signal: drillSignal, redactor });
      tool.stdin.end();
      const log = keepLog(tool);
      context.atEnd(async (passed) => {
        await tool.stop();
        if (passed) return;
        reporter.info(`The last lines of ${name}:`);
        for (const line of log.slice(-LOG_LINES_SHOWN)) reporter.info(redactor.redact(line));
      });
      const probes = await waitUntilReady(ready, tool, context);
      context.note(`${name} answers at ${ready}, after ${probes} ${probes === 1 ? "probe" : "probes"}.`);
    },
  };
}

/** An application that runs already would answer in place of the one that is to be proved. */
async function refuseTakenAddress(ready: string, signal: AbortSignal): Promise<void> {
  try {
    await probe(ready, signal);
  } catch {
    return; // nobody answers, as it should be
  }
  throw new AppError("TOOL_FAILED", `Something answers at ${ready} before the application was started.`, {
    hint: "End it, or give the application another port: else the drill would prove the wrong one.",
  });
}

async function waitUntilReady(ready: string, tool: RunningTool, context: StepContext): Promise<number> {
  const { clock, signal } = context;
  const ended = tool.done.then(
    () => {
      throw new AppError("TOOL_FAILED", "The application ended by itself before it was ready.", {
        hint: "Its last lines stand in the log; `start` wants a program that keeps running.",
      });
    },
    (error: unknown) => {
      throw error;
    },
  );
  ended.catch(() => {}); // it ends after the drill, when nobody waits for it any more
  let last = "";
  for (let probes = 1; ; probes += 1) {
    try {
      const answer = await probe(ready, signal);
      if (answer.ok) return probes;
      last = `it answers ${describeStatus(answer)}`;
    } catch (error) {
      if (!signal.aborted || last === "") last = explainFetchError(error);
    }
    if (signal.aborted) {
      throw new AppError("UNPROVEN", `The application was not ready in time at ${ready}: ${last}.`, {
        hint: "Its last lines stand in the log; give the step more time if it starts slowly.",
      });
    }
    await Promise.race([clock.sleep(POLL_MS, signal).catch(() => {}), ended]);
  }
}

async function probe(address: string, signal: AbortSignal): Promise<Response> {
  // A redirect is no sign of health: it may lead to a login page, or to production.
  const answer = await fetch(address, {
    redirect: "manual",
    signal: withDeadline(signal, PROBE_TIMEOUT_MS),
  });
  await answer.body?.cancel();
  return answer;
}

function keepLog(tool: RunningTool): string[] {
  const log: string[] = [];
  const keep = (line: string): void => {
    log.push(line);
    if (log.length > LOG_LINES_KEPT) log.shift();
  };
  // Both end with the program; what they throw when it is killed tells nothing.
  for (const output of [tool.stdout, tool.stderr]) eachLine(output, keep).catch(() => {});
  return log;
}
