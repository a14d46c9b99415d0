import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { createRunKey } from "../../../../src/drill/key-fingerprint.ts";
import { buildDecryptStep } from "../../../../src/drill/steps/decrypt.ts";
import type { StepContext } from "../../../../src/drill/steps/step.ts";
import type { Target } from "../../../../src/stores/store.ts";
import { AppError } from "../../../../src/errors.ts";
import { startTestRun } from "../../../support/run-context.ts";
import { parseAs } from "../../config/raw-input.ts";

export interface Fixture {
  key: string;
  values: string[];
  plaintexts: string[];
}

export function readFixture(name: string): Fixture {
  const file = new URL(`../../../fixtures/secrets/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Fixture;
}

export interface Trial {
  notes: string[];
  /** How it failed; undefined when it passed. */
  error: AppError | undefined;
  decrypted: StepContext["decrypted"];
  /** Everything the step said anywhere, causes of errors included. */
  output: string;
}

/** Performs a decrypt step, written as in lifeboat.yml, on what a query returns. */
export async function performDecrypt(
  decrypt: unknown,
  key: string,
  query: Target["query"] | unknown[],
  more: { sample?: number; signal?: AbortSignal } = {},
): Promise<Trial> {
  const { signal, ...options } = more;
  const yaml = JSON.stringify({
    drill: { steps: [{ decrypt, key: "${KEY}", ...options }] },
    destination: "file:///backups",
  });
  const targets = { "target-postgres-url": "postgres://u@h/d" };
  const { steps } = parseAs("drill", { yaml, env: { KEY: key }, options: targets });
  const [config] = steps;
  if (config?.kind !== "decrypt") throw new Error("No decrypt step was read.");

  const run = startTestRun();
  const rows = Array.isArray(query) ? query.map((value, index) => ({ id: index + 1, value })) : undefined;
  const target = { query: rows ? async () => rows : query } as Target;
  const notes: string[] = [];
  const decrypted: Trial["decrypted"] = { runKey: createRunKey(), byStep: new Map() };
  const context = {
    ...run,
    ...(signal && { signal }),
    targets: new Map([["postgres", target]]),
    decrypted,
    drillSignal: run.signal,
    atEnd: () => {},
    secondsSoFar: 0,
    note: (sentence: string) => void notes.push(sentence),
  };
  let error: unknown;
  try {
    await buildDecryptStep(config).perform(context);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    error = thrown;
  }
  const output = [...run.lines, ...notes, inspect(error, { depth: 9 }), inspect(decrypted.byStep)].join("\n");
  return { notes, error: error as AppError | undefined, decrypted, output };
}
