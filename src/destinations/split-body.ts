import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { Readable } from "node:stream";
import type { RunContext } from "../run-context.ts";

/** What each reader may lag behind the fastest one, in bytes. */
const AHEAD_BYTES = 8 * 1024 * 1024;

/** One body, read once and given to several readers. */
export interface SplitBody {
  readonly branches: readonly Readable[];
  /** Why the body itself broke off, where it did: that is no reader's fault. */
  readonly sourceError: () => { error: unknown } | undefined;
}

/**
 * Gives one body to several readers, each as fast as it can as long as none is left too far behind. A reader that is
 * gone, or that takes nothing for `patienceMs` while the others wait for it, is left out from then on.
 *
 * @param onStall - makes the error that a reader who was waited for in vain is ended with
 */
export function splitBody(
  body: AsyncIterable<Uint8Array>,
  count: number,
  { clock, signal }: Pick<RunContext, "clock" | "signal">,
  { patienceMs, onStall }: { patienceMs: number; onStall: (index: number) => Error },
): SplitBody {
  const branches = Array.from({ length: count }, () => new PassThrough({ highWaterMark: AHEAD_BYTES }));
  let fault: { error: unknown } | undefined;
  for (const branch of branches) branch.on("error", () => {}); // its reader sees it
  const isGone = (branch: PassThrough): boolean => branch.destroyed;

  /** Waits until a reader has taken enough, is gone, or has been waited for too long. */
  const giveWay = async (branch: PassThrough, index: number): Promise<void> => {
    const done = new AbortController();
    const taken = Promise.race([
      once(branch, "drain", { signal: done.signal }),
      once(branch, "close", { signal: done.signal }),
    ]).then(
      () => "taken",
      () => "taken",
    );
    const tired = clock.sleep(patienceMs, AbortSignal.any([signal, done.signal])).then(
      () => "tired",
      () => "taken",
    );
    const outcome = await Promise.race([taken, tired]);
    done.abort();
    if (outcome === "tired" && !isGone(branch)) branch.destroy(onStall(index));
  };

  const pump = async (): Promise<void> => {
    for await (const chunk of body) {
      await Promise.all(
        branches.map(async (branch, index) => {
          if (!isGone(branch) && !branch.write(chunk)) await giveWay(branch, index);
        }),
      );
      if (branches.every(isGone)) return; // ends the body as well
    }
  };
  pump().then(
    () => branches.forEach((branch) => branch.end()),
    (error: unknown) => {
      fault = { error };
      for (const branch of branches) branch.destroy(error as Error);
    },
  );
  return { branches, sourceError: () => fault };
}
