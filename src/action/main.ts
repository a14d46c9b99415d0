import { join } from "node:path";
import { tmpdir } from "node:os";
import * as core from "@actions/core";
import { OPTIONS } from "../config/options.ts";
import { exitStatusOfResult } from "../commands/result.ts";
import { explainFailure } from "../report/failure.ts";
import { judgeFailure, judgeResult } from "../report/outcome.ts";
import { systemClock } from "../sys/clock.ts";
import { Redactor } from "../sys/secret.ts";
import { cancelOnSignals } from "../sys/signals.ts";
import { run } from "../wire/run.ts";
import { readConfig } from "./inputs.ts";
import { keepIssues } from "./issues.ts";
import { publish, publishFailure } from "./outputs.ts";
import { WorkflowReporter } from "./reporter.ts";
import { findRunUrl, saveBackupId, useRunnerTemp } from "./state.ts";
import { withToolCache } from "./tool-cache.ts";

async function main(): Promise<void> {
  const { env } = process;
  useRunnerTemp(env);
  const redactor = new Redactor();
  let name = core.getInput("name") || (env[OPTIONS.name.env] ?? "");
  try {
    const config = await readConfig(env);
    ({ name } = config);
    const cacheDir = join(env["RUNNER_TOOL_CACHE"] || tmpdir(), "lifeboat");
    const runUrl = findRunUrl(env);
    const shell = {
      signal: cancelOnSignals(),
      reporter: new WorkflowReporter(systemClock),
      redactor,
      env,
      cacheDir,
      onBackupStart: saveBackupId,
      ...(runUrl !== undefined && { runUrl }),
    };
    const result = await withToolCache(cacheDir, () => run(config, shell));
    await publish(result);
    process.exitCode = exitStatusOfResult(result);
    await keepIssues(judgeResult(result), name, redactor);
  } catch (error) {
    const failure = explainFailure(error, redactor);
    const command = core.getInput("command");
    await publishFailure(command, failure);
    process.exitCode = failure.exitStatus;
    await keepIssues(judgeFailure(command, failure), name, redactor);
  }
}

void main();
