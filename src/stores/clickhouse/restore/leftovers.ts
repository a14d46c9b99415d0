import { warning } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { RunContext } from "../../../run-context.ts";
import { DEAD_AFTER_MS } from "../../dead-runs.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteText } from "../sql/sql-text.ts";

/** Tables that restores of rows made beside others, and did not come to drop. */
export async function findLeftovers(
  server: ClickHouseServer,
  { clock }: Pick<RunContext, "clock">,
): Promise<Finding[]> {
  const before = Math.floor((clock.now().getTime() - DEAD_AFTER_MS) / 1000);
  const tables = await server.rows<{ database: string; name: string; made: string }>(
    `SELECT database, name, toString(metadata_modification_time, 'UTC') AS made FROM system.tables
     WHERE match(name, ${quoteText("^lifeboat_[0-9a-f]{8}$")}) AND toUnixTimestamp(metadata_modification_time) < ${before}
     ORDER BY database, name`,
  );
  return tables.map(({ database, name, made }) =>
    warning(
      "leftovers",
      `A restore ended before it could drop the table ${database}.${name} of ${made} UTC: it holds rows of a backup that were on their way into another table, and nothing else.`,
      `DROP TABLE ${quotePath(database, name)} SYNC`,
    ),
  );
}
