import * as core from "@actions/core";
import type { getOctokit } from "@actions/github";
import type { Outcome } from "../report/outcome.ts";
import { createDeadline, systemClock } from "../sys/clock.ts";
import type { Redactor } from "../sys/secret.ts";
import { findMarker, planIssues } from "./issue-plan.ts";
import type { IssuePlan, KnownIssue } from "./issue-plan.ts";
import { findRunUrl } from "./state.ts";

type Octokit = ReturnType<typeof getOctokit>;
interface Repository {
  owner: string;
  repo: string;
}

const LABEL = "lifeboat";
const LIMIT_MS = 60_000;

/**
 * Opens, updates and closes the repository's issues after a run, when the step's inputs ask for it. Whatever goes wrong
 * is a warning: a backup does not fail because its issue could not be written.
 *
 * @param name - the product's, as far as the configuration could be read
 * @see https://docs.github.com/en/rest/issues
 */
export async function keepIssues(outcome: Outcome, name: string, redactor: Redactor): Promise<void> {
  if (core.getInput("issues").toLowerCase() !== "true") return;
  // Who cancels a run knows it, and it has shown nothing.
  if (outcome.problems.some(({ code }) => code === "CANCELLED")) return;
  try {
    // Loaded only where issues are asked for.
    const { getOctokit: open } = await import("@actions/github");
    const octokit = open(core.getInput("github-token"), {
      baseUrl: process.env["GITHUB_API_URL"] || "https://api.github.com",
      request: { signal: createDeadline(LIMIT_MS) },
    });
    const repository = await locate(octokit, process.env["GITHUB_REPOSITORY"] ?? "");
    const known = await listKnown(octokit, repository, name, outcome.command);
    const runUrl = findRunUrl(process.env);
    const link = runUrl === undefined ? "" : `[The run](${runUrl})`;
    const plan = planIssues(redactor.redactAll(outcome), name, known, systemClock.now(), link);
    await carryOut(plan, octokit, repository);
  } catch (error) {
    core.warning(`The issue of this run could not be written: ${explain(error)}`);
  }
}

/**
 * Where the repository is now. After a renaming GitHub redirects; a request that writes would arrive as one that reads,
 * so the present name is asked for first.
 */
async function locate(octokit: Octokit, fullName: string): Promise<Repository> {
  const [owner = "", repo = ""] = fullName.split("/");
  const { data } = await octokit.rest.repos.get({ owner, repo });
  return { owner: data.owner.login, repo: data.name };
}

async function listKnown(
  octokit: Octokit,
  repository: Repository,
  name: string,
  command: string,
): Promise<KnownIssue[]> {
  const issues = await octokit.paginate(octokit.rest.issues.listForRepo, {
    ...repository,
    state: "open",
    labels: LABEL,
    sort: "created",
    direction: "asc",
    per_page: 100,
  });
  return issues.flatMap(({ number, body, pull_request }) => {
    const marker = pull_request ? undefined : findMarker(body ?? "");
    // Where the configuration could not be read, its name may not have been known either.
    const isOurs = marker?.name === name || marker?.name === "";
    return marker && isOurs && marker.command === command ? [{ number, marker }] : [];
  });
}

async function carryOut(
  { open, update, close }: IssuePlan,
  octokit: Octokit,
  repository: Repository,
): Promise<void> {
  const { issues } = octokit.rest;
  for (const { title, body } of open) {
    const { data } = await issues.create({ ...repository, title, body, labels: [LABEL] });
    core.info(`Opened issue ${data.html_url}`);
  }
  for (const { number, title, body, comment } of update) {
    const issue = { ...repository, issue_number: number };
    await issues.update({ ...issue, title, body });
    if (comment !== undefined) await issues.createComment({ ...issue, body: comment });
    core.info(`Updated issue #${number}`);
  }
  for (const { number, comment } of close) {
    const issue = { ...repository, issue_number: number };
    await issues.createComment({ ...issue, body: comment });
    await issues.update({ ...issue, state: "closed", state_reason: "completed" });
    core.info(`Closed issue #${number}`);
  }
}

function explain(error: unknown): string {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  const advice: Record<number, string> = {
    401: "GitHub does not take the token. Leave the input github-token out, or give one that is valid.",
    403: "the token may not write issues. Give the job permissions: { issues: write }.",
    404: "the token may not see the repository's issues. Give the job permissions: { issues: write }.",
    410: "the repository has issues switched off. Switch them on, or leave the input issues out.",
  };
  const known = typeof status === "number" ? advice[status] : undefined;
  return known ?? (error instanceof Error ? error.message : String(error));
}
