import type { StoreManifest } from "./manifest.ts";

/** Whether a store had no table to begin with: an empty database, of which nothing was left out. */
export function wasEmpty(store: StoreManifest): boolean {
  const { tables, schema } = store.inventory;
  if (tables.length > 0) return false;
  if (store.kind === "postgres") return store.scope === undefined && store.excludedSchemas.length === 0;
  return schema.length > 0 && schema.every(({ kind }) => kind === "database");
}
