import type { Command } from "../../sys/exec.ts";
import type { Secret } from "../../sys/secret.ts";
import type { StepContext } from "./step.ts";

/** A program of the operator's, as a step names it. */
export interface CommandOptions {
  /** A line for `bash -c`, or the program and its arguments without a shell. */
  command: string | readonly [string, ...string[]];
  env: Readonly<Record<string, Secret>>;
  workingDirectory?: string;
}

/**
 * How to call it. It gets PATH, HOME and the like, the addresses of the restored stores (LIFEBOAT_<STORE>_URL and
 * its parts), of the built-in upstream (LIFEBOAT_UPSTREAM_URL), and the variables written in the step; nothing else.
 */
export function buildCommand(options: CommandOptions, { toolEnv, targets, upstream }: StepContext): Command {
  const { command, workingDirectory } = options;
  const [file, ...args] = typeof command === "string" ? ["bash", "-c", command] : command;
  const env: Record<string, string> = { ...toolEnv };
  for (const target of targets.values()) Object.assign(env, target.connectionEnv());
  if (upstream) Object.assign(env, upstream.env);
  for (const [variable, value] of Object.entries(options.env)) env[variable] = value.reveal();
  return { file, args, env, ...(workingDirectory !== undefined && { cwd: workingDirectory }) };
}
