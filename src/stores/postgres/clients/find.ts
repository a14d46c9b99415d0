import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import { APT_ARCHIVES, TOOL_CACHE } from "./archives.ts";
import { DOCKER_IMAGE } from "./image.ts";
import { INSTALLED } from "./installed.ts";
import type { ClientSource, FoundClient } from "./source.ts";
import type { PostgresTools } from "./tools.ts";

/** In the order in which they are asked. */
const SOURCES: readonly ClientSource[] = [INSTALLED, TOOL_CACHE, ...APT_ARCHIVES, DOCKER_IMAGE];

/** The newest major version that sources are asked for in the place of an older one. */
const NEWEST_MAJOR = 18;

/** Which client will be used for a server, and why. */
export interface ToolChoice {
  /** Undefined when none can be had. */
  chosen: FoundClient | undefined;
  /** Every source that was asked, in order, the one that had it included. */
  tried: { source: string; major: number; outcome: string }[];
}

/** Programs do not move during a run, and asking an archive that is away takes seconds. */
const choices = new WeakMap<RunContext, Map<number, Promise<ToolChoice>>>();

/**
 * Finds the client for servers of one major version: of exactly that version from the first source that has it, since
 * an older one refuses the server and a newer one writes settings that the server does not know. Only where no source
 * has it, the next newer one that can be had. What was found is remembered for the run.
 *
 * @throws AppError CANCELLED
 */
export async function explainPostgresTools(major: number, context: RunContext): Promise<ToolChoice> {
  const known = choices.get(context) ?? new Map<number, Promise<ToolChoice>>();
  choices.set(context, known);
  const choice = known.get(major) ?? choose(major, context);
  known.set(major, choice);
  choice.catch(() => known.delete(major));
  return choice;
}

/**
 * The client that `explainPostgresTools` chooses.
 *
 * @throws AppError TOOL_MISSING with everything that was tried, CANCELLED
 */
export async function findPostgresTools(major: number, context: RunContext): Promise<PostgresTools> {
  const { chosen, tried } = await explainPostgresTools(major, context);
  if (chosen) return chosen.tools;
  const lines = tried.map(({ source, outcome }) => `- ${source}: ${outcome}`);
  throw new AppError(
    "TOOL_MISSING",
    `No pg_dump and pg_restore of PostgreSQL ${major} or later can be had. Tried:\n${lines.join("\n")}`,
    { hint: `Install the package postgresql-client-${major} (apt.postgresql.org has every version).` },
  );
}

/** What an operator must know of a client that is newer than the server; undefined when it is not. */
export function noteNewerTools(tools: PostgresTools, serverMajor: number): string | undefined {
  if (tools.major <= serverMajor) return undefined;
  return (
    `${tools.version} is newer than the server, since no client of PostgreSQL ${serverMajor} could be had. ` +
    `Its archive needs pg_restore ${tools.major} or later, which asks an older server for settings that this does ` +
    "not know; those errors lose nothing."
  );
}

async function choose(major: number, context: RunContext): Promise<ToolChoice> {
  const tried: ToolChoice["tried"] = [];
  for (let candidate = major; candidate <= Math.max(major, NEWEST_MAJOR); candidate += 1) {
    for (const source of SOURCES) {
      if (candidate > major && source.hasEveryMajor) continue; // it would have had the exact one
      try {
        const chosen = await source.find(candidate, context);
        tried.push({
          source: source.name,
          major: candidate,
          outcome: `${chosen.tools.version}, ${chosen.where}.`,
        });
        return { chosen, tried };
      } catch (error) {
        if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
        tried.push({ source: source.name, major: candidate, outcome: error.message });
      }
    }
  }
  return { chosen: undefined, tried };
}
