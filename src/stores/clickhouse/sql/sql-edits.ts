import type { Token } from "./sql-text.ts";

/** Part of a statement, from the start of one token to the end of another, and what stands there instead. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** An edit that puts `text` in the place of the tokens `from` to `to`. */
export function replaceTokens(tokens: readonly Token[], from: number, to: number, text: string): Edit {
  const start = tokens[from]?.start ?? 0;
  return { start, end: tokens[to]?.end ?? start, text };
}

export function applyEdits(statement: string, edits: readonly Edit[]): string {
  let result = "";
  let done = 0;
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < done) continue; // inside a longer edit, which replaces it anyway
    result += statement.slice(done, start) + text;
    done = end;
    // What was cut took the space after it along.
    if (text === "") while (statement[done] === " ") done += 1;
  }
  return (result + statement.slice(done)).trimEnd();
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}

/** The items of a list, cut at the commas of its own level. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const depth = Math.min(...tokens.map((token) => token.depth));
  const items: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === "," && token.depth === depth) items.push([]);
    else items.at(-1)?.push(token);
  }
  return items.filter((item) => item.length > 0);
}

/** The index of the bracket that closes the one at `open`. */
export function findClosing(tokens: readonly Token[], open: number): number {
  const depth = tokens[open]?.depth;
  return tokens.findIndex((token, at) => at > open && token.depth === depth);
}
