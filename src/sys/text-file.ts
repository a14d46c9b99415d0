import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
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

/**
 * Reads a file that holds a secret, unless others can read it too: as ssh does with its keys, and like ssh only where
 * the file is this user's own, since what a container mounts has other owners.
 *
 * @throws AppError CONFIG_INVALID
 */
export async function readPrivateFile(path: string, what: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found && found.uid === process.getuid?.() && (found.mode & 0o077) !== 0) {
    throw new AppError("CONFIG_INVALID", `Others can read the ${what} ${path}.`, {
      hint: `Keep it to yourself: chmod 600 ${path}`,
    });
  }
  return await readTextFile(path, what);
}

/** The text of a file, or undefined when there is none. */
export async function findTextFile(path: string): Promise<string | undefined> {
  return existsSync(path) ? await readTextFile(path, "file") : undefined;
}
