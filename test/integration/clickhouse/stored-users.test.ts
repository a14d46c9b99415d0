import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { applyAccess } from "../../../src/stores/clickhouse/restore/access-restore.ts";
import { readAccess } from "../../../src/stores/clickhouse/backup/access.ts";
import { writeAccessScript } from "../../../src/stores/clickhouse/backup/access-sql.ts";
import { parseConnection } from "../../../src/stores/clickhouse/server/connection.ts";
import { ClickHouseServer } from "../../../src/stores/clickhouse/server/server.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { buildClickHouseManifest } from "../../support/builders.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";

/** The engine that the tests start themselves reads users from a file and has no code that stores any. */
const storesUsers = process.env["LIFEBOAT_TEST_CLICKHOUSE_URL"] !== undefined;
const run = startTestRun();
let server: ClickHouseServer;

beforeAll(async () => {
  server = await ClickHouseServer.connect(
    parseConnection(new Secret(inject("clickhouseUrl")), run.redactor),
    run,
  );
});
afterAll(() => server.close());

async function describe(statements: readonly string[]): Promise<string[][]> {
  const described: string[][] = [];
  for (const statement of statements) {
    described.push((await server.runAny(statement)).map((row) => String(Object.values(row)[0])).sort());
  }
  return described;
}

async function comeBack(): Promise<void> {
  const mark = randomBytes(6).toString("hex");
  const [database, profile, role, user, quota, policy] = ["d", "p", "r", "u", "q", "y"].map(
    (kind) => `test_${kind}_${mark}`,
  ) as [string, string, string, string, string, string];
  await server.run(`CREATE DATABASE ${database}`);
  await server.run(`CREATE TABLE ${database}.t (id UInt64) ENGINE = MergeTree ORDER BY id`);
  for (const statement of [
    `CREATE SETTINGS PROFILE ${profile} SETTINGS max_threads = 2 MAX 4`,
    `CREATE ROLE ${role} SETTINGS PROFILE ${profile}`,
    `GRANT SELECT(id) ON ${database}.t TO ${role}`,
    `CREATE USER ${user} IDENTIFIED BY 'planted-word' HOST LOCAL SETTINGS max_memory_usage = 5000000000`,
    `GRANT ${role} TO ${user}`,
    `ALTER USER ${user} DEFAULT ROLE ${role}`,
    `GRANT SELECT ON ${database}.* TO ${user} WITH GRANT OPTION`,
    `REVOKE SELECT ON ${database}.hidden FROM ${user}`,
    `CREATE QUOTA ${quota} FOR INTERVAL 1 hour MAX queries = 100 TO ${user}`,
    `CREATE ROW POLICY ${policy} ON ${database}.t USING id < 5 TO ${user}`,
  ]) {
    await server.run(statement);
  }
  const dropAll = async (): Promise<void> => {
    await server.run(`DROP ROW POLICY IF EXISTS ${policy} ON ${database}.t`);
    for (const [kind, name] of [
      ["QUOTA", quota],
      ["USER", user],
      ["ROLE", role],
      ["SETTINGS PROFILE", profile],
    ]) {
      await server.run(`DROP ${kind} IF EXISTS ${name}`);
    }
  };
  try {
    const seen = [
      `SHOW CREATE SETTINGS PROFILE ${profile}`,
      `SHOW CREATE ROLE ${role}`,
      `SHOW CREATE QUOTA ${quota}`,
      `SHOW CREATE ROW POLICY ${policy} ON ${database}.t`,
      `SHOW GRANTS FOR ${role}`,
      `SHOW GRANTS FOR ${user}`,
    ];
    const before = await describe(seen);
    const { entities } = await readAccess(server, [database]);
    const script = writeAccessScript(entities);
    expect(script).not.toContain("planted-word");
    await dropAll();

    const sink = new MemorySink();
    const stored = await sink.put(
      "access.sql",
      (async function* () {
        yield Buffer.from(script);
      })(),
    );
    const access = { ...stored, profiles: [], quotas: [], roles: [], users: [], policies: [] };
    // What is there already stays: the second time finds all of it.
    for (let time = 1; time <= 2; time += 1) {
      expect(await applyAccess(server, buildClickHouseManifest({ access }), sink)).toEqual([]);
      expect(await describe(seen)).toEqual(before);
    }
    const [[created] = []] = await describe([`SHOW CREATE USER ${user}`]);
    expect(created).toMatch(/HOST NONE/);
    expect(created).toContain(`DEFAULT ROLE ${role}`);
    expect(created).toContain("max_memory_usage = 5000000000");
  } finally {
    await dropAll();
    await server.run(`DROP DATABASE ${database} SYNC`);
  }
}

if (storesUsers) {
  test(
    "users, roles, grants, quotas, profiles and row policies come back on a server that stores them",
    comeBack,
  );
} else {
  test("the engine stores no users, so only a server of its own can take the whole file", async () => {
    await expect(server.run("CREATE ROLE test_never")).rejects.toThrow("no writeable access storage");
  });
}
