import type { JobResult, StepResult } from "./job-run.ts";
import type { RunResult } from "./workflow-run.ts";

/** Everything that people could read of a run, for a look when it went wrong. */
export function tell({ jobs }: RunResult): string {
  return Object.values(jobs)
    .flatMap(({ name, result, annotations, steps }) => [
      `${name}: ${result} ${JSON.stringify(annotations)}`,
      ...steps.map((step) => `${step.name}: ${step.outcome}\n${step.log}\n${step.summary}`),
    ])
    .join("\n");
}

/** @param id - as the workflow has it; one of a called workflow comes after the caller's: `backup/backup` */
export function findJob(run: RunResult, id: string): JobResult {
  const job = run.jobs[id];
  if (!job) throw new Error(`There is no job ${id}: ${Object.keys(run.jobs).join()}`);
  return job;
}

export function findStep(run: RunResult, jobId: string, name: string): StepResult {
  const step = findJob(run, jobId).steps.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`${jobId} has no step ${name}: ${tell(run)}`);
  return step;
}
