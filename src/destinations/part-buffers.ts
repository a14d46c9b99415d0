import { abortReason } from "./body.ts";

/** In memory at once for all uploads of a destination: 32 MiB with the usual part size. */
export const PARTS_IN_MEMORY = 4;

/**
 * The memory in which parts of uploads are gathered and sent. A destination has one set for all its uploads, so
 * what it holds is bounded however many of them run at once: who finds none free waits, and its database with it.
 */
export class PartBuffers {
  readonly #free: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #available: number;

  /** @param count - how many parts may be in memory, filling or on their way */
  constructor(count: number) {
    this.#available = count;
  }

  /** Waits for a buffer; its old content is still in it. Throws what the signal was aborted with. */
  async take(sizeBytes: number, signal: AbortSignal): Promise<Buffer> {
    while (this.#available === 0 && !signal.aborted) await this.#wait(signal);
    if (signal.aborted) throw abortReason(signal);
    this.#available--;
    const free = this.#free.pop();
    return free?.length === sizeBytes ? free : Buffer.allocUnsafeSlow(sizeBytes);
  }

  give(buffer: Buffer): void {
    this.#available++;
    this.#free.push(buffer);
    // All are woken: the first may have been aborted, and the others find out that they wait on.
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake);
    });
  }
}
