import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Finding } from "../../../src/finding.ts";
import { diagnosePostgresTarget } from "../../../src/stores/postgres/doctor/diagnose-target.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { usePostgresServers } from "../../support/postgres-servers.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

const PASSWORD = "planted-state-word";
const role = `test_state_${randomBytes(4).toString("hex")}`;
const reader = `test_reader_${randomBytes(4).toString("hex")}`;
const server = usePostgresServers(15);
let database: TestDatabase;

beforeAll(async () => {
  database = await createPostgresDatabase();
  await runSql(
    database.url,
    `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE ${reader};
     CREATE TABLE t (id int); GRANT SELECT ON t TO ${role}, ${reader}`,
  );
});
afterAll(async () => {
  await database.drop();
  await runSql(inject("postgresUrl"), `DROP ROLE ${role}; DROP ROLE ${reader}`);
});

async function findAbout(check: string, url: Secret, run = startToolRun()): Promise<Finding | undefined> {
  const findings = await createPostgresStore({ name: "app", url }, run).diagnose();
  return findings.find((finding) => finding.check === check);
}

test("too few connections are bad, and so is the snapshot that needs them", async () => {
  const url = changeUrl(database.url, { username: role, password: PASSWORD });
  await runSql(database.url, `ALTER ROLE ${role} CONNECTION LIMIT 2`);
  expect(await findAbout("connections", url)).toMatchObject({
    state: "bad",
    found: expect.stringMatching(/^\d of 2 connections are free; a backup takes 4\.$/),
    mend: expect.stringContaining("CONNECTION LIMIT"),
  });
  expect(await findAbout("snapshot", url)).toMatchObject({ state: "bad" });
  await runSql(database.url, `ALTER ROLE ${role} CONNECTION LIMIT -1`);
  expect(await findAbout("connections", url)).toMatchObject({ state: "good" });
  expect(await findAbout("snapshot", url)).toMatchObject({ state: "good" });
});

test.each<[string, number, RegExp]>([
  // The clock stands still while the server's goes on.
  ["ahead of", -7200, /2 h \d+ min ahead of this machine's/],
  ["behind", 7200, /[12] h \d+ min behind this machine's/],
])("a server whose clock is two hours %s this machine's is warned of", async (_, seconds, found) => {
  const clock = new FakeClock(new Date(Date.now() + seconds * 1000).toISOString());
  expect(await findAbout("clock", new Secret(database.url), { ...startToolRun(), clock })).toMatchObject({
    state: "warning",
    found: expect.stringMatching(found),
    mend: expect.stringContaining("clock"),
  });
});

test("no client to be had is bad, with every source that was asked and the line that installs one", async () => {
  await using empty = await Scratch.create();
  const bare = {
    ...startToolRun(),
    toolEnv: { PATH: empty.path }, // neither apt-get nor docker
    cacheDir: empty.path,
  };
  const finding = await findAbout("client", new Secret(database.url), bare);
  expect(finding).toMatchObject({
    state: "bad",
    found: expect.stringMatching(/^No pg_dump of PostgreSQL 17 or later can be had\.\nthis machine: /),
    mend: "apt-get install postgresql-client-17",
  });
});

test("time limits of role and database are named, and lifted", async () => {
  await runSql(
    database.url,
    `ALTER ROLE ${role} SET statement_timeout = '1ms'; ALTER ROLE ${role} SET transaction_timeout = '20ms';
     ALTER ROLE ${role} SET idle_in_transaction_session_timeout = 0;
     ALTER DATABASE ${database.name} SET idle_in_transaction_session_timeout = '1ms'`,
  );
  const url = changeUrl(database.url, { username: role, password: PASSWORD });
  expect(await findAbout("time limits", url)).toEqual({
    check: "time limits",
    state: "good",
    found:
      "Lifted for the sessions of a backup: idle_in_transaction_session_timeout = 1ms (of the database), " +
      `statement_timeout = 1ms (of the role ${role}), transaction_timeout = 20ms (of the role ${role})`,
  });
  await createPostgresStore({ name: "app", url }, startToolRun()).backup(new MemorySink());
  await runSql(database.url, `ALTER ROLE ${role} RESET ALL; ALTER DATABASE ${database.name} RESET ALL`);
  expect(await findAbout("time limits", url)).toMatchObject({ found: "None that would cut a long read" });
});

test("extensions that the target's server lacks are bad, with the packages that bring them", async () => {
  // Stand for extensions whose files this server has not.
  await runSql(
    database.url,
    `SET allow_system_table_mods = on;
     INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     SELECT pg_nextoid('pg_extension', 'oid', 'pg_extension_oid_index'), name, 10, 'public'::regnamespace, false, '1'
     FROM unnest(ARRAY['vector', 'pg_cron', 'our_own']) name`,
  );
  try {
    const findings = await diagnosePostgresTarget(
      { store: "app", url: new Secret(inject("postgresUrl")) },
      { name: "app", url: new Secret(database.url) },
      startToolRun(),
    );
    expect(findings.filter(({ state }) => state === "bad")).toEqual([
      {
        check: "extensions",
        state: "bad",
        found: "The target does not offer our_own, pg_cron, vector.",
        mend: [
          "On its machine: apt-get install postgresql-17-cron postgresql-17-pgvector",
          "Use an image or service that has our_own, or install them there.",
        ].join("\n"),
      },
    ]);
  } finally {
    await runSql(
      database.url,
      "SET allow_system_table_mods = on; DELETE FROM pg_extension WHERE extname IN ('vector', 'pg_cron', 'our_own')",
    );
  }
});

test("a target that is older, and may not make what the source needs, is bad for each", async () => {
  const target = server(15).url;
  await runSql(target, `CREATE ROLE drill LOGIN PASSWORD '${PASSWORD}' CREATEDB`);
  const findings = await diagnosePostgresTarget(
    { store: "app", url: changeUrl(target, { username: "drill", password: PASSWORD }) },
    { name: "app", url: new Secret(database.url) },
    startToolRun(),
  );
  const bad = findings.filter(({ state }) => state === "bad");
  expect(bad).toMatchObject([
    {
      check: "rights",
      found: expect.stringMatching(new RegExp(`may not create the roles .*${reader}`)),
      mend: expect.stringContaining(`CREATE ROLE "${reader}" NOLOGIN;`),
    },
    { check: "version", mend: "Drill on PostgreSQL 17 or later." },
  ]);
  expect(JSON.stringify(findings)).not.toContain(PASSWORD);
});
