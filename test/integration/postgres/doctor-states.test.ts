import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Finding } from "../../../src/finding.ts";
import { diagnosePostgresTarget } from "../../../src/stores/postgres/diagnose-target.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { FakeClock } from "../../support/fake-clock.ts";
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
  ["ahead of", -3600, /1 h 0 min ahead of this machine's/],
  ["behind", 3600, /1 h 0 min behind this machine's/],
])("a server whose clock is an hour %s this machine's is warned of", async (_, seconds, found) => {
  const clock = new FakeClock(new Date(Date.now() + seconds * 1000).toISOString());
  expect(await findAbout("clock", new Secret(database.url), { ...startToolRun(), clock })).toMatchObject({
    state: "warning",
    found: expect.stringMatching(found),
    mend: expect.stringContaining("clock"),
  });
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
