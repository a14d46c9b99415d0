import { findOrExplain } from "../../finding.ts";
import type { Finding } from "../../finding.ts";
import type { RunContext } from "../../run-context.ts";
import { parseConnection } from "./connection.ts";
import { ClickHouseServer } from "./server.ts";
import type { ClickHouseTargetOptions } from "./target.ts";

/** Looks whether a drill can reach its server. Writes nothing. */
export async function diagnoseClickHouseTarget(
  { url }: Pick<ClickHouseTargetOptions, "url">,
  context: RunContext,
): Promise<Finding[]> {
  return [
    await findOrExplain("connection", async () => {
      const connection = parseConnection(url, context.redactor);
      const server = await ClickHouseServer.connect(connection, context);
      await server.close();
      return `ClickHouse ${server.version} at ${connection.endpoint}`;
    }),
  ];
}
