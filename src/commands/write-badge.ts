import { writeFile } from "node:fs/promises";
import type { RunContext } from "../run-context.ts";
import type { StatusResult } from "./status.ts";

/** Writes a status as a badge, whose form is its file's ending. The status stands, whether or not the file can be written. */
export async function writeBadge(
  path: string,
  result: StatusResult,
  { reporter }: Pick<RunContext, "reporter">,
): Promise<void> {
  try {
    // Loaded for a badge only: it measures texts by tables of a megabyte.
    const { renderBadge } = await import("../report/badge.ts");
    await writeFile(path, renderBadge(result, path.endsWith(".json") ? "json" : "svg"));
  } catch (error) {
    reporter.warn(`The badge ${path} could not be written: ${String(error)}`);
  }
}
