import { NativeBytes, NativeFault } from "./native-bytes.ts";
import { OpaqueType, parseColumn } from "./native-columns.ts";
import type { Column } from "./native-columns.ts";

/** What was found in a stream of Native blocks. */
export type NativeOutline =
  | { isWalked: true; rows: number }
  /** Only ClickHouse can tell the values of a column apart: what follows it was passed over. */
  | { isWalked: false; column: string; type: string };

/**
 * Walks over Native blocks, value by value. The source is read to its end, whatever is found.
 *
 * @param columns - the names that every block must have, in this order
 * @throws NativeFault where the bytes cannot be Native of these columns; what `source` fails with
 */
export async function walkNative(
  source: AsyncIterable<Uint8Array>,
  columns: readonly string[],
): Promise<NativeOutline> {
  const bytes = new NativeBytes(source);
  const known = new Map<string, Column>();
  let total = 0;
  try {
    while (!(await bytes.isAtEnd())) {
      const count = await bytes.varuint();
      const rows = await bytes.varuint();
      if (count !== columns.length)
        throw new NativeFault(`a block in it has ${count} columns instead of ${columns.length}`);
      for (const column of columns) {
        const name = await bytes.text();
        if (name !== column)
          throw new NativeFault(
            `a block in it has a column ${JSON.stringify(name)} where ${column} should be`,
          );
        const type = await bytes.text();
        try {
          const parsed = known.get(type) ?? parseColumn(type);
          known.set(type, parsed);
          if (rows > 0) await (await parsed(bytes))(rows);
        } catch (error) {
          if (error instanceof OpaqueType) return { isWalked: false, column, type };
          throw error;
        }
      }
      total += rows;
    }
    return { isWalked: true, rows: total };
  } finally {
    await bytes.skipAll();
  }
}
