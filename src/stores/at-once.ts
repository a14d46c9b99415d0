/**
 * Works through items in order, several at once. The first failure stops the rest: no further item is begun,
 * and the signal that the others got fires.
 *
 * @throws the first failure, when all work has come to rest
 */
export async function forEachAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const stop = new AbortController();
  let failure: { error: unknown } | undefined;
  const takeTurns = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item, stop.signal);
      } catch (error) {
        failure ??= { error };
        queue.length = 0;
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  if (failure) throw failure.error;
}
