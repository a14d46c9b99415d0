import { expect, test } from "vitest";
import { renderResult } from "../../../src/cli/render.ts";
import { policy } from "../../../src/commands/policy.ts";
import type { PolicySubject } from "../../../src/commands/policy.ts";
import { startTestRun } from "../../support/run-context.ts";

const subjectOf = (bucket: string, account: string): PolicySubject => ({
  url: `s3://${bucket}`,
  account,
  place: { bucket, folder: "shop", isAws: true, objectLock: false, legalHold: false },
});

test("buckets of one account share a policy, and those of another have their own", () => {
  const subjects = [subjectOf("a", "one"), subjectOf("b", "two"), subjectOf("c", "one")];
  const result = policy("restore", subjects, startTestRun().reporter);
  expect(result.policies.map(({ destinations }) => destinations)).toEqual([["s3://a", "s3://c"], ["s3://b"]]);
  const text = renderResult(result);
  expect(text.split("\n").filter((line) => line.startsWith("#"))).toEqual(["# s3://a, s3://c", "# s3://b"]);
});

test("one policy is printed alone, as JSON", () => {
  const result = policy("backup", [subjectOf("a", "one")], startTestRun().reporter);
  expect(JSON.parse(renderResult(result))).toEqual(result.policies[0]?.policy);
});

test("a folder is left out with a word about it, and alone it is an error", () => {
  const run = startTestRun();
  const folder = { url: "file:///backups", account: "" };
  expect(policy("drill", [folder, subjectOf("a", "one")], run.reporter).policies).toHaveLength(1);
  expect(run.lines.join()).toContain("file:///backups is a folder");
  expect(() => policy("drill", [folder], run.reporter)).toThrowError(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});
