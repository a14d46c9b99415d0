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
      name: "a row's values changed",
      noticedAs: "content",
      statements: table === undefined ? undefined : changeValues(table),
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
  return rewriteByCopy(name, (copy) => `SELECT * FROM ${copy} LIMIT 1, ${ALL}`);
}

/** One row gets the empty value of each column: a row that has others, where one does. All else stays. */
function changeValues(name: string): string {
  const isEmpty = "cityHash64(tuple(*)) = cityHash64(tuple(* APPLY(defaultValueOfArgumentType)))";
  return rewriteByCopy(name, (copy) => {
    const ranked = `(SELECT * FROM ${copy} ORDER BY ${isEmpty}, cityHash64(tuple(*)))`;
    return `SELECT * APPLY(defaultValueOfArgumentType) FROM ${ranked} LIMIT 1;
      INSERT INTO ${quotePath(name)} SETTINGS optimize_on_insert = 0 SELECT * FROM ${ranked} LIMIT 1, ${ALL}`;
  });
}

const ALL = "18446744073709551615";

function rewriteByCopy(name: string, select: (copy: string) => string): string {
  const path = quotePath(name);
  const [database = ""] = splitName(name);
  const copy = `${quoteName(database)}.lifeboat_control`;
  return `CREATE TABLE ${copy} ENGINE = Memory AS SELECT * FROM ${path} SETTINGS allow_suspicious_low_cardinality_types = 1;
    TRUNCATE TABLE ${path};
    INSERT INTO ${path} SETTINGS optimize_on_insert = 0 ${select(copy)};
    DROP TABLE ${copy} SYNC`;
}

function quotePath(name: string): string {
  return splitName(name).map(quoteName).join(".");
}

function quoteName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
