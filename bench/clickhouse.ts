import { stat } from "node:fs/promises";
import { createClient } from "@clickhouse/client";
import type { ClickHouseClient } from "@clickhouse/client";
import { startClickHouse } from "../local-services/clickhouse.ts";
import type { ClickHouseAddress } from "../local-services/clickhouse.ts";
import { toolEnvironment } from "../src/sys/exec.ts";
import type { Command } from "../src/sys/exec.ts";
import {
  DATABASE,
  TABLE,
  changeOnePartition,
  describeData,
  dropDatabase,
  fillClickHouse,
  recreateTable,
} from "./clickhouse-data.ts";
import { measure, shellCommand } from "./measure.ts";
import { emptyFolder } from "./section.ts";
import type { Bench, BenchCase, BenchSection, Result } from "./section.ts";

const NAMES = {
  floor: "floor",
  gzip: "runbook, Native and gzip",
  full: "lifeboat, full",
  unchanged: "lifeboat, nothing changed",
  changed: "lifeboat, one partition of thirty changed",
  gunzip: "runbook, restore",
  restore: "lifeboat restore and compare",
};

/** The runbooks' commands, the least that reading everything can cost, and lifeboat, on one server. */
export async function openClickHouseBench({
  options,
  lifeboat,
  scratch,
  atEnd,
}: Bench): Promise<BenchSection> {
  const start = async (): Promise<{ server: ClickHouseAddress; client: ClickHouseClient }> => {
    const server = await startClickHouse();
    const client = createClient({ url: server.url });
    atEnd(async () => {
      await client.close();
      await server.stop();
    });
    return { server, client };
  };
  const [{ server: source, client }, { server: target, client: targetClient }] = await Promise.all([
    start(),
    start(),
  ]);
  await fillClickHouse(client, options.scale);
  const folder = scratch.file("backups");
  const gzipFile = scratch.file("requests.native.gz");
  const backUp = (): Promise<Result> =>
    lifeboat.backUp({
      LIFEBOAT_DESTINATION: `file://${folder}`,
      LIFEBOAT_CLICKHOUSE_URL: `${source.url}/${DATABASE}`,
    });
  const read = `--data-binary 'SELECT * FROM ${TABLE} FORMAT Native'`;
  const cases: BenchCase[] = [
    {
      name: NAMES.floor,
      command: "curl -H 'Accept-Encoding: zstd' … 'SELECT * … FORMAT Native' > /dev/null",
      run: async () => {
        const rest = `-H 'Accept-Encoding: zstd' ${read} > /dev/null`;
        return (await measure(curl(source, "enable_http_compression=1", rest))).cost;
      },
    },
    {
      name: NAMES.gzip,
      command: "curl … 'SELECT * … FORMAT Native' | gzip > requests.native.gz",
      run: async () => {
        const { cost } = await measure(curl(source, "", `${read} | gzip > '${gzipFile}'`));
        return { ...cost, bytes: (await stat(gzipFile)).size };
      },
    },
    {
      name: NAMES.full,
      command: "lifeboat backup",
      run: async () => {
        await emptyFolder(folder);
        return await backUp();
      },
    },
    { name: NAMES.unchanged, command: "lifeboat backup, once more", run: backUp },
    {
      name: NAMES.changed,
      command: "lifeboat backup, after an INSERT into one partition",
      run: async (round) => {
        await changeOnePartition(client, round);
        return await backUp();
      },
    },
    {
      name: NAMES.gunzip,
      command: "gunzip < requests.native.gz | curl … 'INSERT INTO requests FORMAT Native'",
      run: async () => {
        await recreateTable(targetClient);
        const query = `query=INSERT%20INTO%20${TABLE}%20FORMAT%20Native`;
        const { cost } = await measure(curl(target, query, "-X POST -T -", `gunzip < '${gzipFile}' |`));
        return cost;
      },
    },
    {
      name: NAMES.restore,
      command: "lifeboat restore",
      run: async () => {
        await dropDatabase(targetClient);
        return await lifeboat.run(["restore"], {
          LIFEBOAT_DESTINATION: `file://${folder}`,
          LIFEBOAT_TARGET_CLICKHOUSE_URL: target.url,
        });
      },
    },
  ];
  return {
    name: "clickhouse",
    title: "Bench: ClickHouse",
    facts: await describeData(client),
    cases,
    comparisons: [
      { measured: NAMES.full, against: NAMES.floor, aim: 1.3 },
      { measured: NAMES.full, against: NAMES.gzip, aim: 0.25 },
      { measured: NAMES.changed, against: NAMES.full, aim: 0.067 },
      { measured: NAMES.unchanged, against: NAMES.full, aim: 0.067 },
      { measured: NAMES.restore, against: NAMES.gunzip, aim: 0.5 },
    ],
  };
}

/** @param before - what stands in front of curl on the line, and @param rest - behind it */
function curl(
  { host, httpPort, user, password }: ClickHouseAddress,
  query: string,
  rest: string,
  before = "",
): Command {
  const headers = `-H "X-ClickHouse-User: $BENCH_USER" -H "X-ClickHouse-Key: $BENCH_PASSWORD"`;
  const line = `${before} curl -sSf ${headers} 'http://${host}:${httpPort}/?${query}' ${rest}`;
  const env = { ...toolEnvironment(process.env), BENCH_USER: user, BENCH_PASSWORD: password };
  return shellCommand(line, [], env);
}
