import { homedir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { exitStatusOfResult } from "../commands/result.ts";
import { serveUpstream as runUpstream } from "../commands/upstream.ts";
import { locateConfigFile, parseConfig } from "../config/config.ts";
import type { RawInput } from "../config/config.ts";
import { EXIT_STATUS } from "../errors.ts";
import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import { explainFailure } from "../report/failure.ts";
import { createContext } from "../run-context.ts";
import type { ContextSource } from "../run-context.ts";
import { systemClock } from "../sys/clock.ts";
import { Redactor } from "../sys/secret.ts";
import { cancelOnSignals } from "../sys/signals.ts";
import { findTextFile, readTextFile } from "../sys/text-file.ts";
import { run } from "../wire/run.ts";
import { buildProgram } from "./args.ts";
import type { Arguments } from "./args.ts";
import type { InitFlags } from "./init.ts";
import { renderFailure, renderResult } from "./render.ts";
import { TerminalReporter } from "./reporter.ts";

async function main(): Promise<void> {
  // The AWS SDK would print when it will leave the running version of Node: no matter of the operator's.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  try {
    await buildProgram({ act, serveUpstream, setUp }).parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_STATUS.CONFIG_INVALID;
  }
}

async function act({ command, options }: Arguments): Promise<void> {
  const redactor = new Redactor();
  const isJson = options["json"] === "true";
  try {
    const file = await readConfigFile(options);
    const config = parseConfig({ shell: "cli", command, options, env: process.env, ...file });
    const result = await run(config, await openShell(redactor, !isJson));
    process.stdout.write(isJson ? `${JSON.stringify(result, null, 2)}\n` : renderResult(result));
    process.exitCode = exitStatusOfResult(result);
  } catch (error) {
    const failure = explainFailure(error, redactor);
    if (isJson) process.stdout.write(`${JSON.stringify({ command, error: failure }, null, 2)}\n`);
    process.stderr.write(renderFailure(failure));
    process.exitCode = failure.exitStatus;
  }
}

async function serveUpstream(settings: UpstreamSettings): Promise<void> {
  const redactor = new Redactor();
  await explainFailures(redactor, async () => {
    await runUpstream(settings, createContext(await openShell(redactor, false)));
  });
}

async function setUp(flags: InitFlags): Promise<void> {
  await explainFailures(new Redactor(), async () => {
    const { renderInit, runInit } = await import("./init.ts");
    process.stdout.write(renderInit(await runInit(flags)));
  });
}

async function explainFailures(redactor: Redactor, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failure = explainFailure(error, redactor);
    process.stderr.write(renderFailure(failure));
    process.exitCode = failure.exitStatus;
  }
}

async function openShell(redactor: Redactor, mayBeLive: boolean): Promise<ContextSource> {
  const { env } = process;
  return {
    signal: cancelOnSignals(),
    reporter: await TerminalReporter.create(systemClock, mayBeLive),
    redactor,
    env,
    cacheDir: join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "lifeboat"),
  };
}

/** A file that was named must be there; lifeboat.yml is read when it is. */
async function readConfigFile(options: Arguments["options"]): Promise<Pick<RawInput, "file">> {
  const { path, isRequired } = locateConfigFile(options, process.env);
  const text = isRequired ? await readTextFile(path, "configuration file") : await findTextFile(path);
  return text === undefined ? {} : { file: { path, text } };
}

void main();
