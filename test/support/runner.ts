import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { Scratch } from "../../src/sys/scratch.ts";
import { BundleProcess, createBareEnvironment } from "./bundle.ts";
import { readFileCommands, readLog } from "./workflow-commands.ts";
import type { StepLog } from "./workflow-commands.ts";

/** What the runner made of a step that has ended. */
export interface FinishedStep extends StepLog {
  /** Null when a signal ended it. */
  status: number | null;
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
}

const ACTION = parse(readFileSync(fileURLToPath(new URL("../../action.yml", import.meta.url)), "utf8")) as {
  inputs: Record<string, { default?: string }>;
};

/**
 * One job on a machine of GitHub's: runs the bundled action with the variables, files and folders that a runner
 * gives to a step, and with nothing else.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export class Runner implements AsyncDisposable {
  readonly workspace: string;
  readonly temp: string;
  readonly #scratch: Scratch;
  readonly #env: Record<string, string>;
  #steps = 0;

  private constructor(scratch: Scratch, env: Record<string, string>) {
    this.#scratch = scratch;
    this.#env = env;
    this.workspace = scratch.file("workspace");
    this.temp = scratch.file("runner-temp");
  }

  /** @param env - what the workflow sets for all of its steps */
  static async create(env: Record<string, string> = {}): Promise<Runner> {
    const scratch = await Scratch.create();
    const { TMPDIR: _, XDG_CACHE_HOME: cache = "", ...machine } = await createBareEnvironment(scratch);
    const runner = new Runner(scratch, {
      ...machine,
      RUNNER_TOOL_CACHE: cache,
      RUNNER_TEMP: scratch.file("runner-temp"),
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: scratch.file("workspace"),
      CI: "true",
      ...env,
    });
    await Promise.all([mkdir(runner.workspace), mkdir(runner.temp)]);
    return runner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch.remove();
  }

  /** Starts a step. Inputs that are not given have the defaults of action.yml. */
  async start(inputs: Record<string, string>): Promise<RunningStep> {
    return await this.#start("action", inputs, {});
  }

  async run(inputs: Record<string, string>): Promise<FinishedStep> {
    return await (await this.start(inputs)).finished();
  }

  /** Runs the post part of a step that has ended, however it did. */
  async runPost(inputs: Record<string, string>, { state }: FinishedStep): Promise<FinishedStep> {
    const env = Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]);
    const step = await this.#start("post", inputs, Object.fromEntries(env) as Record<string, string>);
    return await step.finished();
  }

  async #start(
    program: "action" | "post",
    inputs: Record<string, string>,
    env: Record<string, string>,
  ): Promise<RunningStep> {
    this.#steps += 1;
    const files: Record<string, string> = {};
    for (const name of ["OUTPUT", "STATE", "STEP_SUMMARY"]) {
      files[`GITHUB_${name}`] = this.#scratch.file(`${name.toLowerCase()}-${this.#steps}`);
      await writeFile(files[`GITHUB_${name}`] ?? "", "");
    }
    const given: Record<string, string> = {};
    for (const [name, input] of Object.entries(ACTION.inputs)) {
      given[`INPUT_${name.toUpperCase()}`] = inputs[name] ?? input.default ?? "";
    }
    const process = new BundleProcess(
      program,
      [],
      { ...this.#env, ...files, ...given, ...env },
      this.workspace,
    );
    return new RunningStep(process, files);
  }
}

export class RunningStep {
  readonly process: BundleProcess;
  readonly #files: Record<string, string>;

  constructor(process: BundleProcess, files: Record<string, string>) {
    this.process = process;
    this.#files = files;
  }

  async finished(): Promise<FinishedStep> {
    const { status, stdout, stderr } = await this.process.ended;
    const readIt = (name: string): Promise<string> => readFile(this.#files[`GITHUB_${name}`] ?? "", "utf8");
    return {
      status,
      ...readLog(stdout + stderr),
      outputs: readFileCommands(await readIt("OUTPUT")),
      state: readFileCommands(await readIt("STATE")),
      summary: await readIt("STEP_SUMMARY"),
    };
  }
}
