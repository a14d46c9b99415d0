import type { Session } from "../server/session.ts";

/** Something in scope that cannot be without what is out of scope. */
export interface Dependent {
  /** As the inventory calls it where it knows the kind, else as Postgres does. */
  kind: string;
  name: string;
  /** As `pg_identify_object` says it, and with it the names of comments. */
  type: string;
  identity: string;
  /** Object ids of its catalog and of itself, as an archive's table of contents writes them. */
  catalogOid: number;
  oid: number;
  /** What is left out and needed, as people write it. */
  needs: string;
}

/** Kinds that are not left out by themselves: whoever has them in scope means them. */
export const TABLE_KINDS: ReadonlySet<string> = new Set(["table", "foreign table", "composite type"]);
/** Kinds that pg_dump can leave out by name. */
export const VIEW_KINDS: ReadonlySet<string> = new Set(["view", "materialized view"]);

/**
 * Follows pg_depend from what is left out ($1: relations by oid, $2: schemas by name, with all that lies in them)
 * to everything that could not be created without it. What makes up a table (its columns, defaults and checks)
 * counts as the table, a view's query as the view. Members of extensions come with those.
 */
const DEPENDENTS = `
  WITH RECURSIVE out_schema AS (SELECT oid FROM pg_namespace WHERE nspname = ANY ($2::text[])),
  root (class, oid) AS (
    SELECT 'pg_class'::regclass::oid, unnest($1::oid[])
    UNION SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace IN (TABLE out_schema)
    UNION SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_collation'::regclass, oid FROM pg_collation WHERE collnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config WHERE cfgnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict WHERE dictnamespace IN (TABLE out_schema)
  ),
  left_out AS (
    SELECT * FROM root WHERE NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = class AND objid = root.oid AND deptype = 'e')
  ),
  affected (class, oid, from_class, from_oid) AS (
    SELECT class, oid, class, oid FROM left_out
    UNION
    SELECT whole.class, whole.oid, affected.from_class, affected.from_oid
    FROM affected JOIN pg_depend d ON refclassid = affected.class AND refobjid = affected.oid
      AND deptype IN ('n', 'a', 'i', 'P', 'S')
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid AND rulename = '_RETURN'
    LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
    LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND contype IN ('c', 'n')
      AND conrelid <> 0
    CROSS JOIN LATERAL (SELECT
      CASE WHEN coalesce(w.oid, a.oid, c.oid) IS NULL THEN d.classid ELSE 'pg_class'::regclass END AS class,
      coalesce(w.ev_class, a.adrelid, c.conrelid, d.objid) AS oid) whole
    WHERE (whole.class, whole.oid) NOT IN (SELECT class, oid FROM left_out)
  ),
  dependent AS (
    SELECT DISTINCT ON (class, oid) * FROM affected
    WHERE (class, oid) NOT IN (SELECT class, oid FROM left_out) ORDER BY class, oid, from_class, from_oid
  ),
  relation AS (
    SELECT c.oid, c.relkind, nspname || '.' || relname AS full_name, nspname, relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL ($2::text[])
      AND c.oid <> ALL ($1::oid[])
  ),
  named (class, oid, kind, name) AS (
    SELECT class, oid, CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' ELSE 'table' END, full_name
      FROM dependent JOIN relation USING (oid)
      WHERE class = 'pg_class'::regclass AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    UNION ALL SELECT class, i.oid, 'index', i.nspname || '.' || i.relname
      FROM dependent JOIN relation i ON i.oid = dependent.oid JOIN pg_index ON indexrelid = i.oid
      JOIN relation r ON r.oid = indrelid WHERE class = 'pg_class'::regclass
    UNION ALL SELECT class, dependent.oid, 'foreign key', full_name || '.' || conname
      FROM dependent JOIN pg_constraint c ON c.oid = dependent.oid JOIN relation ON relation.oid = conrelid
      WHERE class = 'pg_constraint'::regclass AND contype = 'f' AND conparentid = 0
    UNION ALL SELECT class, dependent.oid, 'policy', full_name || '.' || polname
      FROM dependent JOIN pg_policy p ON p.oid = dependent.oid JOIN relation ON relation.oid = polrelid
      WHERE class = 'pg_policy'::regclass
    UNION ALL SELECT class, dependent.oid, 'trigger', full_name || '.' || tgname
      FROM dependent JOIN pg_trigger t ON t.oid = dependent.oid JOIN relation ON relation.oid = tgrelid
      WHERE class = 'pg_trigger'::regclass AND NOT tgisinternal
    UNION ALL SELECT class, dependent.oid, 'rule', full_name || '.' || rulename
      FROM dependent JOIN pg_rewrite w ON w.oid = dependent.oid JOIN relation ON relation.oid = ev_class
      WHERE class = 'pg_rewrite'::regclass
    UNION ALL SELECT class, dependent.oid,
        CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
      FROM dependent JOIN pg_proc p ON p.oid = dependent.oid JOIN pg_namespace n ON n.oid = pronamespace
      WHERE class = 'pg_proc'::regclass AND nspname !~ '^pg_' AND nspname <> ALL ($2::text[])
    UNION ALL SELECT class, dependent.oid, 'publication', pubname::text
      FROM dependent JOIN pg_publication_rel r ON r.oid = dependent.oid JOIN pg_publication p ON p.oid = prpubid
      WHERE class = 'pg_publication_rel'::regclass
    UNION ALL SELECT class, dependent.oid, 'event trigger', evtname::text
      FROM dependent JOIN pg_event_trigger e ON e.oid = dependent.oid WHERE class = 'pg_event_trigger'::regclass
    UNION ALL SELECT class, dependent.oid, CASE typtype WHEN 'd' THEN 'domain' ELSE 'range type' END,
        nspname || '.' || typname
      FROM dependent JOIN pg_type t ON t.oid = dependent.oid JOIN pg_namespace n ON n.oid = typnamespace
      WHERE class = 'pg_type'::regclass AND typtype IN ('d', 'r') AND nspname !~ '^pg_' AND nspname <> ALL ($2::text[])
  )
  SELECT named.kind, named.name, own.type, own.identity, named.class AS "catalogOid", named.oid,
    concat_ws(' ', source.type, source.identity) AS needs
  FROM named JOIN dependent USING (class, oid)
  CROSS JOIN LATERAL pg_identify_object(named.class, named.oid, 0) own
  CROSS JOIN LATERAL pg_identify_object(from_class, from_oid, 0) source ORDER BY 1, 2`;

/** Everything in scope that could not be created without the relations and schemas that are left out. */
export async function findDependents(
  session: Session,
  relationOids: readonly number[],
  schemas: readonly string[],
): Promise<Dependent[]> {
  return session.rows<Dependent & Record<string, unknown>>(
    "Looking for what needs what is left out",
    DEPENDENTS,
    [relationOids, schemas],
  );
}
