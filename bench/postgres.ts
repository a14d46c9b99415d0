import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CACHE_DIR } from "../local-services/local-services.ts";
import { startPostgres } from "../local-services/postgres.ts";
import { startS3 } from "../local-services/s3.ts";
import type { S3Address } from "../local-services/s3.ts";
import { createContext } from "../src/run-context.ts";
import { findPostgresTools } from "../src/stores/postgres/clients/find.ts";
import { Redactor } from "../src/sys/secret.ts";
import { measure, shellCommand } from "./measure.ts";
import { fillDatabase } from "./postgres-data.ts";
import { query, recreate } from "./postgres-query.ts";
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
  restoreCounted: "the same of a backup with counts only",
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
  const countedFolder = scratch.file("counted");
  const countsOnly = {
    LIFEBOAT_CONFIG: scratch.file("counts.yml"),
    LIFEBOAT_DESTINATION: `file://${countedFolder}`,
  };
  await writeFile(
    countsOnly.LIFEBOAT_CONFIG,
    "stores: { postgres: { kind: postgres, url: '${BENCH_URL}', digest: counts } }",
  );
  const restoreFrom = async (place: Readonly<Record<string, string>>): Promise<Result> => {
    await recreate(server.url, COPY);
    return await lifeboat.run(["restore"], { ...place, LIFEBOAT_TARGET_POSTGRES_URL: urlOf(COPY) });
  };

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
      run: () => restoreFrom({ LIFEBOAT_DESTINATION: `file://${folder}` }),
    },
    {
      name: NAMES.restoreCounted,
      command: "lifeboat restore …, where the store says `digest: counts`",
      run: async (round) => {
        if (round === 1) {
          await emptyFolder(countedFolder);
          await lifeboat.run(["backup"], { ...countsOnly, BENCH_URL: urlOf(SOURCE) });
        }
        return await restoreFrom({ ...countsOnly, BENCH_URL: urlOf(SOURCE) });
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
      "Its large tables": await describeTables(urlOf(SOURCE)),
    },
    cases,
    comparisons: [
      { measured: NAMES.file, against: NAMES.floor, aim: 1.3 },
      { measured: NAMES.file, against: NAMES.floorFast },
      { measured: NAMES.file, against: NAMES.custom, aim: 0.5 },
      { measured: NAMES.s3, against: NAMES.custom },
      { measured: NAMES.file, against: NAMES.plain },
      { measured: NAMES.restore, against: NAMES.serial, aim: 1 },
      { measured: NAMES.restoreCounted, against: NAMES.serial, aim: 1 },
    ],
  };
}

async function withSize({ cost }: { cost: Result }, file: string): Promise<Result> {
  return { ...cost, bytes: (await stat(file)).size };
}

/** Without indexes; partitions together. */
async function describeTables(url: string): Promise<string> {
  const tables = await query(
    url,
    `SELECT root::text || ' ' || pg_size_pretty(sum(pg_table_size(oid))) AS table
     FROM pg_class, coalesce(pg_partition_root(oid), oid::regclass) root
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
     GROUP BY root HAVING sum(pg_table_size(oid)) > pg_database_size(current_database()) / 100
     ORDER BY sum(pg_table_size(oid)) DESC`,
  );
  return tables.map(({ table }) => String(table)).join(", ");
}

async function createBucket({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): Promise<void> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}
