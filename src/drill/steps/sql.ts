import { AppError } from "../../errors.ts";
import { waitUnlessAborted } from "../../sys/clock.ts";
import { readTextFile } from "../../sys/text-file.ts";
import type { Step } from "./step.ts";

export interface SqlStepOptions {
  name: string;
  store: string;
  /** The statements, or the file that holds them. */
  sql: string | { file: string };
  timeoutMs: number;
}

/** Statements of the operator's, run in one restored store. */
export function buildSqlStep({ name, store, sql, timeoutMs }: SqlStepOptions): Step {
  return {
    name,
    kind: "sql",
    timeoutMs,
    async perform({ targets, reporter, signal }) {
      const target = targets.get(store);
      if (!target) {
        throw new AppError("CONFIG_INVALID", `Store ${store} was not restored by this drill.`, {
          hint: "Give a drill target for it, or take the step out.",
        });
      }
      const statements = typeof sql === "string" ? sql : await readTextFile(sql.file, "SQL file");
      const rows = await waitUnlessAborted(target.query(statements), signal);
      reporter.info(`${store}: ${rows.length} rows returned`);
    },
  };
}
