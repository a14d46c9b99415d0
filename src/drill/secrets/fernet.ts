import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";

const VERSION = 0x80;
const HEAD_BYTES = 9; // version and time of encryption
const IV_BYTES = 16;
const MAC_BYTES = 32;

/**
 * Opens a Fernet token: HMAC-SHA256 under the key's first half, AES-128-CBC under its second. When it was made does not
 * matter here: a secret in a database has no end of life.
 *
 * @param key - 32 bytes
 * @param token - decoded
 * @returns undefined when it is no token, or one under another key
 * @see https://github.com/fernet/spec/blob/master/Spec.md
 */
export function openFernet(key: Buffer, token: Buffer): Buffer | undefined {
  if (token[0] !== VERSION || token.length < HEAD_BYTES + IV_BYTES + MAC_BYTES) return undefined;
  const signed = token.subarray(0, -MAC_BYTES);
  const mac = createHmac("sha256", key.subarray(0, 16)).update(signed).digest();
  if (!timingSafeEqual(mac, token.subarray(-MAC_BYTES))) return undefined;

  const iv = signed.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
  const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), iv);
  try {
    return Buffer.concat([decipher.update(signed.subarray(HEAD_BYTES + IV_BYTES)), decipher.final()]);
  } catch {
    return undefined; // signed, but no whole blocks with padding
  }
}
