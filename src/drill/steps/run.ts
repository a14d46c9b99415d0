import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { startTool } from "../../sys/exec.ts";
import type { Secret } from "../../sys/secret.ts";
import type { Step } from "./step.ts";

export interface RunStepOptions {
  name: string;
  /** A line for `bash -c`, or the program and its arguments without a shell. */
  command: string | readonly [string, ...string[]];
  env: Readonly<Record<string, Secret>>;
  workingDirectory?: string;
  timeoutMs: number;
}

/**
 * A command of the operator's, such as the application's migrations. It gets PATH, HOME and the like, the
 * addresses of the restored stores (LIFEBOAT_<STORE>_URL) and the variables written in the step; nothing else.
 */
export function buildRunStep(options: RunStepOptions): Step {
  const { name, command, timeoutMs } = options;
  const [file, ...args] = typeof command === "string" ? ["bash", "-c", command] : command;
  return {
    name,
    kind: "run",
    timeoutMs,
    async perform({ targets, toolEnv, signal, redactor, reporter }) {
      const env: Record<string, string> = { ...toolEnv };
      for (const target of targets.values()) Object.assign(env, target.connectionEnv());
      for (const [variable, value] of Object.entries(options.env)) env[variable] = value.reveal();
      const where = options.workingDirectory === undefined ? {} : { cwd: options.workingDirectory };
      const tool = startTool({ file, args, env, ...where }, { signal, redactor });
      tool.stdin.end();
      const say = (line: string): void => reporter.info(redactor.redact(line));
      await Promise.all([eachLine(tool.stdout, say), eachLine(tool.stderr, say), tool.done]);
    },
  };
}

async function eachLine(output: Readable, say: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: output })) say(line);
}
