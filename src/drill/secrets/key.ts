import { pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { AppError } from "../../errors.ts";
import type { Secret } from "../../sys/secret.ts";
import { decodeText } from "./layout.ts";

/** A key written out: 32 bytes in base64 or hex, or as a text of 32 bytes. */
type PlainForm = "base64" | "hex" | "text";

/** A key that is derived from a passphrase; without a salt of its own, with the one stored in each value. */
type Derivation =
  | { derive: "scrypt"; salt?: string | undefined }
  | { derive: "pbkdf2-sha256"; salt?: string | undefined; iterations: number };

/** How the text in an application's environment becomes the key of its cipher. */
export type KeyForm = PlainForm | Derivation;

const KEY_BYTES = 32;

const PLAIN: Readonly<Record<PlainForm, { characters: number; words: string }>> = {
  base64: { characters: 44, words: "base64 of 32 bytes (44 characters)" },
  hex: { characters: 64, words: "hex of 32 bytes (64 characters)" },
  text: { characters: 32, words: "a text of 32 bytes" },
};

const deriveByScrypt = promisify<string | Uint8Array, string | Uint8Array, number, Buffer>(scrypt);
const deriveByPbkdf2 = promisify(pbkdf2);

/** The key an application encrypts its secrets under. */
export class ApplicationKey {
  /** What may be wrong with it, as a sentence; empty when nothing meets the eye. */
  readonly suspicion: string;
  readonly #bytes: Buffer;
  readonly #derivations: readonly Derivation[];
  /** Derived under a constant salt: once is enough, since a derivation is slow on purpose. */
  readonly #derived = new Map<Derivation, Promise<Buffer>>();

  private constructor(bytes: Buffer, derivations: readonly Derivation[], suspicion: string) {
    this.#bytes = bytes;
    this.#derivations = derivations;
    this.suspicion = suspicion;
  }

  /**
   * A plain form that the key fits is how it is read; derivations stand for every other key, and are tried in their
   * order for each value. So a key is never read in a way in which the application would not read it.
   *
   * @throws AppError CONFIG_INVALID saying what is wrong with the key, without showing it
   */
  static read(key: Secret, forms: readonly KeyForm[]): ApplicationKey {
    const text = key.reveal();
    if (text.trim() === "") throw refuse("It is empty.");
    const plain = forms.filter((form) => typeof form === "string");
    for (const form of plain) {
      const bytes = decodeKey(text, form);
      if (bytes?.length === KEY_BYTES) return new ApplicationKey(bytes, [], "");
    }
    const flaw = findFlaw(text);
    const derivations = forms.filter((form) => typeof form !== "string");
    // A passphrase may be anything, quotes and line breaks too, so this one has to be tried.
    if (derivations.length > 0) return new ApplicationKey(Buffer.from(text), derivations, flaw);
    throw refuse(flaw || describeMisfit(text, plain));
  }

  /** The keys to try, in order. @param storedSalt - the value's own */
  async *listCandidates(storedSalt: Buffer | undefined): AsyncGenerator<Buffer> {
    if (this.#derivations.length === 0) yield this.#bytes;
    for (const derivation of this.#derivations) {
      if (derivation.salt === undefined) {
        if (storedSalt) yield await this.#derive(derivation, storedSalt);
        continue;
      }
      const derived = this.#derived.get(derivation) ?? this.#derive(derivation, Buffer.from(derivation.salt));
      this.#derived.set(derivation, derived);
      yield await derived;
    }
  }

  /**
   * The same key but for one bit, which must open nothing. The first byte's: of a Fernet key only the first half is
   * sure to be noticed, since the second half only garbles the plaintext.
   */
  flipBit(): ApplicationKey {
    const bytes = Buffer.from(this.#bytes);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return new ApplicationKey(bytes, this.#derivations, "");
  }

  /** With Node's own costs of scrypt: N 16384, r 8, p 1. */
  #derive(derivation: Derivation, salt: Buffer): Promise<Buffer> {
    return derivation.derive === "scrypt"
      ? deriveByScrypt(this.#bytes, salt, KEY_BYTES)
      : deriveByPbkdf2(this.#bytes, salt, derivation.iterations, KEY_BYTES, "sha256");
  }
}

function refuse(what: string): AppError {
  return new AppError("CONFIG_INVALID", `The key cannot be used. ${what}`, {
    hint: "Give the step the application's own key, exactly as the application gets it.",
  });
}

function decodeKey(text: string, form: PlainForm): Buffer | undefined {
  return form === "text" ? Buffer.from(text) : decodeText(text, form);
}

/** What a copy through files, shells and forms does to a key. */
function findFlaw(text: string): string {
  if (/[\r\n]$/.test(text)) return "It ends with a line break.";
  if (/^\s|\s$/.test(text)) return "It begins or ends with white space.";
  if (/^(["'`]).*\1$/s.test(text)) return "It stands in quotes, which have become part of it.";
  return "";
}

function describeMisfit(text: string, forms: readonly PlainForm[]): string {
  const expected = `Expected is ${forms.map((form) => PLAIN[form].words).join(" or ")}.`;
  const other = (["hex", "base64"] as const).find((form) => decodeText(text, form)?.length === KEY_BYTES);
  if (other) return `It is ${PLAIN[other].words}. ${expected}`;
  const hasOnly = { base64: /^[\w+/-]+={0,2}$/, hex: /^[0-9a-f]+$/i, text: /^/ };
  const form = forms.find((candidate) => hasOnly[candidate].test(text));
  if (!form) return `It holds characters that do not belong there. ${expected}`;
  const length = text.length < PLAIN[form].characters ? "it is cut off" : "that is too long";
  return `It has ${text.length} characters: ${length}. ${expected}`;
}
