import { readdir, readFile } from "node:fs/promises";
import { createClient } from "@clickhouse/client";
import type { ClickHouseClient } from "@clickhouse/client";
import { Client } from "pg";
import type { StoreAddresses } from "./settings.ts";

/** Any number, as long as every version of this application takes the same. */
const MIGRATION_LOCK = 4010;

/**
 * Applies the migrations that either store has not seen, in the order of their names. Each store keeps the names of
 * those it has in its table schema_migrations.
 *
 * @returns what was applied, such as `postgres/0001_accounts.sql`
 */
export async function applyMigrations({ postgresUrl, clickhouseUrl }: StoreAddresses): Promise<string[]> {
  const postgres = new Client({ connectionString: postgresUrl });
  const clickhouse = createClient({ url: clickhouseUrl });
  await postgres.connect();
  try {
    // Held until the connection ends, so that of two processes the second finds nothing left to do.
    await postgres.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    return [...(await migratePostgres(postgres)), ...(await migrateClickHouse(clickhouse))];
  } finally {
    await Promise.all([postgres.end(), clickhouse.close()]);
  }
}

async function migratePostgres(postgres: Client): Promise<string[]> {
  await postgres.query(
    `CREATE TABLE IF NOT EXISTS schema_migrations (
       name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await postgres.query<{ name: string }>("SELECT name FROM schema_migrations");
  return await applyNew("postgres", rows, async (sql, name) => {
    await postgres.query("BEGIN");
    await postgres.query(sql);
    await postgres.query("INSERT INTO schema_migrations (name) VALUES ($1)", [name]);
    await postgres.query("COMMIT");
  });
}

/** Without transactions, so that each statement of a migration has to bear being repeated. */
async function migrateClickHouse(clickhouse: ClickHouseClient): Promise<string[]> {
  await clickhouse.command({
    query: `CREATE TABLE IF NOT EXISTS schema_migrations (
              name String, applied_at DateTime('UTC') DEFAULT now()) ENGINE = MergeTree ORDER BY name`,
  });
  const seen = await clickhouse.query({ query: "SELECT name FROM schema_migrations", format: "JSONEachRow" });
  return await applyNew("clickhouse", await seen.json<{ name: string }>(), async (sql, name) => {
    await runStatements(clickhouse, sql);
    await clickhouse.insert({ table: "schema_migrations", values: [{ name }], format: "JSONEachRow" });
  });
}

/** Over HTTP, ClickHouse takes one statement at a time. Each has to end its line with a semicolon. */
export async function runStatements(clickhouse: ClickHouseClient, sql: string): Promise<void> {
  for (const query of sql.split(/;$/m)) if (query.trim() !== "") await clickhouse.command({ query });
}

async function applyNew(
  store: "postgres" | "clickhouse",
  seen: { name: string }[],
  apply: (sql: string, name: string) => Promise<void>,
): Promise<string[]> {
  const folder = new URL(`migrations/${store}/`, import.meta.url);
  const isSeen = new Set(seen.map(({ name }) => name));
  const applied: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (isSeen.has(name)) continue;
    await apply(await readFile(new URL(name, folder), "utf8"), name);
    applied.push(`${store}/${name}`);
  }
  return applied;
}
