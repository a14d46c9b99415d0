import type { DrillRecord } from "../drill/record.ts";
import { countRows } from "./inventory.ts";
import { sizeOfBackup, sizeOfStore } from "./manifest.ts";
import type { Manifest, StoreKind } from "./manifest.ts";

/** One complete backup, as a point in the series of those of one name at one destination. */
export interface BackupPoint {
  backupId: string;
  startedAt: string;
  seconds: number;
  /** Bytes that it needs at the destination. */
  sizeBytes: number;
  rows: number;
  stores: StorePoint[];
}

/** The same without its stores. */
export type TrendPoint = Omit<BackupPoint, "stores">;

export interface StorePoint {
  store: string;
  kind: StoreKind;
  seconds: number;
  sizeBytes: number;
  tables: number;
  rows: number;
}

/** One drill, as a point in the same series. */
export type DrillPoint = Pick<
  DrillRecord,
  "id" | "backupId" | "startedAt" | "verdict" | "restoreSeconds" | "dataAgeHours"
> & {
  /** The stores that were restored and compared. */
  stores: string[];
};

export function pointOfBackup(manifest: Manifest): BackupPoint {
  const stores = manifest.stores.map((held): StorePoint => ({
    store: held.store,
    kind: held.kind,
    seconds: held.seconds,
    sizeBytes: sizeOfStore(held),
    tables: held.inventory.tables.length,
    rows: countRows(held.inventory),
  }));
  return {
    backupId: manifest.id,
    startedAt: manifest.startedAt,
    seconds: (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1000,
    sizeBytes: sizeOfBackup(manifest),
    rows: stores.reduce((sum, { rows }) => sum + rows, 0),
    stores,
  };
}

export function pointOfDrill(record: DrillRecord): DrillPoint {
  const { id, backupId, startedAt, verdict, restoreSeconds, dataAgeHours, comparisons } = record;
  const stores = comparisons.map(({ store }) => store);
  return { id, backupId, startedAt, verdict, restoreSeconds, dataAgeHours, stores };
}
