import { dirname, resolve } from "node:path";
import { hasRecipientForm } from "../encryption/recipient.ts";
import { Secret } from "../sys/secret.ts";
import type { Sources } from "./sources.ts";
import type { Given } from "./values.ts";
import { readList } from "./values.ts";

/** For whom what is written is encrypted: recipients, which are public, or a passphrase. */
export type EncryptionConfig =
  | { kind: "recipients"; recipients: readonly string[]; file?: string }
  | { kind: "passphrase"; passphrase: Secret };

/** What opens encrypted backups, as far as it is given. */
export interface KeyringConfig {
  identities: readonly Secret[];
  identityFile?: string;
  passphrases: readonly Secret[];
}

const SHORTEST_PASSPHRASE = 20;

/**
 * The options `recipient` and `passphrase` replace the file's encryption whole.
 *
 * @param isNeeded - whether this command writes data objects; else the file is only checked
 */
export function readEncryption(sources: Sources, isNeeded: boolean): EncryptionConfig | undefined {
  const byOption = isNeeded ? sources.option("recipient") : undefined;
  if (byOption) {
    return { kind: "recipients", recipients: readRecipients(sources, splitGiven(byOption)) };
  }
  return readFromFile(sources, isNeeded) ?? readPassphraseOption(sources, isNeeded);
}

function readFromFile(sources: Sources, isNeeded: boolean): EncryptionConfig | undefined {
  const { content, problems } = sources;
  const { encryption } = content;
  if (!encryption) return undefined;
  const path = ["encryption"];
  const place = sources.place(path);
  const hasRecipients = encryption.recipients !== undefined || encryption["recipients-file"] !== undefined;
  const hasPassphrase = encryption.passphrase !== undefined;
  if (hasRecipients && hasPassphrase) {
    problems.add(place, "has recipients and a passphrase. An age file takes one or the other.");
  } else if (!hasRecipients && !hasPassphrase) {
    sources.addAbsent(path, place, "says for whom: give it recipients, recipients-file or passphrase.");
  }
  if (hasPassphrase) {
    const given = sources.text([...path, "passphrase"], isNeeded);
    return given && readPassphrase(sources, given);
  }
  const given = (encryption.recipients ?? []).flatMap(
    (_, index) => sources.text([...path, "recipients", index], isNeeded) ?? [],
  );
  const file = sources.text([...path, "recipients-file"], isNeeded);
  return {
    kind: "recipients",
    recipients: readRecipients(sources, given.flatMap(splitGiven)),
    ...(file && { file: resolve(dirname(sources.filePath), file.text) }),
  };
}

/** Only a backup that nothing else is said for: elsewhere the option opens what was written. */
function readPassphraseOption(sources: Sources, isNeeded: boolean): EncryptionConfig | undefined {
  const given = isNeeded && sources.command === "backup" ? sources.option("passphrase") : undefined;
  return given && readPassphrase(sources, given);
}

/** What a command that reads objects was given, from options and from the file's passphrase. */
export function readKeyring(sources: Sources, isNeeded: boolean): KeyringConfig {
  const none: KeyringConfig = { identities: [], passphrases: [] };
  if (!isNeeded) return none;
  const identity = sources.option("identity");
  const identityFile = sources.option("identity-file");
  const passphrases = [sources.option("passphrase"), sources.text(["encryption", "passphrase"], false)];
  const keyring: KeyringConfig = {
    identities: identity ? [new Secret(identity.text)] : [],
    passphrases: passphrases.flatMap((given) => (given ? [new Secret(given.text)] : [])),
    ...(identityFile && { identityFile: identityFile.text }),
  };
  sources.secrets.push(...keyring.identities, ...keyring.passphrases);
  return keyring;
}

/** Rewriting every backup is asked for by name. */
export function requireRekeyOptions(sources: Sources, encryption: EncryptionConfig | undefined): void {
  if (!encryption) {
    const text = `is given. Give ${sources.nameOptions(["recipient"])}, or encryption in ${sources.filePath}.`;
    sources.addAbsent(["encryption"], { label: "No recipient", order: 0 }, text);
  }
  if (!sources.option("backup") && !sources.flag("all")) {
    sources.problems.add(sources.optionPlace("backup"), "is missing. Give it, or the option all.");
  }
}

function readRecipients(sources: Sources, given: readonly Given[]): string[] {
  for (const { text, place } of given) {
    if (hasRecipientForm(text)) continue;
    if (text.startsWith("AGE-SECRET-KEY-")) {
      sources.secrets.push(new Secret(text));
      const advice =
        "Keep it away from whoever writes backups, and give the public key that age-keygen -y prints.";
      sources.problems.add(place, `is an identity, which opens backups. ${advice}`);
    } else {
      const expected = "An X25519 recipient begins with age1 and has 62 characters; age-keygen prints it.";
      sources.problems.add(place, `is no age recipient that can be written for. ${expected}`);
    }
  }
  return given.map(({ text }) => text);
}

function readPassphrase(sources: Sources, given: Given): EncryptionConfig {
  const passphrase = new Secret(given.text);
  sources.secrets.push(passphrase);
  if (given.text.length < SHORTEST_PASSPHRASE) {
    const advice = `Who has the objects can guess as long as he likes: take ${SHORTEST_PASSPHRASE} characters or more.`;
    sources.problems.add(given.place, `is too short. ${advice}`);
  }
  return { kind: "passphrase", passphrase };
}

/** One variable may hold several. */
function splitGiven(given: Given): Given[] {
  return readList(given).map((text) => ({ ...given, text }));
}
