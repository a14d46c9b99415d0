/**
 * Names as an operator writes them: exactly as the database has them, with `*` for any characters. Parts are
 * divided by dots; a part that holds a dot, a star or a quote itself stands in double quotes: `public.events_*`,
 * `"my.schema"."Invoice ""lines"""`.
 */
export class NamePattern {
  /** As it was written. */
  readonly text: string;
  readonly #parts: readonly RegExp[];

  private constructor(text: string, parts: readonly RegExp[]) {
    this.text = text;
    this.#parts = parts;
  }

  /** Undefined when the text has another number of parts, an empty one, or a quote that is not closed. */
  static parse(text: string, partCount: number): NamePattern | undefined {
    const parts = [""];
    const token = /"((?:[^"]|"")*)"|(\*)|(\.)|([^".*]+)/gy;
    while (token.lastIndex < text.length) {
      const match = token.exec(text);
      if (!match) return undefined;
      const [, quoted, star, dot, plain] = match;
      if (dot !== undefined) parts.push("");
      else if (star !== undefined) parts[parts.length - 1] += ".*";
      else parts[parts.length - 1] += escape(quoted?.replaceAll('""', '"') ?? plain ?? "");
    }
    if (parts.length !== partCount || parts.includes("")) return undefined;
    return new NamePattern(
      text,
      parts.map((part) => new RegExp(`^${part}$`, "su")),
    );
  }

  matches(...names: readonly string[]): boolean {
    return names.length === this.#parts.length && this.#parts.every((part, at) => part.test(names[at] ?? ""));
  }
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
