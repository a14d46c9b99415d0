import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { StoredObject } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { AppError } from "../../errors.ts";
import type { Keyring } from "../../encryption/keyring.ts";
import type { RunContext } from "../../run-context.ts";
import type { ObjectSource } from "../../stores/store.ts";
import { openResuming } from "./resuming-stream.ts";

/**
 * Reads the objects of a backup, and lets none end cleanly that is not what the manifest says. Encrypted ones come
 * out decrypted; a connection that is cut in the middle is taken up again.
 *
 * @param keyring - opens encrypted objects; they come as they are stored when absent
 */
export function readObjects(
  destination: Destination,
  keyring: Keyring | undefined,
  context: RunContext,
): ObjectSource {
  return {
    async open(object) {
      const where = `${destination.url}/${object.key}`;
      const stored = await openResuming(destination, object, context);
      const proved = prove(stored, object, where);
      const content = object.age && keyring ? await decrypt(proved, keyring, object, where) : proved;
      const readable = Readable.from(content, { objectMode: false });
      readable.once("close", () => stored.destroy());
      return readable;
    },
    findPath: (object) => (object.age ? undefined : destination.findPath?.(object.key)),
  };
}

/** Passes bytes on, always one chunk behind, so that the last one is given out only when all are proved. */
async function* prove(
  body: AsyncIterable<Uint8Array>,
  object: StoredObject,
  where: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
    if (held) yield held;
    held = chunk;
  }
  const sha256 = hash.digest("hex");
  if (sizeBytes !== object.sizeBytes || sha256 !== object.sha256) {
    throw damaged(where, object, { sizeBytes, sha256 });
  }
  if (held) yield held;
}

/** Loaded when needed only: backups that are not encrypted need none of it. */
async function decrypt(
  body: AsyncIterable<Uint8Array>,
  keyring: Keyring,
  { age }: StoredObject,
  where: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { decryptAge } = await import("../../encryption/age.ts");
  const { missingIdentity } = await import("../../encryption/keyring.ts");
  async function* explained(): AsyncGenerator<Uint8Array> {
    try {
      yield* decryptAge(body, keyring);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.code === "IDENTITY_MISSING") {
        throw missingIdentity(`${where}: ${error.message}`, age?.recipients ?? []);
      }
      // What the bytes themselves came to says more, and was found out by `prove` where it could be.
      if (error.code !== "BACKUP_DAMAGED" || error.message.startsWith(where)) throw error;
      throw new AppError(error.code, `${where} is not what was written. ${error.message}`, {
        hint: error.hint,
        cause: error,
      });
    }
  }
  return explained();
}

function damaged(where: string, expected: StoredObject, found: Omit<StoredObject, "key">): AppError {
  return new AppError(
    "BACKUP_DAMAGED",
    `${where} is not what was written: ${found.sizeBytes} bytes with SHA-256 ${found.sha256}; the manifest says ` +
      `${expected.sizeBytes} bytes with ${expected.sha256}.`,
    { hint: "Restore another backup (lifeboat list shows them), and find out what changed this object." },
  );
}
