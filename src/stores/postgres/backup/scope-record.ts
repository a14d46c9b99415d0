import type { SchemaObject } from "../../../backup/inventory.ts";
import type { PostgresScope } from "../../../backup/manifest.ts";
import { findEntries } from "../archive/archive.ts";
import { nameInFull } from "../catalog/catalog.ts";
import type { Scope } from "./scope.ts";

/**
 * What the manifest says of a scope; nothing of a whole database.
 *
 * @param listing - the archive's table of contents
 * @param schema - what the inventory would name
 */
export function recordScope(
  scope: Scope,
  listing: string,
  schema: readonly SchemaObject[],
): PostgresScope | undefined {
  const { content, largeObjects, excludedRelations } = scope;
  if (content === "all" && largeObjects && excludedRelations.length === 0 && scope.dangling.length === 0) {
    return undefined;
  }
  const dangling = scope.dangling.flatMap(({ kind, name, type, identity, catalogOid, oid }) => [
    { kind, name, entries: findEntries(listing, catalogOid, oid) },
    ...schema
      .filter(
        (object) =>
          (object.kind === `${kind} grants` && object.name === name) ||
          (object.kind === `${type} comment` && object.name === identity),
      )
      .map((object) => ({ kind: object.kind, name: object.name, entries: [] })),
  ]);
  return { content, largeObjects, excluded: excludedRelations.map(nameInFull), dangling };
}

/** What a scope leaves out, and why, for the manifest. */
export function describeLeftOut(scope: Scope): { what: string; why: string }[] {
  const excluded = new Set(scope.blindViews.map(({ name }) => name));
  return [
    ...scope.excludedSchemas.map((schema) => ({
      what: `Schema ${schema}`,
      why: "The configuration leaves it out.",
    })),
    ...scope.excludedRelations
      .filter((relation) => !excluded.has(nameInFull(relation)))
      .map((relation) => ({ what: nameInFull(relation), why: "The configuration leaves it out." })),
    ...[...scope.blindViews, ...scope.dangling].map(({ kind, name, needs }) =>
      kind === "publication"
        ? {
            what: `Part of publication ${name}`,
            why: `It publishes ${needs}; the rest is restored, and not compared.`,
          }
        : {
            what: `${kind[0]?.toUpperCase()}${kind.slice(1)} ${name}`,
            why: `It needs ${needs}, which is left out.`,
          },
    ),
    ...scope.foreignTables.map((table) => ({
      what: `Rows of ${nameInFull(table)}`,
      why: "It is a foreign table: they are at the server that it leads to.",
    })),
    ...scope.withoutRows.map((table) => ({ what: `Rows of ${nameInFull(table)}`, why: table.why })),
    ...(scope.content === "structure"
      ? [{ what: "All rows and the values of sequences", why: "The configuration asks for structure alone." }]
      : []),
    ...(scope.content === "data"
      ? [
          {
            what: "Every definition",
            why: "The configuration asks for data alone: it is restored where the tables are already.",
          },
        ]
      : []),
    ...(scope.largeObjects || scope.content === "structure"
      ? []
      : [{ what: "Large objects", why: "The configuration leaves them out." }]),
  ];
}
