import { createHash } from "node:crypto";
import type { Inventory, SchemaObject, TableInventory } from "../../../backup/inventory.ts";
import type { Catalog } from "./catalog.ts";
import { idOf } from "../sql/ddl.ts";
import { hashDefinition, listTableItems } from "../sql/ddl-portable.ts";
import { DIGEST_METHOD } from "./reading.ts";

/** Puts together what a catalog and the counts of its tables say. Equal before a backup and after a restore. */
export function describeInventory(catalog: Catalog, tables: TableInventory[]): Inventory {
  return { digestMethod: DIGEST_METHOD, tables, schema: describeSchema(catalog), notCovered: [] };
}

/** The id of the databases a catalog shows: the same databases give it again, and no others do. */
export function hashIdentity(catalog: Catalog): string {
  return createHash("sha256").update(catalog.identity).digest("hex").slice(0, 32);
}

function describeSchema(catalog: Catalog): SchemaObject[] {
  const known = new Set(
    catalog.entries.filter(({ kind }) => kind !== "database" && kind !== "function").map(idOf),
  );
  return catalog.entries.flatMap((entry) => {
    const { kind, portable } = entry;
    const name = idOf(entry);
    const belongs = kind === "database" || kind === "function" ? {} : { table: name };
    const needs = kind === "table" ? [] : entry.dependsOn.filter((id) => known.has(id));
    const itself = {
      kind,
      name,
      definition: hashDefinition(portable),
      ...belongs,
      ...(needs.length > 0 && { needs: [...needs].sort() }),
    };
    if (kind !== "table") return [itself];
    const items = listTableItems(portable).map((item) => ({
      kind: item.kind,
      name: `${name}.${item.name}`,
      definition: hashDefinition(item.definition),
      table: name,
    }));
    return [itself, ...items];
  });
}
