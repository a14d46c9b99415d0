import { expect, test } from "vitest";
import { LookAgain } from "../../../../../src/stores/clickhouse/backup/look-again.ts";
import type { Clock } from "../../../../../src/sys/clock.ts";
import { systemClock } from "../../../../../src/sys/clock.ts";

/** Time passes only while something is looked at: ten seconds for each look. */
function slowLooks(): { clock: Clock; look: () => Promise<number>; rests: number[] } {
  let nowMs = 0;
  let looks = 0;
  const rests: number[] = [];
  return {
    rests,
    clock: {
      ...systemClock,
      ticksMs: () => nowMs,
      sleep: async (ms, signal) => {
        rests.push(ms);
        if (ms > 0) await systemClock.sleep(3_600_000, signal);
      },
    },
    look: async () => {
      nowMs += 10_000;
      return ++looks;
    },
  };
}

test("those who ask before a look begins share it, and each look after a slow one rests before", async () => {
  const { clock, look, rests } = slowLooks();
  const watch = new LookAgain(look, clock, new AbortController().signal);
  expect(await Promise.all([watch.see(), watch.see()])).toEqual([1, 1]);
  const next = watch.see();
  watch.hurry();
  expect(await next).toBe(2);
  expect(rests).toEqual([0, 30_000]);
});

test("nobody rests any longer when there is hurry", async () => {
  const { clock, look } = slowLooks();
  const watch = new LookAgain(look, clock, new AbortController().signal);
  await watch.see();
  watch.hurry();
  expect(await watch.see()).toBe(2);
  expect(await watch.see()).toBe(3);
});

test("a rest ends with the run", async () => {
  const { clock, look } = slowLooks();
  const run = new AbortController();
  const watch = new LookAgain(look, clock, run.signal);
  await watch.see();
  const next = watch.see();
  run.abort();
  await expect(next).rejects.toMatchObject({ code: "CANCELLED" });
});
