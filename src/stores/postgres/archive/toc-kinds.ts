/** The inventory names all of these, with what tells one from another. */
const COMPARED = "compared";

/**
 * What an archive may hold, as pg_dump names it (`.description =` in PostgreSQL's src/bin/pg_dump/pg_dump.c, 14 to 18),
 * and what the inventory does not look into of it.
 */
const KINDS: Readonly<Record<string, string>> = {
  "ACCESS METHOD": COMPARED,
  ACL: COMPARED,
  AGGREGATE: COMPARED,
  BLOB: COMPARED,
  "BLOB METADATA": COMPARED,
  BLOBS: COMPARED,
  CAST: COMPARED,
  "CHECK CONSTRAINT": COMPARED,
  COLLATION: COMPARED,
  COMMENT: COMPARED,
  CONSTRAINT: COMPARED,
  CONVERSION: COMPARED,
  DEFAULT: COMPARED,
  "DEFAULT ACL": COMPARED,
  DOMAIN: COMPARED,
  "EVENT TRIGGER": COMPARED,
  EXTENSION:
    "Objects of extensions, with grants and comments on them: extensions are compared by name and schema, and their versions noted.",
  "FK CONSTRAINT": COMPARED,
  "FOREIGN DATA WRAPPER": COMPARED,
  "FOREIGN TABLE": COMPARED,
  FUNCTION: COMPARED,
  INDEX: COMPARED,
  "INDEX ATTACH": COMPARED,
  "MATERIALIZED VIEW": COMPARED,
  "MATERIALIZED VIEW DATA":
    "Materialized views: their definition is compared; their rows are computed again by the restore.",
  OPERATOR: COMPARED,
  "OPERATOR CLASS": COMPARED,
  "OPERATOR FAMILY": COMPARED,
  POLICY: COMPARED,
  "PROCEDURAL LANGUAGE": COMPARED,
  PROCEDURE: COMPARED,
  PUBLICATION: COMPARED,
  "PUBLICATION TABLE": COMPARED,
  "PUBLICATION TABLES IN SCHEMA": COMPARED,
  "ROW SECURITY": COMPARED,
  RULE: COMPARED,
  SCHEMA: COMPARED,
  "SECURITY LABEL": COMPARED,
  SEQUENCE: COMPARED,
  "SEQUENCE OWNED BY": COMPARED,
  "SEQUENCE SET": COMPARED,
  SERVER: COMPARED,
  "SHELL TYPE": COMPARED,
  STATISTICS: COMPARED,
  "STATISTICS DATA": "Statistics of the planner: ANALYZE makes them anew.",
  TABLE: COMPARED,
  "TABLE ATTACH": COMPARED,
  "TABLE DATA": COMPARED,
  "TEXT SEARCH CONFIGURATION": COMPARED,
  "TEXT SEARCH DICTIONARY": COMPARED,
  "TEXT SEARCH PARSER": COMPARED,
  "TEXT SEARCH TEMPLATE": COMPARED,
  TRANSFORM: COMPARED,
  TRIGGER: COMPARED,
  TYPE: COMPARED,
  "USER MAPPING":
    "User mappings: that they are there is compared; their options are not looked at, since they may hold passwords.",
  VIEW: COMPARED,
};

/** The database itself, and settings of the session that restores: nothing that a database holds. */
const NO_OBJECTS = ["DATABASE", "DATABASE PROPERTIES", "ENCODING", "SEARCHPATH", "STDSTRINGS"];

/** Kinds of more than one word, the longest first. */
const LONG_KINDS = [...Object.keys(KINDS), ...NO_OBJECTS]
  .filter((kind) => kind.includes(" "))
  .sort((a, b) => b.length - a.length);

/** @param rest - of a line of `pg_restore --list`, what follows the ids */
export function readKind(rest: string): string {
  return LONG_KINDS.find((long) => rest.startsWith(`${long} `)) ?? rest.split(" ")[0] ?? rest;
}

/** The kinds of an archive, as `pg_restore --list` prints it. */
export function listKinds(listing: string): Set<string> {
  return new Set([...listing.matchAll(/^\d+; \d+ \d+ (.*)$/gm)].map(([, rest = ""]) => readKind(rest)));
}

/** What of an archive's contents the inventory does not look into, in sentences. */
export function describeUncompared(kinds: ReadonlySet<string>): string[] {
  return [...kinds]
    .filter((kind) => !NO_OBJECTS.includes(kind) && KINDS[kind] !== COMPARED)
    .sort()
    .map(
      (kind) =>
        KINDS[kind] ??
        `What pg_dump calls ${kind}: this version of lifeboat does not know it. It is restored, and not compared.`,
    );
}
