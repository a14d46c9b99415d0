import { stat } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CACHE_DIR } from "../local-services/local-services.ts";
import { startPostgres } from "../local-services/postgres.ts";
import { startS3 } from "../local-services/s3.ts";
import type { S3Address } from "../local-services/s3.ts";
import { createContext } from "../src/run-context.ts";
import { findPostgresTools } from "../src/stores/postgres/clients/find.ts";
import { Redactor } from "../src/sys/secret.ts";
import type { Restored } from "./lifeboat.ts";
import { measure, shellCommand } from "./measure.ts";
import { fillDatabase } from "./postgres-data.ts";
import { query } from "./postgres-query.ts";
import { emptyFolder } from "./section.ts";
import type { Bench, BenchCase, BenchSection, Result } from "./section.ts";

const MAJOR = 17;
const SOURCE = "bench";
const COPY = "bench_copy";
const BUCKET = "bench";

const NAMES = {
  floor: "floor",
  floorFast: "floor at lifeboat's level",
  custom: "runbook, custom format",
  plain: "runbook, plain and gzip",
  file: "lifeboat to a folder",
  s3: "lifeboat to S3",
  serial: "runbook, serial restore",
  restore: "lifeboat restore and compare",
  restoreOnly: "the same without comparing rows",
};

/** The runbooks' commands, the least that a dump can cost, and lifeboat, on one server. */
export async function openPostgresBench({ options, lifeboat, scratch, atEnd }: Bench): Promise<BenchSection> {
  const server = await startPostgres({ major: MAJOR });
  atEnd(() => server.stop());
  const s3 = await startS3(CACHE_DIR);
  atEnd(() => s3.stop());
  const urlOf = (database: string): string => new URL(`/${database}`, server.url).href;
  await query(server.url, `CREATE DATABASE ${SOURCE}`);
  await fillDatabase(urlOf(SOURCE), options.scale);
  await createBucket(s3);
  const context = createContext({
    signal: new AbortController().signal,
    reporter: {
      phase: (_title, work) => work(),
      info: console.log,
      warn: console.warn,
      progress: () => {},
    },
    redactor: new Redactor(),
    env: process.env,
    cacheDir: join(CACHE_DIR, "lifeboat"),
  });
  const tools = await findPostgresTools(MAJOR, context);
  const [size] = await query(
    urlOf(SOURCE),
    "SELECT pg_size_pretty(pg_database_size(current_database())) AS size",
  );
  const [version] = await query(server.url, "SHOW server_version");
  const runbook = (
    program: "pg_dump" | "pg_restore",
    args: string[],
    rest: string,
  ): ReturnType<typeof shellCommand> => {
    const env = {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
    };
    const command = tools.command(program, args, env);
    return shellCommand(`"$@" ${rest}`, [command.file, ...command.args], command.env);
  };
  const dumpFile = scratch.file("runbook.dump");
  const plainFile = scratch.file("runbook.sql.gz");
  const folder = scratch.file("folder");
  const floorCase = (name: string, compression: string): BenchCase => {
    const args = ["-Fc", `--compress=${compression}`, SOURCE];
    let bytes: number | undefined;
    return {
      name,
      command: `pg_dump -Fc --compress=${compression} > /dev/null`,
      run: async () => {
        const { cost } = await measure(runbook("pg_dump", args, "> /dev/null"));
        // Its size is found out apart: counting costs as well.
        bytes ??= Number((await measure(runbook("pg_dump", args, "| wc -c"))).stdout);
        return { ...cost, bytes };
      },
    };
  };
  let restored: Restored | undefined;

  const cases: BenchCase[] = [
    floorCase(NAMES.floor, "zstd"),
    floorCase(NAMES.floorFast, "zstd:1"),
    {
      name: NAMES.custom,
      command: "pg_dump -Fc > app.dump",
      run: async () =>
        withSize(await measure(runbook("pg_dump", ["-Fc", SOURCE], `> '${dumpFile}'`)), dumpFile),
    },
    {
      name: NAMES.plain,
      command: "pg_dump | gzip > app.sql.gz",
      run: async () =>
        withSize(await measure(runbook("pg_dump", [SOURCE], `| gzip > '${plainFile}'`)), plainFile),
    },
    {
      name: NAMES.file,
      command: "lifeboat backup --destination file:///…",
      run: async () => {
        await emptyFolder(folder);
        return await lifeboat.backUp({
          LIFEBOAT_DESTINATION: `file://${folder}`,
          LIFEBOAT_POSTGRES_URL: urlOf(SOURCE),
        });
      },
    },
    {
      name: NAMES.s3,
      command: "lifeboat backup --destination s3://…",
      run: () =>
        lifeboat.backUp({
          LIFEBOAT_DESTINATION: `s3://${BUCKET}/backups`,
          LIFEBOAT_S3_ENDPOINT: s3.endpoint,
          LIFEBOAT_S3_REGION: s3.region,
          LIFEBOAT_S3_PATH_STYLE: "true",
          AWS_ACCESS_KEY_ID: s3.accessKeyId,
          AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
          LIFEBOAT_POSTGRES_URL: urlOf(SOURCE),
        }),
    },
    {
      name: NAMES.serial,
      command: "pg_restore -d app app.dump",
      run: async () => {
        await recreate(server.url, COPY);
        return (await measure(runbook("pg_restore", ["--no-owner", "-d", COPY, dumpFile], ""))).cost;
      },
    },
    {
      name: NAMES.restore,
      command: "lifeboat restore --target-postgres-url …",
      run: async () => {
        await recreate(server.url, COPY);
        restored = await lifeboat.restore({
          LIFEBOAT_DESTINATION: `file://${folder}`,
          LIFEBOAT_TARGET_POSTGRES_URL: urlOf(COPY),
        });
        return restored.cost;
      },
    },
    {
      name: NAMES.restoreOnly,
      command: "less the seconds that it says it compared rows",
      run: async () => {
        if (!restored) throw new Error("nothing was restored");
        const { cost, compareSeconds } = restored;
        return { ...cost, wallSeconds: cost.wallSeconds - compareSeconds };
      },
    },
  ];
  return {
    name: "postgres",
    title: "Bench: Postgres",
    facts: {
      Server: `PostgreSQL ${String(version?.["server_version"])}, fsync off, on the same machine`,
      Client: tools.version,
      Database: String(size?.["size"]),
    },
    cases,
    comparisons: [
      { measured: NAMES.file, against: NAMES.floor, aim: 1.3 },
      { measured: NAMES.file, against: NAMES.floorFast },
      { measured: NAMES.file, against: NAMES.custom, aim: 0.5 },
      { measured: NAMES.s3, against: NAMES.custom },
      { measured: NAMES.file, against: NAMES.plain },
      { measured: NAMES.restore, against: NAMES.serial, aim: 1 },
      { measured: NAMES.restoreOnly, against: NAMES.serial, aim: 1 },
    ],
  };
}

async function withSize({ cost }: { cost: Result }, file: string): Promise<Result> {
  return { ...cost, bytes: (await stat(file)).size };
}

async function recreate(url: string, database: string): Promise<void> {
  await query(
    url,
    `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`,
    `CREATE DATABASE ${database} TEMPLATE template0`,
    // What earlier commands wrote is not to be paid for by the next one.
    "CHECKPOINT",
  );
}

async function createBucket({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): Promise<void> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}
