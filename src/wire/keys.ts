import type { EncryptionConfig, KeyringConfig } from "../config/config.ts";
import type { AgeEncryption } from "../encryption/age.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { AppError } from "../errors.ts";
import { readPrivateFile, readTextFile } from "../sys/text-file.ts";
import { Secret } from "../sys/secret.ts";
import type { Redactor } from "../sys/secret.ts";

// Loaded when something is encrypted only: the package takes a while to load.

/** @throws AppError CONFIG_INVALID */
export async function buildEncryption(
  config: EncryptionConfig | undefined,
): Promise<{ encryption?: AgeEncryption }> {
  if (!config) return {};
  const { AgeEncryption } = await import("../encryption/age.ts");
  if (config.kind === "passphrase") {
    return { encryption: AgeEncryption.forPassphrase(config.passphrase) };
  }
  const { file } = config;
  const inFile = file === undefined ? [] : listRecipients(await readTextFile(file, "recipients file"));
  if (file !== undefined && inFile.length === 0) {
    throw new AppError("CONFIG_INVALID", `The recipients file ${file} names no recipient.`, {
      hint: "Write one on each line, as age-keygen prints it: age1… with 62 characters.",
    });
  }
  return { encryption: AgeEncryption.forRecipients([...config.recipients, ...inFile]) };
}

/** @throws AppError CONFIG_INVALID */
export async function buildKeyring(
  { identities, identityFile, passphrases }: KeyringConfig,
  redactor: Redactor,
): Promise<{ keyring?: Keyring }> {
  const texts = [...identities];
  if (identityFile !== undefined) {
    texts.push(new Secret(await readPrivateFile(identityFile, "identity file")));
  }
  if (texts.length + passphrases.length === 0) return {};
  for (const text of texts) redactor.add(text);
  const { Keyring } = await import("../encryption/keyring.ts");
  return { keyring: await Keyring.create(texts, passphrases) };
}

function listRecipients(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
