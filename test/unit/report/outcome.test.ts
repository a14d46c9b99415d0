import { expect, test } from "vitest";
import type { DoctorResult } from "../../../src/commands/doctor.ts";
import type { DrillResult } from "../../../src/commands/drill.ts";
import type { StatusResult } from "../../../src/commands/status.ts";
import { leaveUntried } from "../../../src/drill/steps/perform.ts";
import { judge } from "../../../src/drill/verdict.ts";
import type { Evidence } from "../../../src/drill/verdict.ts";
import { AppError } from "../../../src/errors.ts";
import { bad, good, warning } from "../../../src/finding.ts";
import { explainFailure } from "../../../src/report/failure.ts";
import { judgeFailure, judgeResult } from "../../../src/report/outcome.ts";
import { Redactor } from "../../../src/sys/secret.ts";
import { BACKUP_ID, buildDrillRecord, buildManifest } from "../../support/builders.ts";

const difference = { store: "app", kind: "rows", name: "public.a", expected: "2 rows", found: "1 row" };

function drillOf(parts: Partial<Evidence>): DrillResult {
  const evidence: Evidence = {
    comparisons: [],
    emptyStores: [],
    skippedStores: [],
    failures: [],
    steps: [],
    restoreSeconds: 75,
    dataAgeHours: 25,
    objectives: {},
    isNewest: true,
    ...parts,
  };
  const record = buildDrillRecord({ ...evidence, ...judge(evidence) });
  return { command: "drill", record, isRecorded: true, seconds: 80, reportPath: "", kept: [] };
}

test("a drill that went wrong in several ways tells of each thing once", () => {
  const about = {
    tablesCompared: 1,
    contentsCompared: 1,
    rowsCompared: 1,
    schemaObjectsCompared: 0,
    notProven: [],
  };
  const step = {
    name: "migrate",
    kind: "run",
    outcome: "failed" as const,
    seconds: 1,
    reason: "It broke.",
    details: [],
  };
  const { state, problems } = judgeResult(
    drillOf({
      comparisons: [{ store: "app", differences: Array.from({ length: 12 }, () => difference), ...about }],
      steps: [
        step,
        { ...step, name: "ok", outcome: "passed" },
        leaveUntried({ ...step, timeoutMs: 1, perform: () => Promise.resolve() }, ' after "migrate"'),
      ],
      controls: [{ name: "a row less", outcome: "missed", seconds: 1, reason: "Nothing was said." }],
      objectives: { rtoMinutes: 1 },
    }),
  );
  expect(state).toBe("bad");
  expect(problems.map(({ key, code, title }) => [key, code, title])).toEqual([
    ["drill", "differs", "The restore took 1 min 15 s; the objective (RTO) is 1 min 0 s."],
    ["store app", "DATA_DIFFERS", "app differs from its backup: 12 differences"],
    ["step migrate", "failed", 'Step "migrate" failed'],
    ["control a row less", "missed", "A drill did not notice damage that was done on purpose: a row less"],
  ]);
  expect(problems[1]!.detail.split("\n")).toHaveLength(11);
  expect(problems[1]!.detail).toMatch(
    /^app: rows of public\.a: expected 2 rows, found 1 row\.\n[^]*\n… and 2 more$/,
  );
});

test("a drill that is proven has no problem", () => {
  const comparison = { tablesCompared: 1, contentsCompared: 1, rowsCompared: 1, schemaObjectsCompared: 0 };
  const proven = drillOf({ comparisons: [{ store: "app", differences: [], notProven: [], ...comparison }] });
  expect(judgeResult(proven)).toMatchObject({
    state: "good",
    problems: [],
    backupId: BACKUP_ID,
    seconds: 75,
  });
});

test("a backup that one destination has not got", () => {
  const failure = { code: "DESTINATION_REFUSED", reason: "It is forbidden.", hint: "Grant it." } as const;
  const outcome = judgeResult({
    command: "backup",
    backupId: BACKUP_ID,
    sizeBytes: 10,
    sentBytes: 10,
    seconds: 1,
    destinations: [{ url: "s3://a/shop" }, { url: "s3://b/shop", failure }],
    manifest: buildManifest(),
  });
  expect(outcome).toMatchObject({
    state: "bad",
    problems: [{ key: "destination s3://b/shop", code: "DESTINATION_REFUSED", detail: "It is forbidden." }],
  });
});

test("what doctor only warns of does not fail a run", () => {
  const findings = [good("a", "Fine."), warning("b", "Hm.", "Look.")];
  const doctor: DoctorResult = {
    command: "doctor",
    verdict: "warning",
    subjects: [{ kind: "store", name: "app", findings }],
  };
  expect(judgeResult(doctor)).toMatchObject({
    state: "warning",
    problems: [{ key: "store app: b", state: "warning", detail: "Hm.", hint: "Look." }],
  });
});

test("a status that misses an objective", () => {
  const drills = [bad("app drill", "It is overdue.", "Run lifeboat drill.")];
  const status: StatusResult = {
    command: "status",
    verdict: "bad",
    objectives: {},
    destinations: [],
    drills,
  };
  expect(judgeResult(status)).toMatchObject({ state: "bad", problems: [{ key: "drills: app drill" }] });
});

test("objects that are damaged are one problem", () => {
  const damages = ["x", "y"].map((key) => ({ key, backups: [BACKUP_ID], what: "It is not there." }));
  const { state, problems } = judgeResult({
    command: "verify",
    destination: "s3://b",
    mode: "full",
    verdict: "damaged",
    backups: [BACKUP_ID],
    objects: 3,
    sizeBytes: 1,
    damages,
    notProven: [],
    seconds: 1,
  });
  expect([state, problems]).toMatchObject([
    "bad",
    [
      {
        key: "objects",
        title: "Damaged: 2 objects of 1 backup",
        detail: "x: It is not there.\ny: It is not there.",
      },
    ],
  ]);
});

test("an error is the one problem of its run", () => {
  const error = new AppError("TOOL_FAILED", "pg_dump failed.\nIt said no.", { hint: "Try." });
  expect(judgeFailure("backup", explainFailure(error, new Redactor()))).toEqual({
    command: "backup",
    state: "bad",
    title: "backup: pg_dump failed.",
    problems: [
      {
        key: "run",
        state: "bad",
        code: "TOOL_FAILED",
        title: "pg_dump failed.",
        detail: "It said no.",
        hint: "Try.",
      },
    ],
  });
});
