import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import * as z from "zod";
import type { Secret } from "../sys/secret.ts";

/**
 * Which key an application ran under when it was backed up, without the key: scrypt of the key under a salt. Slow on
 * purpose (64 MiB, 0.2 s), since whoever reads a manifest may guess at keys that people chose.
 */
export const keyFingerprintSchema = z.strictObject({
  /** As the configuration calls the key. */
  name: z.string(),
  method: z.literal("scrypt-n65536-r8-p1"),
  /** 16 bytes, hexadecimal; kept from one backup to the next as long as the key is, so that equal means unchanged. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  /** 16 bytes, hexadecimal. */
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
});
export type KeyFingerprint = z.infer<typeof keyFingerprintSchema>;

const COST = { N: 65536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

const derive = promisify<Buffer, Buffer, number, typeof COST, Buffer>(scrypt);

/** Of a key that no earlier backup knows. */
export async function fingerprintOf(name: string, key: Secret): Promise<KeyFingerprint> {
  const salt = randomBytes(16);
  const fingerprint = await hash(key, salt);
  return {
    name,
    method: "scrypt-n65536-r8-p1",
    salt: salt.toString("hex"),
    fingerprint: fingerprint.toString("hex"),
  };
}

/** Whether a fingerprint is that of this key. */
export async function isFingerprintOf({ salt, fingerprint }: KeyFingerprint, key: Secret): Promise<boolean> {
  return timingSafeEqual(await hash(key, Buffer.from(salt, "hex")), Buffer.from(fingerprint, "hex"));
}

/** What people are told of a fingerprint: enough to see that two are the same. */
export function shortFingerprint({ fingerprint }: KeyFingerprint): string {
  return fingerprint.slice(0, 12);
}

async function hash(key: Secret, salt: Buffer): Promise<Buffer> {
  return await derive(Buffer.from(key.reveal()), salt, 16, COST);
}
