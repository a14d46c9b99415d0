import type { LimitFunction } from "p-limit";
import type { ClickHousePart } from "../../../backup/manifest.ts";
import { addDigests } from "../../../backup/parts.ts";
import type { RunContext } from "../../../run-context.ts";
import type { BackupSink } from "../../store.ts";
import type { DataTable } from "../catalog/catalog.ts";
import type { CountTogether } from "./count-together.ts";
import { locate } from "./earlier-parts.ts";
import type { EarlierParts, Place } from "./earlier-parts.ts";
import {
  requireAllVisible,
  requireBytes,
  isAsCounted,
  otherThanCounted,
  warnOfComputed,
  withoutDigest,
} from "./export-results.ts";
import type { Exported } from "./export-results.ts";
import type { LookAgain } from "./look-again.ts";
import { fingerprintPartition, hashFingerprint, isUndisturbed, storageId } from "../catalog/partitions.ts";
import type { Listing, Partition } from "../catalog/partitions.ts";
import type { ReadAlong } from "../native/read-along.ts";
import { countRows } from "../catalog/reading.ts";
import type { Counted } from "../catalog/reading.ts";
import { describeLayout, sendRows } from "./send-rows.ts";
import type { Sent } from "./send-rows.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { cutIntoSlices } from "../catalog/slices.ts";
import type { Slice } from "../catalog/slices.ts";

/** What a table without partitions is called in a manifest. */
export const WHOLE_TABLE = "all";
const WHOLE: Slice = { condition: "1", exactRows: undefined, storedBytes: 0 };

/** A partition to export, as it was listed. */
export interface Job {
  table: DataTable;
  /** Undefined for a table without partitions. */
  partition: Partition | undefined;
  /** Whether the rows it shows can change while its parts stay what they are. */
  isComputed: boolean;
}

/** What the exports of one run share. */
export interface ExportTools {
  server: ClickHouseServer;
  sink: BackupSink;
  context: RunContext;
  earlier: EarlierParts;
  /** Bounds the queries that stream rows. */
  streams: LimitFunction;
  sliceBytes: number;
  readAlong: ReadAlong;
}

/** A slice, with the object of an earlier run that holds it. */
interface FoundSlice {
  slice: Slice;
  finished: ClickHousePart | undefined;
}

type SentAndCounted = Sent & { part: ClickHousePart };

/** What came of a slice; undefined when its partition was rewritten while it was read. */
type Outcome = Exported[] | undefined;

/** Known some time after the slice was sent. */
export type Awaited = () => Promise<Outcome>;

/** Refers to the rows of one partition, or sends them. */
export class PartitionExport {
  readonly #tools: ExportTools;
  readonly #job: Job;
  readonly #place: Place;
  readonly #counts: CountTogether;
  readonly #watch: LookAgain<Listing>;
  /** The fingerprint of a partition as it was listed. */
  readonly #listed: string | undefined;
  #same: ClickHousePart[] | undefined;
  #slices: FoundSlice[] = [];

  constructor(tools: ExportTools, job: Job, counts: CountTogether, watch: LookAgain<Listing>) {
    const { table, partition } = job;
    this.#tools = tools;
    this.#job = job;
    this.#place = locate(table, partition?.id ?? WHOLE_TABLE);
    this.#counts = counts;
    this.#watch = watch;
    this.#listed = partition && fingerprintPartition(partition, table.columns);
  }

  /** Looks what of it earlier runs have sent; what is left to be counted is noted. */
  async lookUp(): Promise<void> {
    const { table, partition, isComputed } = this.#job;
    const { earlier, sliceBytes } = this.#tools;
    const fingerprint = isComputed ? undefined : this.#listed;
    this.#same = fingerprint === undefined ? undefined : await earlier.findSame(this.#place, fingerprint);
    if (this.#same) return;
    const slices = partition ? cutIntoSlices(partition, sliceBytes) : [WHOLE];
    this.#slices = await Promise.all(
      slices.map(async (slice) => ({
        slice,
        finished:
          fingerprint === undefined ? undefined : await earlier.findFinished(this.#place, fingerprint, slice),
      })),
    );
    if (partition && slices.length === 1 && !this.#slices[0]?.finished) this.#counts.add(table, partition);
  }

  /** @returns when all is sent: what came of it, which is known only some time later */
  async send(stop: AbortSignal): Promise<Awaited[]> {
    const { table, partition } = this.#job;
    const { earlier } = this.#tools;
    const same = this.#same;
    if (same) return [async () => same.map((part) => ({ part }))];
    const slices = this.#slices.map(({ slice, finished }) => {
      const together = partition && this.#counts.count(partition);
      const counting = finished ? Promise.resolve(countOf(finished)) : (together ?? this.#count(slice));
      counting.catch(() => {}); // thrown to whoever awaits it
      return { slice, finished, counting };
    });
    const all = this.#isSurelyNew()
      ? undefined
      : addCounts(await Promise.all(slices.map(({ counting }) => counting)));
    const fingerprint = this.#listed ?? hashFingerprint([all, table.columns]);
    const equal = all && (await earlier.findEqual(this.#place, describeLayout(table), all));
    if (equal) return [this.#confirm(() => equal.map((part) => ({ part: { ...part, fingerprint } })))];

    return await Promise.all(
      slices.map(async ({ slice, finished, counting }): Promise<Awaited> => {
        if (finished) return async () => [{ part: finished }];
        if (!slice.exactRows && (await counting).rows === 0) return this.#confirm(() => []);
        const sent = await this.#send(slice, counting, fingerprint, stop);
        return this.#confirm(() => this.#finish(slice, sent));
      }),
    );
  }

  /** Whether the parts alone tell that no earlier object can hold the same rows: these are sent while they are counted. */
  #isSurelyNew(): boolean {
    const { table, partition, isComputed } = this.#job;
    // What changes by itself is counted before it is read and after it.
    if (!partition || isComputed) return false;
    let rows = 0;
    for (const { slice } of this.#slices) {
      if (slice.exactRows === undefined) return false;
      rows += slice.exactRows;
    }
    return !this.#tools.earlier.mayBeEqual(this.#place, describeLayout(table), rows);
  }

  #count({ condition }: Slice): Promise<Counted> {
    const { server, streams } = this.#tools;
    return streams(() => countRows(server, this.#job.table, condition));
  }

  /** A count that fails ends the sending, too. */
  async #send(
    slice: Slice,
    counting: Promise<Counted>,
    fingerprint: string,
    stop: AbortSignal,
  ): Promise<SentAndCounted> {
    const giveUp = new AbortController();
    counting.catch(() => giveUp.abort());
    const signal = AbortSignal.any([stop, giveUp.signal]);
    const rows = { table: this.#job.table, partition: this.#place.partition, slice, fingerprint };
    const sending = this.#tools.streams(() => sendRows(rows, this.#tools, signal));
    const [counted, sent] = await Promise.allSettled([counting, sending]);
    if (counted.status === "rejected") throw counted.reason;
    if (sent.status === "rejected") throw sent.reason;
    return { ...sent.value, part: { ...sent.value.part, ...counted.value } };
  }

  /** Begins to find out whether the partition rested, and what to say of the slice if it did. */
  #confirm(judge: () => Outcome | Promise<Outcome>): Awaited {
    const outcome = this.#isUndisturbed().then((isTrue) => (isTrue ? judge() : undefined));
    outcome.catch(() => {}); // thrown to whoever awaits it
    return () => outcome;
  }

  async #finish(slice: Slice, { part, walked }: SentAndCounted): Promise<Outcome> {
    const { table, partition, isComputed } = this.#job;
    const { earlier, sink } = this.#tools;
    if (partition) requireAllVisible(table, partition.id, slice.exactRows, part.rows);
    requireBytes(part);
    if (isComputed) {
      const now = await this.#count(slice);
      if (now.rows !== part.rows || now.digest !== part.digest) {
        // Rows that come and go where no part tells of them will rest sooner or later; computed ones will not.
        if (!partition) return undefined;
        warnOfComputed(table, partition.id, this.#tools.context.reporter);
        return [withoutDigest(part, [part.rows, now.rows])];
      }
    }
    const found = await walked();
    if (found && !isAsCounted(part, found)) {
      sink.distrust();
      throw otherThanCounted(part, found);
    }
    earlier.addOwn(part);
    await sink.keep(part);
    return [{ part }];
  }

  async #isUndisturbed(): Promise<boolean> {
    const { table, partition } = this.#job;
    if (!partition) return true;
    const listing = await this.#watch.see();
    return isUndisturbed(partition, listing.get(storageId(table))?.get(partition.id));
  }
}

function countOf({ rows, digest }: ClickHousePart): Counted {
  return { rows, digest: digest ?? "0" };
}

function addCounts(counts: readonly Counted[]): Counted {
  return {
    rows: counts.reduce((sum, { rows }) => sum + rows, 0),
    digest: addDigests(counts.map(({ digest }) => digest)),
  };
}
