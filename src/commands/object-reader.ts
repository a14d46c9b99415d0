import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { StoredObject } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { AppError } from "../errors.ts";
import type { ObjectSource } from "../stores/store.ts";

/** Reads the objects of a backup, and lets none end cleanly that is not what the manifest says. */
export function readObjects(destination: Destination): ObjectSource {
  return {
    async open(object) {
      const body = await destination.open(object.key);
      return Readable.from(prove(body, object, `${destination.url}/${object.key}`), { objectMode: false });
    },
  };
}

async function* prove(body: Readable, object: StoredObject, where: string): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let held: Buffer | undefined;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (held) yield held;
    held = chunk;
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  const sha256 = hash.digest("hex");
  if (sizeBytes !== object.sizeBytes || sha256 !== object.sha256) {
    throw new AppError(
      "BACKUP_DAMAGED",
      `${where} is not what was written: ${sizeBytes} bytes with SHA-256 ${sha256}; the manifest says ` +
        `${object.sizeBytes} bytes with ${object.sha256}.`,
      { hint: "Restore another backup (lifeboat list shows them), and find out what changed this object." },
    );
  }
  if (held) yield held;
}
