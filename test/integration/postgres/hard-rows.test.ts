import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import type { Comparison } from "../../../src/backup/inventory.ts";
import type { PostgresManifest } from "../../../src/backup/manifest.ts";
import type { DigestRules } from "../../../src/stores/postgres/catalog/digest.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";

let source: TestDatabase;

beforeAll(async () => {
  source = await createPostgresDatabase();
  // The data wrapper has no handler: whoever reads the foreign table fails.
  await runSql(
    source.url,
    `CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
     CREATE FOREIGN TABLE distant (id int) SERVER far;
     CREATE TABLE odd (
       id int PRIMARY KEY, f float8[], d date[], t timestamptz[], j json, jb jsonb, x xml, v tsvector, q tsquery,
       mr int4multirange, b bit(3), mac macaddr, p point, c cidr, n name, ch char(5), by bytea, r regclass, i interval,
       doubled int GENERATED ALWAYS AS (id * 2) STORED);
     INSERT INTO odd (id, f, d, t, j, jb, x, v, q, mr, b, mac, p, c, n, ch, by, r, i) VALUES
       (1, '{NaN,-0,Infinity,-Infinity,5e-324}', '{infinity,-infinity,0044-03-15 BC}', '{infinity,2026-01-01 00:00+05}',
        '{"b": 1,  "a": 1, "a": 2}', '{"b": 1, "a": [null, "\\u00e9"]}', '<a/>', 'a:1A b:2', 'a & !b', '{[1,3),[5,)}', B'101',
        '08:00:2b:01:02:03', '(-0,1e300)', '10.0.0.0/8', 'n', 'ab', '\\x00ff', 'odd', '1 mon -1 day'),
       (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
     CREATE TABLE keyed (id int PRIMARY KEY, note text);
     INSERT INTO keyed SELECT n, md5(n::text) FROM generate_series(1, 5000) n;
     CREATE TABLE keyless (note text, n int);
     INSERT INTO keyless SELECT md5(n::text), n FROM generate_series(1, 2000) n;
     CREATE TEMPORARY TABLE passing (id int)`,
  );
});

afterAll(async () => {
  await source.drop();
});

interface Copy {
  manifest: PostgresManifest;
  url: string;
  compare(): Promise<Comparison>;
}

async function withCopy(
  digest: DigestRules | undefined,
  check: (copy: Copy) => Promise<void>,
): Promise<void> {
  const run = startToolRun();
  const sink = new MemorySink();
  const options = { name: "postgres", url: new Secret(source.url), ...(digest && { digest }) };
  const manifest = (await createPostgresStore(options, run).backup(sink)) as PostgresManifest;
  const copy = await createPostgresDatabase();
  try {
    const target = createPostgresTarget({ store: "postgres", url: new Secret(copy.url) }, run);
    await using scratch = await Scratch.create();
    await target.restore(manifest, { objects: sink, replace: false, scratchDir: scratch.path });
    const compare = async (): Promise<Comparison> =>
      compareInventories("postgres", manifest.inventory, await target.takeInventory(manifest));
    await check({ manifest, url: copy.url, compare });
  } finally {
    await copy.drop();
  }
}

test("rows that are hard to read are equal after a restore; a foreign table is structure, and not read", async () => {
  await withCopy(undefined, async ({ manifest, compare }) => {
    expect(manifest.inventory.tables.map(({ name }) => name)).toEqual([
      "public.keyed",
      "public.keyless",
      "public.odd",
    ]);
    expect(await compare()).toMatchObject({ differences: [], contentsCompared: 3 });
    expect(manifest.leftOut.map(({ what }) => what)).toContain("Rows of public.distant");
  });
});

describe("a sample", () => {
  const sample: DigestRules = {
    depth: "sample",
    oneIn: 10,
    tables: [{ pattern: "public.odd", depth: "counts" }],
  };

  test("takes the same rows before and after a restore, and says that it is one", async () => {
    await withCopy(sample, async ({ manifest, compare }) => {
      const plans = Object.fromEntries(
        manifest.inventory.tables.map((table) => [table.name, table.digestedBy]),
      );
      expect(plans).toMatchObject({
        "public.keyed": { oneIn: 10, key: ["id"] },
        "public.keyless": { oneIn: 10, key: ["n"] },
        "public.odd": { method: "counts" },
      });
      const comparison = await compare();
      expect(comparison).toMatchObject({ differences: [], tablesCompared: 3, contentsCompared: 2 });
      expect(comparison.notProven).toEqual(
        expect.arrayContaining([
          "Contents of public.keyed: every row was counted, but only a sample of 1 in 10 was compared.",
          "Contents of public.odd: only its rows were counted.",
        ]),
      );
    });
  });

  test("still counts every row, and sees a change of a row that is in it", async () => {
    await withCopy(sample, async ({ url, compare }) => {
      await runSql(url, "DELETE FROM keyed WHERE id = 17; UPDATE keyless SET note = 'changed'");
      expect((await compare()).differences).toMatchObject([
        { kind: "rows", name: "public.keyed", expected: "5000 rows", found: "4999 rows" },
        { kind: "content", name: "public.keyless" },
      ]);
    });
  });
});

test("tables up to a size are digested in full where the operator says so", async () => {
  await withCopy({ depth: "counts", aboveBytes: 200_000 }, async ({ manifest }) => {
    const digested = manifest.inventory.tables.map(({ name, digest }) => [name, digest !== null]);
    expect(Object.fromEntries(digested)).toEqual({
      "public.keyed": false,
      "public.keyless": true,
      "public.odd": true,
    });
  });
});

test("a value of 300 MB is digested without the text of its row", async () => {
  const database = await createPostgresDatabase();
  try {
    // Stored as it is: what a server compresses, it need not hold whole.
    await runSql(
      database.url,
      `CREATE TABLE huge (id int, note text, bytes bytea); ALTER TABLE huge ALTER note SET STORAGE EXTERNAL;
       INSERT INTO huge VALUES (1, repeat(md5('x') || E'"\\\\', 9000000), NULL), (2, NULL, decode(repeat('00ff', 10000000), 'hex'))`,
    );
    const [{ bytes } = {}] = await runSql(database.url, "SELECT max(octet_length(note)) AS bytes FROM huge");
    expect(bytes).toBeGreaterThan(300_000_000);
    const store = createPostgresStore(
      { name: "postgres", url: new Secret(database.url), dump: { format: "custom" } },
      startToolRun(),
    );
    const before = process.memoryUsage().rss;
    const manifest = (await store.backup(new MemorySink())) as PostgresManifest;
    expect(manifest.inventory.tables).toMatchObject([{ name: "public.huge", rows: 2 }]);
    // The value never comes to us, and compressed it is small.
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    const target = createPostgresTarget({ store: "postgres", url: new Secret(database.url) }, startToolRun());
    const again = await target.takeInventory(manifest);
    expect(compareInventories("postgres", manifest.inventory, again).differences).toEqual([]);
    await runSql(database.url, "UPDATE huge SET bytes = set_byte(bytes, 12345, 1) WHERE id = 2");
    const changed = compareInventories("postgres", manifest.inventory, await target.takeInventory(manifest));
    expect(changed.differences).toMatchObject([{ kind: "content", name: "public.huge" }]);
  } finally {
    await database.drop();
  }
});
