import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Machine } from "../support/cli.ts";
import { createClickHouseDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { runClickHouse } from "./product.ts";

let source: TestDatabase;
let serverUrl: string;

beforeAll(async () => {
  source = await createClickHouseDatabase();
  serverUrl = Object.assign(new URL(source.url), { pathname: "/" }).href;
  await runClickHouse(
    source.url,
    `CREATE TABLE log (id UInt64, month UInt8) ENGINE = MergeTree PARTITION BY month ORDER BY id;
     CREATE VIEW named AS SELECT id FROM ${source.name}.log;
     CREATE MATERIALIZED VIEW sums ENGINE = SummingMergeTree ORDER BY month AS SELECT month, count() AS c FROM ${source.name}.log GROUP BY month;
     INSERT INTO log SELECT number, number % 3 FROM numbers(900)`,
  );
});
afterAll(() => source.drop());

test("a backup comes back beside its own source under another name, and leaves the source as it was", async () => {
  const machine = await Machine.create();
  const folder = join(machine.folder, "backups");
  await mkdir(folder);
  const to = ["--destination", pathToFileURL(folder).href];
  const backup = await machine.run("backup", ...to, "--clickhouse-url", source.url);
  expect(backup.status, backup.stderr).toBe(0);
  await runClickHouse(source.url, "INSERT INTO log VALUES (1000, 1)");

  const other = `${source.name}_restored`;
  const target = ["--target-clickhouse-url", serverUrl];
  const into = (name: string) => ["--into-database", `${source.name}=${name}`];
  try {
    const restored = await machine.run("restore", ...to, ...target, ...into(other));
    expect(restored.status, restored.stderr).toBe(0);
    expect(restored.json).toMatchObject({ comparisons: [{ differences: [] }] });
    const count = `SELECT (SELECT count() FROM DB.log) AS log, (SELECT count() FROM DB.named) AS named, (SELECT sum(c) FROM DB.sums) AS sums`;
    const rows = async (database: string) => {
      const [row] = await runClickHouse(source.url, count.replaceAll("DB", database));
      return Object.values(row ?? {}).map(Number);
    };
    expect(await rows(other)).toEqual([900, 900, 900]);
    expect(await rows(source.name)).toEqual([901, 901, 901]);

    const again = await machine.run("restore", ...to, ...target, ...into(other));
    expect(again.json.error).toMatchObject({ code: "TARGET_REFUSED" });
  } finally {
    await runClickHouse(source.url, `DROP DATABASE IF EXISTS ${other} SYNC`);
  }
  const unknown = await machine.run("restore", ...to, ...target, "--into-database", "no_such_database=x");
  expect(unknown.status).toBe(2);
  expect(unknown.json.error?.title).toContain("no_such_database");
});
