import { createHmac, randomBytes } from "node:crypto";

/** A random key for one run: without it, fingerprints can be neither made nor compared with those of another run. */
export function createRunKey(): Buffer {
  return randomBytes(32);
}

/**
 * Names a secret without giving it away: its HMAC-SHA256 under the run's key, as 64 hex characters. So the key that was
 * decrypted from a restored row and the key that reached an upstream can be compared where neither may be kept.
 */
export function fingerprintKey(runKey: Uint8Array, value: string | Uint8Array): string {
  return createHmac("sha256", runKey).update(value).digest("hex");
}

/** What the steps of one drill decrypted, as far as later steps may know it. */
export interface DecryptedSecrets {
  readonly runKey: Uint8Array;
  /** By step, then by the row's identity: the fingerprint of what was decrypted from it. */
  readonly byStep: Map<string, ReadonlyMap<string, string>>;
}
