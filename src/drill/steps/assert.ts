import { AppError } from "../../errors.ts";
import type { QueryIdentity } from "../../stores/store.ts";
import type { Step, StepContext } from "./step.ts";
import { queryStore } from "./step.ts";

export interface AssertStepOptions {
  name: string;
  store: string;
  /** Its first row's first column is what is expected; with `none`, it must return no row. */
  query: string;
  expect: Expectation;
  /** Postgres: run it as this role, so that its policies show what they hide. */
  as?: QueryIdentity;
  timeoutMs: number;
}

/** What a query must return. */
export type Expectation =
  | { kind: "equals"; value: string | number | boolean | null }
  | { kind: "at-least"; value: number }
  | { kind: "at-most"; value: number }
  | { kind: "between"; low: number; high: number }
  | { kind: "none" };

/** A query on a restored store, and what it must return. */
export function buildAssertStep(options: AssertStepOptions): Step {
  const { name, store, query, expect, timeoutMs } = options;
  return {
    name,
    kind: "assert",
    timeoutMs,
    async perform(context: StepContext) {
      const rows = await queryStore(context, store, query, options.as);
      const found = rows[0] === undefined ? undefined : Object.values(rows[0])[0];
      if (!meets(expect, rows.length, found)) {
        const said =
          rows.length === 0 ? "no row" : expect.kind === "none" ? `${rows.length} rows` : show(found);
        throw new AppError("DATA_DIFFERS", `Expected ${describe(expect)}, found ${said}.`, {
          hint: "Run the query on the database that was backed up, and see whether it holds there.",
        });
      }
      context.note(`${store}: ${describe(expect)}, as expected.`);
    },
  };
}

function meets(expect: Expectation, rows: number, found: unknown): boolean {
  if (expect.kind === "none") return rows === 0;
  if (rows === 0) return false;
  if (expect.kind === "equals") return found === expect.value || show(found) === show(expect.value);
  // Both databases give large numbers as text.
  const number = found === null || found === "" ? NaN : Number(found);
  if (Number.isNaN(number)) return false;
  if (expect.kind === "between") return number >= expect.low && number <= expect.high;
  return expect.kind === "at-least" ? number >= expect.value : number <= expect.value;
}

function describe(expect: Expectation): string {
  switch (expect.kind) {
    case "none":
      return "no row";
    case "equals":
      return show(expect.value);
    case "between":
      return `between ${expect.low} and ${expect.high}`;
    case "at-least":
      return `at least ${expect.value}`;
    case "at-most":
      return `at most ${expect.value}`;
  }
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
