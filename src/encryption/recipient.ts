/** What a manifest says instead of a recipient where a passphrase opens an object. */
export const PASSPHRASE = "passphrase";

/**
 * Whether a text has the form of an X25519 recipient, the one kind that every version of age reads and writes without a
 * plugin. Its last characters are a checksum, which `AgeEncryption` looks at.
 */
export function hasRecipientForm(text: string): boolean {
  return /^age1[02-9ac-hj-np-z]{58}$/.test(text);
}

/** What it takes to open something that is encrypted for a recipient. */
export function describeKeyOf(recipient: string): string {
  return recipient === PASSPHRASE ? "the passphrase" : `the identity of ${recipient}`;
}
