import { readFile } from "node:fs/promises";
import { createClient } from "@clickhouse/client";
import { Client } from "pg";
import { applyMigrations, runStatements } from "../examples/llm-proxy/migrations.ts";
import { insertSampleData } from "../examples/llm-proxy/sample-data.ts";
import type { StoreAddresses } from "../examples/llm-proxy/settings.ts";

/** Where the product keeps its data, and the key that lies beside no database. */
export interface ProductPlaces extends StoreAddresses {
  /** base64 of 32 bytes. */
  encryptionKey: string;
}

/**
 * Fills two empty databases with a product for LLM observability: the example application with its sample data, and
 * around it one of everything that a backup has to bring back. The same rows each time, in about two seconds.
 *
 * @param places - Postgres as a user who may create roles
 */
export async function fillProduct({ encryptionKey, ...addresses }: ProductPlaces): Promise<void> {
  const postgres = new Client({ connectionString: addresses.postgresUrl });
  const clickhouse = createClient({ url: addresses.clickhouseUrl });
  await postgres.connect();
  try {
    await applyMigrations(addresses);
    await postgres.query(await readSql("postgres-schema"));
    await runStatements(clickhouse, await readSql("clickhouse-schema"));
    await insertSampleData(addresses, Buffer.from(encryptionKey, "base64"));
    await postgres.query(await readSql("postgres-data"));
    await runStatements(clickhouse, await readSql("clickhouse-data"));
  } finally {
    await Promise.all([postgres.end(), clickhouse.close()]);
  }
}

async function readSql(name: string): Promise<string> {
  return await readFile(new URL(`product/${name}.sql`, import.meta.url), "utf8");
}
