import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Command } from "../src/sys/exec.ts";
import { Scratch } from "../src/sys/scratch.ts";

const SAMPLE_EVERY_MS = 100;

/** What one run of a command cost. Servers are not in it: they are no children of the command. */
export interface Cost {
  wallSeconds: number;
  /** User and system time of the command and of everything that it started and waited for. */
  cpuSeconds: number;
  /** The most that all its processes together held: PSS, which counts shared pages once. Sampled every 100 ms. */
  peakMemoryBytes: number;
}

/**
 * Waits for a line, and writes what the shell's `time` says of "$@" into descriptor 3, so that the command's own output stays
 * as it is.
 */
const TIMED = `read -r; TIMEFORMAT="%R %U %S"; { time "$@" 2>&4 </dev/null; } 4>&2 2>&3`;

/**
 * Runs a command to its end and measures it.
 *
 * @returns its standard output beside the cost
 * @throws Error with its standard error when it fails
 */
export async function measure(command: Command): Promise<{ cost: Cost; stdout: string }> {
  await using scratch = await Scratch.create();
  const timesFile = scratch.file("times");
  const child = spawn("bash", ["-c", `exec 3>"$0"; ${TIMED}`, timesFile, command.file, ...command.args], {
    env: { ...command.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let isRunning = true;
  void ended.then(() => (isRunning = false));
  // Looked at before it begins: on a busy machine a short one is over before the first look.
  let peakMemoryBytes = child.pid === undefined ? 0 : await readTreeMemory(child.pid);
  child.stdin.end("\n");
  const sampling = (async () => {
    while (isRunning && child.pid !== undefined) {
      peakMemoryBytes = Math.max(peakMemoryBytes, await readTreeMemory(child.pid));
      await delay(SAMPLE_EVERY_MS);
    }
  })();
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await ended) as [number | null];
  await sampling;
  if (status !== 0) throw new Error(`${command.file} exited with status ${status}:\n${stderr.slice(-4000)}`);
  const [wallSeconds = 0, user = 0, system = 0] = (await readFile(timesFile, "utf8"))
    .trim()
    .split(" ")
    .map(Number);
  const cpuSeconds = Math.round((user + system) * 1000) / 1000;
  return { cost: { wallSeconds, cpuSeconds, peakMemoryBytes }, stdout };
}

/** A pipeline or a redirection, as a runbook has it. Its programs are given as positional parameters. */
export function shellCommand(line: string, args: readonly string[], env: Command["env"]): Command {
  return { file: "bash", args: ["-c", `set -euo pipefail; ${line}`, "bash", ...args], env };
}

/** PSS of a process and of all that descend from it, in bytes. */
export async function readTreeMemory(root: number): Promise<number> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = await readParent(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  const sizes = await Promise.all(tree.map(readMemory));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The name in `stat` may hold blanks and parentheses; what comes behind the last one has neither. */
async function readParent(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined); // it has ended
  const parent = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent === undefined ? undefined : Number(parent);
}

async function readMemory(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => ""); // it has ended
  return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}
