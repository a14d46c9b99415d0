import { setTimeout as delay } from "node:timers/promises";

const LOOK_EVERY_MS = 20;

/**
 * Waits until something holds, however long that takes: the limit of the test alone ends it.
 *
 * @returns what `find` gave, once that is neither undefined, null nor false
 */
export async function until<T>(find: () => T | Promise<T>): Promise<Exclude<T, undefined | null | false>> {
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== null && found !== false)
      return found as Exclude<T, undefined | null | false>;
    await delay(LOOK_EVERY_MS);
  }
}
