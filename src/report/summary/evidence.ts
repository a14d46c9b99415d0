import type { Comparison } from "../../backup/inventory.ts";
import type { ControlResult, StepResult } from "../../drill/record.ts";
import type { PhaseTime } from "../../sys/clock.ts";
import { formatCount, formatSeconds } from "../quantities.ts";
import { tableOf } from "./page.ts";
import type { Block } from "./page.ts";

/** What was compared in each store, and then every difference. */
export function describeComparisons(comparisons: readonly Comparison[]): Block[] {
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  return [
    ...tableOf(
      ["Store", ">Tables compared", ">Rows", ">Schema objects", ">Differences"],
      comparisons.map((comparison) => [
        comparison.store,
        formatCount(comparison.tablesCompared),
        formatCount(comparison.rowsCompared),
        formatCount(comparison.schemaObjectsCompared),
        formatCount(comparison.differences.length),
      ]),
    ),
    ...tableOf(
      ["Store", "What", "Name", "Expected", "Found"],
      differences.map(({ store, kind, name, expected, found }) => [store, kind, name, expected, found]),
    ),
  ];
}

export function describeSteps(steps: readonly StepResult[]): Block[] {
  return tableOf(
    ["Step", "Result", ">Time"],
    steps.map(({ name, outcome, seconds, reason, details }) => [
      name,
      // What a command said on further lines stands among the reasons, or in the log.
      `${outcome === "passed" ? "✅" : "❌"} ${[...details, reason.split("\n")[0]].join(" ")}`.trim(),
      formatSeconds(seconds),
    ]),
  );
}

export function describeControls(controls: readonly ControlResult[]): Block[] {
  const signs = { caught: "✅ caught", missed: "❌ missed", "not applicable": "not applicable" };
  return tableOf(
    ["Damaged on purpose", "Result", ">Time"],
    controls.map(({ name, outcome, reason, seconds }) => [
      name,
      `${signs[outcome]}: ${reason}`,
      formatSeconds(seconds),
    ]),
  );
}

export function describePhases(phases: readonly PhaseTime[]): Block[] {
  return tableOf(
    ["Phase", ">Time"],
    phases.map(({ phase, seconds }) => [phase, formatSeconds(seconds)]),
  );
}
