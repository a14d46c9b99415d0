import { fingerprintOf, isFingerprintOf, shortFingerprint } from "../backup/application-keys.ts";
import type { KeyFingerprint } from "../backup/application-keys.ts";
import type { Manifest } from "../backup/manifest.ts";
import { AppError, throwTogether } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import type { Secret } from "../sys/secret.ts";

/** An application's key by its name, and the values that were given for it: the present one first. */
export interface GivenKey {
  name: string;
  candidates: readonly Secret[];
}

/**
 * The fingerprints of the present keys for a manifest. Says when one is not that of the newest backup: then two keys
 * must be kept, each for its own backups.
 */
export async function fingerprintKeys(
  keys: readonly GivenKey[],
  previous: Manifest | undefined,
  { reporter }: RunContext,
): Promise<KeyFingerprint[]> {
  const fingerprints: KeyFingerprint[] = [];
  for (const { name, candidates } of keys) {
    const [key] = candidates;
    if (!key) continue;
    const known = previous?.keys?.find((candidate) => candidate.name === name);
    if (known && (await isFingerprintOf(known, key))) {
      fingerprints.push(known);
      continue;
    }
    const fresh = await fingerprintOf(name, key);
    fingerprints.push(fresh);
    if (!known) continue;
    reporter.warn(
      `${name} is not the key of backup ${previous?.id}: it was changed since, from fingerprint ${shortFingerprint(known)} ` +
        `to ${shortFingerprint(fresh)}. Keep the old key for as long as you keep backups from before.`,
    );
  }
  return fingerprints;
}

/**
 * Looks which of the given keys belong to a backup, before anything is restored: data and its key are one unit.
 *
 * @throws AppError KEY_MISMATCH: none of the values given for a key is the one the backup was taken under
 */
export async function requireKeys(
  manifest: Manifest,
  given: readonly GivenKey[],
  { reporter }: RunContext,
): Promise<void> {
  const faults: AppError[] = [];
  for (const known of manifest.keys ?? []) {
    const { name } = known;
    const label = `fingerprint ${shortFingerprint(known)}`;
    const candidates = given.find((key) => key.name === name)?.candidates ?? [];
    if (candidates.length === 0) {
      reporter.warn(
        `The data was encrypted under the ${name} with ${label}, which was not given: the application needs it.`,
      );
      continue;
    }
    const place = await findPlace(known, candidates);
    if (place === -1) faults.push(mismatch(manifest, known, candidates.length));
    else {
      const which = candidates.length === 1 ? "" : `, number ${place + 1} of ${candidates.length} given`;
      reporter.info(`${name} is the key of this backup (${label}${which}).`);
    }
  }
  throwTogether(faults);
}

async function findPlace(known: KeyFingerprint, candidates: readonly Secret[]): Promise<number> {
  for (const [index, candidate] of candidates.entries()) {
    if (await isFingerprintOf(known, candidate)) return index;
  }
  return -1;
}

function mismatch({ id, startedAt }: Manifest, known: KeyFingerprint, count: number): AppError {
  const given =
    count === 1 ? "the one that was given is another" : `none of the ${count} that were given is it`;
  return new AppError(
    "KEY_MISMATCH",
    `Backup ${id} was taken under the ${known.name} with fingerprint ${shortFingerprint(known)}, and ${given}.`,
    {
      hint:
        `Give the key that the application had at ${startedAt}; several can be tried at once ` +
        `(--key ${known.name}=VARIABLE). Leave the key out to restore the data without it.`,
    },
  );
}
