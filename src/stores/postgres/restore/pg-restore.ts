import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../../errors.ts";
import type { ErrorCode } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { startTool } from "../../../sys/exec.ts";
import type { PostgresTools } from "../clients/tools.ts";
import { MessageReader } from "./restore-messages.ts";
import type { Meaning, RestoreMessage } from "./restore-messages.ts";
import { explainToolFault } from "../server/tool-faults.ts";

/** Of what it said at the end, when it did not come to its end. */
const LINES_KEPT = 40;
/** Messages are told apart by their English words. */
const IN_ENGLISH = { LC_ALL: "C" };

export interface RestoreRun {
  tools: PostgresTools;
  /** The variables of `LibpqAccess` for the target. */
  env: Readonly<Record<string, string>>;
  database: string;
  /** A file or folder; or what is read from as it comes. */
  from: { path: string } | { stream: Readable };
  /** Path of a list of entries; all when absent. */
  listPath: string | undefined;
  /** All sections when absent. */
  section?: "pre-data" | "data" | "post-data";
  jobs: number;
  /** Told each error; what it means decides how the run goes on. */
  judge: (message: RestoreMessage) => Meaning;
  /** How well an entry fits what was said of an error, from 0 to 1. */
  rank: (entryId: number, said: string) => number;
  /** Told of each entry whose rows are in and committed; only with several jobs. */
  onRows?: (entryId: number) => void;
}

/** What the process that conducts the others says when one of them is done. */
const ROWS_ARE_IN = /^pg_restore: finished item (\d+) TABLE DATA /;

/**
 * Runs pg_restore over what fits its section, past errors that are not fatal.
 *
 * @throws AppError TOOL_FAILED when it could not come to its end, CANCELLED, and what reading the stream throws
 */
export async function runPgRestore(run: RestoreRun, context: RunContext): Promise<void> {
  const { tools, env, database, from, listPath, section, jobs } = run;
  const args = [
    // As a connection string, since a bare name that holds "=" would be taken for one.
    `--dbname=dbname='${database.replaceAll(/[\\']/g, "\\$&")}'`,
    "--no-owner",
    // They belong to a server, and lie in its folders.
    "--no-tablespaces",
    "--no-password",
    // Only then does it say which entry an error is about.
    "--verbose",
    ...(section ? [`--section=${section}`] : []),
    ...(listPath === undefined ? [] : [`--use-list=${listPath}`]),
    ...("path" in from ? [`--jobs=${jobs}`, from.path] : []),
  ];
  const tool = startTool(tools.command("pg_restore", args, { ...env, ...IN_ENGLISH }), context);
  tool.stdout.resume();
  let fault: { text: string; why: string; code: ErrorCode } | undefined;
  const reader = new MessageReader((message) => {
    const text = context.redactor.redact(message.text);
    const meaning = run.judge({ ...message, text });
    if (meaning.kind !== "fatal") return;
    fault ??= { text, why: meaning.why, code: meaning.code ?? "TOOL_FAILED" };
    void tool.stop(); // whatever comes now would fail for the same reason
  }, run.rank);
  const said: string[] = [];
  const listening = (async () => {
    for await (const line of createInterface({ input: tool.stderr })) {
      reader.line(line);
      const [, entry] = ROWS_ARE_IN.exec(line) ?? [];
      if (entry !== undefined) run.onRows?.(Number(entry));
      // What it does, it tells line by line; what went wrong must not drown in that.
      if (/^pg_restore: (?!error|fatal|warning|detail|hint)/.test(line)) continue;
      said.push(line);
      if (said.length > LINES_KEPT) said.shift();
    }
    reader.end();
  })();
  const feeding = "stream" in from ? feed(from.stream, tool) : void tool.stdin.end();
  const [fed, ended] = await Promise.allSettled([feeding, tool.done]);
  await listening;
  if (context.signal.aborted) await tool.done; // throws CANCELLED
  if (fed.status === "rejected") throw fed.reason;
  if (fault) {
    throw new AppError(fault.code, `pg_restore could not go on: ${fault.text}`, { hint: fault.why });
  }
  if (ended.status === "rejected" && !reader.hasFinished) {
    throw explainToolFault(ended.reason, "pg_restore", context.redactor.redact(said.join("\n")));
  }
}

/** Ends pg_restore when its source fails: a source that just ended would pass for the end of the archive. */
async function feed(stream: Readable, tool: ReturnType<typeof startTool>): Promise<void> {
  let ownFault: unknown;
  stream.once("error", (error) => (ownFault = error));
  try {
    await pipeline(stream, tool.stdin);
  } catch (error) {
    await tool.stop();
    // pg_restore may have gone first: then its own words tell why.
    if (ownFault instanceof AppError) throw ownFault;
    if (!isClosedPipe(error)) throw error;
  }
}

function isClosedPipe(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET";
}

/** The table of contents, as pg_restore prints it. @throws AppError TOOL_FAILED, CANCELLED, as the stream */
export async function listContents(
  tools: PostgresTools,
  from: RestoreRun["from"],
  context: RunContext,
): Promise<string> {
  const args = ["--list", "--verbose", ...("path" in from ? [from.path] : [])];
  const tool = startTool(tools.command("pg_restore", args, IN_ENGLISH), context);
  const listing = text(tool.stdout);
  let sourceFault: unknown;
  if ("stream" in from) from.stream.once("error", (error) => (sourceFault = error));
  if ("path" in from) tool.stdin.end();
  // It lies in front: pg_restore ends when it has seen it, and the rest is not read.
  else void pipeline(from.stream, tool.stdin).catch(() => {});
  try {
    const [contents] = await Promise.all([listing, tool.done]);
    return contents;
  } catch (error) {
    await tool.stop();
    if (sourceFault instanceof AppError) throw sourceFault;
    throw explainToolFault(error, "pg_restore", tool.stderrTail());
  } finally {
    if ("stream" in from) from.stream.destroy();
  }
}
