import { findClosing, isWord, replaceTokens } from "./sql-edits.ts";
import type { Edit } from "./sql-edits.ts";
import { quoteText, tokenise } from "./sql-text.ts";
import type { Token } from "./sql-text.ts";

/** Table functions that read what lies outside the server's own tables. */
const OUTWARD_FUNCTION =
  /^(?:remote(?:Secure)?|cluster(?:AllReplicas)?|(?:url|file|s3|gcs|oss|cosn|hdfs|azureBlobStorage)(?:Cluster)?|(?:iceberg|deltaLake|hudi|paimon)\w*|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|hive|executable|arrowFlight|ytsaurus)$/i;
const LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;
const OWN_PORTS: ReadonlySet<string> = new Set(["9000", "9440"]);
const HIDDEN = "[HIDDEN]";

/**
 * Edits that keep a restored copy from reaching out: a dictionary that asks another system gets the source NULL, a
 * view that reads another system reads nothing of the same columns, and so does a table made of a table function.
 *
 * @param body - the index of the AS that begins the query; -1 when there is none
 */
export function silenceOutward(statement: string, tokens: readonly Token[], body: number): Edit[] {
  if (isWord(tokens[1], "DICTIONARY")) return silenceSource(tokens);
  if (body === -1 || !reachesOut(tokens.slice(body))) return [];
  const last = tokens.length - 1;
  if (isWord(tokens[1], "TABLE")) return [replaceTokens(tokens, body, last, "ENGINE = Null")];
  return [replaceTokens(tokens, body + 1, last, writeEmptyQuery(statement, tokens.slice(0, body)))];
}

/** Whether the portable form of a statement no longer asks another system, as the given one does. */
export function isSilenced(given: string, portable: string): boolean {
  const hasSource = (statement: string): boolean => !statement.includes("SOURCE(NULL())");
  return reachesOut(tokenise(given)) || (hasSource(given) && !hasSource(portable));
}

function reachesOut(tokens: readonly Token[]): boolean {
  return tokens.some(
    ({ kind, text }, at) => kind === "word" && tokens[at + 1]?.text === "(" && OUTWARD_FUNCTION.test(text),
  );
}

/** The head lists the view's columns, as the server found them; only a parameterized view's does not. */
function writeEmptyQuery(statement: string, head: readonly Token[]): string {
  const open = head.findIndex(({ depth, text }) => depth === 0 && text === "(");
  const close = open === -1 ? -1 : findClosing(head, open);
  const [from, to] = [head[open], head[close]];
  if (!from || !to) return "SELECT 1 AS nothing WHERE 0";
  return `SELECT * FROM null(${quoteText(statement.slice(from.end, to.start).trim())})`;
}

function silenceSource(tokens: readonly Token[]): Edit[] {
  const at = tokens.findIndex((token) => token.depth === 0 && isWord(token, "SOURCE"));
  const [kind, open] = [tokens[at + 2], at + 3];
  if (at === -1 || !kind || isWord(kind, "NULL")) return [];
  const close = findClosing(tokens, open);
  const parameters = readParameters(tokens.slice(open + 1, close));
  const value = (name: string): string | undefined =>
    parameters.find((each) => each.name === name)?.value.value;
  const isLocal =
    isWord(kind, "CLICKHOUSE") &&
    value("NAME") === undefined &&
    LOCAL_HOST.test(value("HOST") ?? "localhost") &&
    OWN_PORTS.has(value("PORT") ?? "9000") &&
    !reachesOut(tokenise(value("QUERY") ?? ""));
  if (!isLocal) return [replaceTokens(tokens, at + 2, close, "NULL()")];
  // Who asks the own server without a host is its default user; a password that the server hides could ask nobody.
  const dropped = ["HOST", "PORT", "SECURE", ...(value("PASSWORD") === HIDDEN ? ["USER", "PASSWORD"] : [])];
  const kept = parameters.filter(({ name }) => !dropped.includes(name));
  if (kept.length === parameters.length) return [];
  const texts = kept.map(({ name, value: { text } }) => `${name} ${text}`);
  return [replaceTokens(tokens, at + 2, close, `CLICKHOUSE(${texts.join(" ")})`)];
}

/** The pairs of name and value that a dictionary's source is described by. */
export function readParameters(tokens: readonly Token[]): { name: string; value: Token }[] {
  const parameters: { name: string; value: Token }[] = [];
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const [name, value] = [tokens[at], tokens[at + 1]];
    if (name && value) parameters.push({ name: name.value.toUpperCase(), value });
  }
  return parameters;
}
