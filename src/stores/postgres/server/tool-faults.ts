import { AppError } from "../../../errors.ts";
import { DISK_FULL, FEW_LOCKS } from "./faults.ts";

/** What pg_dump and pg_restore say, and what the operator can do about it. The first that fits is given. */
const ADVICE: readonly { says: RegExp; hint: string }[] = [
  {
    says: /extension "[^"]+" is not available|could not open extension control file/,
    hint: "Restore into a server that offers the extension, or install it there.",
  },
  {
    says: /role "[^"]+" does not exist/,
    hint: "Create the role in the target (CREATE ROLE … NOLOGIN) and restore again.",
  },
  {
    says: /canceling statement due to (statement|lock) timeout/,
    hint: "A table stayed locked by someone else: run at a quieter time, or look at pg_locks.",
  },
  {
    says: /permission denied|must be (owner|superuser|member)/,
    hint: "Give the role the right that the message names, or use a role that has it.",
  },
  {
    says: DISK_FULL,
    hint: "Free space where the message says, and try again.",
  },
  { says: /out of shared memory/, hint: FEW_LOCKS },
  {
    says: /invalid memory alloc request size|(enlarge string buffer|string buffer exceeds)/,
    hint: "A row of that table is longer than the 1 GB of text that a server can send, where bytea counts twice: make it shorter, or leave the table's rows out (exclude-data).",
  },
  {
    says: /server version mismatch|unrecognized configuration parameter/,
    hint: "Use a client and a target server of the major version that the backup came from.",
  },
  {
    says: /terminating connection|server closed the connection|connection to server/,
    hint: "The connection was cut: look at the server's log, and at limits of a pooler or firewall in between.",
  },
];

/** What the operator can do about a message, where that is known. */
export function adviseOn(said: string): string | undefined {
  return ADVICE.find(({ says }) => says.test(said))?.hint;
}

/**
 * Names the tool by its own name (it may have been started by a loader), and advises by what it said.
 *
 * @param said - the tail of its stderr, redacted
 */
export function explainToolFault(error: unknown, program: string, said: string): unknown {
  if (!(error instanceof AppError) || error.code !== "TOOL_FAILED") return error;
  const how = /(was ended by \w+|exited with status \d+)/.exec(error.message)?.[0] ?? "failed";
  return new AppError(
    DISK_FULL.test(said) ? "DISK_FULL" : "TOOL_FAILED",
    `${program} ${how}. ${said === "" ? "It printed no reason." : `It said:\n${said}`}`,
    {
      hint: adviseOn(said) ?? error.hint,
      cause: error,
    },
  );
}
