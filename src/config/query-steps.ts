import type { AssertStepOptions, Expectation } from "../drill/steps/assert.ts";
import type { ChangesStepOptions } from "../drill/steps/changes.ts";
import type { OrphansStepOptions } from "../drill/steps/orphans.ts";
import type { SqlStepOptions } from "../drill/steps/sql.ts";
import type { AssertStep, ChangesStep, OrphansStep, SqlStep } from "./schema.ts";
import type { StepCommon, StepReader } from "./step-reader.ts";

export type SqlStepConfig = { kind: "sql" } & SqlStepOptions;
export type AssertStepConfig = { kind: "assert" } & AssertStepOptions;
export type ChangesStepConfig = { kind: "changes" } & ChangesStepOptions;
export type OrphansStepConfig = { kind: "orphans" } & OrphansStepOptions;

// Statements and queries are passed on as they are written, so that no value can become a part of them.

export function readSqlStep({ sql }: SqlStep, common: StepCommon, reader: StepReader): SqlStepConfig {
  return {
    kind: "sql",
    ...common,
    store: reader.store("store"),
    sql: typeof sql === "string" ? sql : { file: reader.inFolder(reader.text("sql", "file") ?? "") },
  };
}

export function readAssertStep(step: AssertStep, common: StepCommon, reader: StepReader): AssertStepConfig {
  const role = reader.text("as-role");
  const settings = step.settings && reader.texts("settings");
  return {
    kind: "assert",
    ...common,
    store: reader.store("store"),
    query: step.assert,
    expect: readExpectation(step, reader),
    ...((role !== undefined || settings) && {
      as: { ...(role !== undefined && { role }), ...(settings && { settings }) },
    }),
  };
}

export function readOrphansStep(
  step: OrphansStep,
  common: StepCommon,
  reader: StepReader,
): OrphansStepConfig {
  return {
    kind: "orphans",
    ...common,
    ids: { store: reader.store("orphans", "store"), query: step.orphans.query },
    knownBy: { store: reader.store("known-by", "store"), query: step["known-by"].query },
    allow: step.allow ?? 0,
  };
}

export function readChangesStep(
  { changes }: ChangesStep,
  common: StepCommon,
  reader: StepReader,
): ChangesStepConfig {
  return {
    kind: "changes",
    ...common,
    mayLose: changes["may-lose"] ?? [],
    ...(changes.within !== undefined && { withinMs: reader.durationMs(0, "changes", "within") }),
  };
}

function readExpectation(step: AssertStep, reader: StepReader): Expectation {
  const given: Expectation[] = [];
  if (step.equals !== undefined) given.push({ kind: "equals", value: step.equals });
  if (step["at-least"] !== undefined) given.push({ kind: "at-least", value: step["at-least"] });
  if (step["at-most"] !== undefined) given.push({ kind: "at-most", value: step["at-most"] });
  if (step.between) given.push({ kind: "between", low: step.between[0], high: step.between[1] });
  if (step.none) given.push({ kind: "none" });
  if (step.between && step.between[0] > step.between[1]) {
    reader.problem("must name the lesser value first.", "between");
  }
  const [only] = given;
  if (only && given.length === 1) return only;
  reader.problem("must say what it expects: one of equals, at-least, at-most, between, none.");
  return { kind: "none" }; // never performed: there is a problem
}
