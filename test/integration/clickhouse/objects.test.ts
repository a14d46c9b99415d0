import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClickHouseManifest } from "../../../src/backup/manifest.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { ClickHousePair, findDifferences } from "./clickhouse-pair.ts";

const DATABASES = ["objects", "objects_memory"];

let pair: ClickHousePair;
let sink: MemorySink;
let manifest: ClickHouseManifest;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  await pair.sql(await readFile(new URL("../../fixtures/clickhouse-objects.sql", import.meta.url), "utf8"));
  sink = new MemorySink();
  manifest = await pair.backup(DATABASES, sink);
});

afterAll(async () => {
  await pair.sql(
    `${DATABASES.map((name) => `DROP DATABASE IF EXISTS ${name} SYNC`).join("; ")};
     DROP FUNCTION IF EXISTS objects_triple; DROP NAMED COLLECTION IF EXISTS objects_collection`,
  );
  await pair[Symbol.asyncDispose]();
});

test("objects of every kind come back without a difference", async () => {
  await pair.withRestored(manifest, sink, async (target) => {
    // Others' functions on the target's server are none of the backup's business.
    await target.query("CREATE FUNCTION objects_of_others AS (x) -> x");
    expect(await findDifferences(manifest, target)).toEqual([]);
    await target.query("DROP FUNCTION objects_of_others");
  });
});

test("a restored copy reaches nobody, and no view refreshes itself in a drill", async () => {
  await pair.withRestored(manifest, sink, async (target) => {
    await target.settle();
    expect(
      await target.query(
        "SELECT view, status FROM system.view_refreshes WHERE database = 'objects' ORDER BY view",
      ),
    ).toEqual([
      { view: "mv_over_url", status: "Disabled" },
      { view: "refreshed", status: "Disabled" },
      { view: "refreshed_to", status: "Disabled" },
    ]);
    for (const view of ["over_remote", "over_url"]) {
      expect(await target.query(`SELECT * FROM objects.${view}`)).toEqual([]);
    }
    for (const dictionary of ["outward_dict", "remote_dict", "http_dict"]) {
      const asked = `SELECT dictGetOrDefault('objects.${dictionary}', 'v', toUInt64(1), 'nobody') AS v`;
      expect(await target.query(asked)).toEqual([{ v: "nobody" }]);
    }
    const statements = await target.query(
      "SELECT name FROM system.tables WHERE database = 'objects' AND match(create_table_query, '127\\.0\\.0\\.1')",
    );
    expect(statements).toEqual([]);
    const [sums] = await target.query(
      "SELECT (SELECT sum(s) FROM objects.sums) AS sums, (SELECT sum(s) FROM objects.own_table) AS own",
    );
    expect(sums).toEqual({ sums: 60, own: 30 });
  });
});

test("what does not come back is named, and no secret is stored", () => {
  const about = manifest.leftOut.map(({ what, why }) => `${what}: ${why}`).join("\n");
  expect(about).toMatch(/table objects\.buffer: Its engine Buffer holds 9 rows in memory/);
  expect(about).toMatch(
    /table objects\.kept_set: Its engine Set keeps no rows of its own that could be read/,
  );
  expect(about).toMatch(/dictionary objects\.outward_dict: The server hides a secret/);
  expect(about).toMatch(/dictionary objects\.outward_dict: It asks another system/);
  expect(about).toMatch(/view objects\.over_remote: It asks another system/);
  expect(about).toMatch(/table objects\.kafka: Its engine Kafka points outward/);
  expect(about).toMatch(/named collection objects_collection: /);
  const everything = JSON.stringify(manifest) + [...sink.objects.values()].join("\n");
  expect(everything).not.toMatch(/hidden-password/);
});
