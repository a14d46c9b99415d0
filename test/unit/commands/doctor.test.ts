import { expect, test } from "vitest";
import { doctor } from "../../../src/commands/doctor.ts";
import type { Subject } from "../../../src/commands/doctor.ts";
import { exitStatusOfResult } from "../../../src/commands/result.ts";
import { AppError, cancelled } from "../../../src/errors.ts";
import { bad, findOrExplain, good, warning } from "../../../src/finding.ts";
import type { Finding } from "../../../src/finding.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { startTestRun } from "../../support/run-context.ts";

function subject(name: string, diagnose: () => Promise<Finding[]>): Subject {
  return { kind: "store", name, diagnose };
}

const REFUSED = new AppError("STORE_UNREACHABLE", "Nothing answers.", { hint: "Start it." });

test.each([
  ["good", 0, [good("a", "as it should be")]],
  ["warning", 0, [good("a", "as it should be"), warning("b", "odd", "look")]],
  ["bad", 4, [bad("a", "wrong", "mend"), warning("b", "odd", "look"), good("c", "fine")]],
] as const)(
  "the worst finding gives the verdict %s and the exit status %i",
  async (verdict, status, found) => {
    const result = await doctor([subject("app", async () => [...found])], startTestRun());
    expect(result).toEqual({
      command: "doctor",
      verdict,
      subjects: [{ kind: "store", name: "app", findings: found }],
    });
    expect(exitStatusOfResult(result)).toBe(status);
  },
);

test("one subject that cannot be looked at does not hide what the others have", async () => {
  const { subjects } = await doctor(
    [
      subject("app", () => Promise.reject(REFUSED)),
      subject("log", async () => [await findOrExplain("connection", async () => "It answers")]),
    ],
    startTestRun(),
  );
  expect(subjects.map(({ findings }) => findings)).toEqual([
    [{ check: "configuration", state: "bad", found: "Nothing answers.", mend: "Start it." }],
    [{ check: "connection", state: "good", found: "It answers" }],
  ]);
});

test("a cancelled run and a bug are no findings", async () => {
  const failing = (error: Error): Promise<unknown> =>
    doctor([subject("app", () => Promise.reject(error))], startTestRun());
  await expect(failing(cancelled())).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(failing(new TypeError("a bug"))).rejects.toThrow("a bug");
});

test("no credential is told, neither in what was found nor in what mends it", async () => {
  const run = startTestRun();
  run.redactor.add(new Secret("planted-password"));
  const result = await doctor(
    [subject("app", async () => [bad("login", "planted-password is wrong", "not planted-password")])],
    run,
  );
  expect(JSON.stringify(result)).not.toContain("planted");
});

test("the estimate is of what is not bad, changes no verdict, and is left out where it cannot be made", async () => {
  const subjects = [
    subject("app", async () => [bad("a", "wrong", "mend")]),
    subject("log", async () => [warning("a", "odd", "look")]),
  ];
  const asked: boolean[] = [];
  const month = { lines: [], usd: 3 };
  const result = await doctor(subjects, startTestRun(), async (isSound) => {
    asked.push(isSound("store", "app"), isSound("store", "log"), isSound("destination", "log"));
    return month;
  });
  expect(asked).toEqual([false, true, false]);
  expect(result).toMatchObject({ verdict: "bad", estimate: month });
  const failed = await doctor([subjects[1]!], startTestRun(), () => Promise.reject(REFUSED));
  expect(failed).toMatchObject({ verdict: "warning" });
  expect(failed).not.toHaveProperty("estimate");
  await expect(doctor([], startTestRun(), () => Promise.reject(cancelled()))).rejects.toMatchObject({
    code: "CANCELLED",
  });
});
