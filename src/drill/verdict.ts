import type { Comparison, Difference } from "../backup/inventory.ts";
import type { AppError } from "../errors.ts";
import { formatSeconds } from "../report/quantities.ts";
import type { ControlResult, DrillRecord, StepResult } from "./record.ts";

/** What a drill saw, before it is judged. */
export interface Evidence {
  comparisons: Comparison[];
  /** Stores that were empty when they were backed up: finding no table in them agrees. */
  emptyStores: string[];
  /** Stores of the backup that were not restored; one that nobody left out on purpose is a gap. */
  skippedStores: { store: string; why: string; onPurpose: boolean }[];
  /** Why a phase could not be finished. */
  failures: AppError[];
  steps: StepResult[];
  /** Present when further copies were damaged on purpose. */
  controls?: ControlResult[];
  restoreSeconds: number;
  dataAgeHours: number;
  objectives: DrillRecord["objectives"];
  /** Whether the newest backup was drilled: an old one picked on purpose is not stale. */
  isNewest: boolean;
}

export type Judgement = Pick<DrillRecord, "verdict" | "reasons" | "notProven">;

/**
 * Judges a drill. *differs*: the restored data is not what the backup said, or the backup's own objects are not
 * what was written. *unproven*: something kept the drill from showing that it is. *proven*: everything that was
 * compared agrees, every step passed, and the objectives were met.
 */
export function judge(evidence: Evidence): Judgement {
  const differs = findDifferences(evidence);
  const unproven = findGaps(evidence);
  const notProven = [
    ...describeSkipped(evidence, true),
    ...evidence.comparisons.flatMap((comparison) => comparison.notProven),
    ...evidence.comparisons
      .filter(({ store, differences }) => differences.length === 0 && evidence.emptyStores.includes(store))
      .map(({ store }) => `That ${store} should have no table: it had none when it was backed up.`),
    ...(evidence.steps.length === 0
      ? ["That the application runs on this data: the drill has no steps."]
      : []),
  ];
  const verdict = differs.length > 0 ? "differs" : unproven.length > 0 ? "unproven" : "proven";
  return { verdict, reasons: [...differs, ...unproven], notProven };
}

function findDifferences({ comparisons, failures }: Evidence): string[] {
  const damaged = failures.filter(({ code }) => code === "BACKUP_DAMAGED" || code === "OBJECT_MISSING");
  return [
    ...damaged.map((failure) => failure.message),
    ...comparisons.flatMap(({ differences }) => differences.map(describeDifference)),
  ];
}

function findGaps(evidence: Evidence): string[] {
  const { comparisons, emptyStores, failures, steps, objectives, restoreSeconds, dataAgeHours } = evidence;
  const gaps = failures
    .filter(({ code }) => code !== "BACKUP_DAMAGED" && code !== "OBJECT_MISSING")
    .map(({ message, hint }) => `${message} ${hint}`);
  gaps.push(...describeSkipped(evidence, false));
  if (failures.length === 0 && comparisons.length === 0) {
    gaps.push("Nothing was compared: no store was restored.");
  }
  for (const { store, tablesCompared, contentsCompared, differences } of comparisons) {
    if (differences.length > 0) continue;
    if (emptyStores.includes(store)) continue;
    if (tablesCompared === 0) {
      gaps.push(`Nothing was compared in ${store}: the backup names no table of it.`);
    } else if (contentsCompared === 0) {
      gaps.push(`The contents of no table in ${store} were compared: its rows were only counted.`);
    }
  }
  gaps.push(...steps.filter(({ outcome }) => outcome !== "passed").map(describeStep));
  gaps.push(...(evidence.controls ?? []).filter(({ outcome }) => outcome === "missed").map(describeControl));
  const { rtoMinutes, rpoHours } = objectives;
  if (rtoMinutes !== undefined && restoreSeconds > rtoMinutes * 60) {
    gaps.push(
      `The restore took ${formatSeconds(restoreSeconds)}; the objective (RTO) is ${formatSeconds(rtoMinutes * 60)}.`,
    );
  }
  if (rpoHours !== undefined && evidence.isNewest && dataAgeHours > rpoHours) {
    gaps.push(
      `The newest backup is ${formatSeconds(dataAgeHours * 3600)} old; the objective (RPO) is ${formatSeconds(rpoHours * 3600)}.`,
    );
  }
  return gaps;
}

/** "app: rows of public.orders: expected 20 rows, found 10 rows." */
export function describeDifference({ store, kind, name, expected, found }: Difference): string {
  const what = kind === "table" ? "table " : `${kind} of `;
  return `${store}: ${what}${name}: expected ${expected}, found ${found}.`;
}

/** What a step that did not pass takes away from the verdict. */
export function describeStep({ name, outcome, reason }: StepResult): string {
  return `Step "${name}" ${outcome === "failed" ? "failed" : "showed nothing"}: ${reason}`;
}

export function describeControl({ name, reason }: ControlResult): string {
  return `Control "${name}" was not noticed: ${reason}`;
}

function describeSkipped({ skippedStores }: Evidence, onPurpose: boolean): string[] {
  return skippedStores
    .filter((skipped) => skipped.onPurpose === onPurpose)
    .map(({ store, why }) => `Store ${store} was not restored: ${why}.`);
}
