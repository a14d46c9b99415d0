import { isAllowedMissing } from "../../backup/allow-missing.ts";
import { ABSENT, compareInventories } from "../../backup/inventory.ts";
import type { Comparison, Inventory } from "../../backup/inventory.ts";
import type { StoreManifest } from "../../backup/manifest.ts";
import { countOutside, isSelective, isWhole, narrowInventory } from "../../backup/restore-scope.ts";
import type { RestoreScope } from "../../backup/restore-scope.ts";
import { formatCount } from "../../report/quantities.ts";
import type { RestoreOutcome, RestoreRequest } from "../../stores/store.ts";

/** What came of restoring one store. */
export interface RestoredStore {
  comparison: Comparison;
  /** What of the backup is not in the target on purpose, in sentences. */
  notRestored: string[];
}

/** Holds what was found after a restore against what the restored part of the backup says. */
export function compareRestored(
  store: StoreManifest,
  found: Inventory,
  { scope, allowMissing = [] }: Pick<RestoreRequest, "scope" | "allowMissing">,
  { lost, refused = [], isStopped = false }: RestoreOutcome,
): RestoredStore {
  const isBlind = scope !== undefined && isSelective(scope) && !saysWhatBelongs(store.inventory);
  const expected = narrowExpected(store, scope);
  const narrowedFound = scope ? narrowInventory(found, scope).inventory : found;
  const rowsOnly = isBlind || isStopped;
  const comparison = compareInventories(
    store.store,
    rowsOnly ? { ...expected.inventory, schema: [] } : expected.inventory,
    rowsOnly ? { ...narrowedFound, schema: [] } : narrowedFound,
  );
  if (isBlind) {
    comparison.notProven.push(
      `Schema objects in ${store.store}: this older backup does not say which of them belong to which table.`,
    );
  }
  if (isStopped) {
    comparison.notProven.push(
      `Schema objects in ${store.store}: the restore was ended when the rows differed, before indexes and constraints.`,
    );
  }
  comparison.differences.push(
    ...refused.map(({ kind, name, why }) => ({
      store: store.store,
      kind,
      name,
      expected: "applied",
      found: why,
    })),
  );
  const missing = takeAllowed(comparison, allowMissing);
  const named = new Set(lost.map(({ kind, name }) => `${kind} ${name}`));
  const lostSentences = [
    ...lost.map(({ kind, name, why }) => `${kind} ${name}: ${why} (allowed to be missing)`),
    ...missing
      .filter((what) => !named.has(what))
      .map((what) => `${what}: it is not there (allowed to be missing)`),
  ];
  comparison.notProven.push(...lostSentences);
  return {
    comparison,
    notRestored: [
      ...lostSentences,
      ...expected.leftOut,
      ...(isBlind ? [] : describeOutside(store.inventory, expected.inventory, scope)),
    ].map((sentence) => `${store.store}: ${sentence}`),
  };
}

/** What must be there after a restore of a scope, and what of it is left out. */
export function narrowExpected(
  store: StoreManifest,
  scope: RestoreScope | undefined,
): ReturnType<typeof narrowInventory> {
  if (scope === undefined) return { inventory: store.inventory, leftOut: [] };
  const narrowed = narrowInventory(store.inventory, scope);
  if (store.kind !== "clickhouse" || !scope.partitions) return narrowed;
  const chosen = new Set(scope.partitions);
  const tables = narrowed.inventory.tables.map((table) => {
    const parts = store.parts.filter(
      (part) => `${part.database}.${part.table}` === table.name && chosen.has(part.partition),
    );
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    return { name: table.name, rows, digest: sumDigests(parts.map(({ digest }) => digest)) };
  });
  return { ...narrowed, inventory: { ...narrowed.inventory, tables } };
}

/** Digests of partitions are sums in 64 bits, as the table's is. */
function sumDigests(digests: readonly (string | null)[]): string | null {
  if (digests.includes(null)) return null;
  const sum = digests.reduce((total, digest) => total + BigInt(digest ?? 0), 0n);
  return BigInt.asUintN(64, sum).toString();
}

/** Backups of format version 1 do not: of their parts, only the rows can be compared. */
function saysWhatBelongs({ tables, schema }: Inventory): boolean {
  return tables.length === 0 || schema.some(({ table }) => table !== undefined);
}

/** Takes out of the differences what is missing and may be, and returns it. */
function takeAllowed(comparison: Comparison, allowed: readonly string[]): string[] {
  const isFine = ({ kind, name, found }: Comparison["differences"][number]): boolean =>
    found === ABSENT && isAllowedMissing({ kind, name }, allowed);
  const fine = comparison.differences.filter(isFine);
  comparison.differences = comparison.differences.filter((difference) => !isFine(difference));
  return fine.map(({ kind, name }) => `${kind} ${name}`);
}

function describeOutside(whole: Inventory, narrowed: Inventory, scope: RestoreScope | undefined): string[] {
  if (isWhole(scope)) return [];
  const counts = countOutside(whole, narrowed).map(({ kind, count }) => `${kind} (${formatCount(count)})`);
  const structure = scope?.content === "structure" ? ["all rows, since only definitions were asked for"] : [];
  const outside = [...structure, ...counts];
  return outside.length === 0 ? [] : [`Not asked for, and left alone: ${outside.join(", ")}.`];
}
