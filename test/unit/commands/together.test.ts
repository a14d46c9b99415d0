import { expect, test } from "vitest";
import { runTogether, settleAll } from "../../../src/commands/together.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import { startTestRun } from "../../support/run-context.ts";

const fault = new AppError("STORE_FAILED", "it broke", { hint: "" });

test("results come in the order of their items, whatever ends first", async () => {
  let endFirst = (_: string): void => {};
  const first = new Promise<string>((resolve) => (endFirst = resolve));
  const results = runTogether(startTestRun(), ["first", "second"], async (item) => {
    if (item === "first") return await first;
    endFirst("first");
    return item;
  });
  expect(await results).toEqual(["first", "second"]);
});

test("the first failure stops the others, is what is thrown, and nothing is still under way then", async () => {
  const run = startTestRun();
  const ended: string[] = [];
  const work = async (item: string): Promise<void> => {
    if (item === "failing") throw fault;
    await new Promise((resolve) => run.signal.addEventListener("abort", resolve));
    await new Promise(setImmediate); // its own tidying up
    ended.push(item);
    throw cancelled();
  };
  await expect(runTogether(run, ["slow", "failing", "slower"], work)).rejects.toBe(fault);
  expect(ended).toEqual(["slow", "slower"]);
});

test("independent work is all waited for before its failures are told", async () => {
  let isDone = false;
  const slow = new Promise((resolve) => setImmediate(resolve)).then(() => (isDone = true));
  await expect(settleAll([Promise.reject(fault), slow])).rejects.toBe(fault);
  expect(isDone).toBe(true);
  expect(await settleAll([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
});
