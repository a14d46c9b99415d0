import { PassThrough } from "node:stream";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { isZstdInstalled } from "../../../sys/compression.ts";
import { readThrough } from "../../proving.ts";
import { walkNative } from "./native-blocks.ts";
import { NativeFault } from "./native-bytes.ts";

/** Streams are walked over as long as those make up no more than so many bytes and such a share of all. */
const ALWAYS_BYTES = 8 * 1024 ** 2;
const SHARE = 1 / 16;
/** What it costs to begin: a process of zstd. Of thousands of small partitions, too, it is to be a sample only. */
const START_BYTES = 1024 ** 2;

/** What waits for its walk at most, as it came: streams need not rest until zstd has started. */
const AHEAD_BYTES = 1024 ** 2;

const WITHOUT_ZSTD =
  "No rows are counted on their way, which would find out a proxy that shortens answers: zstd is not on this machine.";

/** What was found in a stream that was walked over: its rows, or why they could not be told, as a clause. */
export type Walked = { rows: number } | { fault: string };

/** A stream, and what it is found to hold. */
export interface Followed {
  stream: AsyncIterable<Uint8Array>;
  /** Once it has ended. Undefined where it was not walked over, or holds values that only ClickHouse can tell apart. */
  walked: () => Promise<Walked | undefined>;
}

/**
 * Walks over some of the streams of a run while they pass. What a proxy unpacks, shortens between two blocks and packs
 * again is whole in every respect but its number of rows, and that only reading it through can tell. To read all of it
 * would make a backup half as long again, so it is a sample: one stream at a time, and the first of each run. A machine without
 * zstd does without, and says so: a backup of ClickHouse needs no program, and fetches none.
 */
export class ReadAlong {
  readonly #context: RunContext;
  #passedBytes = 0;
  #walkedBytes = 0;
  #isBusy = false;
  #isPossible: Promise<boolean> | undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** @param stream - Native in zstd, of these columns */
  follow(stream: AsyncIterable<Uint8Array>, columns: readonly string[]): Followed {
    this.#lookForZstd().catch(() => {}); // while the server prepares its answer; thrown to whoever walks
    let walked: Promise<Walked | undefined> = Promise.resolve(undefined);
    const begin = (): PassThrough | undefined => {
      if (!this.#isDue()) return undefined;
      const copy = new PassThrough({ highWaterMark: AHEAD_BYTES });
      copy.on("error", () => {}); // told by whoever reads it
      this.#isBusy = true;
      this.#walkedBytes += START_BYTES;
      walked = this.#walk(copy, columns).finally(() => {
        copy.destroy();
        this.#isBusy = false;
      });
      walked.catch(() => {}); // thrown to whoever awaits it
      return copy;
    };
    return { stream: this.#pass(stream, begin), walked: () => walked };
  }

  #isDue(): boolean {
    if (this.#isBusy) return false;
    return this.#walkedBytes <= ALWAYS_BYTES + SHARE * this.#passedBytes;
  }

  /** @param begin - called when something comes; gives where a copy of it goes, if anywhere */
  async *#pass(
    stream: AsyncIterable<Uint8Array>,
    begin: () => PassThrough | undefined,
  ): AsyncGenerator<Uint8Array, void> {
    let copy: PassThrough | undefined;
    let isFirst = true;
    try {
      for await (const chunk of stream) {
        if (isFirst) copy = begin();
        isFirst = false;
        this.#passedBytes += chunk.length;
        if (copy) this.#walkedBytes += chunk.length;
        if (copy?.writable && !copy.write(chunk)) await hasRoom(copy);
        yield chunk;
      }
      copy?.end();
    } finally {
      // Given up by its reader, too.
      if (copy?.writable) copy.destroy(new Error("the stream broke off"));
    }
  }

  #lookForZstd(): Promise<boolean> {
    this.#isPossible ??= isZstdInstalled(this.#context).then((isThere) => {
      if (!isThere) this.#context.reporter.info(WITHOUT_ZSTD);
      return isThere;
    });
    return this.#isPossible;
  }

  async #walk(copy: PassThrough, columns: readonly string[]): Promise<Walked | undefined> {
    if (!(await this.#lookForZstd())) return undefined;
    try {
      const outline = await readThrough({ key: "it" }, copy, "zstd", this.#context, (blocks) =>
        walkNative(blocks, columns),
      );
      return outline.isWalked ? { rows: outline.rows } : undefined;
    } catch (error) {
      if (error instanceof NativeFault) return { fault: error.message };
      if (error instanceof AppError && error.code === "BACKUP_DAMAGED") {
        return { fault: "its zstd cannot be read" };
      }
      throw error;
    }
  }
}

async function hasRoom(copy: PassThrough): Promise<void> {
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      copy.off("drain", goOn).off("close", goOn);
      resolve();
    };
    copy.on("drain", goOn).on("close", goOn);
  });
}
