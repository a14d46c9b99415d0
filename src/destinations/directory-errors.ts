import { AppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** The mending line where a right is missing. */
export const NO_RIGHT = "Give the user that runs this the right to read and write the folder.";

/** What the system's error codes mean for the one who looks after the folder. */
const MEANING: Readonly<Record<string, { code: ErrorCode; why: string; hint: string }>> = {
  ENOSPC: {
    code: "DESTINATION_FAILED",
    why: "the disk is full",
    hint: "Free space there, or choose a larger disk; nothing incomplete was kept.",
  },
  EDQUOT: {
    code: "DESTINATION_FAILED",
    why: "the disk quota is used up",
    hint: "Free space there, or raise the quota; nothing incomplete was kept.",
  },
  EACCES: { code: "DESTINATION_REFUSED", why: "access is denied", hint: NO_RIGHT },
  EPERM: { code: "DESTINATION_REFUSED", why: "the operation is not permitted", hint: NO_RIGHT },
  EROFS: {
    code: "DESTINATION_REFUSED",
    why: "the file system is mounted read-only",
    hint: "Mount it writable, or choose another folder.",
  },
  ENOTSUP: {
    code: "DESTINATION_FAILED",
    why: "the file system cannot do this",
    hint: "Choose a file system with hard links: without them two runs could overwrite each other's manifest.",
  },
};

/** Turns an error of the file system into the AppError of the Destination contract; leaves others alone. */
export function explainFileError(error: unknown, doing: string): unknown {
  if (!isSystemError(error)) return error; // an AppError already, or our bug
  const meaning = MEANING[error.code];
  return new AppError(
    meaning?.code ?? "DESTINATION_FAILED",
    `${doing} failed: ${meaning?.why ?? error.message}.`,
    { hint: meaning?.hint ?? "Check the folder and the disk below it.", cause: error },
  );
}

/** Whether a thrown value is a system error with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return isSystemError(error) && codes.includes(error.code);
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
