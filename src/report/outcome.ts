import type { BackupResult } from "../commands/backup.ts";
import { exitStatusOfResult } from "../commands/result.ts";
import type { RunResult } from "../commands/result.ts";
import type { Comparison } from "../backup/inventory.ts";
import { UNTRIED } from "../drill/record.ts";
import type { DrillRecord, StepResult } from "../drill/record.ts";
import { describeControl, describeDifference, describeStep } from "../drill/verdict.ts";
import type { Finding } from "../finding.ts";
import type { Failure } from "./failure.ts";
import { countOf } from "./quantities.ts";
import { listStatus } from "./status.ts";
import { describeResult } from "./summary.ts";

/** One thing that went wrong, or that deserves a look. All text is plain. */
export interface Problem {
  /** Names the thing, in every run alike: `store app`, `step migrate`; `run` where the whole run ended in an error. */
  key: string;
  state: "warning" | "bad";
  /** What kind of trouble it is: an error code, a verdict. */
  code: string;
  /** One line. */
  title: string;
  /** Lines; may be empty. */
  detail: string;
  /** What to try; may be empty. */
  hint: string;
}

/** What people must hear of a run, whatever its command was. */
export interface Outcome {
  command: string;
  /** `bad`: its exit status is not 0. */
  state: "good" | "warning" | "bad";
  /** The answer, in one line. */
  title: string;
  problems: Problem[];
  backupId?: string;
  sizeBytes?: number;
  seconds?: number;
}

const LINES_TOLD = 10;

export function judgeFailure(command: string, { code, title, reason, hint }: Failure): Outcome {
  const failed: Problem = { key: RUN, state: "bad", code, title, detail: reason, hint };
  return { command, state: "bad", title: `${command}: ${title}`, problems: [failed] };
}

/** The key of a problem that kept a run from any result: what else was wrong before, nobody looked at. */
export const RUN = "run";

export function judgeResult(result: RunResult): Outcome {
  const { sign, title } = describeResult(result);
  const state = exitStatusOfResult(result) !== 0 ? "bad" : sign === "⚠️" ? "warning" : "good";
  return { command: result.command, state, title, problems: listProblems(result), ...listFacts(result) };
}

function listFacts(result: RunResult): Pick<Outcome, "backupId" | "sizeBytes" | "seconds"> {
  switch (result.command) {
    case "backup":
    case "finish":
      return { backupId: result.backupId, sizeBytes: result.sizeBytes, seconds: result.seconds };
    case "drill":
      return { backupId: result.record.backupId, seconds: result.record.restoreSeconds };
    case "restore":
      return { backupId: result.backupId, seconds: result.restoreSeconds };
    case "verify":
    case "rekey":
      return { sizeBytes: result.sizeBytes, seconds: result.seconds };
    default:
      return {};
  }
}

function listProblems(result: RunResult): Problem[] {
  switch (result.command) {
    case "backup":
    case "finish":
      return listMissingDestinations(result);
    case "drill":
      return listDrillProblems(result.record);
    case "restore":
      return [...listDifferingStores(result.comparisons), ...listStepProblems(result.after)];
    case "verify":
      if (result.damages.length === 0) return [];
      return [
        {
          key: "objects",
          state: "bad",
          code: "BACKUP_DAMAGED",
          title: `Damaged: ${countOf(result.damages.length, "object")} of ${countOf(result.backups.length, "backup")}`,
          detail: tellSome(result.damages.map(({ key, what }) => `${key}: ${what}`)),
          hint: "Restore from a backup that needs none of them, and copy them from another destination.",
        },
      ];
    case "doctor":
      return result.subjects.flatMap(({ kind, name, findings }) => listFindings(`${kind} ${name}`, findings));
    case "status":
      return listStatus(result).flatMap(({ name, findings }) => listFindings(name, findings));
    default:
      return [];
  }
}

function listMissingDestinations({ destinations, backupId }: BackupResult): Problem[] {
  return destinations.flatMap(({ url, failure }): Problem[] =>
    failure
      ? [
          {
            key: `destination ${url}`,
            state: "bad",
            code: failure.code,
            title: `${url} has no backup ${backupId}`,
            detail: failure.reason,
            hint: `${failure.hint} lifeboat copy brings it up to date.`,
          },
        ]
      : [],
  );
}

function listDrillProblems({ verdict, reasons, comparisons, steps, controls = [] }: DrillRecord): Problem[] {
  const differing = listDifferingStores(comparisons);
  const failedSteps = steps.filter(({ outcome }) => outcome !== "passed");
  const missed = controls.filter(({ outcome }) => outcome === "missed");
  const told = new Set([
    ...comparisons.flatMap(({ differences }) => differences.map(describeDifference)),
    ...failedSteps.map(describeStep),
    ...missed.map(describeControl),
  ]);
  const [first, ...others] = reasons.filter((reason) => !told.has(reason));
  return [
    ...(first === undefined
      ? []
      : [
          {
            key: "drill",
            state: "bad" as const,
            code: verdict,
            title: first,
            detail: tellSome(others),
            hint: "",
          },
        ]),
    ...differing,
    ...listStepProblems(steps),
    ...missed.map(({ name, reason }) => ({
      key: `control ${name}`,
      state: "bad" as const,
      code: "missed",
      title: `A drill did not notice damage that was done on purpose: ${name}`,
      detail: reason,
      hint: "",
    })),
  ];
}

function listDifferingStores(comparisons: readonly Comparison[]): Problem[] {
  return comparisons
    .filter(({ differences }) => differences.length > 0)
    .map(({ store, differences }) => ({
      key: `store ${store}`,
      state: "bad",
      code: "DATA_DIFFERS",
      title: `${store} differs from its backup: ${countOf(differences.length, "difference")}`,
      detail: tellSome(differences.map(describeDifference)),
      hint: "",
    }));
}

/** A step that was not tried is no problem of its own. */
function listStepProblems(steps: readonly StepResult[]): Problem[] {
  return steps
    .filter(({ outcome, reason }) => outcome !== "passed" && !reason.startsWith(UNTRIED))
    .map(({ name, outcome, reason }) => {
      const title = `Step "${name}" ${outcome === "failed" ? "failed" : "showed nothing"}`;
      return { key: `step ${name}`, state: "bad", code: outcome, title, detail: reason, hint: "" };
    });
}

function listFindings(subject: string, findings: readonly Finding[]): Problem[] {
  return findings.flatMap(({ check, state, found, mend = "" }) =>
    state === "good"
      ? []
      : [
          {
            key: `${subject}: ${check}`,
            state,
            code: state,
            title: `${subject}: ${check}`,
            detail: found,
            hint: mend,
          },
        ],
  );
}

function tellSome(lines: readonly string[]): string {
  const rest = lines.length - LINES_TOLD;
  return [...lines.slice(0, LINES_TOLD), ...(rest > 0 ? [`… and ${rest} more`] : [])].join("\n");
}
