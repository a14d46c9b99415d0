import type { CopyResult } from "../commands/copy.ts";
import { countOf, formatBytes } from "./quantities.ts";

/** "2 backups are copied to s3://b/shop: 41 objects, 2.1 GB" */
export function describeCopy({ from, to }: CopyResult): string {
  return to
    .map(({ url, backups, objects, sizeBytes }) => {
      if (backups.length === 0) return `${url} lacks nothing of what was asked for of ${from}.`;
      const verb = backups.length === 1 ? "is" : "are";
      return `${countOf(backups.length, "backup")} ${verb} copied to ${url}: ${countOf(objects, "object")}, ${formatBytes(sizeBytes)}.`;
    })
    .join("\n");
}
