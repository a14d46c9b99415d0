import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { startClickHouse } from "../../local-services/clickhouse.ts";
import { createClickHouseTarget } from "../../src/stores/clickhouse/restore/target.ts";
import { Secret } from "../../src/sys/secret.ts";
import { changeUrl, runSql } from "../support/postgres-databases.ts";
import { startTestRun } from "../support/run-context.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "../support/services.ts";

/** A small product with data in both databases, and a second ClickHouse to restore into. */
export interface Product extends AsyncDisposable {
  postgresUrl: string;
  clickhouseUrl: string;
  /** Of the servers that a drill may use. */
  targetPostgresUrl: string;
  targetClickhouseUrl: string;
  /** Passwords that must be found nowhere, and every form in which they could turn up. */
  plantedForms: string[];
}

/** Characters that change in URLs, in JSON, in shells and in patterns. */
const PLANTED = String.raw`pl@nt/ed:"qu\ote" 50%25 $HOME é+=`;

/** @param bulkRows - rows of `createNoise`, for what takes its time */
export async function createProduct(bulkRows = 0): Promise<Product> {
  const [postgres, clickhouse, target] = await Promise.all([
    createPostgresDatabase(),
    createClickHouseDatabase(),
    startClickHouse(),
  ]);
  const role = `planted_${randomBytes(4).toString("hex")}`;
  const password = `${PLANTED}${randomBytes(4).toString("hex")}`;
  await runSql(
    postgres.url,
    `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${password}';
     CREATE TABLE accounts (id bigserial PRIMARY KEY, name text NOT NULL);
     INSERT INTO accounts (name) SELECT 'account ' || n FROM generate_series(1, 500) n;
     ${createNoise("bulk", bulkRows)}`,
  );
  await runClickHouse(
    clickhouse.url,
    `CREATE TABLE requests (id UInt64, day Date, body String) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY id;
     INSERT INTO requests SELECT number, toDate('2026-01-01') + number % 60, hex(number) FROM numbers(10000)`,
  );
  return {
    postgresUrl: changeUrl(postgres.url, { username: role, password: encodeURIComponent(password) }).reveal(),
    clickhouseUrl: clickhouse.url,
    targetPostgresUrl: changeUrl(inject("postgresUrl"), {
      username: role,
      password: encodeURIComponent(password),
    }).reveal(),
    targetClickhouseUrl: target.url,
    plantedForms: [password, new URL(clickhouse.url).password, new URL(target.url).password].flatMap(
      listForms,
    ),
    async [Symbol.asyncDispose]() {
      await Promise.all([clickhouse.drop(), target.stop(), postgres.drop()]);
      await runSql(inject("postgresUrl"), `DROP ROLE ${role}`);
    },
  };
}

/** A statement for Postgres that creates a table of rows of 1,024 bytes that do not compress. */
export function createNoise(table: string, rows: number): string {
  return `CREATE TABLE ${table} AS SELECT n, (SELECT string_agg(sha512((n::text || part)::bytea), '') AS noise
    FROM generate_series(1, 16) part) FROM generate_series(1, ${rows}) n`;
}

export async function runClickHouse(url: string, statements: string): Promise<Record<string, unknown>[]> {
  const target = createClickHouseTarget({ store: "clickhouse", url: new Secret(url) }, startTestRun());
  try {
    return await target.query(statements);
  } finally {
    await target.close();
  }
}

/** Written apart from the product's own list of forms, which is under test. */
function listForms(secret: string): string[] {
  const asPassword = new URL("http://host");
  asPassword.username = "user";
  asPassword.password = secret;
  return [
    secret,
    encodeURIComponent(secret),
    asPassword.password,
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
  ];
}
