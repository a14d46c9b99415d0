import type { StoredObject } from "../../backup/manifest.ts";
import type { AgeEncryption } from "../../encryption/age.ts";
import { describeKeyOf } from "../../encryption/recipient.ts";
import { countOf, formatBytes } from "../../report/quantities.ts";
import type { RunContext } from "../../run-context.ts";

/** Recipients hold from now on: what an earlier backup sent stays as it was written. */
export function warnOfOthers(
  objects: readonly StoredObject[],
  { recipients }: AgeEncryption,
  { reporter }: RunContext,
): void {
  for (const recipient of recipients) {
    const closed = objects.filter(({ age }) => age && !age.recipients.includes(recipient));
    if (closed.length === 0) continue;
    const size = formatBytes(closed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    reporter.warn(
      `${countOf(closed.length, "object")} (${size}) of this backup cannot be opened with ${describeKeyOf(recipient)}: ` +
        "earlier backups wrote them for others. Run backup --full once, or rekey, to change that.",
    );
  }
  const former = new Set(objects.flatMap(({ age }) => age?.recipients ?? []));
  for (const recipient of recipients) former.delete(recipient);
  if (former.size === 0) return;
  reporter.warn(
    `Objects of this backup that earlier ones wrote can still be opened with ${[...former].map(describeKeyOf).join(" or ")}, ` +
      "for which nothing is written any more.",
  );
}
