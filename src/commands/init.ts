import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "../errors.ts";
import { findTimeZone } from "../init/answers.ts";
import type { Answers, Choices } from "../init/answers.ts";
import { renderConfiguration } from "../init/configuration.ts";
import { describeNextSteps } from "../init/next-steps.ts";
import { proposeFrom } from "../init/proposal.ts";
import type { Proposal } from "../init/proposal.ts";
import { lookAtRepository } from "../init/repository.ts";
import { renderWorkflows } from "../init/workflows.ts";
import type { WrittenFile } from "../init/workflows.ts";

export interface InitSettings {
  /** Root of the repository. */
  root: string;
  /** Write over files that are there. */
  force: boolean;
  /** Completes what the repository does not say: by asking, or from what was given. */
  choose: (proposal: Proposal) => Promise<{ proposal: Proposal; choices: Choices }>;
  /** Throws where other commands would not take such a configuration. */
  check: (configuration: WrittenFile) => void;
}

export interface InitResult {
  written: string[];
  /** What was not found, one sentence each. */
  missing: readonly string[];
  nextSteps: string;
}

/**
 * Looks at a repository, and writes lifeboat.yml and the workflows for the product in it: all files or none.
 *
 * @throws AppError CONFIG_INVALID when files are there already, when no store is to be backed up, or the time zone is none
 */
export async function init({ root, force, choose, check }: InitSettings): Promise<InitResult> {
  const { proposal, choices } = await choose(proposeFrom(await lookAtRepository(root)));
  const answers: Answers = { ...proposal, ...choices, timeZone: requireTimeZone(choices.timeZone) };
  if (answers.stores.postgres === undefined && answers.stores.clickhouse === undefined) {
    throw new AppError(
      "CONFIG_INVALID",
      "There is nothing to back up: no Postgres and no ClickHouse was found.",
      {
        hint: "Run lifeboat init in the repository's root, or without --yes and name the stores.",
      },
    );
  }
  const configuration = { path: "lifeboat.yml", text: renderConfiguration(answers) };
  check(configuration);
  const files = [configuration, ...renderWorkflows(answers)];
  if (!force) refuseExisting(root, files);
  await writeAll(root, files);
  return {
    written: files.map(({ path }) => path),
    missing: answers.missing,
    nextSteps: describeNextSteps(answers),
  };
}

/** GitHub takes a workflow with an unknown time zone for broken, and never starts it. */
function requireTimeZone(name: string): string {
  const known = findTimeZone(name);
  if (known !== undefined) return known;
  throw new AppError("CONFIG_INVALID", `${name} is no time zone.`, {
    hint: "Give its IANA name, such as Europe/Berlin.",
  });
}

function refuseExisting(root: string, files: readonly WrittenFile[]): void {
  const existing = files.map(({ path }) => path).filter((path) => existsSync(join(root, path)));
  if (existing.length === 0) return;
  throw new AppError("CONFIG_INVALID", `There already: ${existing.join(", ")}. Nothing was written.`, {
    hint: "Remove or rename what is yours, or give --force to write over it.",
  });
}

/** First all of them beside their places, then each into its place: a full disk leaves nothing half-written. */
async function writeAll(root: string, files: readonly WrittenFile[]): Promise<void> {
  const staged = files.map(({ path, text }) => ({
    path: join(root, path),
    beside: `${join(root, path)}.new`,
    text,
  }));
  try {
    for (const { beside, text } of staged) {
      await mkdir(dirname(beside), { recursive: true });
      await writeFile(beside, text);
    }
    for (const { path, beside } of staged) await rename(beside, path);
  } catch (error) {
    await Promise.all(staged.map(({ beside }) => rm(beside, { force: true })));
    throw new AppError("CONFIG_INVALID", "The files could not be written.", {
      hint: "Check the permissions and the free space of the repository's folder.",
      cause: error,
    });
  }
}
