import * as core from "@actions/core";
import { formatProgress, ProgressThinner } from "../report/progress.ts";
import type { Progress, Reporter } from "../run-context.ts";
import type { Clock } from "../sys/clock.ts";

const PROGRESS_EVERY_MS = 15_000;

/** Says in a workflow's log what a run does: one group for each phase. */
export class WorkflowReporter implements Reporter {
  readonly #thinner: ProgressThinner;

  constructor(clock: Clock) {
    this.#thinner = new ProgressThinner(clock, PROGRESS_EVERY_MS);
  }

  async phase<T>(title: string, work: () => Promise<T>): Promise<T> {
    return await core.group(title, work);
  }

  info(line: string): void {
    core.info(disarm(line));
  }

  warn(line: string): void {
    core.warning(line);
  }

  progress(progress: Progress): void {
    if (this.#thinner.isDue(progress)) core.info(disarm(formatProgress(progress)));
  }
}

/**
 * The runner carries out what a line says after `::`, or anywhere after `##[`. Output of programs and text from databases
 * stand in such lines, so a space of no width goes into either; titles and warnings are escaped by the library.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
function disarm(text: string): string {
  return text.replace(/^(\s*:)(?=:)/gm, "$1\u200b").replaceAll("##[", "##\u200b[");
}
