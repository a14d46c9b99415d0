import { bad, explainAsFinding, good } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { RunContext } from "../../../run-context.ts";
import { parseConnection } from "../server/connection.ts";
import { findLeftovers } from "../restore/leftovers.ts";
import { ClickHouseServer } from "../server/server.ts";
import { quoteName } from "../sql/sql-text.ts";
import type { ClickHouseTargetOptions } from "../restore/target.ts";

/** What a restore does on its server. */
const PRIVILEGES = [
  ...["CREATE DATABASE", "DROP DATABASE", "CREATE TABLE", "DROP TABLE", "CREATE VIEW", "DROP VIEW"],
  ...["CREATE DICTIONARY", "DROP DICTIONARY", "CREATE FUNCTION", "DROP FUNCTION", "TRUNCATE", "ALTER TABLE"],
  ...["SELECT", "INSERT", "SYSTEM MERGES", "SYSTEM TTL MERGES", "SYSTEM VIEWS"],
];

/** Looks whether a drill can reach its server, and may do there what it does. Writes nothing. */
export async function diagnoseClickHouseTarget(
  { url }: Pick<ClickHouseTargetOptions, "url">,
  context: RunContext,
): Promise<Finding[]> {
  let server: ClickHouseServer;
  try {
    server = await ClickHouseServer.connect(parseConnection(url, context.redactor), context);
  } catch (error) {
    return [explainAsFinding("connection", error)];
  }
  try {
    const { version, connection } = server;
    return [
      good("connection", `ClickHouse ${version} at ${connection.endpoint}`),
      await findLackingRights(server),
      ...(await findLeftovers(server, context).catch((error: unknown) => [
        explainAsFinding("leftovers", error),
      ])),
    ];
  } finally {
    await server.close();
  }
}

async function findLackingRights(server: ClickHouseServer): Promise<Finding> {
  const user = quoteName(server.connection.user);
  try {
    if (server.isReadonly) {
      return bad(
        "rights",
        "The user's profile has readonly = 1: nothing can be restored with it.",
        `ALTER USER ${user} MODIFY SETTINGS readonly = 0`,
      );
    }
    const lacking: string[] = [];
    for (const privilege of PRIVILEGES) {
      const [answer] = await server.runAny(`CHECK GRANT ${privilege} ON *.*`);
      if (answer?.["result"] !== 1) lacking.push(privilege);
    }
    if (lacking.length === 0) return good("rights", `User ${server.connection.user} may restore there.`);
    return bad(
      "rights",
      `User ${server.connection.user} may not ${lacking.join(", ")} there.`,
      `GRANT ${lacking.join(", ")} ON *.* TO ${user}`,
    );
  } catch (error) {
    return explainAsFinding("rights", error);
  }
}
