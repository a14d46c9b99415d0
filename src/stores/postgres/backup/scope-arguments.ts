import { AppError } from "../../../errors.ts";
import type { QualifiedName } from "../catalog/catalog.ts";
import type { Scope } from "./scope.ts";

/** What pg_dump is told of a scope. Names are exact: each goes as a quoted pattern. */
export function scopeArguments(scope: Scope): string[] {
  const args = [
    ...(scope.content === "structure" ? ["--schema-only"] : []),
    ...(scope.content === "data" ? ["--data-only"] : []),
    // Their long names changed in PostgreSQL 16.
    ...(scope.content === "structure" ? [] : [scope.largeObjects ? "-b" : "-B"]),
    ...scope.excludedSchemas.map((name) => `--exclude-schema=${quotePattern(name)}`),
    ...groupPatterns(scope.excludedRelations).map((pattern) => `--exclude-table=${pattern}`),
    ...groupPatterns(scope.withoutRows).map((pattern) => `--exclude-table-data=${pattern}`),
  ];
  const length = args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
  if (length <= MOST_ARGUMENT_BYTES) return args;
  throw new AppError(
    "CONFIG_INVALID",
    `The scope leaves out ${scope.excludedRelations.length + scope.withoutRows.length} tables one by one, more than pg_dump can be told.`,
    { hint: "Choose or exclude whole schemas." },
  );
}

/** Linux takes 2 MiB of arguments and environment, of which this leaves some. */
const MOST_ARGUMENT_BYTES = 1_500_000;
/** pg_dump asks the server once a pattern, so names go together; one argument may have 128 KiB. */
const PATTERN_BYTES = 60_000;

function groupPatterns(names: readonly QualifiedName[]): string[] {
  return [...new Set(names.map(({ schema }) => schema))].flatMap((schema) => {
    const groups: string[] = [];
    for (const { name } of names.filter((one) => one.schema === schema)) {
      const last = groups.at(-1);
      const quoted = quotePattern(name);
      if (last === undefined || last.length + quoted.length > PATTERN_BYTES) groups.push(quoted);
      else groups[groups.length - 1] = `${last}|${quoted}`;
    }
    return groups.map((group) => `${quotePattern(schema)}.(${group})`);
  });
}

/** Inside of quotes psql's pattern language takes every character as it is. */
function quotePattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
