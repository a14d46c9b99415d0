import { FIRST_USER_OID, isNoMember } from "../catalog-queries.ts";

/** Types, routines, and what teaches Postgres to work with them. See queries.ts for the columns. */
export const TYPE_AND_CODE_QUERIES: readonly string[] = [
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
     (SELECT string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
        nullif(attcollation, 0)::regcollation::text), ',' ORDER BY attnum)
      FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0 AND NOT attisdropped) AS hashed
   FROM user_type WHERE typtype = 'c' AND (SELECT relkind = 'c' FROM pg_class WHERE pg_class.oid = typrelid)`,

  `SELECT 'range type' AS kind, full_name AS name, NULL::text AS shown,
     concat_ws(' ', format_type(rngsubtype, NULL), opcname, rngcollation::regcollation::text, rngcanonical,
       rngsubdiff, format_type(rngmultitypid, NULL)) AS hashed
   FROM user_type JOIN pg_range ON rngtypid = user_type.oid JOIN pg_opclass ON pg_opclass.oid = rngsubopc`,

  `SELECT 'base type' AS kind, full_name AS name, CASE WHEN typisdefined THEN NULL ELSE 'only a shell' END AS shown,
     concat_ws(' ', typinput, typoutput, typreceive, typsend, typmodin, typmodout, typlen, typbyval, typalign::text,
       typstorage::text, typcategory::text, typispreferred, typdelim::text, typdefault, format_type(typelem, NULL),
       typcollation <> 0) AS hashed
   FROM user_type WHERE (typtype = 'b' AND typcategory <> 'A') OR (typtype = 'p' AND NOT typisdefined)`,

  `SELECT 'cast' AS kind, castsource::regtype || ' to ' || casttarget::regtype AS name, NULL::text AS shown,
     concat_ws(' ', castcontext::text, castmethod::text, nullif(castfunc, 0)::regprocedure) AS hashed
   FROM pg_cast WHERE oid >= ${FIRST_USER_OID} AND NOT EXISTS ( -- 'i': from a range to its multirange
     SELECT FROM pg_depend WHERE classid = 'pg_cast'::regclass AND objid = pg_cast.oid AND deptype IN ('e', 'i'))`,

  `SELECT 'operator' AS kind,
     nspname || '.' || oprname || ' (' || concat_ws(', ', nullif(oprleft, 0)::regtype, nullif(oprright, 0)::regtype) || ')' AS name,
     NULL::text AS shown,
     concat_ws(' ', format_type(oprresult, NULL), nullif(oprcode, 0)::regprocedure, nullif(oprcom, 0)::regoperator,
       nullif(oprnegate, 0)::regoperator, nullif(oprrest, 0)::regprocedure, nullif(oprjoin, 0)::regprocedure,
       oprcanmerge, oprcanhash) AS hashed
   FROM pg_operator JOIN user_schema ON user_schema.oid = oprnamespace
   WHERE ${isNoMember("pg_operator", "pg_operator.oid")}`,

  `SELECT 'operator family' AS kind, nspname || '.' || opfname || ' using ' || amname AS name, NULL::text AS shown,
     concat_ws(E'\\n',
       (SELECT string_agg(concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose::text), ','
          ORDER BY amopstrategy, amopopr::regoperator::text) FROM pg_amop WHERE amopfamily = f.oid),
       (SELECT string_agg(concat_ws(' ', amprocnum, amproclefttype::regtype, amprocrighttype::regtype, amproc::regprocedure), ','
          ORDER BY amprocnum, amproc::regprocedure::text) FROM pg_amproc WHERE amprocfamily = f.oid)) AS hashed
   FROM pg_opfamily f JOIN user_schema ON user_schema.oid = opfnamespace JOIN pg_am ON pg_am.oid = opfmethod
   WHERE ${isNoMember("pg_opfamily", "f.oid")}`,

  `SELECT 'operator class' AS kind, nspname || '.' || opcname || ' using ' || amname AS name, NULL::text AS shown,
     concat_ws(' ', opfname, format_type(opcintype, NULL), opcdefault, nullif(opckeytype, 0)::regtype) AS hashed
   FROM pg_opclass c JOIN user_schema ON user_schema.oid = opcnamespace JOIN pg_am ON pg_am.oid = opcmethod
   JOIN pg_opfamily f ON f.oid = opcfamily
   WHERE ${isNoMember("pg_opclass", "c.oid")}`,

  // The column with the locale has another name since PostgreSQL 17, and was collcollate before 15.
  `SELECT 'collation' AS kind, nspname || '.' || collname AS name, NULL::text AS shown,
     concat_ws(' ', collprovider::text, collisdeterministic, collencoding,
       replace(coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate), '_', '-'),
       to_jsonb(c) ->> 'collicurules', CASE WHEN collprovider = 'c' THEN collctype END) AS hashed
   FROM pg_collation c JOIN user_schema ON user_schema.oid = collnamespace
   WHERE ${isNoMember("pg_collation", "c.oid")}`,

  `SELECT 'conversion' AS kind, nspname || '.' || conname AS name, NULL::text AS shown,
     concat_ws(' ', pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc::regprocedure,
       condefault) AS hashed
   FROM pg_conversion c JOIN user_schema ON user_schema.oid = connamespace
   WHERE ${isNoMember("pg_conversion", "c.oid")}`,

  `SELECT 'text search configuration' AS kind, nspname || '.' || cfgname AS name, NULL::text AS shown,
     concat_ws(' ', (SELECT identity FROM pg_identify_object('pg_ts_parser'::regclass, cfgparser, 0)),
       (SELECT string_agg(concat_ws(':', alias, mapdict::regdictionary), ',' ORDER BY alias, mapseqno)
        FROM pg_ts_config_map JOIN ts_token_type(cfgparser) ON tokid = maptokentype WHERE mapcfg = c.oid)) AS hashed
   FROM pg_ts_config c JOIN user_schema ON user_schema.oid = cfgnamespace
   WHERE ${isNoMember("pg_ts_config", "c.oid")}`,

  `SELECT 'text search dictionary' AS kind, nspname || '.' || dictname AS name, NULL::text AS shown,
     concat_ws(' ', (SELECT identity FROM pg_identify_object('pg_ts_template'::regclass, dicttemplate, 0)),
       dictinitoption) AS hashed
   FROM pg_ts_dict d JOIN user_schema ON user_schema.oid = dictnamespace
   WHERE ${isNoMember("pg_ts_dict", "d.oid")}`,

  `SELECT 'text search parser' AS kind, nspname || '.' || prsname AS name, NULL::text AS shown,
     concat_ws(' ', prsstart, prstoken, prsend, prsheadline, prslextype) AS hashed
   FROM pg_ts_parser p JOIN user_schema ON user_schema.oid = prsnamespace
   WHERE ${isNoMember("pg_ts_parser", "p.oid")}`,

  `SELECT 'text search template' AS kind, nspname || '.' || tmplname AS name, NULL::text AS shown,
     concat_ws(' ', tmplinit, tmpllexize) AS hashed
   FROM pg_ts_template t JOIN user_schema ON user_schema.oid = tmplnamespace
   WHERE ${isNoMember("pg_ts_template", "t.oid")}`,

  `SELECT 'transform' AS kind, trftype::regtype || ' for ' || lanname AS name, NULL::text AS shown,
     concat_ws(' ', nullif(trffromsql, 0)::regprocedure, nullif(trftosql, 0)::regprocedure) AS hashed
   FROM pg_transform t JOIN pg_language l ON l.oid = trflang
   WHERE ${isNoMember("pg_transform", "t.oid")}`,

  `SELECT 'language' AS kind, lanname::text AS name, NULL::text AS shown,
     concat_ws(' ', lanpltrusted, lanplcallfoid::regproc, laninline::regproc, lanvalidator::regproc) AS hashed
   FROM pg_language WHERE oid >= ${FIRST_USER_OID} AND ${isNoMember("pg_language", "pg_language.oid")}`,

  `SELECT 'access method' AS kind, amname::text AS name, NULL::text AS shown,
     concat_ws(' ', amhandler, amtype::text) AS hashed
   FROM pg_am WHERE oid >= ${FIRST_USER_OID} AND ${isNoMember("pg_am", "pg_am.oid")}`,
];
