import { afterEach, expect, test } from "vitest";
import { createClickHouseTarget } from "../../../src/stores/clickhouse/restore/target.ts";
import { createPostgresTarget } from "../../../src/stores/postgres/restore/target.ts";
import type { Target } from "../../../src/stores/store.ts";
import { Secret } from "../../../src/sys/secret.ts";
import { runSql, startToolRun } from "../../support/postgres-databases.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "../../support/services.ts";
import type { TestDatabase } from "../../support/services.ts";
import { performDecrypt, readFixture } from "../../unit/drill/secrets/decrypting.ts";

const opened: { drop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.drop();
});

async function openPostgres(sql: string): Promise<Target["query"]> {
  const database = track(await createPostgresDatabase());
  await runSql(database.url, sql);
  const target = createPostgresTarget({ store: "postgres", url: new Secret(database.url) }, startToolRun());
  opened.push({ drop: () => target.close() });
  return (query) => target.query(query);
}

function track(database: TestDatabase): TestDatabase {
  opened.push(database);
  return database;
}

function quote(value: unknown): string {
  return `'${(typeof value === "string" ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
}

test("provider keys in a Postgres column", async () => {
  const { key, values } = readFixture("spanlens");
  const query = await openPostgres(
    `CREATE TABLE provider_keys (id int PRIMARY KEY, encrypted_key text);
     INSERT INTO provider_keys VALUES ${values.map((value, id) => `(${id}, ${quote(value)})`).join(", ")}, (9, NULL)`,
  );
  const right = await performDecrypt("spanlens", key, query);
  expect(right.error).toBeUndefined();
  expect(right.notes).toEqual([
    "3 of 3 secrets decrypted; 3 encrypted, 0 plaintext, 1 empty.",
    "Under the key with one bit flipped, 0 of 3 could be decrypted.",
  ]);

  const wrong = await performDecrypt("spanlens", Buffer.alloc(32).toString("base64"), query);
  expect(wrong.error?.message).toContain("3 of 3 secrets could not be decrypted; the first is row 0.");
  for (const { output } of [right, wrong]) {
    expect(output).not.toMatch(/planted/);
    for (const value of values) expect(output).not.toContain(value);
  }
});

test("credentials in jsonb, and keys in JSON that is text", async () => {
  const scani = readFixture("scani-stored-salt");
  const langsight = readFixture("langsight");
  const settings = { ai_providers: { openai: { api_key: langsight.values[0] } } };
  const query = await openPostgres(
    `CREATE TABLE user_integration_credentials (id uuid DEFAULT gen_random_uuid(), encrypted_credentials jsonb);
     INSERT INTO user_integration_credentials (encrypted_credentials) VALUES
       (${quote({ encrypted: true, data: scani.values[0] })}), (${quote({ encrypted: false, useSharedKey: true })});
     CREATE TABLE settings (id int, settings_json text);
     INSERT INTO settings VALUES (1, ${quote(settings)})`,
  );
  const credentials = await performDecrypt("scani", scani.key, query);
  expect(credentials.error).toBeUndefined();
  expect(credentials.notes[0]).toBe("1 of 1 secrets decrypted; 1 encrypted, 0 plaintext, 0 empty.");

  const preset = { preset: "langsight", query: "SELECT id, settings_json FROM settings" };
  expect((await performDecrypt(preset, langsight.key, query)).error).toBeUndefined();
});

test("a binary column", async () => {
  const { key, values } = readFixture("spanlens");
  const query = await openPostgres(
    `CREATE TABLE vault AS SELECT 1 AS id, decode(${quote(values[0])}, 'base64') AS secret`,
  );
  const decrypt = { preset: "spanlens", query: "SELECT id, secret FROM vault", encoding: "bytes" };
  expect((await performDecrypt(decrypt, key, query)).error).toBeUndefined();
});

test("what Postgres says about a value is kept back, what it says about the query is not", async () => {
  const { key } = readFixture("spanlens");
  const query = await openPostgres(`CREATE TABLE vault AS SELECT 'sk-planted-value'::text AS secret`);
  const cast = { preset: "spanlens", query: "SELECT 1 AS id, secret::int FROM vault" };
  const about = await performDecrypt(cast, key, query);
  expect(about.error?.message).toContain("may quote a value");
  expect(about.output).not.toContain("sk-planted");

  const { error } = await performDecrypt("spanlens", key, query);
  expect(error?.message).toContain('relation "provider_keys" does not exist');
});

test("secrets in ClickHouse", async () => {
  const { key, values } = readFixture("iv-tag-ciphertext-hex");
  const database = track(await createClickHouseDatabase());
  const target = createClickHouseTarget({ store: "events", url: new Secret(database.url) }, startToolRun());
  opened.push({ drop: () => target.close() });
  await target.query(
    `CREATE TABLE ${database.name}.vault (id UInt64, secret String) ENGINE = MergeTree ORDER BY id;
     INSERT INTO ${database.name}.vault VALUES ${values.map((value, id) => `(${id}, ${quote(value)})`).join(", ")}`,
  );
  const decrypt = {
    query: `SELECT id, secret FROM ${database.name}.vault`,
    layout: "iv:tag:ciphertext",
    encoding: "hex",
    "key-form": "hex",
  };
  const { error, notes } = await performDecrypt(decrypt, key, (sql) => target.query(sql));
  expect(error).toBeUndefined();
  expect(notes[0]).toContain("3 of 3 secrets decrypted");

  const missing = { ...decrypt, query: `SELECT id, secret FROM ${database.name}.other` };
  expect((await performDecrypt(missing, key, (sql) => target.query(sql))).error?.message).toContain("other");
});
