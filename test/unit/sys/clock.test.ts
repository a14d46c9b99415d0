import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import {
  secondsSince,
  Stopwatch,
  systemClock,
  waitUnlessAborted,
  withDeadline,
} from "../../../src/sys/clock.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("a deadline fires although memory is tidied up meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const signal = withDeadline(new AbortController().signal, 50);
  const fired = new Promise((resolve) => signal.addEventListener("abort", resolve));
  await new Promise((resolve) => setTimeout(resolve, 10)); // what is reachable only from this stack frame goes too
  collectGarbage();
  // Were it collected, nothing would ever fire; a deadline does not keep the process, so something else must.
  const keepAlive = setInterval(() => {}, 1000);
  await fired;
  clearInterval(keepAlive);
});

test("a deadline fires with the run's own signal", () => {
  const run = new AbortController();
  const signal = withDeadline(run.signal, 60_000);
  expect(signal.aborted).toBe(false);
  run.abort();
  expect(signal.aborted).toBe(true);
});

test("sleeping ends with CANCELLED when the run is", async () => {
  const run = new AbortController();
  const sleep = systemClock.sleep(60_000, run.signal);
  run.abort();
  await expect(sleep).rejects.toMatchObject({ code: "CANCELLED" });
});

test("work that takes no signal is waited for, but not longer than the run lasts", async () => {
  const run = new AbortController();
  await expect(waitUnlessAborted(Promise.resolve(7), run.signal)).resolves.toBe(7);
  await expect(waitUnlessAborted(Promise.reject(new Error("no")), run.signal)).rejects.toThrow("no");
  const endless = waitUnlessAborted(new Promise(() => {}), run.signal);
  run.abort();
  await expect(endless).rejects.toMatchObject({ code: "CANCELLED" });
});

test("a stopwatch takes the time of what fails as well", async () => {
  const clock = new FakeClock("2026-11-20T00:00:00Z");
  const watch = new Stopwatch(clock);
  const startMs = clock.ticksMs();
  await watch.measure("find", async () => clock.advance(1.5));
  const failing = watch.measure("restore", async () => {
    clock.advance(0.25);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(watch.times).toEqual([
    { phase: "find", seconds: 1.5 },
    { phase: "restore", seconds: 0.25 },
  ]);
  expect(secondsSince(clock, startMs)).toBe(1.75);
});
