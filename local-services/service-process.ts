import { spawn } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Scratch } from "../src/sys/scratch.ts";
import type { Command } from "../src/sys/exec.ts";

export const LOOPBACK = "127.0.0.1";
const START_LIMIT_MS = 60_000;
const POLL_MS = 20;

/** A started server. Its data lies in a private temporary directory, which `stop` removes. */
export interface ServiceProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  name: string;
  command: Command;
  scratch: Scratch;
  /** Ends the server at once; also sent when the process that started it dies, however it dies. */
  stopSignal: NodeJS.Signals;
  /** More arguments of setpriv(1), which starts the server. */
  privileges?: readonly string[];
  /** Throws for as long as the server does not answer. */
  probe: () => Promise<void>;
}

/**
 * Starts a server and waits until it answers. setpriv(1) makes the kernel signal it when its parent dies, and
 * then becomes the server, so the pid is the server's own.
 *
 * @throws Error with the server's output when it ends, or does not answer within 60 s
 */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { name, command, scratch, stopSignal, privileges = [], probe } = options;
  const logPath = scratch.file("server.log");
  const log = await open(logPath, "a");
  const args = [
    ...privileges,
    "--pdeathsig",
    stopSignal.replace("SIG", ""),
    "--",
    command.file,
    ...command.args,
  ];
  // A session of its own: Ctrl-C in the terminal reaches only the parent, which then stops the server in order.
  const child = spawn("setpriv", args, {
    env: { ...command.env },
    cwd: scratch.path,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  await log.close();

  const stop = async (): Promise<void> => {
    child.kill(stopSignal);
    await ended;
    await scratch.remove();
  };
  const hasEnded = (): boolean =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const deadlineMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await probe();
      if (!hasEnded()) return { pid: child.pid!, stop };
    } catch (error) {
      if (!hasEnded() && performance.now() < deadlineMs) {
        await delay(POLL_MS);
        continue;
      }
      const said = await readFile(logPath, "utf8");
      await stop();
      throw new Error(`${name} did not start: ${said.slice(-4000)}`, { cause: error });
    }
  }
}

/**
 * A private directory for one server's data, kept apart from the product's own temporary directories, which
 * the product sweeps.
 */
export async function createServiceScratch(): Promise<Scratch> {
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

/** Ports on 127.0.0.1 that were free a moment ago, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
