import { dirname, join } from "node:path";
import { Secret } from "../sys/secret.ts";
import type { DecryptStepConfig } from "./decrypt.ts";
import { readDecryptStep } from "./decrypt.ts";
import type { Path } from "./faults.ts";
import type { LifeboatFile } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { StoreReader } from "./stores.ts";
import { readDurationMs } from "./values.ts";

const DEFAULT_TIMEOUT_MS = 600_000;

/** What a drill does with the restored data. */
export type StepConfig = RunStepConfig | SqlStepConfig | DecryptStepConfig;

export interface RunStepConfig {
  kind: "run";
  name: string;
  /** A line for `bash -c`, exactly as written; or a program and its arguments without a shell. */
  command: string | [string, ...string[]];
  env: Record<string, Secret>;
  workingDirectory?: string;
  timeoutMs: number;
}

export interface SqlStepConfig {
  kind: "sql";
  name: string;
  store: string;
  sql: string | { file: string };
  timeoutMs: number;
}

type FileStep = NonNullable<NonNullable<LifeboatFile["drill"]>["steps"]>[number];

/**
 * Shell lines and statements are passed on as they are written: bash and the databases have a `${…}` of their
 * own, and a value put into them could become a command. Values reach them through `env`.
 *
 * @param isNeeded - whether the command performs them
 */
export function readSteps(sources: Sources, stores: StoreReader, isNeeded: boolean): StepConfig[] {
  return (sources.content.drill?.steps ?? []).map((step, index) => {
    const path = ["drill", "steps", index];
    const text = (...keys: Path): string | undefined => sources.text([...path, ...keys], isNeeded)?.text;
    const timeout = sources.text([...path, "timeout"], isNeeded);
    const common = {
      name: text("name") ?? nameStep(step),
      timeoutMs: (timeout && readDurationMs(timeout, sources.problems)) ?? DEFAULT_TIMEOUT_MS,
    };
    const inFolder = (relative: string): string => join(dirname(sources.filePath), relative);

    if ("decrypt" in step) return readDecryptStep(step, path, common, { sources, stores, isNeeded });
    if ("sql" in step) {
      const store = text("store") ?? "";
      if (store !== "") stores.requireKnown(store, sources.place([...path, "store"]));
      const sql = typeof step.sql === "string" ? step.sql : { file: inFolder(text("sql", "file") ?? "") };
      return { kind: "sql", ...common, store, sql };
    }
    const directory = text("working-directory");
    return {
      kind: "run",
      ...common,
      command: readCommand(step.run, (item) => text("run", item) ?? ""),
      env: readEnv(sources, [...path, "env"], Object.keys(step.env ?? {}), isNeeded),
      ...(directory !== undefined && { workingDirectory: inFolder(directory) }),
    };
  });
}

/** What the report calls a step without a name: the beginning of what it does, as it was written. */
function nameStep(step: FileStep): string {
  if ("decrypt" in step) {
    const { preset = "secrets" } = typeof step.decrypt === "string" ? { preset: step.decrypt } : step.decrypt;
    return `decrypt ${preset}`;
  }
  const content = "run" in step ? step.run : step.sql;
  const line = Array.isArray(content)
    ? content.join(" ")
    : typeof content === "string"
      ? content
      : content.file;
  const first = line.trim().split("\n")[0] ?? "";
  return first.length > 60 ? `${first.slice(0, 59)}…` : first;
}

function readCommand(run: string | string[], expand: (index: number) => string): RunStepConfig["command"] {
  if (typeof run === "string") return run;
  const [file = "", ...args] = run.map((_, index) => expand(index));
  return [file, ...args];
}

function readEnv(sources: Sources, path: Path, names: string[], isNeeded: boolean): Record<string, Secret> {
  const env: Record<string, Secret> = {};
  for (const name of names) {
    const given = sources.text([...path, name], isNeeded);
    if (!given) continue;
    const value = new Secret(given.text);
    env[name] = value;
    // What was written in the file can be read there; what the environment gave may be a key.
    if (given.isFromEnvironment) sources.secrets.push(value);
  }
  return env;
}
