import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { wasEmpty } from "../backup/emptiness.ts";
import type { DrillPoint } from "../backup/history.ts";
import type { Comparison, Inventory } from "../backup/inventory.ts";
import type { Manifest } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { drawBackupId, drillKey } from "../destinations/keys.ts";
import { DRILL_FORMAT_VERSION, serialiseDrillRecord } from "../drill/record.ts";
import type { DrillRecord } from "../drill/record.ts";
import { leaveUntried, performSteps } from "../drill/steps/perform.ts";
import { shareStores } from "../drill/steps/step.ts";
import type { Step } from "../drill/steps/step.ts";
import type { UpstreamSettings } from "../drill/upstream/step-upstream.ts";
import { judge } from "../drill/verdict.ts";
import type { Evidence } from "../drill/verdict.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { AppError } from "../errors.ts";
import { renderJunit } from "../report/junit.ts";
import { renderSummary } from "../report/summary.ts";
import type { RunContext } from "../run-context.ts";
import type { ThrowawayTarget } from "../stores/store.ts";
import { secondsSince, Stopwatch } from "../sys/clock.ts";
import { Scratch } from "../sys/scratch.ts";
import { VERSION } from "../version.ts";
import { requireKeys } from "./application-keys.ts";
import type { GivenKey } from "./application-keys.ts";
import { pickBackup } from "./catalogue/catalogue.ts";
import type { Selection } from "./catalogue/catalogue.ts";
import { performControls } from "./restoring/controls.ts";
import { recallDrills } from "./catalogue/history.ts";
import { readObjects } from "./objects/object-reader.ts";
import { findDifferingTables, restoreAndCompare } from "./restore.ts";
import { pairTargets } from "./restoring/restore-checks.ts";
import type { Pairing } from "./restoring/restore-checks.ts";
import { destroyAll, openTargets } from "./restoring/throwaways.ts";
import type { OpenTarget } from "./restoring/throwaways.ts";
import { settleAll } from "./together.ts";
import { requireUnlocked } from "./objects/unlock.ts";

export interface DrillRequest {
  destination: Destination;
  selection: Selection;
  /** Makes the throwaway target of each store, by the store's name. */
  openTarget: OpenTarget;
  /** Only these stores, when the operator chose; else all that the backup holds. */
  only?: readonly string[];
  steps: readonly Step[];
  /** Whether a record is to lie beside the backups; a drill that leaves steps out tells nothing of the backup. */
  isRecorded?: boolean;
  /** What the restored copy may lack, as kind and name. */
  allowMissing?: readonly string[];
  /** Run the built-in upstream beside the steps. */
  upstream?: UpstreamSettings;
  objectives: DrillRecord["objectives"];
  /** After a proven drill, damage further copies on purpose and require that each is noticed. */
  proveRed?: boolean;
  /** Opens what is encrypted. */
  keyring?: Keyring;
  /** The application's own keys, to be held against the backup's. */
  keys?: readonly GivenKey[];
  /** Leave the restored data for a look when the drill failed. */
  keepOnFailure: boolean;
  /** Folder for the report, created when missing. */
  reportDir: string;
}

export interface DrillResult {
  command: "drill";
  record: DrillRecord;
  /** Whether the record lies beside the backups; a read-only credential cannot put it there. */
  isRecorded: boolean;
  /** The whole drill, the destruction of the restored data included. */
  seconds: number;
  /** Markdown; the same as JSON, and as JUnit XML, lies beside it. */
  reportPath: string;
  /** Where the restored data was left, by store; empty when it was destroyed. */
  kept: string[];
  /** The drills before it, newest first, as far as they are compared with; absent where they cannot be read. */
  past?: DrillPoint[];
}

/**
 * Restores a backup into throwaway targets, compares it with its manifest, performs the steps, and judges.
 *
 * A drill that goes badly returns its verdict; only what kept it from beginning is thrown.
 *
 * @throws AppError BACKUP_NOT_FOUND, FORMAT_TOO_NEW, IDENTITY_MISSING, KEY_MISMATCH, CONFIG_INVALID, TARGET_REFUSED,
 *   CANCELLED, and what the destination throws while the backup is looked for
 */
export async function drill(request: DrillRequest, context: RunContext): Promise<DrillResult> {
  const { destination, selection } = request;
  const { clock, reporter } = context;
  const startedAt = clock.now();
  const startMs = clock.ticksMs();
  const phases = new Stopwatch(clock);
  await createFolder(request.reportDir);
  const manifest = await reporter.phase("Find", () =>
    phases.measure("find", async () => {
      const picked = await pickBackup(destination, selection);
      await settleAll([
        requireUnlocked(pickStores(picked, request), destination, request.keyring),
        requireKeys(picked, request.keys ?? [], context),
      ]);
      return picked;
    }),
  );
  reporter.info(`Backup ${manifest.id} of ${manifest.name}, data of ${manifest.startedAt}`);

  const evidence: Evidence = {
    comparisons: [],
    emptyStores: pickStores(manifest, request)
      .stores.filter(wasEmpty)
      .map(({ store }) => store),
    skippedStores: findSkippedStores(manifest, request),
    failures: [],
    steps: [],
    restoreSeconds: 0,
    dataAgeHours: (startedAt.getTime() - Date.parse(manifest.startedAt)) / 3_600_000,
    objectives: request.objectives,
    isNewest: isNewestSelected(selection),
  };
  const targets: ThrowawayTarget[] = [];
  let kept: string[] = [];
  try {
    await tolerate(evidence, async () => {
      await reporter.phase("Targets", () =>
        phases.measure("targets", () =>
          openTargets(manifest, request.openTarget, request.only, targets, request.allowMissing),
        ),
      );
      await reporter.phase("Restore and compare", () =>
        phases.measure("restore", () =>
          restoreAll(pairTargets(manifest, targets), request, evidence, phases, context),
        ),
      );
    });
    if (isWhole(evidence)) {
      const shared = shareStores(context, manifest.stores, targets);
      evidence.steps = request.steps.map((step) => leaveUntried(step, ", since the upstream does not run"));
      await tolerate(evidence, async () => {
        evidence.steps = await phases.measure("steps", () =>
          performSteps(request.steps, shared, request.upstream),
        );
      });
    } else {
      const rest = ", since the restored data is not whole";
      evidence.steps = request.steps.map((step) => leaveUntried(step, rest));
    }
    evidence.restoreSeconds = secondsSince(clock, startMs);
    // Only here: what is thrown above leaves nothing behind, since no result could tell of it.
    if (request.keepOnFailure && judge(evidence).verdict !== "proven") {
      kept = targets.map((target) => target.store);
    }
  } finally {
    const unwanted = targets.filter((target) => !kept.includes(target.store));
    await tolerate(evidence, () => destroyAll(unwanted, context));
    // What cannot be closed ends with the process.
    await Promise.allSettled(targets.map((target) => target.close()));
  }

  if (request.proveRed && judge(evidence).verdict === "proven") {
    evidence.controls = await phases.measure("controls", () => performControls(manifest, request, context));
  }

  const record: DrillRecord = {
    format: "lifeboat-drill",
    formatVersion: DRILL_FORMAT_VERSION,
    id: drawBackupId(startedAt),
    backupId: manifest.id,
    writtenBy: VERSION,
    startedAt: startedAt.toISOString(),
    finishedAt: clock.now().toISOString(),
    ...judge(evidence),
    comparisons: evidence.comparisons,
    steps: evidence.steps,
    ...(evidence.controls && { controls: evidence.controls }),
    phases: phases.times,
    restoreSeconds: evidence.restoreSeconds,
    dataAgeHours: Math.round(evidence.dataAgeHours * 1000) / 1000,
    objectives: request.objectives,
  };
  const past = await recallDrills(destination, context);
  const result = {
    command: "drill",
    record,
    isRecorded: request.isRecorded !== false && (await keepRecord(record, destination, context)),
    kept,
    seconds: secondsSince(clock, startMs),
    reportPath: join(request.reportDir, `drill-${record.id}.md`),
    ...(past && { past }),
  } as const satisfies DrillResult;
  await writeReport(result, context);
  return result;
}

/** The backup with those of its stores that will be restored. */
function pickStores(
  { id, stores }: Manifest,
  { openTarget, only }: DrillRequest,
): Pick<Manifest, "id" | "stores"> {
  const isWanted = (store: string): boolean => openTarget.has(store) && (only?.includes(store) ?? true);
  return { id, stores: stores.filter(({ store }) => isWanted(store)) };
}

function isNewestSelected({ id, before, pick = "newest" }: Selection): boolean {
  return id === undefined && before === undefined && pick === "newest";
}

/** Before anything else, so that a wrong path is told before an hour of restoring. */
async function createFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new AppError("CONFIG_INVALID", `The report's folder ${path} cannot be created.`, {
      hint: "Choose a folder that this user may write to.",
      cause: error,
    });
  }
}

async function writeReport(result: DrillResult, { reporter }: RunContext): Promise<void> {
  const { reportPath, record } = result;
  try {
    await writeFile(reportPath, renderSummary(result));
    await writeFile(reportPath.replace(/md$/, "json"), serialiseDrillRecord(record));
    await writeFile(reportPath.replace(/md$/, "xml"), renderJunit(record));
  } catch (error) {
    // The verdict stands, and is printed and recorded without it.
    reporter.warn(`The report ${reportPath} could not be written: ${String(error)}`);
  }
}

function findSkippedStores(
  manifest: Manifest,
  { openTarget, only }: DrillRequest,
): Evidence["skippedStores"] {
  const skipped: Evidence["skippedStores"] = [];
  for (const { store } of manifest.stores) {
    if (only && !only.includes(store)) skipped.push({ store, why: "it was not asked for", onPurpose: true });
    else if (!openTarget.has(store))
      skipped.push({ store, why: "no drill target was given for it", onPurpose: false });
  }
  return skipped;
}

/** Restores all stores at once. One that fails does not stop the others: what they show is evidence as well. */
async function restoreAll(
  pairings: readonly Pairing[],
  { destination, keyring, allowMissing = [] }: DrillRequest,
  evidence: Evidence,
  stopwatch: Stopwatch,
  context: RunContext,
): Promise<void> {
  await using scratch = await Scratch.create();
  const objects = readObjects(destination, keyring, context);
  const common = { objects, replace: false, scratchDir: scratch.path, allowMissing, stopwatch } as const;
  const comparisons = await settleAll(
    pairings.map(async (pairing) => {
      let comparison: Comparison | undefined;
      await tolerate(evidence, async () => {
        // Rows that differ decide the verdict: hours of building indexes on them would change nothing.
        const onRows = (found: Inventory): "go on" | "stop" =>
          findDifferingTables(pairing, found).length > 0 ? "stop" : "go on";
        const restored = await restoreAndCompare(pairing, { ...common, onRows }, context);
        comparison = restored.comparison;
      });
      return comparison;
    }),
  );
  evidence.comparisons = comparisons.filter((comparison) => comparison !== undefined);
}

function isWhole({ failures, comparisons }: Evidence): boolean {
  return (
    failures.length === 0 && comparisons.every(({ differences }: Comparison) => differences.length === 0)
  );
}

/** What a drill cannot be judged by: the operator's own mistake, and the end of the run. */
const NOT_EVIDENCE: ReadonlySet<string> = new Set(["CONFIG_INVALID", "TARGET_REFUSED", "CANCELLED"]);

/** Takes a failure down as evidence. */
async function tolerate(evidence: Evidence, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || NOT_EVIDENCE.has(error.code)) throw error;
    evidence.failures.push(error);
  }
}

async function keepRecord(
  record: DrillRecord,
  destination: Destination,
  { reporter }: RunContext,
): Promise<boolean> {
  try {
    await destination.putIfAbsent(drillKey(record.id), serialiseDrillRecord(record));
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "CANCELLED") throw error;
    reporter.warn(`The drill's record could not be written beside the backups: ${error.message}`);
    return false;
  }
}
