import { describe, expect, test } from "vitest";
import {
  hashDefinition,
  listTableItems,
  makePortable,
} from "../../../../../src/stores/clickhouse/sql/ddl-portable.ts";

describe("a statement for one plain server", () => {
  test.each([
    [
      "a view that reads another server",
      "CREATE VIEW a.v (`x` Int8, `s` String COMMENT 'it''s') AS SELECT x, s FROM remoteSecure('h:9440', 'd', 't', 'u', '[HIDDEN]') COMMENT 'of it'",
      "CREATE VIEW a.v (`x` Int8, `s` String COMMENT 'it''s') AS SELECT * FROM null('`x` Int8, `s` String COMMENT \\'it\\'\\'s\\'')",
    ],
    [
      "a table that stands for another",
      "CREATE TABLE a.t (`x` Int8, `s` String DEFAULT concat('(', x)) ENGINE = Alias('a', 'z') COMMENT '('",
      "CREATE TABLE a.t ENGINE = Alias('a', 'z') COMMENT '('",
    ],
    [
      "a column named like a table function",
      "CREATE VIEW a.v (`url` String) AS SELECT url, s3 FROM a.t WHERE (url) != ''",
      "CREATE VIEW a.v (`url` String) AS SELECT url, s3 FROM a.t WHERE (url) != ''",
    ],
    [
      "a table over a table function",
      "CREATE TABLE a.t (`x` Int8) AS mysql('h:3306', 'd', 't', 'u', '[HIDDEN]')",
      "CREATE TABLE a.t (`x` Int8) ENGINE = Null",
    ],
    [
      "a dictionary that asks another server",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(POSTGRESQL(PORT 5432 HOST 'h' USER 'u' PASSWORD '[HIDDEN]' DB 'd' TABLE 't')) LIFETIME(MIN 0 MAX 10) LAYOUT(FLAT())",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(NULL()) LIFETIME(MIN 0 MAX 10) LAYOUT(FLAT())",
    ],
    [
      "a dictionary that asks its own server over the network",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(HOST 'localhost' PORT 9000 USER 'default' PASSWORD '[HIDDEN]' DB 'a' TABLE 't' WHERE 'k > 1')) LAYOUT(FLAT())",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(DB 'a' TABLE 't' WHERE 'k > 1')) LAYOUT(FLAT())",
    ],
    [
      "a dictionary whose query asks another server",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT k FROM remote(\\'h\\', d, t)')) LAYOUT(FLAT())",
      "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(NULL()) LAYOUT(FLAT())",
    ],
    [
      "replication, with path and replica",
      "CREATE TABLE a.t (`x` Int8) ENGINE = ReplicatedMergeTree('/clickhouse/{uuid}', '{replica}') ORDER BY x SETTINGS index_granularity = 8192",
      "CREATE TABLE a.t (`x` Int8) ENGINE = MergeTree ORDER BY x SETTINGS index_granularity = 8192",
    ],
    [
      "replication of an engine with arguments of its own",
      "CREATE TABLE a.t (`x` Int8, `v` UInt8) ENGINE = SharedReplacingMergeTree('/p/{uuid}/{shard}', '{replica}', v, d) ORDER BY x",
      "CREATE TABLE a.t (`x` Int8, `v` UInt8) ENGINE = ReplacingMergeTree(v, d) ORDER BY x",
    ],
    [
      "replication whose path is the server's default",
      "CREATE TABLE a.t (`x` Int8) ENGINE = ReplicatedSummingMergeTree((x)) ORDER BY x",
      "CREATE TABLE a.t (`x` Int8) ENGINE = SummingMergeTree(( x )) ORDER BY x",
    ],
    [
      "uuid and cluster",
      "CREATE TABLE a.t UUID '7afb2996-1c29-481b-b15f-ab9edef4df86' ON CLUSTER main (`uuid` UUID DEFAULT UUID '7afb2996-1c29-481b-b15f-ab9edef4df86') ENGINE = Log",
      "CREATE TABLE a.t (`uuid` UUID DEFAULT UUID '7afb2996-1c29-481b-b15f-ab9edef4df86') ENGINE = Log",
    ],
    [
      "storage policy among other settings",
      "CREATE TABLE a.t (`x` Int8) ENGINE = MergeTree ORDER BY x SETTINGS storage_policy = 's3', index_granularity = 1 COMMENT 'SETTINGS disk = 1'",
      "CREATE TABLE a.t (`x` Int8) ENGINE = MergeTree ORDER BY x SETTINGS index_granularity = 1 COMMENT 'SETTINGS disk = 1'",
    ],
    [
      "a disk that is described in place, as the only setting",
      "CREATE TABLE a.t (`x` Int8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = s3, endpoint = 'h', b = 1)",
      "CREATE TABLE a.t (`x` Int8) ENGINE = MergeTree ORDER BY x",
    ],
    [
      "Distributed, as what it showed",
      "CREATE TABLE a.d (`x` Int8) ENGINE = Distributed('main', 'a', 't.local', rand())",
      "CREATE TABLE a.d (`x` Int8) ENGINE = Merge('a', '^t\\\\.local$')",
    ],
    [
      "an outward engine with settings and a comment",
      "CREATE TABLE a.k (`x` Int8) ENGINE = Kafka SETTINGS kafka_broker_list = 'h:9092', storage_policy = 'p' COMMENT 'queue'",
      "CREATE TABLE a.k (`x` Int8) ENGINE = Null COMMENT 'queue'",
    ],
    [
      "an outward engine with arguments",
      "CREATE TABLE a.m (`x` Int8) ENGINE = PostgreSQL('h:5432', 'd', 't', 'u', '[HIDDEN]')",
      "CREATE TABLE a.m (`x` Int8) ENGINE = Null",
    ],
    [
      "a materialized view's inner engine and definer, and nothing of its query",
      "CREATE MATERIALIZED VIEW a.v TO INNER UUID '7afb2996-1c29-481b-b15f-ab9edef4df86' (`x` Int8) ENGINE = SharedMergeTree('/p', '{replica}') ORDER BY x DEFINER = boss SQL SECURITY DEFINER AS SELECT x FROM a.t SETTINGS storage_policy = 1",
      "CREATE MATERIALIZED VIEW a.v (`x` Int8) ENGINE = MergeTree ORDER BY x AS SELECT x FROM a.t SETTINGS storage_policy = 1",
    ],
    [
      "a refreshable view, which must not fill itself",
      "CREATE MATERIALIZED VIEW a.v REFRESH EVERY 1 DAY (`x` Int8) ENGINE = MergeTree ORDER BY x DEFINER = `the boss` SQL SECURITY DEFINER AS SELECT x FROM a.t",
      "CREATE MATERIALIZED VIEW a.v REFRESH EVERY 1 DAY (`x` Int8) ENGINE = MergeTree ORDER BY x EMPTY AS SELECT x FROM a.t",
    ],
    [
      "a view that runs as who asks",
      "CREATE VIEW a.v (`x` Int8) SQL SECURITY INVOKER AS SELECT x AS `ENGINE` FROM a.t",
      "CREATE VIEW a.v (`x` Int8) SQL SECURITY INVOKER AS SELECT x AS `ENGINE` FROM a.t",
    ],
  ])("loses or keeps %s", (_, given, portable) => {
    expect(makePortable(given)).toBe(portable);
    expect(makePortable(portable), "rewriting twice changes nothing").toBe(portable);
  });
});

describe("the hash of a definition", () => {
  test("does not change with spacing, comments and needless quotes", () => {
    expect(hashDefinition("CREATE TABLE  a.`t` -- x\n(`x` Int8)")).toBe(
      hashDefinition("CREATE TABLE a.t (x Int8)"),
    );
  });

  test("changes with what is said", () => {
    expect(hashDefinition("CREATE TABLE a.t (x Int8)")).not.toBe(
      hashDefinition("CREATE TABLE a.t (x Int16)"),
    );
    expect(hashDefinition("SELECT 'a b'")).not.toBe(hashDefinition("SELECT 'a  b'"));
  });
});

test("indexes, projections and constraints are found among the columns", () => {
  const items = listTableItems(
    "CREATE TABLE a.t (`INDEX` Int8, `x` Map(String, Int8), INDEX `by x` x TYPE set(10) GRANULARITY 1, PROJECTION p (SELECT x, count() GROUP BY x), CONSTRAINT c CHECK x > 0) ENGINE = MergeTree ORDER BY (x, y)",
  );
  expect(items.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "index by x",
    "projection p",
    "constraint c",
  ]);
});
