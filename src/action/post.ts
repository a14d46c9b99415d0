import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@actions/core";
import { tidyAfter } from "../commands/tidy.ts";
import type { NamedDestination } from "../config/config.ts";
import { openDestination } from "../destinations/open.ts";
import { explainFailure } from "../report/failure.ts";
import { createContext } from "../run-context.ts";
import { createDeadline, systemClock } from "../sys/clock.ts";
import { SCRATCH_PREFIX } from "../sys/scratch.ts";
import { Redactor } from "../sys/secret.ts";
import { readConfig } from "./inputs.ts";
import { WorkflowReporter } from "./reporter.ts";
import { findBackupId, useRunnerTemp } from "./state.ts";

/** GitHub leaves a cancelled job five minutes in all. */
const TIDY_MS = 120_000;

/** Removes what a cancelled or killed step left behind. It warns and never fails the job: the step has spoken. */
async function main(): Promise<void> {
  const { env } = process;
  useRunnerTemp(env);
  const redactor = new Redactor();
  try {
    if (env["RUNNER_TEMP"]) await removeScratch();
    const backupId = findBackupId();
    if (backupId === undefined) return;
    const config = await readConfig(env);
    for (const secret of config.secrets) redactor.add(secret);
    const context = createContext({
      signal: createDeadline(TIDY_MS),
      reporter: new WorkflowReporter(systemClock),
      redactor,
      env,
      cacheDir: tmpdir(),
    });
    const tidyAt = async (named: NamedDestination): Promise<void> => {
      const destination = await openDestination(named.config, config.name, context);
      const { removed, kept } = await tidyAfter(destination, backupId);
      destination.close();
      const at = `of backup ${backupId} at ${destination.url}`;
      if (removed > 0) core.info(`Removed ${removed} objects ${at}, which was not completed.`);
      if (kept > 0)
        core.info(`Left ${kept} finished parts ${at}, which the next backup need not send again.`);
    };
    // One that cannot be reached is no reason to leave the others as they are.
    await Promise.all(
      config.destinations.map((named) => tidyAt(named).catch((error: unknown) => warn(error, redactor))),
    );
  } catch (error) {
    warn(error, redactor);
  }
}

function warn(error: unknown, redactor: Redactor): void {
  const { title, hint } = explainFailure(error, redactor);
  core.warning(`What the step left behind could not be removed: ${title} ${hint}`);
}

async function removeScratch(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (name.startsWith(SCRATCH_PREFIX)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

void main();
