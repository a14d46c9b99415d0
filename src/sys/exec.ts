import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { AppError, cancelled } from "../errors.ts";
import type { Redactor } from "./secret.ts";

const STDERR_TAIL_BYTES = 16 * 1024;
/** Between SIGTERM and SIGKILL. GitHub leaves 7.5 s after SIGINT, and the upload must be aborted as well. */
const GRACE_MS = 2000;

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
  /** The last 16 KiB of stderr, redacted. */
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
 * Firing the signal ends it (SIGTERM, then SIGKILL after 2 s) and rejects `done` with CANCELLED.
 */
export function startTool(command: Command, options: ToolOptions): RunningTool {
  const { signal, redactor } = options;
  const child = spawn(command.file, [...command.args], {
    env: { ...command.env },
    cwd: command.cwd,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A program that ends early closes its stdin: its exit status tells why, not our EPIPE.
  child.stdin.on("error", () => {});

  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-STDERR_TAIL_BYTES);
  });
  const stderrTail = (): string => redactor.redact(tail).trim();

  const closed = new Promise<{ status: number | null; error?: Error }>((resolve) => {
    child.once("error", (error) => resolve({ status: null, error }));
    child.once("close", (status) => resolve({ status }));
  });
  const stop = async (): Promise<void> => {
    killGroup(child, "SIGTERM");
    const timer = setTimeout(() => killGroup(child, "SIGKILL"), GRACE_MS);
    await closed;
    clearTimeout(timer);
  };
  const onAbort = (): void => void stop();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });

  const done = closed.then(({ status, error }) => {
    signal.removeEventListener("abort", onAbort);
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

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

function notStarted(command: Command, error: Error): AppError {
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
