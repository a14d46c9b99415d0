import { countRows } from "../backup/inventory.ts";
import { sizeOfBackup } from "../backup/manifest.ts";
import type { StoreKind } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import type { DrillRecord } from "../drill/record.ts";
import type { RunContext } from "../run-context.ts";
import { readCatalogue, readDrills, readPins } from "./catalogue.ts";

/** One complete backup, as `list` shows it. */
export interface ListedBackup {
  backupId: string;
  startedAt: string;
  ageHours: number;
  seconds: number;
  sizeBytes: number;
  stores: { store: string; kind: StoreKind; serverVersion: string; tables: number; rows: number }[];
  /** Why it is kept, whatever the rules of retention say. */
  pin?: string;
  /** The newest drill of this backup, where there was one. */
  lastDrill?: Pick<DrillRecord, "id" | "startedAt" | "verdict" | "restoreSeconds"> & {
    /** The stores that were restored and compared. */
    stores: string[];
  };
}

export interface ListResult {
  command: "list";
  destination: string;
  /** Newest first. */
  backups: ListedBackup[];
  /** Backups and drill records that lie there and cannot be read, in sentences. */
  unreadable: string[];
}

/** Lists the complete backups of a destination, each with its newest drill. */
export async function list(destination: Destination, { clock, reporter }: RunContext): Promise<ListResult> {
  await destination.check();
  const [manifests, drills, pins] = await Promise.all([
    readCatalogue(destination),
    readDrills(destination),
    readPins(destination),
  ]);
  const unreadable = [...manifests.unreadable, ...drills.unreadable];
  for (const sentence of unreadable) reporter.warn(sentence);
  const lastDrills = new Map(drills.readable.map((record) => [record.backupId, record]));
  const nowMs = clock.now().getTime();
  const backups = manifests.readable.map((manifest): ListedBackup => {
    const drill = lastDrills.get(manifest.id);
    const pin = pins.get(manifest.id);
    const startedMs = Date.parse(manifest.startedAt);
    return {
      backupId: manifest.id,
      startedAt: manifest.startedAt,
      ageHours: Math.round((nowMs - startedMs) / 36_000) / 100,
      seconds: (Date.parse(manifest.finishedAt) - startedMs) / 1000,
      sizeBytes: sizeOfBackup(manifest),
      stores: manifest.stores.map(({ store, kind, server, inventory }) => ({
        store,
        kind,
        serverVersion: server.version,
        tables: inventory.tables.length,
        rows: countRows(inventory),
      })),
      ...(pin && { pin: pin.note }),
      ...(drill && {
        lastDrill: {
          id: drill.id,
          startedAt: drill.startedAt,
          verdict: drill.verdict,
          restoreSeconds: drill.restoreSeconds,
          stores: drill.comparisons.map(({ store }) => store),
        },
      }),
    };
  });
  return { command: "list", destination: destination.url, backups, unreadable };
}
