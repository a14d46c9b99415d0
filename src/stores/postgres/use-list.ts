import { writeFile } from "node:fs/promises";
import type { PostgresManifest } from "../../backup/manifest.ts";
import type { RunContext } from "../../run-context.ts";
import { runTool } from "../../sys/exec.ts";
import type { PostgresTools } from "./clients/tools.ts";

/** A table of contents without what needs what the backup's scope left out: no restore could create that. */
export function dropDangling(listing: string, { scope }: Pick<PostgresManifest, "scope">): string {
  const entries = new Set(
    scope?.dangling.flatMap(({ entry }) => (entry === undefined ? [] : [String(entry)])),
  );
  return listing
    .split("\n")
    .filter((line) => !entries.has(/^\d+(?=;)/.exec(line)?.[0] ?? ""))
    .join("\n");
}

/**
 * Writes what pg_restore is to restore of an archive beside it, where that is not everything.
 *
 * @returns the file for `--use-list`
 */
export async function writeUseList(
  archivePath: string,
  backup: PostgresManifest,
  tools: PostgresTools,
  context: RunContext,
): Promise<string | undefined> {
  if (!backup.scope?.dangling.some(({ entry }) => entry !== undefined)) return undefined;
  const { stdout } = await runTool(tools.command("pg_restore", ["--list", archivePath]), context);
  const file = `${archivePath}.list`;
  await writeFile(file, dropDangling(stdout, backup), { mode: 0o600 });
  return file;
}
