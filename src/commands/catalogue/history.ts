import { pointOfBackup, pointOfDrill } from "../../backup/history.ts";
import type { BackupPoint, DrillPoint } from "../../backup/history.ts";
import type { Manifest } from "../../backup/manifest.ts";
import type { Destination } from "../../destinations/destination.ts";
import { AppError } from "../../errors.ts";
import type { RunContext } from "../../run-context.ts";
import { listBackupIds, listDrillIds, readDrillRecords, readManifests } from "./catalogue.ts";

/** Two weeks of nights: enough for a median and a trend, and a manifest each to read. */
const POINTS = 14;

/** The newest complete backups but one, newest first; undefined where they may not or cannot be read. */
export async function recallBackups(
  destination: Destination,
  exceptId: string,
  context: RunContext,
): Promise<BackupPoint[] | undefined> {
  return (await recallManifests(destination, context, exceptId))?.map(pointOfBackup);
}

/** The same as their manifests, all but one or all. */
export async function recallManifests(
  destination: Destination,
  context: RunContext,
  exceptId?: string,
): Promise<Manifest[] | undefined> {
  return await recall(context, async () => {
    const ids = (await listBackupIds(destination)).filter((id) => id !== exceptId);
    return (await readManifests(destination, ids.slice(0, POINTS))).readable;
  });
}

/** The newest drills, newest first; undefined where they may not or cannot be read. */
export async function recallDrills(
  destination: Destination,
  context: RunContext,
): Promise<DrillPoint[] | undefined> {
  return await recall(context, async () => {
    const ids = await listDrillIds(destination);
    return (await readDrillRecords(destination, ids.slice(0, POINTS))).readable.map(pointOfDrill);
  });
}

/** Best effort: what is told beside a result changes nothing about it, even where the run is cancelled meanwhile. */
async function recall<T>({ reporter }: RunContext, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    reporter.info(`No comparison with earlier runs, since they cannot be read: ${error.message}`);
    return undefined;
  }
}
