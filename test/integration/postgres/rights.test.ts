import { randomBytes } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import type { Finding } from "../../../src/finding.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import type { PostgresStoreOptions } from "../../../src/stores/postgres/store.ts";
import type { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { usePostgresServers } from "../../support/postgres-servers.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

const PASSWORD = "planted-role-word";
/** Needs quotes wherever it stands. */
const role = `test "Role" ${randomBytes(4).toString("hex")}`;
const quoted = `"${role.replaceAll('"', '""')}"`;
const owner = `test_owner_${randomBytes(4).toString("hex")}`;
// A role that stands for a provider changes what every test of the server is told.
const server = usePostgresServers(17);
let database: TestDatabase;
let url: Secret;

beforeAll(async () => {
  database = await createPostgresDatabase(server(17).url);
  await runSql(
    database.url,
    `CREATE ROLE ${quoted} LOGIN PASSWORD '${PASSWORD}';
     CREATE ROLE ${owner};
     CREATE TABLE open (id int); GRANT SELECT ON open TO ${quoted};
     CREATE TABLE "Kein Zugriff" (id int);
     CREATE SEQUENCE "Nr"; CREATE SCHEMA "Zu"; CREATE TABLE "Zu".inside (id int);
     GRANT SELECT ON "Zu".inside TO ${quoted};
     CREATE TABLE hidden (id int); GRANT SELECT ON hidden TO ${quoted};
     ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
     CREATE TABLE forced (id int); ALTER TABLE forced OWNER TO ${quoted};
     ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
     SELECT lo_from_bytea(0, 'large');
     -- what holds no rows of its own asks for no right, nor does a partition for another than its own
     CREATE VIEW no_view AS SELECT 1 AS one; CREATE MATERIALIZED VIEW no_matview AS SELECT 1 AS one;
     CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
     CREATE FOREIGN TABLE no_foreign (id int) SERVER elsewhere;
     CREATE TABLE parted (id int) PARTITION BY RANGE (id);
     CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9);
     GRANT SELECT ON parted, part TO ${quoted}`,
  );
  url = changeUrl(database.url, { username: encodeURIComponent(role), password: PASSWORD });
});

function storeOf(options: Partial<PostgresStoreOptions> = {}): ReturnType<typeof createPostgresStore> {
  return createPostgresStore({ name: "app", url, ...options }, startToolRun());
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof AppError) return error;
  throw new Error("it did not fail");
}

async function rightsOf(): Promise<Finding[]> {
  return (await storeOf().diagnose()).filter(({ check }) => check === "rights");
}

test("all that the role may not read is named at once, before a byte is written, and nothing else is", async () => {
  const sink = new MemorySink();
  const error = await failureOf(storeOf().backup(sink));
  expect(error.code).toBe("STORE_RIGHTS_MISSING");
  expect(sink.objects.size + sink.failures.length).toBe(0);
  for (const named of [
    "public.Kein Zugriff",
    "public.Nr",
    "Zu.inside",
    "public.hidden",
    "public.forced",
    "large object",
  ]) {
    expect(error.message).toContain(named);
  }
  for (const harmless of ["open", "no_view", "no_matview", "no_foreign", "part"]) {
    expect(error.message).not.toContain(harmless);
  }
});

test("what is left out of the backup is not demanded", async () => {
  const error = await failureOf(storeOf({ excludeSchemas: ["Zu"] }).check());
  expect(error.message).not.toContain("Zu.inside");
  const scope = { excludeTables: ["public.hidden"], excludeData: ["public.forced"], largeObjects: false };
  const narrowed = await failureOf(storeOf({ scope }).check());
  expect(narrowed.message).not.toMatch(/hidden|forced|large object/);
});

test("doctor gives each lack with the statements that mend it, and these do", async () => {
  const findings = await rightsOf();
  expect(findings.map(({ state }) => state)).toEqual(["bad", "bad", "bad"]);
  for (const { mend = "" } of findings) await runSql(database.url, mend);
  expect(await rightsOf()).toEqual([
    { check: "rights", state: "good", found: `${role} may read everything that is backed up` },
  ]);
  const manifest = await storeOf().backup(new MemorySink());
  expect(manifest.inventory.tables.map(({ name }) => name)).toContain("public.Kein Zugriff");
  await runSql(database.url, `ALTER ROLE ${quoted} NOBYPASSRLS`);
});

test("where nobody can give BYPASSRLS, belonging to the owner mends it", async () => {
  await runSql(database.url, `ALTER TABLE hidden OWNER TO ${owner}`);
  await runSql(database.url, "CREATE ROLE rds_superuser");
  try {
    const [finding] = await rightsOf();
    expect(finding?.mend).not.toContain("BYPASSRLS");
    expect(finding?.mend).toContain(`GRANT ${owner} TO ${quoted};`);
    await runSql(database.url, finding?.mend ?? "");
    expect(await rightsOf()).toMatchObject([{ state: "good" }]);
  } finally {
    await runSql(database.url, "DROP ROLE rds_superuser");
  }
});

test("the role's own time limits do not cut a backup, nor do the database's", async () => {
  await runSql(
    database.url,
    `ALTER ROLE ${quoted} BYPASSRLS; ALTER ROLE ${quoted} SET statement_timeout = '1ms';
     ALTER ROLE ${quoted} SET idle_in_transaction_session_timeout = '1ms';
     ALTER ROLE ${quoted} SET transaction_timeout = '20ms'; ALTER ROLE ${quoted} SET idle_session_timeout = '1ms'`,
  );
  await storeOf().backup(new MemorySink());
  const limits = (await storeOf().diagnose()).find(({ check }) => check === "time limits");
  expect(limits).toMatchObject({ state: "good" });
});
