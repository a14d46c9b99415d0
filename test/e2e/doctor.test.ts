import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { DoctorResult } from "../../src/commands/doctor.ts";
import { Machine } from "../support/cli.ts";
import { changeUrl, runSql } from "../support/postgres-databases.ts";
import { createPostgresDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";

const PASSWORD = "planted-d0ctor-word";
const role = `test_doctor_${randomBytes(4).toString("hex")}`;
let database: TestDatabase;
let limited: string;
let machine: Machine;
let destination: string[];

beforeAll(async () => {
  database = await createPostgresDatabase();
  await runSql(
    database.url,
    `CREATE TABLE closed (id int); CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`,
  );
  limited = changeUrl(database.url, { username: role, password: PASSWORD }).reveal();
});

afterAll(async () => {
  await database.drop();
  await runSql(inject("postgresUrl"), `DROP ROLE ${role}`);
});

beforeEach(async () => {
  machine = await Machine.create();
  const folder = join(machine.folder, "backups");
  await mkdir(folder);
  destination = ["--destination", pathToFileURL(folder).href];
});

test("a sound configuration is good, and the document says of every subject what was found", async () => {
  const run = await machine.run(
    ...["doctor", ...destination, "--postgres-url", database.url],
    ...["--target-postgres-url", inject("postgresUrl")],
  );
  expect(run.status, run.stdout).toBe(0);
  const { verdict, subjects } = run.json as DoctorResult;
  expect(verdict).not.toBe("bad");
  expect(subjects.map(({ kind }) => kind)).toEqual(["destination", "store", "target"]);
  for (const { findings } of subjects) {
    for (const finding of findings) {
      expect(Object.keys(finding).sort()).toEqual(
        finding.state === "good" ? ["check", "found", "state"] : ["check", "found", "mend", "state"],
      );
    }
  }
  const checks = subjects[1]?.findings.map(({ check }) => check);
  expect(checks).toEqual(
    expect.arrayContaining([
      "connection",
      "encryption",
      "client",
      "rights",
      "snapshot",
      "connections",
      "clock",
      "size",
    ]),
  );
});

test("everything bad is told at once, each with its mending line, without the password, and ends with 4", async () => {
  const args = ["doctor", "--destination", "file:///nowhere/at/all", "--postgres-url", limited];
  args.push("--target-postgres-url", limited);
  const run = await machine.run(...args);
  expect(run.status).toBe(4);
  const { verdict, subjects } = run.json as DoctorResult;
  expect(verdict).toBe("bad");
  const mending = subjects.map(({ findings }) =>
    findings.flatMap(({ state, mend }) => (state === "bad" ? [mend] : [])),
  );
  expect(mending[0]).toHaveLength(1);
  expect(mending[1]).toEqual([`GRANT SELECT ON TABLE "public"."closed" TO "${role}";`]);
  expect(mending[2]).toEqual([`ALTER ROLE "${role}" CREATEDB;`]);
  const text = await machine.runText(...args);
  for (const mend of mending.flat()) expect(text.stdout).toContain(`→ ${mend}`);
  expect(run.stdout + run.stderr + text.stdout + text.stderr).not.toContain(PASSWORD);
});

test("every problem of the configuration is told, and ends with 2", async () => {
  const { status, json } = await machine.run("doctor", "--postgres-url", "mysql://x");
  expect(status).toBe(2);
  expect(json.error?.reason).toMatch(/destination/i);
  expect(json.error?.reason).toMatch(/--postgres-url starts with mysql/);
});
