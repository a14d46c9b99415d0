import type { RunResult } from "../commands/result.ts";
import { countRows } from "../backup/inventory.ts";
import type { DoctorResult } from "../commands/doctor.ts";
import type { Comparison } from "../backup/inventory.ts";
import { sizeOfStore } from "../backup/manifest.ts";
import type { StoreManifest } from "../backup/manifest.ts";
import type { StatusResult } from "../commands/status.ts";
import type { Finding } from "../finding.ts";
import type { ControlResult, StepResult } from "../drill/record.ts";
import type { PhaseTime } from "../sys/clock.ts";
import { describeCompleteness } from "./completeness.ts";
import { describeCopy } from "./copy.ts";
import type { Failure } from "./failure.ts";
import { describeLastDrill } from "./last-drill.ts";
import { escapeMarkdown, renderTable } from "./markdown.ts";
import { describePin, describePrune, listDecisions } from "./retention-plan.ts";
import { describeRekey, describeVerify } from "./upkeep.ts";
import { describeScope } from "./scope.ts";
import { describeStatus, listStatus, listTrend } from "./status.ts";
import { formatAge, formatBytes, countOf, formatCount, formatSeconds } from "./quantities.ts";

const ROWS_SHOWN = 50;
/** GitHub drops a summary over 1 MiB whole; this leaves room for what a step wrote before. */
const SUMMARY_LIMIT = 900_000;

/** The job summary of a run: the answer first, then what it rests on. */
export function renderSummary(result: RunResult): string {
  return limit(renderResult(result).join("\n"));
}

/** The job summary of a run that ended in an error. */
export function renderFailureSummary(command: string, failure: Failure): string {
  return limit(
    [
      `## ❌ ${command}: ${escapeMarkdown(failure.title)}`,
      "",
      escapeMarkdown(failure.reason),
      "",
      `**What to try:** ${escapeMarkdown(failure.hint)}`,
      "",
    ].join("\n"),
  );
}

function renderResult(result: RunResult): string[] {
  switch (result.command) {
    case "backup": {
      const { isEverywhere, answer, failures } = describeCompleteness(result);
      return [
        `## ${isEverywhere ? "✅" : "❌"} Backup ${result.backupId} is ${answer}`,
        "",
        ...renderList("Not there", failures),
        `${formatBytes(result.sizeBytes)} at the destination, ${formatBytes(result.sentBytes)} of it sent in ` +
          `${formatSeconds(result.seconds)}. A drill has yet to prove that it restores.`,
        "",
        ...renderTable(
          ["Store", "Server", "Tables", "Rows", "Schema objects", "Size", "Time"],
          result.manifest.stores.map(renderStore),
        ),
        ...renderList(
          "Left out",
          result.manifest.stores.flatMap(({ store, leftOut }) =>
            leftOut.map(({ what, why }) => `${store}: ${what}: ${why}`),
          ),
        ),
      ];
    }
    case "restore": {
      const sign = { restored: "✅", differs: "❌", unfinished: "⚠️" }[result.verdict];
      const outcome = {
        restored: "is restored, and every table agrees",
        differs: "is restored, and differs from its manifest",
        unfinished: "is restored and agrees, but a command that follows failed",
      }[result.verdict];
      return [
        `## ${sign} ${escapeMarkdown(describeScope(result.scope) ?? "Backup")} ${result.backupId} ${outcome}`,
        "",
        `It took ${formatSeconds(result.restoreSeconds)}.`,
        "",
        ...renderComparisons(result.comparisons),
        ...renderSteps(result.after),
        ...renderPhases(result.phases),
        ...renderList("Not restored", result.notRestored),
        ...renderList(
          "Restored data lies beside, and nothing was replaced",
          result.leftBeside.map((place) => `in ${place}`),
        ),
        ...renderList(
          "Not proven",
          result.comparisons.flatMap(({ notProven }) => notProven),
        ),
      ];
    }
    case "drill": {
      const { record } = result;
      const sign = { proven: "✅", differs: "❌", unproven: "⚠️" }[record.verdict];
      return [
        `## ${sign} ${record.verdict}: backup ${record.backupId}`,
        "",
        `The data is ${formatAge(record.dataAgeHours)} old. Restored, compared and checked in ` +
          `${formatSeconds(record.restoreSeconds)}.`,
        "",
        ...renderList("Why", record.reasons),
        ...renderComparisons(record.comparisons),
        ...renderSteps(record.steps),
        ...renderControls(record.controls ?? []),
        ...renderPhases(record.phases),
        ...renderList("Not proven", record.notProven),
        ...renderList(
          "Restored data was left",
          result.kept.map((store) => `in the target of ${store}`),
        ),
      ];
    }
    case "prune":
      return result.destinations.flatMap((pruned) => [
        `## ${result.isDryRun ? "🔍" : "✅"} ${describePrune(pruned, result.isDryRun)}`,
        "",
        escapeMarkdown(pruned.url),
        "",
        ...renderTable(
          ["Backup", "Stores", "", "Why"],
          listDecisions(pruned).map((cells) => cells.map(escapeMarkdown)),
        ),
      ]);
    case "copy":
      return [
        `## ✅ ${escapeMarkdown(describeCopy(result))}`,
        "",
        ...renderTable(
          ["Destination", "Backups", "Objects", "Size"],
          result.to.map(({ url, backups, objects, sizeBytes }) => [
            escapeMarkdown(url),
            backups.join("<br>"),
            formatCount(objects),
            formatBytes(sizeBytes),
          ]),
        ),
      ];
    case "pin":
    case "unpin":
      return [`## ✅ ${escapeMarkdown(describePin(result))}`, ""];
    case "verify":
      return [
        `## ${result.verdict === "intact" ? "✅" : "❌"} ${escapeMarkdown(describeVerify(result))}`,
        "",
        ...renderTable(
          ["Object", "What", "Needed by"],
          result.damages.map(({ key, what, backups }) =>
            [key, what, backups.join(", ")].map((cell) => escapeMarkdown(cell)),
          ),
        ),
        ...renderList("Not proven", result.notProven),
      ];
    case "rekey": {
      const [answer = "", ...rest] = describeRekey(result);
      return [`## ✅ ${escapeMarkdown(answer)}`, "", ...rest.map(escapeMarkdown), ""];
    }
    case "doctor":
      return renderDoctor(result);
    case "status":
      return renderStatus(result);
    case "list":
      return [
        `## ${countOf(result.backups.length, "backup")} at ${escapeMarkdown(result.destination)}`,
        "",
        ...renderTable(
          ["Backup", "Age", "Size", "Stores", "Last drill"],
          result.backups.map((backup) => [
            backup.pin === undefined
              ? backup.backupId
              : `${backup.backupId} 📌 ${escapeMarkdown(backup.pin)}`,
            formatAge(backup.ageHours),
            formatBytes(backup.sizeBytes),
            backup.stores
              .map(({ store, rows }) => `${escapeMarkdown(store)} (${countOf(rows, "row")})`)
              .join(", "),
            escapeMarkdown(describeLastDrill(backup)),
          ]),
        ),
        ...renderList("Not readable", result.unreadable),
      ];
  }
}

const SIGNS = { good: "✅", warning: "⚠️", bad: "❌" } as const;

function renderDoctor({ verdict, subjects }: DoctorResult): string[] {
  const answers = {
    good: "Everything is as a backup needs it",
    warning: "A backup will work; something deserves a look",
    bad: "A backup or a drill would fail",
  };
  return [
    `## ${SIGNS[verdict]} ${answers[verdict]}`,
    "",
    ...renderFindings(subjects.map(({ kind, name, findings }) => ({ name: `${kind} ${name}`, findings }))),
  ];
}

function renderStatus(result: StatusResult): string[] {
  return [
    `## ${SIGNS[result.verdict]} ${describeStatus(result)}`,
    "",
    ...renderFindings(listStatus(result)),
    ...result.destinations.flatMap(({ url, trend }) =>
      trend.length < 2
        ? []
        : [
            `**The last backups at ${escapeMarkdown(url)}**`,
            "",
            ...renderTable(
              ["Backup", "Size", "Rows", "Time"],
              listTrend(trend).map(({ backupId, sizeBytes, rows, seconds }) => [
                backupId,
                formatBytes(sizeBytes),
                formatCount(rows),
                formatSeconds(seconds),
              ]),
            ),
          ],
    ),
  ];
}

function renderFindings(subjects: readonly { name: string; findings: readonly Finding[] }[]): string[] {
  return subjects.flatMap(({ name, findings }) => [
    `**${escapeMarkdown(name)}**`,
    "",
    ...renderTable(
      ["", "Check", "Found", "Mend it"],
      findings.map(({ check, state, found, mend = "" }) => [
        SIGNS[state],
        ...[check, found, mend].map(escapeMarkdown),
      ]),
    ),
  ]);
}

function renderStore(manifest: StoreManifest): string[] {
  const { store, kind, server, inventory, seconds } = manifest;
  return [
    escapeMarkdown(store),
    `${kind} ${escapeMarkdown(server.version)}`,
    formatCount(inventory.tables.length),
    formatCount(countRows(inventory)),
    formatCount(inventory.schema.length),
    formatBytes(sizeOfStore(manifest)),
    formatSeconds(seconds),
  ];
}

function renderComparisons(comparisons: readonly Comparison[]): string[] {
  if (comparisons.length === 0) return [];
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  return [
    ...renderTable(
      ["Store", "Tables compared", "Rows", "Schema objects", "Differences"],
      comparisons.map((comparison) => [
        escapeMarkdown(comparison.store),
        formatCount(comparison.tablesCompared),
        formatCount(comparison.rowsCompared),
        formatCount(comparison.schemaObjectsCompared),
        formatCount(comparison.differences.length),
      ]),
    ),
    ...(differences.length === 0
      ? []
      : renderTable(
          ["Store", "What", "Name", "Expected", "Found"],
          differences
            .slice(0, ROWS_SHOWN)
            .map(({ store, kind, name, expected, found }) =>
              [store, kind, name, expected, found].map(escapeMarkdown),
            ),
        )),
    ...(differences.length > ROWS_SHOWN
      ? [`And ${differences.length - ROWS_SHOWN} more differences.`, ""]
      : []),
  ];
}

function renderSteps(steps: readonly StepResult[]): string[] {
  if (steps.length === 0) return [];
  return renderTable(
    ["Step", "Result", "Time"],
    steps.map(({ name, outcome, seconds, reason, details }) => [
      escapeMarkdown(name),
      `${outcome === "passed" ? "✅" : "❌"} ${escapeMarkdown([...details, reason].join(" "))}`.trim(),
      formatSeconds(seconds),
    ]),
  );
}

function renderControls(controls: readonly ControlResult[]): string[] {
  if (controls.length === 0) return [];
  const sign = { caught: "✅ caught", missed: "❌ missed", "not applicable": "not applicable" };
  return renderTable(
    ["Damaged on purpose", "Result", "Time"],
    controls.map(({ name, outcome, reason, seconds }) => [
      escapeMarkdown(name),
      `${sign[outcome]}: ${escapeMarkdown(reason)}`,
      formatSeconds(seconds),
    ]),
  );
}

function renderPhases(phases: readonly PhaseTime[]): string[] {
  return renderTable(
    ["Phase", "Time"],
    phases.map(({ phase, seconds }) => [phase, formatSeconds(seconds)]),
  );
}

function renderList(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, ROWS_SHOWN).map((item) => `- ${escapeMarkdown(item)}`);
  const rest = items.length - ROWS_SHOWN;
  return [`**${title}**`, "", ...shown, ...(rest > 0 ? [`- and ${rest} more`] : []), ""];
}

function limit(markdown: string): string {
  const bytes = Buffer.from(markdown);
  if (bytes.byteLength <= SUMMARY_LIMIT) return markdown;
  return `${bytes.subarray(0, SUMMARY_LIMIT).toString("utf8")}\n\nThe rest is left out: the summary is too long.\n`;
}
