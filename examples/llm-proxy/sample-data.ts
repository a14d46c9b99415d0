import { createClient } from "@clickhouse/client";
import { Client } from "pg";
import { encrypt } from "./encryption.ts";
import type { ProviderName } from "./providers.ts";
import type { StoreAddresses } from "./settings.ts";

const ORGANISATIONS = 5;
/** Key n belongs to organisation 1 + n % 5; every seventh is revoked. */
const API_KEYS = 20;
const REQUESTS = 50_000;

/** The API key of a caller, of which the database holds the SHA-256. */
export function sampleApiKey(n: number): string {
  return `llmp-sample-${n}`;
}

/** What organisation n's key of a provider is once decrypted. */
export function sampleProviderKey(provider: ProviderName, n: number): string {
  return `sk-sample-${provider}-${n}`;
}

/** The id of the nth thing of a kind, the same in both stores: a UUID of the MD5 of both. */
const ID_IN_POSTGRES = `CREATE FUNCTION pg_temp.id_of(thing text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN md5(thing || number)::uuid`;
const idInClickHouse = (thing: string, number: string): string =>
  `toUUID(lower(hex(MD5(concat('${thing}', toString(${number}))))))`;

/**
 * Fills migrated, empty stores: five organisations with keys, and half a year of their requests. Everything follows
 * from numbers, so it is the same each time, but for the random part of what is encrypted.
 */
export async function insertSampleData(
  { postgresUrl, clickhouseUrl }: StoreAddresses,
  encryptionKey: Buffer,
): Promise<void> {
  const postgres = new Client({ connectionString: postgresUrl });
  const clickhouse = createClient({ url: clickhouseUrl });
  await postgres.connect();
  try {
    await postgres.query("BEGIN");
    await insertAccounts(postgres);
    for (const provider of ["openai", "anthropic"] as const) {
      await insertProviderKeys(postgres, provider, encryptionKey);
    }
    await clickhouse.command({ query: INSERT_REQUESTS });
    await postgres.query("COMMIT");
  } finally {
    await Promise.all([postgres.end(), clickhouse.close()]);
  }
}

async function insertAccounts(postgres: Client): Promise<void> {
  await postgres.query(ID_IN_POSTGRES);
  await postgres.query(
    `INSERT INTO organisations (id, name, created_at)
     SELECT pg_temp.id_of('organisation', n), 'Organisation ' || n, timestamptz '2025-11-03 09:00+00' + n * interval '1 day'
     FROM generate_series(1, ${ORGANISATIONS}) AS n`,
  );
  const apiKeys = Array.from({ length: API_KEYS }, (_, index) => sampleApiKey(index + 1));
  await postgres.query(
    `INSERT INTO api_keys (id, organisation_id, name, key_hash, created_at, revoked_at)
     SELECT pg_temp.id_of('api key', n), pg_temp.id_of('organisation', 1 + n % ${ORGANISATIONS}), 'Key ' || n,
            sha256(convert_to(api_key, 'UTF8')), timestamptz '2025-12-20 12:00+00' + n * interval '2 hours',
            CASE WHEN n % 7 = 0 THEN timestamptz '2026-05-01 00:00+00' + n * interval '1 hour' END
     FROM unnest($1::text[]) WITH ORDINALITY AS given (api_key, n)`,
    [apiKeys],
  );
}

async function insertProviderKeys(postgres: Client, provider: ProviderName, key: Buffer): Promise<void> {
  const encryptedKeys = Array.from({ length: ORGANISATIONS }, (_, index) =>
    encrypt(sampleProviderKey(provider, index + 1), key),
  );
  await postgres.query(
    `INSERT INTO provider_keys (id, organisation_id, provider, encrypted_key)
     SELECT pg_temp.id_of($1 || ' key', n), pg_temp.id_of('organisation', n), $1, encrypted_key
     FROM unnest($2::text[]) WITH ORDINALITY AS given (encrypted_key, n)`,
    [provider, encryptedKeys],
  );
}

/** One request in five minutes, since New Year. */
const INSERT_REQUESTS = `
  INSERT INTO requests
  SELECT
    ${idInClickHouse("request", "number")} AS id,
    ${idInClickHouse("organisation", `1 + api_key % ${ORGANISATIONS}`)} AS organisation_id,
    ${idInClickHouse("api key", "api_key")} AS api_key_id,
    if(number % 3 = 0, 'anthropic', 'openai') AS provider,
    ['claude-haiku-4-5', 'gpt-4o-mini', 'gpt-4.1'][1 + number % 3] AS model,
    multiIf(number % 97 = 0, 500, number % 131 = 0, 429, 200) AS status,
    if(status = 200, cityHash64(number, 'prompt') % 3000, 0) AS prompt_tokens,
    if(status = 200, cityHash64(number, 'completion') % 800, 0) AS completion_tokens,
    80 + cityHash64(number, 'latency') % 4000 AS latency_ms,
    toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(number * 300000 + cityHash64(number) % 1000)
  FROM (SELECT number, 1 + cityHash64(number, 'key') % ${API_KEYS} AS api_key FROM numbers(${REQUESTS}))`;
