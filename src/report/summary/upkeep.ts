import type { CopyResult } from "../../commands/copy.ts";
import type { PinResult } from "../../commands/pin.ts";
import type { PruneResult } from "../../commands/prune.ts";
import type { RekeyResult } from "../../commands/rekey.ts";
import type { VerifyResult } from "../../commands/verify.ts";
import { describeCopy } from "../copy.ts";
import { countOf, formatBytes, formatCount, formatSeconds } from "../quantities.ts";
import { describePin, describePrune, describeServerPlaces, listDecisions } from "../retention-plan.ts";
import { describeRekey, describeVerify } from "../upkeep.ts";
import { listOf, tableOf } from "./page.ts";
import type { Page } from "./page.ts";

export function describePruned(result: PruneResult): Page {
  const { destinations, isDryRun } = result;
  const [only, ...others] = destinations;
  const isOne = only !== undefined && others.length === 0;
  return {
    sign: isDryRun ? "🔍" : "✅",
    title: isOne
      ? describePrune(only, isDryRun)
      : `${countOf(destinations.length, "destination")} ${isDryRun ? "would be" : "are"} pruned`,
    blocks: [
      ...destinations.flatMap((pruned) => [
        {
          kind: "text" as const,
          text: isOne ? pruned.url : `${pruned.url}: ${describePrune(pruned, isDryRun)}`,
        },
        ...tableOf(["Backup", "Stores", "", "Why"], listDecisions(pruned)),
      ]),
      ...describeServerPlaces(result).map((text) => ({ kind: "text" as const, text })),
    ],
  };
}

export function describeCopied(result: CopyResult): Page {
  const [answer = "", ...rest] = describeCopy(result).split("\n");
  return {
    sign: "✅",
    title: answer,
    blocks: [
      ...rest.map((text) => ({ kind: "text" as const, text })),
      ...tableOf(
        ["Destination", "Backups", ">Objects", ">Size"],
        result.to.map(({ url, backups, objects, sizeBytes }) => [
          url,
          backups.join(", "),
          formatCount(objects),
          formatBytes(sizeBytes),
        ]),
      ),
    ],
  };
}

export function describePinned(result: PinResult): Page {
  return { sign: "✅", title: describePin(result), blocks: [] };
}

export function describeVerified(result: VerifyResult): Page {
  return {
    sign: result.verdict === "intact" ? "✅" : "❌",
    title: describeVerify(result),
    blocks: [
      { kind: "text", text: `It took ${formatSeconds(result.seconds)}.` },
      ...tableOf(
        ["Object", "What", "Needed by"],
        result.damages.map(({ key, what, backups }) => [key, what, backups.join(", ")]),
      ),
      ...listOf("Not proven", result.notProven),
    ],
  };
}

export function describeRekeyed(result: RekeyResult): Page {
  const [answer = "", ...rest] = describeRekey(result);
  return { sign: "✅", title: answer, blocks: rest.map((text) => ({ kind: "text", text })) };
}
