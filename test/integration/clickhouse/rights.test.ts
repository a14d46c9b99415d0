import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startClickHouse } from "../../../local-services/clickhouse.ts";
import type { LimitedUser } from "../../../local-services/clickhouse.ts";
import { AppError } from "../../../src/errors.ts";
import { createClickHouseStore } from "../../../src/stores/clickhouse/store.ts";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { startTestRun } from "../../support/run-context.ts";

const SYSTEM = ["GRANT SELECT ON system.parts", "GRANT SELECT ON system.parts_columns"];
/** Every engine that keeps rows, and what it wants to know. */
const ENGINES = {
  merge_tree: "MergeTree ORDER BY id",
  log: "Log",
  tiny_log: "TinyLog",
  stripe_log: "StripeLog",
  memory: "Memory",
  joined: "Join(ANY, LEFT, id)",
  rocks: "EmbeddedRocksDB PRIMARY KEY id",
};
const halved = (table: string): LimitedUser => ({
  name: `halved_${table}`,
  grants: ["GRANT SELECT ON app.*", ...SYSTEM],
  policies: [{ table: `app.${table}`, filter: "id < 5" }],
});
const USERS: LimitedUser[] = [
  { name: "sees_one_table", grants: ["GRANT SELECT ON app.merge_tree", ...SYSTEM] },
  { name: "sees_one_column", grants: ["GRANT SELECT(id) ON app.merge_tree", ...SYSTEM] },
  { name: "sees_all_but_one", grants: ["GRANT SELECT ON app.*", "REVOKE SELECT ON app.log", ...SYSTEM] },
  { name: "sees_no_parts", grants: ["GRANT SELECT ON app.*"] },
  { name: "sees_enough", grants: ["GRANT SELECT ON app.*", ...SYSTEM] },
  { name: "sees_everything", grants: ["GRANT SELECT, SHOW DATABASES ON *.*"] },
  { name: "asks_no_dictionary", grants: ["GRANT SELECT ON asking.*", ...SYSTEM] },
  { name: "readonly_1", grants: ["GRANT SELECT ON app.*", ...SYSTEM], settings: { readonly: 1 } },
  {
    name: "capped",
    grants: ["GRANT SELECT ON app.*", ...SYSTEM],
    settings: { http_send_timeout: 20 },
    ceilings: { http_send_timeout: 60 },
  },
  {
    name: "readonly_2",
    grants: ["GRANT SELECT ON app.*", ...SYSTEM],
    settings: { readonly: 2, max_result_rows: 3, result_overflow_mode: "break" },
  },
  {
    name: "filtered_by_profile",
    grants: ["GRANT SELECT ON app.*", ...SYSTEM],
    settings: { additional_table_filters: "{'app.merge_tree': 'id < 3'}" },
  },
  ...Object.keys(ENGINES).map(halved),
];

let server: Awaited<ReturnType<typeof startClickHouse>>;

beforeAll(async () => {
  server = await startClickHouse(USERS);
  const admin = createClickHouseTarget({ store: "admin", url: new Secret(server.url) }, startTestRun());
  const tables = Object.entries(ENGINES).map(
    ([name, engine]) =>
      `CREATE TABLE app.${name} (id UInt64, filter String) ENGINE = ${engine};
       INSERT INTO app.${name} SELECT number, 'x' FROM numbers(10)`,
  );
  await admin.query(`CREATE DATABASE app; CREATE DATABASE asking; ${tables.join("; ")};
    ALTER TABLE app.merge_tree ADD COLUMN later UInt64 DEFAULT id * 2;
    DELETE FROM app.merge_tree WHERE id = 7;
    CREATE DICTIONARY asking.names (id UInt64, name String) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'log' DB 'app')) LAYOUT(FLAT()) LIFETIME(0);
    CREATE TABLE asking.named (id UInt64, name String DEFAULT dictGet('asking.names', 'name', id)) ENGINE = MergeTree ORDER BY id`);
  await admin.close();
});

afterAll(() => server.stop());

async function check(user: string, databases?: string[]): Promise<string> {
  const url = new Secret(server.url.replace("//lifeboat:", `//${user}:`));
  const store = createClickHouseStore({ name: "clickhouse", url, databases }, startTestRun());
  try {
    return await store.check();
  } finally {
    await store.close();
  }
}

async function refusal(user: string, databases?: string[]): Promise<AppError> {
  const error: unknown = await check(user, databases).then(
    (line) => new Error(`not refused: ${line}`),
    (error: unknown) => error,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
}

describe("a user who does not see everything is refused before a byte is read:", () => {
  test.each<[string, string[] | undefined, RegExp, string[]]>([
    ["sees_one_table", ["app"], /every table of app/, ["GRANT SELECT ON `app`.* TO `sees_one_table`"]],
    ["sees_one_column", ["app"], /every table of app/, ["GRANT SELECT ON `app`.* TO `sees_one_column`"]],
    ["sees_all_but_one", ["app"], /every table of app/, ["GRANT SELECT ON `app`.* TO `sees_all_but_one`"]],
    ["sees_no_parts", ["app"], /system\.parts/, ["GRANT SELECT ON system.parts TO `sees_no_parts`"]],
    ["sees_enough", undefined, /all databases/, ["GRANT SHOW DATABASES ON *.* TO `sees_enough`"]],
    [
      "asks_no_dictionary",
      ["asking"],
      /dictionaries/,
      ["GRANT dictGet ON `asking`.* TO `asks_no_dictionary`"],
    ],
    ["readonly_1", ["app"], /readonly = 1/, ["ALTER USER `readonly_1` MODIFY SETTINGS readonly = 2"]],
    [
      "capped",
      ["app"],
      /may not set http_send_timeout/,
      ["ALTER USER `capped` MODIFY SETTINGS http_send_timeout = 1800"],
    ],
    [
      "sees_no_parts",
      ["app", "asking"],
      /system\.parts.*every table of asking/,
      ["GRANT SELECT ON system.parts", "GRANT SELECT ON `asking`.*"],
    ],
  ])("%s of %j", async (user, databases, reason, mends) => {
    const { code, message, hint } = await refusal(user, databases);
    expect({ code, message }).toEqual({
      code: "STORE_RIGHTS_MISSING",
      message: expect.stringMatching(reason),
    });
    for (const mend of mends) expect(hint).toContain(mend);
  });

  test.each(Object.keys(ENGINES))("a row policy on engine %s", async (table) => {
    const { code, message, hint } = await refusal(`halved_${table}`, ["app"]);
    expect({ code, message }).toEqual({
      code: "STORE_RIGHTS_MISSING",
      message: expect.stringContaining(`all rows of app.${table}`),
    });
    expect(hint).toContain(
      `CREATE ROW POLICY lifeboat_reads_all ON \`app\`.\`${table}\` USING 1 TO \`halved_${table}\``,
    );
  });
});

test.each(["sees_enough", "sees_everything", "readonly_2", "filtered_by_profile"])(
  "a user who sees everything is not refused: %s",
  async (user) => {
    expect(await check(user, ["app"])).toContain("database app with 7 tables of rows");
  },
);
