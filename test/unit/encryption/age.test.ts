import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { AgeEncryption, decryptAge } from "../../../src/encryption/age.ts";
import { Keyring } from "../../../src/encryption/keyring.ts";
import { Secret } from "../../../src/sys/secret.ts";

const CHUNK = 64 * 1024;
const PASSPHRASE = new Secret("six random words and a number 4");
const identity = await generateIdentity();
const recipient = await identityToRecipient(identity);
const keyring = await Keyring.create([new Secret(`# created: today\n${identity}\n`)], []);
const encryption = AgeEncryption.forRecipients([recipient]);

async function seal(bytes: Uint8Array, by = encryption): Promise<Buffer> {
  return await buffer(by.encrypt(pieces(bytes, 10_007)));
}

async function open(sealed: Uint8Array, ring = keyring): Promise<Buffer> {
  return await buffer(decryptAge(pieces(sealed, 30_011), ring));
}

async function* pieces(bytes: Uint8Array, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(sizeBytes);
  for (let at = 0; at < bytes.length; at += sizeBytes) {
    const length = piece.length - Math.max(0, at + sizeBytes - bytes.length);
    piece.set(bytes.subarray(at, at + length));
    yield piece.subarray(0, length);
    piece.fill(0xee); // a reader's buffer may be used again
  }
}

describe("an age file made by one implementation is read by the other", () => {
  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 77])("%i bytes", async (size) => {
    const bytes = randomBytes(size);
    const sealed = await seal(bytes);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(Buffer.from(await decrypter.decrypt(sealed)).equals(bytes)).toBe(true);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    expect((await open(await encrypter.encrypt(bytes))).equals(bytes)).toBe(true);
    expect((await open(sealed)).equals(bytes)).toBe(true);
  });

  test("under a passphrase", async () => {
    const bytes = randomBytes(70_000);
    const sealed = await seal(bytes, AgeEncryption.forPassphrase(PASSPHRASE));
    const decrypter = new Decrypter();
    decrypter.addPassphrase(PASSPHRASE.reveal());
    expect(Buffer.from(await decrypter.decrypt(sealed)).equals(bytes)).toBe(true);
    const encrypter = new Encrypter();
    encrypter.setPassphrase(PASSPHRASE.reveal());
    encrypter.setScryptWorkFactor(10);
    const ring = await Keyring.create([], [new Secret("another one, tried first"), PASSPHRASE]);
    expect((await open(await encrypter.encrypt(bytes), ring)).equals(bytes)).toBe(true);
  });
});

test("of several recipients each one can open it, and nobody else", async () => {
  const others = await Promise.all([generateIdentity(), generateIdentity(), generateIdentity()]);
  const [second = "", third = "", stranger = ""] = others;
  const both = AgeEncryption.forRecipients([
    await identityToRecipient(third),
    recipient,
    await identityToRecipient(second),
  ]);
  const sealed = await seal(Buffer.from("rows"), both);
  for (const one of [identity, second, third]) {
    const ring = await Keyring.create([new Secret(stranger), new Secret(one)], []);
    expect((await open(sealed, ring)).toString()).toBe("rows");
  }
  await expect(
    open(sealed, await Keyring.create([new Secret(stranger)], [PASSPHRASE])),
  ).rejects.toMatchObject({
    code: "IDENTITY_MISSING",
  });
});

test("two files of the same content share nothing but the first line", async () => {
  const [one, other] = [await seal(Buffer.alloc(200, 7)), await seal(Buffer.alloc(200, 7))];
  expect(one.subarray(-216).equals(other.subarray(-216))).toBe(false);
  expect(one.toString("latin1").split("\n")[1]).not.toBe(other.toString("latin1").split("\n")[1]);
});

describe("what is not what was written is BACKUP_DAMAGED", () => {
  const damaged = { code: "BACKUP_DAMAGED", message: expect.stringContaining("cannot be decrypted") };
  const bytes = randomBytes(2 * CHUNK + 500);

  test("each bit of the header and many of the payload", async () => {
    const sealed = await seal(bytes);
    const headerBytes = sealed.indexOf("\n", sealed.indexOf("\n--- ") + 1) + 1;
    const places = Array.from({ length: headerBytes }, (_, index) => index);
    for (let at = headerBytes; at < sealed.length; at += 4999) places.push(at);
    for (const [index, at] of places.entries()) {
      const flipped = Buffer.from(sealed);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (index % 8));
      // A changed share of the recipient looks like that of somebody else.
      await expect(open(flipped)).rejects.toMatchObject({
        code: expect.stringMatching(/^(BACKUP_DAMAGED|IDENTITY_MISSING)$/),
      });
    }
  });

  test("cut anywhere", async () => {
    const sealed = await seal(bytes);
    const headerBytes = sealed.length - bytes.length - 3 * 16 - 16;
    const ends = [0, 1, 20, headerBytes - 1, headerBytes, headerBytes + 16, headerBytes + 16 + CHUNK + 16];
    for (const end of [...ends, sealed.length - 1]) {
      await expect(open(sealed.subarray(0, end))).rejects.toMatchObject(damaged);
    }
  });

  test("longer, with two chunks in each other's place, or no age file at all", async () => {
    const sealed = await seal(bytes);
    const start = sealed.length - bytes.length - 3 * 16;
    const [first, second] = [start, start + CHUNK + 16].map((at) => sealed.subarray(at, at + CHUNK + 16));
    const swapped = Buffer.from(sealed);
    swapped.set(second as Buffer, start);
    swapped.set(first as Buffer, start + CHUNK + 16);
    for (const bad of [Buffer.concat([sealed, Buffer.from("x")]), swapped, randomBytes(300_000)]) {
      await expect(open(bad)).rejects.toMatchObject(damaged);
    }
  });

  test("a passphrase's cost that would take more memory than any machine has", async () => {
    const sealed = await seal(Buffer.from("x"), AgeEncryption.forPassphrase(PASSPHRASE));
    const costly = Buffer.from(sealed.toString("latin1").replace(/^(-> scrypt \S+) 14$/m, "$1 40"), "latin1");
    await expect(open(costly, await Keyring.create([], [PASSPHRASE]))).rejects.toMatchObject(damaged);
  });
});

test("a body that fails fails the encryption with its own error, and a reader that stops closes the source", async () => {
  const broken = new Error("the dump broke");
  async function* fail(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(100_000);
    throw broken;
  }
  await expect(buffer(encryption.encrypt(fail()))).rejects.toBe(broken);
  const sealed = await seal(randomBytes(10 * CHUNK));
  const source = Readable.from([sealed.subarray(0, 100_000), sealed.subarray(100_000)]);
  for await (const _ of decryptAge(source, keyring)) break;
  expect(source.destroyed).toBe(true);
});

describe("keys that cannot be used are CONFIG_INVALID, and are not shown", () => {
  test.each([
    ["nothing but comments", "# public key: age1abc\n", "It holds none."],
    ["a recipient", recipient, "does not begin with AGE-SECRET-KEY-1"],
    [
      "a mistyped identity",
      identity.slice(0, -1) + (identity.endsWith("Q") ? "P" : "Q"),
      "mistyped or cut off",
    ],
    ["a cut one", identity.slice(0, 40), "mistyped or cut off"],
    ["an encrypted file", "age-encryption.org/v1\n-> scrypt", "encrypted with a passphrase itself"],
  ])("%s", async (_name, text, why) => {
    const creating = Keyring.create([new Secret(text)], []);
    await expect(creating).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(why),
    });
    await expect(creating).rejects.not.toMatchObject({ message: expect.stringContaining(text.slice(0, 30)) });
  });

  test.each([
    ["a mistyped recipient", recipient.slice(0, -1) + (recipient.endsWith("q") ? "p" : "q")],
    ["an identity in its place", identity],
    ["a recipient that only age 1.3 reads", `age1pq1${"q".repeat(1900)}`],
  ])("%s", (_name, text) => {
    expect(() => AgeEncryption.forRecipients([recipient, text])).toThrow(/no age recipient/);
    expect(() => AgeEncryption.forRecipients([text])).not.toThrow(identity);
  });
});
