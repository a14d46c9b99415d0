import { startPostgres } from "../local-services/postgres.ts";
import { ODD_NAMES } from "./odd-names.ts";
import { query, recreate } from "./postgres-query.ts";
import { emptyFolder } from "./section.ts";
import type { Bench, BenchSection, Result } from "./section.ts";

const MAJOR = 17;
/** Tables at scale 1, beside the odd ones. */
const TABLES = 10_000;
/** Each transaction locks what it makes. */
const TABLES_AT_ONCE = 500;
const SOURCE = "bench_tables";
const COPY = "bench_tables_copy";
const EMPTY = "bench_empty";

/** A schema of thousands of tables, one of a thousand columns, names of all kinds; and a database with nothing in it. */
export async function openManyTablesBench({
  options,
  lifeboat,
  scratch,
  atEnd,
}: Bench): Promise<BenchSection> {
  const server = await startPostgres({ major: MAJOR });
  atEnd(() => server.stop());
  const urlOf = (database: string): string => new URL(`/${database}`, server.url).href;
  const tables = Math.max(10, Math.round(TABLES * options.scale));
  const folder = scratch.file("folder");
  const place = { LIFEBOAT_DESTINATION: `file://${folder}` };
  const backUp = async (database: string): Promise<Result> => {
    await emptyFolder(folder);
    return await lifeboat.backUp({ ...place, LIFEBOAT_POSTGRES_URL: urlOf(database) });
  };
  await query(server.url, ...[SOURCE, EMPTY].map((database) => `CREATE DATABASE ${database}`));
  await query(urlOf(SOURCE), ...describeTables(tables));
  return {
    name: "postgres-tables",
    title: "Bench: many tables in Postgres",
    facts: {
      Server: `PostgreSQL ${MAJOR}, as it comes: max_locks_per_transaction 64`,
      Tables: `${tables}, one of a thousand columns, and ${ODD_NAMES.length} of odd names`,
    },
    cases: [
      { name: "backup", command: "lifeboat backup", run: () => backUp(SOURCE) },
      {
        name: "restore",
        command: "lifeboat restore",
        run: async () => {
          await recreate(server.url, COPY);
          return await lifeboat.run(["restore"], { ...place, LIFEBOAT_TARGET_POSTGRES_URL: urlOf(COPY) });
        },
      },
      {
        name: "drill",
        command: "lifeboat drill",
        // One that is not proven ends with another status, and so ends the bench.
        run: () =>
          lifeboat.run(["drill", "--report-dir", scratch.file("report")], {
            ...place,
            LIFEBOAT_TARGET_POSTGRES_URL: server.url,
          }),
      },
      { name: "backup of an empty database", command: "lifeboat backup", run: () => backUp(EMPTY) },
    ],
    comparisons: [],
  };
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
