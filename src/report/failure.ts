import { AppError, exitStatusOf } from "../errors.ts";
import type { Redactor } from "../sys/secret.ts";

/** An error as people read it. */
export interface Failure {
  code: string;
  exitStatus: number;
  title: string;
  reason: string;
  hint: string;
}

/** Explains anything that was thrown. Credentials are removed from all of it. */
export function explainFailure(error: unknown, redactor: Redactor): Failure {
  const exitStatus = exitStatusOf(error);
  if (error instanceof AppError) {
    const [title = "", ...rest] = redactor.redact(error.message).split("\n");
    return {
      code: error.code,
      exitStatus,
      title,
      reason: rest.join("\n"),
      hint: redactor.redact(error.hint),
    };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: "BUG",
    exitStatus,
    title: "lifeboat failed by a fault of its own.",
    reason: redactor.redact(stack),
    hint: "Please report it with the text above; no backup was listed that is not complete.",
  };
}
