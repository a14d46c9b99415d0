import { createCipheriv, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSealed } from "../../../../src/drill/secrets/layout.ts";
import type { SecretForm, SecretPart } from "../../../../src/drill/secrets/layout.ts";

const ORDERS = [
  ["iv", "tag", "ciphertext"],
  ["iv", "ciphertext", "tag"],
  ["iv", "salt", "tag", "ciphertext"],
  ["salt", "ciphertext", "iv", "tag"],
] as const;

interface Case {
  order: (typeof ORDERS)[number];
  encoding: SecretForm["encoding"];
  separator: string | undefined;
  ivBytes: number;
  key: Uint8Array;
  plaintext: string;
}

const cases = fc.record<Case>({
  order: fc.constantFrom(...ORDERS),
  encoding: fc.constantFrom("base64", "hex", "bytes"),
  separator: fc.constantFrom(undefined, ":", "."),
  ivBytes: fc.constantFrom(12, 16),
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  plaintext: fc.string({ unit: "binary" }),
});

/** Seals as the form says; with a separator there is no binary form. */
function seal({ order, encoding, separator, ivBytes, key, plaintext }: Case) {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  const bytes = { iv, ciphertext, tag: cipher.getAuthTag(), salt: randomBytes(8) };
  const textual = separator !== undefined && encoding === "bytes" ? "hex" : encoding;
  const parts: SecretPart[] = order.map((name) =>
    separator !== undefined || name === "ciphertext" ? { name } : { name, sizeBytes: bytes[name].length },
  );
  const form: SecretForm = {
    encoding: textual,
    layout: { cipher: "aes-256-gcm", parts, ...(separator !== undefined && { separator }) },
  };
  const write = (part: Buffer) => (textual === "bytes" ? part : part.toString(textual));
  const whole = Buffer.concat(order.map((name) => bytes[name]));
  const stored =
    separator === undefined ? write(whole) : order.map((name) => write(bytes[name])).join(separator);
  return { stored, form, whole, write };
}

test("what was sealed opens under its key, in every form", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { stored, form } = seal(one);
      const plaintext = readSealed(stored, form)?.open(Buffer.from(one.key));
      expect(plaintext?.toString("utf8")).toBe(Buffer.from(one.plaintext, "utf8").toString("utf8"));
    }),
  );
});

test("no bit of the key may differ", () => {
  fc.assert(
    fc.property(cases, fc.nat(255), (one, bit) => {
      const { stored, form } = seal(one);
      const key = Buffer.from(one.key);
      key[bit >> 3] = (key[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readSealed(stored, form)?.open(key)).toBeUndefined();
    }),
  );
});

test("no bit of the value may differ, but for the salt's, and nothing may be missing", () => {
  fc.assert(
    fc.property(cases, fc.nat(), (given, position) => {
      const one: Case = { ...given, separator: undefined, order: ORDERS[position % 2] as Case["order"] };
      const { form, whole, write } = seal(one);
      const damaged = Buffer.from(whole);
      const bit = position % (whole.length * 8);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const key = Buffer.from(one.key);
      expect(readSealed(write(damaged), form)?.open(key)).toBeUndefined();
      expect(readSealed(write(whole.subarray(0, position % whole.length)), form)?.open(key)).toBeUndefined();
    }),
  );
});

test("text of any kind is read or refused, never thrown over", () => {
  const form: SecretForm = { encoding: "base64", layout: { cipher: "fernet" } };
  const key = randomBytes(32);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(readSealed(text, form)?.open(key)).toBeUndefined();
    }),
  );
});
