import { AppError } from "../../errors.ts";
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
    async perform({ targets, reporter }) {
      const target = targets.get(store);
      if (!target) {
        throw new AppError("CONFIG_INVALID", `Store ${store} was not restored by this drill.`, {
          hint: "Give a drill target for it, or take the step out.",
        });
      }
      const rows = await target.query(
        typeof sql === "string" ? sql : await readTextFile(sql.file, "SQL file"),
      );
      reporter.info(`${store}: ${rows.length} rows returned`);
    },
  };
}
