import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { listDescendants } from "../processes.ts";

/** How long a runner waits before each stronger signal, in milliseconds. */
export interface Grace {
  afterInterrupt: number;
  afterTerminate: number;
  /** How long it reads on when a process has ended and one that it left behind holds its output open. */
  afterExit: number;
}

/** @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation */
export const RUNNER_GRACE: Grace = { afterInterrupt: 7500, afterTerminate: 2500, afterExit: 5000 };

export interface Command {
  file: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
}

/** The process of a step. It is not the leader of a group: a runner's signals reach it alone. */
export class StepProcess {
  /** Resolves when it has ended and its output is read. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exited: Promise<[number | null]>;
  readonly #grace: Grace;
  #output = "";

  constructor({ file, args, env, cwd }: Command, grace: Grace) {
    this.#grace = grace;
    this.#child = spawn(file, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    const read = (chunk: string): void => {
      this.#output += chunk;
    };
    this.#child.stdout.setEncoding("utf8").on("data", read);
    this.#child.stderr.setEncoding("utf8").on("data", read);
    this.#exited = once(this.#child, "exit") as Promise<[number | null]>;
    const closed = once(this.#child, "close");
    this.ended = this.#exited.then(async ([status]) => {
      await isWithin(closed, grace.afterExit);
      return status;
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Both streams as they came. */
  get output(): string {
    return this.#output;
  }

  /** Ends it as a runner does on cancel and at a time limit: SIGINT, SIGTERM, and at last the whole tree is killed. */
  async end(): Promise<void> {
    this.#child.kill("SIGINT");
    if (await isWithin(this.#exited, this.#grace.afterInterrupt)) return;
    this.#child.kill("SIGTERM");
    if (await isWithin(this.#exited, this.#grace.afterTerminate)) return;
    for (const pid of [...listDescendants(this.pid), this.pid]) kill(pid);
    await this.#exited;
  }
}

async function isWithin(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const passed = delay(limitMs, false, { signal: limit.signal }).catch(() => false);
  const isOver = await Promise.race([event.then(() => true), passed]);
  limit.abort();
  return isOver;
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
