import { AppError } from "./errors.ts";

/** What one check of `doctor` came to. */
export interface Finding {
  /** What was looked at, in a word or two: `connection`, `rights`. */
  check: string;
  /** `warning`: a backup succeeds, and something about it deserves a look. `bad`: a backup or drill would fail. */
  state: "good" | "warning" | "bad";
  /** One sentence: what there is, and where. */
  found: string;
  /** The exact line that mends it: a statement, a command or a setting. Stands wherever the state is not good. */
  mend?: string;
}

export function good(check: string, found: string): Finding {
  return { check, state: "good", found };
}

export function warning(check: string, found: string, mend: string): Finding {
  return { check, state: "warning", found, mend };
}

export function bad(check: string, found: string, mend: string): Finding {
  return { check, state: "bad", found, mend };
}

/**
 * Turns a check that throws into a finding: its sentence is good, its AppError is bad and its hint the mending line.
 *
 * @throws what is no finding: CANCELLED, and our own bugs
 */
export async function findOrExplain(check: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return good(check, await work());
  } catch (error) {
    return explainAsFinding(check, error);
  }
}

/** @throws the error itself where it is no finding: CANCELLED, and our own bugs */
export function explainAsFinding(check: string, error: unknown): Finding {
  if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
  return bad(check, error.message, error.hint);
}

const ORDER = ["good", "warning", "bad"] as const;

/** The state of the worst finding; good when there is none. */
export function worstOf(findings: readonly Finding[]): Finding["state"] {
  return ORDER[Math.max(0, ...findings.map(({ state }) => ORDER.indexOf(state)))] ?? "good";
}
