import type { ClickHousePart } from "../../../backup/manifest.ts";
import { addDigests } from "../../../backup/parts.ts";
import type { DataTable } from "../catalog/catalog.ts";
import type { Counted } from "../catalog/reading.ts";
import type { Slice } from "../catalog/slices.ts";

/** A partition, as manifests name it. */
export interface Place {
  database: string;
  table: string;
  partition: string;
}

/** Finds, among the objects of earlier runs, those that hold what is about to be sent. */
export class EarlierParts {
  /** Partitions as one complete backup holds them: all their slices. */
  readonly #complete = new Map<string, ClickHousePart[]>();
  /** Slices that were finished, of a large partition perhaps some alone. */
  readonly #finished = new Map<string, ClickHousePart[]>();
  readonly #sentByThisRun = new Set<string>();
  readonly #holds: (part: ClickHousePart) => Promise<boolean>;

  /** @param holds - whether an object is still at the destination */
  constructor(holds: (part: ClickHousePart) => Promise<boolean>) {
    this.#holds = holds;
  }

  /** What the newest complete backup refers to. */
  addBackup(parts: readonly ClickHousePart[]): void {
    for (const part of parts) append(this.#complete, identify(part), part);
  }

  /** What runs have finished that never came to be backups. */
  addFinished(parts: readonly ClickHousePart[]): void {
    for (const part of parts) append(this.#finished, identify(part), part);
  }

  /** What this very run has sent: nobody else knows it yet, and it need not be looked for. */
  addOwn(part: ClickHousePart): void {
    this.#sentByThisRun.add(part.key);
    this.addFinished([part]);
  }

  /** The objects that hold a partition in the state that the fingerprint names. */
  async findSame(place: Place, fingerprint: string): Promise<ClickHousePart[] | undefined> {
    const held = this.#complete.get(identify(place));
    const isSame = held?.every((part) => part.fingerprint === fingerprint && part.digest !== null);
    return held && isSame && (await this.#areThere(held)) ? held : undefined;
  }

  /** The object that holds one slice of a partition in the state that the fingerprint names. */
  async findFinished(place: Place, fingerprint: string, slice: Slice): Promise<ClickHousePart | undefined> {
    for (const part of this.#finished.get(identify(place)) ?? []) {
      const isSame =
        part.fingerprint === fingerprint &&
        part.digest !== null &&
        part.slice?.number === slice.place?.number &&
        part.slice?.of === slice.place?.of;
      if (isSame && (await this.#areThere([part]))) return part;
    }
    return undefined;
  }

  /**
   * The objects that hold the very rows that were counted now, though the partition's parts are others: a merge
   * changes no row. Count and digest are those by which a drill compares a restore.
   */
  async findEqual(
    place: Place,
    layout: string,
    { rows, digest }: Counted,
  ): Promise<ClickHousePart[] | undefined> {
    const held = this.#findOfRows(place, layout, rows);
    if (!held || addDigests(held.map(({ digest }) => digest ?? "")) !== digest) return undefined;
    return (await this.#areThere(held)) ? held : undefined;
  }

  /** Whether `findEqual` can find any, once the rows of which only the number is known are counted. */
  mayBeEqual(place: Place, layout: string, rows: number): boolean {
    return this.#findOfRows(place, layout, rows) !== undefined;
  }

  #findOfRows(place: Place, layout: string, rows: number): ClickHousePart[] | undefined {
    const held = this.#complete.get(identify(place));
    const isSame = held?.every((part) => part.layout === layout && part.digest !== null);
    return isSame && held?.reduce((sum, part) => sum + part.rows, 0) === rows ? held : undefined;
  }

  async #areThere(parts: readonly ClickHousePart[]): Promise<boolean> {
    for (const part of parts) {
      if (!this.#sentByThisRun.has(part.key) && !(await this.#holds(part))) return false;
    }
    return true;
  }
}

/** A partition of a data table, by the name that the table goes by. */
export function locate({ database, name }: DataTable, partition: string): Place {
  return { database, table: name, partition };
}

function identify({ database, table, partition }: Place): string {
  return JSON.stringify([database, table, partition]);
}

function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
