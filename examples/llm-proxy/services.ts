import { createClient } from "@clickhouse/client";
import type { ClickHouseClient } from "@clickhouse/client";
import { Pool } from "pg";
import { decrypt } from "./encryption.ts";
import { RequestLog } from "./request-log.ts";
import type { Settings } from "./settings.ts";

const TIMEOUT_MS = 5000;

/** What the routes work with. */
export interface Services extends Pick<Settings, "baseUrls"> {
  postgres: Pool;
  clickhouse: ClickHouseClient;
  requestLog: Pick<RequestLog, "add">;
  /** Undefined for what was encrypted under another key. */
  decrypt: (stored: string) => string | undefined;
}

/** Prepares connections to both stores; neither has to answer yet. Disposing of them writes what is still to be logged. */
export function openServices(settings: Settings): Services & AsyncDisposable {
  const postgres = new Pool({
    connectionString: settings.postgresUrl,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // Without a listener, the loss of an idle connection would end the process.
  postgres.on("error", (error) => console.error(`Postgres: ${error.message}`));
  const clickhouse = createClient({ url: settings.clickhouseUrl, request_timeout: TIMEOUT_MS });
  const requestLog = new RequestLog(async (values) => {
    await clickhouse.insert({
      table: "requests",
      values,
      format: "JSONEachRow",
      clickhouse_settings: { date_time_input_format: "best_effort" },
    });
  });
  return {
    postgres,
    clickhouse,
    requestLog,
    decrypt: (stored) => decrypt(stored, settings.encryptionKey),
    baseUrls: settings.baseUrls,
    [Symbol.asyncDispose]: async () => {
      await requestLog.close();
      await Promise.all([postgres.end(), clickhouse.close()]);
    },
  };
}
