import { expect, test } from "vitest";
import { AppError, exitStatusOf, throwTogether } from "../../src/errors.ts";

const refused = new AppError("STORE_LOGIN_REFUSED", "app refused us", { hint: "Check the password." });
const missing = new AppError("TOOL_MISSING", "pg_dump is missing", { hint: "Install it." });
const again = new AppError("STORE_LOGIN_REFUSED", "log refused us", { hint: "Check the password." });
const bug = new TypeError("undefined is not a function");

test("no error is none", () => {
  expect(() => throwTogether([])).not.toThrow();
});

test("one error is thrown as it is", () => {
  expect(() => throwTogether([missing])).toThrow(missing);
  expect(() => throwTogether([bug])).toThrow(bug);
});

test("several are one, with the code of the first and each hint once", () => {
  expect(() => throwTogether([refused, missing, again])).toThrow(
    expect.objectContaining({
      code: "STORE_LOGIN_REFUSED",
      message: "app refused us\npg_dump is missing\nlog refused us",
      hint: "Check the password.\nInstall it.",
      cause: refused,
    }),
  );
});

test("what several parts say alike is said once", () => {
  const twice = [1, 2].map(() => new AppError("CANCELLED", "The run was cancelled.", { hint: "Again." }));
  expect(() => throwTogether(twice)).toThrow(/^The run was cancelled\.$/);
});

test("a bug among them is not hidden by the others", () => {
  expect(() => throwTogether([refused, bug, missing])).toThrow(bug);
});

test("an exit status is that of the code, and 1 for what is our fault", () => {
  expect([refused, missing, bug, "text"].map(exitStatusOf)).toEqual([4, 3, 1, 1]);
});
