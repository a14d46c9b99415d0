import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Identity, Recipient } from "age-encryption";
import { Stanza } from "age-encryption";
import pLimit from "p-limit";
import type { Secret } from "../sys/secret.ts";

/**
 * Doublings of scrypt's cost for what is written: 16 MiB and 0.05 s for each object, of which a backup may have
 * thousands. The age command takes 18, for passphrases that people remember; config/encryption.ts asks for long ones.
 */
const WRITTEN_COST = 14;
/** What is read may have been made by others; beyond this (1 GiB) it is an attack on the reader. */
const HIGHEST_COST = 20;
const LABEL = "age-encryption.org/v1/scrypt";
const SALT_BYTES = 16;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;

const derive = promisify<Buffer, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);
/** One at a time: each takes as much memory as its cost says. */
const oneAtATime = pLimit(1);

/** What age calls a scrypt recipient, derived outside of the main thread: the package does it inside. */
export class PassphraseRecipient implements Recipient {
  readonly #passphrase: Secret;

  constructor(passphrase: Secret) {
    this.#passphrase = passphrase;
  }

  async wrapFileKey(fileKey: Uint8Array): Promise<Stanza[]> {
    const salt = randomBytes(SALT_BYTES);
    const cipher = createCipheriv(
      "chacha20-poly1305",
      await deriveKey(this.#passphrase, salt, WRITTEN_COST),
      Buffer.alloc(12),
      { authTagLength: TAG_BYTES },
    );
    const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
    return [new Stanza(["scrypt", encode(salt), String(WRITTEN_COST)], body)];
  }
}

export class PassphraseIdentity implements Identity {
  readonly #passphrase: Secret;

  constructor(passphrase: Secret) {
    this.#passphrase = passphrase;
  }

  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    const [stanza] = stanzas;
    const [type, salt = "", cost = ""] = stanza?.args ?? [];
    if (!stanza || stanzas.length > 1 || type !== "scrypt") return null;
    const saltBytes = Buffer.from(salt, "base64");
    const isSound =
      saltBytes.length === SALT_BYTES &&
      /^[1-9]\d?$/.test(cost) &&
      Number(cost) <= HIGHEST_COST &&
      stanza.body.length === FILE_KEY_BYTES + TAG_BYTES;
    if (!isSound) throw new Error("the part for the passphrase is malformed");
    const key = await deriveKey(this.#passphrase, saltBytes, Number(cost));
    const decipher = createDecipheriv("chacha20-poly1305", key, Buffer.alloc(12), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(stanza.body.subarray(FILE_KEY_BYTES));
    const fileKey = decipher.update(stanza.body.subarray(0, FILE_KEY_BYTES));
    try {
      decipher.final();
      return fileKey;
    } catch {
      return null; // another passphrase
    }
  }
}

async function deriveKey(passphrase: Secret, salt: Buffer, cost: number): Promise<Buffer> {
  const N = 2 ** cost;
  const labelled = Buffer.concat([Buffer.from(LABEL), salt]);
  return await oneAtATime(() =>
    derive(Buffer.from(passphrase.reveal()), labelled, 32, { N, r: 8, p: 1, maxmem: 2 * 128 * 8 * N }),
  );
}

/** Standard base64 without padding, as age writes it. */
function encode(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
