import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parse } from "yaml";
import { z } from "zod";

/** A value that may be an expression. */
const text = z.union([z.string(), z.number(), z.boolean()]);
const texts = z.record(z.string(), text);
const flag = z.union([z.boolean(), z.string()]);
const names = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const permissions = z.union([z.enum(["read-all", "write-all"]), z.record(z.string(), z.string())]);
const concurrency = z.union([
  z.string().transform((group) => ({ group, "cancel-in-progress": false as string | boolean })),
  z.strictObject({ group: z.string(), "cancel-in-progress": flag.default(false) }),
]);
const environment = z.union([
  z.string().transform((name) => ({ name })),
  z.strictObject({ name: z.string(), url: z.string().optional() }),
]);
const runDefaults = z.strictObject({
  run: z.strictObject({ shell: z.string().optional(), "working-directory": z.string().optional() }),
});
const step = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  if: text.optional(),
  uses: z.string().optional(),
  with: texts.default({}),
  run: z.string().optional(),
  shell: z.string().optional(),
  "working-directory": z.string().optional(),
  env: texts.default({}),
  "continue-on-error": flag.default(false),
  "timeout-minutes": text.optional(),
});
const service = z.strictObject({
  image: z.string(),
  env: texts.default({}),
  ports: z.array(text).default([]),
  options: z.string().optional(),
});
const job = z.strictObject({
  name: z.string().optional(),
  needs: names.default([]),
  if: text.optional(),
  "runs-on": z.union([z.string(), z.array(z.string())]).optional(),
  "timeout-minutes": text.optional(),
  permissions: permissions.optional(),
  environment: environment.optional(),
  concurrency: concurrency.optional(),
  outputs: texts.default({}),
  env: texts.default({}),
  defaults: runDefaults.optional(),
  strategy: z
    .strictObject({
      matrix: z.union([z.string(), z.record(z.string(), z.unknown())]),
      "fail-fast": flag.default(true),
      "max-parallel": text.optional(),
    })
    .optional(),
  "continue-on-error": flag.default(false),
  services: z.record(z.string(), service).default({}),
  steps: z.array(step).default([]),
  uses: z.string().optional(),
  with: texts.default({}),
  secrets: z.union([z.literal("inherit"), texts]).default({}),
});
const input = z.strictObject({
  description: z.string().optional(),
  required: z.boolean().default(false),
  type: z.enum(["string", "boolean", "number", "choice", "environment"]).default("string"),
  default: text.optional(),
  options: z.array(z.string()).optional(),
  deprecationMessage: z.string().optional(),
});
const inputs = z.record(z.string(), input).default({});
const call = z.strictObject({
  inputs,
  secrets: z
    .record(
      z.string(),
      z.strictObject({ description: z.string().optional(), required: z.boolean().default(false) }),
    )
    .default({}),
  outputs: z
    .record(z.string(), z.strictObject({ description: z.string().optional(), value: z.string() }))
    .default({}),
});
const events = z.looseObject({
  schedule: z.array(z.strictObject({ cron: z.string(), timezone: z.string().optional() })).optional(),
  workflow_dispatch: z.preprocess((value) => value ?? {}, z.strictObject({ inputs })).optional(),
  workflow_call: z.preprocess((value) => value ?? {}, call).optional(),
});
const workflow = z.strictObject({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  on: z.preprocess((value) => {
    if (typeof value === "string") return { [value]: {} };
    if (Array.isArray(value)) return Object.fromEntries(value.map((name: string) => [name, {}]));
    return value;
  }, events),
  permissions: permissions.optional(),
  env: texts.default({}),
  defaults: runDefaults.optional(),
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), job),
});

/** A workflow file, as far as a rehearsal can carry it out. */
export type Workflow = z.infer<typeof workflow>;
export type Job = z.infer<typeof job>;
export type Step = z.infer<typeof step>;
export type ServiceContainer = z.infer<typeof service>;
export type InputDefinitions = z.infer<typeof inputs>;
export type Permissions = z.infer<typeof permissions>;
export type Concurrency = z.infer<typeof concurrency>;

/** What GitHub's own parser finds wrong with a workflow file: keys, contexts, functions, expressions, schedules. */
export async function findWorkflowFaults(name: string, content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  // Conversion adds its own findings to the same list.
  if (value && context.errors.count === 0) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

/**
 * Reads a workflow.
 *
 * @throws Error when GitHub would refuse it, or when it says something that a rehearsal does not know how to do
 */
export async function readWorkflow(name: string, content: string): Promise<Workflow> {
  const faults = await findWorkflowFaults(name, content);
  if (faults.length > 0) throw new Error(`${name} is no workflow:\n${faults.join("\n")}`);
  const read = workflow.safeParse(parse(content));
  if (!read.success)
    throw new Error(`${name} says what a rehearsal cannot do:\n${z.prettifyError(read.error)}`);
  for (const [id, { uses, ...rest }] of Object.entries(read.data.jobs)) {
    if (uses === undefined && rest["timeout-minutes"] === undefined)
      throw new Error(`${name}: job ${id} has no timeout-minutes.`);
  }
  return read.data;
}
