import Table from "cli-table3";
import { countRows } from "../backup/inventory.ts";
import type { Comparison } from "../backup/inventory.ts";
import type { MonthEstimate } from "../backup/month-estimate.ts";
import type { DoctorResult } from "../commands/doctor.ts";
import type { ListResult } from "../commands/list.ts";
import type { PolicyResult } from "../commands/policy.ts";
import type { PruneResult } from "../commands/prune.ts";
import type { RestoreResult } from "../commands/restore.ts";
import type { RunResult } from "../commands/result.ts";
import type { StatusResult } from "../commands/status.ts";
import type { Finding } from "../finding.ts";
import { describeCompleteness } from "../report/completeness.ts";
import { describeCopy } from "../report/copy.ts";
import { describeEstimate, listEstimate } from "../report/estimate.ts";
import type { VerifyResult } from "../commands/verify.ts";
import type { Failure } from "../report/failure.ts";
import { renderColumns } from "./columns.ts";
import { describePin, describePrune, describeServerPlaces, listDecisions } from "../report/retention-plan.ts";
import { describeRekey, describeVerify } from "../report/upkeep.ts";
import { describeEncryption, describeLastDrill } from "../report/last-drill.ts";
import { describeFinishedShard, describeShard } from "../report/shards.ts";
import { listPlan } from "../report/restore-plan.ts";
import { describeScope } from "../report/scope.ts";
import { describeStatus, listStatus, listTrend } from "../report/status.ts";
import { formatAge, formatBytes, formatCount, countOf, formatSeconds } from "../report/quantities.ts";

const DOCTOR_ANSWERS = {
  good: "Everything is as a backup needs it.",
  warning: "A backup will work; what is marked ! deserves a look.",
  bad: "A backup or a drill would fail: mend what is marked ✗.",
} as const;

/** What a run came to, as text for a terminal: the answer first. */
export function renderResult(result: RunResult): string {
  switch (result.command) {
    case "plan":
      return [
        `Backup ${result.backupId} is divided into ${countOf(result.shards.length, "shard")}.`,
        ...result.shards.map((shard) => `  · ${describeShard(shard)}`),
        `Run each with lifeboat backup --backup ${result.backupId} --shard …, then lifeboat finish --backup ${result.backupId}.`,
        "",
      ].join("\n");
    case "shard":
      return `${describeFinishedShard(result)}\n`;
    case "finish":
    case "backup": {
      const tables = result.manifest.stores.flatMap(({ inventory }) => inventory.tables);
      const rows = countRows({ tables });
      const { answer, failures } = describeCompleteness(result);
      return (
        `Backup ${result.backupId} is ${answer}: ${countOf(tables.length, "table")}, ${countOf(rows, "row")}, ` +
        `${formatBytes(result.sizeBytes)} (${formatBytes(result.sentBytes)} sent) in ${formatSeconds(result.seconds)}.\n` +
        failures.map((failure) => `  ✗ ${failure}\n`).join("")
      );
    }
    case "restore":
      return renderRestore(result);
    case "drill": {
      const { verdict, backupId, restoreSeconds, dataAgeHours, reasons, notProven, controls } = result.record;
      return [
        `${verdict.toUpperCase()}: backup ${backupId}, data ${formatAge(dataAgeHours)} old, drilled in ${formatSeconds(restoreSeconds)}.`,
        ...reasons.map((reason) => `  ✗ ${reason}`),
        ...(controls ?? []).map(({ name, outcome }) => `  · control, ${name}: ${outcome}`),
        ...notProven.map((sentence) => `  · not proven: ${sentence}`),
        ...(result.isRecorded ? [] : ["  · no record of this drill is kept"]),
        ...result.kept.map((store) => `  · the restored data was left in the target of ${store}`),
        "",
      ].join("\n");
    }
    case "prune":
      return renderPrune(result);
    case "copy":
      return `${describeCopy(result)}\n`;
    case "pin":
    case "unpin":
      return `${describePin(result)}\n`;
    case "verify":
      return renderVerify(result);
    case "rekey":
      return `${describeRekey(result).join("\n")}\n`;
    case "doctor":
      return renderDoctor(result);
    case "status":
      return renderStatus(result);
    case "policy":
      return renderPolicy(result);
    case "list":
      return renderList(result);
  }
}

function renderVerify(result: VerifyResult): string {
  return [
    describeVerify(result),
    ...result.damages.map(({ key, backups, what }) => `  ✗ ${key}: ${what} Needed by ${backups.join(", ")}.`),
    ...result.notProven.map((sentence) => `  · not proven: ${sentence}`),
    "",
  ].join("\n");
}

function renderPrune(result: PruneResult): string {
  const { destinations, isDryRun } = result;
  return [
    ...destinations.map((pruned) => {
      const answer = `${pruned.url}: ${describePrune(pruned, isDryRun)}.\n`;
      if (pruned.decisions.length === 0) return answer;
      const table = new Table({ head: ["Backup", "Stores", "", "Why"], style: { head: [], border: [] } });
      table.push(...listDecisions(pruned));
      return `${answer}${table.toString()}\n`;
    }),
    ...describeServerPlaces(result).map((sentence) => `${sentence}\n`),
  ].join("");
}

function renderDoctor({ verdict, subjects, estimate }: DoctorResult): string {
  const named = subjects.map(({ kind, name, findings }) => ({ name: `${kind} ${name}`, findings }));
  const month = estimate ? renderEstimate(estimate) : "";
  return `${DOCTOR_ANSWERS[verdict]}\n${renderFindings(named)}${month}`;
}

function renderEstimate(estimate: MonthEstimate): string {
  const lines = listEstimate(estimate).map(
    ([about, charge, amount, cost, why]) => `  · ${about}, ${charge}: ${amount}, ${cost}\n      ${why}\n`,
  );
  return `${describeEstimate(estimate)}\n${lines.join("")}`;
}

function renderStatus(result: StatusResult): string {
  const trends = result.destinations.map(({ url, trend }) => {
    const table = new Table({
      head: ["Backup", "Size", "Rows", "Time"],
      style: { head: [], border: [] },
    });
    for (const { backupId, sizeBytes, rows, seconds } of listTrend(trend)) {
      table.push([backupId, formatBytes(sizeBytes), formatCount(rows), formatSeconds(seconds)]);
    }
    return trend.length < 2 ? "" : `${url}, the newest last\n${table.toString()}\n`;
  });
  return `${describeStatus(result)}.\n${renderFindings(listStatus(result))}${trends.join("")}`;
}

function renderFindings(subjects: readonly { name: string; findings: readonly Finding[] }[]): string {
  const signs = { good: "✓", warning: "!", bad: "✗" };
  const indent = (text: string): string => text.replaceAll("\n", "\n        ");
  const lines = subjects.flatMap(({ name, findings }) => [
    name,
    ...findings.flatMap(({ check, state, found, mend }) => [
      `  ${signs[state]} ${check}: ${indent(found)}`,
      ...(mend === undefined ? [] : [`      → ${indent(mend)}`]),
    ]),
  ]);
  return [...lines, ""].join("\n");
}

/** One policy stands alone, to be piped on; of several, each comes under its destinations. */
function renderPolicy({ policies }: PolicyResult): string {
  return policies
    .map(({ destinations, policy }) => {
      const heading = policies.length > 1 ? `# ${destinations.join(", ")}\n` : "";
      return `${heading}${JSON.stringify(policy, null, 2)}\n`;
    })
    .join("");
}

export function renderFailure({ code, title, reason, hint }: Failure): string {
  const lines = [`✗ ${title}`, ...(reason === "" ? [] : [reason]), `→ ${hint}`, `  (${code})`, ""];
  return lines.join("\n");
}

function renderRestore(result: RestoreResult): string {
  const { backupId, restoreSeconds, verdict, comparisons, notRestored, after, leftBeside, plan } = result;
  const what = `${describeScope(result.scope) ?? "Backup"} ${backupId}`;
  if (plan) {
    const tables = plan.stores.flatMap(({ store, tables }) =>
      tables.map(({ name, rows }) => `  · ${store}: ${name}, ${countOf(rows, "row")}\n`),
    );
    const lines = listPlan(plan).map((sentence) => `  ${sentence}\n`);
    return [`${what} would be restored; nothing was changed.\n`, ...lines, ...tables].join("");
  }
  const outcome = {
    restored: ", and every table agrees.",
    differs: ", and DIFFERS from its manifest:",
    unfinished: ", and every table agrees, but a command that follows FAILED:",
    planned: "",
  }[verdict];
  return [
    `${what} is restored in ${formatSeconds(restoreSeconds)}${outcome}\n`,
    renderDifferences(comparisons),
    ...after
      .filter((step) => step.outcome !== "passed")
      .map(({ name, reason }) => `  ✗ ${name}: ${reason}\n`),
    ...leftBeside.map((place) => `  · what was restored lies in ${place}; nothing was replaced\n`),
    ...notRestored.map((sentence) => `  · not restored: ${sentence}\n`),
  ].join("");
}

function renderDifferences(comparisons: readonly Comparison[]): string {
  return comparisons
    .flatMap(({ differences }) => differences)
    .map(
      ({ store, kind, name, expected, found }) =>
        `  ✗ ${store}: ${kind} ${name}: expected ${expected}, found ${found}\n`,
    )
    .join("");
}

function renderList({ backups, destination }: ListResult): string {
  if (backups.length === 0)
    return `${destination} holds no complete backup. Name and destination must be those of the backup.\n`;
  const rows = backups.map((backup) => [
    backup.pin === undefined ? backup.backupId : `${backup.backupId}\npinned: ${backup.pin}`,
    formatAge(backup.ageHours),
    formatBytes(backup.sizeBytes),
    backup.span ?? "",
    describeEncryption(backup),
    backup.stores.map(({ store, rows: count }) => `${store}: ${countOf(count, "row")}`).join("\n"),
    describeLastDrill(backup),
  ]);
  const head = ["BACKUP", "AGE", "SIZE", "CLASS", "ENCRYPTION", "STORES", "LAST DRILL"];
  return `${destination}\n\n${renderColumns(head, rows)}`;
}
