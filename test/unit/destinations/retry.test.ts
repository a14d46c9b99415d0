import { expect, test } from "vitest";
import { retryTransient } from "../../../src/destinations/retry.ts";
import { AppError } from "../../../src/errors.ts";
import { startTestRun } from "../../support/run-context.ts";

function fail(transient: boolean): AppError {
  return new AppError("DESTINATION_FAILED", "The service is busy.", { hint: "Wait.", transient });
}

test("a transient error is tried again, with a line for each time, until it works", async () => {
  const run = startTestRun();
  const attempts: number[] = [];
  const result = await retryTransient(run, run.signal, async (attemptNumber) => {
    attempts.push(attemptNumber);
    if (attemptNumber < 3) throw fail(true);
    return "done";
  });
  expect(result).toBe("done");
  expect(attempts).toEqual([1, 2, 3]);
  expect(run.lines).toEqual([
    "The service is busy. Trying again (1 of 5).",
    "The service is busy. Trying again (2 of 5).",
  ]);
});

test("after five more attempts, each after about twice the wait, the error comes out", async () => {
  const run = startTestRun();
  const last = fail(true);
  await expect(retryTransient(run, run.signal, () => Promise.reject(last))).rejects.toBe(last);
  expect(run.slept).toHaveLength(5);
  for (const [index, ms] of run.slept.entries()) {
    expect(ms).toBeGreaterThanOrEqual(250 * 2 ** index);
    expect(ms).toBeLessThan(750 * 2 ** index);
  }
});

test.each([
  ["an error that is not transient", fail(false)],
  ["our own bug", new TypeError("x is not a function")],
])("%s is not tried again", async (_name, error) => {
  const run = startTestRun();
  await expect(retryTransient(run, run.signal, () => Promise.reject(error))).rejects.toBe(error);
  expect(run.lines).toEqual([]);
});

test("a run that is cancelled does not wait for the next attempt", async () => {
  const run = startTestRun();
  const attempt = (): Promise<never> => {
    run.stopAll();
    return Promise.reject(fail(true));
  };
  await expect(retryTransient(run, run.signal, attempt)).rejects.toMatchObject({ code: "CANCELLED" });
});
