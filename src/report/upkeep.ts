import type { RekeyResult } from "../commands/rekey.ts";
import type { VerifyResult } from "../commands/verify.ts";
import { countOf, formatBytes } from "./quantities.ts";

/** The answer of `verify`, in one line. */
export function describeVerify({
  mode,
  backups,
  objects,
  sizeBytes,
  damages,
  destination,
}: VerifyResult): string {
  const looked = `${countOf(objects, "object")} of ${countOf(backups.length, "backup")} (${formatBytes(sizeBytes)})`;
  const how = mode === "full" ? "read to the end" : "there in their full size";
  if (damages.length === 0) return `Intact: ${looked} at ${destination}, all ${how}.`;
  return `DAMAGED: ${countOf(damages.length, "object")}, of ${looked} at ${destination}.`;
}

/** What `rekey` did, and what it left, in sentences. */
export function describeRekey({
  rekeyed,
  unchanged,
  objects,
  sizeBytes,
  leftForPrune,
}: RekeyResult): string[] {
  const stayed = unchanged.length === 0 ? "" : `; ${countOf(unchanged.length, "backup")} needed nothing`;
  return [
    `${countOf(rekeyed.length, "backup")} encrypted anew: ${countOf(objects, "object")}, ${formatBytes(sizeBytes)}${stayed}.`,
    ...(leftForPrune === 0
      ? []
      : [
          `${countOf(leftForPrune, "former object")} that backups share can still be opened with the former keys, until prune removes what no backup refers to.`,
        ]),
  ];
}
