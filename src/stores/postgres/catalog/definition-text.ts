/**
 * The texts that Postgres makes of stored expressions are not stable: the same view reads otherwise after a dump
 * and restore, or under another major version. These functions bring both readings to one form, so that only a
 * change made by somebody shows.
 */

/**
 * Moves a cast of an array into its elements. `status IN ('a', 'b')` on a varchar column is stored as
 * `(ARRAY['a'::character varying, …])::text[]`, and comes back from a dump as
 * `ARRAY[('a'::character varying)::text, …]`.
 */
export function canonicaliseExpression(text: string): string {
  const opening = "(ARRAY[";
  let done = "";
  let rest = text;
  for (;;) {
    const start = findOutsideQuotes(rest, opening);
    if (start === -1) return done + rest;
    const array = readArray(rest, start + opening.length);
    const cast = array && ARRAY_CAST.exec(rest.slice(array.end));
    if (!array || !cast) {
      done += rest.slice(0, start + opening.length);
      rest = rest.slice(start + opening.length);
      continue;
    }
    const type = cast[1] ?? "";
    const elements = array.elements.map((element) =>
      element.startsWith("ARRAY[")
        ? canonicaliseExpression(`(${element})::${type}[]`)
        : `(${canonicaliseExpression(element)})::${type}`,
    );
    done += `${rest.slice(0, start)}ARRAY[${elements.join(", ")}]`;
    rest = rest.slice(array.end + cast[0].length);
  }
}

/**
 * The text of a query without the qualifiers of its names, which PostgreSQL 16 and later leave out where they are
 * not needed. What the names mean must be compared beside it.
 */
export function canonicaliseQuery(text: string): string {
  return canonicaliseExpression(text.replace(TOKEN, (token) => (token.endsWith(".") ? "" : token)));
}

const NAME = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
/** A string, a name and its dot, or a name. */
const TOKEN = new RegExp(String.raw`'(?:[^']|'')*'|${NAME}\.(?=["\p{L}_*])|${NAME}`, "gu");
/** What follows the elements: `])::text[]`. */
const ARRAY_CAST = /^\]\)::((?:"(?:[^"]|"")*"|\([\d, ]+\)|[^()[\]"',;:=<>])+)\[\]/u;

function findOutsideQuotes(text: string, what: string): number {
  for (let position = 0; position < text.length; position += 1) {
    if (text.startsWith(what, position)) return position;
    position = skipQuoted(text, position);
  }
  return -1;
}

/** @returns the elements at the outermost level, and where the closing bracket stands */
function readArray(text: string, start: number): { elements: string[]; end: number } | undefined {
  const elements: string[] = [];
  let depth = 0;
  let elementStart = start;
  for (let position = start; position < text.length; position += 1) {
    const character = text[position];
    if (character === "(" || character === "[") depth += 1;
    else if (character === "]" && depth === 0) {
      return { elements: [...elements, text.slice(elementStart, position)], end: position };
    } else if (character === ")" || character === "]") depth -= 1;
    else if (character === "," && depth === 0) {
      elements.push(text.slice(elementStart, position));
      elementStart = position + 2; // ", "
    }
    position = skipQuoted(text, position);
  }
  return undefined;
}

/** @returns the position of the closing quote where a quoted text begins, else the position given */
function skipQuoted(text: string, position: number): number {
  const quote = text[position];
  if (quote !== "'" && quote !== '"') return position;
  for (let end = position + 1; end < text.length; end += 1) {
    if (text[end] !== quote) continue;
    if (text[end + 1] !== quote) return end;
    end += 1;
  }
  return text.length;
}
