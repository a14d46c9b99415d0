import { ABSENT } from "../backup/inventory.ts";
import type { Comparison, Inventory } from "../backup/inventory.ts";
import { isSelective } from "../backup/restore-scope.ts";
import type { RestoreScope } from "../backup/restore-scope.ts";
import type { Destination } from "../destinations/destination.ts";
import type { StepResult } from "../drill/record.ts";
import { leaveUntried, performSteps } from "../drill/steps/perform.ts";
import type { Step } from "../drill/steps/step.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { AppError } from "../errors.ts";
import { countOf } from "../report/quantities.ts";
import type { RunContext } from "../run-context.ts";
import type { RestoreRequest as StoreRestoreRequest, Target } from "../stores/store.ts";
import { secondsSince, Stopwatch } from "../sys/clock.ts";
import type { PhaseTime } from "../sys/clock.ts";
import { Scratch } from "../sys/scratch.ts";
import { requireKeys } from "./application-keys.ts";
import type { GivenKey } from "./application-keys.ts";
import { pickBackup } from "./catalogue/catalogue.ts";
import type { Selection } from "./catalogue/catalogue.ts";
import { compareRestored, narrowExpected } from "./restoring/compare-restored.ts";
import type { RestoredStore } from "./restoring/compare-restored.ts";
import { readObjects } from "./objects/object-reader.ts";
import {
  divideScope,
  pairTargets,
  placePairings,
  refuseSurprises,
  requireAccess,
} from "./restoring/restore-checks.ts";
import type { Pairing } from "./restoring/restore-checks.ts";
import { planRestore } from "./restoring/restore-plan.ts";
import type { RestorePlan } from "./restoring/restore-plan.ts";
import { runTogether, settleAll } from "./together.ts";
import { requireUnlocked } from "./objects/unlock.ts";

export interface RestoreRequest {
  destination: Destination;
  selection: Selection;
  /** Where each store goes. Stores of the backup without a target are left alone. */
  targets: Target[];
  /** Target databases that the operator named: they may be the source, and what is in them may be replaced. */
  replace: string[];
  /** Everything when absent. */
  scope?: RestoreScope;
  /** What may be lost, as kind and name. */
  allowMissing?: readonly string[];
  jobs?: number;
  stream?: boolean;
  /** Bring back users, roles and what they may do as well. */
  access?: boolean;
  /** Go through all checks, say what would happen, and change nothing. */
  isDryRun?: boolean;
  /** Performed after all checks and before the first change, and after the comparison. */
  before?: readonly Step[];
  after?: readonly Step[];
  /** Opens what is encrypted. */
  keyring?: Keyring;
  /** The application's own keys, to be held against the backup's. */
  keys?: readonly GivenKey[];
}

export interface RestoreResult {
  command: "restore";
  backupId: string;
  /** "unfinished": the data is back and agrees, and a command that was to follow failed. "planned": a dry run. */
  verdict: "restored" | "differs" | "unfinished" | "planned";
  /** What a dry run would have done. */
  plan?: RestorePlan;
  comparisons: Comparison[];
  /** What was asked for; absent when that was everything. */
  scope?: RestoreScope;
  /** What of the backup is not in the targets on purpose, in sentences. */
  notRestored: string[];
  /** Commands that followed. */
  after: StepResult[];
  /** Where restored data was left beside what it was to replace, since it differs. */
  leftBeside: string[];
  phases: PhaseTime[];
  restoreSeconds: number;
}

/**
 * Restores a backup into databases that the operator gave, and compares what is there then with the manifest.
 *
 * @throws AppError TARGET_REFUSED, IDENTITY_MISSING, KEY_MISMATCH before anything is written, and what finding, reading
 *   and restoring throw
 */
export async function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const { destination, selection, targets, scope, allowMissing = [], before = [], after = [] } = request;
  const { keyring, keys = [] } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const stopwatch = new Stopwatch(clock);
  const manifest = await reporter.phase("Find", () =>
    stopwatch.measure("find", () => pickBackup(destination, selection)),
  );
  reporter.info(`Backup ${manifest.id} of ${manifest.name}, data of ${manifest.startedAt}`);
  const chosen = divideScope(pairTargets(manifest, targets), scope);
  const leftAlone = manifest.stores.flatMap(({ store }) => {
    if (chosen.some((pairing) => pairing.store.store === store)) return [];
    const isTargeted = targets.some((target) => target.store === store);
    const why = isTargeted ? "nothing of it was asked for" : "no target was given or chosen for it";
    return `${store} is not restored: ${why}.`;
  });
  for (const sentence of leftAlone) reporter.warn(sentence);
  if (request.access) requireAccess(chosen);
  const objects = readObjects(destination, keyring, context);
  const { pairings, places, named } = await reporter.phase("Check", () =>
    stopwatch.measure("check", async () => {
      const stores = chosen.map(({ store }) => store);
      await settleAll([
        requireUnlocked({ id: manifest.id, stores }, destination, keyring),
        requireKeys(manifest, keys, context),
      ]);
      const placed = await placePairings(chosen, objects);
      return { pairings: placed, ...(await refuseSurprises(placed, request.replace, allowMissing)) };
    }),
  );
  const found = {
    command: "restore" as const,
    backupId: manifest.id,
    ...(scope && { scope }),
    phases: stopwatch.times,
  };
  if (request.isDryRun) {
    return {
      ...found,
      verdict: "planned",
      plan: planRestore(pairings, places, { before, after }),
      comparisons: [],
      notRestored: leftAlone,
      after: [],
      leftBeside: [],
      restoreSeconds: secondsSince(clock, startMs),
    };
  }
  const steps = {
    ...context,
    targets: new Map(pairings.map(({ target }) => [target.store, target])),
  };

  await using scratch = await Scratch.create();
  const jobs = pairings.map((pairing) => {
    const { store, target } = pairing;
    const restoring: StoreRestoreRequest = {
      objects,
      replace: named.has(store.store),
      scratchDir: scratch.path,
      ...(pairing.scope && { scope: pairing.scope }),
      ...(request.jobs !== undefined && { jobs: request.jobs }),
      ...(request.stream && { stream: true }),
      ...(request.access && { access: true }),
      allowMissing,
      stopwatch,
      onRows: (found) => {
        const differing = findDifferingTables(pairing, found);
        if (differing.length === 0) return "go on";
        reporter.warn(`${store.store}: ${differing.join(", ")} differ from the backup.`);
        // What has no indexes and constraints helps nobody, unless what it is to replace is still there.
        const { scope } = pairing;
        const isPart = scope !== undefined && (isSelective(scope) || scope.content === "data");
        return target.replacement || (restoring.replace && isPart) ? "stop" : "go on";
      },
    };
    return { pairing, restoring };
  });
  if (pairings.some(({ target }) => target.prepare !== undefined)) {
    await reporter.phase("Fetch", () =>
      runTogether(context, jobs, async ({ pairing, restoring }) => {
        await pairing.target.prepare?.(pairing.store, restoring);
      }),
    );
  }
  requirePassed(await stopwatch.measure("before", () => performSteps(before, steps)));
  const restored = await reporter.phase("Restore", () =>
    stopwatch.measure("restore", () =>
      runTogether(context, jobs, async ({ pairing, restoring }) => {
        const result = await restoreAndCompare(pairing, restoring, context);
        // What stood in a named target beside the restored tables is no fault of the restore.
        if (restoring.replace) ignoreBystanders(result.comparison);
        return result;
      }),
    ),
  );
  const comparisons = restored.map(({ comparison }) => comparison);
  const agrees = comparisons.every(({ differences }) => differences.length === 0);
  const leftBeside = await concludeReplacements(pairings, agrees, context);
  const followed = await stopwatch.measure("after", async () =>
    agrees
      ? await performSteps(after, steps)
      : after.map((step) => leaveUntried(step, ", since the restored data differs")),
  );
  return {
    ...found,
    verdict: !agrees
      ? "differs"
      : followed.every(({ outcome }) => outcome === "passed")
        ? "restored"
        : "unfinished",
    comparisons,
    notRestored: [...leftAlone, ...restored.flatMap(({ notRestored }) => notRestored)],
    after: followed,
    leftBeside,
    restoreSeconds: secondsSince(clock, startMs),
  };
}

/** Restores one store, and compares it before anything else may change it. @throws AppError as the target */
export async function restoreAndCompare(
  { store, target }: Pairing,
  request: StoreRestoreRequest,
  { reporter }: RunContext,
): Promise<RestoredStore> {
  const outcome = await target.restore(store, request);
  let found: Inventory;
  try {
    found = await target.takeInventory(store, request.scope, outcome.tables);
  } finally {
    // Whatever happened: a server whose merges stand still would refuse to be written to before long.
    await target.settle();
  }
  const restored = compareRestored(store, found, request, outcome);
  const { comparison } = restored;
  reporter.info(
    `${store.store}: ${countOf(comparison.tablesCompared, "table")}, ${countOf(comparison.rowsCompared, "row")}, ` +
      `${countOf(comparison.schemaObjectsCompared, "schema object")} compared, ${countOf(comparison.differences.length, "difference")}`,
  );
  return restored;
}

/** Tables that are not what they must be, as far as their rows tell. */
export function findDifferingTables({ store, scope }: Pairing, found: Inventory): string[] {
  const tables = { ...found, schema: [] };
  const expected = { ...narrowExpected(store, scope).inventory, schema: [] };
  const { comparison } = compareRestored({ ...store, inventory: expected }, tables, {}, { lost: [] });
  return comparison.differences.filter(({ expected }) => expected !== ABSENT).map(({ name }) => name);
}

function ignoreBystanders(comparison: Comparison): void {
  comparison.differences = comparison.differences.filter(({ expected }) => expected !== ABSENT);
}

function requirePassed(results: readonly StepResult[]): void {
  const failed = results.find(({ outcome }) => outcome !== "passed");
  if (!failed) return;
  throw new AppError(
    "TOOL_FAILED",
    `The command "${failed.name}", which goes before the restore, failed: ${failed.reason}`,
    { hint: "Nothing was written. Mend the command, or take it out of restore.before in lifeboat.yml." },
  );
}

/** Lets what was restored beside take its place; what differs is left where it is, for a look. */
async function concludeReplacements(
  pairings: readonly Pairing[],
  agrees: boolean,
  { reporter }: RunContext,
): Promise<string[]> {
  const replacements = pairings.flatMap(({ target }) => target.replacement ?? []);
  if (replacements.length === 0) return [];
  if (!agrees) return replacements.map(({ beside }) => beside);
  await reporter.phase("Replace", async () => {
    for (const replacement of replacements) await replacement.swapIn();
  });
  return [];
}
