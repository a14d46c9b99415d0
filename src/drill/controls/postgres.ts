import type { Inventory } from "../../backup/inventory.ts";
import type { Damage } from "./control.ts";
import { findSmallTable, splitName } from "./names.ts";

/** What a drill must notice in a restored Postgres database. */
export function listPostgresDamages(inventory: Inventory): Damage[] {
  const table = findSmallTable(inventory);
  const path = table === undefined ? undefined : quotePath(table);
  const inAll = (kind: string): string | undefined => {
    const names = inventory.schema.filter((object) => object.kind === kind).map(({ name }) => name);
    return names.length === 0 ? undefined : `(${names.map(quoteText).join(", ")})`;
  };
  const policies = inAll("policy");
  const indexes = inAll("index");
  const sequences = inAll("sequence value");
  return [
    {
      name: "a row removed",
      noticedAs: "rows",
      // As a replica, no trigger and no foreign key has a say.
      statements:
        path &&
        `SET session_replication_role = replica;
         DELETE FROM ONLY ${path} WHERE ctid = (SELECT ctid FROM ONLY ${path} LIMIT 1)`,
    },
    { name: "a value changed", noticedAs: "content", statements: path && changeValue(path) },
    { name: "a table emptied", noticedAs: "rows", statements: path && `TRUNCATE ONLY ${path} CASCADE` },
    {
      name: "a policy dropped",
      noticedAs: "policy",
      statements:
        policies &&
        doFirst(
          `SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy
           JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace
           WHERE nspname || '.' || relname || '.' || polname IN ${policies}`,
        ),
    },
    {
      name: "an index dropped",
      noticedAs: "index",
      statements:
        indexes &&
        doFirst(
          `SELECT format('DROP INDEX %I.%I', nspname, relname) FROM pg_class
           JOIN pg_namespace n ON n.oid = relnamespace
           WHERE relkind IN ('i', 'I') AND nspname || '.' || relname IN ${indexes}`,
        ),
    },
    {
      name: "a sequence moved",
      noticedAs: "sequence value",
      statements:
        sequences &&
        doFirst(
          `SELECT format('SELECT nextval(%L)', c.oid::regclass) FROM pg_class c
           JOIN pg_namespace n ON n.oid = relnamespace
           WHERE relkind = 'S' AND nspname || '.' || relname IN ${sequences}`,
        ),
    },
  ];
}

/** One value of a column whose kind is easily changed: text, a number, a time, a truth. */
function changeValue(path: string): string {
  const changes = `CASE typcategory WHEN 'S' THEN '|| ''~''' WHEN 'N' THEN '+ 1' WHEN 'D' THEN '+ interval ''1 day''' ELSE 'IS NOT TRUE' END`;
  return `SET session_replication_role = replica;
    ${doFirst(
      `SELECT format('UPDATE ONLY %1$s SET %2$I = %2$I %3$s WHERE ctid =
           (SELECT ctid FROM ONLY %1$s WHERE %2$I IS NOT NULL LIMIT 1)', attrelid::regclass, attname, ${changes})
         FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
         WHERE attrelid = ${quoteText(path)}::regclass AND attnum > 0 AND NOT attisdropped
           AND attgenerated = '' AND attidentity <> 'a' AND typcategory IN ('S', 'N', 'D', 'B')
         ORDER BY attnum DESC`,
    )}`;
}

/** Carries out the first of the statements that a query gives which the database lets pass, and which does something. */
function doFirst(query: string): string {
  return `DO $lifeboat$
    DECLARE statement text; changed bigint;
    BEGIN
      FOR statement IN ${query} LOOP
        BEGIN
          EXECUTE statement;
          GET DIAGNOSTICS changed = ROW_COUNT;
          IF changed > 0 OR statement NOT LIKE 'UPDATE%' THEN RETURN; END IF;
        EXCEPTION WHEN OTHERS THEN NULL; -- a constraint or a dependency forbids this one
        END;
      END LOOP;
      RAISE EXCEPTION 'none of it could be damaged';
    END $lifeboat$`;
}

function quotePath(name: string): string {
  return splitName(name)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
