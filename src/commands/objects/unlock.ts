import type { Manifest, StoredObject } from "../../backup/manifest.ts";
import { objectsOfStore } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { AppError } from "../../errors.ts";
import type { Keyring } from "../../encryption/keyring.ts";
import { PASSPHRASE } from "../../encryption/recipient.ts";
import { countOf } from "../../report/quantities.ts";

/**
 * Makes sure, before anything is restored, that the keyring opens all objects of some stores of a backup.
 *
 * @throws AppError IDENTITY_MISSING with the recipients of which one is needed; what the destination throws
 */
export async function requireUnlocked(
  { id, stores }: Pick<Manifest, "id" | "stores">,
  destination: Destination,
  keyring: Keyring | undefined,
): Promise<void> {
  const all = stores.flatMap(objectsOfStore);
  const encrypted = all.filter(({ age }) => age);
  if (encrypted.length === 0) return;
  const { decryptHead } = await import("../../encryption/age.ts");
  const { missingIdentity } = await import("../../encryption/keyring.ts");
  const closed = encrypted.filter(({ age }) => !keyring?.holdsOneOf(age?.recipients ?? []));
  if (closed.length > 0) {
    const given = (keyring?.recipients ?? []).join(", ");
    const why = given === "" ? "no identity was given" : `what was given (${given}) opens none of these`;
    const some = `${closed.length} of the ${countOf(all.length, "object")} of backup ${id} ${closed.length === 1 ? "is" : "are"}`;
    const what = closed.length === all.length ? `Backup ${id} is` : some;
    const needed = [...new Set(closed.flatMap(({ age }) => age?.recipients ?? []))];
    throw missingIdentity(`${what} encrypted, and ${why}.`, needed);
  }
  // Which passphrase it was, no manifest says: one object must show.
  const [smallest] = encrypted
    .filter(({ age }) => age?.recipients.includes(PASSPHRASE))
    .sort((a, b) => a.sizeBytes - b.sizeBytes);
  if (!smallest || !keyring) return;
  await tryHead(smallest, destination, async (body) => {
    try {
      await decryptHead(body, keyring);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "IDENTITY_MISSING") throw error;
      throw missingIdentity(
        `Backup ${id} is encrypted, under another passphrase than the one that was given.`,
        [PASSPHRASE],
      );
    }
  });
}

async function tryHead(
  { key }: StoredObject,
  destination: Destination,
  look: (body: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const body = await destination.open(key);
  try {
    await look(body);
  } finally {
    body.destroy();
  }
}
