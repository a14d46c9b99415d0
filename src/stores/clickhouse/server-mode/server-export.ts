import { randomBytes } from "node:crypto";
import type { TableInventory } from "../../../backup/inventory.ts";
import type { ServerBackup } from "../../../backup/manifest.ts";
import { AppError } from "../../../errors.ts";
import type { RunContext } from "../../../run-context.ts";
import type { BackupSink } from "../../store.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { idOf } from "../sql/ddl.ts";
import { fingerprintPartition, hashFingerprint, listPartitions, storageId } from "../catalog/partitions.ts";
import { countRows } from "../catalog/reading.ts";
import type { Counted } from "../catalog/reading.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { describePlace, placeFolder, writePlace } from "./server-destination.ts";
import type { ServerDestination } from "./server-destination.ts";
import { expression, runOperation } from "./server-operation.ts";
import { quotePath } from "../sql/sql-text.ts";
import { findUnstoredColumns } from "../catalog/unstored-columns.ts";

/** What the server wrote, and what the tables held meanwhile. */
export interface ServerExport {
  serverBackup: ServerBackup;
  tables: TableInventory[];
}

/**
 * Lets the server write the rows of tables to a place that it reaches by itself: as an increment to the previous
 * backup, where that lies at the same place.
 *
 * Only tables with rows are named: definitions of dictionaries and outward engines, which hold passwords in clear,
 * are not in what the server writes.
 */
export async function exportByServer(
  server: ClickHouseServer,
  tables: readonly DataTable[],
  destination: ServerDestination,
  { sink, deadlineMs }: { sink: Pick<BackupSink, "previous" | "announce">; deadlineMs: number },
  context: RunContext,
): Promise<ServerExport> {
  const unstored = await findUnstoredColumns(server, tables);
  const before = await describeTables(server, tables);
  const counted = new Map<DataTable, Counted>();
  for (const table of tables) counted.set(table, await countRows(server, table));

  const place = describePlace(destination);
  const { previous } = sink;
  const known = previous?.kind === "clickhouse" ? previous.serverBackup : undefined;
  const base = known?.engine === place.engine && known.at === place.at ? known : undefined;
  const folder = placeFolder(destination, nameFolder(context.clock.now()));
  await sink.announce({ ...place, folder });
  const write = async (on: ServerBackup | undefined) => {
    const state = await runOperation(
      server,
      {
        statement: `BACKUP ${tables.map(({ database, name }) => `TABLE ${quotePath(database, name)}`).join(", ")} TO ${writePlace(destination, folder)}`,
        settings: {
          ...(on && { base_backup: expression(writePlace(destination, on.folder)) }),
          ...(on && destination.engine === "S3" && { use_same_s3_credentials_for_base_backup: 1 }),
        },
        what: "backup",
      },
      deadlineMs,
      context,
    );
    return { state, chain: [...(on?.chain ?? []), folder] };
  };
  const { state, chain } = await write(base).catch(async (error: unknown) => {
    const isLost = base && error instanceof AppError && /BACKUP_NOT_FOUND/.test(error.message);
    if (!isLost) throw error;
    context.reporter.warn(`Everything is written, since the backup before is no longer at ${place.at}.`);
    return await write(undefined);
  });

  const after = await describeTables(server, tables);
  const inventory: TableInventory[] = [];
  for (const table of tables) {
    const first = counted.get(table) ?? { rows: 0, digest: "0" };
    const isAtRest = table.storage === "parts" && before.get(table) === after.get(table);
    const last = isAtRest ? first : await countRows(server, table);
    const isSame =
      last.rows === first.rows && last.digest === first.digest && !unstored.has(storageId(table));
    const [rowsAtLeast, rowsAtMost] = [Math.min(first.rows, last.rows), Math.max(first.rows, last.rows)];
    inventory.push({
      name: idOf(table),
      rows: last.rows,
      ...(isSame ? { digest: last.digest } : { digest: null, moving: { rowsAtLeast, rowsAtMost } }),
    });
  }
  return {
    serverBackup: {
      ...place,
      folder,
      chain,
      tables: tables.map(({ database, name }) => [database, name]),
      files: Number(state.num_files),
      writtenBytes: Number(state.compressed_size),
      totalBytes: Number(state.total_size),
    },
    tables: inventory,
  };
}

/** What each table's partitions are, in one text. */
async function describeTables(
  server: ClickHouseServer,
  tables: readonly DataTable[],
): Promise<ReadonlyMap<DataTable, string>> {
  const listing = await listPartitions(server, tables);
  return new Map(
    tables.map((table) => {
      const partitions = [...(listing.get(storageId(table))?.values() ?? [])];
      const fingerprints = partitions.map((partition) => fingerprintPartition(partition, table.columns));
      return [table, hashFingerprint([table.uuid, fingerprints.sort()])];
    }),
  );
}

/** In the form of a backup's id, so that its age can be told. */
function nameFolder(now: Date): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, "")}-${randomBytes(2).toString("hex")}`;
}

/** Lets the server bring rows back into tables that are there and empty. */
export async function importByServer(
  server: ClickHouseServer,
  backup: ServerBackup,
  place: ServerDestination,
  tables: readonly { database: string; name: string }[],
  deadlineMs: number,
  context: RunContext,
): Promise<void> {
  const held = new Set(backup.tables.map(([database, name]) => quotePath(database, name)));
  const wanted = tables
    .map(({ database, name }) => quotePath(database, name))
    .filter((path) => held.has(path));
  if (wanted.length === 0) return;
  await runOperation(
    server,
    {
      statement: `RESTORE ${wanted.map((path) => `TABLE ${path}`).join(", ")} FROM ${writePlace(place, backup.folder)}`,
      settings: {
        create_database: 0,
        create_table: 0,
        // Replicated, Shared and storage policies are not what the tables were made with here.
        allow_different_table_def: 1,
        ...(place.engine === "S3" && { use_same_s3_credentials_for_base_backup: 1 }),
      },
      what: "restore",
    },
    deadlineMs,
    context,
  );
}
