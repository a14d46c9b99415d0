import type { BackupResult } from "../commands/backup.ts";

/** Where a backup is complete: "complete", or "complete at 1 of 2 destinations" and why not at the others. */
export function describeCompleteness({ destinations }: BackupResult): {
  isEverywhere: boolean;
  answer: string;
  failures: string[];
} {
  const failures = destinations.flatMap(({ url, failure }) =>
    failure ? [`${url}: ${failure.reason} ${failure.hint} lifeboat copy brings it up to date.`] : [],
  );
  const complete = destinations.length - failures.length;
  return {
    isEverywhere: failures.length === 0,
    answer:
      failures.length === 0 ? "complete" : `complete at ${complete} of ${destinations.length} destinations`,
    failures,
  };
}
