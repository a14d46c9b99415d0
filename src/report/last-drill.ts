import type { ListedBackup } from "../commands/list.ts";

/** "proven, 2026-11-15", "proven (postgres only), 2026-11-15" or "never" */
export function describeLastDrill({ lastDrill, stores }: ListedBackup): string {
  if (!lastDrill) return "never";
  const isPartial = stores.some(({ store }) => !lastDrill.stores.includes(store));
  const scope = isPartial && lastDrill.stores.length > 0 ? ` (${lastDrill.stores.join(", ")} only)` : "";
  return `${lastDrill.verdict}${scope}, ${lastDrill.startedAt.slice(0, 10)}`;
}

/** "age", "age, in part" or "none" */
export function describeEncryption({ encryption }: ListedBackup): string {
  if (!encryption) return "none";
  return encryption.isWhole ? "age" : "age, in part";
}
