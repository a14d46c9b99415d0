/** A value somewhere inside a column, and where it was found. */
export interface FoundValue {
  path: string;
  value: unknown;
}

/**
 * Finds the values at a path such as `providers.*.api_key`: keys, or indexes, between dots; `*` stands for each.
 *
 * @returns nothing where the path leads nowhere
 */
export function findAtPath(tree: unknown, path: string): FoundValue[] {
  return path
    .split(".")
    .reduce<FoundValue[]>(
      (found, step) => found.flatMap((node) => stepInto(node, step)),
      [{ path: "", value: tree }],
    );
}

function stepInto({ path, value }: FoundValue, step: string): FoundValue[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => step === "*" || key === step)
    .map(([key, child]: [string, unknown]) => ({ path: path === "" ? key : `${path}.${key}`, value: child }));
}
