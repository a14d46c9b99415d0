import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { RunContext } from "../../../run-context.ts";
import { openDecompressor } from "../../../sys/compression.ts";
import type { Compression } from "../../../sys/compression.ts";
import { startTool } from "../../../sys/exec.ts";
import type { RunningTool } from "../../../sys/exec.ts";
import type { PostgresTools } from "../clients/tools.ts";
import { explainToolFault } from "../server/tool-faults.ts";

export interface PlainLoad {
  /** A file that was fetched and proved whole. */
  path: string;
  compression: Compression;
  /** The variables of `LibpqAccess` for the target, and what else the caller wants psql to know. */
  env: Readonly<Record<string, string>>;
  /** All or nothing; a large load then holds its locks until the end. */
  singleTransaction: boolean;
}

/**
 * Runs a dump of format plain through psql, which stops at the first error.
 *
 * psql takes the end of its input for the end of the script, and of a COPY, wherever it comes. So when reading
 * fails half-way, psql is ended before its input is.
 *
 * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
 */
export async function loadPlainSql(
  load: PlainLoad,
  tools: PostgresTools,
  context: RunContext,
): Promise<void> {
  const args = [
    "--no-psqlrc",
    "--no-password",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    ...(load.singleTransaction ? ["--single-transaction"] : []),
    "--file=-",
  ];
  const psql = startTool(tools.command("psql", args, load.env), context);
  psql.stdout.resume();
  try {
    await writeAll(readSql(load, context), psql);
    psql.stdin.end();
    await psql.done;
  } catch (error) {
    await psql.stop();
    throw explainToolFault(error, "psql", psql.stderrTail());
  }
}

/**
 * Writes a script into psql.
 *
 * @returns false when psql had ended by itself: its status tells why
 * @throws what reading throws
 */
export async function writeAll(
  sql: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { stdin, done }: Pick<RunningTool, "stdin" | "done">,
): Promise<boolean> {
  let hasEnded = false;
  const ended = done.catch(() => {}).then(() => void (hasEnded = true));
  for await (const chunk of sql) {
    if (hasEnded || !stdin.writable) return false;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain").catch(() => {}), ended]);
  }
  return true;
}

async function* readSql({ path, compression }: PlainLoad, context: RunContext): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  if (compression === "none") {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const decompressor = await openDecompressor(compression, context);
  file.on("error", (error) => decompressor.output.destroy(error));
  file.pipe(decompressor.input);
  try {
    yield* decompressor.output as AsyncIterable<Buffer>;
    await decompressor.done;
  } finally {
    file.destroy();
    await decompressor.stop();
  }
}
