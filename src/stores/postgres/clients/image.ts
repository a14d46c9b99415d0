import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import type { RunContext } from "../../../run-context.ts";
import { withDeadline } from "../../../sys/clock.ts";
import { runTool } from "../../../sys/exec.ts";
import type { Command } from "../../../sys/exec.ts";
import { refuse } from "./source.ts";
import type { ClientSource } from "./source.ts";
import { describeTools } from "./tools.ts";
import type { PostgresProgram } from "./tools.ts";

/** An engine that does not answer in this time does not run. */
const ENGINE_LIMIT_MS = 15_000;
const PULL_LIMIT_MS = 300_000;

/** The project's own image, run by the machine's container engine. */
export const DOCKER_IMAGE: ClientSource = {
  name: "docker",
  hasEveryMajor: true,
  async find(major, context) {
    const image = `postgres:${major}`;
    const docker = (args: string[], limitMs: number): Promise<unknown> =>
      runTool(
        { file: "docker", args, env: context.toolEnv },
        { ...context, signal: withDeadline(context.signal, limitMs) },
      );
    try {
      await docker(["version", "--format", "{{.Server.Version}}"], ENGINE_LIMIT_MS);
    } catch (error) {
      if (context.signal.aborted) throw error;
      throw refuse("No container engine answers to docker.", error);
    }
    try {
      await docker(["image", "inspect", "--format", "{{.Id}}", image], ENGINE_LIMIT_MS);
    } catch {
      context.reporter.info(`Pulling the image ${image}`);
      await docker(["pull", "--quiet", image], PULL_LIMIT_MS);
    }
    const command = (program: PostgresProgram, args: readonly string[], env = {}): Command =>
      imageCommand(image, program, args, env, context.toolEnv);
    const tools = await describeTools(command, major, context);
    if (!tools) throw refuse(`The image ${image} holds another version.`);
    return { tools, where: `the image ${image}` };
  },
};

/**
 * One program of the image, under this user and on this machine's network. Variables are named in argv and valued in
 * the environment of docker, so that no secret is in argv; `--init` lets a signal end the program.
 */
export function imageCommand(
  image: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  toolEnv: RunContext["toolEnv"],
): Command {
  const user = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : [];
  return {
    file: "docker",
    args: [
      ...["run", "--rm", "--interactive", "--init", "--network=host", ...user],
      ...mountsOf([...args, ...Object.values(env)]).map((path) => `--volume=${path}:${path}`),
      ...Object.keys(env).map((name) => `--env=${name}`),
      ...[image, program],
      ...args,
    ],
    env: { ...toolEnv, ...env },
  };
}

/** What the program reaches of this machine's files, at the same paths: a file's folder, since it may be yet to be written. */
function mountsOf(texts: readonly string[]): string[] {
  const paths = texts.map((text) => text.replace(/^--[\w-]+=/, "")).filter((text) => isAbsolute(text));
  const folders = paths.map((path) =>
    existsSync(path) && statSync(path).isDirectory() ? path : dirname(path),
  );
  return [...new Set(folders)].filter((folder) => folder !== "/" && folder !== "/dev" && existsSync(folder));
}
