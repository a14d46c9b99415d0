import type { StoreManifest } from "../../backup/manifest.ts";
import type { TargetFacts } from "../../stores/store.ts";

/** One store of a backup, and what lies where it is to go. */
export interface Place {
  store: StoreManifest;
  facts: TargetFacts;
}

/**
 * How an operator says on purpose that the contents of a target's database may be replaced: `NAME`, or
 * `HOST/NAME`, each behind `STORE:` where several stores go to databases of one name.
 *
 * `NAME` alone is not enough for the database that the backup was taken from, nor for one that bears its name:
 * it would be typed in the same way for the production and for the copy.
 *
 * @param others - all places of this restore
 * @returns one for each database of the target, in the form to be shown
 */
export function namesToType(place: Place, others: readonly Place[]): string[] {
  return place.facts.databases.map((database) => acceptedNames(place, database, others)[0] ?? database);
}

/** Whether every database of the target was named: who names one of them has not said that the others may go. */
export function isNamedWhole(place: Place, others: readonly Place[], named: readonly string[]): boolean {
  const { databases } = place.facts;
  return (
    databases.length > 0 &&
    databases.every((database) => acceptedNames(place, database, others).some((name) => named.includes(name)))
  );
}

/** The shortest first. */
function acceptedNames({ store, facts }: Place, database: string, others: readonly Place[]): string[] {
  const isLikeSource = facts.id === store.source.id || store.source.database.split(", ").includes(database);
  const full = `${facts.host}/${database}`;
  const names = isLikeSource ? [full] : [database, full];
  const withStore = names.map((name) => `${store.store}:${name}`);
  const claimants = (name: string): number =>
    others.filter(({ facts: other }) =>
      other.databases.some((its) => name === its || name === `${other.host}/${its}`),
    ).length;
  return [...names.filter((name) => claimants(name) <= 1), ...withStore];
}
