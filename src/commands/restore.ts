import { ABSENT, compareInventories } from "../backup/inventory.ts";
import type { Comparison, Inventory } from "../backup/inventory.ts";
import type { Manifest, StoreManifest } from "../backup/manifest.ts";
import type { Destination } from "../destinations/destination.ts";
import { AppError } from "../errors.ts";
import { countOf } from "../report/quantities.ts";
import type { RunContext } from "../run-context.ts";
import type { RestoreRequest as StoreRestoreRequest, Target, TargetFacts } from "../stores/store.ts";
import { secondsSince } from "../sys/clock.ts";
import { Scratch } from "../sys/scratch.ts";
import { pickBackup } from "./catalogue.ts";
import type { Selection } from "./catalogue.ts";
import { readObjects } from "./object-reader.ts";
import { isNamedWhole, namesToType } from "./replacing.ts";
import { runTogether, settleAll } from "./together.ts";

export interface RestoreRequest {
  destination: Destination;
  selection: Selection;
  /** Where each store goes. Stores of the backup without a target are left alone. */
  targets: Target[];
  /** Target databases that the operator named: they may be the source, and what is in them may be replaced. */
  replace: string[];
}

export interface RestoreResult {
  command: "restore";
  backupId: string;
  verdict: "restored" | "differs";
  comparisons: Comparison[];
  restoreSeconds: number;
}

/** One store of a backup and where it goes. */
export interface Pairing {
  store: StoreManifest;
  target: Target;
}

/**
 * Restores a backup into databases that the operator gave, and compares what is there then with the manifest.
 *
 * @throws AppError TARGET_REFUSED before anything is written, and what finding, reading and restoring throw
 */
export async function restore(request: RestoreRequest, context: RunContext): Promise<RestoreResult> {
  const { destination, selection, targets, replace } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const manifest = await reporter.phase("Find", () => pickBackup(destination, selection));
  reporter.info(`Backup ${manifest.id} of ${manifest.name}, data of ${manifest.startedAt}`);
  const pairings = pairTargets(manifest, targets);
  for (const { store } of manifest.stores) {
    if (pairings.some((pairing) => pairing.store.store === store)) continue;
    reporter.warn(`${store} is not restored: no target was given for it.`);
  }
  const named = await reporter.phase("Check", () => refuseSurprises(pairings, replace));
  const comparisons = await reporter.phase("Restore", async () => {
    await using scratch = await Scratch.create();
    const objects = readObjects(destination);
    return await runTogether(context, pairings, (pairing) => {
      const replace = named.has(pairing.store.store);
      return restoreAndCompare(pairing, { objects, replace, scratchDir: scratch.path }, context);
    });
  });
  for (const comparison of comparisons) {
    // What stood in a named target beside the restored tables is no fault of the restore.
    if (!named.has(comparison.store)) continue;
    comparison.differences = comparison.differences.filter(({ expected }) => expected !== ABSENT);
  }
  return {
    command: "restore",
    backupId: manifest.id,
    verdict: comparisons.some(({ differences }) => differences.length > 0) ? "differs" : "restored",
    comparisons,
    restoreSeconds: secondsSince(clock, startMs),
  };
}

/** @throws AppError CONFIG_INVALID when a target belongs to no store of the backup */
export function pairTargets(manifest: Manifest, targets: readonly Target[]): Pairing[] {
  return targets.map((target) => {
    const store = manifest.stores.find((candidate) => candidate.store === target.store);
    if (!store || store.kind !== target.kind) {
      const held = manifest.stores.map((candidate) => `${candidate.store} (${candidate.kind})`).join(", ");
      throw new AppError(
        "CONFIG_INVALID",
        `Backup ${manifest.id} holds no ${target.kind} store named ${target.store}; it holds ${held}.`,
        { hint: "Give targets only for stores that the backup holds." },
      );
    }
    return { store, target };
  });
}

/** Restores one store, and compares it before anything else may change it. @throws AppError as the target */
export async function restoreAndCompare(
  { store, target }: Pairing,
  request: StoreRestoreRequest,
  { reporter }: RunContext,
): Promise<Comparison> {
  await target.restore(store, request);
  let found: Inventory;
  try {
    found = await target.takeInventory(store);
  } finally {
    // Whatever happened: a server whose merges stand still would refuse to be written to before long.
    await target.settle();
  }
  const comparison = compareInventories(store.store, store.inventory, found);
  reporter.info(
    `${store.store}: ${countOf(comparison.tablesCompared, "table")}, ${countOf(comparison.rowsCompared, "row")}, ` +
      `${countOf(comparison.schemaObjectsCompared, "schema object")} compared, ${countOf(comparison.differences.length, "difference")}`,
  );
  return comparison;
}

/** Looks at every target before the first is written to. Returns the stores whose target was named. */
async function refuseSurprises(pairings: readonly Pairing[], replace: string[]): Promise<Set<string>> {
  const places = await settleAll(
    pairings.map(async ({ store, target }) => ({ store, facts: await target.inspect(store) })),
  );
  const named = new Set<string>();
  await settleAll(
    places.map(async (place) => {
      const { store, facts } = place;
      if (isNamedWhole(place, places, replace)) {
        named.add(store.store);
      } else {
        const names = namesToType(place, places).join(",");
        const hint = `Restore into an empty database, or name the target on purpose: --replace ${names}`;
        refuseSurprise(store, facts, hint);
      }
    }),
  );
  return named;
}

/** @throws AppError TARGET_REFUSED */
export function refuseSurprise(store: StoreManifest, facts: TargetFacts, hint: string): void {
  const names = facts.databases.join(" or ");
  if (facts.id === store.source.id) {
    throw new AppError(
      "TARGET_REFUSED",
      `The target for ${store.store} (${names}) is the very database this backup was taken from.`,
      { hint },
    );
  }
  if (facts.occupiedBy.length === 0) return;
  const [shown, rest] = [facts.occupiedBy.slice(0, 5).join(", "), facts.occupiedBy.length - 5];
  throw new AppError(
    "TARGET_REFUSED",
    `The target for ${store.store} (${names}) is not empty: it holds ${shown}${rest > 0 ? ` and ${rest} more` : ""}.`,
    { hint },
  );
}
