import { createHash } from "node:crypto";
import { pipeline, Transform } from "node:stream";
import type { StoredObject } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { AppError } from "../errors.ts";
import type { ObjectSource } from "../stores/store.ts";

/** Reads the objects of a backup, and lets none end cleanly that is not what the manifest says. */
export function readObjects(destination: Destination): ObjectSource {
  return {
    async open(object) {
      const body = await destination.open(object.key);
      const proved = prove(object, `${destination.url}/${object.key}`);
      pipeline(body, proved, () => {}); // the reader of `proved` sees the error
      return proved;
    },
  };
}

/** Passes bytes on, always one chunk behind, so that the last one is given out only when all are proved. */
function prove(object: StoredObject, where: string): Transform {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let held: Buffer | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      const previous = held;
      held = chunk;
      done(null, previous);
    },
    flush(done) {
      const sha256 = hash.digest("hex");
      if (sizeBytes === object.sizeBytes && sha256 === object.sha256) done(null, held);
      else done(damaged(where, object, { sizeBytes, sha256 }));
    },
  });
}

function damaged(where: string, expected: StoredObject, found: Omit<StoredObject, "key">): AppError {
  return new AppError(
    "BACKUP_DAMAGED",
    `${where} is not what was written: ${found.sizeBytes} bytes with SHA-256 ${found.sha256}; the manifest says ` +
      `${expected.sizeBytes} bytes with ${expected.sha256}.`,
    { hint: "Restore another backup (lifeboat list shows them), and find out what changed this object." },
  );
}
