import { mkdir, rm } from "node:fs/promises";
import { Client } from "pg";
import { CACHE_DIR } from "../local-services/local-services.ts";
import { startPostgres } from "../local-services/postgres.ts";
import { Scratch } from "../src/sys/scratch.ts";
import type { Lifeboat } from "./lifeboat.ts";
import { measure } from "./measure.ts";
import type { BenchOptions, BenchSection } from "./section.ts";

const MAJOR = 17;
/** Tables at scale 1, beside the odd ones. */
const TABLES = 10_000;
/** Each transaction locks what it makes. */
const TABLES_AT_ONCE = 500;
const SOURCE = "bench_tables";
const EMPTY = "bench_empty";

/** Names that somebody has given a table somewhere. */
const ODD_NAMES = [
  "Upper Case",
  'with "quotes"',
  "with.dots",
  "таблица",
  "表",
  "it's",
  "$1; --",
  "x".repeat(63),
];

/** A schema of thousands of tables, one of a thousand columns, names of all kinds; and a database with nothing in it. */
export async function openManyTablesBench(options: BenchOptions, lifeboat: Lifeboat): Promise<BenchSection> {
  const server = await startPostgres({ major: MAJOR });
  const scratch = await Scratch.create();
  const close = async (): Promise<void> => {
    await Promise.all([server.stop(), scratch.remove()]);
  };
  const urlOf = (database: string): string => new URL(`/${database}`, server.url).href;
  const tables = Math.max(10, Math.round(TABLES * options.scale));
  const folder = scratch.file("folder");
  const place = { LIFEBOAT_DESTINATION: `file://${folder}`, XDG_CACHE_HOME: CACHE_DIR };
  const backUp = async (database: string) => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const env = { ...place, LIFEBOAT_POSTGRES_URL: urlOf(database) };
    const { cost, stdout } = await measure(lifeboat.command(["backup", "--json"], env));
    return { ...cost, bytes: (JSON.parse(stdout) as { sentBytes: number }).sentBytes };
  };
  // A drill that is not proven ends with another status, and so ends the bench.
  const drill = async () => {
    const args = ["drill", "--report-dir", scratch.file("report")];
    return (await measure(lifeboat.command(args, { ...place, LIFEBOAT_TARGET_POSTGRES_URL: server.url })))
      .cost;
  };
  try {
    for (const database of [SOURCE, EMPTY]) await query(server.url, [`CREATE DATABASE ${database}`]);
    await query(urlOf(SOURCE), describeTables(tables));
    return {
      name: "postgres-tables",
      title: "Bench: many tables in Postgres",
      facts: {
        Server: `PostgreSQL ${MAJOR}, as it comes: max_locks_per_transaction 64`,
        Tables: `${tables}, one of a thousand columns, and ${ODD_NAMES.length} of odd names`,
      },
      cases: [
        { name: "backup", command: "lifeboat backup", run: () => backUp(SOURCE) },
        { name: "drill", command: "lifeboat drill", run: drill },
        { name: "backup of an empty database", command: "lifeboat backup", run: () => backUp(EMPTY) },
      ],
      comparisons: [],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function describeTables(tables: number): string[] {
  const statements: string[] = [];
  for (let start = 0; start < tables; start += TABLES_AT_ONCE) {
    const batch = Array.from(
      { length: Math.min(TABLES_AT_ONCE, tables - start) },
      (_, index) =>
        `CREATE TABLE t${start + index} (id int PRIMARY KEY, note text); INSERT INTO t${start + index} VALUES (1, 'a'), (2, NULL);`,
    );
    statements.push(batch.join("\n"));
  }
  const columns = Array.from({ length: 1000 }, (_, index) => `c${index} text`);
  statements.push(
    `CREATE TABLE wide (${columns.join(", ")})`,
    `INSERT INTO wide (c0, c999) VALUES ('first', 'last')`,
  );
  for (const name of ODD_NAMES) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    statements.push(`CREATE TABLE ${quoted} (${quoted} text)`, `INSERT INTO ${quoted} VALUES ('odd')`);
  }
  return statements;
}

async function query(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
