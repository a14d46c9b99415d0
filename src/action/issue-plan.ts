import { escapeLines, escapeMarkdown } from "../report/markdown.ts";
import { RUN } from "../report/outcome.ts";
import type { Outcome, Problem } from "../report/outcome.ts";
import { shorten } from "../report/shorten.ts";

/** What an issue's body says of itself, unseen: by it the next run finds the issue again. */
export interface Marker {
  /** The product's name; empty where the configuration that gives it could not be read. */
  name: string;
  command: string;
  /** The problem's. */
  key: string;
  code: string;
  /** UTC, ISO 8601. */
  firstAt: string;
  /** In how many runs it was there. */
  runs: number;
}

/** An open issue that an earlier run wrote. */
export interface KnownIssue {
  number: number;
  marker: Marker;
}

export interface Writing {
  title: string;
  body: string;
}

/** What is to be done about issues after a run. */
export interface IssuePlan {
  open: Writing[];
  /** A comment is made, and people hear of it, only where the trouble is of another kind now. */
  update: (Writing & { number: number; comment?: string })[];
  close: { number: number; comment: string }[];
}

/** GitHub takes 256 characters of a title and 65,536 of a body. */
const TITLE_LENGTH = 240;
const TEXT_LENGTH = 3000;

/**
 * One issue for each thing that is wrong: opened when there is none, kept up to date, closed when it is wrong no more. A
 * run that ended in an error says nothing about what earlier ones found.
 *
 * @param known - open ones of this name and command
 * @param link - to the run, as Markdown; empty where there is none
 */
export function planIssues(
  { command, problems }: Outcome,
  name: string,
  known: readonly KnownIssue[],
  at: Date,
  link: string,
): IssuePlan {
  const plan: IssuePlan = { open: [], update: [], close: [] };
  const wrong = problems.filter(({ state }) => state === "bad");
  for (const problem of wrong) {
    const issue = known.find(({ marker }) => marker.key === problem.key);
    const marker: Marker = {
      name,
      command,
      key: problem.key,
      code: problem.code,
      firstAt: issue?.marker.firstAt ?? at.toISOString(),
      runs: (issue?.marker.runs ?? 0) + 1,
    };
    const writing = write(problem, marker, at, link);
    if (!issue) plan.open.push(writing);
    else {
      const isOther = issue.marker.code !== problem.code;
      const comment = `It fails otherwise now: ${describe(problem)}\n\n${link}`.trim();
      plan.update.push({ number: issue.number, ...writing, ...(isOther && { comment }) });
    }
  }
  if (wrong.some(({ key }) => key === RUN)) return plan;
  const stays = new Set(plan.update.map(({ number }) => number));
  for (const { number } of known) {
    if (!stays.has(number))
      plan.close.push({ number, comment: `A later run found this in order. ${link}`.trim() });
  }
  return plan;
}

/** Reads the marker of an issue's body; undefined where there is none, or somebody changed it. */
export function findMarker(body: string): Marker | undefined {
  const json = /<!-- lifeboat-problem (\{.*\}) -->/.exec(body)?.[1];
  try {
    const { name, command, key, code, firstAt, runs } = JSON.parse(json ?? "") as Record<string, unknown>;
    const texts = [name, command, key, code, firstAt];
    if (!texts.every((text) => typeof text === "string") || typeof runs !== "number") return undefined;
    return { name, command, key, code, firstAt, runs } as Marker;
  } catch {
    return undefined;
  }
}

function write(problem: Problem, marker: Marker, at: Date, link: string): Writing {
  const product = marker.name === "" ? "" : ` of ${marker.name}`;
  const title = `lifeboat ${marker.command}${product}: ${problem.title}`.replace(/\s+/g, " ");
  const seen =
    marker.runs === 1 ? "Seen" : `Seen in ${marker.runs} runs since ${formatTime(marker.firstAt)}, last`;
  const { hint } = problem;
  return {
    title: shorten(title, TITLE_LENGTH),
    body: [
      describe(problem),
      ...(hint === "" ? [] : [`**What to try**\\\n${escapeLines(shorten(hint, TEXT_LENGTH))}`]),
      `${seen} ${formatTime(at.toISOString())}. ${link}`.trim(),
      "---",
      "lifeboat keeps this issue up to date, and closes it when a run is good again. It is found by its label.",
      `<!-- lifeboat-problem ${hideJson(marker)} -->`,
    ].join("\n\n"),
  };
}

function describe({ title, detail, code }: Problem): string {
  const text = [title, detail].filter((line) => line !== "").join("\n");
  return `${escapeLines(shorten(text, TEXT_LENGTH))} (${escapeMarkdown(code)})`;
}

/** JSON that cannot end the comment it stands in. */
function hideJson(marker: Marker): string {
  return JSON.stringify(marker).replace(
    /[<>]|-(?=-)|(?<=-)-/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function formatTime(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}
