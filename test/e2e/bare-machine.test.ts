import { chown, cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { runTool } from "../../src/sys/exec.ts";
import { Redactor } from "../../src/sys/secret.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { createRichDatabase } from "../support/postgres-databases.ts";
import type { TestDatabase } from "../support/services.ts";

/** The user with the fewest rights. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

let database: TestDatabase;
let home: Scratch;

beforeEach(async () => {
  database = await createRichDatabase();
  home = await Scratch.create();
  await cp(inject("bundleDir"), home.path, { recursive: true });
  for (const folder of ["backups", "tmp"]) await mkdir(home.file(folder));
  const paths = ["", "cli.cjs", "backups", "tmp"].map((name) => join(home.path, name));
  if (isRoot) for (const path of paths) await chown(path, NOBODY, NOBODY);
});
afterEach(async () => {
  await database.drop();
  await home.remove();
});

/** The shipped command line, as a user without rights, on a machine where PATH has no Postgres client of this version. */
async function backUp(): Promise<string> {
  const args = [home.file("cli.cjs"), "backup", "--destination", `file://${home.file("backups")}`];
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home.path,
    TMPDIR: home.file("tmp"),
    XDG_CACHE_HOME: home.file("cache"),
    LIFEBOAT_POSTGRES_URL: database.url,
  };
  const drop = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
  const { stderr } = await runTool(
    isRoot
      ? { file: "setpriv", args: [...drop, process.execPath, ...args], env }
      : { file: process.execPath, args, env },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
  return stderr;
}

test("a machine without a Postgres client gets the right one without root, and keeps it for the next run", async () => {
  const first = await backUp();
  expect(first).toContain("Fetching postgresql-client-17");
  expect(first).toMatch(/with pg_dump \(PostgreSQL\) 17\./);
  const cached = await readdir(home.file("cache/lifeboat/apt"));

  const second = await backUp();
  expect(second).not.toContain("Fetching");
  expect(second).toMatch(/with pg_dump \(PostgreSQL\) 17\./);
  expect(await readdir(home.file("cache/lifeboat/apt"))).toEqual(cached);
});
