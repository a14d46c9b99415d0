import { randomUUID } from "node:crypto";
import type { TableInventory } from "../../backup/inventory.ts";
import type { ClickHouseManifest, ClickHousePart } from "../../backup/manifest.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import type { BackupSink } from "../store.ts";
import { forEachAtOnce } from "../at-once.ts";
import type { DataTable } from "./catalog.ts";
import { idOf } from "./ddl.ts";
import {
  findExactRows,
  fingerprintPartition,
  hashFingerprint,
  isUndisturbed,
  listPartitions,
} from "./partitions.ts";
import type { Partition } from "./partitions.ts";
import { addDigests, countRows, EXACT_READ, listColumns, pinTo, selectFrom } from "./reading.ts";
import type { Counted } from "./reading.ts";
import type { ClickHouseServer } from "./server.ts";

const EXPORTS_AT_ONCE = 4;
/** How often a partition that is rewritten under the read is read again, and the pause before each time. */
const ATTEMPTS = 4;
const PAUSE_MS = 2_000;
const WHOLE_TABLE = "all";

/** One partition's rows, written or referred to; with bounds where no exact count could be had. */
interface Exported {
  part: ClickHousePart;
  moving?: { rowsAtLeast: number; rowsAtMost: number };
}

interface Job {
  table: DataTable;
  /** Undefined for a table without partitions. */
  partition: Partition | undefined;
}

/** Streams the rows of tables into a sink, and says exactly what it streamed. */
export class Exporter {
  readonly #server: ClickHouseServer;
  readonly #sink: BackupSink;
  readonly #context: RunContext;
  readonly #previous: ReadonlyMap<string, ClickHousePart>;

  constructor(server: ClickHouseServer, sink: BackupSink, context: RunContext) {
    this.#server = server;
    this.#sink = sink;
    this.#context = context;
    const parts = sink.previous?.kind === "clickhouse" ? sink.previous.parts : [];
    this.#previous = new Map(parts.map((part) => [identify(part), part]));
  }

  /** @throws AppError STORE_FAILED and its kin, and what the sink throws */
  async exportTables(
    tables: readonly DataTable[],
  ): Promise<{ parts: ClickHouseManifest["parts"]; tables: TableInventory[] }> {
    const jobs = await this.#listJobs(tables);
    const exported: Exported[] = [];
    let done = 0;
    await forEachAtOnce(jobs, EXPORTS_AT_ONCE, async (job, signal) => {
      const result = job.partition
        ? await this.#exportPartition(job.table, job.partition, signal)
        : await this.#exportWhole(job.table, signal);
      if (result) exported.push(result);
      done += 1;
      this.#context.reporter.progress({ label: "partitions", done, total: jobs.length, unit: "objects" });
    });
    exported.sort((a, b) => compareText(identify(a.part), identify(b.part)));
    return {
      parts: exported.map(({ part }) => part),
      tables: tables.map((table) => summarise(table, exported)),
    };
  }

  /** Largest first: the last hour should not belong to one big partition alone. */
  async #listJobs(tables: readonly DataTable[]): Promise<Job[]> {
    const jobs: Job[] = [];
    for (const table of tables) {
      if (table.storage === "whole") jobs.push({ table, partition: undefined });
      else for (const partition of await listPartitions(this.#server, table)) jobs.push({ table, partition });
    }
    const size = ({ partition }: Job): number => partition?.storedBytes ?? 0;
    return jobs.sort((a, b) => size(b) - size(a));
  }

  async #exportPartition(
    table: DataTable,
    listed: Partition,
    signal: AbortSignal,
  ): Promise<Exported | undefined> {
    let partition: Partition | undefined = listed;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (!partition) return undefined; // dropped meanwhile
      const fingerprint = fingerprintPartition(partition, table.columns);
      const reusable = await this.#findReusable(table, partition.id, fingerprint);
      if (reusable) return { part: reusable };

      const counted = await countRows(this.#server, table, pinTo(partition));
      const part =
        counted.rows > 0
          ? await this.#put(table, partition, fingerprint, counted, signal, pinTo(partition))
          : undefined;
      const [now]: Partition[] = await listPartitions(this.#server, table, partition.id);
      if (isUndisturbed(partition, now)) {
        requireAllVisible(table, partition, counted.rows);
        return part && { part: requireBytes(part) };
      }
      await this.#context.clock.sleep(PAUSE_MS, signal);
      [partition] = await listPartitions(this.#server, table, partition.id);
    }
    // Without a partition the whole table would be read, and every other one would be restored twice.
    return partition && (await this.#exportMoving(table, partition, signal));
  }

  /** One last read, in the one snapshot that the server gives a single query, between two counts. */
  async #exportMoving(
    table: DataTable,
    partition: Partition | undefined,
    signal: AbortSignal,
  ): Promise<Exported> {
    const where = partition && { id: partition.id };
    this.#context.reporter.warn(
      `${idOf(table)}${partition ? `, partition ${partition.id},` : ""} is being rewritten all the time: its content is backed up, but only its row count can be compared.`,
    );
    const before = await countRows(this.#server, table, where);
    // A fingerprint that never comes again: no later backup may refer to these rows.
    const part = await this.#put(table, partition, hashFingerprint(randomUUID()), before, signal, where);
    const after = await countRows(this.#server, table, where);
    return {
      part: { ...part, digest: null },
      moving: {
        rowsAtLeast: Math.min(before.rows, after.rows),
        rowsAtMost: Math.max(before.rows, after.rows),
      },
    };
  }

  async #exportWhole(table: DataTable, signal: AbortSignal): Promise<Exported | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const counted = await countRows(this.#server, table);
      if (counted.rows === 0) return undefined;
      const fingerprint = hashFingerprint([counted, table.columns]);
      const reusable = await this.#findReusable(table, WHOLE_TABLE, fingerprint);
      if (reusable) return { part: reusable };

      const part = await this.#put(table, undefined, fingerprint, counted, signal);
      const now = await countRows(this.#server, table);
      if (now.rows === counted.rows && now.digest === counted.digest) return { part: requireBytes(part) };
      await this.#context.clock.sleep(PAUSE_MS, signal);
    }
    return await this.#exportMoving(table, undefined, signal);
  }

  async #findReusable(
    table: DataTable,
    partition: string,
    fingerprint: string,
  ): Promise<ClickHousePart | undefined> {
    const { database, name } = table;
    const part = this.#previous.get(identify({ database, table: name, partition }));
    if (part?.fingerprint !== fingerprint || part.digest === null) return undefined;
    return (await this.#sink.holds(part)) ? part : undefined;
  }

  async #put(
    table: DataTable,
    partition: Partition | undefined,
    fingerprint: string,
    counted: Counted,
    signal: AbortSignal,
    pinned?: { id: string; parts?: string[] },
  ): Promise<ClickHousePart> {
    const columns = table.columns.map(({ name }) => name);
    const about = {
      database: table.database,
      table: table.name,
      partition: partition?.id ?? WHOLE_TABLE,
      fingerprint,
    };
    const query = `${selectFrom(table, listColumns(columns), pinned)} FORMAT Native`;
    const body = this.#server.openExport(query, EXACT_READ, signal);
    const object = await this.#sink.putPart(about, body, partition?.storedBytes);
    return { ...about, ...object, columns, rows: counted.rows, digest: counted.digest };
  }
}

function summarise(table: DataTable, exported: readonly Exported[]): TableInventory {
  const mine = exported.filter(({ part }) => part.database === table.database && part.table === table.name);
  const rows = mine.reduce((sum, { part }) => sum + part.rows, 0);
  const name = idOf(table);
  const digests = mine.flatMap(({ part }) => part.digest ?? []);
  if (digests.length === mine.length) return { name, rows, digest: addDigests(digests) };
  const bound = (pick: "rowsAtLeast" | "rowsAtMost"): number =>
    mine.reduce((sum, { part, moving }) => sum + (moving?.[pick] ?? part.rows), 0);
  return {
    name,
    rows,
    digest: null,
    moving: { rowsAtLeast: bound("rowsAtLeast"), rowsAtMost: bound("rowsAtMost") },
  };
}

/** A row policy hides rows from a reader without a word, and half a table would be called a backup. */
function requireAllVisible(table: DataTable, partition: Partition, rows: number): void {
  const stored = findExactRows(partition);
  if (stored === undefined || stored === rows) return;
  throw new AppError(
    "STORE_RIGHTS_MISSING",
    `${idOf(table)} stores ${stored} rows in partition ${partition.id}, but shows only ${rows} of them to this user.`,
    {
      hint: "Look in system.row_policies for a policy that applies to the user, and exempt the user from it.",
    },
  );
}

/** An answer without rows has no bytes, and so no frame that could prove it whole: rows must show in bytes. */
function requireBytes(part: ClickHousePart): ClickHousePart {
  if (part.sizeBytes > 0) return part;
  const name = `${part.database}.${part.table}`;
  throw new AppError("STORE_FAILED", `${name}, partition ${part.partition}, came without its rows.`, {
    hint: "Start the backup again; if it happens again, look for a proxy that answers in the server's place.",
  });
}

function identify({
  database,
  table,
  partition,
}: {
  database: string;
  table: string;
  partition: string;
}): string {
  return JSON.stringify([database, table, partition]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
