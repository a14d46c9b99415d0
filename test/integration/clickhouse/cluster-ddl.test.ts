import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { findReferences, planSchema, serialiseSchema } from "../../../src/stores/clickhouse/sql/ddl.ts";
import type { SchemaEntry } from "../../../src/stores/clickhouse/sql/ddl.ts";
import { makePortable } from "../../../src/stores/clickhouse/sql/ddl-portable.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair } from "./clickhouse-pair.ts";

/** Statements in the forms that clusters and ClickHouse Cloud give them, in an order that cannot be created. */
const GIVEN: [SchemaEntry["kind"], string, string][] = [
  [
    "materialized view",
    "to_daily",
    "CREATE MATERIALIZED VIEW cluster.to_daily TO cluster.daily (`day` Date, `n` UInt64) DEFINER = `cloud-user` SQL SECURITY DEFINER AS SELECT day, count() AS n FROM cluster.hits_local GROUP BY day",
  ],
  ["view", "all_hits", "CREATE VIEW cluster.all_hits (`n` UInt64) AS SELECT count() AS n FROM cluster.hits"],
  [
    "table",
    "hits",
    "CREATE TABLE cluster.hits (`day` Date, `id` UInt64) ENGINE = Distributed('{cluster}', 'cluster', 'hits_local', rand())",
  ],
  [
    "table",
    "queue",
    "CREATE TABLE cluster.queue (`day` Date, `id` UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow'",
  ],
  [
    "materialized view",
    "from_queue",
    "CREATE MATERIALIZED VIEW cluster.from_queue TO cluster.hits_local (`day` Date, `id` UInt64, `label` String) AS SELECT day, id, 'given' AS label FROM cluster.queue",
  ],
  [
    "table",
    "files",
    "CREATE TABLE cluster.files (`id` UInt64) ENGINE = S3Queue('https://bucket.s3.amazonaws.com/*.csv', 'key', '[HIDDEN]', 'CSV') SETTINGS mode = 'unordered', keeper_path = '/q'",
  ],
  [
    "table",
    "daily",
    "CREATE TABLE cluster.daily (`day` Date, `n` UInt64) ENGINE = SharedSummingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', n) ORDER BY day SETTINGS index_granularity = 8192",
  ],
  [
    "table",
    "hits_local",
    "CREATE TABLE cluster.hits_local (`day` Date, `id` UInt64, `label` String DEFAULT dictGetOrDefault('cluster.labels', 'label', id, '')) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/{cluster}/tables/{shard}/hits', '{replica}') PARTITION BY toYYYYMM(day) ORDER BY (day, id) SETTINGS storage_policy = 'hot_and_cold', index_granularity = 8192",
  ],
  [
    "dictionary",
    "labels",
    "CREATE DICTIONARY cluster.labels (`id` UInt64, `label` String) PRIMARY KEY id SOURCE(CLICKHOUSE(HOST 'localhost' PORT 9000 USER 'u' PASSWORD '[HIDDEN]' DB 'cluster' TABLE 'label_rows')) LIFETIME(MIN 0 MAX 60) LAYOUT(HASHED())",
  ],
  [
    "table",
    "label_rows",
    "CREATE TABLE cluster.label_rows (`id` UInt64, `label` String) ENGINE = SharedMergeTree ORDER BY id SETTINGS disk = 's3disk'",
  ],
  [
    "table",
    "seen",
    "CREATE TABLE cluster.seen (`id` UInt64) ENGINE = SharedSet('/clickhouse/tables/{uuid}/{shard}', '{replica}')",
  ],
];

let pair: ClickHousePair;
let empty: ClickHouseManifest;
let sink: MemorySink;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  await pair.sql("CREATE DATABASE cluster");
  sink = new MemorySink();
  empty = await pair.backup(["cluster"], sink);
});

afterAll(async () => {
  await pair.sql("DROP DATABASE cluster SYNC");
  await pair[Symbol.asyncDispose]();
});

test("definitions from a cluster and from Cloud restore on one node, in an order that works", async () => {
  const known = new Set(GIVEN.map(([, name]) => `cluster.${name}`));
  const entries = GIVEN.map(([kind, name, given]): SchemaEntry => {
    const engine = /ENGINE = (\w+)/.exec(given)?.[1] ?? "";
    const dependsOn = findReferences(given, known).filter((id) => id !== `cluster.${name}`);
    return { kind, database: "cluster", name, engine, given, portable: makePortable(given), dependsOn };
  });
  const database: SchemaEntry = {
    kind: "database",
    database: "cluster",
    name: "cluster",
    engine: "Replicated",
    given: "CREATE DATABASE cluster",
    portable: "CREATE DATABASE cluster",
    dependsOn: [],
  };
  const schema = serialiseSchema(planSchema([...entries, database]));
  const objects = await sink.put("cluster.json", chunk(schema));
  const manifest = { ...empty, ddl: { ...empty.ddl, objects } };
  await pair.withRestored(manifest, sink, async (target) => {
    expect(
      await target.query("SELECT name, engine FROM system.tables WHERE database = 'cluster' ORDER BY name"),
    ).toEqual([
      { name: "all_hits", engine: "View" },
      { name: "daily", engine: "SummingMergeTree" },
      { name: "files", engine: "Null" },
      { name: "from_queue", engine: "MaterializedView" },
      { name: "hits", engine: "Merge" },
      { name: "hits_local", engine: "ReplacingMergeTree" },
      { name: "label_rows", engine: "MergeTree" },
      { name: "labels", engine: "Dictionary" },
      { name: "queue", engine: "Null" },
      { name: "seen", engine: "Set" },
      { name: "to_daily", engine: "MaterializedView" },
    ]);
    // What the application writes goes the way it went on the cluster.
    await target.query("INSERT INTO cluster.queue (day, id) VALUES ('2026-01-01', 1), ('2026-01-01', 2)");
    expect(await target.query("SELECT n FROM cluster.all_hits")).toEqual([{ n: 2 }]);
    expect(await target.query("SELECT sum(n) AS n FROM cluster.daily")).toEqual([{ n: 2 }]);
  });
});

async function* chunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
