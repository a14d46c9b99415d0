import { createHash } from "node:crypto";
import { isOutward, toPlainEngine } from "./engines.ts";
import { silenceOutward } from "./inert.ts";
import { applyEdits, isWord, replaceTokens, splitAtCommas } from "./sql-edits.ts";
import type { Edit } from "./sql-edits.ts";
import { quoteText, tokenise } from "./sql-text.ts";
import type { Token } from "./sql-text.ts";

/** Table settings that name what only the source's server has. */
const SERVER_SETTINGS: ReadonlySet<string> = new Set(["storage_policy", "disk", "table_disk"]);

/**
 * Rewrites a statement of `create_table_query` for one plain server: without cluster, uuid, replication, storage
 * policy and definer. Outward engines become Null, and views and dictionaries that ask another system read nothing, so
 * that nothing reaches out from a restored copy; Distributed becomes Merge over the table it stood before. Rewriting twice changes nothing more.
 */
export function makePortable(statement: string): string {
  const tokens = tokenise(statement);
  const body = tokens.findIndex((token) => token.depth === 0 && isWord(token, "AS"));
  const head = body === -1 ? tokens : tokens.slice(0, body);
  const edits = [
    ...cutPlaceOfBirth(head),
    ...rewriteEngine(head),
    ...cutBorrowedColumns(head),
    ...cutServerSettings(head),
    ...keepRefreshEmpty(head, tokens[body]),
    ...silenceOutward(statement, tokens, body),
  ];
  return applyEdits(statement, edits);
}

/** 16 hexadecimal digits that are equal for statements that differ only in spacing, comments and needless quotes. */
export function hashDefinition(portable: string): string {
  const normalised = tokenise(portable).map(({ kind, text, value }) =>
    kind === "name" && /^\w+$/.test(value) ? value : text,
  );
  return createHash("sha256").update(normalised.join(" ")).digest("hex").slice(0, 16);
}

/** One index, projection or constraint in a table's list of columns. */
export interface TableItem {
  kind: "index" | "projection" | "constraint";
  name: string;
  definition: string;
}

/** What a table's statement lists beside columns. */
export function listTableItems(statement: string): TableItem[] {
  const tokens = tokenise(statement);
  const open = tokens.findIndex((token) => token.depth === 0 && token.text === "(");
  const end = tokens.findIndex((token, at) => at > open && token.depth === 0);
  if (open === -1 || end === -1) return [];
  return splitAtCommas(tokens.slice(open + 1, end)).flatMap((item) => {
    const [first, second] = item;
    const kind = first?.kind === "word" ? first.text.toLowerCase() : "";
    if (!second || !(kind === "index" || kind === "projection" || kind === "constraint")) return [];
    return [{ kind, name: second.value, definition: item.map((token) => token.text).join(" ") }];
  });
}

function cutPlaceOfBirth(head: readonly Token[]): Edit[] {
  const edits: Edit[] = [];
  const cut = (from: number, to: number): void => {
    edits.push(replaceTokens(head, from, to, ""));
  };
  head.forEach((token, at) => {
    if (token.depth > 0) return;
    const follows = (...words: string[]): boolean =>
      words.every((word, offset) => isWord(head[at + offset], word));
    if (follows("TO", "INNER", "UUID")) cut(at, at + 3);
    else if (follows("UUID") && head[at + 1]?.kind === "string" && !isWord(head[at - 1], "INNER"))
      cut(at, at + 1);
    else if (follows("ON", "CLUSTER")) cut(at, at + 2);
    else if (follows("DEFINER") && head[at + 1]?.text === "=") cut(at, at + 2);
    // A view that runs as its definer does so again, as whoever restores it.
    else if (follows("SQL", "SECURITY", "DEFINER")) cut(at, at + 2);
  });
  return edits;
}

/** A table of the engine Alias has the columns of the one it stands for, and the server that lists them takes none. */
function cutBorrowedColumns(head: readonly Token[]): Edit[] {
  const engine = findEngine(head);
  const open = head.findIndex((token) => token.depth === 0 && token.text === "(");
  if (head[engine]?.value !== "Alias" || open === -1 || open > engine) return [];
  const close = head.findIndex((token, index) => index > open && token.depth === 0);
  return [replaceTokens(head, open, close, "")];
}

/** @returns the index of its name; -1 where there is none */
function findEngine(head: readonly Token[]): number {
  const at = head.findIndex(
    (token, index) => token.depth === 0 && isWord(token, "ENGINE") && head[index + 1]?.text === "=",
  );
  return at === -1 ? -1 : at + 2;
}

function rewriteEngine(head: readonly Token[]): Edit[] {
  const at = findEngine(head);
  const name = head[at];
  if (!name) return [];
  const hasArguments = head[at + 1]?.text === "(";
  const close = hasArguments ? head.findIndex((token, index) => index > at + 1 && token.depth === 0) : at;
  const args = hasArguments ? splitAtCommas(head.slice(at + 2, close)) : [];

  if (name.value === "Distributed") {
    const [, database, table] = args.map((arg) => (arg.length === 1 ? arg[0]?.value : undefined));
    if (database !== undefined && table !== undefined) {
      const engine = `Merge(${quoteText(database)}, ${quoteText(`^${escapeRegExp(table)}$`)})`;
      return [replaceTokens(head, at, close, engine)];
    }
  }
  if (isOutward(name.value)) return [replaceTokens(head, at, endOfStorage(head, close), "Null")];

  const plain = toPlainEngine(name.value);
  if (plain === name.value) return [];
  const isPlaced =
    args.length >= 2 && args.slice(0, 2).every((arg) => arg.length === 1 && arg[0]?.kind === "string");
  const kept = args.slice(isPlaced ? 2 : 0).map((arg) => arg.map((token) => token.text).join(" "));
  return [replaceTokens(head, at, close, kept.length > 0 ? `${plain}(${kept.join(", ")})` : plain)];
}

function cutServerSettings(head: readonly Token[]): Edit[] {
  const engine = head.findIndex((token) => token.depth === 0 && isWord(token, "ENGINE"));
  const at = head.findIndex(
    (token, index) => index > engine && token.depth === 0 && isWord(token, "SETTINGS"),
  );
  if (engine === -1 || at === -1) return [];
  const end = endOfStorage(head, at);
  const all = splitAtCommas(head.slice(at + 1, end + 1));
  const kept = all.filter(([name]) => name === undefined || !SERVER_SETTINGS.has(name.value));
  if (kept.length === all.length) return [];
  const texts = kept.map((item) => item.map((token) => token.text).join(" "));
  return [replaceTokens(head, at, end, texts.length > 0 ? `SETTINGS ${texts.join(", ")}` : "")];
}

/** A refreshable view must not fill itself while it is restored: its rows come from the backup. */
function keepRefreshEmpty(head: readonly Token[], body: Token | undefined): Edit[] {
  const outside = head.filter((token) => token.depth === 0);
  const isRefreshable = isRefreshableHead(outside);
  if (!body || !isRefreshable || outside.some((token) => isWord(token, "EMPTY"))) return [];
  return [{ start: body.start, end: body.start, text: "EMPTY " }];
}

/** Whether a statement makes a view that fills itself on a schedule. */
export function isRefreshable(statement: string): boolean {
  return isRefreshableHead(tokenise(statement).filter((token) => token.depth === 0));
}

function isRefreshableHead(outside: readonly Token[]): boolean {
  const at = outside.findIndex((token) => isWord(token, "REFRESH"));
  return at !== -1 && (isWord(outside[at + 1], "EVERY") || isWord(outside[at + 1], "AFTER"));
}

/** The index of the last token of the storage clause: what follows is a comment, or the definer. */
function endOfStorage(head: readonly Token[], from: number): number {
  const next = head.findIndex(
    (token, index) =>
      index > from &&
      token.depth === 0 &&
      ["COMMENT", "DEFINER", "SQL", "EMPTY"].some((word) => isWord(token, word)),
  );
  return (next === -1 ? head.length : next) - 1;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
