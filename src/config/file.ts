import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument, visit } from "yaml";
import type { Document, Node } from "yaml";
import type { Path } from "./faults.ts";
import { findFaults, formatPath, valueAt } from "./faults.ts";
import type { Place, Problems } from "./problems.ts";
import type { LifeboatFile } from "./schema.ts";
import { fileSchema } from "./schema.ts";

const YAML_ADVICE =
  "Check quotes, brackets and indentation, which is of spaces and not of tabs; inside { } and [ ], put ${NAME} in quotes.";

/** lifeboat.yml as far as it is sound. */
export interface ConfigFile {
  readonly path: string;
  readonly content: LifeboatFile;
  /** Whether something that is absent may only be misspelt or misshapen, which is told anyway. */
  isDoubtful(path: Path): boolean;
  /** Where a value stands, or its nearest ancestor when it is absent. */
  place(path: Path): Place;
}

/**
 * Parses lifeboat.yml and reports everything about its shape. What is unsound is left out of the content, so
 * that the rest can still be read, and all problems be told at once.
 */
export function parseFile(file: { path: string; text: string }, problems: Problems): ConfigFile {
  const lines = new LineCounter();
  // Plain errors: the pretty ones quote the source, which may hold a password.
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const placeAt = (offset: number, subject: string): Place => {
    const { line, col } = lines.linePos(offset);
    return { label: `${file.path}:${line}:${col}: ${subject}`, order: offset };
  };
  const place = (path: Path): Place => placeAt(findOffset(document, path), formatPath(path));
  const { path } = file;

  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  for (const { pos } of duplicates)
    problems.add(placeAt(pos[0], "A key"), "stands here for the second time.");
  const syntax = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  const alias = findDanglingAlias(document);
  // What follows the first error is its echo, and the parser's own words quote the source.
  if (syntax) problems.add(placeAt(syntax.pos[0], "The file"), `is no YAML from here on. ${YAML_ADVICE}`);
  else if (alias) {
    problems.add(
      placeAt(startOf(alias), "An alias"),
      "has no anchor. Put text that begins with * in quotes.",
    );
  }
  if (syntax || alias) return { path, content: {}, isDoubtful: () => true, place };

  const tree: unknown = document.toJS() ?? {};
  const removed: Path[] = [];
  // Something was taken out of the very map in which the way to `wanted` ends.
  const isDoubtful = (wanted: Path): boolean =>
    removed.some(
      (gone) =>
        gone.slice(0, -1).every((key, index) => key === wanted[index]) &&
        valueAt(tree, wanted.slice(0, gone.length)) === undefined,
    );
  for (let isFirstRound = true; ; isFirstRound = false) {
    const checked = fileSchema.safeParse(tree);
    if (checked.success) return { path, content: checked.data, isDoubtful, place };
    for (const fault of findFaults(checked.error.issues, tree)) {
      // Later rounds only meet what the first one's removals left behind.
      if (isFirstRound) problems.add(place(fault.path), fault.text);
      removed.push(fault.remove);
      if (!removeAt(tree, fault.remove)) return { path, content: {}, isDoubtful, place };
    }
  }
}

function findDanglingAlias(document: Document): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (!alias.resolve(document)) found ??= alias;
    },
  });
  return found;
}

/** The offset of a value; of its key when the value is empty; of the nearest ancestor when it is not there. */
function findOffset(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    const next = findChild(node, key);
    if (next === undefined) break;
    offset = next.offset;
    node = next.node;
  }
  return offset;
}

function findChild(node: unknown, key: PropertyKey): { node: unknown; offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    return pair && { node: pair.value, offset: startOf(pair.key) };
  }
  if (isSeq(node) && typeof key === "number") {
    const item = node.items[key];
    return { node: item, offset: startOf(item) };
  }
  return undefined;
}

function startOf(node: unknown): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0;
}

/** Removes a value from maps; of a list nothing can go without moving the rest, so it goes whole. */
function removeAt(tree: unknown, path: Path): boolean {
  const key = path.at(-1);
  if (key === undefined) return false;
  const parentPath = path.slice(0, -1);
  const parent = valueAt(tree, parentPath);
  if (Array.isArray(parent)) return removeAt(tree, parentPath);
  if (typeof parent === "object" && parent !== null) delete (parent as Record<PropertyKey, unknown>)[key];
  return true;
}
