import { parseConfig } from "../config/config.ts";
import { init } from "../commands/init.ts";
import type { InitResult } from "../commands/init.ts";
import { AppError } from "../errors.ts";
import { USUAL } from "../init/answers.ts";
import type { Choices } from "../init/answers.ts";
import type { Proposal } from "../init/proposal.ts";
import type { WrittenFile } from "../init/workflows.ts";

/** The flags of `lifeboat init`, as they were given. */
export interface InitFlags {
  yes: boolean;
  force: boolean;
  destination?: string;
  s3Endpoint?: string;
  s3Region?: string;
  s3PathStyle: boolean;
  recipient: string[];
  timeZone?: string;
}

/**
 * Sets up the repository in the working folder.
 *
 * @throws AppError CONFIG_INVALID when a choice is missing that nobody may be asked for, or does not fit
 */
export async function runInit(flags: InitFlags): Promise<InitResult> {
  const given = readGiven(flags);
  const choose = async (proposal: Proposal): Promise<{ proposal: Proposal; choices: Choices }> => {
    if (!flags.yes && process.stdin.isTTY) {
      const { askQuestions } = await import("./questions.ts");
      return await askQuestions(proposal, given);
    }
    if (given.destination === undefined) {
      throw new AppError("CONFIG_INVALID", "Where the backups go was not said, and nobody can be asked.", {
        hint: "Give --destination s3://bucket/prefix, or leave out --yes in a terminal.",
      });
    }
    return { proposal, choices: { ...USUAL, ...given, destination: given.destination } };
  };
  return await init({ root: ".", force: flags.force, choose, check });
}

/** What init came to, as text for a terminal. */
export function renderInit({ written, missing, nextSteps }: InitResult): string {
  return [
    `Written:\n${written.map((path) => `  ${path}\n`).join("")}`,
    ...(missing.length === 0
      ? []
      : [`Left to you:\n${missing.map((sentence) => `  · ${sentence}\n`).join("")}`]),
    `What is left to do\n\n${nextSteps}`,
  ].join("\n");
}

function readGiven({
  destination,
  s3Endpoint,
  s3Region,
  s3PathStyle,
  recipient,
  timeZone,
}: InitFlags): Partial<Choices> {
  return {
    pathStyle: s3PathStyle,
    recipients: recipient,
    ...(destination !== undefined && { destination }),
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    ...(s3Region !== undefined && { region: s3Region }),
    ...(timeZone !== undefined && { timeZone }),
  };
}

/** What is written must be what every other command takes. Values are made up; only their presence counts. */
function check(file: WrittenFile): void {
  const env: Record<string, string> = {};
  for (const [, name = ""] of file.text.matchAll(/\$\{(\w+)\}/g)) env[name] = MADE_UP[name] ?? "made-up";
  parseConfig({ shell: "cli", command: "backup", options: {}, env, file });
}

const MADE_UP: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgres://user:made-up@localhost/database",
  CLICKHOUSE_URL: "http://user:made-up@localhost:8123/database",
};
