import type { ProviderName } from "./providers.ts";

/** Where the application keeps its data; each address names a database. */
export interface StoreAddresses {
  postgresUrl: string;
  clickhouseUrl: string;
}

export interface Settings extends StoreAddresses {
  /** 0 for any free port. */
  port: number;
  /** 32 bytes. */
  encryptionKey: Buffer;
  /** As the providers' own clients take them: with /v1 for OpenAI, without for Anthropic. */
  baseUrls: Readonly<Record<ProviderName, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ENCRYPTION_KEY_BYTES = 32;

/** @throws Error naming the variable that is missing */
export function readStoreAddresses(env: Environment): StoreAddresses {
  return {
    postgresUrl: requireVariable(env, "DATABASE_URL", "LIFEBOAT_POSTGRES_URL"),
    clickhouseUrl: requireVariable(env, "CLICKHOUSE_URL", "LIFEBOAT_CLICKHOUSE_URL"),
  };
}

/** @throws Error naming the variable that is missing, or not what it has to be; never what it holds */
export function readSettings(env: Environment): Settings {
  return {
    ...readStoreAddresses(env),
    port: Number(env["PORT"] ?? 4010),
    encryptionKey: readEncryptionKey(env),
    baseUrls: {
      openai: env["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1",
      anthropic: env["ANTHROPIC_BASE_URL"] ?? "https://api.anthropic.com",
    },
  };
}

/** @throws Error when ENCRYPTION_KEY is missing, or not base64 of 32 bytes */
export function readEncryptionKey(env: Environment): Buffer {
  const key = Buffer.from(requireVariable(env, "ENCRYPTION_KEY"), "base64");
  if (key.length !== ENCRYPTION_KEY_BYTES) {
    throw new Error(
      `ENCRYPTION_KEY must be base64 of ${ENCRYPTION_KEY_BYTES} bytes; it holds ${key.length}.`,
    );
  }
  return key;
}

/** The first of the names that is set; a drill gives the restored stores by names of its own. */
function requireVariable(env: Environment, ...names: string[]): string {
  const value = names.map((name) => env[name]).find(Boolean);
  if (value === undefined) throw new Error(`${names.join(" or ")} must be set.`);
  return value;
}
