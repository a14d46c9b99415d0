import { expect, test } from "vitest";
import { AppError, cancelled } from "../../../../../src/errors.ts";
import { connectPatiently } from "../../../../../src/stores/postgres/server/patience.ts";
import { startTestRun } from "../../../../support/run-context.ts";

function refusal(code: string, message = code): AppError {
  const cause = Object.assign(new Error(message), { code });
  return new AppError("STORE_UNREACHABLE", `It said ${message}.`, { hint: "Wait.", cause });
}

function attempts(
  errors: readonly Error[],
  then = "connected",
): { attempt: () => Promise<string>; made: () => number } {
  let made = 0;
  return {
    made: () => made,
    attempt: async () => {
      const error = errors[Math.min(made, errors.length - 1)]!;
      made += 1;
      if (made > errors.length && then !== "never") return then;
      throw error;
    },
  };
}

test.each([
  ["57P03", "the database system is starting up"],
  ["53300", "sorry, too many clients already"],
  ["XX000", "(EMAXCONNSESSION) max clients reached in session mode"],
  ["XX000", "Couldn't connect to compute node"],
  ["", "timeout expired"],
  ["ECONNREFUSED", "connect ECONNREFUSED"],
])("a server that says %s: %s is waited for, and that is told once", async (code, message) => {
  const run = startTestRun();
  const { attempt } = attempts([refusal(code, message), refusal(code, message)]);
  expect(await connectPatiently(attempt, "db:5432/app", run)).toBe("connected");
  expect(run.slept).toEqual([1000, 2000]);
  expect(run.lines).toHaveLength(1);
  expect(run.lines[0]).toMatch(/^db:5432\/app: It said .*Trying again for up to \d+ s\.$/);
});

test.each([
  ["57P03", 60_000, 75_000],
  ["ECONNREFUSED", 10_000, 20_000],
])("%s is not waited for without end", async (code, least, most) => {
  const run = startTestRun();
  const { attempt } = attempts([refusal(code)], "never");
  await expect(connectPatiently(attempt, "db", run)).rejects.toThrow(`It said ${code}`);
  const sleptMs = run.slept.reduce((sum, ms) => sum + ms, 0);
  expect(sleptMs).toBeGreaterThan(least);
  expect(sleptMs).toBeLessThanOrEqual(most);
});

test.each([
  ["a wrong password", refusal("28P01")],
  ["a database that is not there", refusal("3D000")],
  ["a cancelled run", cancelled()],
  ["a bug", new TypeError("a bug")],
])("%s is not waited for", async (_, error) => {
  const run = startTestRun();
  const { attempt, made } = attempts([error], "never");
  await expect(connectPatiently(attempt, "db", run)).rejects.toBe(error);
  expect([made(), run.slept]).toEqual([1, []]);
});
