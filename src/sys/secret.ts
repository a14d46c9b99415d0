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
 * Every form in which a credential may turn up in text: as it is, URL-encoded (in full, and as a URL's own
 * password), URL-decoded, JSON-escaped, base64, and each line of a credential that has several. Forms shorter
 * than 4 characters are left alone, since replacing them would make logs unreadable and hide nothing.
 */
export function secretForms(value: string): string[] {
  const forms = new Set<string>();
  for (const part of [value, ...value.split(/\r?\n/)]) {
    forms.add(part);
    forms.add(convertOrKeep(encodeURIComponent, part));
    forms.add(convertOrKeep(decodeURIComponent, part));
    forms.add(encodeAsPassword(part));
    forms.add(JSON.stringify(part).slice(1, -1));
    forms.add(Buffer.from(part).toString("base64"));
  }
  return [...forms].filter((form) => form.length >= 4);
}

/** Removes registered credentials, in all their forms, from text on its way to a reader. */
export class Redactor {
  readonly #forms = new Set<string>();

  add(secret: Secret): void {
    for (const form of secretForms(secret.reveal())) this.#forms.add(form);
  }

  /** Credentials that overlap in the text go as one: neither leaves a rest of the other. */
  redact(text: string): string {
    const spans = [...this.#forms].flatMap((form) => findSpans(text, form));
    spans.sort((a, b) => a.start - b.start);
    let clean = "";
    let done = 0;
    for (const { start, end } of spans) {
      if (start >= done) clean += text.slice(done, start) + PLACEHOLDER;
      done = Math.max(done, end);
    }
    return clean + text.slice(done);
  }

  /** The same data with every text in it redacted. */
  redactAll<T>(data: T): T {
    if (typeof data === "string") return this.redact(data) as T;
    if (Array.isArray(data)) return data.map((item: unknown) => this.redactAll(item)) as T;
    if (typeof data !== "object" || data === null) return data;
    return Object.fromEntries(
      Object.entries(data).map(([key, item]) => [key, this.redactAll<unknown>(item)]),
    ) as T;
  }
}

/** Where `form` stands in the text, overlaps with itself included. */
function findSpans(text: string, form: string): { start: number; end: number }[] {
  const spans = [];
  for (let start = text.indexOf(form); start !== -1; start = text.indexOf(form, start + 1)) {
    spans.push({ start, end: start + form.length });
  }
  return spans;
}

/** A URL escapes fewer characters of its password than encodeURIComponent does. */
function encodeAsPassword(text: string): string {
  const url = new URL("postgres://user@host");
  url.password = text;
  return url.password;
}

function convertOrKeep(convert: (text: string) => string, text: string): string {
  try {
    return convert(text);
  } catch {
    return text; // a lone % is no escape, and half a surrogate pair has none
  }
}
