import { isAllowedMissing } from "../../backup/allow-missing.ts";
import type { Manifest, StoreManifest } from "../../backup/manifest.ts";
import { findUnknown, isSelective, listSchemas, listTables } from "../../backup/restore-scope.ts";
import type { RestoreScope } from "../../backup/restore-scope.ts";
import { AppError } from "../../errors.ts";
import type { ObjectSource, Target, TargetFacts } from "../../stores/store.ts";
import { isNamedWhole, namesToType } from "./replacing.ts";
import type { Place } from "./replacing.ts";
import { settleAll } from "../together.ts";

/** One store of a backup and where it goes. */
export interface Pairing {
  store: StoreManifest;
  target: Target;
  /** What of the store is restored; everything when absent. */
  scope?: RestoreScope;
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

/**
 * Gives each store its part of a scope; one of which nothing was chosen is not restored.
 *
 * @throws AppError CONFIG_INVALID when no store holds what was chosen
 */
export function divideScope(pairings: readonly Pairing[], scope: RestoreScope | undefined): Pairing[] {
  if (!scope) return [...pairings];
  if (!isSelective(scope)) return pairings.map((pairing) => ({ ...pairing, scope }));
  requireKnown(pairings, scope);
  return pairings.flatMap((pairing) => {
    const { inventory, kind } = pairing.store;
    const unknown = new Set(findUnknown(inventory, scope));
    const tables = (scope.tables ?? []).filter((table) => !unknown.has(table));
    const schemas = (scope.schemas ?? []).filter((schema) => !unknown.has(schema));
    if (tables.length + schemas.length === 0) return [];
    const partitions = kind === "clickhouse" ? scope.partitions : undefined;
    const own = { tables, schemas, ...(partitions && { partitions }), content: scope.content };
    return [{ ...pairing, scope: own }];
  });
}

/**
 * The pairings in the names under which the backup is restored.
 *
 * @throws AppError CONFIG_INVALID, BACKUP_DAMAGED, OBJECT_MISSING
 */
export async function placePairings(pairings: readonly Pairing[], objects: ObjectSource): Promise<Pairing[]> {
  return await settleAll(
    pairings.map(async (pairing) => ({
      ...pairing,
      ...(await pairing.target.relocate?.(pairing.store, pairing.scope, objects)),
    })),
  );
}

function requireKnown(pairings: readonly Pairing[], scope: RestoreScope): void {
  const unknown = pairings
    .map(({ store }) => findUnknown(store.inventory, scope))
    .reduce((left, right) => left.filter((name) => right.includes(name)));
  if (unknown.length === 0) return;
  const known = pairings.flatMap(({ store }) => [
    ...listTables(store.inventory),
    ...listSchemas(store.inventory),
  ]);
  const near = known.filter((name) => unknown.some((wanted) => isAlike(name, wanted))).slice(0, 5);
  throw new AppError("CONFIG_INVALID", `The backup holds no ${unknown.join(", no ")}.`, {
    hint:
      near.length > 0
        ? `Name tables as the backup does, with their schema or database: it holds ${near.join(", ")}.`
        : "Name tables with their schema or database, schemas by their names, as the manifest does.",
  });
}

/** Such as the same table in another schema, or without one. */
function isAlike(name: string, wanted: string): boolean {
  const last = (text: string): string => (text.split(".").at(-1) ?? text).toLowerCase();
  return last(name) === last(wanted);
}

/**
 * Looks at every target before the first is written to. Returns what is there by store, and the stores whose target
 * was named.
 *
 * @throws AppError TARGET_REFUSED, STORE_UNSUPPORTED, with all that is wrong with all targets
 */
export async function refuseSurprises(
  pairings: readonly Pairing[],
  replace: readonly string[],
  allowMissing: readonly string[],
): Promise<{ places: Map<string, Place>; named: Set<string> }> {
  const places = await settleAll(
    pairings.map(async ({ store, target, scope }) => ({ store, facts: await target.inspect(store, scope) })),
  );
  const named = new Set<string>();
  await settleAll([
    ...places.map(async (place) => {
      const { store, facts } = place;
      if (isNamedWhole(place, places, replace)) {
        named.add(store.store);
      } else {
        const names = namesToType(place, places).join(",");
        const hint = `Restore into an empty database, or name the target on purpose: --replace ${names}`;
        refuseSurprise(store, facts, hint);
      }
    }),
    ...places.map(async ({ store, facts }) => refuseLacks(store, facts, allowMissing)),
  ]);
  return { places: new Map(places.map((place) => [place.store.store, place])), named };
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

/** Refuses a server that cannot hold what the backup brings. @throws AppError STORE_UNSUPPORTED */
export function refuseLacks(
  store: StoreManifest,
  { lacks = [] }: TargetFacts,
  allowMissing: readonly string[],
): void {
  const missing = lacks.filter((object) => !isAllowedMissing(object, allowMissing));
  if (missing.length === 0) return;
  const names = missing.map(({ kind, name }) => `${kind} ${name}`);
  throw new AppError(
    "STORE_UNSUPPORTED",
    `The server of the target for ${store.store} does not offer ${names.join(", ")}, which the backup needs.`,
    {
      hint: `${missing.map(({ mend }) => mend).join(" ")} Or restore without: --allow-missing "${names.join(",")}"`,
    },
  );
}

/** @throws AppError TARGET_REFUSED when users are asked for and no store of the backup has any */
export function requireAccess(pairings: readonly Pairing[]): void {
  if (pairings.some(({ store }) => store.kind === "clickhouse" && store.access)) return;
  throw new AppError("TARGET_REFUSED", "The backup holds no users and rights to restore.", {
    hint: "Restore without access; backups hold them where a ClickHouse store has access: true in lifeboat.yml.",
  });
}
