import { pointOfDrill } from "../../backup/history.ts";
import type { DrillResult } from "../../commands/drill.ts";
import type { DrillRecord } from "../../drill/record.ts";
import { describeDifference } from "../../drill/verdict.ts";
import { formatAge, formatSeconds } from "../quantities.ts";
import { describeComparisons, describeControls, describePhases, describeSteps } from "./evidence.ts";
import { listOf, tableOf } from "./page.ts";
import type { Block, Page } from "./page.ts";
import { compareWithPast, drawTrend } from "./trend.ts";

const SIGNS = { proven: "✅", differs: "❌", unproven: "⚠️" } as const;

export function describeDrill({ record, isRecorded, kept, past }: DrillResult): Page {
  // The table of differences tells them with all the others.
  const differences = new Set(
    record.comparisons.flatMap((comparison) => comparison.differences.map(describeDifference)),
  );
  return {
    sign: SIGNS[record.verdict],
    title: `${record.verdict}: backup ${record.backupId}`,
    blocks: [
      ...listOf(
        "Why",
        record.reasons.filter((reason) => !differences.has(reason)),
      ),
      {
        kind: "text",
        text:
          `The data is ${formatAge(record.dataAgeHours)} old. Restored, compared and checked in ` +
          `${formatSeconds(record.restoreSeconds)}.${isRecorded ? "" : " No record of this drill is kept."}`,
      },
      ...describeComparisons(record.comparisons),
      ...describeSteps(record.steps),
      ...describeControls(record.controls ?? []),
      ...describePhases(record.phases),
      ...describePast(record, past),
      ...listOf("Not proven", record.notProven),
      ...listOf(
        "Restored data was left",
        kept.map((store) => `in the target of ${store}`),
      ),
    ],
  };
}

function describePast(record: DrillRecord, past: DrillResult["past"]): Block[] {
  if (!past) return [{ kind: "text", text: "No comparison with earlier drills: they may not be read." }];
  if (past.length === 0) return [{ kind: "text", text: "It is the first drill here." }];
  const all = [pointOfDrill(record), ...past];
  const { rtoMinutes } = record.objectives;
  return [
    ...compareWithPast([
      {
        name: "Time to restore",
        now: record.restoreSeconds,
        past: past.map(({ restoreSeconds }) => restoreSeconds),
        format: formatSeconds,
      },
      {
        name: "Age of the data",
        now: record.dataAgeHours,
        past: past.map(({ dataAgeHours }) => dataAgeHours),
        format: formatAge,
      },
    ]),
    ...drawTrend({
      title: `Minutes to restore${rtoMinutes === undefined ? "" : " and the objective (RTO)"}`,
      points: [...all]
        .reverse()
        .map(({ startedAt, restoreSeconds }) => ({ at: startedAt, value: restoreSeconds / 60 })),
      ...(rtoMinutes !== undefined && { objective: rtoMinutes }),
    }),
    ...tableOf(
      ["Drill of", "Backup", "Verdict", ">Time to restore", ">Age of the data"],
      all.map(({ startedAt, backupId, verdict, restoreSeconds, dataAgeHours }) => [
        startedAt.slice(0, 10),
        backupId,
        `${SIGNS[verdict]} ${verdict}`,
        formatSeconds(restoreSeconds),
        formatAge(dataAgeHours),
      ]),
      { title: `The last ${all.length} drills`, isFolded: true },
    ),
  ];
}
