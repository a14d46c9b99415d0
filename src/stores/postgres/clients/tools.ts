import type { RunContext } from "../../../run-context.ts";
import { runTool } from "../../../sys/exec.ts";
import type { Command } from "../../../sys/exec.ts";

export const POSTGRES_PROGRAMS = ["pg_dump", "pg_restore", "psql"] as const;
export type PostgresProgram = (typeof POSTGRES_PROGRAMS)[number];

/** The client programs of one major version. */
export interface PostgresTools {
  major: number;
  /** What pg_dump says of itself: "pg_dump (PostgreSQL) 17.10". */
  version: string;
  /**
   * How to start one of them. Files and folders that it is to reach are given by their absolute paths, in `args` as
   * a value of their own or behind `=`, or in `env`: an image sees no others.
   *
   * @param env - beside the environment of tools; libpq's settings, secrets among them, go here
   */
  command(program: PostgresProgram, args: readonly string[], env?: Readonly<Record<string, string>>): Command;
}

/** The major version in what a program says of itself or a server of its version. */
export function majorOf(version: string): number {
  return Number(/(?:^|\s)(\d+)(?:\.|devel|beta|rc|\s|$)/.exec(version)?.[1] ?? Number.NaN);
}

/**
 * Completes the programs of one source with what they say of themselves; undefined when that is another major
 * version.
 *
 * @throws AppError TOOL_MISSING, TOOL_FAILED, CANCELLED
 */
export async function describeTools(
  command: PostgresTools["command"],
  major: number,
  { signal, redactor }: RunContext,
): Promise<PostgresTools | undefined> {
  const versions = await Promise.all(
    POSTGRES_PROGRAMS.map(async (program) => {
      const { stdout } = await runTool(command(program, ["--version"]), { signal, redactor });
      return stdout.trim();
    }),
  );
  const [version = ""] = versions;
  return versions.every((text) => majorOf(text) === major) ? { major, version, command } : undefined;
}
