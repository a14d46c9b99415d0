import { mkdir } from "node:fs/promises";
import { expect, onTestFinished } from "vitest";
import type { RunResult } from "../../src/commands/result.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { BundleProcess, createBareEnvironment } from "./bundle.ts";
import type { Ended } from "./bundle.ts";

export interface CliRun {
  /** Null when a signal ended it. */
  status: number | null;
  /** The one document on standard output. */
  json: Partial<RunResult> & {
    command: string;
    error?: { code: string; exitStatus: number; title: string; reason: string; hint: string };
  };
  stdout: string;
  stderr: string;
}

/** A bare machine with the bundled command line. */
export class Machine {
  readonly folder: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string, env: Record<string, string>) {
    this.folder = folder;
    this.#env = env;
  }

  /** A machine for one test. @param env - what its user has set */
  static async create(env: Record<string, string> = {}): Promise<Machine> {
    const scratch = await Scratch.create();
    onTestFinished(() => scratch.remove());
    const folder = scratch.file("work");
    await mkdir(folder);
    return new Machine(folder, { ...(await createBareEnvironment(scratch)), ...env });
  }

  /** Starts `lifeboat` with these arguments and --json. */
  start(...args: string[]): BundleProcess {
    return new BundleProcess("cli", [...args, "--json"], this.#env, this.folder);
  }

  async run(...args: string[]): Promise<CliRun> {
    return await readRun(this.start(...args));
  }

  /** Runs `lifeboat` without --json, as people do. */
  async runText(...args: string[]): Promise<Ended> {
    return await new BundleProcess("cli", args, this.#env, this.folder).ended;
  }

  /** The ids of the complete backups, newest first. */
  async list(...args: string[]): Promise<string[]> {
    const { status, json, stderr } = await this.run("list", ...args);
    expect(status, stderr).toBe(0);
    return (json as { backups: { backupId: string }[] }).backups.map(({ backupId }) => backupId);
  }
}

/** Waits for the end. @throws SyntaxError unless exactly one JSON document was printed */
export async function readRun(process: BundleProcess): Promise<CliRun> {
  const ended = await process.ended;
  return { ...ended, json: JSON.parse(ended.stdout) as CliRun["json"] };
}
