import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Scratch } from "../src/sys/scratch.ts";
import type { Command } from "../src/sys/exec.ts";

const START_LIMIT_MS = 10 * 60_000; // for what hangs, however slow the machine
const POLL_MS = 20;

/** A started server. Its data lies in a private temporary directory, which `stop` removes. */
export interface ServiceProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** What it takes to start a server once its directory is prepared. */
export interface Launch {
  command: Command;
  /** Throws for as long as the server does not answer. */
  probe: () => Promise<void>;
}

export interface ServiceOptions {
  name: string;
  /** Ends the server at once; also sent when the process that started it dies, however it dies. */
  stopSignal: NodeJS.Signals;
  /** More arguments of setpriv(1), which starts the server. */
  privileges?: readonly string[];
  /** Writes what the server needs into its directory. */
  prepare: (scratch: Scratch) => Promise<Launch>;
}

/**
 * Starts a server in a private directory and waits until it answers. setpriv(1) makes the kernel signal it when
 * its parent dies, and then becomes the server, so the pid is the server's own.
 *
 * @throws Error with the server's output when it ends, or does not answer within ten minutes
 */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { name, stopSignal, privileges = [], prepare } = options;
  const scratch = await createServiceScratch();
  let end = async (): Promise<void> => {};
  const stop = async (): Promise<void> => {
    await end();
    await scratch.remove();
  };
  try {
    const { command, probe } = await prepare(scratch);
    const logPath = scratch.file("server.log");
    const log = await open(logPath, "a");
    const parentDeath = ["--pdeathsig", stopSignal.replace("SIG", "")];
    const args = [...privileges, ...parentDeath, "--", command.file, ...command.args];
    const child = spawn("setpriv", args, {
      env: { ...command.env },
      cwd: scratch.path,
      detached: true, // Ctrl-C in the terminal reaches only the parent, which then stops the server in order
      stdio: ["ignore", log.fd, log.fd],
    });
    const closed = new Promise<void>((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    end = async () => {
      child.kill(stopSignal);
      await closed;
    };
    await log.close();
    if (await waitUntilReady(probe, closed)) return { pid: child.pid!, stop };
    throw new Error(`${name} did not start: ${(await readFile(logPath, "utf8")).slice(-4000)}`);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns false when the server has ended, or the limit is reached, before the probe went through */
async function waitUntilReady(probe: () => Promise<void>, closed: Promise<void>): Promise<boolean> {
  let hasEnded = false;
  void closed.then(() => (hasEnded = true));
  const deadlineMs = performance.now() + START_LIMIT_MS;
  while (!hasEnded && performance.now() < deadlineMs) {
    try {
      await probe();
      return !hasEnded; // another server may have taken the port, and answered
    } catch {
      await delay(POLL_MS);
    }
  }
  return false;
}

/** Lies apart from the product's own temporary directories, which the product sweeps. */
async function createServiceScratch(): Promise<Scratch> {
  const parent = join(tmpdir(), `local-services-${userInfo().uid}`);
  await mkdir(parent, { recursive: true });
  return await Scratch.create(parent);
}

/** @throws Error when nothing answers, or not with a success */
export async function probeHttp(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
