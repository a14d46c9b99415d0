import { throwIfCancelled } from "../../errors.ts";
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

/** Some of many, spread evenly from the first to the last, and the same ones each time. */
export function pickSample<Item>(items: readonly Item[], size: number): Item[] {
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
export async function openSecret(
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
