import { databaseQueries } from "./database.ts";
import { RELATION_QUERIES } from "./relations.ts";
import { TYPE_AND_CODE_QUERIES } from "./types-and-code.ts";

/** What the queries below give. */
export interface SchemaRow {
  kind: string;
  name: string;
  /** Short and no secret: kept as it is. */
  shown: string | null;
  /** A definition, of which only a hash is kept. */
  hashed: string | null;
  /** The text of a query, of which only a hash is kept: how names are qualified does not count. */
  query?: string | null;
  version?: string;
  /** The table that it is or belongs to. */
  of?: string | null;
  /** Other tables that it refers to. */
  needs?: string[] | null;
}

/**
 * One query for each kind of thing that the inventory names, to follow USER_OBJECTS. They run with an empty
 * search_path, so that definitions name schemas, and their texts must come out equal after a restore, also under a
 * later major version: hence no oids, no positions of columns, and nothing that Postgres invents by itself.
 */
export function schemaQueries(major: number): string[] {
  return [...RELATION_QUERIES, ...TYPE_AND_CODE_QUERIES, ...databaseQueries(major)];
}
