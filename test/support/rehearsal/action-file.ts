import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { convertActionTemplate, parseAction } from "@actions/workflow-parser/actions/index";
import { NoOperationTraceWriter } from "@actions/workflow-parser";
import { inject } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { evaluateText } from "./expressions.ts";
import type { Contexts } from "./expressions.ts";

/** A JavaScript action, as far as a rehearsal can carry it out. */
const action = z.looseObject({
  inputs: z
    .record(
      z.string(),
      z.looseObject({ required: z.boolean().default(false), default: z.string().optional() }),
    )
    .default({}),
  outputs: z.record(z.string(), z.looseObject({})).default({}),
  runs: z.strictObject({
    using: z.enum(["node20", "node24"]),
    main: z.string(),
    post: z.string().optional(),
  }),
});

export interface Action {
  main: string;
  post?: string;
  outputs: string[];
  /** The variables that hold the inputs, those with defaults included. @throws Error on one that it does not have */
  readInputs(given: Readonly<Record<string, string>>, contexts: Contexts): Record<string, string>;
}

/** What GitHub's own parser finds wrong with an action.yml. */
export function findActionFaults(content: string): string[] {
  const { context, value } = parseAction({ name: "action.yml", content }, new NoOperationTraceWriter());
  if (value && context.errors.count === 0) convertActionTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

/**
 * Reads the action in a folder. Its dist/ is the one that the test run has built of the same sources.
 *
 * @throws Error when there is none, or none that a rehearsal can run
 */
export async function readAction(folder: string): Promise<Action> {
  const content = await readFile(join(folder, "action.yml"), "utf8");
  const faults = findActionFaults(content);
  if (faults.length > 0) throw new Error(`${folder} is no action:\n${faults.join("\n")}`);
  const { inputs, outputs, runs } = action.parse(parse(content));
  const program = (path: string): string => join(inject("bundleDir"), relative("dist", path));
  return {
    main: program(runs.main),
    ...(runs.post !== undefined && { post: program(runs.post) }),
    outputs: Object.keys(outputs),
    readInputs: (given, contexts) => {
      const unknown = Object.keys(given).filter((name) => !(name in inputs));
      if (unknown.length > 0) throw new Error(`The action has no input ${unknown.join(", ")}.`);
      return Object.fromEntries(
        Object.entries(inputs).map(([name, { default: fallback = "" }]) => [
          `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
          given[name] ?? evaluateText(fallback, contexts),
        ]),
      );
    },
  };
}
