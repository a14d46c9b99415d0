import { eachLine, startTool } from "../../sys/exec.ts";
import { buildCommand } from "./command.ts";
import type { CommandOptions } from "./command.ts";
import type { Step } from "./step.ts";

export interface RunStepOptions extends CommandOptions {
  name: string;
  timeoutMs: number;
}

/** A command of the operator's that must end with status 0, such as the application's migrations. */
export function buildRunStep(options: RunStepOptions): Step {
  const { name, timeoutMs } = options;
  return {
    name,
    kind: "run",
    timeoutMs,
    async perform(context) {
      const { signal, redactor, reporter } = context;
      const tool = startTool(buildCommand(options, context), { signal, redactor });
      tool.stdin.end();
      const say = (line: string): void => reporter.info(redactor.redact(line));
      await Promise.all([eachLine(tool.stdout, say), eachLine(tool.stderr, say), tool.done]);
    },
  };
}
