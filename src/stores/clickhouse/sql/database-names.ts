import { readParameters } from "./inert.ts";
import { applyEdits, findClosing, isWord } from "./sql-edits.ts";
import type { Edit } from "./sql-edits.ts";
import { quoteName, quoteText, tokenise } from "./sql-text.ts";
import type { Token } from "./sql-text.ts";

/** Words after which a path of two names is a table's, never a column's. */
const TABLE_WORDS: ReadonlySet<string> = new Set(
  "FROM JOIN TO TABLE VIEW DICTIONARY EXISTS INTO DATA TAGS METRICS SAMPLES".split(" "),
);
/** Words at which a list between commas begins. */
const CLAUSES: ReadonlySet<string> = new Set(
  "FROM JOIN SELECT WHERE PREWHERE HAVING QUALIFY BY WITH ON USING WINDOW VALUES SETTINGS LIMIT".split(" "),
);
/** Functions and engines whose first argument is a database, or a table or dictionary with its database. */
const TAKES_NAME =
  /^(?:dict(?:Get|Has|IsIn)\w*|dictionary|joinGet\w*|hasColumnInTable|merge|mergeTree(?:Index|Projection|AnalyzeIndexes)\w*|loop|timeSeries\w+|Buffer|Alias)$/i;
/** Parameters of a dictionary's source that hold SQL. */
const HOLDS_SQL: ReadonlySet<string> = new Set(["QUERY", "INVALIDATE_QUERY", "WHERE"]);

/** What a statement says of databases that go by other names now. */
interface Mentions {
  edits: Edit[];
  /** What was found and where it means an object of such a database, or may do so, as `database.name`. */
  unclear: string[];
}

/** Old names of databases, and the new ones. */
export class DatabaseNames {
  readonly #names: ReadonlyMap<string, string>;
  /** Tables, views and dictionaries of the old databases, as `database.name`. */
  readonly #known: ReadonlySet<string>;
  /** The longest first: a database's name may hold a dot. */
  readonly #old: readonly string[];

  constructor(names: ReadonlyMap<string, string>, known: ReadonlySet<string>) {
    this.#names = names;
    this.#known = known;
    this.#old = [...names.keys()].sort((a, b) => b.length - a.length);
  }

  /** The name that a database goes by. */
  rename(database: string): string {
    return this.#names.get(database) ?? database;
  }

  /** The same for `database.name`, as people write it. */
  renamePath(path: string): string {
    const old = this.#old.find((name) => path.startsWith(`${name}.`));
    return old === undefined ? path : this.rename(old) + path.slice(old.length);
  }

  /** Puts the new names wherever a statement names a database; columns, aliases and texts of the same name stay. */
  rewrite(statement: string): string {
    return applyEdits(statement, this.#find(statement).edits);
  }

  /** What a statement says, or may say, of databases by their old names. */
  findOld(statement: string): string[] {
    const { edits, unclear } = this.#find(statement);
    return [...new Set([...edits.map(({ start, end }) => statement.slice(start, end)), ...unclear])];
  }

  #find(statement: string): Mentions {
    const tokens = tokenise(statement);
    const mentions: Mentions = { edits: [], unclear: [] };
    const locals = listLocals(tokens);
    const taken = new Set<Token>();
    const replace = (token: Token, value: string): void => {
      const text = token.kind === "string" ? quoteText(value) : writeName(value);
      mentions.edits.push({ start: token.start, end: token.end, text });
      taken.add(token);
    };
    this.#findInSource(tokens, replace);
    tokens.forEach((token, at) => {
      if (taken.has(token) || token.kind === "symbol") return;
      const { value } = token;
      const [before, after] = [tokens[at - 1], tokens[at + 1]];
      const isArgument = before?.text === "(" && TAKES_NAME.test(tokens[at - 2]?.value ?? "");
      if (isArgument && after?.text !== ".") {
        const renamed =
          this.#names.has(value) && after?.text === "," ? this.rename(value) : this.renamePath(value);
        if (renamed !== value) replace(token, renamed);
        return;
      }
      if (token.kind === "string") {
        if (isWord(before, "COMMENT")) return;
        const isPattern = before?.text === "(" && isWord(tokens[at - 2], "REGEXP");
        if (this.#known.has(value) || (isPattern && this.#old.some((old) => matches(value, old))))
          mentions.unclear.push(value);
        return;
      }
      const name = tokens[at + 2];
      if (!this.#names.has(value) || after?.text !== "." || !name || before?.text === ".") return;
      const path = `${value}.${name.value}`;
      if (isArgument || isTablePlace(tokens, at)) {
        replace(token, this.rename(value));
      } else if (this.#known.has(path) && !locals.has(value)) {
        const isQualifier = tokens[at + 3]?.text === ".";
        if (isQualifier || isWord(before, "IN")) replace(token, this.rename(value));
        else mentions.unclear.push(path);
      }
    });
    return mentions;
  }

  /** SOURCE(CLICKHOUSE(DB 'shop' QUERY 'SELECT … FROM shop.orders')) */
  #findInSource(tokens: readonly Token[], replace: (token: Token, value: string) => void): void {
    if (!isWord(tokens[1], "DICTIONARY")) return;
    const at = tokens.findIndex((token) => token.depth === 0 && isWord(token, "SOURCE"));
    const open = at + 3;
    if (at === -1 || !isWord(tokens[at + 2], "CLICKHOUSE") || tokens[open]?.text !== "(") return;
    for (const { name, value } of readParameters(tokens.slice(open + 1, findClosing(tokens, open)))) {
      if (name === "DB" && this.#names.has(value.value)) {
        replace(value, this.rename(value.value));
      } else if (HOLDS_SQL.has(name)) {
        const rewritten = this.rewrite(value.value);
        if (rewritten !== value.value) replace(value, rewritten);
      }
    }
  }
}

/** Names by which a statement means something of its own: aliases, and the columns of a table or dictionary. */
function listLocals(tokens: readonly Token[]): Set<string> {
  const aliases = tokens.filter(
    (token, at) => isWord(tokens[at - 1], "AS") && token.kind !== "symbol" && tokens[at + 1]?.text !== ".",
  );
  const isQuery = !isWord(tokens[0], "CREATE") || tokens.slice(1, 6).some((token) => isWord(token, "VIEW"));
  const open = tokens.findIndex(({ depth, text }) => depth === 0 && text === "(");
  const columns =
    isQuery || open === -1
      ? []
      : tokens.slice(open, findClosing(tokens, open)).filter(({ depth, kind }, at, list) => {
          const before = list[at - 1];
          return depth === 1 && kind !== "symbol" && (at === 1 || before?.text === ",");
        });
  return new Set([...aliases, ...columns].map(({ value }) => value));
}

function isTablePlace(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  if (!before) return false;
  if (before.text === ",") {
    const depth = tokens[at]?.depth;
    const list = tokens.slice(0, at).findLastIndex((token) => {
      if (token.depth < (depth ?? 0)) return true;
      return token.depth === depth && token.kind === "word" && CLAUSES.has(token.text.toUpperCase());
    });
    return isTablePlace(tokens, list + 1) && tokens[list]?.text !== "(";
  }
  if (before.kind !== "word") return false;
  if (isWord(before, "ON")) return isWord(tokens[at - 2], "DEPENDS");
  if (isWord(before, "JOIN")) return !isWord(tokens[at - 2], "ARRAY");
  // ORDER BY … WITH FILL FROM a.b TO c.d
  if (isWord(before, "FROM") && isWord(tokens[at - 2], "FILL")) return false;
  if (isWord(before, "TO") && before.depth > 0) return false;
  return TABLE_WORDS.has(before.text.toUpperCase());
}

function writeName(value: string): string {
  return /^[A-Za-z_]\w*$/.test(value) ? value : quoteName(value);
}

/** A pattern that this engine cannot read may mean anything. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return true;
  }
}
