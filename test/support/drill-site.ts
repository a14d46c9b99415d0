import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import { parse, stringify } from "yaml";
import type { ProductPlaces } from "../../demo/product.ts";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { startPostgres } from "../../local-services/postgres.ts";
import { findFreePorts } from "../../local-services/ports.ts";
import type { DrillResult } from "../../src/commands/drill.ts";
import { parseConfig } from "../../src/config/config.ts";
import type { Config, DrillConfig } from "../../src/config/config.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { run } from "../../src/wire/run.ts";
import type { Shell } from "../../src/wire/run.ts";
import { startToolRun } from "./postgres-databases.ts";
import type { TestRun } from "./run-context.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "./services.ts";

const LIFEBOAT_YML = new URL("../../examples/llm-proxy/lifeboat.yml", import.meta.url);
/** Where the example's application listens. */
const EXAMPLE_PORT = "4010";

/** The steps of the example that it takes to make a call. */
export const CALL_STEPS = [
  "provider keys",
  "an API key for the drill",
  "application",
  "chat through the application",
];

/** What of the example's lifeboat.yml tests change. */
export interface DrillFile {
  objectives: Record<string, string>;
  drill: { targets: Record<string, string>; upstream?: { port: number }; steps: StepText[] };
}

interface StepText {
  name: string;
  run?: string;
  sql?: string;
  start?: string;
  ready?: string;
  env?: Record<string, string>;
  logged?: { within?: string };
}

/** How a drill departs from the example's. */
export interface Variation {
  edit?: (file: DrillFile) => void;
  /** Variables that lifeboat.yml reads. */
  env?: Record<string, string>;
  /** Flags of the command line. */
  options?: Record<string, string>;
}

/** A product with one backup, and a second Postgres and ClickHouse that its drills restore into. */
export class DrillSite implements AsyncDisposable {
  /** Of the servers that drills restore into. */
  readonly targets: { postgresUrl: string; clickhouseUrl: string };
  /** Ports on 127.0.0.1 that nothing else uses: the application's, and one for the upstream. */
  readonly ports: { application: number; upstream: number };
  readonly #env: Record<string, string>;
  readonly #reportDir: string;
  readonly #end: () => Promise<unknown>;

  private constructor(
    { targets, ports }: Pick<DrillSite, "targets" | "ports">,
    env: Record<string, string>,
    reportDir: string,
    end: () => Promise<unknown>,
  ) {
    this.targets = targets;
    this.ports = ports;
    this.#env = env;
    this.#reportDir = reportDir;
    this.#end = end;
  }

  /** @param fill - fills two empty databases with the product */
  static async create(fill: (places: ProductPlaces) => Promise<void>): Promise<DrillSite> {
    const [scratch, postgres, clickhouse, targetPostgres, targetClickHouse] = await Promise.all([
      Scratch.create(),
      createPostgresDatabase(),
      createClickHouseDatabase(),
      startPostgres(),
      startClickHouse(),
    ]);
    const encryptionKey = randomBytes(32).toString("base64");
    await fill({ postgresUrl: postgres.url, clickhouseUrl: clickhouse.url, encryptionKey });
    const [application = 0, upstream = 0] = await findFreePorts(2);
    const targets = { postgresUrl: targetPostgres.url, clickhouseUrl: targetClickHouse.url };
    const env = {
      BACKUP_DESTINATION: pathToFileURL(scratch.path).href,
      DATABASE_URL: postgres.url,
      CLICKHOUSE_URL: clickhouse.url,
      DRILL_POSTGRES_URL: targets.postgresUrl,
      DRILL_CLICKHOUSE_URL: targets.clickhouseUrl,
      ENCRYPTION_KEY: encryptionKey,
    };
    const end = (): Promise<unknown> =>
      Promise.all([
        scratch.remove(),
        postgres.drop(),
        clickhouse.drop(),
        targetPostgres.stop(),
        targetClickHouse.stop(),
      ]);
    const site = new DrillSite(
      { targets, ports: { application, upstream } },
      env,
      scratch.file("reports"),
      end,
    );
    await run(await site.#configure("backup", {}), startDrillShell());
    return site;
  }

  /** Drills the backup as the command line does. */
  async drill(variation: Variation = {}, shell: Shell = startDrillShell()): Promise<DrillResult> {
    const result = await run(await this.configureDrill(variation), shell);
    return result as DrillResult; // the command that was configured
  }

  async configureDrill(variation: Variation): Promise<DrillConfig> {
    return (await this.#configure("drill", variation)) as DrillConfig; // likewise
  }

  async #configure(command: "backup" | "drill", { edit, env, options }: Variation): Promise<Config> {
    const text = await readFile(LIFEBOAT_YML, "utf8");
    const own = text.replaceAll(EXAMPLE_PORT, String(this.ports.application));
    const file = parse(own.replaceAll("npx tsx", "node --import tsx")) as DrillFile; // npx takes as long again
    edit?.(file);
    return parseConfig({
      shell: "cli",
      command,
      options: { ...(command === "drill" && { "report-dir": this.#reportDir }), ...options },
      env: { ...this.#env, ...env },
      file: { path: "lifeboat.yml", text: stringify(file) },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** A shell for one run, which `stopAll` interrupts. */
export function startDrillShell(): Shell & TestRun {
  return { ...startToolRun(), env: process.env };
}

/** A step of the file, to be changed. */
export function findStep(file: DrillFile, name: string): StepText {
  const step = file.drill.steps.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`The example has no step "${name}".`);
  return step;
}

/** Takes all other steps out. */
export function keepSteps(file: DrillFile, names: readonly string[]): void {
  file.drill.steps = names.map((name) => findStep(file, name));
}

/** Requires a drill that was not proven, for these reasons and no others; "not tried" after one of them is none. */
export function expectReasons(
  { record }: DrillResult,
  verdict: "differs" | "unproven",
  ...reasons: readonly RegExp[]
): void {
  const own = record.reasons.filter((reason) => !reason.includes(": Not tried"));
  const expected = reasons.map((reason) => expect.stringMatching(reason) as string);
  expect({ verdict: record.verdict, own }).toEqual({ verdict, own: expected });
}
