import { access, constants, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { requireDebianArchive } from "../../sys/apt-sources.ts";
import { unpackDebianPackages } from "../../sys/debian-packages.ts";
import { runTool } from "../../sys/exec.ts";
import type { Command } from "../../sys/exec.ts";

export type PostgresProgram = "pg_dump" | "pg_restore" | "psql";

/** The client programs of one major version. */
export interface PostgresTools {
  major: number;
  /** What pg_dump says of itself: "pg_dump (PostgreSQL) 17.10". */
  version: string;
  command(program: PostgresProgram, args: readonly string[], env?: Readonly<Record<string, string>>): Command;
}

/** Which Debian release carries which client: one major a release. */
const DEBIAN_SUITES: Readonly<Record<number, string>> = { 15: "bookworm", 17: "trixie", 18: "forky" };

/**
 * Finds the client of exactly one major version: a newer one writes settings that an older server does not know,
 * an older one refuses the server. It is looked for where packages put it, then fetched into the cache.
 *
 * @throws AppError TOOL_MISSING, CANCELLED
 */
export async function findPostgresTools(major: number, context: RunContext): Promise<PostgresTools> {
  for (const folder of installedFolders(major, context.toolEnv["PATH"] ?? "")) {
    const tools = await tryFolder(folder, major, context);
    if (tools) return tools;
  }
  return fetchTools(major, context);
}

/** The major version in what a program says of itself or a server of its version. */
export function majorOf(version: string): number {
  return Number(/(?:^|\s)(\d+)(?:\.|devel|beta|rc|\s|$)/.exec(version)?.[1] ?? Number.NaN);
}

/** Debian and Ubuntu, PGDG's rpm packages, Homebrew on both processors, then whatever PATH offers. */
function installedFolders(major: number, path: string): string[] {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    ...path.split(delimiter).filter((folder) => folder !== ""),
  ];
}

async function tryFolder(
  folder: string,
  major: number,
  context: RunContext,
): Promise<PostgresTools | undefined> {
  for (const program of ["pg_dump", "pg_restore", "psql"]) {
    const file = join(folder, program);
    try {
      await access(file, constants.X_OK);
      // pg_wrapper runs the highest version installed today, which may be another one tomorrow.
      if ((await realpath(file)).endsWith("/pg_wrapper")) return undefined;
    } catch {
      return undefined;
    }
  }
  const tools = {
    command: (program: PostgresProgram, args: readonly string[], env = {}): Command => ({
      file: join(folder, program),
      args,
      env: { ...context.toolEnv, ...env },
    }),
  };
  try {
    return await describeTools(tools, major, context);
  } catch (error) {
    if (error instanceof AppError && error.code !== "CANCELLED") return undefined; // it does not run here
    throw error;
  }
}

async function fetchTools(major: number, context: RunContext): Promise<PostgresTools> {
  const { signal, redactor, cacheDir, reporter, toolEnv } = context;
  const suite = DEBIAN_SUITES[major];
  const missing = (why: string, cause?: unknown): AppError =>
    new AppError(
      "TOOL_MISSING",
      `pg_dump and pg_restore of PostgreSQL ${major} are not on this machine, and ${why}`,
      {
        hint: `Install the package postgresql-client-${major} (apt.postgresql.org has every version).`,
        cause,
      },
    );
  if (suite === undefined) throw missing("Debian has no package of them to fetch.");
  try {
    const root = await unpackDebianPackages({
      packages: [`postgresql-client-${major}`],
      archive: await requireDebianArchive(suite),
      cacheDir,
      env: toolEnv,
      signal,
      redactor,
      report: (line) => reporter.info(line),
    });
    const tools = {
      command: (program: PostgresProgram, args: readonly string[], env = {}): Command =>
        root.command(`usr/lib/postgresql/${major}/bin/${program}`, args, { ...toolEnv, ...env }),
    };
    const described = await describeTools(tools, major, context);
    if (!described) throw missing("the fetched package holds another version.");
    return described;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    throw missing(`could not be fetched: ${error.message}`, error);
  }
}

/** Completes the tools with what they say of themselves; undefined when it is another major version. */
async function describeTools(
  tools: Pick<PostgresTools, "command">,
  major: number,
  { signal, redactor }: RunContext,
): Promise<PostgresTools | undefined> {
  const versions = await Promise.all(
    (["pg_dump", "pg_restore"] as const).map(async (program) => {
      const { stdout } = await runTool(tools.command(program, ["--version"]), { signal, redactor });
      return stdout.trim();
    }),
  );
  const [version = ""] = versions;
  return versions.every((text) => majorOf(text) === major) ? { ...tools, major, version } : undefined;
}
