import * as core from "@actions/core";

const BACKUP_ID = "backup-id";

/** Lets the post step know which backup was begun. */
export function saveBackupId(backupId: string): void {
  core.saveState(BACKUP_ID, backupId);
}

/** The backup that the main step began, in the post step. */
export function findBackupId(): string | undefined {
  return core.getState(BACKUP_ID) || undefined;
}

/**
 * Puts temporary files into the job's own folder, which the runner empties: what a killed step leaves there harms
 * nobody, and the post step can tell it from other jobs' files.
 */
export function useRunnerTemp(env: NodeJS.ProcessEnv): void {
  if (env["RUNNER_TEMP"]) env["TMPDIR"] = env["RUNNER_TEMP"];
}

/** Where people read the log of this run. */
export function findRunUrl(env: NodeJS.ProcessEnv): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  return server && repository && id ? `${server}/${repository}/actions/runs/${id}` : undefined;
}
