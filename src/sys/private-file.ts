import { readFileSync, statSync } from "node:fs";
import { AppError } from "../errors.ts";

const READABLE_BY_OTHERS = 0o044;

/**
 * Reads a file that holds a credential, without the line end that editors leave.
 *
 * @param what - what it is, for messages: "password-file of app"
 * @throws AppError CONFIG_INVALID when it cannot be read, is empty, or others on this machine may read it
 */
export function readPrivateFile(path: string, what: string): string {
  const invalid = (why: string, hint: string, cause?: unknown): AppError =>
    new AppError("CONFIG_INVALID", `The ${what}, ${path}, ${why}.`, { hint, cause });
  let text: string;
  try {
    // A secret that others can read is theirs as well; Windows has no such bits.
    if (process.platform !== "win32" && (statSync(path).mode & READABLE_BY_OTHERS) !== 0) {
      throw invalid("can be read by other users of this machine", `Run: chmod 600 '${path}'`);
    }
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid("cannot be read", "Give the path of a file that this user may read.", error);
  }
  if (text === "") throw invalid("is empty", "Write the password into it, and nothing else.");
  return text;
}
