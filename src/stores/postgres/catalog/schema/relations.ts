/** The column `needs`: other tables and views that an object refers to. By index, since databases hold thousands. */
function needsOf(catalog: string, oid: string, own: string): string {
  return `
     (SELECT array_agg(DISTINCT other_schema.nspname || '.' || other.relname) FROM pg_depend d
      JOIN pg_class other ON other.oid = refobjid JOIN pg_namespace other_schema ON other_schema.oid = other.relnamespace
      WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND refclassid = 'pg_class'::regclass
        AND refobjid <> ${own} AND other.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND other_schema.nspname !~ '^pg_' AND other_schema.nspname <> 'information_schema') AS needs`;
}

/** Tables, and all that hangs on one. See queries.ts for what the columns of these queries mean. */
export const RELATION_QUERIES: readonly string[] = [
  // Of views only those with defaults of their own: all else is in the view's definition.
  `SELECT 'columns' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     string_agg(
       concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
         CASE WHEN attnotnull THEN 'not null' END,
         CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END,
         'identity:' || attidentity::text, 'generated:' || attgenerated::text, pg_get_expr(adbin, adrelid),
         CASE WHEN attstorage <> typstorage THEN 'storage:' || attstorage::text END,
         'compression:' || nullif(attcompression::text, ''), 'statistics:' || nullif(attstattarget, -1),
         attoptions::text, attfdwoptions::text),
       E'\\n' ORDER BY attname) AS hashed
   FROM relation
   LEFT JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
   LEFT JOIN pg_type ON pg_type.oid = atttypid
   LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE relkind IN ('r', 'p', 'f')
     OR (relkind = 'v' AND EXISTS (SELECT FROM pg_attrdef WHERE adrelid = relation.oid))
   GROUP BY full_name`,

  `SELECT 'table options' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', relpersistence::text, relreplident::text,
       (SELECT string_agg(option, ',' ORDER BY option) FROM unnest(reloptions) option),
       'toast:' || (SELECT string_agg(option, ',' ORDER BY option) FROM pg_class toast, unnest(toast.reloptions) option
                    WHERE toast.oid = relation.reltoastrelid),
       'method:' || nullif(amname, 'heap'), 'of ' || nullif(reloftype, 0)::regtype::text) AS hashed
   FROM relation LEFT JOIN pg_am ON pg_am.oid = relam WHERE relkind IN ('r', 'p', 'm')
     AND (relpersistence <> 'p' OR relreplident NOT IN ('d', 'n') OR reloptions IS NOT NULL OR amname <> 'heap'
       OR reloftype <> 0 OR EXISTS (SELECT FROM pg_class toast
         WHERE toast.oid = relation.reltoastrelid AND toast.reloptions IS NOT NULL))`,

  `SELECT 'partitioned table' AS kind, full_name AS name, full_name AS of, NULL::text AS shown, pg_get_partkeydef(oid) AS hashed
   FROM relation WHERE relkind = 'p'`,

  `SELECT CASE WHEN relispartition THEN 'partition' ELSE 'inheritance' END AS kind, full_name AS name,
     'of ' || parents AS shown, pg_get_expr(relpartbound, oid) AS hashed, full_name AS of, needs
   FROM relation, LATERAL (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) AS parents,
       array_agg(n.nspname || '.' || p.relname) AS needs
     FROM pg_inherits JOIN pg_class p ON p.oid = inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
     WHERE inhrelid = relation.oid) inherited
   WHERE relkind IN ('r', 'p', 'f') AND parents IS NOT NULL`,

  // Indexes behind constraints are named as those; pg_dump leaves invalid ones out.
  `SELECT 'index' AS kind, nspname || '.' || i.relname AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', pg_get_indexdef(indexrelid), 'of ' || inhparent::regclass::text,
       CASE WHEN indisclustered THEN 'clustered' END, CASE WHEN indisreplident THEN 'identity' END,
       (SELECT string_agg(attnum || ':' || attstattarget, ',' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = indexrelid AND attstattarget >= 0)) AS hashed
   FROM pg_index JOIN relation ON relation.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
   LEFT JOIN pg_inherits ON inhrelid = indexrelid
   WHERE (indisvalid OR relation.relkind = 'p')
     AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`,

  // Foreign keys of partitions come from their parents, under names that Postgres invents. Of NOT NULL, which
  // PostgreSQL 18 keeps as constraints, only what the columns do not say.
  `SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'f' THEN 'foreign key'
       WHEN 'x' THEN 'exclusion constraint' WHEN 'n' THEN 'not-null constraint' ELSE 'check constraint' END AS kind,
     full_name || '.' || conname AS name, full_name AS of, ${needsOf("pg_constraint", "c.oid", "relation.oid")},
     NULL::text AS shown,
     concat_ws(' ', pg_get_constraintdef(c.oid),
       CASE WHEN contype IN ('p', 'u', 'x') THEN pg_get_indexdef(conindid) END,
       CASE WHEN indisclustered THEN 'clustered' END, CASE WHEN indisreplident THEN 'identity' END) AS hashed
   FROM pg_constraint c JOIN relation ON relation.oid = conrelid
   LEFT JOIN pg_index ON indexrelid = conindid AND contype IN ('p', 'u', 'x')
   WHERE contype IN ('p', 'u', 'x', 'c') OR (contype = 'f' AND conparentid = 0)
     OR (contype = 'n' AND (connoinherit OR NOT convalidated))`,

  `SELECT 'row-level security' AS kind, full_name AS name, full_name AS of,
     concat_ws(', ', CASE WHEN relrowsecurity THEN 'enabled' ELSE 'not enabled' END,
       CASE WHEN relforcerowsecurity THEN 'forced' END) AS shown, NULL::text AS hashed
   FROM relation WHERE relrowsecurity OR relforcerowsecurity`,

  `SELECT 'policy' AS kind, full_name || '.' || polname AS name, full_name AS of,
     ${needsOf("pg_policy", "pg_policy.oid", "polrelid")}, NULL::text AS shown,
     concat_ws(E'\\n', polcmd::text, polpermissive::text,
       (SELECT string_agg(coalesce(rolname::text, 'public'), ',' ORDER BY rolname)
        FROM unnest(polroles) role LEFT JOIN pg_roles ON pg_roles.oid = role),
       'using ' || pg_get_expr(polqual, polrelid), 'check ' || pg_get_expr(polwithcheck, polrelid)) AS hashed
   FROM pg_policy JOIN relation ON relation.oid = polrelid`,

  `SELECT 'trigger' AS kind, full_name || '.' || tgname AS name, full_name AS of,
     ${needsOf("pg_trigger", "pg_trigger.oid", "tgrelid")},
     CASE tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END AS shown,
     pg_get_triggerdef(pg_trigger.oid) AS hashed
   FROM pg_trigger JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal`,

  `SELECT 'rule' AS kind, full_name || '.' || rulename AS name, full_name AS of,
     ${needsOf("pg_rewrite", "pg_rewrite.oid", "ev_class")}, NULL::text AS shown,
     pg_get_ruledef(pg_rewrite.oid) || ev_enabled::text AS hashed
   FROM pg_rewrite JOIN relation ON relation.oid = ev_class WHERE rulename <> '_RETURN'`,

  `SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind, full_name AS name,
     full_name AS of, ${needsOf("pg_rewrite", "view_rule.oid", "relation.oid")},
     CASE WHEN relkind = 'm' AND NOT relispopulated THEN 'not populated' END AS shown,
     concat_ws(' ', CASE WHEN relkind = 'v' THEN reloptions::text END,
       (SELECT string_agg(DISTINCT type || ' ' || identity, ', ')
        FROM pg_depend, pg_identify_object(refclassid, refobjid, refobjsubid)
        WHERE classid = 'pg_rewrite'::regclass AND objid = view_rule.oid AND refobjid <> relation.oid)) AS hashed,
     pg_get_viewdef(relation.oid) AS query
   FROM relation JOIN pg_rewrite view_rule ON ev_class = relation.oid AND rulename = '_RETURN'
   WHERE relkind IN ('v', 'm')`,

  `SELECT 'foreign table' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', srvname::text, ftoptions::text) AS hashed
   FROM relation JOIN pg_foreign_table ON ftrelid = relation.oid JOIN pg_foreign_server s ON s.oid = ftserver`,

  `SELECT 'sequence' AS kind, full_name AS name, NULL::text AS shown, owner.of,
     concat_ws(' ', format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
       nullif(relpersistence::text, 'p'), owner.table_column) AS hashed
   FROM relation JOIN pg_sequence ON seqrelid = relation.oid LEFT JOIN LATERAL (
     SELECT n.nspname || '.' || o.relname AS of, refobjid::regclass::text || '.' || attname AS table_column
     FROM pg_depend JOIN pg_class o ON o.oid = refobjid JOIN pg_namespace n ON n.oid = o.relnamespace
     JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
     WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype IN ('a', 'i')
       AND refclassid = 'pg_class'::regclass LIMIT 1) owner ON true`,

  `SELECT 'statistics' AS kind, user_schema.nspname || '.' || stxname AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', pg_get_statisticsobjdef(s.oid), nullif(stxstattarget, -1)) AS hashed
   FROM pg_statistic_ext s JOIN user_schema ON user_schema.oid = stxnamespace JOIN relation ON relation.oid = stxrelid`,
];
