import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { PostgresTools } from "./tools.ts";

/** One place where a client may come from. */
export interface ClientSource {
  /** As people call it: "this machine". */
  readonly name: string;
  /** Whether it has every supported version when it can be reached at all: then a newer one is not asked for. */
  readonly hasEveryMajor: boolean;
  /**
   * Looks for the client of exactly one major version.
   *
   * @throws AppError TOOL_MISSING or TOOL_FAILED, whose message is the reason why there is none; CANCELLED
   */
  find(major: number, context: RunContext): Promise<FoundClient>;
}

export interface FoundClient {
  tools: PostgresTools;
  /** Where exactly it lies, as people read it. */
  where: string;
}

/** @param why - a whole sentence */
export function refuse(why: string, cause?: unknown): AppError {
  return new AppError("TOOL_MISSING", why, { hint: "Another source may have it.", cause });
}
