import { AppError, throwIfCancelled } from "../../errors.ts";
import type { ApplicationKey } from "./key.ts";
import { readSealed } from "./layout.ts";
import type { SealedSecret, SecretForm } from "./layout.ts";

/** A value as the database gave it. */
export interface StoredValue {
  /** What the operator knows it by: never the value. */
  row: string;
  value: unknown;
}

/** Stored values by what they are, before any key is tried. */
export interface SortedValues {
  sealed: { row: string; secret: SealedSecret }[];
  /** Rows whose value has not the form of an encrypted one. */
  misshapen: string[];
  plaintext: number;
  empty: number;
}

/** Sorts values by what can be seen without a key. */
export function sortValues(values: readonly StoredValue[], form: SecretForm): SortedValues {
  const sorted: SortedValues = { sealed: [], misshapen: [], plaintext: 0, empty: 0 };
  for (const { row, value } of values) {
    if (value === null || value === undefined || value === "") {
      sorted.empty++;
      continue;
    }
    const { prefix = "" } = form;
    if (typeof value === "string" && !value.startsWith(prefix)) {
      sorted.plaintext++;
      continue;
    }
    const stored = typeof value === "string" ? value.slice(prefix.length) : value;
    const secret =
      typeof stored === "string" || stored instanceof Uint8Array ? readSealed(stored, form) : undefined;
    if (secret) sorted.sealed.push({ row, secret });
    else sorted.misshapen.push(row);
  }
  return sorted;
}

export interface TrialOptions {
  /** How many values are tried at most. */
  sample: number;
  signal: AbortSignal;
  note: (sentence: string) => void;
  /** Gets each plaintext, which is wiped as soon as it returns. */
  receive: (row: string, plaintext: Buffer) => void;
}

/**
 * Opens secrets with a key, and tries to open the same ones with that key but for one bit.
 *
 * @throws AppError DATA_DIFFERS: a secret could not be opened; UNPROVEN: there was none, or the wrong key opened one;
 *   CANCELLED
 */
export async function tryKey(
  sorted: SortedValues,
  key: ApplicationKey,
  { sample, signal, note, receive }: TrialOptions,
): Promise<void> {
  const tried = pickSample(sorted.sealed, sample);
  const opened: typeof tried = [];
  const failed: string[] = [];
  for (const value of tried) {
    const isOpen = await openSecret(value.secret, key, signal, (plaintext) => receive(value.row, plaintext));
    if (isOpen) opened.push(value);
    else failed.push(value.row);
  }
  note(describeCounts(sorted, tried.length, opened.length));
  if (sorted.misshapen.length + failed.length > 0) {
    throw explainFailure(sorted.misshapen, failed, opened.length, key.suspicion);
  }
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
}

/** Some of many, spread evenly from the first to the last, and the same ones each time. */
function pickSample<Item>(items: readonly Item[], size: number): Item[] {
  if (items.length <= size) return [...items];
  return Array.from({ length: size }, (_, index) => items[Math.floor((index * items.length) / size)] as Item);
}

/**
 * Opens a secret by the first of the key's candidates that fits, and hands the plaintext on. It is wiped afterwards,
 * so the receiver keeps no part of it.
 *
 * @returns whether it could be opened
 * @throws AppError CANCELLED
 */
async function openSecret(
  secret: SealedSecret,
  key: ApplicationKey,
  signal: AbortSignal,
  receive: (plaintext: Buffer) => void = () => {},
): Promise<boolean> {
  for await (const candidate of key.listCandidates(secret.salt)) {
    throwIfCancelled(signal);
    const plaintext = secret.open(candidate);
    if (!plaintext) continue;
    receive(plaintext);
    plaintext.fill(0);
    return true;
  }
  return false;
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
  misshapen: readonly string[],
  failed: readonly string[],
  opened: number,
  suspicion: string,
): AppError {
  const all = opened + failed.length + misshapen.length;
  const count = `${failed.length + misshapen.length} of ${all} secrets could not be decrypted`;
  const first = `the first is row ${[...failed, ...misshapen][0]}`;
  const why =
    failed.length === 0
      ? "These values do not have the layout of encrypted ones."
      : opened > 0
        ? "The key is right for others, so these are damaged or were encrypted under another key."
        : `The key has the right form, but it is not the one they were encrypted under. ${suspicion}`.trim();
  return new AppError("DATA_DIFFERS", `${count}; ${first}. ${why}`, {
    hint: "Find the key that was in use when the backup was taken: data and key are one unit.",
  });
}
