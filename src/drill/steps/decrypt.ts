import { AppError } from "../../errors.ts";
import { waitUnlessAborted } from "../../sys/clock.ts";
import type { Secret } from "../../sys/secret.ts";
import { fingerprintKey } from "../key-fingerprint.ts";
import { findAtPath } from "../secrets/json-path.ts";
import { ApplicationKey } from "../secrets/key.ts";
import type { KeyForm } from "../secrets/key.ts";
import type { SecretForm } from "../secrets/layout.ts";
import { openSecret, pickSample, sortValues } from "../secrets/trial.ts";
import type { SortedValues, StoredValue } from "../secrets/trial.ts";
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
const ABOUT_THE_QUERY = /does not exist|syntax error|\((UNKNOWN_[A-Z_]+|SYNTAX_ERROR)\)/;
const ROW_NAME_LIMIT = 60;

/**
 * Opens the secrets stored in a restored database with the application's key, and shows by the same key with one bit
 * flipped that this proves something. Nothing decrypted leaves the step but fingerprints for later steps.
 */
export function buildDecryptStep(options: DecryptStepOptions): Step {
  const { name, timeoutMs, form, sample } = options;
  return {
    name,
    kind: "decrypt",
    timeoutMs,
    async perform(context) {
      const { signal, note, decrypted } = context;
      const key = ApplicationKey.read(options.key, options.keyForms);
      const sorted = sortValues(await readValues(options, context), form);
      const tried = pickSample(sorted.sealed, sample ?? Infinity);

      const opened: typeof tried = [];
      const failed: string[] = [];
      const fingerprints = new Map<string, string>();
      for (const value of tried) {
        const isOpen = await openSecret(value.secret, key, signal, (plaintext) => {
          fingerprints.set(value.row, fingerprintKey(decrypted.runKey, plaintext));
        });
        if (isOpen) opened.push(value);
        else failed.push(value.row);
      }
      decrypted.byStep.set(name, fingerprints);
      note(describeCounts(sorted, tried.length, opened.length));
      if (sorted.misshapen.length + failed.length > 0)
        throw explainFailure(sorted, failed, opened.length, key);
      if (opened.length === 0) {
        throw new AppError("UNPROVEN", "No encrypted value was found, so nothing was decrypted.", {
          hint: "Check the query and the path in the JSON; a backup without secrets needs no decrypt step.",
        });
      }

      const flipped = key.flipBit();
      let openedByFlipped = 0;
      for (const { secret } of opened) if (await openSecret(secret, flipped, signal)) openedByFlipped++;
      note(`Under the key with one bit flipped, ${openedByFlipped} of ${opened.length} could be decrypted.`);
      if (openedByFlipped > 0) {
        throw new AppError("UNPROVEN", "A wrong key decrypts values too, so the right one proves nothing.", {
          hint: "Check the layout: the values do not depend on the key as it says.",
        });
      }
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
    const found = findAtPath(parseJson(value), jsonPath);
    if (found.length === 0) return [{ row: name, value: null }];
    return found.map((at) => ({ row: `${name} at ${at.path}`, value: at.value }));
  });
}

async function queryRows(
  { store, query }: DecryptStepOptions,
  { targets, signal }: StepContext,
): Promise<Record<string, unknown>[]> {
  const target = targets.get(store);
  if (!target) {
    throw new AppError("CONFIG_INVALID", `Store ${store} was not restored by this drill.`, {
      hint: "Give a drill target for it, or take the step out.",
    });
  }
  try {
    return await waitUnlessAborted(target.query(query), signal);
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
    return undefined; // the parser's message quotes the value; the row counts as one without a secret
  }
}

function nameRow(id: unknown, index: number): string {
  const isPlain = typeof id === "string" || typeof id === "number" || typeof id === "bigint";
  const text = isPlain ? String(id).replaceAll(/\s+/g, " ").slice(0, ROW_NAME_LIMIT) : "";
  return text === "" ? `number ${index + 1}` : text;
}

function describeCounts(
  { sealed, misshapen, plaintext, empty }: SortedValues,
  tried: number,
  opened: number,
): string {
  const encrypted = sealed.length + misshapen.length;
  const sample = tried < sealed.length ? `, ${tried} of ${sealed.length} tried` : "";
  return (
    `${opened} of ${tried + misshapen.length} secrets decrypted${sample}; ` +
    `${encrypted} encrypted, ${plaintext} plaintext, ${empty} empty.`
  );
}

function explainFailure(
  { misshapen }: SortedValues,
  failed: readonly string[],
  opened: number,
  key: ApplicationKey,
): AppError {
  const all = opened + failed.length + misshapen.length;
  const count = `${failed.length + misshapen.length} of ${all} secrets could not be decrypted`;
  const first = `the first is row ${[...failed, ...misshapen][0]}`;
  const why =
    failed.length === 0
      ? "These values do not have the layout of encrypted ones."
      : opened > 0
        ? "The key is right for others, so these are damaged or were encrypted under another key."
        : `The key has the right form, but it is not the one they were encrypted under. ${key.suspicion}`.trim();
  return new AppError("DATA_DIFFERS", `${count}; ${first}. ${why}`, {
    hint: "Find the key that was in use when the backup was taken: data and key are one unit.",
  });
}
