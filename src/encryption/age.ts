import { hkdfSync, randomBytes } from "node:crypto";
import { Encrypter } from "age-encryption";
import type { Recipient } from "age-encryption";
import { AppError } from "../errors.ts";
import type { Secret } from "../sys/secret.ts";
import { damagedEncryption } from "./damage.ts";
import type { Keyring } from "./keyring.ts";
import { PassphraseRecipient } from "./passphrase.ts";
import { openPayload, sealPayload } from "./payload.ts";
import { PASSPHRASE, hasRecipientForm } from "./recipient.ts";

const NONCE_BYTES = 16;
const TAG_BYTES = 16;
/** The header of a hundred recipients has a tenth of this. */
const HEADER_LIMIT_BYTES = 128 * 1024;

/** For whom what is written is encrypted. It holds public keys only, but for a passphrase. */
export class AgeEncryption {
  /** As manifests name them: `age1…` each, or `passphrase`. */
  readonly recipients: readonly string[];
  readonly #wrapping: readonly (string | Recipient)[];

  private constructor(recipients: readonly string[], wrapping: readonly (string | Recipient)[]) {
    this.recipients = recipients;
    this.#wrapping = wrapping;
  }

  /** @throws AppError CONFIG_INVALID: one of them is no recipient */
  static forRecipients(recipients: readonly string[]): AgeEncryption {
    for (const recipient of recipients) {
      if (hasRecipientForm(recipient) && isSound(recipient)) continue;
      // Not quoted: it may be the identity, put in the wrong place.
      const shown = recipient.startsWith("age1") ? recipient : "A line";
      throw new AppError(
        "CONFIG_INVALID",
        `${shown} is no age recipient: it is mistyped or of another kind.`,
        {
          hint: "Copy the public key once more: age1… with 62 characters. age-keygen -y prints it from the identity.",
        },
      );
    }
    const sorted = [...new Set(recipients)].sort();
    return new AgeEncryption(sorted, sorted);
  }

  static forPassphrase(passphrase: Secret): AgeEncryption {
    return new AgeEncryption([PASSPHRASE], [new PassphraseRecipient(passphrase)]);
  }

  /** The bytes of an age file that holds `body`, in bounded memory. */
  async *encrypt(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let fileKey: Uint8Array = new Uint8Array();
    const encrypter = new Encrypter();
    for (const recipient of this.#wrapping) encrypter.addRecipient(recipient);
    // It wraps the key for nobody, and so only learns it.
    encrypter.addRecipient({ wrapFileKey: (key) => ((fileKey = key), []) });
    const empty = await encrypter.encrypt(new Uint8Array());
    const nonce = randomBytes(NONCE_BYTES);
    yield Buffer.concat([empty.subarray(0, empty.length - NONCE_BYTES - TAG_BYTES), nonce]);
    yield* sealPayload(body, deriveStreamKey(fileKey, nonce));
  }
}

/**
 * The content of an age file.
 *
 * @throws AppError BACKUP_DAMAGED: changed or cut off; IDENTITY_MISSING: nothing in the keyring opens it
 */
export async function* decryptAge(
  body: AsyncIterable<Uint8Array>,
  keyring: Keyring,
): AsyncGenerator<Uint8Array> {
  const reader = new PrefixReader(body);
  try {
    const fileKey = await keyring.openFileKey(await readHeader(reader));
    const nonce = await reader.take(NONCE_BYTES);
    yield* openPayload(reader.rest(), deriveStreamKey(fileKey, nonce));
  } finally {
    await reader.close();
  }
}

/**
 * Opens the header alone, which shows whether the keyring fits.
 *
 * @throws AppError as decryptAge
 */
export async function decryptHead(body: AsyncIterable<Uint8Array>, keyring: Keyring): Promise<void> {
  const reader = new PrefixReader(body);
  try {
    await keyring.openFileKey(await readHeader(reader));
  } finally {
    await reader.close();
  }
}

/** Up to the line that ends it, which begins with three dashes. */
async function readHeader(reader: PrefixReader): Promise<Buffer> {
  const at = await reader.find(Buffer.from("\n--- "), HEADER_LIMIT_BYTES);
  const end = await reader.find(Buffer.from("\n"), HEADER_LIMIT_BYTES, at + 1);
  return await reader.take(end + 1);
}

/** Reads the beginning of a stream in pieces of a wanted length, and the rest as it comes. */
class PrefixReader {
  readonly #body: AsyncIterator<Uint8Array>;
  #seen: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** Where `wanted` stands in what has not been taken yet. @throws AppError BACKUP_DAMAGED */
  async find(wanted: Buffer, limitBytes: number, from = 0): Promise<number> {
    for (;;) {
      const at = this.#seen.indexOf(wanted, from);
      if (at >= 0) return at;
      if (this.#seen.length > limitBytes) throw damagedEncryption("it is no age file");
      await this.#more();
    }
  }

  /** @throws AppError BACKUP_DAMAGED when the stream ends before */
  async take(sizeBytes: number): Promise<Buffer> {
    while (this.#seen.length < sizeBytes) await this.#more();
    const taken = this.#seen.subarray(0, sizeBytes);
    this.#seen = this.#seen.subarray(sizeBytes);
    return taken;
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#seen.length > 0) yield this.#seen;
    for (;;) {
      const next = await this.#body.next();
      if (next.done) return;
      yield next.value;
    }
  }

  async close(): Promise<void> {
    await this.#body.return?.();
  }

  async #more(): Promise<void> {
    const next = await this.#body.next();
    if (next.done) throw damagedEncryption("it is cut off in its header");
    this.#seen = Buffer.concat([this.#seen, next.value]);
  }
}

/** Whether the checksum of a recipient is right. */
function isSound(recipient: string): boolean {
  try {
    new Encrypter().addRecipient(recipient);
    return true;
  } catch {
    return false;
  }
}

function deriveStreamKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}
