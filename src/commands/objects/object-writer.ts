import type { StoredObject } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { encryptedKey } from "../../destinations/keys.ts";
import type { AgeEncryption } from "../../encryption/age.ts";

/** Writes data objects into one destination, encrypted where the operator wants it so. */
export class ObjectWriter {
  readonly #destination: Destination;
  readonly #encryption: AgeEncryption | undefined;

  constructor(destination: Destination, encryption: AgeEncryption | undefined) {
    this.#destination = destination;
    this.#encryption = encryption;
  }

  /** Under which key an object will lie. */
  keyOf(key: string): string {
    return this.#encryption ? encryptedKey(key) : key;
  }

  /** @returns the object as it lies there: under `keyOf(key)` */
  async put(key: string, body: AsyncIterable<Uint8Array>, expectedSizeBytes?: number): Promise<StoredObject> {
    const encryption = this.#encryption;
    if (!encryption) return { key, ...(await this.#destination.create(key, body, expectedSizeBytes)) };
    let contentBytes = 0;
    async function* count(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        contentBytes += chunk.byteLength;
        yield chunk;
      }
    }
    const written = await this.#destination.create(
      this.keyOf(key),
      encryption.encrypt(count()),
      expectedSizeBytes,
    );
    const age = { recipients: [...encryption.recipients], contentBytes };
    return { key: this.keyOf(key), ...written, age };
  }

  /**
   * Whether an earlier object may stand for what would be written now: encrypted, if that would be. For whom is another
   * matter: new recipients hold from now on.
   */
  accepts({ age }: StoredObject): boolean {
    return this.#encryption === undefined || age !== undefined;
  }
}
