import { access, constants, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { Command } from "../../../sys/exec.ts";
import { refuse } from "./source.ts";
import type { ClientSource, FoundClient } from "./source.ts";
import { POSTGRES_PROGRAMS, describeTools } from "./tools.ts";
import type { PostgresProgram } from "./tools.ts";

/** Programs that packages have put on the machine, called by their paths: nobody else chooses their version. */
export const INSTALLED: ClientSource = {
  name: "this machine",
  hasEveryMajor: false,
  async find(major, context) {
    const misfits: string[] = [];
    for (const folder of foldersOf(major, context.toolEnv["PATH"] ?? "")) {
      const found = await tryFolder(folder, major, context);
      if (typeof found === "object") return found;
      if (found !== undefined) misfits.push(`${folder} ${found}`);
    }
    const looked = misfits.length > 0 ? ` (${[...new Set(misfits)].join("; ")})` : "";
    throw refuse(`No pg_dump and pg_restore ${major} are installed${looked}.`);
  },
};

/** Debian and Ubuntu, PGDG's rpm packages, Homebrew on both processors, then whatever PATH offers. */
function foldersOf(major: number, path: string): string[] {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    ...path.split(delimiter).filter((folder) => folder !== ""),
  ];
}

/** @returns why the programs in the folder are not the right ones; undefined when there are none */
async function tryFolder(
  folder: string,
  major: number,
  context: RunContext,
): Promise<FoundClient | string | undefined> {
  for (const program of POSTGRES_PROGRAMS) {
    const file = join(folder, program);
    try {
      await access(file, constants.X_OK);
      // pg_wrapper runs the highest version installed today, which may be another one tomorrow.
      if ((await realpath(file)).endsWith("/pg_wrapper"))
        return "has pg_wrapper, which picks a version itself";
    } catch {
      return undefined;
    }
  }
  const command = (program: PostgresProgram, args: readonly string[], env = {}): Command => ({
    file: join(folder, program),
    args,
    env: { ...context.toolEnv, ...env },
  });
  try {
    const tools = await describeTools(command, major, context);
    return tools ? { tools, where: folder } : "has another version";
  } catch (error) {
    if (error instanceof AppError && error.code !== "CANCELLED") return "has programs that do not run here";
    throw error;
  }
}
