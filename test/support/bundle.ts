import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import type { Scratch } from "../../src/sys/scratch.ts";
import { until } from "./until.ts";

/** How a process ended, and all that it printed. */
export interface Ended {
  /** Null when a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A bundled program that runs as a process of its own. It is killed at the end of the test at the latest. */
export class BundleProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessWithoutNullStreams;
  #stdout = "";
  #stderr = "";

  /**
   * @param args - what follows the program's name
   * @param env - the whole environment
   */
  constructor(
    program: "action" | "post" | "cli",
    args: readonly string[],
    env: Record<string, string>,
    cwd: string,
  ) {
    const file = join(inject("bundleDir"), `${program}.cjs`);
    this.#child = spawn(process.execPath, ["--require", inject("compileCache"), file, ...args], { env, cwd });
    this.#child.stdin.end();
    this.#child.stdout.setEncoding("utf8").on("data", (chunk: string) => (this.#stdout += chunk));
    this.#child.stderr.setEncoding("utf8").on("data", (chunk: string) => (this.#stderr += chunk));
    this.ended = once(this.#child, "close").then(([status]) => ({
      status: status as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
    onTestFinished(() => this.kill("SIGKILL"));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** All that it has printed so far. */
  get output(): string {
    return `${this.#stdout}\n${this.#stderr}`;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the process has printed a text. @throws Error with its output when it ends before */
  async printed(text: string): Promise<void> {
    await this.reaches(until(() => this.output.includes(text)));
  }

  /** Waits for something that comes about while the process runs. @throws Error with its output when it ends before */
  async reaches(state: Promise<unknown>): Promise<void> {
    const early = this.ended.then(({ status }) => {
      throw new Error(`It ended too early, with ${status}:\n${this.output}`);
    });
    early.catch(() => {}); // as it should be, later
    await Promise.race([state, early]);
  }
}

/**
 * The environment of a bare machine: where programs are and a home of its own, which finds the packages that were
 * fetched before. Nothing of the environment of the tests.
 */
export async function createBareEnvironment(scratch: Scratch): Promise<Record<string, string>> {
  const [home, temp, cache] = ["home", "temp", "cache"].map((name) => scratch.file(name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([home, temp, cache].map((folder) => mkdir(folder)));
  await symlink(CACHE_DIR, join(cache, "lifeboat"));
  return { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: temp, XDG_CACHE_HOME: cache };
}
