import { Client } from "pg";
import { beforeAll, expect, test } from "vitest";
import { compareInventories } from "../../../src/backup/inventory.ts";
import { createPostgresStore } from "../../../src/stores/postgres/store.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { changeUrl, runSql, startToolRun } from "../../support/postgres-databases.ts";
import { restorePostgres } from "../../support/postgres-restores.ts";
import { usePostgresServers } from "../../support/postgres-servers.ts";
import { until } from "../../support/until.ts";

const LABELS = Array.from({ length: 30 }, (_, index) => `label ${index}`);
/** Label n has n + 1 rows, so that partitions with other labels hold another number of them. */
const ROWS = 465;
const ROWS_OF_PARTITIONS = `
  SELECT tableoid::regclass::text AS partition, count(*)::int AS rows FROM "Events" GROUP BY 1 ORDER BY 1`;

const server = usePostgresServers(16, 17);
let source: string;

beforeAll(async () => {
  await runSql(server(16).url, "CREATE DATABASE source");
  source = changeUrl(server(16).url, { pathname: "/source" }).reveal();
  await runSql(
    source,
    `CREATE TYPE label AS ENUM (${LABELS.map((label) => `'${label}'`).join(", ")});
     CREATE FUNCTION await_leave() RETURNS boolean LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN true; END';
     CREATE TABLE "Events" (id int, label label, region text, CONSTRAINT waits CHECK (label <> 'label 0' OR await_leave()))
       PARTITION BY LIST (region);
     CREATE TABLE here PARTITION OF "Events" FOR VALUES IN ('here') PARTITION BY HASH (label);
     CREATE TABLE here_0 PARTITION OF here FOR VALUES WITH (MODULUS 3, REMAINDER 0);
     CREATE TABLE here_1 (region text, label label, id int); -- columns in another order
     ALTER TABLE here_1 ADD CONSTRAINT waits CHECK (label <> 'label 0' OR await_leave());
     ALTER TABLE here ATTACH PARTITION here_1 FOR VALUES WITH (MODULUS 3, REMAINDER 1);
     CREATE TABLE here_2 PARTITION OF here FOR VALUES WITH (MODULUS 3, REMAINDER 2) PARTITION BY HASH (id, label);
     CREATE TABLE here_2_0 PARTITION OF here_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     CREATE TABLE here_2_1 PARTITION OF here_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
     CREATE TABLE there PARTITION OF "Events" FOR VALUES IN ('there');
     INSERT INTO "Events" SELECT row_number() OVER (), label, CASE WHEN times > 29 THEN 'there' ELSE 'here' END
       FROM unnest(enum_range(NULL::label)) WITH ORDINALITY labels(label, n), generate_series(1, n) times`,
  );
});

async function backUp(format: "custom" | "plain" = "custom") {
  const sink = new MemorySink();
  const options = { name: "app", url: new Secret(source), dump: { format } };
  return { store: await createPostgresStore(options, startToolRun()).backup(sink), objects: sink };
}

/** A database of the other server, whose next oids are none that the source had. */
async function createCopy(name: string): Promise<string> {
  await runSql(server(17).url, `CREATE DATABASE ${name}`);
  const url = changeUrl(server(17).url, { pathname: `/${name}` }).reveal();
  const others = Array.from({ length: 50 }, (_, index) => `CREATE TYPE other_${index} AS ENUM ('a', 'b')`);
  const gone = others.map((_, index) => `DROP TYPE other_${index}`);
  await runSql(url, [...others, ...gone].join(";"));
  return url;
}

test.each(["custom", "plain"] as const)(
  "partitions by the hash of an enum are compared together (%s)",
  async (format) => {
    const { store, objects } = await backUp(format);
    const url = await createCopy(`copy_${format}`);
    const { comparison } = await restorePostgres({ store, objects }, url, undefined);
    expect(await runSql(url, ROWS_OF_PARTITIONS)).not.toEqual(await runSql(source, ROWS_OF_PARTITIONS));
    expect(comparison).toMatchObject({
      differences: [],
      tablesCompared: 5,
      contentsCompared: 5,
      rowsCompared: ROWS,
      notProven: [
        expect.stringMatching(/^Which partition of public\.here a row lies in: .* its 4 partitions /),
      ],
    });

    const target = createPostgresTarget({ store: "app", url: new Secret(url) }, startToolRun());
    const compare = async () =>
      compareInventories("app", store.inventory, await target.takeInventory(store)).differences;
    expect(await compare()).toEqual([]);
    await runSql(url, "UPDATE here SET id = -1 WHERE id = (SELECT min(id) FROM here)");
    expect(await compare()).toMatchObject([{ kind: "content", name: "public.here" }]);
    await runSql(
      url,
      "DELETE FROM here WHERE id = -1; DELETE FROM there WHERE id = (SELECT min(id) FROM there)",
    );
    expect(await compare()).toMatchObject([
      { kind: "rows", name: "public.there", expected: "1 row", found: "0 rows" },
      { kind: "rows", name: "public.here", expected: `${ROWS - 1} rows`, found: `${ROWS - 2} rows` },
    ]);
  },
);

test("none of them is counted while rows may still come to it", async () => {
  const backup = await backUp();
  const url = await createCopy("slow_copy");
  const [{ rows: late } = {}] = await runSql(
    source,
    `SELECT count(*)::int AS rows FROM "Events"
     WHERE tableoid = (SELECT tableoid FROM "Events" WHERE label = 'label 0')`,
  );
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(42)");
  const restoring = restorePostgres(backup, url, undefined, { jobs: 2 });
  restoring.catch(() => {}); // awaited below
  try {
    // All rows but those that come together with the first label's.
    await until(async () => {
      const found = await runSql(url, `SELECT count(*)::int AS rows FROM "Events"`).catch(() => []);
      return found[0]?.["rows"] === ROWS - Number(late);
    });
  } finally {
    await holder.end();
  }
  expect((await restoring).comparison).toMatchObject({ differences: [], rowsCompared: ROWS });
});
