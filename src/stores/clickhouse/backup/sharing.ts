import type { TableInventory } from "../../../backup/inventory.ts";
import type { ClickHousePart, StoreManifest } from "../../../backup/manifest.ts";
import type { SharedTable } from "../../../backup/shard-result.ts";
import type { Piece } from "../../store.ts";
import type { DataTable } from "../catalog/catalog.ts";
import { WHOLE_TABLE } from "./partition-export.ts";
import { fingerprintPartition, hashFingerprint, listPartitions, storageId } from "../catalog/partitions.ts";
import { describeTable } from "../catalog/replaced-tables.ts";
import type { ClickHouseServer } from "../server/server.ts";
import { quotePath } from "../sql/sql-text.ts";

/** What runs that share a store call a table. */
export function shareId({ database, name }: { database: string; name: string }): string {
  return quotePath(database, name);
}

/**
 * The partitions of tables, each of which a run of its own can back up. A partition is not divided further: two runs
 * would see different parts of it, and its rows twice or not at all.
 */
export async function listPieces(
  server: ClickHouseServer,
  tables: readonly DataTable[],
  previous: StoreManifest | undefined,
): Promise<Piece[]> {
  const known = new Set(
    (previous?.kind === "clickhouse" ? previous.parts : []).map(({ database, table, fingerprint }) =>
      JSON.stringify([database, table, fingerprint]),
    ),
  );
  const listing = await listPartitions(
    server,
    tables.filter(({ storage }) => storage === "parts"),
  );
  return tables.flatMap((table): Piece[] => {
    const { database, name, storage, columns } = table;
    if (storage === "whole") return [{ table: shareId(table), piece: WHOLE_TABLE, sizeBytes: 0 }];
    return [...(listing.get(storageId(table))?.values() ?? [])].map((partition) => {
      const isKnown = known.has(JSON.stringify([database, name, fingerprintPartition(partition, columns)]));
      return { table: shareId(table), piece: partition.id, sizeBytes: isKnown ? 0 : partition.storedBytes };
    });
  });
}

/** What a run exported, table by table, so that it can be joined with what others did. */
export function describeShared(
  tables: readonly DataTable[],
  exported: { parts: readonly ClickHousePart[]; tables: readonly TableInventory[] },
): SharedTable[] {
  const shared = new Map(
    tables.map((table, index): [string, SharedTable] => [
      shareId(table),
      {
        table: shareId(table),
        state: hashFingerprint(describeTable(table)),
        inventory: exported.tables[index]!,
        parts: [],
      },
    ]),
  );
  for (const part of exported.parts)
    shared.get(shareId({ database: part.database, name: part.table }))?.parts.push(part);
  return [...shared.values()];
}
