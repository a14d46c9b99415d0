import type { Part, Partition } from "./partitions.ts";
import { ofPartition } from "./reading.ts";
import { quoteTexts } from "../sql/sql-text.ts";

/** What one object is to hold of a partition. */
export interface Slice {
  /** Absent where the slice is the whole partition. */
  place?: { number: number; of: number };
  /** Picks its rows. It names the very parts that were listed: rows that come in later are not among them. */
  condition: string;
  /** The rows it must show; undefined where something can hide rows. */
  exactRows: number | undefined;
  storedBytes: number;
}

/** Some parts whole, or a range of rows of a single part. */
interface Piece {
  parts: Part[];
  range?: { from: number; to: number };
  storedBytes: number;
}

/**
 * Cuts a partition into slices of about `limitBytes` as stored, which together hold each row of its parts once.
 * The same parts are cut the same way each time. Rows are told apart by part and by offset in the part, which
 * every table has and no merge changes: a merge makes another part.
 */
export function cutIntoSlices(partition: Partition, limitBytes: number): Slice[] {
  const pieces = gather(partition.parts, limitBytes);
  const mayHide = partition.patches.length > 0;
  return pieces.map(({ parts, range, storedBytes }, index) => ({
    ...(pieces.length > 1 && { place: { number: index + 1, of: pieces.length } }),
    condition: writeCondition(partition.id, parts, range),
    exactRows: mayHide || parts.some(({ hidesRows }) => hidesRows) ? undefined : countStored(parts, range),
    storedBytes,
  }));
}

function gather(parts: readonly Part[], limitBytes: number): Piece[] {
  const pieces: Piece[] = [];
  let open: Piece | undefined;
  for (const part of parts.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const cuts = Math.min(Math.ceil(part.storedBytes / limitBytes), part.rows);
    if (cuts > 1) {
      for (let cut = 0; cut < cuts; cut += 1) {
        const [from, to] = [cut, cut + 1].map((edge) => Math.floor((part.rows * edge) / cuts)) as [
          number,
          number,
        ];
        pieces.push({ parts: [part], range: { from, to }, storedBytes: part.storedBytes / cuts });
      }
      continue;
    }
    if (!open || open.storedBytes + part.storedBytes > limitBytes) {
      open = { parts: [], storedBytes: 0 };
      pieces.push(open);
    }
    open.parts.push(part);
    open.storedBytes += part.storedBytes;
  }
  return pieces;
}

/** Picks the rows of several partitions, by their very parts as a slice does. */
export function ofPartitions(partitions: readonly Partition[]): string {
  const ids = quoteTexts(partitions.map(({ id }) => id));
  return `_partition_id IN (${ids}) AND ${ofParts(partitions.flatMap(({ parts }) => parts))}`;
}

function ofParts(parts: readonly Part[]): string {
  return `_part IN (${quoteTexts(parts.map(({ name }) => name))})`;
}

function writeCondition(id: string, parts: readonly Part[], range: Piece["range"]): string {
  const condition = `${ofPartition(id)} AND ${ofParts(parts)}`;
  return range ? `${condition} AND _part_offset >= ${range.from} AND _part_offset < ${range.to}` : condition;
}

function countStored(parts: readonly Part[], range: Piece["range"]): number {
  return range ? range.to - range.from : parts.reduce((sum, { rows }) => sum + rows, 0);
}
