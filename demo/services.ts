import { randomBytes } from "node:crypto";
import { createClient } from "@clickhouse/client";
import { Client } from "pg";
import { startClickHouse } from "../local-services/clickhouse.ts";
import { startLocalServices } from "../local-services/local-services.ts";
import { startPostgres } from "../local-services/postgres.ts";
import { findFreePorts } from "../local-services/ports.ts";

/** The variables that demo/lifeboat.yml reads. */
export interface DemoEnvironment extends Record<string, string> {
  POSTGRES_URL: string;
  CLICKHOUSE_URL: string;
  DRILL_POSTGRES_URL: string;
  DRILL_CLICKHOUSE_URL: string;
  S3_ENDPOINT: string;
  S3_REGION: string;
  S3_ACCESS_KEY_ID: string;
  S3_SECRET_ACCESS_KEY: string;
  ENCRYPTION_KEY: string;
  APPLICATION_PORT: string;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** The product's own servers with a bucket, and a second Postgres and ClickHouse to restore into. */
export class DemoServices implements AsyncDisposable {
  readonly #starting: Promise<Stoppable>[] = [];

  /** Starts all of them, and creates the empty databases `product` and the bucket. */
  async start(): Promise<DemoEnvironment> {
    const [{ postgres, clickhouse, s3 }, drillPostgres, drillClickHouse] = await Promise.all([
      this.#keep(startLocalServices()),
      this.#keep(startPostgres()),
      this.#keep(startClickHouse()),
    ]);
    const [postgresUrl, clickhouseUrl] = await Promise.all([
      createPostgresDatabase(postgres.url),
      createClickHouseDatabase(clickhouse.url),
      createBucket(s3.endpoint),
    ]);
    const [applicationPort] = await findFreePorts(1);
    return {
      POSTGRES_URL: postgresUrl,
      CLICKHOUSE_URL: clickhouseUrl,
      DRILL_POSTGRES_URL: drillPostgres.url,
      DRILL_CLICKHOUSE_URL: drillClickHouse.url,
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      APPLICATION_PORT: String(applicationPort),
    };
  }

  /** Ends every server, also those that were still starting when another one failed, and removes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    const settled = await Promise.allSettled(this.#starting);
    await Promise.all(
      settled.flatMap((service) => (service.status === "fulfilled" ? [service.value.stop()] : [])),
    );
  }

  #keep<Service extends Stoppable>(starting: Promise<Service>): Promise<Service> {
    this.#starting.push(starting);
    return starting;
  }
}

async function createPostgresDatabase(serverUrl: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query("CREATE DATABASE product");
  } finally {
    await client.end();
  }
  return new URL("/product", serverUrl).href;
}

async function createClickHouseDatabase(serverUrl: string): Promise<string> {
  const client = createClient({ url: serverUrl });
  try {
    await client.command({ query: "CREATE DATABASE product" });
  } finally {
    await client.close();
  }
  return new URL("/product", serverUrl).href;
}

/** The stand-in for S3 takes requests without a signature. */
async function createBucket(endpoint: string): Promise<void> {
  const response = await fetch(`${endpoint}/backups`, { method: "PUT" });
  if (!response.ok)
    throw new Error(`Creating the bucket failed: ${response.status} ${await response.text()}`);
}
