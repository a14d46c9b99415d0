import { once } from "node:events";
import { request as sendRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { Finding } from "../../../src/finding.ts";
import { diagnoseClickHouseTarget } from "../../../src/stores/clickhouse/doctor/diagnose-target.ts";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import { systemClock } from "../../../src/sys/clock.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { runClickHouse } from "../../e2e/product.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { serve } from "../../support/http-server.ts";
import { startTestRun } from "../../support/run-context.ts";

let server: Awaited<ReturnType<typeof startClickHouse>>;

beforeAll(async () => {
  server = await startClickHouse([
    { name: "sees_little", grants: ["GRANT SELECT ON app.a"] },
    {
      name: "just_enough",
      grants: [
        "GRANT SELECT ON app.*",
        "GRANT SELECT ON system.parts",
        "GRANT SELECT ON system.parts_columns",
      ],
      settings: { max_memory_usage: 500_000_000 },
    },
    {
      name: "hurried",
      grants: [
        "GRANT SELECT ON app.*",
        "GRANT SELECT ON system.parts",
        "GRANT SELECT ON system.parts_columns",
      ],
      settings: { max_execution_time: 60 },
      fixed: ["max_execution_time"],
    },
    { name: "counted", grants: ["GRANT SELECT ON *.*"], queriesAnHour: 10_000 },
    { name: "readonly_1", grants: ["GRANT SELECT ON app.*"], settings: { readonly: 1 } },
  ]);
  await runClickHouse(
    server.url,
    `CREATE DATABASE app; CREATE TABLE app.a (id UInt64, v UInt64) ENGINE = MergeTree ORDER BY id;
    INSERT INTO app.a SELECT number, number FROM numbers(1000);
    CREATE TABLE app.b (id UInt64) ENGINE = MergeTree PARTITION BY id ORDER BY id; INSERT INTO app.b VALUES (1), (2);
    ALTER TABLE app.b DETACH PARTITION 1;
    ALTER TABLE app.a UPDATE v = throwIf(id = 500) WHERE 1 SETTINGS mutations_sync = 0`,
  );
});

afterAll(() => server.stop());

async function diagnose(user: string, aheadMs = 0, at = server.url): Promise<Finding[]> {
  const url = new Secret(at.replace("//lifeboat:", `//${user}:`));
  const run = startTestRun();
  const clock = { ...run.clock, now: () => new Date(systemClock.now().getTime() + aheadMs) };
  const store = createClickHouseStore({ name: "clickhouse", url, databases: ["app"] }, { ...run, clock });
  try {
    return await store.diagnose();
  } finally {
    await store.close();
  }
}

const summarise = (findings: Finding[]): string[] => findings.map(({ check, state }) => `${check}: ${state}`);

test("a user who may do everything learns of what deserves a look, each with its line", async () => {
  const findings = await diagnose("lifeboat");
  expect(summarise(findings)).toEqual([
    "version: good",
    "rights: good",
    "compression: good",
    "clock: good",
    "size: good",
    "mutations: warning",
    "detached parts: warning",
    "left out: good",
  ]);
  expect(findings).toContainEqual(
    expect.objectContaining({
      check: "mutations",
      mend: expect.stringMatching(
        /^KILL MUTATION WHERE database = 'app' AND table = 'a' AND mutation_id = 'mutation_\d+\.txt'$/,
      ),
    }),
  );
  expect(findings.find(({ check }) => check === "size")?.found).toMatch(
    /1,?001 rows in 2 partitions and 2 parts/,
  );
});

test("a user who may do little is told what is not looked at, and a clock that is wrong", async () => {
  const findings = await diagnose("just_enough", -3_600_000);
  expect(summarise(findings)).toEqual([
    "version: good",
    "rights: good",
    "compression: good",
    "clock: warning",
    "size: good",
    "memory: warning",
    "server: good",
    "left out: good",
  ]);
  expect(findings.find(({ check }) => check === "server")?.found).toMatch(
    /system\.detached_parts.*system\.mutations/,
  );
  expect(findings.find(({ check }) => check === "clock")?.found).toMatch(/\b3[56]\d\d s ahead/);
});

test("everything that a user lacks is told at once", async () => {
  const findings = await diagnose("sees_little");
  expect(findings.filter(({ state }) => state === "bad").map(({ mend }) => mend)).toEqual([
    "GRANT SELECT ON system.parts TO `sees_little`",
    "GRANT SELECT ON system.parts_columns TO `sees_little`",
    "GRANT SELECT ON `app`.* TO `sees_little`",
  ]);
  expect(await diagnose("readonly_1")).toContainEqual(
    expect.objectContaining({ state: "bad", mend: "ALTER USER `readonly_1` MODIFY SETTINGS readonly = 2" }),
  );
});

test("a time limit that the profile fixes is bad, and a quota a warning, each with its line", async () => {
  expect((await diagnose("hurried")).filter(({ state }) => state === "bad")).toEqual([
    {
      check: "rights",
      state: "bad",
      found: "The user may not set max_execution_time = 0, since its profile forbids it.",
      mend: "ALTER USER `hurried` MODIFY SETTINGS max_execution_time = 0",
    },
  ]);
  expect(await diagnose("counted")).toContainEqual({
    check: "quota",
    state: "warning",
    found: expect.stringContaining("Quota counted allows the user 10000 queries in 3600 s"),
    mend: "ALTER QUOTA `counted` TO ALL EXCEPT `counted`; CREATE QUOTA lifeboat FOR INTERVAL 1 HOUR NO LIMITS TO `counted`",
  });
});

/** What the engine's answers become on the way, for what it cannot be itself: older, in the cloud, one of several. */
interface Guise {
  answer?: (text: string, query: string) => string;
  header?: string;
}

async function diagnoseAs({ answer = (text) => text, header }: Guise): Promise<Finding[]> {
  await using standIn = await serve(async (request, response) => {
    const body = await buffer(request);
    const headers = { ...request.headers };
    if (header !== undefined) delete headers[header];
    const { method = "", url = "" } = request;
    const { origin } = new URL(server.url); // without the user, whom the request names already
    const forwarded = sendRequest(new URL(url, origin), { method, headers, agent: false }).end(body);
    const [found] = (await once(forwarded, "response")) as [IncomingMessage];
    const bytes = await buffer(found);
    const isText = found.headers["content-encoding"] === undefined;
    response.writeHead(found.statusCode ?? 500, found.headers);
    response.end(isText ? answer(bytes.toString("latin1"), body.toString("latin1")) : bytes, "latin1");
  });
  return await diagnose("lifeboat", 0, server.url.replace(/@.*/, `@${new URL(standIn.url).host}`));
}

/** In place of the rows that the engine gives for a system table. */
function rowsOf(table: string, ...data: object[]): NonNullable<Guise["answer"]> {
  return (text, query) =>
    query.includes(`FROM system.${table}`) ? JSON.stringify({ meta: [], data, rows: data.length }) : text;
}

const asVersion = (version: string): Guise => ({
  answer: (text) => text.replace(/"version":"[^"]*"/, `"version":"${version}"`),
});

test.each<[string, Guise, Partial<Finding>]>([
  [
    "a server below the floor",
    asVersion("24.10.1.1"),
    { check: "connection", state: "bad", mend: expect.stringContaining("Upgrade it to 24.11 or later") },
  ],
  [
    "a server that does not say why an answer fails",
    asVersion("25.8.2.29"),
    { check: "version", state: "warning", mend: "Upgrade to 25.11 or later." },
  ],
  [
    "a proxy that keeps answers from being compressed",
    { header: "accept-encoding" },
    {
      check: "compression",
      state: "bad",
      mend: "Allow the setting enable_http_compression, and let no proxy strip Accept-Encoding or decompress answers.",
    },
  ],
  [
    "ClickHouse Cloud",
    { answer: (text) => text.replaceAll(/"engine": ?"MergeTree"/g, '"engine":"SharedMergeTree"') },
    {
      check: "cost",
      state: "warning",
      found: expect.stringContaining("a backup wakes it"),
      mend: expect.stringContaining("One backup a night"),
    },
  ],
  [
    "a replica without its Keeper",
    { answer: rowsOf("replicas", { database: "app", table: "a", readonly: 1, delay: "0" }) },
    { check: "replicas", state: "warning", mend: "SYSTEM RESTART REPLICA `app`.`a`" },
  ],
  [
    "a replica that is behind",
    { answer: rowsOf("replicas", { database: "app", table: "a", readonly: 0, delay: "900" }) },
    {
      check: "replicas",
      state: "warning",
      found: expect.stringContaining("900 s behind"),
      mend: "SYSTEM SYNC REPLICA `app`.`a`",
    },
  ],
])("what deserves a look is found with its mending line: %s", async (_, guise, finding) => {
  expect(await diagnoseAs(guise)).toContainEqual(expect.objectContaining(finding));
});

test("a drill's server is asked what its user may do there", async () => {
  const urlOf = (user: string): Secret => new Secret(server.url.replace("//lifeboat:", `//${user}:`));
  const may = await diagnoseClickHouseTarget({ url: urlOf("lifeboat") }, startTestRun());
  expect(summarise(may)).toEqual(["connection: good", "rights: good"]);
  const mayNot = await diagnoseClickHouseTarget({ url: urlOf("sees_little") }, startTestRun());
  expect(mayNot[1]).toMatchObject({
    state: "bad",
    mend: expect.stringMatching(/^GRANT CREATE DATABASE, .*, SYSTEM VIEWS ON \*\.\* TO `sees_little`$/),
  });
});

test("a server that cannot be reached is a finding, too", async () => {
  const url = new Secret("http://lifeboat:planted-password@127.0.0.1:1");
  const store = createClickHouseStore({ name: "clickhouse", url }, startTestRun());
  const findings = await store.diagnose();
  expect(findings).toMatchObject([{ check: "connection", state: "bad" }]);
  expect(JSON.stringify(findings)).not.toContain("planted-password");
});

test("a table that a killed restore left is found once no restore can be at work", async () => {
  const admin = createClickHouseTarget({ store: "admin", url: new Secret(server.url) }, startTestRun());
  await admin.query("CREATE TABLE app.lifeboat_0123abcd AS app.a");
  try {
    const look = async (hours: number): Promise<Finding[]> => {
      const clock = new FakeClock(new Date(Date.now() + hours * 3_600_000).toISOString());
      const findings = await diagnoseClickHouseTarget(
        { url: new Secret(server.url) },
        { ...startTestRun(), clock },
      );
      return findings.filter(({ check }) => check === "leftovers");
    };
    expect(await look(1)).toEqual([]);
    const [found] = await look(7);
    expect(found).toMatchObject({ state: "warning", mend: "DROP TABLE `app`.`lifeboat_0123abcd` SYNC" });
    await admin.query(found?.mend ?? "");
    expect(await look(7)).toEqual([]);
  } finally {
    await admin.query("DROP TABLE IF EXISTS app.lifeboat_0123abcd SYNC");
    await admin.close();
  }
});

test("a table of thousands of parts, and a mutation that is under way, deserve a look", async () => {
  await runClickHouse(
    server.url,
    `CREATE TABLE app.crowded (id UInt16) ENGINE = MergeTree PARTITION BY id ORDER BY id
       SETTINGS max_parts_in_total = 10000;
     INSERT INTO app.crowded SELECT number FROM numbers(2999) SETTINGS max_partitions_per_insert_block = 0;
     CREATE TABLE app.resting (id UInt8, v UInt8) ENGINE = MergeTree ORDER BY id;
     INSERT INTO app.resting VALUES (1, 1);
     SYSTEM STOP MERGES app.resting;
     ALTER TABLE app.resting UPDATE v = 2 WHERE 1 SETTINGS mutations_sync = 0`,
  );
  const before = await diagnose("lifeboat");
  expect(before.filter(({ check }) => check === "parts")).toEqual([]);
  expect(before).toContainEqual({
    check: "mutations",
    state: "warning",
    found: expect.stringContaining("A mutation of app.resting is under way"),
    mend: expect.stringMatching(/^SELECT parts_to_do FROM system\.mutations WHERE mutation_id = '\w+\.txt'/),
  });
  await runClickHouse(server.url, "INSERT INTO app.crowded VALUES (2999)");
  expect(await diagnose("lifeboat")).toContainEqual({
    check: "parts",
    state: "warning",
    found: expect.stringMatching(/^app\.crowded lies in 3,?000 parts of 3,?000 partitions:/),
    mend: expect.stringMatching(/^OPTIMIZE TABLE `app`\.`crowded`/),
  });
}, 300_000);
