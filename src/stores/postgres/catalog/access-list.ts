/** Who may do what with one object, in words: `SELECT, INSERT`, `ALL`, `SELECT WITH GRANT OPTION`. */
export type Grants = Map<string, string>;

/** What everybody has on a new object of some type, as letters of aclitem. */
export interface DefaultAccess {
  owner: string;
  public: string;
}

export const PUBLIC = "PUBLIC";

/** https://www.postgresql.org/docs/current/ddl-priv.html */
const WORDS: Readonly<Record<string, string>> = {
  r: "SELECT",
  a: "INSERT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
};

/**
 * Reads the items of an access list (`anon=rw*` and a slash before the grantor). `ALL` stands for whatever that is on
 * the server: PostgreSQL 17 knows more than 16, and pg_dump writes ALL too.
 *
 * @param all - letters of everything that can be granted
 */
export function readAccessList(items: readonly string[], all: string): Grants {
  const held = new Map<string, Map<string, boolean>>();
  for (const item of items) {
    const { grantee, letters } = parseItem(item);
    const privileges = held.get(grantee) ?? new Map<string, boolean>();
    held.set(grantee, privileges);
    for (const [, letter = "", star] of letters.matchAll(/(\w)(\*?)/g)) {
      privileges.set(letter, star === "*" || privileges.get(letter) === true);
    }
  }
  return new Map([...held].map(([grantee, privileges]) => [grantee, describePrivileges(privileges, all)]));
}

/** Those who granted something, as the items name them. */
export function listGrantors(items: readonly string[]): string[] {
  return items.map((item) => parseItem(item).grantor);
}

export function describeLetters(letters: string, all: string): string {
  return describePrivileges(new Map([...letters].map((letter) => [letter, false])), all);
}

/** One line; `parseGrants` reads it again. */
export function writeGrants(grants: Grants): string {
  const others = [...grants.keys()].filter((grantee) => grantee !== PUBLIC).sort();
  const names = grants.has(PUBLIC) ? [PUBLIC, ...others] : others;
  if (names.length === 0) return "nobody but the owner";
  return names.map((name) => `${writeName(name)}: ${grants.get(name)}`).join("; ");
}

export function parseGrants(line: string): Grants {
  const grants: Grants = new Map();
  for (const [, name = "", words = ""] of line.matchAll(/("(?:[^"\\]|\\.)*"|[\w-]+): ([A-Z, ]+)(?:; |$)/g)) {
    grants.set(name.startsWith('"') ? (JSON.parse(name) as string) : name, words);
  }
  return grants;
}

function writeName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function describePrivileges(privileges: ReadonlyMap<string, boolean>, all: string): string {
  const letters = [...privileges.keys()].sort();
  const passedOn = letters.filter((letter) => privileges.get(letter) === true);
  const name = (some: readonly string[]): string =>
    some.length === all.length ? "ALL" : some.map((letter) => WORDS[letter] ?? letter).join(", ");
  if (passedOn.length === 0) return name(letters);
  const kept = letters.filter((letter) => privileges.get(letter) !== true);
  const words = (some: readonly string[]): string[] => some.map((letter) => WORDS[letter] ?? letter);
  const option = " WITH GRANT OPTION";
  if (kept.length === 0) return `${name(passedOn)}${option}`;
  return [...words(kept), ...words(passedOn).map((word) => `${word}${option}`)].join(", ");
}

function parseItem(item: string): { grantee: string; letters: string; grantor: string } {
  const [, grantee = "", letters = "", grantor = ""] =
    /^("(?:[^"]|"")*"|[^"=]*)=([a-zA-Z*]*)\/(.*)$/s.exec(item) ?? [];
  return { grantee: grantee === "" ? PUBLIC : unquote(grantee), letters, grantor: unquote(grantor) };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
