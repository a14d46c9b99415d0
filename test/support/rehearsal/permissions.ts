import type { Permissions } from "./workflow-file.ts";

/** What a job's token may do; a scope that is not named, nothing. */
export type TokenPermissions = Readonly<Record<string, string>>;

const LEVELS = ["none", "read", "write"];
/** Of a repository's own events. */
export const EVERYTHING: TokenPermissions = { "*": "write" };
/** Of a pull request from a fork. */
export const FORK: TokenPermissions = { contents: "read", metadata: "read", "pull-requests": "read" };

export function readPermissions(written: Permissions): TokenPermissions {
  if (written === "write-all") return EVERYTHING;
  return written === "read-all" ? { "*": "read" } : written;
}

/**
 * What a job gets of what it asks for. A fork's pull request gets less than it asks for.
 *
 * @throws Error where a called workflow asks for more than its caller has, with which GitHub does not start it
 */
export function limitPermissions(
  asked: TokenPermissions,
  limit: TokenPermissions,
  { job, isLenient }: { job: string; isLenient: boolean },
): TokenPermissions {
  const entries = Object.entries(asked).map(([scope, level]) => {
    const most = limit[scope] ?? limit["*"] ?? "none";
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(most)) return [scope, level] as const;
    if (isLenient) return [scope, most] as const;
    throw new Error(`The job ${job} asks for ${scope}: ${level}, and its caller has ${most}.`);
  });
  return Object.fromEntries(entries);
}
