import type { RestoreResult } from "../../commands/restore.ts";
import { formatCount, formatSeconds } from "../quantities.ts";
import { listPlan } from "../restore-plan.ts";
import { describeScope } from "../scope.ts";
import { describeComparisons, describePhases, describeSteps } from "./evidence.ts";
import { listOf, tableOf } from "./page.ts";
import type { Page } from "./page.ts";

export function describeRestore(result: RestoreResult): Page {
  const [sign, outcome] = (
    {
      restored: ["✅", "is restored, and every table agrees"],
      differs: ["❌", "is restored, and differs from its manifest"],
      planned: ["🔍", "would be restored; nothing was changed"],
      unfinished: ["⚠️", "is restored and agrees, but a command that follows failed"],
    } as const
  )[result.verdict];
  return {
    sign,
    title: `${describeScope(result.scope) ?? "Backup"} ${result.backupId} ${outcome}`,
    blocks: [
      ...listOf("Not restored", result.notRestored),
      ...(result.plan
        ? [
            ...listOf("What would happen", listPlan(result.plan)),
            ...tableOf(
              ["Store", "Table", ">Rows"],
              result.plan.stores.flatMap(({ store, tables }) =>
                tables.map(({ name, rows }) => [store, name, formatCount(rows)]),
              ),
            ),
          ]
        : []),
      { kind: "text", text: `It took ${formatSeconds(result.restoreSeconds)}.` },
      ...describeComparisons(result.comparisons),
      ...describeSteps(result.after),
      ...describePhases(result.phases),
      ...listOf(
        "Restored data lies beside, and nothing was replaced",
        result.leftBeside.map((place) => `in ${place}`),
      ),
      ...listOf(
        "Not proven",
        result.comparisons.flatMap(({ notProven }) => notProven),
      ),
    ],
  };
}
