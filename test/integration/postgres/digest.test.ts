import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestTogether } from "../../../src/stores/postgres/catalog/digest.ts";
import type { DigestPlan } from "../../../src/stores/postgres/catalog/digest.ts";
import { readTables } from "../../../src/stores/postgres/catalog/catalog.ts";
import { parsePostgresAddress } from "../../../src/stores/postgres/server/connection.ts";
import { Snapshot } from "../../../src/stores/postgres/server/snapshot.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createPostgresDatabase();
});
afterEach(() => database.drop());

/** Digests of all tables, by name, as a backup makes them. */
async function digestAll(method: string, plan?: DigestPlan): Promise<Record<string, string | null>> {
  const run = startToolRun();
  const connection = parsePostgresAddress("postgres", { url: new Secret(database.url) }, run.redactor);
  const snapshot = await Snapshot.open(connection, run, 0);
  try {
    const tables = await digestTogether(
      snapshot.leader,
      await readTables(snapshot.leader, []),
      () => plan,
      method,
    );
    return Object.fromEntries(tables.map(({ name, digest }) => [name, digest]));
  } finally {
    snapshot.cut();
  }
}

const CHAINED = "postgres-chained-v2";

describe("the digest differs", () => {
  test.each([
    ["NULL", "(NULL, 'x')", "('\\N', 'x')"],
    ["NULL", "(NULL, 'x')", "('', 'x')"],
    ["values that changed columns", "('x', 'y')", "('y', 'x')"],
    ["a border between columns", "('ab', 'c')", "('a', 'bc')"],
    ["values that changed rows", "('a', '1'), ('b', '2')", "('a', '2'), ('b', '1')"],
    ["a pair of equal rows", "('a', '1'), ('a', '1')", "('b', '1'), ('b', '1')"],
    ["a blank at the end", "('a', 'b')", "('a', 'b ')"],
  ])("by %s: %s, not %s", async (_what, one, other) => {
    await runSql(
      database.url,
      `CREATE TABLE one (a text, b text); INSERT INTO one VALUES ${one};
       CREATE TABLE other (a text, b text); INSERT INTO other VALUES ${other}`,
    );
    const digests = await digestAll(CHAINED);
    expect(digests["public.one"]).not.toBe(digests["public.other"]);
  });

  test("by what the cast of a type of the database's own leaves out", async () => {
    await runSql(
      database.url,
      `CREATE TYPE pair AS (a int, b int);
       CREATE FUNCTION blur(pair) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''a pair''';
       CREATE CAST (pair AS text) WITH FUNCTION blur(pair);
       CREATE TABLE one (p pair); INSERT INTO one VALUES ('(1,2)');
       CREATE TABLE other (p pair); INSERT INTO other VALUES ('(1,3)')`,
    );
    const digests = await digestAll(CHAINED);
    expect(digests["public.one"]).not.toBe(digests["public.other"]);
  });

  test("by a byte in a value of two megabytes, of text and of bytes", async () => {
    await runSql(
      database.url,
      `CREATE TABLE one AS SELECT repeat('x', 2000000) AS t, decode(repeat('00', 2000000), 'hex') AS b;
       CREATE TABLE text_differs AS SELECT repeat('x', 1999999) || 'y' AS t, b FROM one;
       CREATE TABLE bytes_differ AS SELECT t, set_byte(b, 1000000, 1) AS b FROM one;
       CREATE TABLE same AS TABLE one`,
    );
    const { "public.one": one, "public.same": same, ...changed } = await digestAll(CHAINED);
    expect(same).toBe(one);
    expect(Object.values(changed)).not.toContain(one);
  });
});

test("a collation that takes different texts for equal does not make their digests equal", async () => {
  await runSql(
    database.url,
    `CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
     CREATE TABLE one (a text COLLATE any_case); INSERT INTO one VALUES ('a');
     CREATE TABLE other (a text COLLATE any_case); INSERT INTO other VALUES ('A')`,
  );
  const digests = await digestAll(CHAINED);
  expect(digests["public.one"]).not.toBe(digests["public.other"]);
});

test("a table of 1600 columns, one without any, and an empty one have digests", async () => {
  const columns = Array.from({ length: 1600 }, (_, index) => `c${index} smallint`).join(", ");
  await runSql(
    database.url,
    `CREATE TABLE wide (${columns}); INSERT INTO wide (c0, c1599) VALUES (1, 2);
     CREATE TABLE also_wide (${columns}); INSERT INTO also_wide (c0, c1598) VALUES (1, 2);
     CREATE TABLE none (); INSERT INTO none DEFAULT VALUES; CREATE TABLE empty (a int)`,
  );
  const digests = await digestAll(CHAINED);
  expect(digests["public.wide"]).toMatch(/^-?[1-9]\d+$/);
  expect(digests["public.also_wide"]).not.toBe(digests["public.wide"]);
  expect(digests).toMatchObject({ "public.none": "0", "public.empty": "0" });
});

test("the digests of lifeboat 0.1 are made as it made them", async () => {
  await runSql(
    database.url,
    `CREATE TABLE t (b text, a int); INSERT INTO t SELECT 'row ' || n, n FROM generate_series(1, 5000) n`,
  );
  const [expected] = await runSql(
    database.url,
    "SELECT sum(hashtextextended(ROW(a, b)::text, 0)::numeric)::text AS digest FROM t",
  );
  expect(await digestAll("postgres-hashtextextended-v1")).toEqual({ "public.t": expected?.["digest"] });
});

test("a method of a newer lifeboat gives no digest, so that only rows are compared", async () => {
  await runSql(database.url, "CREATE TABLE t AS SELECT 1 AS a");
  expect(await digestAll("postgres-something-v9")).toEqual({ "public.t": null });
});
