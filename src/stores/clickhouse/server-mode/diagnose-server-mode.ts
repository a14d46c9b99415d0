import { AppError } from "../../../errors.ts";
import { bad, explainAsFinding, findOrExplain, good } from "../../../finding.ts";
import type { Finding } from "../../../finding.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { describePlace, writeCall } from "./server-destination.ts";
import type { ServerDestination } from "./server-destination.ts";
import { quoteName, quoteText } from "../sql/sql-text.ts";

/** A server that cannot reach the bucket would try for minutes. */
const REACH_LIMIT_SECONDS = 20;

/** Looks at what a BACKUP by the server needs, as far as a server tells without making one. @throws AppError CANCELLED */
export async function diagnoseServerMode(
  server: ClickHouseServer,
  destination: ServerDestination,
): Promise<Finding[]> {
  return await Promise.all([
    checkRight(server),
    destination.engine === "Disk" ? checkDisk(server, destination.disk) : checkBucket(server, destination),
  ]);
}

async function checkRight(server: ClickHouseServer): Promise<Finding> {
  try {
    const [answer] = await server.runAny("CHECK GRANT BACKUP ON *.*");
    if (answer?.["result"] === 1) return good("server mode", "The user may have the server write backups.");
  } catch (error) {
    return explainAsFinding("server mode", error);
  }
  const user = quoteName(server.connection.user);
  return bad(
    "server mode",
    "The user may not have the server write backups.",
    `GRANT BACKUP ON *.* TO ${user}`,
  );
}

async function checkDisk(server: ClickHouseServer, disk: string): Promise<Finding> {
  try {
    const found = await server.rows(`SELECT 1 FROM system.disks WHERE name = ${quoteText(disk)}`);
    if (found.length > 0) {
      return good(
        "server mode",
        `The server has a disk ${disk}; that backups.allowed_disk names it cannot be seen.`,
      );
    }
  } catch (error) {
    if (error instanceof AppError && error.code === "STORE_RIGHTS_MISSING") {
      return good(
        "server mode",
        `Whether the server has a disk ${disk} is not seen: system.disks may not be read.`,
      );
    }
    return explainAsFinding("server mode", error);
  }
  return bad(
    "server mode",
    `The server has no disk ${disk}.`,
    `Define it under storage_configuration, and name it under backups.allowed_disk.`,
  );
}

/** Lists one object there: reading needs less than writing, but finds wrong addresses, keys and networks. */
async function checkBucket(
  server: ClickHouseServer,
  destination: ServerDestination & { engine: "S3" },
): Promise<Finding> {
  return await findOrExplain("server mode", async () => {
    await server.rows(`SELECT 1 FROM ${writeCall(destination, "s3", "**", "One")} LIMIT 1`, {
      max_execution_time: REACH_LIMIT_SECONDS,
      s3_retry_attempts: 2,
      s3_throw_on_zero_files_match: 0,
    });
    return `The server reaches ${describePlace(destination).at}; whether it may write there, the first backup shows.`;
  });
}
