import { randomUUID } from "node:crypto";
import pLimit from "p-limit";
import type { TableInventory } from "../../../backup/inventory.ts";
import type { ClickHousePart } from "../../../backup/manifest.ts";
import { compareParts } from "../../../backup/parts.ts";
import type { RunContext } from "../../../run-context.ts";
import type { BackupSink } from "../../store.ts";
import { forEachAtOnce } from "../../at-once.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { CountTogether } from "./count-together.ts";
import { EarlierParts } from "./earlier-parts.ts";
import { requireBytes, summarise, warnOfMoving, withoutDigest } from "./export-results.ts";
import type { Exported } from "./export-results.ts";
import { LookAgain } from "./look-again.ts";
import { PartitionExport, WHOLE_TABLE } from "./partition-export.ts";
import type { Awaited, ExportTools, Job } from "./partition-export.ts";
import { hashFingerprint, listPartitions, storageId } from "../catalog/partitions.ts";
import { ReadAlong } from "../native/read-along.ts";
import { countRows, countRowsByPartition, ofPartition } from "../catalog/reading.ts";
import { sendRows } from "./send-rows.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { shareId } from "./sharing.ts";
import { ofPartitions } from "../catalog/slices.ts";
import { findUnstoredColumns } from "../catalog/unstored-columns.ts";

/** Queries that read rows at once, and partitions that are worked on: while one is sent another is counted. */
const STREAMS_AT_ONCE = 4;
const PARTITIONS_AT_ONCE = 6;
/** Looking up an earlier object is a short request to the destination. */
const LOOKUPS_AT_ONCE = 16;
/** How often a partition that is rewritten under the read is read again, and the pause before each time. */
const ROUNDS = 4;
const PAUSE_MS = 2_000;
/** A larger partition is sent in several objects, which go in parallel and are tried again one by one. */
const SLICE_BYTES = 1024 ** 3;

export interface ExportChoices {
  sliceBytes?: number | undefined;
  /** Which partitions are meant, by the names that runs which share a store have for them; all when absent. */
  holds?: ((table: string, piece: string) => boolean) | undefined;
}

/** Streams the rows of tables into a sink, and says exactly what it streamed. */
export class Exporter {
  readonly #tools: ExportTools;
  readonly #holds: NonNullable<ExportChoices["holds"]>;

  constructor(
    server: ClickHouseServer,
    sink: BackupSink,
    context: RunContext,
    { sliceBytes = SLICE_BYTES, holds = () => true }: ExportChoices = {},
  ) {
    this.#holds = holds;
    const earlier = new EarlierParts((part) => sink.holds(part));
    if (sink.previous?.kind === "clickhouse") earlier.addBackup(sink.previous.parts);
    earlier.addFinished(sink.finished);
    this.#tools = {
      server,
      sink,
      context,
      earlier,
      streams: pLimit(STREAMS_AT_ONCE),
      sliceBytes,
      readAlong: new ReadAlong(context),
    };
  }

  /** @throws AppError STORE_FAILED and its kin, and what the sink throws */
  async exportTables(
    tables: readonly DataTable[],
  ): Promise<{ parts: ClickHousePart[]; tables: TableInventory[] }> {
    const { clock, signal } = this.#tools.context;
    const exported: Exported[] = [];
    let jobs = await this.#listJobs(tables);
    for (let round = 1; round <= ROUNDS && jobs.length > 0; round += 1) {
      const disturbed = await this.#runRound(jobs, exported);
      if (disturbed.length > 0) await clock.sleep(PAUSE_MS, signal);
      jobs = await this.#listAgain(disturbed);
    }
    for (const job of jobs) exported.push(await this.#exportMoving(job));
    exported.sort((a, b) => compareParts(a.part, b.part));
    return {
      parts: exported.map(({ part }) => part),
      tables: tables.map((table) => summarise(table, exported)),
    };
  }

  /** Largest first: the last hour should not belong to one big partition alone. */
  async #listJobs(tables: readonly DataTable[]): Promise<Job[]> {
    const { server } = this.#tools;
    const withParts = tables.filter(({ storage }) => storage === "parts");
    const listing = await listPartitions(server, withParts);
    const unstored = await findUnstoredColumns(server, withParts);
    const jobs = tables.flatMap((table): Job[] => {
      if (table.storage === "whole") return [{ table, partition: undefined, isComputed: true }];
      const id = storageId(table);
      return [...(listing.get(id)?.values() ?? [])].map((partition) => ({
        table,
        partition,
        isComputed: partition.parts.some(({ name }) => unstored.get(id)?.has(name)),
      }));
    });
    return jobs
      .filter(({ table, partition }) => this.#holds(shareId(table), partition?.id ?? WHOLE_TABLE))
      .sort((a, b) => (b.partition?.storedBytes ?? 0) - (a.partition?.storedBytes ?? 0));
  }

  /** The same partitions as they are now, but for those that were dropped meanwhile. */
  async #listAgain(jobs: readonly Job[]): Promise<Job[]> {
    if (jobs.length === 0) return [];
    const wanted = new Set(jobs.map(nameJob));
    const now = await this.#listJobs([...new Set(jobs.map(({ table }) => table))]);
    return now.filter((job) => wanted.has(nameJob(job)));
  }

  /** @returns the jobs whose partitions were rewritten while they were read */
  async #runRound(jobs: readonly Job[], exported: Exported[]): Promise<Job[]> {
    const { server, context, streams } = this.#tools;
    const { clock, reporter, signal } = context;
    const tables = [...new Set(jobs.filter(({ partition }) => partition).map(({ table }) => table))];
    const watch = new LookAgain(() => listPartitions(server, tables), clock, signal);
    const disturbed: Job[] = [];
    const settling: Promise<void>[] = [];
    let done = 0;
    const settle = async (job: Job, outcomes: Awaited[]): Promise<void> => {
      const slices = await Promise.all(outcomes.map((outcome) => outcome()));
      if (slices.includes(undefined)) disturbed.push(job);
      else exported.push(...slices.flatMap((slice) => slice ?? []));
      done += 1;
      reporter.progress({ label: "partitions", done, total: jobs.length, unit: "objects" });
    };
    const counts = new CountTogether(({ table, partitions }) =>
      streams(() => countRowsByPartition(server, table, ofPartitions(partitions))),
    );
    const exports = jobs.map((job) => ({
      job,
      partition: new PartitionExport(this.#tools, job, counts, watch),
    }));
    await forEachAtOnce(exports, LOOKUPS_AT_ONCE, ({ partition }) => partition.lookUp());
    await forEachAtOnce(exports, PARTITIONS_AT_ONCE, async ({ job, partition }, stop) => {
      const outcomes = await partition.send(stop);
      const settled = settle(job, outcomes); // while the next ones are sent
      settled.catch(() => {}); // awaited below, unless something else fails before
      settling.push(settled);
    }).finally(() => watch.hurry());
    await Promise.all(settling);
    return disturbed;
  }

  /** One last read, in the one snapshot that the server gives a single query, between two counts. */
  async #exportMoving({ table, partition }: Job): Promise<Exported> {
    const { server, context } = this.#tools;
    warnOfMoving(table, partition?.id, context.reporter);
    const condition = partition ? ofPartition(partition.id) : "1";
    const counted = await countRows(server, table, condition);
    const rows = {
      table,
      partition: partition?.id ?? WHOLE_TABLE,
      slice: { condition, exactRows: undefined, storedBytes: partition?.storedBytes ?? 0 },
      // It never comes again: no later backup may refer to these rows.
      fingerprint: hashFingerprint(randomUUID()),
    };
    const sent = await sendRows(rows, this.#tools, context.signal);
    const part = { ...sent.part, ...counted };
    const after = await countRows(server, table, condition);
    if (counted.rows > 0 && after.rows > 0) requireBytes(part);
    return withoutDigest(part, [counted.rows, after.rows]);
  }
}

function nameJob({ table, partition }: Job): string {
  return JSON.stringify([storageId(table), partition?.id]);
}
