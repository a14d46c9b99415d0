import { bad, good, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { TriedRight } from "../destinations/rights.ts";
import { RIGHTS_OF } from "./roles.ts";
import type { Role } from "./roles.ts";

/**
 * Holds what credentials may do against what a role must and must not be able to do. Without a role, they must be able to
 * back up, and may do anything else.
 *
 * @param mend - the mending line; the policy to attach when absent
 */
export function judgeRights(
  role: Role | undefined,
  tried: readonly TriedRight[],
  mend = `lifeboat policy --role ${role ?? "backup"} prints the policy to attach.`,
): Finding[] {
  const rights = RIGHTS_OF[role ?? "backup"];
  const isNeeded = ({ right, key }: TriedRight): boolean =>
    [...(rights[right] ?? []), ...((right === "write" && rights.replace) || [])].some((pattern) =>
      matches(key, pattern),
    );
  const needed = tried.filter(isNeeded);
  const missing = needed.filter(({ outcome }) => outcome === "refused");
  const excess = tried.filter((attempt) => !isNeeded(attempt) && attempt.outcome === "allowed");
  const as = role === undefined ? "a backup" : `the role ${role}`;
  return [
    ...(missing.length > 0
      ? [bad("rights", `The credentials may not ${describeAll(missing)}, which ${as} needs.`, mend)]
      : [good("rights", `The credentials may do what ${as} needs${untold(needed)}.`)]),
    ...(role !== undefined && excess.length > 0
      ? [
          warning(
            "rights",
            `The credentials may also ${describeAll(excess)}, which ${as} does not need: whoever steals them may, too.`,
            mend,
          ),
        ]
      : []),
  ];
}

function untold(needed: readonly TriedRight[]): string {
  const unknown = needed.filter(({ outcome }) => outcome === "unknown");
  return unknown.length === 0 ? "" : `, as far as it can be tried (not: ${describeAll(unknown)})`;
}

/** "list, write drills/probe.json" */
function describeAll(attempts: readonly TriedRight[]): string {
  return attempts.map(({ right, key }) => `${right} ${key}`.trim()).join(", ");
}

/** Whether a key is one of those that a pattern stands for, as IAM has it: `*` is any text, also none. */
function matches(key: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.^$+?()[\]{}|\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(key);
}
