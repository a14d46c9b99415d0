import { expect, test } from "vitest";
import { ConcurrencyGroups } from "../../support/rehearsal/concurrency.ts";

test("of those that wait the one started last stays, also when it asked first", async () => {
  const groups = new ConcurrencyGroups();
  const turn = (number: number) => ({ number, cancel: () => {} });
  expect(await groups.enter("backup", false, turn(1))).toBe(true);
  const third = groups.enter("backup", false, turn(3));
  expect(await groups.enter("backup", false, turn(2))).toBe(false);
  groups.leave("backup");
  expect(await third).toBe(true);
});
