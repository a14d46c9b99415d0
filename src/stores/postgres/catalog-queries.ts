/**
 * What belongs to the operator, as the beginning of every catalog query ($1: excluded schemas). Objects of
 * extensions are left out: CREATE EXTENSION makes them again.
 */
export const USER_OBJECTS = `
  WITH extension_member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  user_schema AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL ($1::text[])
  ),
  relation AS (
    SELECT c.*, nspname, nspname || '.' || relname AS full_name
    FROM pg_class c JOIN user_schema ON user_schema.oid = relnamespace
    WHERE NOT EXISTS (
      SELECT FROM extension_member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
  ),
  routine AS (
    SELECT p.*, nspname, nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS full_name
    FROM pg_proc p JOIN user_schema ON user_schema.oid = pronamespace
    WHERE NOT EXISTS ( -- 'i': the constructors of range types
      SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype IN ('e', 'i'))
  ),
  user_type AS (
    SELECT t.*, nspname, nspname || '.' || typname AS full_name
    FROM pg_type t JOIN user_schema ON user_schema.oid = typnamespace
    WHERE NOT EXISTS (
      SELECT FROM extension_member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
  )`;

/** The column `needs`: other tables and views that an object refers to. By index, since databases hold thousands. */
const needsOf = (catalog: string, oid: string, own: string): string => `
     (SELECT array_agg(DISTINCT other_schema.nspname || '.' || other.relname) FROM pg_depend d
      JOIN pg_class other ON other.oid = refobjid JOIN pg_namespace other_schema ON other_schema.oid = other.relnamespace
      WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND refclassid = 'pg_class'::regclass
        AND refobjid <> ${own} AND other.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND other_schema.nspname !~ '^pg_' AND other_schema.nspname <> 'information_schema') AS needs`;

/**
 * One query for each kind of thing that the inventory names. Each gives `kind`, `name`, `shown` (short and no
 * secret) and `hashed` (a definition, of which only a hash is kept); what belongs to a table or is one gives its
 * name as `of`, what refers to other tables gives those as `needs`. They run with an empty search_path, so that
 * definitions name schemas, and their texts must come out equal after a restore: hence no oids, no positions of
 * columns, and nothing that Postgres invents by itself.
 */
export const SCHEMA_QUERIES: readonly string[] = [
  // A new database has the schema public, and a restore does not take it away.
  `SELECT 'schema' AS kind, nspname::text AS name, 'present' AS shown, NULL::text AS hashed FROM user_schema
   WHERE nspname <> 'public' AND NOT EXISTS (
     SELECT FROM extension_member WHERE classid = 'pg_namespace'::regclass AND objid = user_schema.oid)`,

  `SELECT 'columns' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     string_agg(
       concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
         CASE WHEN attnotnull THEN 'not null' END,
         CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END,
         'identity:' || attidentity::text, 'generated:' || attgenerated::text, pg_get_expr(adbin, adrelid)),
       E'\\n' ORDER BY attname) AS hashed
   FROM relation
   LEFT JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
   LEFT JOIN pg_type ON pg_type.oid = atttypid
   LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE relkind IN ('r', 'p', 'f') GROUP BY full_name`,

  `SELECT 'table options' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', relpersistence::text, relreplident::text,
       (SELECT string_agg(option, ',' ORDER BY option) FROM unnest(reloptions) option)) AS hashed
   FROM relation WHERE relkind IN ('r', 'p')
     AND (relpersistence <> 'p' OR relreplident <> 'd' OR reloptions IS NOT NULL)`,

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
       CASE WHEN indisclustered THEN 'clustered' END, CASE WHEN indisreplident THEN 'identity' END) AS hashed
   FROM pg_index JOIN relation ON relation.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
   LEFT JOIN pg_inherits ON inhrelid = indexrelid
   WHERE (indisvalid OR relation.relkind = 'p')
     AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`,

  // Foreign keys of partitions come from their parents, under names that Postgres invents.
  `SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'f' THEN 'foreign key'
       WHEN 'x' THEN 'exclusion constraint' ELSE 'check constraint' END AS kind,
     full_name || '.' || conname AS name, NULL::text AS shown, pg_get_constraintdef(pg_constraint.oid) AS hashed,
     full_name AS of, ${needsOf("pg_constraint", "pg_constraint.oid", "relation.oid")}
   FROM pg_constraint JOIN relation ON relation.oid = conrelid
   WHERE contype IN ('p', 'u', 'x', 'c') OR (contype = 'f' AND conparentid = 0)`,

  `SELECT 'row-level security' AS kind, full_name AS name, full_name AS of,
     CASE WHEN relforcerowsecurity THEN 'enabled, forced' ELSE 'enabled' END AS shown, NULL::text AS hashed
   FROM relation WHERE relrowsecurity`,

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
     concat_ws(' ', pg_get_viewdef(relation.oid), reloptions::text) AS hashed
   FROM relation JOIN pg_rewrite view_rule ON ev_class = relation.oid AND rulename = '_RETURN'
   WHERE relkind IN ('v', 'm')`,

  `SELECT 'foreign table' AS kind, full_name AS name, full_name AS of, NULL::text AS shown,
     concat_ws(' ', srvname::text, ftoptions::text) AS hashed
   FROM relation JOIN pg_foreign_table ON ftrelid = relation.oid JOIN pg_foreign_server s ON s.oid = ftserver`,

  `SELECT 'sequence' AS kind, full_name AS name, NULL::text AS shown,
     concat_ws(' ', format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
       (SELECT refobjid::regclass::text || '.' || attname FROM pg_depend
        JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype IN ('a', 'i')
          AND refclassid = 'pg_class'::regclass LIMIT 1)) AS hashed,
     (SELECT n.nspname || '.' || o.relname FROM pg_depend JOIN pg_class o ON o.oid = refobjid
      JOIN pg_namespace n ON n.oid = o.relnamespace
      WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype IN ('a', 'i')
        AND refclassid = 'pg_class'::regclass LIMIT 1) AS of
   FROM relation JOIN pg_sequence ON seqrelid = relation.oid`,

  `SELECT CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind, full_name AS name,
     NULL::text AS shown, pg_get_functiondef(oid) AS hashed
   FROM routine WHERE prokind <> 'a'`,

  `SELECT 'aggregate' AS kind, full_name AS name, NULL::text AS shown,
     concat_ws(' ', aggkind::text, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn,
       aggminvtransfn, aggmfinalfn, aggfinalmodify::text, aggsortop::regoperator, format_type(aggtranstype, NULL),
       agginitval, aggminitval, proparallel::text) AS hashed
   FROM routine JOIN pg_aggregate ON aggfnoid = routine.oid`,

  `SELECT 'enum' AS kind, full_name AS name, NULL::text AS shown,
     (SELECT string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder) FROM pg_enum
      WHERE enumtypid = user_type.oid) AS hashed
   FROM user_type WHERE typtype = 'e'`,

  `SELECT 'domain' AS kind, full_name AS name, NULL::text AS shown,
     concat_ws(' ', format_type(typbasetype, typtypmod), CASE WHEN typnotnull THEN 'not null' END, typdefault,
       typcollation::regcollation::text,
       (SELECT string_agg(conname || ' ' || pg_get_constraintdef(c.oid), ',' ORDER BY conname) FROM pg_constraint c
        WHERE contypid = user_type.oid AND contype = 'c')) AS hashed
   FROM user_type WHERE typtype = 'd'`,

  `SELECT 'composite type' AS kind, full_name AS name, NULL::text AS shown,
     (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ',' ORDER BY attnum)
      FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped) AS hashed
   FROM user_type WHERE typtype = 'c' AND (SELECT relkind = 'c' FROM pg_class WHERE pg_class.oid = typrelid)`,

  `SELECT 'range type' AS kind, full_name AS name, NULL::text AS shown,
     concat_ws(' ', format_type(rngsubtype, NULL), opcname, rngcollation::regcollation::text, rngcanonical,
       rngsubdiff) AS hashed
   FROM user_type JOIN pg_range ON rngtypid = user_type.oid JOIN pg_opclass ON pg_opclass.oid = rngsubopc`,

  `SELECT 'statistics' AS kind, user_schema.nspname || '.' || stxname AS name, NULL::text AS shown,
     pg_get_statisticsobjdef(s.oid) AS hashed, full_name AS of
   FROM pg_statistic_ext s JOIN user_schema ON user_schema.oid = stxnamespace JOIN relation ON relation.oid = stxrelid`,

  // plpgsql is in every new database.
  `SELECT 'extension' AS kind, extname::text AS name, 'in schema ' || nspname AS shown, NULL::text AS hashed
   FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'`,

  `SELECT 'event trigger' AS kind, evtname::text AS name,
     CASE evtenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END AS shown,
     concat_ws(' ', evtevent, evtfoid::regprocedure, evttags::text) AS hashed
   FROM pg_event_trigger WHERE NOT EXISTS (
     SELECT FROM extension_member WHERE classid = 'pg_event_trigger'::regclass AND objid = pg_event_trigger.oid)`,

  `SELECT 'publication' AS kind, pubname::text AS name, NULL::text AS shown,
     concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
       (SELECT string_agg(quote_ident(schemaname) || '.' || quote_ident(tablename), ',' ORDER BY schemaname, tablename)
        FROM pg_publication_tables t WHERE t.pubname = p.pubname AND NOT puballtables)) AS hashed
   FROM pg_publication p`,

  `SELECT 'large objects' AS kind, 'pg_largeobject' AS name, count(*)::text AS shown, NULL::text AS hashed
   FROM pg_largeobject_metadata HAVING count(*) > 0`,
];
