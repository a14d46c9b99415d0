/** One lexical element of ClickHouse SQL. Comments and space are no tokens. */
export interface Token {
  kind: "word" | "name" | "string" | "symbol";
  /** As it is written, quotes included. */
  text: string;
  /** What it stands for: without quotes and escapes. */
  value: string;
  start: number;
  end: number;
  /** How many brackets are open around it; a bracket itself counts as outside. */
  depth: number;
}

const LEXEME =
  /(?<space>\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^'\\]+|\\[\s\S]|'')*')|(?<heredoc>\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<name>`(?:[^`\\]+|\\[\s\S]|``)*`|"(?:[^"\\]+|\\[\s\S]|"")*")|(?<word>[\p{L}\p{N}_]+)|(?<symbol>[\s\S])/uy;

/** Cuts SQL into tokens: enough to find clauses and names without being fooled by quotes and comments. */
export function tokenise(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const match of sql.matchAll(new RegExp(LEXEME.source, "guy"))) {
    const groups = match.groups ?? {};
    if (groups["space"] !== undefined) continue;
    const text = match[0];
    const kind = kindOf(groups);
    if (kind === "symbol" && ")]}".includes(text)) depth -= 1;
    tokens.push({
      kind,
      text,
      value: valueOf(text, kind),
      start: match.index,
      end: match.index + text.length,
      depth,
    });
    if (kind === "symbol" && "([{".includes(text)) depth += 1;
  }
  return tokens;
}

/** Cuts a script at the semicolons that end statements; quotes, heredocs and comments may hold any number. */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let first: Token | undefined;
  let last: Token | undefined;
  const finish = (): void => {
    if (first && last) statements.push(script.slice(first.start, last.end));
    first = undefined;
  };
  for (const token of tokenise(script)) {
    if (token.text === ";") {
      finish();
    } else {
      first ??= token;
      last = token;
    }
  }
  finish();
  return statements;
}

/** A name of any characters, as an identifier. */
export function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, "\\$&")}\``;
}

/** `database`.`table`, quoted. */
export function quotePath(database: string, name: string): string {
  return `${quoteName(database)}.${quoteName(name)}`;
}

/** Any text, as a string literal. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** A list of texts, as literals between commas. */
export function quoteTexts(texts: readonly string[]): string {
  return texts.map(quoteText).join(", ");
}

function kindOf(groups: Record<string, string | undefined>): Token["kind"] {
  if (groups["word"] !== undefined) return "word";
  if (groups["name"] !== undefined) return "name";
  return groups["symbol"] === undefined ? "string" : "symbol";
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0" };

function valueOf(text: string, kind: Token["kind"]): string {
  const quote = text[0] ?? "";
  if (kind === "word" || kind === "symbol" || quote === "$") return text;
  return text
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\([\s\S])/g, (_, character: string) => ESCAPES[character] ?? character);
}
