import { generateIdentity, identityToRecipient } from "age-encryption";
import { AgeEncryption } from "../../src/encryption/age.ts";
import { Keyring } from "../../src/encryption/keyring.ts";
import { Secret } from "../../src/sys/secret.ts";

/** Somebody with an age key pair of their own. */
export interface Party {
  identity: Secret;
  recipient: string;
  encryption: AgeEncryption;
  keyring: Keyring;
}

export async function createParty(): Promise<Party> {
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const keyring = await Keyring.create([new Secret(identity)], []);
  return {
    identity: new Secret(identity),
    recipient,
    encryption: AgeEncryption.forRecipients([recipient]),
    keyring,
  };
}
