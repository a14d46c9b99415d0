import { describe, expect, test } from "vitest";
import { DatabaseNames } from "../../../../../src/stores/clickhouse/sql/database-names.ts";

const names = new DatabaseNames(
  new Map([
    ["shop", "new-shop"],
    ["odd db", "plain"],
    ["2", "two"],
  ]),
  new Set(["shop.orders", "shop.names", "shop.mv", "odd db.t x", "2.t"]),
);

test.each([
  [
    "a table",
    "CREATE TABLE shop.t (`id` UInt8) ENGINE = Log",
    "CREATE TABLE `new-shop`.t (`id` UInt8) ENGINE = Log",
  ],
  [
    "quoted names",
    'SELECT 1 FROM `odd db`.`t x`, "shop"."orders"',
    'SELECT 1 FROM plain.`t x`, `new-shop`."orders"',
  ],
  ["a name that begins with a digit", "SELECT 1 FROM `2`.t", "SELECT 1 FROM two.t"],
  [
    "both ends of a materialized view",
    "CREATE MATERIALIZED VIEW shop.mv REFRESH EVERY 1 DAY DEPENDS ON shop.mv, shop.names TO shop.to (`n` UInt64) AS SELECT n FROM shop.orders AS o INNER JOIN shop.names AS m USING (id)",
    "CREATE MATERIALIZED VIEW `new-shop`.mv REFRESH EVERY 1 DAY DEPENDS ON `new-shop`.mv, `new-shop`.names TO `new-shop`.to (`n` UInt64) AS SELECT n FROM `new-shop`.orders AS o INNER JOIN `new-shop`.names AS m USING (id)",
  ],
  [
    "columns that are told by their table",
    "CREATE VIEW shop.v AS SELECT shop.orders.id, shop.orders.* FROM shop.orders WHERE id IN shop.names",
    "CREATE VIEW `new-shop`.v AS SELECT `new-shop`.orders.id, `new-shop`.orders.* FROM `new-shop`.orders WHERE id IN `new-shop`.names",
  ],
  [
    "an alias of that name",
    "CREATE VIEW a.v AS SELECT shop.orders, shop.orders.id FROM shop.names AS shop ARRAY JOIN shop.orders AS x",
    "CREATE VIEW a.v AS SELECT shop.orders, shop.orders.id FROM `new-shop`.names AS shop ARRAY JOIN shop.orders AS x",
  ],
  [
    "a column of that name",
    "CREATE TABLE shop.t (`shop` Tuple(orders UInt8), `x` UInt8 DEFAULT shop.orders) ENGINE = MergeTree ORDER BY (x, shop.orders) TTL toDate(shop.orders) TO VOLUME 'shop'",
    "CREATE TABLE `new-shop`.t (`shop` Tuple(orders UInt8), `x` UInt8 DEFAULT shop.orders) ENGINE = MergeTree ORDER BY (x, shop.orders) TTL toDate(shop.orders) TO VOLUME 'shop'",
  ],
  [
    "texts",
    "CREATE TABLE shop.t (`a` String DEFAULT 'shop', `b` String DEFAULT 'FROM shop.orders' COMMENT 'shop.orders') ENGINE = Log COMMENT 'shop'",
    "CREATE TABLE `new-shop`.t (`a` String DEFAULT 'shop', `b` String DEFAULT 'FROM shop.orders' COMMENT 'shop.orders') ENGINE = Log COMMENT 'shop'",
  ],
  [
    "a DEFAULT that asks a dictionary or a Join table",
    "CREATE TABLE a.t (`a` String DEFAULT dictGetOrDefault('shop.names', 'shop', id, 'shop'), `b` UInt8 DEFAULT joinGet(shop.names, 'v', id)) ENGINE = Log",
    "CREATE TABLE a.t (`a` String DEFAULT dictGetOrDefault('new-shop.names', 'shop', id, 'shop'), `b` UInt8 DEFAULT joinGet(`new-shop`.names, 'v', id)) ENGINE = Log",
  ],
  [
    "arguments of Buffer",
    "CREATE TABLE a.t (`a` String) ENGINE = Buffer('shop', 'shop', 16, 10, 100, 1, 2, 3, 4)",
    "CREATE TABLE a.t (`a` String) ENGINE = Buffer('new-shop', 'shop', 16, 10, 100, 1, 2, 3, 4)",
  ],
  [
    "arguments of Merge",
    "CREATE TABLE a.t (`a` String) ENGINE = Merge(shop, '^shop$')",
    "CREATE TABLE a.t (`a` String) ENGINE = Merge(`new-shop`, '^shop$')",
  ],
  [
    "the source of a dictionary",
    "CREATE DICTIONARY shop.d (`shop` UInt64) PRIMARY KEY shop SOURCE(CLICKHOUSE(DB 'shop' TABLE 'shop' USER 'shop')) LAYOUT(FLAT())",
    "CREATE DICTIONARY `new-shop`.d (`shop` UInt64) PRIMARY KEY shop SOURCE(CLICKHOUSE(DB 'new-shop' TABLE 'shop' USER 'shop')) LAYOUT(FLAT())",
  ],
  [
    "the query of a dictionary",
    "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT k, \\'shop\\' FROM shop.orders')) LAYOUT(FLAT())",
    "CREATE DICTIONARY a.d (`k` UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT k, \\'shop\\' FROM `new-shop`.orders')) LAYOUT(FLAT())",
  ],
])("%s", (_, statement, rewritten) => {
  expect(names.rewrite(statement)).toBe(rewritten);
  expect(names.rewrite(rewritten)).toBe(rewritten);
  expect(names.findOld(rewritten)).toEqual([]);
});

describe("what may be a name and is left is told", () => {
  test.each([
    ["SELECT unknown('shop.orders')", ["shop.orders"]],
    ["SELECT unknown(shop.orders) FROM a.t", ["shop.orders"]],
    ["CREATE TABLE a.t (`a` String) ENGINE = Merge(REGEXP('^sh.p$'), '^t$')", ["^sh.p$"]],
    ["SELECT 1 FROM shop.orders", ["shop"]],
    ["SELECT 'shop', shop FROM a.t", []],
  ])("%s", (statement, found) => {
    expect(names.findOld(statement)).toEqual(found);
  });
});

test("a path in a database whose name holds a dot", () => {
  const dotted = new DatabaseNames(
    new Map([
      ["a", "x"],
      ["a.b", "y"],
    ]),
    new Set(),
  );
  expect(dotted.renamePath("a.b.t")).toBe("y.t");
  expect(dotted.renamePath("a.t")).toBe("x.t");
  expect(dotted.renamePath("ab.t")).toBe("ab.t");
});
