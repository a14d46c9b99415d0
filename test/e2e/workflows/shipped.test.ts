import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Repository, Trigger } from "../../support/rehearsal/repository.ts";
import { findJob, findStep, tell } from "../../support/rehearsal/finished-run.ts";
import type { StepResult } from "../../support/rehearsal/job-run.ts";
import type { RunResult } from "../../support/rehearsal/workflow-run.ts";
import { openNoticeBoard } from "../../support/notice-board.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import { runSql } from "../../support/postgres-databases.ts";
import { ProductSite, start } from "./product-repository.ts";

const NIGHTLY: Trigger = { event: "schedule", payload: { schedule: "17 2 * * *" } };
const CATCH_UP: Trigger = { event: "schedule", payload: { schedule: "47 6 * * *" } };

let site: ProductSite;
let repository: Repository;
let nightly: Promise<RunResult> | undefined;

beforeAll(async () => {
  site = await ProductSite.create();
  repository = await site.createRepository();
});
afterAll(() => site[Symbol.asyncDispose]());

/** The nightly backup: made once, for all tests that need one to be there. */
async function backUp(): Promise<RunResult> {
  nightly ??= start(repository, "nightly-backup", NIGHTLY).finished;
  const backup = await nightly;
  expect(backup.conclusion, tell(backup)).toBe("success");
  return backup;
}

/** A summary without what Markdown needs. */
const readText = ({ summary }: StepResult): string => summary.replaceAll("\\", "");

const readError = ({ annotations }: StepResult): string | undefined =>
  annotations.find(({ level }) => level === "error")?.message;

describe("the shipped workflows", () => {
  test("the catch-up backs up when the night was missed, and does nothing when it was not", async () => {
    const missed = await start(repository, "nightly-backup", CATCH_UP).finished;
    expect(missed.conclusion, tell(missed)).toBe("success");
    expect(findStep(missed, "backup/backup", "Is a backup due?")).toMatchObject({
      outcome: "failure",
      conclusion: "success",
    });
    const [, id] =
      /Backup (\S+) is complete/.exec(findStep(missed, "backup/backup", "Back up").summary) ?? [];
    expect(findJob(missed, "backup").outputs).toEqual({ "backup-id": id });

    const fresh = await start(repository, "nightly-backup", CATCH_UP).finished;
    expect(fresh.conclusion, tell(fresh)).toBe("success");
    expect(findStep(fresh, "backup/backup", "Back up").outcome).toBe("skipped");
    expect(findJob(fresh, "backup").outputs).toEqual({ "backup-id": "" });
  });

  test("a nightly backup is drilled in the versions it was taken from, and then freshness is green", async () => {
    const backup = await backUp();
    const drill = await start(repository, "weekly-drill").finished;
    expect(drill.conclusion, tell(drill)).toBe("success");
    expect(findJob(drill, "drill").outputs).toEqual({
      "backup-id": findJob(backup, "backup").outputs["backup-id"],
      verdict: "proven",
    });
    expect(findJob(drill, "drill/drill").orphans).toEqual([]);
    const freshness = await start(repository, "freshness").finished;
    expect(freshness.conclusion, tell(freshness)).toBe("success");

    const seen = [backup, drill, freshness].map((run) => tell(run)).join("\n");
    for (const secret of Object.values(site.secrets)) expect(seen).not.toContain(secret);
    expect(seen).not.toContain("session-of-the-role");
  });

  test("pruning by hand is a dry run unless told otherwise, and by schedule it is none", async () => {
    await start(repository, "nightly-backup", NIGHTLY).finished;
    const prune = async (trigger: Trigger): Promise<string> => {
      const run = await start(repository, "prune", trigger).finished;
      expect(run.conclusion, tell(run)).toBe("success");
      return readText(findStep(run, "prune", "Prune"));
    };
    expect(await prune({ event: "workflow_dispatch" })).toMatch(/backups? would be removed/);
    const really = { event: "workflow_dispatch", inputs: { "dry-run": false } } as const;
    expect(await prune(really)).toMatch(/backups? (?:is|are) removed/);
    expect(await prune({ event: "schedule", payload: { schedule: "23 9 * * 0" } })).toMatch(
      /backups? (?:is|are) removed/,
    );
  });

  test("a drill under a wrong ENCRYPTION_KEY is red", async () => {
    await backUp();
    const wrong = Buffer.alloc(32, 7).toString("base64");
    const other = await site.createRepository({ secrets: { ENCRYPTION_KEY: wrong } });
    const drill = await start(other, "weekly-drill").finished;
    expect(drill.conclusion, tell(drill)).toBe("failure");
    expect(readText(findStep(drill, "drill/drill", "Drill"))).toContain('Step "provider keys" failed');
    expect(tell(drill)).not.toContain(wrong);
  });

  test("a drill without its ENCRYPTION_KEY names the secret", async () => {
    await backUp();
    const other = await site.createRepository({ without: ["ENCRYPTION_KEY"] });
    const drill = await start(other, "weekly-drill").finished;
    expect(drill.conclusion, tell(drill)).toBe("failure");
    const step = findStep(drill, "drill/drill", "Drill");
    expect(step.status, step.log).toBe(2);
    expect(readError(step)).toContain("ENCRYPTION_KEY, which is not set or empty");
  });

  test("freshness is red when the newest backup is older than the RPO", async () => {
    await backUp();
    await using board = await openNoticeBoard();
    const strict = await site.createRepository({
      objectives: { rpo: "1s" },
      secrets: { SLACK_WEBHOOK: `${board.url}/slack` },
    });
    const freshness = await start(strict, "freshness").finished;
    expect(freshness.conclusion, tell(freshness)).toBe("failure");
    const status = findStep(freshness, "look/look", "Status");
    expect(status.status, status.log).toBe(6);
    expect(readText(status)).toContain("the objective (RPO) is");
    expect(board.received.map(({ path }) => path)).toEqual(["/slack"]);
  });
});

describe("the restore workflow", () => {
  test("says what would happen, changes nothing, and then restores: staging first", async () => {
    const [staging, production] = await Promise.all([createPostgresDatabase(), createPostgresDatabase()]);
    onTestFinished(async () => void (await Promise.all([staging.drop(), production.drop()])));
    await runSql(production.url, "CREATE TABLE leftover (n int)");
    const restoring = await site.createRepository({
      settings: {
        environments: {
          "restore-staging": { secrets: { TARGET_POSTGRES_URL: staging.url } },
          "restore-production": { secrets: { TARGET_POSTGRES_URL: production.url } },
        },
      },
    });
    await backUp();
    const tables = async (url: string): Promise<unknown[]> =>
      (
        await runSql(
          url,
          "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
        )
      ).map(({ table_name: name }) => name);
    const inputs = {
      target: "production",
      confirm: "production",
      stores: "postgres",
      replace: production.name,
    };

    const dry = await start(restoring, "restore", {
      event: "workflow_dispatch",
      inputs: { ...inputs, confirm: "", "dry-run": true },
    }).finished;
    expect(dry.conclusion, tell(dry)).toBe("success");
    const summary = readText(findStep(dry, "production", "Restore into production"));
    expect(summary).toMatch(/^## 🔍 Backup \S+ would be restored; nothing was changed/);
    expect(summary).toMatch(new RegExp(`in ${production.name} at \\S+, this would be replaced: .*leftover`));
    expect(await tables(staging.url)).toEqual([]);
    expect(await tables(production.url)).toEqual(["leftover"]);

    const mistyped = await start(restoring, "restore", {
      event: "workflow_dispatch",
      inputs: { ...inputs, confirm: "prod", "dry-run": false },
    }).finished;
    expect(mistyped.conclusion).toBe("failure");
    expect(findJob(mistyped, "staging").steps[0]?.annotations[0]?.message).toContain(
      "Type out the target's name",
    );
    expect(findJob(mistyped, "production").result).toBe("skipped");

    const real = await start(restoring, "restore", {
      event: "workflow_dispatch",
      inputs: { ...inputs, "dry-run": false },
    }).finished;
    expect(real.conclusion, tell(real)).toBe("success");
    expect(findJob(real, "production").environment).toBe("restore-production");
    const source = await tables(site.stores.addresses.postgresUrl);
    expect(await tables(staging.url)).toEqual(source);
    expect(await tables(production.url)).toEqual(source);

    const again = await start(restoring, "restore", {
      event: "workflow_dispatch",
      inputs: { ...inputs, replace: "", target: "staging", confirm: "staging", "dry-run": false },
    }).finished;
    expect(again.conclusion).toBe("failure");
    expect(readError(findStep(again, "staging", "Restore into staging"))).toContain("is not empty");
  });
});
