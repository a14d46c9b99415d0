import type { Inventory } from "../../backup/inventory.ts";
import type { Damage } from "./control.ts";
import { findSmallTable, splitName } from "./names.ts";

/** What a drill must notice on a restored ClickHouse server. */
export function listClickHouseDamages(inventory: Inventory): Damage[] {
  const table = findSmallTable(inventory);
  return [
    {
      name: "a row removed",
      noticedAs: "rows",
      statements: table === undefined ? undefined : removeRow(table),
    },
    {
      name: "a table emptied",
      noticedAs: "rows",
      statements: table === undefined ? undefined : `TRUNCATE TABLE ${quotePath(table)}`,
    },
  ];
}

/** By way of a copy: a DELETE is carried out by merges, which a restore holds still, and not in every engine. */
function removeRow(name: string): string {
  const path = quotePath(name);
  const [database = ""] = splitName(name);
  const copy = `${quoteName(database)}.lifeboat_control`;
  return `CREATE TABLE ${copy} ENGINE = Memory AS SELECT * FROM ${path} LIMIT 1, 18446744073709551615;
    TRUNCATE TABLE ${path};
    INSERT INTO ${path} SELECT * FROM ${copy};
    DROP TABLE ${copy} SYNC`;
}

function quotePath(name: string): string {
  return splitName(name).map(quoteName).join(".");
}

function quoteName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
