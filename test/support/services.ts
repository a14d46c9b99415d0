import { randomBytes } from "node:crypto";
import { createClient } from "@clickhouse/client";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { Client } from "pg";
import { inject } from "vitest";
import type { S3Address } from "../../local-services/s3.ts";

/** A database of one test's own. */
export interface TestDatabase {
  name: string;
  /** With user and password; the path names the database. */
  url: string;
  drop(): Promise<void>;
}

export interface TestBucket extends S3Address {
  bucket: string;
}

/** Creates an empty Postgres database, on the server of the test run if no other is named. */
export async function createPostgresDatabase(serverUrl = inject("postgresUrl")): Promise<TestDatabase> {
  const name = nameUniquely();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await queryPostgres(serverUrl, `CREATE DATABASE ${name}`);
  return {
    name,
    url: url.href,
    drop: () => queryPostgres(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Creates an empty ClickHouse database on the server of the test run. */
export async function createClickHouseDatabase(): Promise<TestDatabase> {
  const serverUrl = inject("clickhouseUrl");
  const name = nameUniquely();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await commandClickHouse(serverUrl, `CREATE DATABASE ${name}`);
  return {
    name,
    url: url.href,
    drop: () => commandClickHouse(serverUrl, `DROP DATABASE IF EXISTS ${name} SYNC`),
  };
}

/** Creates an empty bucket on the S3 of the test run. @param options.objectLock - whether its objects can be locked */
export async function createBucket({ objectLock = false } = {}): Promise<TestBucket> {
  const s3 = inject("s3");
  const bucket = nameUniquely().replaceAll("_", "-");
  const client = openS3Client(s3);
  await client.send(
    new CreateBucketCommand({ Bucket: bucket, ...(objectLock && { ObjectLockEnabledForBucket: true }) }),
  );
  client.destroy();
  return { ...s3, bucket };
}

/** A client that talks to a stand-in for S3: bucket names in the path. */
export function openS3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
}

async function queryPostgres(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function commandClickHouse(url: string, query: string): Promise<void> {
  const client = createClient({ url });
  try {
    await client.command({ query });
  } finally {
    await client.close();
  }
}

function nameUniquely(): string {
  return `test_${randomBytes(6).toString("hex")}`;
}
