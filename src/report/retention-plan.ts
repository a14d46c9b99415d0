import type { PinResult } from "../commands/pin.ts";
import type { Pruned, PruneResult } from "../commands/prune.ts";
import { countOf, formatBytes } from "./quantities.ts";

/** What a prune comes to at one destination: "4 of 12 backups are removed; 31 objects of 2.1 GB went" */
export function describePrune(
  { decisions, removedBackups, narrowedBackups, removedObjects, removedBytes }: Pruned,
  isDryRun: boolean,
): string {
  const would = isDryRun ? "would be" : decisions.length === 1 ? "is" : "are";
  const narrowed =
    narrowedBackups.length === 0 ? "" : `, ${narrowedBackups.length} ${would} left with fewer stores`;
  return (
    `${removedBackups.length} of ${countOf(decisions.length, "backup")} ${would} removed${narrowed}; ` +
    `${countOf(removedObjects, "object")} of ${formatBytes(removedBytes)} ${isDryRun ? "would go" : "went"}`
  );
}

/** What becomes of the rows that servers wrote by themselves, in sentences. */
export function describeServerPlaces({ serverPlaces = [], isDryRun }: PruneResult): string[] {
  return serverPlaces.flatMap(({ at, removedFolders, removedObjects, removedBytes, leftFolders, why }) => [
    ...(removedFolders.length > 0
      ? [
          `${at}: ${countOf(removedFolders.length, "folder")} that servers wrote ${isDryRun ? "would go" : "went"}, ` +
            `${countOf(removedObjects, "object")} of ${formatBytes(removedBytes)}.`,
        ]
      : []),
    ...(leftFolders.length > 0
      ? [`${at}: no backup needs ${leftFolders.join(", ")} any longer; to be removed by hand. ${why ?? ""}`]
      : []),
  ]);
}

/** What becomes of each store of each backup, newest first, and why: the rows of a table. */
export function listDecisions({
  decisions,
}: Pruned): [id: string, stores: string, outcome: string, why: string][] {
  return decisions.flatMap(({ id, stores, removableFrom }) => {
    // Stores that fare alike share a line.
    const lines = new Map<string, string[]>();
    for (const { store, isKept, reasons } of stores) {
      const line = JSON.stringify([isKept ? "stays" : "goes", reasons.join(", ")]);
      lines.set(line, [...(lines.get(line) ?? []), store]);
    }
    const removable =
      removableFrom === undefined
        ? ""
        : removableFrom === "held"
          ? "; can go when the hold is lifted"
          : `; can go from ${removableFrom.toISOString()}`;
    return [...lines].map(([line, names]): [string, string, string, string] => {
      const [outcome, why] = JSON.parse(line) as [string, string];
      return [id, names.join(", "), outcome, why + removable];
    });
  });
}

/** "Backup x is pinned: before the migration" */
export function describePin({ command, backupId, note }: PinResult): string {
  return command === "pin"
    ? `Backup ${backupId} is pinned: ${note}`
    : `Backup ${backupId} is left to the rules of retention again; it was pinned: ${note}`;
}
