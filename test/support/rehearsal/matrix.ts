import { isDeepStrictEqual } from "node:util";

export type Combination = Record<string, unknown>;

/**
 * The combinations of a matrix whose expressions are evaluated.
 *
 * @see https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
 * @throws Error when there is none, which GitHub refuses as well
 */
export function expandMatrix(matrix: Readonly<Record<string, unknown>>): Combination[] {
  const { include = [], exclude = [], ...axes } = matrix;
  let combinations: Combination[] = Object.keys(axes).length > 0 ? [{}] : [];
  for (const [name, values] of Object.entries(axes)) {
    if (!Array.isArray(values)) throw new Error(`The matrix's ${name} is no list.`);
    combinations = combinations.flatMap((each) =>
      values.map((value: unknown) => ({ ...each, [name]: value })),
    );
  }
  combinations = combinations.filter(
    (each) => !asList(exclude).some((wanted) => fits(wanted, each, Object.keys(wanted))),
  );
  const originals = combinations.map((each) => ({ ...each }));
  for (const extra of asList(include)) {
    const shared = Object.keys(extra).filter((name) => name in axes);
    const fitting = combinations.filter((_, at) => originals[at] && fits(extra, originals[at], shared));
    if (fitting.length === 0) combinations.push(extra);
    for (const each of fitting) Object.assign(each, extra);
  }
  if (combinations.length === 0) throw new Error("The matrix holds no combination.");
  return combinations;
}

function asList(value: unknown): Combination[] {
  if (!Array.isArray(value)) throw new Error("A matrix's include and exclude are lists.");
  return value as Combination[];
}

function fits(wanted: Combination, found: Combination, names: readonly string[]): boolean {
  return names.every((name) => isDeepStrictEqual(wanted[name], found[name]));
}
