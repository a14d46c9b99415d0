import { warning } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { RunContext } from "../../../run-context.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath, quoteText } from "../sql/sql-text.ts";

/** No job of GitHub's takes longer: the run that made it is no more. */
const DEAD_AFTER_SECONDS = 6 * 3600;

/** Tables that restores of rows made beside others, and did not come to drop. */
export async function findLeftovers(
  server: ClickHouseServer,
  { clock }: Pick<RunContext, "clock">,
): Promise<Finding[]> {
  const before = Math.floor(clock.now().getTime() / 1000) - DEAD_AFTER_SECONDS;
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
