import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { LimitedUser } from "../../../local-services/clickhouse.ts";
import { compareRestored } from "../../../src/commands/restoring/compare-restored.ts";
import { AppError } from "../../../src/errors.ts";
import { readAccess } from "../../../src/stores/clickhouse/backup/access.ts";
import { writeAccessScript } from "../../../src/stores/clickhouse/backup/access-sql.ts";
import { parseConnection } from "../../../src/stores/clickhouse/server/connection.ts";
import { ClickHouseServer } from "../../../src/stores/clickhouse/server/server.ts";
import { splitStatements } from "../../../src/stores/clickhouse/sql/sql-text.ts";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import {
  createClickHouseTarget,
  createClickHouseThrowaway,
} from "../../../src/stores/clickhouse/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startTestRun } from "../../support/run-context.ts";

/**
 * The engine of these tests keeps users in users.xml alone: it cannot create one. So what a server describes is read
 * from there, and of the script it can be seen that the server takes each statement for a statement.
 */
const SYSTEM = ["GRANT SELECT ON system.parts", "GRANT SELECT ON system.parts_columns"];
const USERS: LimitedUser[] = [
  {
    name: "ann",
    grants: ["GRANT SELECT ON app.*", "REVOKE SELECT ON app.hidden", "GRANT reader"],
    settings: { max_threads: 2 },
    ceilings: { max_threads: 4 },
    policies: [{ table: "app.orders", filter: "id < 5" }],
  },
  { name: "blind", grants: ["GRANT SELECT ON app.*", ...SYSTEM] },
  {
    name: "seeing",
    grants: ["GRANT SELECT ON app.*", "GRANT SHOW ACCESS ON *.*", "GRANT SELECT ON system.*", ...SYSTEM],
  },
];
const run = startTestRun();
let server: Awaited<ReturnType<typeof startClickHouse>>;
let connected: ClickHouseServer;

beforeAll(async () => {
  server = await startClickHouse(USERS, [{ name: "reader", grants: ["GRANT SELECT(id) ON app.orders"] }]);
  connected = await ClickHouseServer.connect(parseConnection(new Secret(server.url), run.redactor), run);
  await connected.run("CREATE DATABASE app");
  await connected.run("CREATE TABLE app.orders (id UInt64) ENGINE = MergeTree ORDER BY id");
});

afterAll(async () => {
  await connected.close();
  await server.stop();
});

function openStore(user: string, access?: true) {
  const url = new Secret(server.url.replace("//lifeboat:", `//${user}:`));
  return createClickHouseStore({ name: "clickhouse", url, databases: ["app"], access }, run);
}

async function checkAs(user: string, access?: true): Promise<string | AppError> {
  const store = openStore(user, access);
  try {
    return await store.check();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    await store.close();
  }
}

test("what the server says of users, roles, grants, quotas, profiles and row policies is in the script, and no hash", async () => {
  const { entities } = await readAccess(connected, ["app"], []);
  const script = writeAccessScript(entities);
  for (const line of [
    /^CREATE SETTINGS PROFILE IF NOT EXISTS `ann`;$/m,
    /^ALTER SETTINGS PROFILE `ann` SETTINGS max_threads = 2 MAX 4/m,
    /^CREATE QUOTA IF NOT EXISTS default KEYED BY user_name TO /m,
    /^CREATE ROLE IF NOT EXISTS `reader`;$/m,
    /^GRANT SELECT\(id\) ON app\.orders TO reader;$/m,
    /^CREATE USER IF NOT EXISTS `ann` IDENTIFIED WITH sha256_hash BY '0{64}' HOST NONE;$/m,
    /^GRANT SELECT ON app\.\* TO ann;$/m,
    /^REVOKE SELECT ON app\.hidden FROM ann;$/m,
    /^GRANT reader TO ann;$/m,
    /^ALTER USER `ann` SETTINGS PROFILE `?ann`?;$/m,
    /^CREATE ROW POLICY IF NOT EXISTS ann ON app\.orders FOR SELECT USING id < 5 .*TO ann;$/m,
  ]) {
    expect(script).toMatch(line);
  }
  expect(script).not.toContain(createHash("sha256").update(server.password).digest("hex"));
  expect(script).not.toContain(server.password);
  expect((await readAccess(connected, ["default"], [])).entities.policies).toEqual([]);
});

test("every statement of the script is one that the server understands", async () => {
  const { entities } = await readAccess(connected, ["app"], []);
  const statements = splitStatements(writeAccessScript(entities));
  expect(statements.length).toBeGreaterThan(10);
  for (const statement of statements) {
    const [answer] = await connected.runAny(`EXPLAIN AST ${statement}`);
    expect(answer, statement).toBeDefined();
  }
  await expect(connected.runAny("EXPLAIN AST CREATE USER a IDENTIFIED TWICE")).rejects.toThrow(
    "Syntax error",
  );
});

test("with access a backup names users of users.xml as left out, and keeps what is left", async () => {
  const sink = new MemorySink();
  const store = openStore("seeing", true);
  const manifest = await store.backup(sink);
  await store.close();
  if (manifest.kind !== "clickhouse") throw new Error("a ClickHouse backup");
  expect(manifest.access).toMatchObject({ profiles: [], quotas: [], roles: [], users: [], policies: [] });
  expect(sink.objects.get(manifest.access!.key)).toBeDefined();
  const left = manifest.leftOut.map(({ what, why }) => `${what}: ${why}`);
  expect(left).toContain("user ann: The server has it from users_xml.");
  expect(left).toContain("role reader: The server has it from users_xml.");
  expect(left.join()).not.toContain("They belong to the server");
});

test("without access a backup keeps none of it and says so", async () => {
  const sink = new MemorySink();
  const store = openStore("blind");
  const manifest = await store.backup(sink);
  await store.close();
  expect(manifest).not.toHaveProperty("access");
  expect([...sink.objects.keys()].join()).not.toContain("access");
  expect(manifest.leftOut.map(({ what }) => what).join()).toContain("users, roles, grants");
});

test("a user who may not see others is refused before a byte, with the GRANT that mends it, and found by a doctor", async () => {
  const refused = await checkAs("blind", true);
  expect(refused).toMatchObject({
    code: "STORE_RIGHTS_MISSING",
    message: expect.stringContaining("may not see other users"),
    hint: expect.stringContaining("GRANT SHOW ACCESS ON *.* TO `blind`"),
  });
  expect(await checkAs("blind")).toContain("database app");
  expect(await checkAs("seeing", true)).toContain("database app");
  const store = openStore("blind", true);
  expect(await store.diagnose()).toContainEqual({
    check: "access",
    state: "bad",
    found: expect.stringContaining("may not see other users"),
    mend: "GRANT SHOW ACCESS ON *.* TO `blind`",
  });
  await store.close();
});

test("a restore applies it only when asked, goes on after a refusal, and names each as a difference", async () => {
  const sink = new MemorySink();
  const store = openStore("seeing", true);
  const backup = await store.backup(sink);
  await store.close();
  if (backup.kind !== "clickhouse") throw new Error("a ClickHouse backup");
  const script =
    "CREATE ROLE IF NOT EXISTS `reader2`;\nCREATE DATABASE IF NOT EXISTS applied;\n-- To let in: ALTER USER `a` IDENTIFIED BY '…'\n";
  const access = await sink.put(
    "access.sql",
    (async function* () {
      yield Buffer.from(script);
    })(),
  );
  const manifest = { ...backup, access: { ...backup.access!, ...access } };
  const isApplied = async (): Promise<boolean> =>
    (await connected.rows("SELECT 1 FROM system.databases WHERE name = 'applied'")).length > 0;
  await connected.run("DROP DATABASE app SYNC");

  const drill = await createClickHouseThrowaway({ store: "clickhouse", url: new Secret(server.url) }, run);
  await drill.restore(manifest, { objects: sink, replace: false, scratchDir: "" });
  await drill.destroy();
  await drill.close();
  expect(await isApplied()).toBe(false);

  const target = createClickHouseTarget({ store: "clickhouse", url: new Secret(server.url) }, run);
  const outcome = await target.restore(manifest, {
    objects: sink,
    replace: false,
    scratchDir: "",
    access: true,
  });
  const { comparison } = compareRestored(manifest, await target.takeInventory(manifest), {}, outcome);
  await target.settle();
  await target.close();
  expect(await isApplied()).toBe(true);
  expect(comparison.differences).toEqual([
    {
      store: "clickhouse",
      kind: "access statement",
      name: "CREATE ROLE IF NOT EXISTS `reader2`",
      expected: "applied",
      found: expect.stringContaining("no writeable access storage"),
    },
  ]);
});
