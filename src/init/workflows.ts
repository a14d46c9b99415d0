import { VERSION } from "../version.ts";
import type { Answers } from "./answers.ts";
import { WORKFLOW_TEMPLATES } from "./workflow-templates.ts";

/** A file of the repository, by its path from the root. */
export interface WrittenFile {
  path: string;
  text: string;
}

/** Prefixed, so that none meets a workflow that is there already under a common name. */
const FOLDER = ".github/workflows";
const TEMPLATE_HOUR = "17 2 * * *";
const CATCH_UP = "47 6 * * *";
/** How long after the night's backup the catching up comes. */
const CATCH_UP_HOURS = 4;

/** The shipped workflows, made the repository's own: hours, time zone, secrets, what is installed first. */
export function renderWorkflows(answers: Answers): WrittenFile[] {
  return Object.entries(WORKFLOW_TEMPLATES).map(([name, template]) => ({
    path: `${FOLDER}/lifeboat-${name}`,
    text: adapt(template, answers),
  }));
}

function adapt(
  template: string,
  { timeZone, hour, keys, install, stores, migrate, application }: Answers,
): string {
  const [key] = keys;
  const needsSetup = install !== undefined && (migrate !== undefined || application !== undefined);
  const replacements: [RegExp | string, string][] = [
    [/timezone: .*/g, `timezone: ${timeZone}`],
    [TEMPLATE_HOUR, `17 ${hour} * * *`],
    // The text stands in the schedule and in the condition that tells it apart.
    [new RegExp(escape(CATCH_UP), "g"), `47 ${(hour + CATCH_UP_HOURS) % 24} * * *`],
    [/(OWNER\/lifeboat\S*)@v\S+/g, `$1@v${VERSION}`],
    [/^ +setup: .*\n/m, needsSetup ? `      setup: ${install}\n` : ""],
    ...(key === undefined ? [dropSecret("ENCRYPTION_KEY")] : [renameSecret("ENCRYPTION_KEY", key)]),
    ...(stores.postgres === undefined ? [dropSecret("DATABASE_URL")] : []),
    ...(stores.clickhouse === undefined ? [dropSecret("CLICKHOUSE_URL")] : []),
  ];
  return replacements.reduce<string>(
    (text, [pattern, replacement]) => text.replace(pattern, replacement),
    template,
  );
}

function renameSecret(name: string, to: string): [RegExp, string] {
  return [new RegExp(`secrets\\.${name}\\b`, "g"), `secrets.${to}`];
}

function dropSecret(name: string): [RegExp, string] {
  return [new RegExp(`^ +${name}: \\$\\{\\{ secrets\\.${name} \\}\\}\\n`, "gm"), ""];
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
