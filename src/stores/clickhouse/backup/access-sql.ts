import { quoteName, tokenise } from "../sql/sql-text.ts";
import type { Token } from "../sql/sql-text.ts";

/**
 * Nobody has a password of this hash, so nobody can log in. NOT IDENTIFIED would be refused by servers that allow no
 * user without a password, and would open the account as soon as it is given a host.
 */
const LOCKED = `IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}' HOST NONE`;

/** What `SHOW CREATE USER` puts after the name, as far as a copy may have it. */
const KEPT_OF_USERS = ["DEFAULT ROLE", "DEFAULT DATABASE", "SETTINGS", "GRANTEES"];
const CLAUSES_OF_USERS = [...KEPT_OF_USERS, "NOT IDENTIFIED", "IDENTIFIED", "VALID", "HOST", "IN"];
/** After these stands a name, whatever it looks like. */
const BEFORE_NAMES = [",", "ROLE", "DATABASE", "PROFILE", "INHERIT", "EXCEPT", "GRANTEES"];

/** A user or role as the server describes it, and what it may do. */
export interface Grantee {
  name: string;
  /** `SHOW CREATE USER` or `SHOW CREATE ROLE`. */
  create: string;
  /** `SHOW GRANTS FOR`. */
  grants: readonly string[];
}

/** Who may do what on a server, in the statements that it describes them with. */
export interface AccessEntities {
  profiles: readonly { name: string; create: string }[];
  quotas: readonly { name: string; create: string }[];
  roles: readonly Grantee[];
  users: readonly Grantee[];
  policies: readonly { name: string; create: string }[];
}

/**
 * A script, one statement a line, that creates them again. Profiles, roles and users refer to one another in circles:
 * they are all there before any of them is filled. What has the name already is kept, and takes on what stands in the
 * backup, except how it logs in.
 */
export function writeAccessScript({ profiles, quotas, roles, users, policies }: AccessEntities): string {
  const named = (what: string, { name }: { name: string }): string => `${what} ${quoteName(name)}`;
  const alter = (what: string, entity: { name: string; create: string }): string[] => {
    const rest = afterName(entity.create);
    return rest === "" ? [] : [`ALTER ${named(what, entity)} ${rest}`];
  };
  const statements = [
    ...profiles.map((profile) => named("CREATE SETTINGS PROFILE IF NOT EXISTS", profile)),
    ...roles.map((role) => named("CREATE ROLE IF NOT EXISTS", role)),
    ...users.map((user) => `${named("CREATE USER IF NOT EXISTS", user)} ${LOCKED}`),
    ...profiles.flatMap((profile) => alter("SETTINGS PROFILE", profile)),
    ...quotas.map(({ create }) => ifNotExists(create, "QUOTA")),
    ...roles.flatMap((role) => alter("ROLE", role)),
    ...[...roles, ...users].flatMap(({ grants }) => grants),
    ...users.flatMap((user) => {
      const clauses = keptClauses(user.create);
      return clauses === "" ? [] : [`ALTER ${named("USER", user)} ${clauses}`];
    }),
    ...policies.map(({ create }) => ifNotExists(create, "POLICY")),
  ];
  const notes = users.map((user) => {
    const clauses = clausesOf(user.create);
    const hosts = clauses.find(({ clause }) => clause === "HOST")?.text ?? "HOST ANY";
    // Another way to log in may follow it: nothing but the time is taken.
    const until = clauses.find(({ clause }) => clause === "VALID")?.text.match(/^VALID UNTIL '[^']*'/i);
    return `-- To let in: ${named("ALTER USER", user)} IDENTIFIED BY '…' ${until ? `${until[0]} ` : ""}${hosts}`;
  });
  return [...statements.map((statement) => `${oneLine(statement)};`), ...notes.map(oneLine), ""].join("\n");
}

/** The same by name alone. */
export function nameEntities(entities: AccessEntities): Record<keyof AccessEntities, string[]> {
  const namesOf = (kind: keyof AccessEntities): string[] => entities[kind].map(({ name }) => name);
  return {
    profiles: namesOf("profiles"),
    quotas: namesOf("quotas"),
    roles: namesOf("roles"),
    users: namesOf("users"),
    policies: namesOf("policies"),
  };
}

/** What stands after `CREATE … name`. */
function afterName(create: string): string {
  const tokens = tokenise(create);
  const first = tokens.findIndex(({ value }) => /^(?:PROFILE|ROLE|USER)$/i.test(value)) + 1;
  const last = tokens[first + 1]?.text === "@" ? first + 2 : first;
  return create.slice(tokens[last]?.end ?? create.length).trim();
}

function keptClauses(create: string): string {
  return clausesOf(create)
    .filter(({ clause }) => KEPT_OF_USERS.includes(clause))
    .map(({ text }) => text)
    .join(" ");
}

/** The clauses of a `CREATE USER` after its name. Only those with a known name are cut out: all else counts to the one before. */
function clausesOf(create: string): { clause: string; text: string }[] {
  const rest = afterName(create);
  const tokens = tokenise(rest);
  const starts = tokens.flatMap((token, index) => {
    const clause = clauseAt(tokens, index);
    return clause === undefined ? [] : [{ clause, start: token.start }];
  });
  return starts.map(({ clause, start }, index) => ({
    clause,
    text: rest.slice(start, starts[index + 1]?.start).trim(),
  }));
}

function clauseAt(tokens: readonly Token[], index: number): string | undefined {
  const before = tokens[index - 1]?.value.toUpperCase() ?? "";
  if (tokens[index]?.depth !== 0 || BEFORE_NAMES.includes(before)) return undefined;
  return CLAUSES_OF_USERS.find((clause) =>
    clause.split(" ").every((word, further) => {
      const token = tokens[index + further];
      return token?.kind === "word" && token.value.toUpperCase() === word;
    }),
  );
}

function ifNotExists(create: string, kind: string): string {
  const token = tokenise(create).find(({ value }) => value.toUpperCase() === kind);
  const end = token?.end ?? 0;
  return `${create.slice(0, end)} IF NOT EXISTS${create.slice(end)}`;
}

/** Outside of quotes, which the server writes without line breaks, a break is only space. */
function oneLine(statement: string): string {
  return statement.trim().replaceAll(/\s*\n\s*/g, " ");
}
