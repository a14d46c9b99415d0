import { randomUUID } from "node:crypto";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Scratch } from "../../../src/sys/scratch.ts";
import { createBareEnvironment } from "../bundle.ts";
import { readFileCommands } from "../workflow-commands.ts";
import { readCommandLine } from "../processes.ts";
import type { Command, Grace } from "./step-process.ts";
import { kill, StepProcess } from "./step-process.ts";

/** What a process of a step has left in the files that the runner gave it. */
export interface Left {
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
}

const FILES = ["OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"] as const;

/** The machine of one job: its folders, its environment, and the one process that runs on it at a time. */
export class Machine implements AsyncDisposable {
  readonly workspace: string;
  readonly temp: string;
  readonly toolCache: string;
  /** What every process is told by the runner. */
  readonly variables: Record<string, string> = {};
  /** What steps have set for the steps after them. */
  readonly env: Record<string, string> = {};
  readonly #scratch: Scratch;
  readonly #grace: Grace;
  readonly #trackingId = `github_${randomUUID()}`;
  readonly #base: Record<string, string>;
  readonly #path: string[];
  #processes = 0;
  #running: StepProcess | undefined;

  private constructor(scratch: Scratch, { PATH = "", ...base }: Record<string, string>, grace: Grace) {
    this.#scratch = scratch;
    this.#grace = grace;
    this.workspace = scratch.file("workspace");
    this.temp = scratch.file("runner-temp");
    this.toolCache = base["XDG_CACHE_HOME"] ?? "";
    this.#base = base;
    // Runners have Node.js on the path.
    this.#path = [dirname(process.execPath), PATH];
  }

  static async create(grace: Grace): Promise<Machine> {
    const scratch = await Scratch.create();
    const { TMPDIR: _, ...base } = await createBareEnvironment(scratch);
    const machine = new Machine(scratch, base, grace);
    await Promise.all([mkdir(machine.workspace), mkdir(machine.temp)]);
    return machine;
  }

  /** A new file or folder of this machine's, not yet there. */
  file(name: string): string {
    return this.#scratch.file(name);
  }

  get running(): StepProcess | undefined {
    return this.#running;
  }

  /** Runs a process to its end, with the files by which it tells the runner what follows. */
  async run({ env, ...command }: Command): Promise<{ status: number | null; output: string; left: Left }> {
    this.#processes += 1;
    const files: Record<string, string> = {};
    for (const name of FILES) {
      files[`GITHUB_${name}`] = this.file(`${name.toLowerCase()}-${this.#processes}`);
      await writeFile(files[`GITHUB_${name}`]!, "");
    }
    const read = (name: (typeof FILES)[number]): Promise<string> =>
      readFile(files[`GITHUB_${name}`]!, "utf8");
    const whole = { ...this.#base, ...this.variables, ...this.env, ...env, ...files };
    const own = { PATH: this.#path.join(":"), RUNNER_TRACKING_ID: this.#trackingId };
    const process = new StepProcess({ ...command, env: { ...whole, ...own } }, this.#grace);
    this.#running = process;
    const status = await process.ended;
    this.#running = undefined;
    Object.assign(this.env, readFileCommands(await read("ENV")));
    this.#path.unshift(...(await read("PATH")).split("\n").filter(Boolean));
    const left = {
      outputs: readFileCommands(await read("OUTPUT")),
      state: readFileCommands(await read("STATE")),
      summary: await read("STEP_SUMMARY"),
    };
    return { status, output: process.output, left };
  }

  async endRunning(): Promise<void> {
    await this.#running?.end();
  }

  /** Kills what the steps have left running, as a runner does at the end of a job. @returns their command lines */
  async killOrphans(): Promise<string[]> {
    const killed: string[] = [];
    for (const name of await readdir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      // Processes of other users, and those that end meanwhile, are none of this job's.
      const environment = await readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
      if (!environment.includes(this.#trackingId)) continue;
      const commandLine = readCommandLine(Number(name));
      if (commandLine === undefined) continue;
      killed.push(commandLine);
      kill(Number(name));
    }
    return killed;
  }

  /** Copies files of a repository here, symbolic links as they are. @param path - below the workspace */
  async checkOut(files: string, path: string): Promise<void> {
    await cp(files, join(this.workspace, path), { recursive: true, verbatimSymlinks: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch.remove();
  }
}
