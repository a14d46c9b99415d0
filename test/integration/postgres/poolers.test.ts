import { afterAll, beforeAll, expect, test } from "vitest";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { Store } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createPostgresDatabase();
  await runSql(database.url, "CREATE TABLE t AS SELECT 1 AS one");
});

afterAll(() => database.drop());

function storeAt(url: string): Store {
  return createPostgresStore({ name: "app", url: new Secret(url) }, startToolRun());
}

test("a pooler that keeps sessions is as good as the server, though it refuses startup options", async () => {
  const pooler = await startPgBouncer(database.url, "session");
  try {
    const { inventory } = await storeAt(pooler.url).backup(new MemorySink());
    expect(inventory.tables).toMatchObject([{ name: "public.t", rows: 1 }]);
    const [way] = await storeAt(pooler.url).diagnose();
    expect(way).toMatchObject({
      state: "good",
      found: expect.stringContaining("a pooler that keeps sessions"),
    });
  } finally {
    await pooler.stop();
  }
});

test("a pooler in transaction mode is refused, and its sessions are left as they were", async () => {
  const pooler = await startPgBouncer(database.url, "transaction");
  try {
    const sink = new MemorySink();
    await expect(storeAt(pooler.url).backup(sink)).rejects.toMatchObject({
      code: "STORE_UNSUPPORTED",
      message: expect.stringContaining("a pooler in transaction mode"),
      hint: expect.stringContaining("pool_mode = session"),
    });
    expect(sink.objects.size + sink.failures.length).toBe(0);
    const [way] = await storeAt(pooler.url).diagnose();
    expect(way).toMatchObject({ check: "connection", state: "bad" });
    expect(await runSql(pooler.url, "SHOW lock_timeout")).toEqual([{ lock_timeout: "0" }]);
  } finally {
    await pooler.stop();
  }
});

test("without a pooler the way is direct", async () => {
  const [way] = await storeAt(database.url).diagnose();
  expect(way?.found).toMatch(/reached directly$/);
});
