import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node } from "yaml";
import type { Path } from "./faults.ts";
import { findFaults, formatPath } from "./faults.ts";
import type { Place, Problems } from "./problems.ts";
import type { LifeboatFile } from "./schema.ts";
import { fileSchema } from "./schema.ts";

const YAML_ADVICE = "Check quotes, brackets and indentation; inside { } and [ ], put ${NAME} in quotes.";

/** lifeboat.yml as far as it is sound. */
export interface ConfigFile {
  readonly path: string;
  readonly content: LifeboatFile;
  /** Whether nothing was left out of a section: else what is absent may only be misspelt. */
  isWhole(section: keyof LifeboatFile): boolean;
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
  if (syntax) {
    // What follows the first error is its echo, and the parser's own words quote the source.
    problems.add(placeAt(syntax.pos[0], "The file"), `is no YAML from here on. ${YAML_ADVICE}`);
    return { path, content: {}, isWhole: () => false, place };
  }

  const tree: unknown = document.toJS() ?? {};
  const removed: Path[] = [];
  const isWhole = (section: string): boolean =>
    !removed.some((gone) => gone.length <= 1 || gone[0] === section);
  for (let isFirstRound = true; ; isFirstRound = false) {
    const checked = fileSchema.safeParse(tree);
    if (checked.success) return { path, content: checked.data, isWhole, place };
    for (const fault of findFaults(checked.error.issues, tree)) {
      // Later rounds only meet what the first one's removals left behind.
      if (isFirstRound) problems.add(place(fault.path), fault.text);
      removed.push(fault.remove);
      if (!removeAt(tree, fault.remove)) return { path, content: {}, isWhole, place };
    }
  }
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
  const parent = parentPath.reduce<unknown>(
    (node, step) => (node as Record<PropertyKey, unknown>)?.[step],
    tree,
  );
  if (Array.isArray(parent)) return removeAt(tree, parentPath);
  if (typeof parent === "object" && parent !== null) delete (parent as Record<PropertyKey, unknown>)[key];
  return true;
}
