import type { LimitFunction } from "p-limit";
import type { ClickHousePart } from "../../backup/manifest.ts";
import { addDigests } from "../../backup/parts.ts";
import type { RunContext } from "../../run-context.ts";
import type { BackupSink } from "../store.ts";
import type { DataTable } from "./catalog.ts";
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
import { fingerprintPartition, hashFingerprint, isUndisturbed, storageId } from "./partitions.ts";
import type { Listing, Partition } from "./partitions.ts";
import type { ReadAlong } from "./read-along.ts";
import { countRows } from "./reading.ts";
import type { Counted } from "./reading.ts";
import { describeLayout, sendRows } from "./send-rows.ts";
import type { Sent } from "./send-rows.ts";
import type { ClickHouseServer } from "./server.ts";
import { cutIntoSlices } from "./slices.ts";
import type { Slice } from "./slices.ts";

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

/** What came of a slice; undefined when its partition was rewritten while it was read. */
type Outcome = Exported[] | undefined;

/** Known some time after the slice was sent. */
export type Awaited = () => Promise<Outcome>;

/** Refers to the rows of one partition, or sends them. */
export class PartitionExport {
  readonly #tools: ExportTools;
  readonly #job: Job;
  readonly #place: Place;
  readonly #watch: LookAgain<Listing>;
  readonly #stop: AbortSignal;

  constructor(tools: ExportTools, job: Job, watch: LookAgain<Listing>, stop: AbortSignal) {
    this.#tools = tools;
    this.#job = job;
    this.#place = locate(job.table, job.partition?.id ?? WHOLE_TABLE);
    this.#watch = watch;
    this.#stop = stop;
  }

  /** @returns when all is sent: what came of it, which is known only some time later */
  async send(): Promise<Awaited[]> {
    const { table, partition, isComputed } = this.#job;
    const { earlier } = this.#tools;
    const listed = partition && fingerprintPartition(partition, table.columns);
    const same = listed !== undefined && !isComputed && (await earlier.findSame(this.#place, listed));
    if (same) return [async () => same.map((part) => ({ part }))];

    const slices = partition ? cutIntoSlices(partition, this.#tools.sliceBytes) : [WHOLE];
    const isNamed = listed !== undefined && !isComputed;
    const counted = await Promise.all(
      slices.map(async (slice) => {
        const finished = isNamed ? await earlier.findFinished(this.#place, listed, slice) : undefined;
        return { slice, finished, counted: finished ? countOf(finished) : await this.#count(slice) };
      }),
    );
    const all = addCounts(counted.map(({ counted }) => counted));
    const fingerprint = listed ?? hashFingerprint([all, table.columns]);
    const equal = await earlier.findEqual(this.#place, describeLayout(table), all);
    if (equal) return [this.#confirm(() => equal.map((part) => ({ part: { ...part, fingerprint } })))];

    return await Promise.all(
      counted.map(async ({ slice, finished, counted }): Promise<Awaited> => {
        if (finished) return async () => [{ part: finished }];
        if (counted.rows === 0) return this.#confirm(() => []);
        const sent = await this.#send(slice, counted, fingerprint);
        return this.#confirm(() => this.#finish(slice, sent));
      }),
    );
  }

  #count({ condition }: Slice): Promise<Counted> {
    const { server, streams } = this.#tools;
    return streams(() => countRows(server, this.#job.table, condition));
  }

  #send(slice: Slice, counted: Counted, fingerprint: string): Promise<Sent> {
    const rows = { table: this.#job.table, partition: this.#place.partition, slice, fingerprint, counted };
    return this.#tools.streams(() => sendRows(rows, this.#tools, this.#stop));
  }

  /** Begins to find out whether the partition rested, and what to say of the slice if it did. */
  #confirm(judge: () => Outcome | Promise<Outcome>): Awaited {
    const outcome = this.#isUndisturbed().then((isTrue) => (isTrue ? judge() : undefined));
    outcome.catch(() => {}); // thrown to whoever awaits it
    return () => outcome;
  }

  async #finish(slice: Slice, { part, walked }: Sent): Promise<Outcome> {
    const { table, partition, isComputed } = this.#job;
    const { earlier, sink } = this.#tools;
    requireBytes(part);
    if (partition) requireAllVisible(table, partition.id, slice.exactRows, part.rows);
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
