import type { ClickHouseClient } from "@clickhouse/client";

export const DATABASE = "bench";
export const TABLE = `${DATABASE}.requests`;
/** 2 GB in FORMAT Native at scale 1: of much less, what each run costs in any case would be most of what is measured. */
const ROWS = 6_000_000;
const PARTITIONS = 30;

/** A request log as a proxy for language models keeps it: ids, times, numbers, and texts that compress well. */
const DEFINITION = `(id UInt64, at DateTime64(3), model LowCardinality(String), status UInt16, cost Decimal(18, 8),
    tokens UInt32, user_id UInt32, trace String, prompt String, answer Nullable(String))
  ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY (user_id, at)`;

/** Fills thirty monthly partitions of about the same size. */
export async function fillClickHouse(client: ClickHouseClient, scale: number): Promise<void> {
  await recreateTable(client);
  const rows = Math.round(ROWS * scale);
  await client.command({
    query: `INSERT INTO ${TABLE} SELECT
        number,
        toDateTime64('2024-01-05 00:00:00', 3) + toIntervalMonth(number % ${PARTITIONS}) + toIntervalSecond(number % 1500000),
        ['gpt-5', 'claude-5', 'gemini-4', 'llama-5'][1 + cityHash64(number) % 4],
        if(number % 97 = 0, 500, 200),
        toDecimal64(cityHash64(number, 1) % 1000000 / 100000000, 8),
        cityHash64(number, 2) % 8000,
        cityHash64(number, 3) % 5000,
        if(number % 10 = 0, hex(sipHash128(number)), ''),
        concat('{"role":"user","content":"', repeat(concat('word', toString(cityHash64(number, 4) % 50), ' '), 20), toString(number), '"}'),
        if(number % 20 = 0, NULL, repeat(concat('answer', toString(cityHash64(number, 5) % 100), ' '), 15))
      FROM numbers(${rows})`,
  });
  await client.command({ query: `OPTIMIZE TABLE ${TABLE} FINAL` });
}

/** Adds a few rows to one of the partitions. */
export async function changeOnePartition(client: ClickHouseClient, round: number): Promise<void> {
  await client.command({
    query: `INSERT INTO ${TABLE} SELECT * REPLACE (id + ${round} * 1000000000 AS id) FROM ${TABLE}
      WHERE toYYYYMM(at) = 202603 LIMIT 100`,
  });
}

export async function recreateTable(client: ClickHouseClient): Promise<void> {
  await dropDatabase(client);
  await client.command({ query: `CREATE DATABASE ${DATABASE}` });
  await client.command({ query: `CREATE TABLE ${TABLE} ${DEFINITION}` });
}

export async function dropDatabase(client: ClickHouseClient): Promise<void> {
  await client.command({ query: `DROP DATABASE IF EXISTS ${DATABASE} SYNC` });
}

export async function describeData(client: ClickHouseClient): Promise<Record<string, string>> {
  const answer = await client.query({
    query: `SELECT version() AS version, count() AS parts, uniq(partition) AS partitions, sum(rows) AS row_count,
        formatReadableSize(sum(data_uncompressed_bytes)) AS plain, formatReadableSize(sum(bytes_on_disk)) AS stored
      FROM system.parts WHERE active AND database = '${DATABASE}'`,
    format: "JSONEachRow",
  });
  const [facts] = await answer.json<Record<string, string>>();
  return {
    Server: `ClickHouse ${facts?.["version"]}, on the same machine`,
    Table: `${facts?.["row_count"]} rows in ${facts?.["partitions"]} monthly partitions, ${facts?.["plain"]} plain, ${facts?.["stored"]} stored`,
  };
}
