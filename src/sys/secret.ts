import { inspect } from "node:util";

const PLACEHOLDER = "***";

/** A credential from the moment it is read. Printing it gives a placeholder; using it takes `reveal()`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The credential itself. Call it only where the credential is handed to its user. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [inspect.custom](): string {
    return PLACEHOLDER;
  }
}

/**
 * Every form in which a credential may turn up in text: as it is, URL-encoded, URL-decoded, JSON-escaped,
 * base64, and each line of a credential that has several. Values shorter than 4 characters are left alone,
 * since replacing them would make logs unreadable and hide nothing.
 */
export function secretForms(value: string): string[] {
  const forms = new Set<string>();
  for (const part of [value, ...value.split(/\r?\n/)]) {
    forms.add(part);
    forms.add(encodeURIComponent(part));
    forms.add(decodeOrKeep(part));
    forms.add(JSON.stringify(part).slice(1, -1));
    forms.add(Buffer.from(part).toString("base64"));
  }
  return [...forms].filter((form) => form.length >= 4).sort((a, b) => b.length - a.length);
}

/** Removes registered credentials, in all their forms, from text on its way to a reader. */
export class Redactor {
  readonly #forms = new Set<string>();
  #ordered: string[] = [];

  add(secret: Secret): void {
    for (const form of secretForms(secret.reveal())) this.#forms.add(form);
    // Longest first: a connection string goes as a whole before the password inside it.
    this.#ordered = [...this.#forms].sort((a, b) => b.length - a.length);
  }

  redact(text: string): string {
    let clean = text;
    for (const form of this.#ordered) clean = clean.replaceAll(form, PLACEHOLDER);
    return clean;
  }
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not URL-encoded: a lone % is no escape
  }
}
