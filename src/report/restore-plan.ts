import type { RestorePlan } from "../commands/restoring/restore-plan.ts";
import { countOf } from "./quantities.ts";

/** What a restore would do, in sentences and in the order in which it would happen. */
export function listPlan({ stores, before, after }: RestorePlan): string[] {
  return [
    ...before.map((name) => `The command "${name}" would run before the first change.`),
    ...stores.flatMap(({ store, host, databases, tables, replaced }) => {
      const there = `${databases.join(" and ")} at ${host}`;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const what = `${countOf(tables.length, "table")} with ${countOf(rows, "row")}`;
      return [
        ...(replaced.length > 0
          ? [`${store}: in ${there}, this would be replaced: ${replaced.join(", ")}.`]
          : []),
        `${store}: ${what} would be restored into ${there}, and compared.`,
      ];
    }),
    ...after.map((name) => `The command "${name}" would run after the comparison.`),
  ];
}
