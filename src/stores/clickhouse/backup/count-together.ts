import type { DataTable } from "../catalog/catalog.ts";
import type { Partition } from "../catalog/partitions.ts";
import type { Counted } from "../catalog/reading.ts";

/** What one query counts at most: a group is sent only when all of it is counted, and a statement has its limits. */
const PARTITIONS_A_GROUP = 64;
const PARTS_A_GROUP = 1_000;
const BYTES_A_GROUP = 32 * 1024 ** 2;

/** Some partitions of a table, as they were listed. */
export interface Group {
  table: DataTable;
  partitions: Partition[];
}

interface OpenGroup extends Group {
  parts: number;
  storedBytes: number;
  counted?: Promise<ReadonlyMap<string, Counted>>;
}

/**
 * Has small partitions counted many at a time: a server looks through all parts of a table for each query. A group is
 * counted when the first of its partitions is asked for.
 */
export class CountTogether {
  readonly #countGroup: (group: Group) => Promise<ReadonlyMap<string, Counted>>;
  readonly #open = new Map<DataTable, OpenGroup>();
  readonly #groupOf = new Map<Partition, OpenGroup>();

  /** @param countGroup - gives counts by the partitions' ids; those that show no row may be missing */
  constructor(countGroup: (group: Group) => Promise<ReadonlyMap<string, Counted>>) {
    this.#countGroup = countGroup;
  }

  /** Notes that a partition will be asked for, unless it is large enough to be counted alone. */
  add(table: DataTable, partition: Partition): void {
    const { storedBytes } = partition;
    const parts = partition.parts.length;
    if (storedBytes > BYTES_A_GROUP || parts > PARTS_A_GROUP) return;
    let group = this.#open.get(table);
    const isFull =
      group &&
      (group.partitions.length === PARTITIONS_A_GROUP ||
        group.parts + parts > PARTS_A_GROUP ||
        group.storedBytes + storedBytes > BYTES_A_GROUP);
    if (!group || isFull) {
      group = { table, partitions: [], parts: 0, storedBytes: 0 };
      this.#open.set(table, group);
    }
    group.partitions.push(partition);
    group.parts += parts;
    group.storedBytes += storedBytes;
    this.#groupOf.set(partition, group);
  }

  /** @returns undefined for a partition that was not noted */
  count(partition: Partition): Promise<Counted> | undefined {
    const group = this.#groupOf.get(partition);
    if (!group) return undefined;
    group.counted ??= this.#countGroup(group);
    return group.counted.then((counts) => counts.get(partition.id) ?? { rows: 0, digest: "0" });
  }
}
