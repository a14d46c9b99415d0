import { Readable } from "node:stream";
import type { StoredObject } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";

/** Without a byte in between; one that arrives starts the count anew. */
const TRIES = 5;
const FIRST_DELAY_MS = 500;

/**
 * Streams an object as it is stored. A connection that is cut is taken up again at the byte where it ended, so that
 * an hour of reading survives a moment without a network; nothing is given out twice.
 *
 * @throws AppError as Destination.open; through the stream, the error of the last try
 */
export async function openResuming(
  destination: Destination,
  object: StoredObject,
  { clock, reporter, signal }: RunContext,
): Promise<Readable> {
  let source = listenTo(await destination.open(object.key));

  async function* read(): AsyncGenerator<Uint8Array> {
    let readBytes = 0;
    let failures = 0;
    for (;;) {
      try {
        for await (const chunk of source as AsyncIterable<Uint8Array>) {
          readBytes += chunk.byteLength;
          failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!(error instanceof AppError && error.transient) || failures === TRIES) throw error;
        if (readBytes >= object.sizeBytes) return; // all is there; whether it is right, the digest tells
        failures += 1;
        reporter.warn(
          `${error.message} Reading ${object.key} on from byte ${readBytes} (${failures} of ${TRIES}).`,
        );
        await clock.sleep(FIRST_DELAY_MS * 2 ** (failures - 1), signal);
        source = listenTo(await destination.open(object.key, readBytes));
      }
    }
  }

  const stream = Readable.from(read(), { objectMode: false });
  stream.once("close", () => source.destroy());
  return listenTo(stream);
}

/** Its reader sees the error; until there is one, the error must not end the process. */
function listenTo(stream: Readable): Readable {
  return stream.on("error", () => {});
}
