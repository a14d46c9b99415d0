import { createHash } from "node:crypto";
import { Transform, addAbortSignal, pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { AppError, cancelled } from "../errors.ts";
import type { Written } from "./destination.ts";

/**
 * One pass over a body on its way into a destination: counts it, hashes it, and stops waiting for it the moment
 * the signal fires, even when the body itself hangs.
 */
export class MeteredBody implements AsyncIterable<Uint8Array> {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #signal: AbortSignal;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(body: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#body = body;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const iterator = this.#body[Symbol.asyncIterator]();
    let giveUp = (): void => {};
    const onAbort = (): void => giveUp();
    this.#signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          giveUp = () => reject(abortReason(this.#signal));
          if (this.#signal.aborted) giveUp();
          else iterator.next().then(resolve, reject);
        });
        if (next.done) return;
        this.#hash.update(next.value);
        this.#sizeBytes += next.value.length;
        yield next.value;
      }
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
      // Not awaited: a generator that hangs in next() answers return() only after that.
      iterator.return?.().catch(() => {});
    }
  }

  /** What has passed; called once, after the end. */
  written(): Written {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }
}

/**
 * An object on its way out of a destination. It ends cleanly only after `sizeBytes` bytes; its errors are those
 * that `explain` makes of the source's; and the source is closed with it, read or not.
 */
export function guardStream(
  source: Readable,
  sizeBytes: number,
  signal: AbortSignal,
  explain: (error: unknown) => unknown,
): Readable {
  let seenBytes = 0;
  const guard = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      seenBytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(seenBytes === sizeBytes ? null : cutShort(seenBytes, sizeBytes));
    },
    destroy(error, done) {
      done(error && ((signal.aborted ? abortReason(signal) : explain(error)) as Error));
    },
  });
  pipeline(source, guard, () => {}); // the reader of `guard` sees the error
  return addAbortSignal(signal, guard);
}

/** Why work under this signal stops: the error it was aborted with, or CANCELLED when that is none of ours. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof AppError ? signal.reason : cancelled();
}

function cutShort(seenBytes: number, sizeBytes: number): AppError {
  return new AppError("DESTINATION_FAILED", `An object ended after ${seenBytes} of ${sizeBytes} bytes.`, {
    hint: "The connection was cut; try again.",
    transient: true,
  });
}
