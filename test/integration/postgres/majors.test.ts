import { mkdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostgresMajor } from "../../../local-services/postgres.ts";
import type { BackupResult } from "../../../src/commands/backup.ts";
import type { DrillResult } from "../../../src/commands/drill.ts";
import { parseConfig } from "../../../src/config/config.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { run } from "../../../src/wire/run.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import type { TestRun } from "../../support/run-context.ts";
import { usePostgresServers } from "../../support/postgres-servers.ts";

const MAJORS = [15, 16, 17, 18] as const;
const server = usePostgresServers(...MAJORS);
const manifests = new Map<PostgresMajor, PostgresManifest>();
const warnings = new Map<PostgresMajor, string[]>();
let scratch: Scratch;

/** Runs a command as the command line does, on one folder of backups for each major version. */
async function carryOut(command: string, major: PostgresMajor, options: Record<string, string>) {
  const destination = pathToFileURL(scratch.file(`from-${major}`)).href;
  const toolRun: TestRun = startToolRun();
  const config = parseConfig({ shell: "cli", command, options: { destination, ...options }, env: {} });
  const result = await run(config, { ...toolRun, env: process.env });
  return { result, lines: toolRun.lines };
}

beforeAll(async () => {
  scratch = await Scratch.create();
  const fixture = await readFile(new URL("../../fixtures/postgres-rich.sql", import.meta.url), "utf8");
  for (const major of MAJORS) {
    const url = new URL("/rich", server(major).url).href;
    await mkdir(scratch.file(`from-${major}`));
    await runSql(server(major).url, "CREATE DATABASE rich");
    await runSql(url, fixture);
    const { result, lines } = await carryOut("backup", major, { "postgres-url": url });
    const [manifest] = (result as BackupResult).manifest.stores;
    if (manifest?.kind !== "postgres") throw new Error("the backup holds no Postgres");
    manifests.set(major, manifest);
    warnings.set(
      major,
      lines.filter((line) => line.includes("is newer than the server")),
    );
  }
});

afterAll(() => scratch.remove());

test.each([
  [15, 15],
  [15, 16],
  [16, 16],
  [16, 17],
  [17, 17],
  [17, 18],
  [18, 18],
] as const)("a backup of Postgres %i is proven by a drill on %i", async (from, to) => {
  const { result } = await carryOut("drill", from, {
    "target-postgres-url": server(to).url,
    "report-dir": scratch.file("reports"),
  });
  const { record } = result as DrillResult;
  expect(record.reasons).toEqual([]);
  expect(record.verdict).toBe("proven");
});

test("the same rows have the same digests on every version", () => {
  const expected = manifests.get(15)?.inventory.tables;
  expect(expected?.length).toBe(14);
  for (const major of MAJORS) expect(manifests.get(major)?.inventory.tables).toEqual(expected);
});

test("a client newer than the server is told of, and written in the manifest", () => {
  for (const major of MAJORS) {
    const { tool, toolNote, server: described } = manifests.get(major)!;
    expect(described.version).toMatch(new RegExp(`^${major}\\.`));
    const isExact = new RegExp(`^pg_dump \\(PostgreSQL\\) ${major}\\.`).test(tool);
    expect(toolNote === undefined).toBe(isExact);
    expect(warnings.get(major)).toEqual(isExact ? [] : [expect.stringContaining(toolNote!)]);
  }
});
