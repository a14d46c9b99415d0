import { readTextFile } from "../../sys/text-file.ts";
import { queryStore } from "./step.ts";
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
    async perform(context) {
      const statements = typeof sql === "string" ? sql : await readTextFile(sql.file, "SQL file");
      const rows = await queryStore(context, store, statements);
      context.reporter.info(`${store}: ${rows.length} rows returned`);
    },
  };
}
