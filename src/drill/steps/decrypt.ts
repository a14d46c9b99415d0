import { AppError } from "../../errors.ts";
import type { Secret } from "../../sys/secret.ts";
import { fingerprintKey } from "../key-fingerprint.ts";
import { findAtPath } from "../json-path.ts";
import { ApplicationKey } from "../secrets/key.ts";
import type { KeyForm } from "../secrets/key.ts";
import type { SecretForm } from "../secrets/layout.ts";
import { sortValues, tryKey } from "../secrets/trial.ts";
import type { StoredValue } from "../secrets/trial.ts";
import { queryStore } from "./step.ts";
import type { Step, StepContext } from "./step.ts";

export interface DecryptStepOptions {
  name: string;
  store: string;
  /** Returns two columns: what identifies the row, and the value. */
  query: string;
  /** Where in the value, which is JSON then, the secrets are. */
  jsonPath?: string;
  form: SecretForm;
  /** How the key may be read, in the order in which the application tries it. */
  keyForms: readonly KeyForm[];
  key: Secret;
  /** How many values are tried at most; all when absent. */
  sample?: number;
  timeoutMs: number;
}

/** Faults of the query itself. Any other message may quote a value that the query met. */
const ABOUT_THE_QUERY = /does not exist|\bsyntax error( at|:)|unknown ([a-z]+ )*identifier/i;
const ROW_NAME_LIMIT = 60;
/** Stands for a value that should be JSON; it has the form of no secret. */
const NO_JSON = Symbol("no JSON");

/**
 * Opens the secrets stored in a restored database with the application's key, and shows by the same key with one bit
 * flipped that this proves something. Nothing decrypted leaves the step but fingerprints for later steps.
 */
export function buildDecryptStep(options: DecryptStepOptions): Step {
  return {
    ...buildUnder(options, (key) => key),
    withFlippedKey: () => buildUnder(options, (key) => key.flipBit()),
  };
}

function buildUnder(options: DecryptStepOptions, change: (key: ApplicationKey) => ApplicationKey): Step {
  const { name, timeoutMs, form, sample = Infinity } = options;
  return {
    name,
    kind: "decrypt",
    timeoutMs,
    async perform(context) {
      const { signal, note, decrypted } = context;
      const key = change(ApplicationKey.read(options.key, options.keyForms));
      const sorted = sortValues(await readValues(options, context), form);
      const fingerprints = new Map<string, string>();
      decrypted.byStep.set(name, fingerprints);
      await tryKey(sorted, key, {
        sample,
        signal,
        note,
        receive: (row, plaintext) => {
          fingerprints.set(row, fingerprintKey(decrypted.runKey, plaintext));
        },
      });
    },
  };
}

async function readValues(options: DecryptStepOptions, context: StepContext): Promise<StoredValue[]> {
  const { jsonPath } = options;
  const rows = await queryRows(options, context);
  return rows.flatMap((row, index) => {
    const columns = Object.values(row);
    if (columns.length !== 2) {
      throw new AppError("CONFIG_INVALID", "The query must return two columns of different names.", {
        hint: "Select what identifies the row first, and the stored value second.",
      });
    }
    const [id, value] = columns;
    const name = nameRow(id, index);
    if (jsonPath === undefined) return [{ row: name, value }];
    const tree = parseJson(value);
    if (tree === NO_JSON) return [{ row: name, value: NO_JSON }];
    const found = findAtPath(tree, jsonPath);
    if (found.length === 0) return [{ row: name, value: null }];
    return found.map((at) => ({ row: `${name} at ${at.path}`, value: at.value }));
  });
}

async function queryRows(
  { store, query }: DecryptStepOptions,
  context: StepContext,
): Promise<Record<string, unknown>[]> {
  try {
    return await queryStore(context, store, query);
  } catch (error) {
    const isSafe =
      !(error instanceof AppError) || error.code !== "STORE_FAILED" || ABOUT_THE_QUERY.test(error.message);
    if (isSafe) throw error;
    // Without the cause as well: it holds the same words.
    throw new AppError(
      "STORE_FAILED",
      "The query failed; the server's words may quote a value and are kept back.",
      {
        hint: "Run the query by hand on a restored copy (drill --keep) to read them.",
      },
    );
  }
}

function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return NO_JSON; // the parser's message quotes the value
  }
}

function nameRow(id: unknown, index: number): string {
  const isPlain = typeof id === "string" || typeof id === "number" || typeof id === "bigint";
  const text = isPlain ? String(id).replaceAll(/\s+/g, " ") : "";
  // What is longer names no row: it may be the value itself, in a query with its columns the wrong way round.
  return text === "" || text.length > ROW_NAME_LIMIT ? `number ${index + 1}` : text;
}
