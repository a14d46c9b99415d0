import { FIRST_USER_OID, isNoMember } from "../catalog-queries.ts";

/**
 * What belongs to the database as a whole, and what is said about objects. See queries.ts for the columns.
 *
 * @param major - of the server
 */
export function databaseQueries(major: number): string[] {
  return [
    // A new database has the schema public, and a restore does not take it away.
    `SELECT 'schema' AS kind, nspname::text AS name, 'present' AS shown, NULL::text AS hashed FROM user_schema
     WHERE nspname <> 'public' AND ${isNoMember("pg_namespace", "user_schema.oid")}`,

    // plpgsql is in every new database.
    `SELECT 'extension' AS kind, extname::text AS name, 'in schema ' || nspname AS shown, NULL::text AS hashed,
       extversion AS version
     FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'`,

    `SELECT 'event trigger' AS kind, evtname::text AS name,
       CASE evtenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END AS shown,
       concat_ws(' ', evtevent, evtfoid::regprocedure, evttags::text) AS hashed
     FROM pg_event_trigger WHERE ${isNoMember("pg_event_trigger", "pg_event_trigger.oid")}`,

    publicationQuery(major),

    `SELECT 'foreign-data wrapper' AS kind, fdwname::text AS name, NULL::text AS shown,
       concat_ws(' ', nullif(fdwhandler, 0)::regprocedure, nullif(fdwvalidator, 0)::regprocedure, fdwoptions::text) AS hashed
     FROM pg_foreign_data_wrapper w WHERE ${isNoMember("pg_foreign_data_wrapper", "w.oid")}`,

    `SELECT 'foreign server' AS kind, srvname::text AS name, NULL::text AS shown,
       concat_ws(' ', fdwname, srvtype, srvversion, srvoptions::text) AS hashed
     FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
     WHERE ${isNoMember("pg_foreign_server", "s.oid")}`,

    // Never their options: these hold passwords.
    `SELECT 'user mapping' AS kind, srvname || ' for ' || usename AS name, 'present' AS shown, NULL::text AS hashed
     FROM pg_user_mappings`,

    `SELECT CASE WHEN objsubid > 0 THEN 'column comment' ELSE 'relation comment' END AS kind,
       concat_ws('.', full_name, attname) AS name, NULL::text AS shown, description AS hashed,
       CASE WHEN relkind IN ('r', 'p', 'v', 'm', 'f') THEN full_name END AS of
     FROM pg_description JOIN relation ON classoid = 'pg_class'::regclass AND objoid = relation.oid
     LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND attnum > 0`,

    `${NAMED_OBJECTS}
     SELECT type || ' comment' AS kind, ${EVEN_IDENTITY} AS name, NULL::text AS shown, description AS hashed, of
     FROM pg_description JOIN named_object ON (class, object) = (classoid, objoid),
       pg_identify_object(classoid, objoid, objsubid)
     WHERE NOT (classoid = 'pg_namespace'::regclass AND description = 'standard public schema')`,

    `${NAMED_OBJECTS}
     SELECT type || ' security label' AS kind, ${EVEN_IDENTITY} || ' by ' || provider AS name, NULL::text AS shown, label AS hashed
     FROM pg_seclabel JOIN (SELECT * FROM named_object UNION ALL SELECT 'pg_class'::regclass, oid, NULL FROM relation) labelled
       ON (class, object) = (classoid, objoid), pg_identify_object(classoid, objoid, objsubid)`,
  ];
}

/** Of casts and transforms, server versions write the identity in two ways. */
const EVEN_IDENTITY = "replace(replace(identity, 'pg_catalog.', ''), ' on language ', ' language ')";

/** What of the operator's may be commented on, beside relations and columns. */
const NAMED_OBJECTS = `, named_object (class, object, of) AS (
    SELECT 'pg_namespace'::regclass, oid, NULL::text FROM user_schema
    UNION ALL SELECT 'pg_proc'::regclass, oid, NULL FROM routine
    UNION ALL SELECT 'pg_type'::regclass, oid, NULL FROM user_type
    UNION ALL SELECT 'pg_constraint'::regclass, c.oid, full_name FROM pg_constraint c JOIN relation ON relation.oid = conrelid
    UNION ALL SELECT 'pg_constraint'::regclass, c.oid, NULL FROM pg_constraint c JOIN user_type ON user_type.oid = contypid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid, full_name FROM pg_trigger t JOIN relation ON relation.oid = tgrelid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, full_name FROM pg_policy p JOIN relation ON relation.oid = polrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, full_name FROM pg_rewrite r JOIN relation ON relation.oid = ev_class
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, NULL FROM pg_statistic_ext s
      JOIN user_schema ON user_schema.oid = stxnamespace
    UNION ALL SELECT 'pg_publication'::regclass, oid, NULL FROM pg_publication
    UNION ALL SELECT 'pg_largeobject'::regclass, oid, NULL FROM pg_largeobject_metadata
    ${[
      ["pg_operator", "oprnamespace"],
      ["pg_opclass", "opcnamespace"],
      ["pg_opfamily", "opfnamespace"],
      ["pg_collation", "collnamespace"],
      ["pg_conversion", "connamespace"],
      ["pg_ts_config", "cfgnamespace"],
      ["pg_ts_dict", "dictnamespace"],
      ["pg_ts_parser", "prsnamespace"],
      ["pg_ts_template", "tmplnamespace"],
    ]
      .map(
        ([
          catalog = "",
          schema = "",
        ]) => `UNION ALL SELECT '${catalog}'::regclass, o.oid, NULL FROM ${catalog} o
      JOIN user_schema ON user_schema.oid = ${schema} WHERE ${isNoMember(catalog, "o.oid")}`,
      )
      .join("\n    ")}
    ${[
      "pg_cast",
      "pg_event_trigger",
      "pg_foreign_data_wrapper",
      "pg_foreign_server",
      "pg_language",
      "pg_transform",
      "pg_am",
    ]
      .map(
        (catalog) =>
          `UNION ALL SELECT '${catalog}'::regclass, o.oid, NULL FROM ${catalog} o WHERE o.oid >= ${FIRST_USER_OID} AND ${isNoMember(catalog, "o.oid")}`,
      )
      .join("\n    ")})`;

/** Tables of excluded schemas are not dumped, and so not in the restored publication either. */
function publicationQuery(major: number): string {
  // Row filters, lists of columns and whole schemas came with PostgreSQL 15, generated columns with 18.
  const [details, schemas] =
    major >= 15
      ? [
          // Not pg_publication_tables: its columns are those of the version that is asked where none were chosen.
          `, 'where ' || pg_get_expr(prqual, prrelid), 'columns ' || (SELECT string_agg(quote_ident(attname), ','
             ORDER BY attname) FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs))`,
          `(SELECT string_agg(quote_ident(nspname), ',' ORDER BY nspname) FROM pg_publication_namespace
            JOIN user_schema ON user_schema.oid = pnnspid WHERE pnpubid = p.oid)`,
        ]
      : ["", "NULL"];
  return `SELECT 'publication' AS kind, pubname::text AS name, NULL::text AS shown,
     concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
       nullif(to_jsonb(p) ->> 'pubgencols', 'n'), 'schemas:' || ${schemas},
       (SELECT string_agg(concat_ws(' ', quote_ident(relation.nspname) || '.' || quote_ident(relname)${details}), ','
          ORDER BY relation.nspname, relname)
        FROM pg_publication_rel JOIN relation ON relation.oid = prrelid WHERE prpubid = p.oid)) AS hashed
   FROM pg_publication p`;
}
