import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Machine } from "../../support/cli.ts";
import { findStep } from "../../support/rehearsal/finished-run.ts";
import type { StepResult } from "../../support/rehearsal/job-run.ts";
import type { Trigger } from "../../support/rehearsal/repository.ts";
import type { RunResult } from "../../support/rehearsal/workflow-run.ts";
import { ProductSite, start } from "./product-repository.ts";

const MIGRATIONS = "examples/llm-proxy/migrations";
const pull = (fork: boolean): Trigger => ({
  event: "pull_request",
  payload: { number: 7, pull_request: { number: 7, head: { repo: { fork } } } },
  fromFork: fork,
});

let site: ProductSite;

beforeAll(async () => {
  site = await ProductSite.create();
  const repository = await site.createRepository();
  const { conclusion } = await start(repository, "nightly-backup").finished;
  expect(conclusion).toBe("success");
});
afterAll(() => site[Symbol.asyncDispose]());

/** The pull request's check, and its step that tries the migrations. */
async function check(
  files: Record<string, string>,
  trigger = pull(false),
): Promise<{ run: RunResult; step: StepResult; summary: string }> {
  const run = await start(await site.createRepository({ files }), "restore-check", trigger).finished;
  const step = findStep(run, "check/check", "Try the migrations");
  return { run, step, summary: step.summary.replaceAll("\\", "") };
}

describe("the check of a pull request", () => {
  test("is green for migrations that lose nothing, and tells what they change", async () => {
    const { run, summary } = await check({
      [`${MIGRATIONS}/postgres/0003_invoices.sql`]: "CREATE TABLE invoices (id int PRIMARY KEY);",
      [`${MIGRATIONS}/clickhouse/0003_cost.sql`]: "ALTER TABLE requests ADD COLUMN cost Float64;",
    });
    expect(run.conclusion, summary).toBe("success");
    expect(run.jobs["check/check"]?.outputs).toEqual({ verdict: "proven" });
    expect(summary).toContain("table public.invoices is new");
    expect(summary).not.toContain("chat through the application");
  });

  test("is red for a migration that fails on the rows of the backup", async () => {
    const { run, summary } = await check({
      [`${MIGRATIONS}/postgres/0003_unique.sql`]: "ALTER TABLE provider_keys ADD UNIQUE (provider);",
    });
    expect(run.conclusion).toBe("failure");
    expect(summary).toContain('Step "migrations" failed');
  });

  test("is red for a migration that loses rows, and names the table", async () => {
    const { run, step, summary } = await check({
      [`${MIGRATIONS}/clickhouse/0003_short_log.sql`]: "TRUNCATE TABLE requests;",
    });
    expect(run.conclusion).toBe("failure");
    expect(summary).toMatch(/Rows were lost: 50000 of \S*\.requests/);
    expect(step.annotations.map(({ message }) => message).join()).toContain("Rows were lost");
  });
});

test("a fork's pull request is checked without secrets, on the backup in the repository", async () => {
  const scratch = await Scratch.create();
  try {
    // As its operator makes it: of a development database, with rows that anybody may see.
    const { addresses } = site.stores;
    const machine = await Machine.create({
      LIFEBOAT_POSTGRES_URL: addresses.postgresUrl,
      LIFEBOAT_CLICKHOUSE_URL: addresses.clickhouseUrl,
    });
    const { status, stderr } = await machine.run(
      "backup",
      "--destination",
      `file://${scratch.path}`,
      "--name",
      "llm-proxy",
    );
    expect(status, stderr).toBe(0);
    const repository = await site.createRepository({
      files: {
        [`${MIGRATIONS}/postgres/0003_invoices.sql`]: "CREATE TABLE invoices (id int PRIMARY KEY);",
      },
    });
    const missing = await start(repository, "restore-check", pull(true)).finished;
    expect(missing.conclusion).toBe("failure");
    const told = missing.jobs["check/plan"]?.steps.flatMap(({ annotations }) => annotations);
    expect(told?.map(({ message }) => message).join()).toContain("fixtures/backup");

    await cp(scratch.path, join(repository.settings.files, "fixtures/backup"), { recursive: true });
    const run = await start(repository, "restore-check", pull(true)).finished;
    expect(run.conclusion, JSON.stringify(run.jobs, null, 2)).toBe("success");
    const seen = JSON.stringify(run.jobs);
    expect(seen).toContain("table public.invoices is new");
    for (const secret of Object.values(site.secrets)) expect(seen).not.toContain(secret);
  } finally {
    await scratch.remove();
  }
});
