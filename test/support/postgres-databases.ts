import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { toolEnvironment } from "../../src/sys/exec.ts";
import { Secret } from "../../src/sys/secret.ts";
import { startTestRun } from "./run-context.ts";
import type { TestRun } from "./run-context.ts";
import { createPostgresDatabase } from "./services.ts";
import type { TestDatabase } from "./services.ts";

/** A run whose tools find the machine's programs, or fetch them into the cache that all tests share. */
export function startToolRun(): TestRun {
  return {
    ...startTestRun(),
    toolEnv: toolEnvironment(process.env),
    cacheDir: fileURLToPath(new URL("../../.cache", import.meta.url)),
  };
}

/** A database with one of everything that a backup must bring back. */
export async function createRichDatabase(): Promise<TestDatabase> {
  const database = await createPostgresDatabase();
  const fixture = new URL("../fixtures/postgres-rich.sql", import.meta.url);
  await runSql(database.url, await readFile(fixture, "utf8"));
  return database;
}

/** Runs one or several statements; the rows of the last one. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result: unknown = await client.query(sql);
    return ((Array.isArray(result) ? result.at(-1) : result) as { rows: Record<string, unknown>[] }).rows;
  } finally {
    await client.end();
  }
}

/** The same address with other parts. */
export function changeUrl(
  url: string,
  parts: Partial<Record<"username" | "password" | "hostname" | "port" | "pathname", string>>,
): Secret {
  return new Secret(Object.assign(new URL(url), parts).href);
}
