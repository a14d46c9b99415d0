import { Decrypter, identityToRecipient } from "age-encryption";
import type { Identity } from "age-encryption";
import { AppError } from "../errors.ts";
import type { Secret } from "../sys/secret.ts";
import { damagedEncryption } from "./damage.ts";
import { PassphraseIdentity } from "./passphrase.ts";
import { PASSPHRASE, describeKeyOf } from "./recipient.ts";

/** What opens encrypted objects: identities and passphrases, which only those have who may read backups. */
export class Keyring {
  /** Whose identities are held: `age1…` each; with `passphrase` where one was given. */
  readonly recipients: readonly string[];
  readonly #identities: readonly (string | Identity)[];

  private constructor(recipients: readonly string[], identities: readonly (string | Identity)[]) {
    this.recipients = recipients;
    this.#identities = identities;
  }

  /**
   * @param identities - texts as age-keygen writes them: an `AGE-SECRET-KEY-1…` a line, and comments
   * @throws AppError CONFIG_INVALID, without a word of what was given
   */
  static async create(identities: readonly Secret[], passphrases: readonly Secret[]): Promise<Keyring> {
    const lines = identities.flatMap((text) => listIdentities(text));
    const recipients = await Promise.all(lines.map(recipientOf));
    return new Keyring(
      [...new Set([...recipients, ...passphrases.map(() => PASSPHRASE)])],
      [...lines, ...passphrases.map((passphrase) => new PassphraseIdentity(passphrase))],
    );
  }

  /** Whether one of an object's recipients is held. A passphrase may still be another one. */
  holdsOneOf(recipients: readonly string[]): boolean {
    return recipients.some((recipient) => this.recipients.includes(recipient));
  }

  /**
   * The key of one age file, from its header.
   *
   * @throws AppError IDENTITY_MISSING, BACKUP_DAMAGED
   */
  async openFileKey(header: Uint8Array): Promise<Uint8Array> {
    const decrypter = new Decrypter();
    for (const identity of this.#identities) decrypter.addIdentity(identity);
    try {
      return await decrypter.decryptHeader(header);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("no identity matched")) {
        throw missingIdentity("None of the given identities and passphrases opens it.", []);
      }
      throw damagedEncryption("its header was changed", error);
    }
  }
}

/** @param needed - the recipients of which one is needed, as the manifest names them */
export function missingIdentity(what: string, needed: readonly string[]): AppError {
  const ways = needed.map(describeKeyOf);
  return new AppError(
    "IDENTITY_MISSING",
    ways.length === 0 ? what : `${what} It takes ${ways.join(", or ")}.`,
    {
      hint:
        "Give the file with the identity (identity-file, LIFEBOAT_AGE_IDENTITY_FILE), its text in " +
        "LIFEBOAT_AGE_IDENTITY, or the passphrase in LIFEBOAT_AGE_PASSPHRASE.",
    },
  );
}

function listIdentities(text: Secret): string[] {
  const lines = text
    .reveal()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) throw refuseIdentity("It holds none.");
  if (lines[0]?.startsWith("age-encryption.org/") || lines[0]?.startsWith("-----BEGIN AGE")) {
    throw refuseIdentity("It is encrypted with a passphrase itself; decrypt it with age first.");
  }
  return lines;
}

async function recipientOf(identity: string): Promise<string> {
  try {
    if (identity.startsWith("AGE-SECRET-KEY-1")) return await identityToRecipient(identity);
  } catch {
    throw refuseIdentity("It is mistyped or cut off."); // the cause may quote it
  }
  throw refuseIdentity("A line in it does not begin with AGE-SECRET-KEY-1, as an X25519 identity does.");
}

function refuseIdentity(what: string): AppError {
  return new AppError("CONFIG_INVALID", `The age identity cannot be used. ${what}`, {
    hint: "Give the whole file that age-keygen wrote, or its line that begins with AGE-SECRET-KEY-1.",
  });
}
