import { afterAll, beforeAll, expect, test } from "vitest";
import { DrillSite, expectReasons } from "../../support/drill-site.ts";
import type { DrillFile } from "../../support/drill-site.ts";
import { fillLlmProxy } from "../../support/llm-proxy.ts";

const CHANGES = "what the migrations changed";

let site: DrillSite;
beforeAll(async () => {
  site = await DrillSite.create(fillLlmProxy);
});
afterAll(() => site[Symbol.asyncDispose]());

/** Migrations of a pull request, tried by themselves. */
async function tryMigrations(
  statements: { store: string; sql: string }[],
  changes: object = {},
): ReturnType<DrillSite["drill"]> {
  return await site.drill({
    options: { until: CHANGES },
    env: { ENCRYPTION_KEY: "" }, // the steps after it need the key, and these do not
    edit: (file: DrillFile) => {
      const position = file.drill.steps.findIndex(({ name }) => name === CHANGES);
      const [step, ...rest] = file.drill.steps.slice(position);
      file.drill.steps = [
        ...statements.map((statement, index) => ({ name: `migration ${index}`, ...statement })),
        { ...step!, changes } as (typeof rest)[number],
        ...rest,
      ];
    },
  });
}

test("what migrations change is told, nothing after them is tried, and no record tells of a drill", async () => {
  const result = await tryMigrations([
    {
      store: "postgres",
      sql: "CREATE TABLE invoices (id int); CREATE INDEX by_name ON organisations (name)",
    },
    { store: "clickhouse", sql: "ALTER TABLE requests ADD COLUMN cost Float64" },
  ]);
  expect(result.record).toMatchObject({ verdict: "proven", reasons: [] });
  expect(result.isRecorded).toBe(false);
  expect(result.record.steps.map(({ name }) => name)).toEqual(["migration 0", "migration 1", CHANGES]);
  const told = result.record.steps.at(-1)!.details.join("\n");
  expect(told).toContain("postgres: table public.invoices is new.");
  expect(told).toMatch(/postgres: index \S*by_name is new\./);
  expect(told).toMatch(/clickhouse: .*requests/);
});

test("rows that migrations lose fail the drill, table by table, unless they may be lost", async () => {
  const losing = [
    { store: "postgres", sql: "DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys LIMIT 2)" },
    { store: "clickhouse", sql: "TRUNCATE TABLE requests" },
  ];
  const lost = await tryMigrations(losing);
  expectReasons(lost, "unproven", /Rows were lost: 2 of public\.api_keys, 50000 of \S*\.requests\.$/);

  const log = /of (\S+\.requests)/.exec(lost.record.reasons.join())![1]!;
  const allowed = await tryMigrations(losing, { "may-lose": ["public.api_keys", log] });
  expect(allowed.record.verdict).toBe("proven");
  expect(allowed.record.steps.at(-1)!.details).toContain(`${log} had 50000 rows and has 0.`);
});

test("a migration that fails, and one that takes too long, are told apart", async () => {
  const failing = await tryMigrations([{ store: "postgres", sql: "ALTER TABLE nowhere ADD COLUMN x int" }]);
  expectReasons(failing, "unproven", /Step "migration 0" failed: .*nowhere/);

  const slow = await tryMigrations([{ store: "postgres", sql: "SELECT pg_sleep(1.2)" }], { within: "1s" });
  expectReasons(slow, "unproven", /took \d+\.\d s on the data of the backup; 1 s are allowed\.$/);
});

test("a name that is none of the steps' is a problem of the configuration", async () => {
  await expect(site.drill({ options: { until: "what the migration changed" } })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/names no step of the drill\. .*what the migrations changed/) as string,
  });
});
