import { expect, test } from "vitest";
import type { TriedRight } from "../../../src/destinations/rights.ts";
import { judgeRights } from "../../../src/policy/judge-rights.ts";

const tried = (outcomes: Partial<Record<TriedRight["right"], TriedRight["outcome"]>>): TriedRight[] => [
  { right: "list", key: "", outcome: outcomes.list ?? "refused" },
  { right: "read", key: "backups/a/app/app.dump", outcome: outcomes.read ?? "refused" },
  { right: "write", key: "backups/probe/probe/probe", outcome: outcomes.write ?? "refused" },
  { right: "remove", key: "backups/probe/probe/probe", outcome: outcomes.remove ?? "refused" },
];
const judge = (...args: Parameters<typeof judgeRights>) =>
  judgeRights(...args).map(({ state, found }) => `${state}: ${found}`);

test("credentials that may write and nothing else are right for a backup", () => {
  expect(judge("backup", tried({ write: "allowed" }))).toEqual([
    "good: The credentials may do what the role backup needs.",
  ]);
});

test("what is too much is a warning, but only where a role was named", () => {
  const all = tried({ list: "allowed", read: "allowed", write: "allowed", remove: "allowed" });
  expect(judge("backup", all)[1]).toMatch(
    /^warning: .* may also list, read backups\/a\/app\/app.dump, remove/,
  );
  expect(judge(undefined, all)).toEqual(["good: The credentials may do what a backup needs."]);
});

test("what is missing is bad, with the command that prints the policy", () => {
  const [finding, ...others] = judgeRights("drill", tried({ list: "allowed" }));
  expect(finding).toEqual({
    check: "rights",
    state: "bad",
    found: "The credentials may not read backups/a/app/app.dump, which the role drill needs.",
    mend: "lifeboat policy --role drill prints the policy to attach.",
  });
  expect(others).toEqual([]);
});

test("whoever backs up needs no right to replace, and who may replace may write", () => {
  const probe = "backups/probe/manifest.json";
  const replacing: TriedRight[] = [
    { right: "write", key: probe, outcome: "allowed" },
    { right: "replace", key: probe, outcome: "allowed" },
  ];
  expect(judge("backup", replacing)[1]).toMatch(
    /^warning: .* may also replace backups\/probe\/manifest.json,/,
  );
  expect(judge("prune", replacing)).toEqual([expect.stringMatching(/^good: /)]);
});

test("what could not be tried is said", () => {
  expect(judge("restore", tried({ list: "allowed", read: "unknown" }))).toEqual([
    "good: The credentials may do what the role restore needs, as far as it can be tried (not: read backups/a/app/app.dump).",
  ]);
});
