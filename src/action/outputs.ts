import * as core from "@actions/core";
import type { StoreKind } from "../backup/manifest.ts";
import type { ListedBackup } from "../commands/list.ts";
import type { RunResult } from "../commands/result.ts";
import type { StatusResult } from "../commands/status.ts";
import { judgeFailure, judgeResult } from "../report/outcome.ts";
import { renderFailureSummary, renderSummary } from "../report/summary.ts";
import type { Failure } from "../report/failure.ts";
import { annotate } from "./annotations.ts";

/** Sets the step's outputs, and writes the annotations and the job summary. */
export async function publish(result: RunResult): Promise<void> {
  for (const [name, value] of Object.entries(outputsOf(result))) core.setOutput(name, value);
  annotate(judgeResult(result));
  await writeSummary(renderSummary(result));
}

/** Writes the job summary of a run that ended in an error, and its one annotation. */
export async function publishFailure(command: string, failure: Failure): Promise<void> {
  annotate(judgeFailure(command, failure));
  await writeSummary(renderFailureSummary(command, failure));
}

function outputsOf(result: RunResult): Record<string, string | number> {
  switch (result.command) {
    case "plan":
      return {
        "backup-id": result.backupId,
        matrix: JSON.stringify(result.shards.map(({ shard }) => shard)),
      };
    case "shard":
      return {
        "backup-id": result.backupId,
        "size-bytes": result.sentBytes,
        "duration-seconds": result.seconds,
      };
    case "finish":
    case "backup":
      return {
        "backup-id": result.backupId,
        "size-bytes": result.sizeBytes,
        "duration-seconds": result.seconds,
      };
    case "restore":
      return {
        "backup-id": result.backupId,
        verdict: result.verdict,
        "restore-seconds": result.restoreSeconds,
        "duration-seconds": result.restoreSeconds,
      };
    case "drill":
      return {
        "backup-id": result.record.backupId,
        verdict: result.record.verdict,
        "restore-seconds": result.record.restoreSeconds,
        "duration-seconds": result.seconds,
        "report-path": result.reportPath,
      };
    case "pin":
    case "unpin":
      return { "backup-id": result.backupId };
    case "prune":
      return { "size-bytes": result.destinations.reduce((sum, { removedBytes }) => sum + removedBytes, 0) };
    case "copy":
      return { "size-bytes": result.to.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    case "verify":
      return {
        verdict: result.verdict,
        "size-bytes": result.sizeBytes,
        "duration-seconds": result.seconds,
      };
    case "rekey":
      return { "size-bytes": result.sizeBytes, "duration-seconds": result.seconds };
    case "doctor":
      return { verdict: result.verdict };
    case "status":
      return {
        verdict: result.verdict,
        "backup-id": result.destinations[0]?.trend[0]?.backupId ?? "",
        "backup-due": String(isBackupDue(result)),
      };
    case "policy":
      return {};
    case "list":
      return { "backup-id": result.backups[0]?.backupId ?? "", ...serverVersionsOf(result.backups[0]) };
  }
}

/** Nothing that is wrong with drills makes a backup due. */
function isBackupDue({ destinations }: StatusResult): boolean {
  return destinations.some(({ findings }) => findings.some(({ state }) => state === "bad"));
}

/** As the tags of the servers' images are: 17, and 26.7. Of several stores of a kind, the newest. */
function serverVersionsOf(backup: ListedBackup | undefined): Record<string, string> {
  const pick = (wanted: StoreKind, parts: number): string =>
    (backup?.stores ?? [])
      .filter(({ kind }) => kind === wanted)
      .map(({ serverVersion }) => serverVersion.split(".").slice(0, parts).join("."))
      .toSorted((left, right) => left.localeCompare(right, "en", { numeric: true }))
      .at(-1) ?? "";
  return { "postgres-version": pick("postgres", 1), "clickhouse-version": pick("clickhouse", 2) };
}

/** Best effort: a run outside of GitHub has no summary file, and a full disk must not change the outcome. */
async function writeSummary(markdown: string): Promise<void> {
  try {
    await core.summary.addRaw(markdown, true).write();
  } catch (error) {
    core.warning(`The job summary could not be written: ${String(error)}`);
  }
}
