import { findAnomalies } from "../backup/anomalies.ts";
import { findLastDrill, judgeAge, judgeDrill, judgeRestoreTime } from "../backup/health.ts";
import type { HealthObjectives } from "../backup/health.ts";
import { pointOfBackup } from "../backup/history.ts";
import type { TrendPoint } from "../backup/history.ts";
import { countRows } from "../backup/inventory.ts";
import { sizeOfStore } from "../backup/manifest.ts";
import type { Manifest } from "../backup/manifest.ts";
import type { Destination, DestinationOutcome } from "../destinations/destination.ts";
import type { DrillRecord } from "../drill/record.ts";
import { AppError } from "../errors.ts";
import { bad, explainAsFinding, warning, worstOf } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { RunContext } from "../run-context.ts";
import { listBackupIds, listDrillIds, readDrillRecords, readManifests } from "./catalogue/catalogue.ts";
import { settleAll } from "./together.ts";

/** How many of the newest backups and drills are looked at; more only where a store is in none of them. */
const LOOKED_AT = 15;

/** A destination, and of how long a time it wants one backup. */
export interface StatusSubject {
  destination: Destination;
  receives: keyof typeof GRACE_HOURS;
}

/** How much older the newest backup may be where not every one is received. */
const GRACE_HOURS = { every: 0, daily: 24, weekly: 7 * 24, monthly: 31 * 24 } as const;

export interface StatusRequest {
  subjects: readonly StatusSubject[];
  /** The stores that must be there; where none are named, those of the newest backups. */
  stores: readonly string[];
  objectives: HealthObjectives;
}

export interface DestinationStatus extends DestinationOutcome {
  /** How many complete backups lie there. */
  backups: number;
  findings: Finding[];
  /** The newest backup of each store. */
  stores: StoreStatus[];
  /** The newest backups, newest first. */
  trend: TrendPoint[];
}

export interface StoreStatus {
  store: string;
  backupId: string;
  startedAt: string;
  ageHours: number;
  sizeBytes: number;
  seconds: number;
  rows: number;
}

export interface StatusResult {
  command: "status";
  /** The state of the worst finding. */
  verdict: Finding["state"];
  objectives: HealthObjectives;
  destinations: DestinationStatus[];
  /** About drills, wherever they were made. */
  drills: Finding[];
}

/**
 * Says whether what ought to be true is: each store has a backup young enough at each destination, and a drill has proved
 * lately, and fast enough, that it restores. Warns of what is strange about the newest backups. Writes nothing.
 *
 * @throws AppError CANCELLED; what is wrong with one destination is a finding
 */
export async function status(request: StatusRequest, context: RunContext): Promise<StatusResult> {
  const { subjects, stores, objectives } = request;
  const now = context.clock.now();
  const histories = await context.reporter.phase("Look", () =>
    settleAll(subjects.map(({ destination }) => readHistory(destination, stores))),
  );
  const destinations = histories.map((history, index) => judge(subjects[index]!, history, request, now));
  const drilled = histories.flatMap(({ drills }) => drills).toSorted(newestFirst);
  const judged = stores.length > 0 ? stores : listStores(histories.flatMap(({ manifests }) => manifests));
  const drills = [
    ...judged.map((store) => judgeDrill(store, findLastDrill(store, drilled), objectives, now)),
    ...judgeRestoreTime(drilled, objectives),
  ];
  const verdict = worstOf([...destinations.flatMap(({ findings }) => findings), ...drills]);
  return { command: "status", verdict, objectives, destinations, drills };
}

/** What a destination tells of its newest backups and drills; both newest first. */
interface History {
  backups: number;
  manifests: Manifest[];
  drills: DrillRecord[];
  unreadable: AppError[];
  failure?: AppError;
}

async function readHistory(destination: Destination, stores: readonly string[]): Promise<History> {
  const history: History = { backups: 0, manifests: [], drills: [], unreadable: [] };
  try {
    const [ids, drillIds] = await Promise.all([listBackupIds(destination), listDrillIds(destination)]);
    history.backups = ids.length;
    const expected = (): readonly string[] => (stores.length > 0 ? stores : listStores(history.manifests));
    await readUntil(ids, async (some) => {
      const { readable, unreadable } = await readManifests(destination, some);
      history.manifests.push(...readable);
      history.unreadable.push(...unreadable.map(({ error }) => error));
      const held = listStores(history.manifests);
      return expected().every((store) => held.includes(store));
    });
    await readUntil(drillIds, async (some) => {
      const { readable, unreadable } = await readDrillRecords(destination, some);
      history.drills.push(...readable.toSorted(newestFirst));
      history.unreadable.push(...unreadable.map(({ error }) => error));
      return expected().every((store) => findLastDrill(store, history.drills));
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    history.failure = error;
  }
  return history;
}

/** Reads a few at a time, from the first on, until it is enough. */
async function readUntil(
  ids: readonly string[],
  read: (some: readonly string[]) => Promise<boolean>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += LOOKED_AT) {
    if (await read(ids.slice(at, at + LOOKED_AT))) return;
  }
}

function judge(
  { destination: { url }, receives }: StatusSubject,
  { backups, manifests, unreadable, failure }: History,
  { stores: named, objectives }: StatusRequest,
  now: Date,
): DestinationStatus {
  const about = { url, backups, trend: manifests.slice(0, LOOKED_AT).map(toPoint) };
  if (failure) {
    const { code, message: reason, hint } = failure;
    const findings = [explainAsFinding("destination", failure)];
    return { ...about, failure: { code, reason, hint }, findings, stores: [] };
  }
  const expected = named.length > 0 ? named : listStores(manifests);
  const findings = unreadable.map((error) => explainAsFinding("readable", error));
  const stores: StoreStatus[] = [];
  for (const store of expected) {
    const holders = manifests.flatMap(({ id, startedAt, stores: all }) =>
      all
        .filter((held) => held.store === store)
        .map((held) => ({ id, startedAt: new Date(startedAt), held })),
    );
    findings.push(judgeAge(store, holders, objectives, GRACE_HOURS[receives], now));
    const [newest, ...earlier] = holders;
    if (!newest) continue;
    if (newest.id !== manifests[0]!.id) findings.push(lacks(manifests[0]!, store));
    findings.push(
      ...findAnomalies(
        newest.held,
        earlier.map(({ held }) => held),
      ),
    );
    stores.push({
      store,
      backupId: newest.id,
      startedAt: newest.startedAt.toISOString(),
      ageHours: hoursBetween(newest.startedAt, now),
      sizeBytes: sizeOfStore(newest.held),
      seconds: newest.held.seconds,
      rows: countRows(newest.held.inventory),
    });
  }
  if (expected.length === 0) {
    findings.push(bad("age", "There is no complete backup.", "Run lifeboat backup."));
  }
  return { ...about, findings, stores };
}

function lacks({ id }: Manifest, store: string): Finding {
  return warning(
    `${store} presence`,
    `The newest backup, ${id}, holds no ${store}; an earlier one does.`,
    "Should no run have been told to leave it out, look at the configuration of the last one.",
  );
}

function toPoint(manifest: Manifest): TrendPoint {
  const { stores: _, ...point } = pointOfBackup(manifest);
  return point;
}

function listStores(manifests: readonly Manifest[]): string[] {
  return [...new Set(manifests.flatMap(({ stores }) => stores.map(({ store }) => store)))];
}

function newestFirst(a: { startedAt: string }, b: { startedAt: string }): number {
  return b.startedAt.localeCompare(a.startedAt);
}

function hoursBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 36_000) / 100;
}
