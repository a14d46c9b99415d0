import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, inject, test } from "vitest";
import { readTreeMemory } from "../../bench/measure.ts";
import { ODD_NAMES } from "../../bench/odd-names.ts";
import { Machine, readRun } from "../support/cli.ts";
import type { CliRun } from "../support/cli.ts";
import { runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";

let machine: Machine;
let source: TestDatabase;
let place: string[];

beforeEach(async () => {
  [machine, source] = await Promise.all([Machine.create(), createPostgresDatabase()]);
  const folder = join(machine.folder, "backups");
  await mkdir(folder);
  place = ["--destination", pathToFileURL(folder).href];
  return () => source.drop();
});

/** Nothing is said of the database but its address. */
async function backUpAndDrill(): Promise<{ backup: CliRun; drill: CliRun }> {
  const backup = await machine.run("backup", ...place, "--postgres-url", source.url);
  expect(backup.status, backup.stderr).toBe(0);
  const drill = await machine.run("drill", ...place, "--target-postgres-url", inject("postgresUrl"));
  return { backup, drill };
}

test("an empty database is backed up with a warning, and its drill says what that proves", async () => {
  const { backup, drill } = await backUpAndDrill();
  expect(backup.stderr).toContain("postgres holds no table");
  expect(drill).toMatchObject({ status: 0, json: { record: { verdict: "proven", reasons: [] } } });
  expect(drill.stdout).toContain("That postgres should have no table: it had none when it was backed up.");
});

test("a thousand columns, and names of every kind, are like others", async () => {
  const columns = Array.from({ length: 1000 }, (_, index) => `c${index} text`);
  const odd = ODD_NAMES.map((name) => `"${name.replaceAll('"', '""')}"`);
  await runSql(
    source.url,
    `CREATE TABLE wide (${columns.join(", ")}); INSERT INTO wide (c0, c999) VALUES ('first', NULL), (NULL, 'last');
     ${odd.map((name) => `CREATE TABLE ${name} (${name} text PRIMARY KEY); INSERT INTO ${name} VALUES ('odd')`).join(";")};
     ${odd.map((name) => `CREATE SCHEMA ${name} CREATE TABLE ${name} (id serial, ${name} text); COMMENT ON TABLE ${name}.${name} IS 'odd'`).join(";")}`,
  );
  const { drill } = await backUpAndDrill();
  expect(drill, drill.stderr).toMatchObject({
    status: 0,
    json: {
      record: {
        verdict: "proven",
        comparisons: [{ tablesCompared: 1 + 2 * ODD_NAMES.length, rowsCompared: 2 + ODD_NAMES.length }],
      },
    },
  });

  const target = await createPostgresDatabase();
  try {
    const chosen = ["--table", `public.${ODD_NAMES[1]},public.таблица`, "--schema", "with.dots"];
    const restore = await machine.run("restore", ...place, "--target-postgres-url", target.url, ...chosen);
    expect(restore.status, restore.stderr).toBe(0);
    const tables = `SELECT nspname || ' / ' || relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`;
    expect((await runSql(target.url, tables)).map(({ name }) => name)).toEqual([
      'public / with "quotes"',
      "public / таблица",
      "with.dots / with.dots",
    ]);
  } finally {
    await target.drop();
  }
});

test("a value of 300 MB is backed up and proven, and takes memory of pg_dump alone", async () => {
  // A megabyte of noise, repeated farther apart than compressors look back.
  await runSql(
    source.url,
    `CREATE TABLE huge (id int PRIMARY KEY, bytes bytea); ALTER TABLE huge ALTER bytes SET STORAGE EXTERNAL;
     INSERT INTO huge SELECT 1, string_agg(noise, '') FROM generate_series(1, 300),
       (SELECT string_agg(sha256(n::text::bytea), '') AS noise FROM generate_series(1, 31250) n) megabyte`,
  );
  const backup = await runWatched("backup", "--postgres-url", source.url);
  expect(backup.run.json, backup.run.stderr).toMatchObject({
    command: "backup",
    sentBytes: expect.any(Number),
  });
  expect((backup.run.json as { sentBytes: number }).sentBytes).toBeGreaterThan(250e6);
  // libpq holds the text of a row, which is twice as long, in a buffer that doubles, and hands out a copy.
  expect(backup.peakBytes).toBeLessThan(1600e6);
  const drill = await runWatched("drill", "--target-postgres-url", inject("postgresUrl"));
  expect(drill.run, drill.run.stderr).toMatchObject({
    status: 0,
    json: { record: { verdict: "proven", comparisons: [{ contentsCompared: 1, rowsCompared: 1 }] } },
  });
  expect(drill.peakBytes).toBeLessThan(250e6);
});

/** Runs lifeboat, and looks meanwhile how much memory it and its tools take together. */
async function runWatched(...args: string[]): Promise<{ run: CliRun; peakBytes: number }> {
  const process = machine.start(...args, ...place);
  const ended = readRun(process);
  let isRunning = true;
  void ended.finally(() => (isRunning = false)).catch(() => {});
  let peakBytes = 0;
  while (isRunning) {
    peakBytes = Math.max(peakBytes, await readTreeMemory(process.pid));
    await delay(300); // looking costs time itself
  }
  return { run: await ended, peakBytes };
}
