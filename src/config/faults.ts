import * as z from "zod";
import { suggest } from "./problems.ts";
import { fileSchema } from "./schema.ts";

export type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.JSONSchema;

/** One thing wrong with the shape of lifeboat.yml. */
export interface Fault {
  /** What the reader should look at. */
  path: Path;
  text: string;
  /** What has to go so that the rest is sound. */
  remove: Path;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

/** Puts the schema's findings into words for the operator. No value is repeated: it may be a password. */
export function findFaults(issues: readonly Issue[], tree: unknown): Fault[] {
  return issues.flatMap(resolveUnion).flatMap((issue) => describeIssue(issue, tree));
}

/** `drill.steps[0].timeout` */
export function formatPath(path: Path): string {
  if (path.length === 0) return "The file";
  return path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`))
    .join("");
}

function describeIssue(issue: Issue, tree: unknown): Fault[] {
  const { path } = issue;
  const value = valueAt(tree, path);
  // Whatever the schema calls it: an enum that is absent is a wrong value to it.
  if (value === undefined) return [{ path, text: "is missing.", remove: path.slice(0, -1) }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const known = listKeys(path);
        const text = known.includes(key)
          ? "does not go with the other keys here. Leave it out."
          : `is no known key.${suggest(key, known)}`;
        return { path: [...path, key], text, remove: [...path, key] };
      });
    case "invalid_type":
    case "invalid_union": {
      const expected = expectedTypes(issue);
      const found =
        value === null ? "empty" : (TYPE_WORDS[Array.isArray(value) ? "array" : typeof value] ?? "else");
      return [
        {
          path,
          text: `must be ${expected}, but is ${found}.${quoteAdvice(value, expected)}`,
          remove: path,
        },
      ];
    }
    case "invalid_value":
      return [{ path, text: `must be one of ${issue.values.map(String).join(", ")}.`, remove: path }];
    case "too_small":
      return [{ path, text: "must not be empty.", remove: path }];
    case "invalid_key":
      return [{ path, text: `${issue.issues[0]?.message ?? "is no good name"}.`, remove: path }];
    default:
      return [{ path, text: `${issue.message}.`, remove: path }];
  }
}

/**
 * Of the forms a value may have, takes the one it was meant as: that of the right type with the fewest faults.
 * A union remains where no form has the right type.
 */
function resolveUnion(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const ofRightType = issue.errors.filter(
    (found) => !found.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const nearest = ofRightType.sort((a, b) => countFaults(a) - countFaults(b))[0];
  if (!nearest) return [issue];
  return nearest.flatMap((nested) => resolveUnion({ ...nested, path: [...issue.path, ...nested.path] }));
}

function countFaults(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

function expectedTypes(issue: Issue): string {
  if (issue.code === "invalid_type") return TYPE_WORDS[issue.expected] ?? issue.expected;
  if (issue.code !== "invalid_union") return "";
  return [...new Set(issue.errors.flat().map(expectedTypes))].join(" or ");
}

function quoteAdvice(value: unknown, expected: string): string {
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return isPlain && expected === "text" ? " Put it in quotes." : "";
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], tree);
}

/** The keys that the schema knows at a path. */
function listKeys(path: Path): string[] {
  let schemas: JsonSchema[] = [z.toJSONSchema(fileSchema)];
  for (const key of path) schemas = schemas.flatMap(listForms).flatMap((schema) => childOf(schema, key));
  return schemas.flatMap(listForms).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

function listForms(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf ?? [schema];
}

function childOf(schema: JsonSchema, key: PropertyKey): JsonSchema[] {
  const child =
    typeof key === "number"
      ? schema.items
      : (schema.properties?.[String(key)] ?? schema.additionalProperties);
  return typeof child === "object" && !Array.isArray(child) ? [child] : [];
}
