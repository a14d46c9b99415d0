import { createCipheriv, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createClient } from "@clickhouse/client";
import { Client } from "pg";
import { throwTogether } from "../src/errors.ts";

/** Where the product keeps its data, and the key that lies beside no database. */
export interface ProductPlaces {
  /** Of an empty database, and of a user who may create roles. */
  postgresUrl: string;
  /** Of an empty database; the path names it. */
  clickhouseUrl: string;
  /** base64 of 32 bytes. */
  encryptionKey: string;
}

/** Fills both databases with a small product for LLM observability: the same rows each time, in about a second. */
export async function fillProduct({
  postgresUrl,
  clickhouseUrl,
  encryptionKey,
}: ProductPlaces): Promise<void> {
  // Not the first failure ends this: neither server may be stopped while it is still being filled.
  const fills = await Promise.allSettled([
    fillPostgres(postgresUrl, encryptionKey),
    fillClickHouse(clickhouseUrl),
  ]);
  throwTogether(fills.flatMap((fill) => (fill.status === "rejected" ? [fill.reason as unknown] : [])));
}

async function fillPostgres(url: string, encryptionKey: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(await readSql("postgres-schema"));
    await client.query(await readSql("postgres-data"));
    await insertProviderKeys(client, Buffer.from(encryptionKey, "base64"));
  } finally {
    await client.end();
  }
}

async function insertProviderKeys(client: Client, encryptionKey: Buffer): Promise<void> {
  const { rows } = await client.query<{ id: string }>("SELECT id FROM organisations ORDER BY created_at");
  for (const provider of ["openai", "anthropic"]) {
    const encryptedKeys = rows.map((_, n) => encrypt(`sk-demo-${provider}-${n + 1}`, encryptionKey));
    await client.query(
      `INSERT INTO provider_keys (organisation_id, provider, encrypted_key)
       SELECT organisation_id, $1, encrypted_key FROM unnest($2::uuid[], $3::text[]) AS given (organisation_id, encrypted_key)`,
      [provider, rows.map(({ id }) => id), encryptedKeys],
    );
  }
}

/** The layout of the column: base64(iv[12] ‖ tag[16] ‖ ciphertext), AES-256-GCM. */
function encrypt(plaintext: string, key: Buffer): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64");
}

async function fillClickHouse(url: string): Promise<void> {
  const client = createClient({ url });
  try {
    for (const file of ["clickhouse-schema", "clickhouse-data"]) {
      // Over HTTP, ClickHouse takes one statement at a time.
      for (const query of (await readSql(file)).split(/;$/m)) {
        if (query.trim() !== "") await client.command({ query });
      }
    }
  } finally {
    await client.close();
  }
}

async function readSql(name: string): Promise<string> {
  return await readFile(new URL(`product/${name}.sql`, import.meta.url), "utf8");
}
