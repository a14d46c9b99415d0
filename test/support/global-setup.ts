import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import type { TestProject } from "vitest/node";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { CACHE_DIR } from "../../local-services/local-services.ts";
import { startPostgres } from "../../local-services/postgres.ts";
import { startS3 } from "../../local-services/s3.ts";
import type { S3Address } from "../../local-services/s3.ts";
import type { ServiceProcess } from "../../local-services/service-process.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Redactor } from "../../src/sys/secret.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of a user who may create databases and roles. */
    postgresUrl: string;
    /** Of a user who may create databases and users. */
    clickhouseUrl: string;
    s3: S3Address;
    /** Holds what scripts/build.mjs makes of the sources: the same as dist/, which CI proves of every commit. */
    bundleDir: string;
    /** What Node loads before the bundle, so as not to compile it in each process anew. */
    compileCache: string;
  }
}

/**
 * Gives the tests one Postgres, one ClickHouse and one S3 for the whole run: those named in the environment
 * (service containers), and local ones for the rest. A service that is missing fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const env = process.env;
  const started: ServiceProcess[] = [];
  const [bundle, compiled] = await Promise.all([Scratch.create(), Scratch.create()]);
  const start = async <T extends ServiceProcess>(starting: Promise<T>): Promise<T> => {
    const service = await starting;
    started.push(service);
    return service;
  };
  const stopAll = async (): Promise<void> => {
    await Promise.all([...started.map((service) => service.stop()), bundle.remove(), compiled.remove()]);
  };
  const ready = await Promise.allSettled([
    env["LIFEBOAT_TEST_POSTGRES_URL"] ?? start(startPostgres()).then(({ url }) => url),
    env["LIFEBOAT_TEST_CLICKHOUSE_URL"] ?? start(startClickHouse()).then(({ url }) => url),
    readS3Address(env) ?? start(startS3(CACHE_DIR)),
    buildBundle(bundle.path),
  ]);
  const [postgres, clickhouse, s3] = ready;
  const failed = ready.find((result) => result.status === "rejected");
  if (
    postgres.status === "rejected" ||
    clickhouse.status === "rejected" ||
    s3.status === "rejected" ||
    failed
  ) {
    await stopAll();
    throw failed?.reason;
  }
  project.provide("postgresUrl", postgres.value);
  project.provide("clickhouseUrl", clickhouse.value);
  const { endpoint, region, accessKeyId, secretAccessKey } = s3.value;
  project.provide("s3", { endpoint, region, accessKeyId, secretAccessKey });
  project.provide("bundleDir", bundle.path);
  project.provide("compileCache", await buildCompileCache(compiled));
  return stopAll;
}

/** @returns its path */
async function buildCompileCache(folder: Scratch): Promise<string> {
  const source = await readFile(new URL("compile-cache.ts", import.meta.url), "utf8");
  const { code } = await transform(source, { loader: "ts", format: "cjs", platform: "node" });
  const path = folder.file("compile-cache.cjs");
  await writeFile(path, code);
  return path;
}

async function buildBundle(folder: string): Promise<void> {
  const script = fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url));
  await runTool(
    { file: process.execPath, args: [script, folder], env: toolEnvironment(process.env) },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
}

function readS3Address(env: NodeJS.ProcessEnv): S3Address | undefined {
  const endpoint = env["LIFEBOAT_TEST_S3_ENDPOINT"];
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    region: env["LIFEBOAT_TEST_S3_REGION"] ?? "us-east-1",
    accessKeyId: env["LIFEBOAT_TEST_S3_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["LIFEBOAT_TEST_S3_SECRET_ACCESS_KEY"] ?? "",
  };
}
