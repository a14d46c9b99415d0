import type { Outcome } from "../report/outcome.ts";
import { formatBytes, formatSeconds } from "../report/quantities.ts";

/** What is told about the end of one run; the body of a generic webhook. docs/notifications.md describes each field. */
export interface Notice extends Outcome {
  format: "lifeboat-notice";
  formatVersion: 1;
  /** The product's name. */
  name: string;
  /** UTC, ISO 8601. */
  at: string;
  /** Where the run's log can be read. */
  runUrl?: string;
}

const SIGNS = { good: "✅", warning: "⚠️", bad: "❌" } as const;
const PROBLEMS_TOLD = 5;

/** "❌ shop: Backup 20261120T021704Z-7f3a is complete at 1 of 2 destinations" */
export function writeHeadline({ state, name, title }: Notice): string {
  return `${SIGNS[state]} ${name}: ${title}`;
}

/** What went wrong, as paragraphs of plain text; where there is more than people read at once, how much more. */
export function writeProblems({ problems, title: answer }: Notice): string[] {
  const told = problems.slice(0, PROBLEMS_TOLD).map(({ title, detail, hint }) => {
    const lines = [answer.endsWith(title) ? "" : title, detail, hint === "" ? "" : `→ ${hint}`];
    return lines.filter((line) => line !== "").join("\n");
  });
  const rest = problems.length - PROBLEMS_TOLD;
  return [...told.filter((text) => text !== ""), ...(rest > 0 ? [`… and ${rest} more`] : [])];
}

/** "backup 20261120T021704Z-7f3a · 42 MB · 1 min 30 s" */
export function writeFacts({ command, backupId, sizeBytes, seconds }: Notice): string {
  return [
    backupId === undefined ? command : `${command} ${backupId}`,
    ...(sizeBytes === undefined ? [] : [formatBytes(sizeBytes)]),
    ...(seconds === undefined ? [] : [formatSeconds(seconds)]),
  ].join(" · ");
}
