import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { AppError, cancelled, throwIfCancelled } from "../errors.ts";
import type { Redactor } from "./secret.ts";

const STDERR_TAIL_LENGTH = 16 * 1024;
/** Between SIGTERM and SIGKILL. GitHub leaves 7.5 s after SIGINT, and the upload must be aborted as well. */
const GRACE_MS = 2000;
const LOOK_EVERY_MS = 20;

/** A program and how to call it. Secrets go into `env`, never into `args`: anyone on the machine can read argv. */
export interface Command {
  file: string;
  args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
}

/** A started program. */
export interface RunningTool {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Read for the tail anyway; a reader of its own sees all of it, not redacted. */
  readonly stderr: Readable;
  /**
   * Resolves when the program has ended with status 0. Output seen before that may belong to a run that is
   * about to fail, so publish nothing until then.
   *
   * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
   */
  readonly done: Promise<void>;
  /** The last 16,384 characters of stderr, redacted. */
  stderrTail(): string;
  /** Ends the program and everything it started; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ToolOptions {
  signal: AbortSignal;
  redactor: Redactor;
}

/**
 * Starts a program in a process group of its own, so that it can be ended together with its children.
 * Firing the signal ends it (SIGTERM, then SIGKILL after 2 s) and rejects `done` with CANCELLED, once it is gone.
 *
 * @throws AppError CANCELLED when the signal has fired already; TOOL_MISSING where the system refuses at once
 */
export function startTool(command: Command, options: ToolOptions): RunningTool {
  const { signal, redactor } = options;
  throwIfCancelled(signal);
  const child = spawnInGroup(command);
  // A program that ends early closes its stdin: its exit status tells why, not our EPIPE.
  child.stdin.on("error", () => {});

  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    tail += chunk;
    // Redacted before it is cut: half of a credential is no longer recognised as one.
    if (tail.length > 2 * STDERR_TAIL_LENGTH) tail = redactor.redact(tail).slice(-STDERR_TAIL_LENGTH);
  });
  const stderrTail = (): string => redactor.redact(tail).slice(-STDERR_TAIL_LENGTH).trim();

  const closed = new Promise<{ status: number | null; error?: Error }>((resolve) => {
    child.once("error", (error) => resolve({ status: null, error }));
    child.once("close", (status) => resolve({ status }));
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endGroup(child, closed));
  // A program that fails must not leave others at work that hold its output open: pg_dump's workers, when it is killed.
  child.once("exit", (status) => {
    if (status !== 0) void stop();
  });
  const onAbort = (): void => void stop();
  signal.addEventListener("abort", onAbort, { once: true });

  const done = closed.then(async ({ status, error }) => {
    signal.removeEventListener("abort", onAbort);
    await stopping; // what the program started may outlive it
    if (signal.aborted) throw cancelled();
    if (error) throw notStarted(command, error);
    if (status !== 0) throw failed(command, status, child.signalCode, stderrTail());
  });
  done.catch(() => {}); // a caller that stops the tool on purpose need not await it
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, done, stderrTail, stop };
}

/**
 * Runs a short program to its end and returns what it printed.
 *
 * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
 */
export async function runTool(
  command: Command,
  options: ToolOptions & { stdin?: string },
): Promise<{ stdout: string; stderr: string }> {
  const tool = startTool(command, options);
  tool.stdin.end(options.stdin ?? "");
  const [stdout] = await Promise.all([text(tool.stdout), tool.done]);
  return { stdout, stderr: tool.stderrTail() };
}

/**
 * What a tool needs of the environment it was started in: where programs, the home and temporary files are,
 * and the language. Nothing else is passed on, so no credential reaches a tool that was not given it.
 */
export function toolEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"]) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

function spawnInGroup(command: Command): ChildProcessWithoutNullStreams {
  try {
    return spawn(command.file, [...command.args], {
      env: { ...command.env },
      cwd: command.cwd,
      detached: true,
    });
  } catch (error) {
    throw notStarted(command, error as Error);
  }
}

/** Ends all of a group, also what ignores SIGTERM or outlives the program that was started. */
async function endGroup(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  let isLeft = signalGroup(child, "SIGTERM");
  for (let waitedMs = 0; isLeft && waitedMs < GRACE_MS; waitedMs += LOOK_EVERY_MS) {
    await delay(LOOK_EVERY_MS);
    isLeft = signalGroup(child, 0);
  }
  if (isLeft) signalGroup(child, "SIGKILL");
  await closed;
}

/** Signals a process group; 0 only asks. Returns whether there was anything left to be signalled. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

function notStarted(command: Command, error: Error): AppError {
  if (command.cwd !== undefined && !existsSync(command.cwd)) {
    // The system answers "not found" for the program then, which misleads.
    return new AppError(
      "TOOL_FAILED",
      `${command.file} cannot run in ${command.cwd}: there is no such folder.`,
      {
        hint: "Create the folder, or correct its path.",
        cause: error,
      },
    );
  }
  return new AppError("TOOL_MISSING", `${command.file} could not be started: ${error.message}.`, {
    hint: "Check that the program is installed and may be executed by this user.",
    cause: error,
  });
}

function failed(
  command: Command,
  status: number | null,
  signalCode: NodeJS.Signals | null,
  stderr: string,
): AppError {
  const how = status === null ? `was ended by ${signalCode}` : `exited with status ${status}`;
  const said = stderr === "" ? "It printed no reason." : `It said:\n${stderr}`;
  return new AppError("TOOL_FAILED", `${command.file.split("/").at(-1)} ${how}. ${said}`, {
    hint: "The tool's own message above tells what it could not do.",
  });
}

/** Hands each line of a program's output on; resolves when the output ends. Lines are not redacted. */
export async function eachLine(output: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: output })) take(line);
}
