import { throwTogether } from "../errors.ts";
import type { RunContext } from "../run-context.ts";

/**
 * Works on all items at once. The first failure stops the others, all are waited for, and that first failure is
 * thrown: what the others say after it is only that they were stopped.
 */
export async function runTogether<Item, Result>(
  context: RunContext,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const failures: unknown[] = [];
  const results: Result[] = [];
  await Promise.all(
    items.map(async (item, index) => {
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
        context.stopAll();
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * Waits for all of several independent pieces of work, and throws what went wrong as one error.
 *
 * @throws as throwTogether
 */
export async function settleAll<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  const outcomes = await Promise.allSettled(work);
  throwTogether(
    outcomes.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : [])),
  );
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}
