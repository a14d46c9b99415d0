import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { AppError } from "../errors.ts";

/**
 * Reads a file that the operator named.
 *
 * @param what - what the operator calls it, such as "configuration file"
 * @throws AppError CONFIG_INVALID when it cannot be read
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new AppError("CONFIG_INVALID", `The ${what} ${path} cannot be read.`, {
      hint: "Check the path, which is relative to the folder the run is started in, and its permissions.",
      cause: error,
    });
  }
}

/** The text of a file, or undefined when there is none. */
export async function findTextFile(path: string): Promise<string | undefined> {
  return existsSync(path) ? await readTextFile(path, "file") : undefined;
}
