import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { fillProduct } from "../../../demo/product.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { runClickHouse } from "../../e2e/product.ts";
import { CALL_STEPS, DrillSite, findStep, keepSteps, startDrillShell } from "../../support/drill-site.ts";
import type { DrillFile, Variation } from "../../support/drill-site.ts";
import { serve } from "../../support/http-server.ts";
import { runSql } from "../../support/postgres-databases.ts";
import { PostgresGate } from "../../support/postgres-gate.ts";
import { ProcessWatch } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

let site: DrillSite;
/** Temporary files of the drills, and of nothing else. */
let tmpDir: Scratch;
beforeAll(async () => {
  site = await DrillSite.create(fillProduct);
  tmpDir = await Scratch.create();
  vi.stubEnv("TMPDIR", tmpDir.path);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([site[Symbol.asyncDispose](), tmpDir.remove()]);
});

test("a drill that is interrupted while Postgres is restored leaves nothing behind", async () => {
  await using gate = await PostgresGate.start(site.targets.postgresUrl, "CREATE POLICY");
  let isHeld = false;
  void gate.held.then(() => (isHeld = true));
  await interrupt({
    options: { store: "postgres" },
    env: { DRILL_POSTGRES_URL: gate.url },
    edit: (file) => keepSteps(file, []),
    when: (commandLines) => isHeld && commandLines.some((line) => line.includes("pg_restore")),
  });
});

test("a drill that is interrupted while ClickHouse is restored leaves nothing behind", async () => {
  const restored = "SELECT 1 FROM system.tables WHERE database LIKE 'test_%' AND total_rows > 0";
  await interrupt({
    options: { store: "clickhouse" },
    edit: dawdleAfterwards,
    when: async () => (await runClickHouse(site.targets.clickhouseUrl, restored)).length > 0,
  });
});

test("a drill that is interrupted during a command that started others leaves nothing behind", async () => {
  await interrupt({
    options: { store: "postgres" },
    edit: (file) => {
      keepSteps(file, ["migrations"]);
      findStep(file, "migrations").run = "trap '' TERM; sleep 6111 & sleep 6112";
    },
    when: (commandLines) => ["sleep 6111", "sleep 6112"].every((line) => commandLines.includes(line)),
  });
});

test("a drill that is interrupted during a statement leaves nothing behind", async () => {
  const asleep = "SELECT FROM pg_stat_activity WHERE query LIKE '%6113)' AND pid <> pg_backend_pid()";
  await interrupt({
    options: { store: "postgres" },
    edit: (file) => {
      keepSteps(file, ["an API key for the drill"]);
      findStep(file, "an API key for the drill").sql = "SELECT pg_sleep(6113)";
    },
    when: async () => (await runSql(site.targets.postgresUrl, asleep)).length > 0,
  });
});

test("a drill that is interrupted while the application starts leaves nothing behind", async () => {
  const address = `http://127.0.0.1:${site.ports.application}`;
  await interrupt({
    edit: (file) => {
      keepSteps(file, ["application"]);
      findStep(file, "application").ready = `${address}/never`;
      file.drill.upstream = { port: site.ports.upstream };
    },
    when: () => answers(`${address}/health/ready`),
  });
});

test("a drill that is interrupted during the proxied call leaves nothing behind", async () => {
  let isCalled = false;
  await using silent = await serve(() => void (isCalled = true));
  await interrupt({
    edit: (file) => {
      keepSteps(file, CALL_STEPS);
      const application = findStep(file, "application");
      application.start = application.start!.replaceAll("$LIFEBOAT_UPSTREAM_URL", silent.url);
      file.drill.upstream = { port: site.ports.upstream };
    },
    when: () => isCalled,
  });
});

/** On a busy machine the restore may be over before it is interrupted; the drill is not. */
function dawdleAfterwards(file: DrillFile): void {
  keepSteps(file, ["migrations"]);
  findStep(file, "migrations").run = "sleep 6114";
}

/** Interrupts a drill at a certain moment, and requires that nothing of it is left. */
async function interrupt({
  when,
  ...variation
}: Variation & {
  /** @param commandLines - of what the drill has started so far */
  when: (commandLines: string[]) => boolean | Promise<boolean>;
}): Promise<void> {
  const shell = startDrillShell();
  using watch = new ProcessWatch(process.pid);
  const before = { processes: listPrograms(watch), ...(await listData()) };

  const drill = site.drill(variation, shell);
  const early = drill.then(({ record }) => {
    throw new Error(`The drill ended before it was interrupted: ${record.reasons.join(" ")}`);
  });
  const reached = until(() => when([...watch.descendants.values()]));
  await Promise.race([reached, early]);
  shell.stopAll();

  await expect(drill).rejects.toMatchObject({ code: "CANCELLED" });
  expect({ processes: listPrograms(watch), ...(await listData()) }).toEqual(before);
  expect(await findListening()).toEqual([]);
}

/** What runs, but for the target Postgres, whose sessions and workers come and go by themselves, at first by its name. */
function listPrograms(watch: ProcessWatch): string[] {
  return watch.listAlive().filter((line) => !/^\d+ (postgres: |\S*\/postgres -D )/.test(line));
}

/** What a drill could leave on its targets and on this machine's disk. */
async function listData(): Promise<Record<string, unknown>> {
  const { postgresUrl, clickhouseUrl } = site.targets;
  return {
    postgres: await runSql(postgresUrl, "SELECT datname FROM pg_database ORDER BY 1"),
    roles: await runSql(postgresUrl, "SELECT rolname FROM pg_roles ORDER BY 1"),
    clickhouse: await runClickHouse(clickhouseUrl, "SELECT name FROM system.databases ORDER BY 1"),
    files: (await readdir(tmpDir.path)).filter((name) => name.startsWith("lifeboat-")),
  };
}

async function findListening(): Promise<string[]> {
  const addresses = Object.values(site.ports).map((port) => `http://127.0.0.1:${port}`);
  const states = await Promise.all(
    addresses.map((address) =>
      fetch(address).then(
        () => true,
        () => false,
      ),
    ),
  );
  return addresses.filter((_, index) => states[index]);
}

async function answers(address: string): Promise<boolean> {
  return await fetch(address).then(
    ({ ok }) => ok,
    () => false,
  );
}
