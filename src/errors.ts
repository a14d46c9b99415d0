/** What went wrong, as a stable name. docs/exit-status.md explains each one to the operator. */
export type ErrorCode =
  | "CONFIG_INVALID"
  | "TARGET_REFUSED"
  | "BACKUP_NOT_FOUND"
  | "SHARD_UNFINISHED"
  | "FORMAT_TOO_NEW"
  | "IDENTITY_MISSING"
  | "KEY_MISMATCH"
  | "TOOL_MISSING"
  | "TOOL_FAILED"
  | "DISK_FULL"
  | "STORE_UNREACHABLE"
  | "STORE_LOGIN_REFUSED"
  | "STORE_UNSUPPORTED"
  | "STORE_RIGHTS_MISSING"
  | "STORE_FAILED"
  | "DESTINATION_UNREACHABLE"
  | "DESTINATION_REFUSED"
  | "DESTINATION_MISSING"
  | "DESTINATION_FAILED"
  | "OBJECT_MISSING"
  | "BACKUP_DAMAGED"
  | "DATA_DIFFERS"
  | "UNPROVEN"
  | "CANCELLED";

/** The exit status of each code: an interface, listed in docs/exit-status.md. */
export const EXIT_STATUS: Readonly<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 2,
  TARGET_REFUSED: 2,
  BACKUP_NOT_FOUND: 2,
  SHARD_UNFINISHED: 2,
  FORMAT_TOO_NEW: 2,
  IDENTITY_MISSING: 2,
  KEY_MISMATCH: 2,
  TOOL_MISSING: 3,
  TOOL_FAILED: 3,
  DISK_FULL: 3,
  STORE_UNREACHABLE: 4,
  STORE_LOGIN_REFUSED: 4,
  STORE_UNSUPPORTED: 4,
  STORE_RIGHTS_MISSING: 4,
  STORE_FAILED: 4,
  DESTINATION_UNREACHABLE: 4,
  DESTINATION_REFUSED: 4,
  DESTINATION_MISSING: 4,
  DESTINATION_FAILED: 4,
  OBJECT_MISSING: 5,
  BACKUP_DAMAGED: 5,
  DATA_DIFFERS: 5,
  UNPROVEN: 6,
  CANCELLED: 130,
};

/** A failure that is the caller's, a tool's or a service's; anything else that is thrown is our bug. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  /** What the reader can try next: one sentence, no secrets. */
  readonly hint: string;
  /** Whether the same attempt may succeed later: the only errors that are retried. */
  readonly transient: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    about: { hint: string; cause?: unknown; transient?: boolean },
  ) {
    super(message, { cause: about.cause });
    this.code = code;
    this.hint = about.hint;
    this.transient = about.transient ?? false;
  }
}

/** The exit status of a thrown value: that of its code, or 1 for our own bugs. */
export function exitStatusOf(error: unknown): number {
  return error instanceof AppError ? EXIT_STATUS[error.code] : 1;
}

/** The error that every part throws when the run's AbortSignal has fired. */
export function cancelled(): AppError {
  return new AppError("CANCELLED", "The run was cancelled.", {
    hint: "Nothing incomplete is listed; start the command again when ready.",
  });
}

/** @throws AppError CANCELLED when the signal has fired */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

/**
 * Throws what several independent checks found as one error, so that the operator can mend all of it at once.
 * The first error gives the code; a bug among them is thrown as it is. Does nothing when there is none.
 */
export function throwTogether(errors: readonly unknown[]): void {
  const ours = errors.filter((error) => error instanceof AppError);
  if (ours.length < errors.length) throw errors.find((error) => !(error instanceof AppError));
  const [first] = ours;
  if (!first) return;
  if (ours.length === 1) throw first;
  const joinLines = (lines: string[]): string => [...new Set(lines)].join("\n");
  throw new AppError(first.code, joinLines(ours.map(({ message }) => message)), {
    hint: joinLines(ours.map(({ hint }) => hint)),
    cause: first,
  });
}
