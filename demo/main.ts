/**
 * A small product is backed up, restored and compared; then the restored copy is damaged, and the drill has to
 * notice. All of it on this machine, with the code that the command line runs.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { CACHE_DIR } from "../local-services/local-services.ts";
import { countRows } from "../src/backup/inventory.ts";
import { renderFailure, renderResult } from "../src/cli/render.ts";
import { TerminalReporter } from "../src/cli/reporter.ts";
import { exitStatusOfResult } from "../src/commands/result.ts";
import type { RunResult } from "../src/commands/result.ts";
import { parseConfig } from "../src/config/config.ts";
import type { Config } from "../src/config/config.ts";
import { EXIT_STATUS, throwIfCancelled } from "../src/errors.ts";
import { explainFailure } from "../src/report/failure.ts";
import { formatBytes, formatCount } from "../src/report/quantities.ts";
import { systemClock } from "../src/sys/clock.ts";
import { Scratch } from "../src/sys/scratch.ts";
import { Redactor } from "../src/sys/secret.ts";
import { cancelOnSignals } from "../src/sys/signals.ts";
import { run } from "../src/wire/run.ts";
import type { Shell } from "../src/wire/run.ts";
import { ClosingTable } from "./closing-table.ts";
import { drillDamagedCopy, isJustTheDamage } from "./damage.ts";
import { fillProduct } from "./product.ts";
import { DemoServices } from "./services.ts";
import type { DemoEnvironment } from "./services.ts";

const PROVEN = "The backup restores, and a damaged copy of it does not pass.";
const NOT_PROVEN = "Not as it should be: see above which drill ended otherwise than it had to.";

async function main(): Promise<void> {
  // The AWS SDK would tell when it leaves this version of Node behind, in the middle of the story.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const shell: Shell = {
    signal: cancelOnSignals(),
    reporter: await TerminalReporter.create(systemClock, true),
    redactor: new Redactor(),
    env: process.env,
    cacheDir: CACHE_DIR,
  };
  try {
    process.exitCode = (await tellTheStory(shell)) ? 0 : EXIT_STATUS.UNPROVEN;
  } catch (error) {
    const failure = explainFailure(error, shell.redactor);
    process.stderr.write(`\n${renderFailure(failure)}`);
    process.exitCode = failure.exitStatus;
  }
}

/** @returns whether the sound copy was proven, and in the damaged one just the damage was found */
async function tellTheStory(shell: Shell): Promise<boolean> {
  const { signal, reporter } = shell;
  const table = new ClosingTable(systemClock);
  await using scratch = await Scratch.create();
  await using services = new DemoServices();

  const env = await table.step(
    "Start the services",
    () => reporter.phase("Start", () => services.start()),
    () => "Postgres 17, ClickHouse, S3;\na second Postgres and ClickHouse to restore into",
  );
  throwIfCancelled(signal);

  await table.step(
    "Fill a small product",
    () => reporter.phase("Fill", () => fillProduct(describeProduct(env))),
    () => "Postgres: accounts, keys, traces, spans;\nClickHouse: requests, events, usage by day",
  );
  throwIfCancelled(signal);

  await table.step(
    "Back up to S3",
    async () => show(await run(await configure("backup", env), shell)),
    describeResult,
  );
  const drillConfig = await configure("drill", env, { "report-dir": scratch.path, "prove-red": "true" });
  const sound = await table.step(
    "Drill: restore, compare, call",
    async () => show(await run(drillConfig, shell)),
    describeResult,
  );
  const damaged = await table.step(
    "Drill on a damaged copy",
    async () => show(await drillDamagedCopy(drillConfig, shell)),
    describeResult,
  );

  const isAsItShouldBe = exitStatusOfResult(sound) === 0 && isJustTheDamage(damaged);
  const sentence = isAsItShouldBe ? styleText("green", PROVEN) : styleText("red", NOT_PROVEN);
  process.stdout.write(`\n${table.render()}\n${sentence}\n`);
  return isAsItShouldBe;
}

function describeProduct(env: DemoEnvironment): Parameters<typeof fillProduct>[0] {
  return {
    postgresUrl: env.POSTGRES_URL,
    clickhouseUrl: env.CLICKHOUSE_URL,
    encryptionKey: env.ENCRYPTION_KEY,
  };
}

/** Reads demo/lifeboat.yml as the command line would, with no other variables than the demo's own. */
async function configure<Command extends Config["command"]>(
  command: Command,
  env: DemoEnvironment,
  options: Record<string, string> = {},
): Promise<Extract<Config, { command: Command }>> {
  const path = fileURLToPath(new URL("lifeboat.yml", import.meta.url));
  const file = { path: "demo/lifeboat.yml", text: await readFile(path, "utf8") };
  const config = parseConfig({ shell: "cli", command, options, env, file });
  return config as Extract<Config, { command: Command }>; // the command that was asked for
}

/** Prints what the command line would print. */
function show<Result extends RunResult>(result: Result): Result {
  process.stderr.write(renderResult(result));
  return result;
}

/** What a run came to, in a cell of the closing table. */
function describeResult(result: RunResult): string {
  if (result.command === "backup") {
    const tables = result.manifest.stores.flatMap(({ inventory }) => inventory.tables);
    const rows = countRows({ tables });
    return `${formatCount(tables.length)} tables, ${formatCount(rows)} rows, ${formatBytes(result.sizeBytes)}`;
  }
  if (result.command !== "drill") return "";
  const { verdict, comparisons, steps, controls = [] } = result.record;
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  const add = (count: (comparison: (typeof comparisons)[number]) => number): string =>
    formatCount(comparisons.reduce((sum, comparison) => sum + count(comparison), 0));
  const what =
    differences.length > 0
      ? differences.map(({ store, kind, name }) => `${store}: ${kind} of ${name}`).join("\n")
      : `${add((one) => one.tablesCompared)} tables, ${add((one) => one.rowsCompared)} rows, ` +
        `${add((one) => one.schemaObjectsCompared)} schema objects agree`;
  const passed = steps.filter(({ outcome }) => outcome === "passed").map(({ name }) => `✓ ${name}`);
  const caught = controls.filter(({ outcome }) => outcome === "caught").length;
  const red = controls.length > 0 ? [`✓ noticed ${caught} of ${controls.length} kinds of damage`] : [];
  return [verdict, what, ...passed, ...red].join("\n");
}

void main();
