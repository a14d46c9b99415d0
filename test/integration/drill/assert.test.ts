import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildAssertStep } from "../../../src/drill/steps/assert.ts";
import type { AssertStepOptions, Expectation } from "../../../src/drill/steps/assert.ts";
import { performSteps } from "../../../src/drill/steps/perform.ts";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import type { Target } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

/** Roles belong to the whole server, which other tests use too. */
const ROLE = "lifeboat_test_tenant";
const run = startToolRun();
const databases: TestDatabase[] = [];
const targets = new Map<string, Target>();

beforeAll(async () => {
  const app = await createPostgresDatabase();
  const log = await createClickHouseDatabase();
  databases.push(app, log);
  await runSql(
    app.url,
    `DO $$ BEGIN CREATE ROLE ${ROLE}; EXCEPTION WHEN duplicate_object THEN END $$;
     CREATE TABLE orders (tenant text, total bigint);
     INSERT INTO orders SELECT CASE WHEN n <= 3 THEN 'a' ELSE 'b' END, n FROM generate_series(1, 10) n;
     GRANT SELECT ON orders TO ${ROLE};
     ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
     CREATE POLICY own_rows ON orders TO ${ROLE}
       USING (tenant = current_setting('request.jwt.claims')::json ->> 'tenant');`,
  );
  targets.set("app", createPostgresTarget({ store: "app", url: new Secret(app.url) }, run));
  targets.set("log", createClickHouseTarget({ store: "log", url: new Secret(log.url) }, run));
});
afterAll(async () => {
  for (const target of targets.values()) await target.close();
  const [app] = databases;
  if (app) await runSql(app.url, `DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`);
  for (const database of databases) await database.drop();
});

async function check(
  store: string,
  query: string,
  expectation: Expectation,
  as?: AssertStepOptions["as"],
): Promise<string | undefined> {
  const step = buildAssertStep({
    name: "c",
    store,
    query,
    expect: expectation,
    ...(as && { as }),
    timeoutMs: 60_000,
  });
  const [result] = await performSteps([step], { ...run, targets });
  return result?.reason;
}

describe("in Postgres", () => {
  const asTenant = (tenant: string): AssertStepOptions["as"] => ({
    role: ROLE,
    settings: { "request.jwt.claims": JSON.stringify({ tenant }) },
  });

  test("a policy hides one tenant's rows from another", async () => {
    const count = "SELECT count(*) FROM orders";
    expect(await check("app", count, { kind: "equals", value: 10 })).toBe("");
    expect(await check("app", count, { kind: "equals", value: 3 }, asTenant("a"))).toBe("");
    expect(await check("app", count, { kind: "equals", value: 0 }, asTenant("c'; --"))).toBe("");
    const foreign = "SELECT * FROM orders WHERE tenant <> 'a'";
    expect(await check("app", foreign, { kind: "none" }, asTenant("a"))).toBe("");
    expect(await check("app", foreign, { kind: "none" })).toBe("Expected no row, found 7 rows.");
  });

  test("that the policy is gone is noticed", async () => {
    const foreign = "SELECT * FROM orders WHERE tenant <> 'a'";
    const url = databases[0]?.url ?? "";
    await runSql(url, "ALTER TABLE orders DISABLE ROW LEVEL SECURITY");
    const reason = await check("app", foreign, { kind: "none" }, asTenant("a"));
    await runSql(url, "ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
    expect(reason).toBe("Expected no row, found 7 rows.");
  });

  test("large numbers, sums and several statements", async () => {
    const query = "SET search_path TO public; SELECT sum(total) FROM orders";
    expect(await check("app", query, { kind: "equals", value: 55 })).toBe("");
    expect(await check("app", query, { kind: "between", low: 50, high: 60 })).toBe("");
    expect(await check("app", query, { kind: "at-least", value: 56 })).toBe(
      "Expected at least 56, found 55.",
    );
  });

  test("a role that does not exist, and a wrong query, fail in the server's words", async () => {
    const nobody = { role: "no_such_role" };
    expect(await check("app", "SELECT 1", { kind: "none" }, nobody)).toContain(
      'role "no_such_role" does not exist',
    );
    expect(await check("app", "SELECT nothing", { kind: "none" })).toContain(
      'column "nothing" does not exist',
    );
  });
});

describe("in ClickHouse", () => {
  test("64-bit counts are numbers", async () => {
    const query = "SELECT count() FROM numbers(5)";
    expect(await check("log", query, { kind: "equals", value: 5 })).toBe("");
    expect(await check("log", query, { kind: "at-most", value: 4 })).toBe("Expected at most 4, found 5.");
    expect(await check("log", "SELECT 1 WHERE 0", { kind: "none" })).toBe("");
  });

  test("a role is refused", async () => {
    const reason = await check("log", "SELECT 1", { kind: "none" }, { role: "x" });
    expect(reason).toBe("A query on ClickHouse cannot be run as another role here.");
  });
});
