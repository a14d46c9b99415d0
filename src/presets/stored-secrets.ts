import type { DecryptSource } from "../config/schema.ts";

/** How known products store their secrets: what an operator would else write under `decrypt`. */
export const STORED_SECRETS = {
  /** Provider keys; without additional data. */
  spanlens: {
    query: "SELECT id, encrypted_key FROM provider_keys ORDER BY id",
    layout: "iv12-tag16-ciphertext",
    "key-form": "base64",
  },
  /**
   * Credentials of integrations, as `{ encrypted, data }`. The salt beside each value is used since May 2026; before,
   * it was stored and a constant one used. A key of 64 hex digits is the key itself.
   */
  scani: {
    query:
      "SELECT id, encrypted_credentials FROM user_integration_credentials " +
      "WHERE encrypted_credentials ->> 'encrypted' = 'true' ORDER BY id",
    "json-path": "data",
    layout: "iv16-salt64-tag16-ciphertext",
    "key-form": ["hex", { derive: "scrypt" }, { derive: "scrypt", salt: "scani-salt" }],
  },
  /** Keys of AI providers inside a settings column; which table holds it, the operator says by `query`. */
  langsight: {
    "json-path": "ai_providers.*.api_key",
    prefix: "enc:fernet:",
    layout: "fernet",
    "key-form": { derive: "pbkdf2-sha256", salt: "langsight-provider-keys-v1", iterations: 480_000 },
  },
} satisfies Record<string, DecryptSource>;
