import type { Readable, Writable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { AppError } from "../errors.ts";
import { findDebianArchive } from "./apt-sources.ts";
import { unpackDebianPackages } from "./debian-packages.ts";
import { runTool, startTool } from "./exec.ts";
import type { Command, ToolOptions } from "./exec.ts";

export type Compression = "zstd" | "gzip" | "none";

/** What a compressor needs of a run. */
export interface CompressionContext extends ToolOptions {
  toolEnv: Readonly<Record<string, string>>;
  /** Where fetched tools are kept between runs. */
  cacheDir: string;
  reporter: { info(line: string): void };
}

/** A compressor or its opposite: what is written to `input` comes out of `output` in another form. */
export interface Transformer {
  readonly input: Writable;
  readonly output: Readable;
  /** Rejects when the transformation failed, whatever `output` looked like. */
  readonly done: Promise<void>;
  /** Ends it at once. */
  stop(): Promise<void>;
}

/**
 * Compresses a stream. gzip is Node's own; zstd is the program, since Node 20 has none.
 *
 * @param level - 1 to 9 for gzip, 1 to 19 for zstd
 * @throws AppError TOOL_MISSING, CANCELLED
 */
export async function openCompressor(
  compression: Exclude<Compression, "none">,
  level: number,
  context: CompressionContext,
): Promise<Transformer> {
  if (compression === "gzip") return fromStream(createGzip({ level }));
  return startZstd([`-${level}`], context);
}

/** @throws AppError TOOL_MISSING, CANCELLED */
export async function openDecompressor(
  compression: Exclude<Compression, "none">,
  context: CompressionContext,
): Promise<Transformer> {
  if (compression === "gzip") return fromStream(createGunzip());
  return startZstd(["--decompress"], context);
}

async function startZstd(args: readonly string[], context: CompressionContext): Promise<Transformer> {
  const call = await findZstd(context);
  const zstd = startTool(call([...args, "--quiet", "--stdout"]), context);
  return { input: zstd.stdin, output: zstd.stdout, done: zstd.done, stop: () => zstd.stop() };
}

function fromStream(stream: NodeJS.ReadWriteStream & { destroy(): unknown }): Transformer {
  const done = new Promise<void>((resolve, reject) => {
    stream.once("end", resolve).once("error", reject);
    stream.once("close", () => reject(new Error("the stream was closed before its end")));
  });
  done.catch(() => {}); // told where it is awaited
  return {
    input: stream as unknown as Writable,
    output: stream as unknown as Readable,
    done,
    stop: async () => void stream.destroy(),
  };
}

/** Whether zstd is had without fetching anything. @throws AppError CANCELLED */
export async function isZstdInstalled(context: CompressionContext): Promise<boolean> {
  try {
    await runTool({ file: "zstd", args: ["--version"], env: context.toolEnv }, context);
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    return false;
  }
}

/** The zstd of this machine, else Debian's, unpacked into the cache. @throws AppError TOOL_MISSING, CANCELLED */
async function findZstd(context: CompressionContext): Promise<(args: readonly string[]) => Command> {
  const { toolEnv, cacheDir, reporter, signal, redactor } = context;
  if (await isZstdInstalled(context)) return (args) => ({ file: "zstd", args, env: toolEnv });
  try {
    const root = await unpackDebianPackages({
      packages: ["zstd"],
      archive: await findDebianArchive("trixie"),
      cacheDir,
      env: toolEnv,
      signal,
      redactor,
      report: (line) => reporter.info(line),
    });
    return (args) => root.command("usr/bin/zstd", args, toolEnv);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    throw new AppError("TOOL_MISSING", `zstd is not on this machine: ${error.message}`, {
      hint: "Install zstd; a backup may also be told compression: gzip, which needs no program.",
      cause: error,
    });
  }
}
