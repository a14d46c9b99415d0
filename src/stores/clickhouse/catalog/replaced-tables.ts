import type { Catalog, DataTable } from "./catalog.ts";
import { idOf } from "../sql/ddl.ts";

/**
 * Names the tables that are no longer what a catalog says: dropped, exchanged for another, or with other columns.
 * Tables that came in since are none of its business.
 */
export function findReplaced({ tables }: Catalog, now: readonly DataTable[]): string[] {
  const current = new Map(now.map((table) => [idOf(table), describeTable(table)]));
  return tables.filter((table) => current.get(idOf(table)) !== describeTable(table)).map(idOf);
}

/** What makes a table the one that it is. */
export function describeTable({ uuid, columns }: DataTable): string {
  return JSON.stringify([uuid, columns]);
}
