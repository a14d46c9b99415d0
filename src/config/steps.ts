import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import type { RunStepOptions } from "../drill/steps/run.ts";
import { readHttpStep, readProxiedCall, readStartStep } from "./application-steps.ts";
import type { HttpStepConfig, ProxiedCallConfig, StartStepConfig } from "./application-steps.ts";
import type { DecryptStepConfig } from "./decrypt.ts";
import { readDecryptStep } from "./decrypt.ts";
import { readAssertStep, readChangesStep, readOrphansStep, readSqlStep } from "./query-steps.ts";
import type { AssertStepConfig, ChangesStepConfig, OrphansStepConfig, SqlStepConfig } from "./query-steps.ts";
import type { LifeboatFile, RunStep } from "./schema.ts";
import { suggest } from "./problems.ts";
import type { Sources } from "./sources.ts";
import { StepReader } from "./step-reader.ts";
import type { StepCommon } from "./step-reader.ts";
import type { StoreReader } from "./stores.ts";

const DEFAULT_TIMEOUT_MS = 600_000;
const NAME_LIMIT = 60;

export type RunStepConfig = { kind: "run" } & RunStepOptions;

/** What a drill does with the restored data. */
export type StepConfig =
  | RunStepConfig
  | SqlStepConfig
  | StartStepConfig
  | HttpStepConfig
  | DecryptStepConfig
  | ProxiedCallConfig
  | AssertStepConfig
  | OrphansStepConfig
  | ChangesStepConfig;

type FileStep = NonNullable<NonNullable<LifeboatFile["drill"]>["steps"]>[number];

/**
 * Shell lines and statements are passed on as they are written: bash and the databases have a `${…}` of their
 * own, and a value put into them could become a command. Values reach them through `env`.
 *
 * @param isNeeded - whether the command performs them
 */
export function readSteps(sources: Sources, stores: StoreReader, isNeeded: boolean): StepConfig[] {
  let decryptStep: string | undefined;
  const all = sources.content.drill?.steps ?? [];
  const last = findLastStep(all, sources);
  const steps = all.map((step, index): StepConfig => {
    const reader = new StepReader(sources, stores, ["drill", "steps", index], isNeeded && index <= last);
    const common = readCommon(step, reader);
    if ("decrypt" in step) {
      decryptStep = common.name;
      return readDecryptStep(step, common, reader);
    }
    if ("sql" in step) return readSqlStep(step, common, reader);
    if ("start" in step) return readStartStep(step, common, reader);
    if ("http" in step) return readHttpStep(step, common, reader);
    if ("assert" in step) return readAssertStep(step, common, reader);
    if ("orphans" in step) return readOrphansStep(step, common, reader);
    if ("changes" in step) return readChangesStep(step, common, reader);
    if ("proxied-call" in step) return readProxiedCall(step, common, reader, decryptStep);
    return readRunStep(step, common, reader);
  });
  return steps.slice(0, last + 1);
}

/** The position of the step after which the option `until` ends the drill; the last one's without it. */
function findLastStep(steps: readonly FileStep[], sources: Sources): number {
  const until = sources.option("until");
  if (!until) return steps.length - 1;
  const names = steps.map((step) => step.name ?? nameStep(step));
  const position = names.indexOf(until.text);
  if (position < 0) {
    sources.problems.add(until.place, `names no step of the drill.${suggest(until.text, names)}`);
  }
  return position;
}

/**
 * Commands around a restore: a line by itself, or a `run` step.
 *
 * @param isNeeded - whether the command is a restore
 */
export function readRestoreCommands(
  sources: Sources,
  stores: StoreReader,
  moment: "before" | "after",
  isNeeded: boolean,
): RunStepConfig[] {
  return (sources.content.restore?.[moment] ?? []).map((step, index): RunStepConfig => {
    if (typeof step === "string") {
      const name = nameStep({ run: step });
      return { kind: "run", name, timeoutMs: DEFAULT_TIMEOUT_MS, command: step, env: {} };
    }
    const reader = new StepReader(sources, stores, ["restore", moment, index], isNeeded);
    return readRunStep(step, readCommon(step, reader), reader);
  });
}

function readCommon(step: FileStep, reader: StepReader): StepCommon {
  return {
    name: reader.text("name") ?? nameStep(step),
    timeoutMs: reader.durationMs(DEFAULT_TIMEOUT_MS, "timeout"),
  };
}

function readRunStep(step: RunStep, common: StepCommon, reader: StepReader): RunStepConfig {
  const directory = reader.text("working-directory");
  return {
    kind: "run",
    ...common,
    command: reader.command("run", step.run),
    env: reader.secrets("env"),
    ...(directory !== undefined && { workingDirectory: reader.inFolder(directory) }),
  };
}

/** Whether a proxied call, or the file, asks for the built-in upstream. */
export function needsUpstream(steps: readonly StepConfig[], sources: Sources): boolean {
  const isCalled = steps.some((step) => step.kind === "proxied-call" && !step.live);
  return isCalled || sources.content.drill?.upstream !== undefined;
}

export function readUpstream({ content }: Sources): UpstreamSettings {
  const { port = 0, https = false, "host-names": hostNames = [] } = content.drill?.upstream ?? {};
  return { port, https, hostNames };
}

/** What the report calls a step without a name: the beginning of what it does, as it was written. */
function nameStep(step: FileStep): string {
  const line = describeStep(step).trim().split("\n")[0] ?? "";
  return line.length > NAME_LIMIT ? `${line.slice(0, NAME_LIMIT - 1)}…` : line;
}

function describeStep(step: FileStep): string {
  const join = (command: string | string[]): string => (Array.isArray(command) ? command.join(" ") : command);
  if ("run" in step) return join(step.run);
  if ("start" in step) return `start ${join(step.start)}`;
  if ("sql" in step) return typeof step.sql === "string" ? step.sql : step.sql.file;
  if ("http" in step) return `${step.method ?? "request"} ${step.http}`;
  if ("assert" in step) return step.assert;
  if ("changes" in step) return "changes";
  if ("orphans" in step) return `orphans of ${step["known-by"].store} in ${step.orphans.store}`;
  if ("proxied-call" in step) return `proxied call, ${step["proxied-call"]}`;
  const { preset = "secrets" } = typeof step.decrypt === "string" ? { preset: step.decrypt } : step.decrypt;
  return `decrypt ${preset}`;
}
