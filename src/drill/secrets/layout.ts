import { createDecipheriv } from "node:crypto";
import { openFernet } from "./fernet.ts";

/** How one stored secret is put together: data, so that an application needs no code of its own here. */
export interface SecretForm {
  /** Stands before every encrypted value; a value without it is plaintext, from before there was encryption. */
  prefix?: string;
  layout: SecretLayout;
  /** How the value, or each part between separators, is written. `bytes`: a binary column. */
  encoding: "base64" | "hex" | "bytes";
}

/**
 * `fernet`: a token as https://github.com/fernet/spec has it. `aes-256-gcm`: parts in their order, AES-256-GCM without
 * additional data. With a separator the parts are texts between it; without one, every part but the ciphertext has a
 * size. The salt goes into the derivation of the key; the ciphertext may be empty, the tag has 16 bytes.
 */
export type SecretLayout =
  { cipher: "fernet" } | { cipher: "aes-256-gcm"; separator?: string; parts: readonly SecretPart[] };

export interface SecretPart {
  name: "iv" | "salt" | "tag" | "ciphertext";
  sizeBytes?: number;
}

/** A stored secret, taken apart. */
export interface SealedSecret {
  salt?: Buffer;
  /** The plaintext, when the key is the right one. */
  open(key: Buffer): Buffer | undefined;
}

type Parts = Partial<Record<SecretPart["name"], Buffer>>;

const TAG_BYTES = 16;

/** Takes a stored value, already without its prefix, apart; undefined when it does not have this form. */
export function readSealed(stored: string | Uint8Array, form: SecretForm): SealedSecret | undefined {
  const { layout, encoding } = form;
  if (layout.cipher === "fernet") {
    const token = decode(stored, encoding);
    return token && { open: (key) => openFernet(key, token) };
  }
  const parts =
    layout.separator === undefined
      ? cutBytes(decode(stored, encoding), layout.parts)
      : splitText(stored, layout.separator, layout.parts, encoding);
  const { iv, tag, ciphertext, salt } = parts ?? {};
  if (!iv?.length || tag?.length !== TAG_BYTES || !ciphertext) return undefined;
  return { ...(salt && { salt }), open: (key) => openAesGcm(key, iv, tag, ciphertext) };
}

/** Decodes base64 (either alphabet, padded or not) or hex; undefined for a text that is neither whole nor clean. */
export function decodeText(text: string, encoding: "base64" | "hex"): Buffer | undefined {
  // Buffer.from leaves out what it cannot read, and so would take damage for a shorter value.
  if (encoding === "hex") return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, "hex") : undefined;
  const bare = text.replace(/={1,2}$/, "");
  return /^[A-Za-z0-9+/_-]*$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, "base64") : undefined;
}

function decode(stored: string | Uint8Array, encoding: SecretForm["encoding"]): Buffer | undefined {
  if (encoding === "bytes") return typeof stored === "string" ? undefined : Buffer.from(stored);
  // Databases and shells break long base64 into lines.
  return typeof stored === "string" ? decodeText(stored.replaceAll(/\s/g, ""), encoding) : undefined;
}

function cutBytes(bytes: Buffer | undefined, parts: readonly SecretPart[]): Parts | undefined {
  const fixedBytes = parts.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  if (!bytes || bytes.length < fixedBytes) return undefined;
  const cut: Parts = {};
  let start = 0;
  for (const { name, sizeBytes = bytes.length - fixedBytes } of parts) {
    cut[name] = bytes.subarray(start, start + sizeBytes);
    start += sizeBytes;
  }
  return cut;
}

function splitText(
  stored: string | Uint8Array,
  separator: string,
  parts: readonly SecretPart[],
  encoding: SecretForm["encoding"],
): Parts | undefined {
  const texts = typeof stored === "string" ? stored.split(separator) : [];
  if (texts.length !== parts.length) return undefined;
  const split: Parts = {};
  for (const [index, { name }] of parts.entries()) {
    const bytes = decode(texts[index] ?? "", encoding);
    if (!bytes) return undefined;
    split[name] = bytes;
  }
  return split;
}

function openAesGcm(key: Buffer, iv: Buffer, tag: Buffer, ciphertext: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined; // the tag does not fit: another key, or another ciphertext
  } finally {
    plaintext.fill(0);
  }
}
