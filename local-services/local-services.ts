import { fileURLToPath } from "node:url";
import { startClickHouse } from "./clickhouse.ts";
import type { ClickHouseAddress } from "./clickhouse.ts";
import { startPostgres } from "./postgres.ts";
import type { PostgresAddress } from "./postgres.ts";
import { startS3 } from "./s3.ts";
import type { S3Address } from "./s3.ts";

/** Where fetched programs are kept between runs; ignored by git. */
export const CACHE_DIR = fileURLToPath(new URL("../.cache", import.meta.url));

export interface LocalServices {
  postgres: PostgresAddress;
  clickhouse: ClickHouseAddress;
  s3: S3Address;
  /** Ends all three and removes their data. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts Postgres, ClickHouse and an S3 stand-in on free ports of 127.0.0.1, without Docker and without root
 * (Linux, glibc). They end with the process that started them.
 */
export async function startLocalServices({ cacheDir = CACHE_DIR } = {}): Promise<LocalServices> {
  const starting = [startPostgres(), startClickHouse(), startS3(cacheDir)] as const;
  const stop = async (): Promise<void> => {
    const started = (await Promise.allSettled(starting)).filter((service) => service.status === "fulfilled");
    await Promise.all(started.map((service) => service.value.stop()));
  };
  try {
    const [postgres, clickhouse, s3] = await Promise.all(starting);
    return { postgres, clickhouse, s3, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
