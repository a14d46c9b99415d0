import * as core from "@actions/core";
import type { Outcome, Problem } from "../report/outcome.ts";

/**
 * GitHub shows ten errors and ten warnings of a step, and 4096 characters of each; the rest it drops in silence.
 *
 * @see https://docs.github.com/en/actions/reference/limits
 */
const SHOWN = 10;
const LENGTH = 4000;

/** One annotation for each thing that went wrong, as many as GitHub shows. */
export function annotate({ command, problems }: Outcome): void {
  for (const [state, write] of [
    ["bad", core.error],
    ["warning", core.warning],
  ] as const) {
    const all = problems.filter((problem) => problem.state === state);
    const room = all.length > SHOWN ? SHOWN - 1 : SHOWN;
    for (const problem of all.slice(0, room)) write(tell(problem), { title: `lifeboat ${command}` });
    if (all.length > room) {
      write(`… and ${all.length - room} more: the job summary tells all of them.`, {
        title: `lifeboat ${command}`,
      });
    }
  }
}

function tell({ title, detail, hint }: Problem): string {
  const text = [title, detail, hint].filter((line) => line !== "").join("\n");
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}
