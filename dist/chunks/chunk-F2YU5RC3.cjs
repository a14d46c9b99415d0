const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  LibpqAccess: () => LibpqAccess,
  READER_COUNT: () => READER_COUNT,
  adviseOn: () => adviseOn,
  applyScope: () => applyScope,
  assembleInventory: () => assembleInventory,
  createMissingRoles: () => createMissingRoles,
  describePlatform: () => describePlatform,
  describeUncompared: () => describeUncompared,
  digestTables: () => digestTables,
  digestTogether: () => digestTogether,
  dropUnusedRoles: () => dropUnusedRoles,
  emptyTable: () => emptyTable,
  explainToolFault: () => explainToolFault,
  isOfPlatform: () => isOfPlatform,
  isSupabase: () => isSupabase,
  listKinds: () => listKinds,
  nameInFull: () => nameInFull,
  pinTexts: () => pinTexts,
  planDigest: () => planDigest,
  planLike: () => planLike,
  quoteInFull: () => quoteInFull,
  readCopiedTables: () => readCopiedTables,
  readKind: () => readKind,
  readPlatform: () => readPlatform,
  readRoleAttributes: () => readRoleAttributes,
  readSchemaObjects: () => readSchemaObjects,
  readTables: () => readTables,
  recordPlatform: () => recordPlatform,
  takeGroup: () => takeGroup,
  takeInventory: () => takeInventory,
  withSnapshot: () => withSnapshot,
  withoutPlatform: () => withoutPlatform
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_2BZOGI4J = require("./chunk-2BZOGI4J.cjs");
var import_chunk_E7U4CWV7 = require("./chunk-E7U4CWV7.cjs");
var import_chunk_6KJEVDUS = require("./chunk-6KJEVDUS.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var import_promises = require("node:fs/promises");
function canonicaliseExpression(text) {
  const opening = "(ARRAY[";
  let done = "";
  let rest = text;
  for (; ; ) {
    const start = findOutsideQuotes(rest, opening);
    if (start === -1) return done + rest;
    const array = readArray(rest, start + opening.length);
    const cast = array && ARRAY_CAST.exec(rest.slice(array.end));
    if (!array || !cast) {
      done += rest.slice(0, start + opening.length);
      rest = rest.slice(start + opening.length);
      continue;
    }
    const type = cast[1] ?? "";
    const elements = array.elements.map(
      (element) => element.startsWith("ARRAY[") ? canonicaliseExpression(`(${element})::${type}[]`) : `(${canonicaliseExpression(element)})::${type}`
    );
    done += `${rest.slice(0, start)}ARRAY[${elements.join(", ")}]`;
    rest = rest.slice(array.end + cast[0].length);
  }
}
function canonicaliseQuery(text) {
  return canonicaliseExpression(text.replace(TOKEN, (token) => token.endsWith(".") ? "" : token));
}
var NAME = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
var TOKEN = new RegExp(String.raw`'(?:[^']|'')*'|${NAME}\.(?=["\p{L}_*])|${NAME}`, "gu");
var ARRAY_CAST = /^\]\)::((?:"(?:[^"]|"")*"|\([\d, ]+\)|[^()[\]"',;:=<>])+)\[\]/u;
function findOutsideQuotes(text, what) {
  for (let position = 0; position < text.length; position += 1) {
    if (text.startsWith(what, position)) return position;
    position = skipQuoted(text, position);
  }
  return -1;
}
function readArray(text, start) {
  const elements = [];
  let depth = 0;
  let elementStart = start;
  for (let position = start; position < text.length; position += 1) {
    const character = text[position];
    if (character === "(" || character === "[") depth += 1;
    else if (character === "]" && depth === 0) {
      return { elements: [...elements, text.slice(elementStart, position)], end: position };
    } else if (character === ")" || character === "]") depth -= 1;
    else if (character === "," && depth === 0) {
      elements.push(text.slice(elementStart, position));
      elementStart = position + 2;
    }
    position = skipQuoted(text, position);
  }
  return void 0;
}
function skipQuoted(text, position) {
  const quote = text[position];
  if (quote !== "'" && quote !== '"') return position;
  for (let end = position + 1; end < text.length; end += 1) {
    if (text[end] !== quote) continue;
    if (text[end + 1] !== quote) return end;
    end += 1;
  }
  return text.length;
}
var OBJECTS_PER_QUERY = 200;
var PIECE_BYTES = 1024 * 1024;
async function readLargeObjects(session) {
  const digest = (0, import_node_crypto2.createHash)("sha256");
  let count = 0;
  for (let last = "0"; ; ) {
    const rows = await session.rows(
      "Reading the large objects",
      `SELECT oid::text AS id, (
         WITH RECURSIVE piece (number, size, digest) AS (
           SELECT 0, length(bytes), md5(bytes) FROM lo_get(large.oid, 0, ${PIECE_BYTES}) bytes
           UNION ALL
           SELECT number + 1, length(bytes), md5(bytes)
           FROM piece, lo_get(large.oid, (number + 1)::bigint * ${PIECE_BYTES}, ${PIECE_BYTES}) bytes
           WHERE size = ${PIECE_BYTES})
         SELECT string_agg(digest, '' ORDER BY number) FROM piece) AS digest
       FROM (SELECT oid FROM pg_largeobject_metadata WHERE oid > $1::oid ORDER BY oid LIMIT ${OBJECTS_PER_QUERY}) large
       ORDER BY oid`,
      [last]
    );
    for (const row of rows) digest.update(`${row.id} ${row.digest}
`);
    count += rows.length;
    last = rows.at(-1)?.id ?? last;
    if (rows.length < OBJECTS_PER_QUERY) break;
  }
  if (count === 0) return [];
  const definition = `${count}, ${digest.digest("hex").slice(0, 16)}`;
  return [{ kind: "large objects", name: "pg_largeobject", definition }];
}
function databaseQueries(major) {
  return [
    // A new database has the schema public, and a restore does not take it away.
    `SELECT 'schema' AS kind, nspname::text AS name, 'present' AS shown, NULL::text AS hashed FROM user_schema
     WHERE nspname <> 'public' AND ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_namespace", "user_schema.oid")}`,
    // plpgsql is in every new database.
    `SELECT 'extension' AS kind, extname::text AS name, 'in schema ' || nspname AS shown, NULL::text AS hashed,
       extversion AS version
     FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'`,
    `SELECT 'event trigger' AS kind, evtname::text AS name,
       CASE evtenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END AS shown,
       concat_ws(' ', evtevent, evtfoid::regprocedure, evttags::text) AS hashed
     FROM pg_event_trigger WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_event_trigger", "pg_event_trigger.oid")}`,
    publicationQuery(major),
    `SELECT 'foreign-data wrapper' AS kind, fdwname::text AS name, NULL::text AS shown,
       concat_ws(' ', nullif(fdwhandler, 0)::regprocedure, nullif(fdwvalidator, 0)::regprocedure, fdwoptions::text) AS hashed
     FROM pg_foreign_data_wrapper w WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_foreign_data_wrapper", "w.oid")}`,
    `SELECT 'foreign server' AS kind, srvname::text AS name, NULL::text AS shown,
       concat_ws(' ', fdwname, srvtype, srvversion, srvoptions::text) AS hashed
     FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
     WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_foreign_server", "s.oid")}`,
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
       ON (class, object) = (classoid, objoid), pg_identify_object(classoid, objoid, objsubid)`
  ];
}
var EVEN_IDENTITY = "replace(replace(identity, 'pg_catalog.', ''), ' on language ', ' language ')";
var NAMED_OBJECTS = `, named_object (class, object, of) AS (
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
  ["pg_ts_template", "tmplnamespace"]
].map(
  ([
    catalog = "",
    schema = ""
  ]) => `UNION ALL SELECT '${catalog}'::regclass, o.oid, NULL FROM ${catalog} o
      JOIN user_schema ON user_schema.oid = ${schema} WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)(catalog, "o.oid")}`
).join("\n    ")}
    ${[
  "pg_cast",
  "pg_event_trigger",
  "pg_foreign_data_wrapper",
  "pg_foreign_server",
  "pg_language",
  "pg_transform",
  "pg_am"
].map(
  (catalog) => `UNION ALL SELECT '${catalog}'::regclass, o.oid, NULL FROM ${catalog} o WHERE o.oid >= ${import_chunk_2BZOGI4J.FIRST_USER_OID} AND ${(0, import_chunk_2BZOGI4J.isNoMember)(catalog, "o.oid")}`
).join("\n    ")})`;
function publicationQuery(major) {
  const [details, schemas] = major >= 15 ? [
    // Not pg_publication_tables: its columns are those of the version that is asked where none were chosen.
    `, 'where ' || pg_get_expr(prqual, prrelid), 'columns ' || (SELECT string_agg(quote_ident(attname), ','
             ORDER BY attname) FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs))`,
    `(SELECT string_agg(quote_ident(nspname), ',' ORDER BY nspname) FROM pg_publication_namespace
            JOIN user_schema ON user_schema.oid = pnnspid WHERE pnpubid = p.oid)`
  ] : ["", "NULL"];
  return `SELECT 'publication' AS kind, pubname::text AS name, NULL::text AS shown,
     concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
       nullif(to_jsonb(p) ->> 'pubgencols', 'n'), 'schemas:' || ${schemas},
       (SELECT string_agg(concat_ws(' ', quote_ident(relation.nspname) || '.' || quote_ident(relname)${details}), ','
          ORDER BY relation.nspname, relname)
        FROM pg_publication_rel JOIN relation ON relation.oid = prrelid WHERE prpubid = p.oid)) AS hashed
   FROM pg_publication p`;
}
function needsOf(catalog, oid, own) {
  return `
     (SELECT array_agg(DISTINCT other_schema.nspname || '.' || other.relname) FROM pg_depend d
      JOIN pg_class other ON other.oid = refobjid JOIN pg_namespace other_schema ON other_schema.oid = other.relnamespace
      WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND refclassid = 'pg_class'::regclass
        AND refobjid <> ${own} AND other.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND other_schema.nspname !~ '^pg_' AND other_schema.nspname <> 'information_schema') AS needs`;
}
var RELATION_QUERIES = [
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
   FROM pg_statistic_ext s JOIN user_schema ON user_schema.oid = stxnamespace JOIN relation ON relation.oid = stxrelid`
];
var TYPE_AND_CODE_QUERIES = [
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
   FROM pg_cast WHERE oid >= ${import_chunk_2BZOGI4J.FIRST_USER_OID} AND NOT EXISTS ( -- 'i': from a range to its multirange
     SELECT FROM pg_depend WHERE classid = 'pg_cast'::regclass AND objid = pg_cast.oid AND deptype IN ('e', 'i'))`,
  `SELECT 'operator' AS kind,
     nspname || '.' || oprname || ' (' || concat_ws(', ', nullif(oprleft, 0)::regtype, nullif(oprright, 0)::regtype) || ')' AS name,
     NULL::text AS shown,
     concat_ws(' ', format_type(oprresult, NULL), nullif(oprcode, 0)::regprocedure, nullif(oprcom, 0)::regoperator,
       nullif(oprnegate, 0)::regoperator, nullif(oprrest, 0)::regprocedure, nullif(oprjoin, 0)::regprocedure,
       oprcanmerge, oprcanhash) AS hashed
   FROM pg_operator JOIN user_schema ON user_schema.oid = oprnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_operator", "pg_operator.oid")}`,
  `SELECT 'operator family' AS kind, nspname || '.' || opfname || ' using ' || amname AS name, NULL::text AS shown,
     concat_ws(E'\\n',
       (SELECT string_agg(concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose::text), ','
          ORDER BY amopstrategy, amopopr::regoperator::text) FROM pg_amop WHERE amopfamily = f.oid),
       (SELECT string_agg(concat_ws(' ', amprocnum, amproclefttype::regtype, amprocrighttype::regtype, amproc::regprocedure), ','
          ORDER BY amprocnum, amproc::regprocedure::text) FROM pg_amproc WHERE amprocfamily = f.oid)) AS hashed
   FROM pg_opfamily f JOIN user_schema ON user_schema.oid = opfnamespace JOIN pg_am ON pg_am.oid = opfmethod
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_opfamily", "f.oid")}`,
  `SELECT 'operator class' AS kind, nspname || '.' || opcname || ' using ' || amname AS name, NULL::text AS shown,
     concat_ws(' ', opfname, format_type(opcintype, NULL), opcdefault, nullif(opckeytype, 0)::regtype) AS hashed
   FROM pg_opclass c JOIN user_schema ON user_schema.oid = opcnamespace JOIN pg_am ON pg_am.oid = opcmethod
   JOIN pg_opfamily f ON f.oid = opcfamily
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_opclass", "c.oid")}`,
  // The column with the locale has another name since PostgreSQL 17, and was collcollate before 15.
  `SELECT 'collation' AS kind, nspname || '.' || collname AS name, NULL::text AS shown,
     concat_ws(' ', collprovider::text, collisdeterministic, collencoding,
       replace(coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', collcollate), '_', '-'),
       to_jsonb(c) ->> 'collicurules', CASE WHEN collprovider = 'c' THEN collctype END) AS hashed
   FROM pg_collation c JOIN user_schema ON user_schema.oid = collnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_collation", "c.oid")}`,
  `SELECT 'conversion' AS kind, nspname || '.' || conname AS name, NULL::text AS shown,
     concat_ws(' ', pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc::regprocedure,
       condefault) AS hashed
   FROM pg_conversion c JOIN user_schema ON user_schema.oid = connamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_conversion", "c.oid")}`,
  `SELECT 'text search configuration' AS kind, nspname || '.' || cfgname AS name, NULL::text AS shown,
     concat_ws(' ', (SELECT identity FROM pg_identify_object('pg_ts_parser'::regclass, cfgparser, 0)),
       (SELECT string_agg(concat_ws(':', alias, mapdict::regdictionary), ',' ORDER BY alias, mapseqno)
        FROM pg_ts_config_map JOIN ts_token_type(cfgparser) ON tokid = maptokentype WHERE mapcfg = c.oid)) AS hashed
   FROM pg_ts_config c JOIN user_schema ON user_schema.oid = cfgnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_ts_config", "c.oid")}`,
  `SELECT 'text search dictionary' AS kind, nspname || '.' || dictname AS name, NULL::text AS shown,
     concat_ws(' ', (SELECT identity FROM pg_identify_object('pg_ts_template'::regclass, dicttemplate, 0)),
       dictinitoption) AS hashed
   FROM pg_ts_dict d JOIN user_schema ON user_schema.oid = dictnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_ts_dict", "d.oid")}`,
  `SELECT 'text search parser' AS kind, nspname || '.' || prsname AS name, NULL::text AS shown,
     concat_ws(' ', prsstart, prstoken, prsend, prsheadline, prslextype) AS hashed
   FROM pg_ts_parser p JOIN user_schema ON user_schema.oid = prsnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_ts_parser", "p.oid")}`,
  `SELECT 'text search template' AS kind, nspname || '.' || tmplname AS name, NULL::text AS shown,
     concat_ws(' ', tmplinit, tmpllexize) AS hashed
   FROM pg_ts_template t JOIN user_schema ON user_schema.oid = tmplnamespace
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_ts_template", "t.oid")}`,
  `SELECT 'transform' AS kind, trftype::regtype || ' for ' || lanname AS name, NULL::text AS shown,
     concat_ws(' ', nullif(trffromsql, 0)::regprocedure, nullif(trftosql, 0)::regprocedure) AS hashed
   FROM pg_transform t JOIN pg_language l ON l.oid = trflang
   WHERE ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_transform", "t.oid")}`,
  `SELECT 'language' AS kind, lanname::text AS name, NULL::text AS shown,
     concat_ws(' ', lanpltrusted, lanplcallfoid::regproc, laninline::regproc, lanvalidator::regproc) AS hashed
   FROM pg_language WHERE oid >= ${import_chunk_2BZOGI4J.FIRST_USER_OID} AND ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_language", "pg_language.oid")}`,
  `SELECT 'access method' AS kind, amname::text AS name, NULL::text AS shown,
     concat_ws(' ', amhandler, amtype::text) AS hashed
   FROM pg_am WHERE oid >= ${import_chunk_2BZOGI4J.FIRST_USER_OID} AND ${(0, import_chunk_2BZOGI4J.isNoMember)("pg_am", "pg_am.oid")}`
];
function schemaQueries(major) {
  return [...RELATION_QUERIES, ...TYPE_AND_CODE_QUERIES, ...databaseQueries(major)];
}
var SEQUENCES_PER_QUERY = 100;
function nameInFull({ schema, name }) {
  return `${schema}.${name}`;
}
function quoteInFull({ schema, name }) {
  return `${(0, import_chunk_2BZOGI4J.quoteIdent)(schema)}.${(0, import_chunk_2BZOGI4J.quoteIdent)(name)}`;
}
async function readTables(session, excludedSchemas) {
  const namesOf = (types) => `coalesce(array_agg(attname::text ORDER BY attname) FILTER (WHERE ${types}), '{}')`;
  const rows = await session.rows(
    "Listing the tables",
    `${import_chunk_2BZOGI4J.USER_OBJECTS}
     SELECT oid, nspname::text AS schema, relname::text AS name, size::text AS "sizeBytes",
       columns, "keyColumns", "longColumns", "bytesColumns", "foreignColumns"
     FROM relation CROSS JOIN pg_table_size(oid) size CROSS JOIN LATERAL (
       SELECT ${namesOf("true")} AS columns,
         ${namesOf("EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))")} AS "keyColumns",
         ${namesOf("atttypid IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype)")} AS "longColumns",
         ${namesOf("atttypid = 'bytea'::regtype")} AS "bytesColumns",
         ${namesOf(`atttypid >= ${import_chunk_2BZOGI4J.FIRST_USER_OID}`)} AS "foreignColumns"
       FROM pg_attribute
       WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v') attributes
     WHERE relkind = 'r' ORDER BY size DESC, nspname, relname`,
    [excludedSchemas]
  );
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}
async function readSchemaObjects(session, excludedSchemas, expected) {
  const [server] = await session.rows(
    "Reading the server's version",
    "SELECT current_setting('server_version_num')::int / 10000 AS major"
  );
  const objects = [];
  for (const query of schemaQueries(server?.major ?? 0)) {
    const rows = await session.rows(
      "Reading the catalog",
      `${import_chunk_2BZOGI4J.USER_OBJECTS}
${query}`,
      [excludedSchemas]
    );
    objects.push(...rows.map(describeObject));
  }
  objects.push(...await (0, import_chunk_2BZOGI4J.readGrants)(session, excludedSchemas, expected));
  objects.push(...await readLargeObjects(session));
  return objects;
}
async function readSequenceValues(snapshot, excludedSchemas) {
  const work = "Reading the sequences";
  const names = await snapshot.leader.rows(
    work,
    `${import_chunk_2BZOGI4J.USER_OBJECTS}
     SELECT nspname::text AS schema, relname::text AS name FROM relation WHERE relkind = 'S'`,
    [excludedSchemas]
  );
  const values = [];
  for (let start = 0; start < names.length; start += SEQUENCES_PER_QUERY) {
    const group = names.slice(start, start + SEQUENCES_PER_QUERY);
    const sql = group.map(
      (name, position) => `SELECT ${position} AS position, last_value::text AS last, is_called AS "isCalled" FROM ${quoteInFull(name)}`
    );
    const rows = await snapshot.leader.rows(
      work,
      sql.join(" UNION ALL ")
    );
    for (const { position, last, isCalled } of rows) {
      const name = group[position];
      if (name) values.push({ ...name, last, isCalled });
    }
    await snapshot.unlock(snapshot.leader);
  }
  return values;
}
function describeObject({ kind, name, shown, hashed, query, version, of, needs }) {
  const texts = [hashed && canonicaliseExpression(hashed), query && canonicaliseQuery(query)];
  const hasText = hashed !== null || typeof query === "string";
  const hash = hasText ? hashDefinition(texts.filter((text) => typeof text === "string").join("\n")) : null;
  return {
    kind,
    name,
    definition: [shown, hash].filter((part) => part !== null).join(" "),
    ...version !== void 0 && { version },
    ...of && { table: of },
    ...needs && { needs }
  };
}
function hashDefinition(text) {
  return (0, import_node_crypto.createHash)("sha256").update(text).digest("hex").slice(0, 16);
}
function pinTexts(scope) {
  return `
  SET ${scope} search_path = '';
  SET ${scope} row_security = off;
  SET ${scope} TimeZone = 'UTC';
  SET ${scope} DateStyle = 'ISO, YMD';
  SET ${scope} IntervalStyle = 'postgres';
  SET ${scope} extra_float_digits = 1;
  SET ${scope} bytea_output = 'hex';
  SET ${scope} lc_monetary = 'C';
  SET ${scope} quote_all_identifiers = off;
  SET ${scope} standard_conforming_strings = on`;
}
var PINNED = pinTexts("LOCAL");
var BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
var UNLOCKED = "SAVEPOINT unlocked";
async function withSnapshot(connection, context, readerCount, work) {
  const snapshot = await Snapshot.open(connection, context, readerCount);
  try {
    return await work(snapshot);
  } finally {
    snapshot.cut();
  }
}
var Snapshot = class _Snapshot {
  /** For `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`; void once the sessions are ended. */
  id;
  /** Exported the snapshot: while it lives, others may join. */
  leader;
  /** For reading rows, several at once. */
  readers;
  constructor(id, leader, readers) {
    this.id = id;
    this.leader = leader;
    this.readers = readers;
  }
  /** @param readerCount - sessions beside the leader */
  static async open(connection, context, readerCount) {
    const sessions = [];
    const openSession = async () => {
      const session = await import_chunk_2BZOGI4J.Session.open(connection, context);
      sessions.push(session);
      return session;
    };
    try {
      const leader = await openSession();
      await leader.run("Opening a snapshot", `${BEGIN}; ${PINNED}`);
      const [exported] = await leader.rows(
        "Exporting the snapshot",
        "SELECT pg_catalog.pg_export_snapshot() AS id"
      );
      const id = exported?.id ?? "";
      await leader.run("Opening a snapshot", UNLOCKED);
      for (let count = 0; count < readerCount; count += 1) {
        const reader = await openSession();
        const join = `${BEGIN}; SET TRANSACTION SNAPSHOT '${id}'; ${PINNED}; ${UNLOCKED}`;
        await reader.run("Joining the snapshot", join);
      }
      return new _Snapshot(id, leader, sessions.slice(1));
    } catch (error) {
      for (const session of sessions) session.cut();
      throw error;
    }
  }
  /**
   * Lets a session give back its locks, of which a server has a limited number; it sees the same moment afterwards.
   * A transaction keeps a lock on every table, index and sequence that it has read.
   */
  async unlock(session) {
    await session.run("Giving back locks", `ROLLBACK TO ${UNLOCKED}`);
  }
  /** Ends all sessions at once, also under running statements: a transaction that only read has nothing to lose. */
  cut() {
    for (const session of [this.leader, ...this.readers]) session.cut();
  }
};
var DIGEST_METHOD = "postgres-chained-v2";
var SAMPLE_METHOD = "postgres-chained-sample-v2";
var WHOLE_ROW_METHOD = "postgres-hashtextextended-v1";
var COUNTS_METHOD = "counts";
var LONG_VALUE_BYTES = 1024 * 1024;
var NULL_TEXT = "'null 5b1c0a9e7f3d4862'";
var CHAIN_LENGTH = 50;
var DEFAULT_ONE_IN = 100;
function planDigest(table, rules) {
  const own = rules.tables?.find(
    ({ pattern }) => import_chunk_6KJEVDUS.NamePattern.parse(pattern, 2)?.matches(table.schema, table.name)
  );
  const isSmall = table.sizeBytes <= (rules.aboveBytes ?? 0) && rules.aboveBytes !== void 0;
  const depth = own?.depth ?? (isSmall ? "full" : rules.depth);
  if (depth === "counts") return { method: COUNTS_METHOD };
  if (depth === "sample") {
    return { method: SAMPLE_METHOD, oneIn: rules.oneIn ?? DEFAULT_ONE_IN, key: chooseKey(table) };
  }
  return void 0;
}
function chooseKey({ keyColumns, columns, longColumns }) {
  if (keyColumns.length > 0) return keyColumns;
  const short = columns.filter((column) => !longColumns.includes(column));
  return short.length > 0 ? short : columns;
}
async function digestTogether(reader, tables, plan, method) {
  const selects = tables.map((table, position) => {
    const digest = digestExpression(table, plan(table) ?? { method });
    return `SELECT ${position} AS position, count(*)::text AS rows, ${digest} AS digest FROM ONLY ${quoteInFull(table)}`;
  });
  const counted = await reader.rows(
    `Reading ${tables.map(nameInFull).join(", ")}`,
    selects.join(" UNION ALL ")
  );
  return counted.map(({ position, rows, digest }) => {
    const table = tables[position];
    const own = plan(table);
    const { pool } = table;
    return {
      name: nameInFull(table),
      rows: Number(rows),
      digest,
      ...own && { digestedBy: own },
      ...pool && { pool }
    };
  });
}
function digestExpression(table, { method, key = [], oneIn }) {
  const sum = (row, filter = "") => `coalesce(sum(${row})${filter}, 0)::text`;
  switch (method) {
    case DIGEST_METHOD:
      return sum(hashOfRow(table, table.columns));
    case SAMPLE_METHOD: {
      const isInSample = `${hashOfRow(table, key)} % ${oneIn ?? DEFAULT_ONE_IN} = 0`;
      return sum(hashOfRow(table, table.columns), ` FILTER (WHERE ${isInSample})`);
    }
    case WHOLE_ROW_METHOD:
      return sum(`hashtextextended(ROW(${table.columns.map(import_chunk_2BZOGI4J.quoteIdent).join(", ")})::text, 0)`);
    default:
      return "NULL::text";
  }
}
function hashOfRow(table, columns) {
  const chains = [];
  for (let start = 0; start < columns.length; start += CHAIN_LENGTH) {
    const chain = columns.slice(start, start + CHAIN_LENGTH).reduce((seed, column) => {
      const text = `coalesce(${textOf(table, column)}, ${NULL_TEXT}) COLLATE "C"`;
      return `hashtextextended(${text}, ${seed})`;
    }, "0");
    chains.push(chain);
  }
  return chains.length === 0 ? "0" : chains.reduce((seed, chain) => `hashint8extended(${chain}, ${seed})`);
}
function textOf({ bytesColumns, foreignColumns }, name) {
  const column = (0, import_chunk_2BZOGI4J.quoteIdent)(name);
  if (foreignColumns.includes(name)) return `ROW(${column})::text`;
  if (!bytesColumns.includes(name)) return `${column}::text`;
  return `CASE WHEN octet_length(${column}) < ${LONG_VALUE_BYTES} THEN ${column}::text ELSE encode(sha256(${column}), 'hex') END`;
}
var COMPARED = "compared";
var KINDS = {
  "ACCESS METHOD": COMPARED,
  ACL: COMPARED,
  AGGREGATE: COMPARED,
  BLOB: COMPARED,
  "BLOB METADATA": COMPARED,
  BLOBS: COMPARED,
  CAST: COMPARED,
  "CHECK CONSTRAINT": COMPARED,
  COLLATION: COMPARED,
  COMMENT: COMPARED,
  CONSTRAINT: COMPARED,
  CONVERSION: COMPARED,
  DEFAULT: COMPARED,
  "DEFAULT ACL": COMPARED,
  DOMAIN: COMPARED,
  "EVENT TRIGGER": COMPARED,
  EXTENSION: "Objects of extensions, with grants and comments on them: extensions are compared by name and schema, and their versions noted.",
  "FK CONSTRAINT": COMPARED,
  "FOREIGN DATA WRAPPER": COMPARED,
  "FOREIGN TABLE": COMPARED,
  FUNCTION: COMPARED,
  INDEX: COMPARED,
  "INDEX ATTACH": COMPARED,
  "MATERIALIZED VIEW": COMPARED,
  "MATERIALIZED VIEW DATA": "Materialized views: their definition is compared; their rows are computed again by the restore.",
  OPERATOR: COMPARED,
  "OPERATOR CLASS": COMPARED,
  "OPERATOR FAMILY": COMPARED,
  POLICY: COMPARED,
  "PROCEDURAL LANGUAGE": COMPARED,
  PROCEDURE: COMPARED,
  PUBLICATION: COMPARED,
  "PUBLICATION TABLE": COMPARED,
  "PUBLICATION TABLES IN SCHEMA": COMPARED,
  "ROW SECURITY": COMPARED,
  RULE: COMPARED,
  SCHEMA: COMPARED,
  "SECURITY LABEL": COMPARED,
  SEQUENCE: COMPARED,
  "SEQUENCE OWNED BY": COMPARED,
  "SEQUENCE SET": COMPARED,
  SERVER: COMPARED,
  "SHELL TYPE": COMPARED,
  STATISTICS: COMPARED,
  "STATISTICS DATA": "Statistics of the planner: ANALYZE makes them anew.",
  TABLE: COMPARED,
  "TABLE ATTACH": COMPARED,
  "TABLE DATA": COMPARED,
  "TEXT SEARCH CONFIGURATION": COMPARED,
  "TEXT SEARCH DICTIONARY": COMPARED,
  "TEXT SEARCH PARSER": COMPARED,
  "TEXT SEARCH TEMPLATE": COMPARED,
  TRANSFORM: COMPARED,
  TRIGGER: COMPARED,
  TYPE: COMPARED,
  "USER MAPPING": "User mappings: that they are there is compared; their options are not looked at, since they may hold passwords.",
  VIEW: COMPARED
};
var NO_OBJECTS = ["DATABASE", "DATABASE PROPERTIES", "ENCODING", "SEARCHPATH", "STDSTRINGS"];
var LONG_KINDS = [...Object.keys(KINDS), ...NO_OBJECTS].filter((kind) => kind.includes(" ")).sort((a, b) => b.length - a.length);
function readKind(rest) {
  return LONG_KINDS.find((long) => rest.startsWith(`${long} `)) ?? rest.split(" ")[0] ?? rest;
}
function listKinds(listing) {
  return new Set([...listing.matchAll(/^\d+; \d+ \d+ (.*)$/gm)].map(([, rest = ""]) => readKind(rest)));
}
function describeUncompared(kinds) {
  return [...kinds].filter((kind) => !NO_OBJECTS.includes(kind) && KINDS[kind] !== COMPARED).sort().map(
    (kind) => KINDS[kind] ?? `What pg_dump calls ${kind}: this version of lifeboat does not know it. It is restored, and not compared.`
  );
}
async function readPlatform(session, preset, keepSchemas) {
  if (preset === "none" || preset === void 0 && !await isSupabase(session)) return void 0;
  const [found] = await session.rows(
    "Looking for what belongs to Supabase",
    `SELECT ARRAY(SELECT nspname::text FROM pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY 1) AS schemas,
       ARRAY(SELECT extname::text FROM pg_extension WHERE extname = ANY ($2::text[]) ORDER BY 1) AS extensions,
       ARRAY(SELECT pubname::text FROM pg_publication WHERE pubname = ANY ($3::text[]) ORDER BY 1) AS publications,
       ARRAY(SELECT evtname::text FROM pg_event_trigger
             WHERE starts_with(pg_get_userbyid(evtowner), $4) ORDER BY 1) AS "eventTriggers"`,
    [
      Object.keys(import_chunk_E7U4CWV7.MANAGED_SCHEMAS).filter((schema) => !keepSchemas.includes(schema)),
      Object.keys(import_chunk_E7U4CWV7.PLATFORM_EXTENSIONS),
      import_chunk_E7U4CWV7.PLATFORM_PUBLICATIONS,
      import_chunk_E7U4CWV7.SUPABASE_SIGNS.ownerPrefix
    ]
  );
  return { name: "supabase", schemas: [], extensions: [], publications: [], eventTriggers: [], ...found };
}
async function isSupabase(session) {
  const [signs] = await session.rows(
    "Looking for Supabase",
    `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = ANY ($1::text[])) AS roles,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = $2 AND starts_with(pg_get_userbyid(nspowner), $3)) AS owned`,
    [import_chunk_E7U4CWV7.SUPABASE_SIGNS.roles, import_chunk_E7U4CWV7.SUPABASE_SIGNS.schema, import_chunk_E7U4CWV7.SUPABASE_SIGNS.ownerPrefix]
  );
  return signs?.roles === import_chunk_E7U4CWV7.SUPABASE_SIGNS.roles.length && signs.owned;
}
function recordPlatform({
  name,
  extensions,
  publications,
  eventTriggers
}) {
  return { name, extensions, publications, eventTriggers };
}
function describePlatform(platform, leftOut) {
  if (!platform) return leftOut;
  const { schemas, extensions, eventTriggers } = platform;
  const ofSchemas = schemas.map((schema) => ({
    what: `Schema ${schema}`,
    why: `${import_chunk_E7U4CWV7.MANAGED_SCHEMAS[schema]}.`
  }));
  const isOfPlatform2 = new Set(ofSchemas.map(({ what }) => what));
  return [
    ...leftOut.filter(({ what }) => !isOfPlatform2.has(what)),
    ...ofSchemas,
    ...extensions.map((extension) => ({
      what: `Extension ${extension}`,
      why: `It is made where the server offers it, and not compared: ${import_chunk_E7U4CWV7.PLATFORM_EXTENSIONS[extension]}.`
    })),
    ...eventTriggers.map((name) => ({ what: `Event trigger ${name}`, why: "It belongs to Supabase." }))
  ];
}
function withoutPlatform(objects, platform) {
  if (!platform) return [...objects];
  return objects.filter(
    ({ kind, name }) => !(kind === "extension" && platform.extensions.includes(name)) && !(kind === "publication" && platform.publications.includes(name)) && !(kind === "event trigger" && platform.eventTriggers.includes(name))
  );
}
function isOfPlatform({ kind, schema, tag }, { platform, excludedSchemas }) {
  if (kind === "PUBLICATION") return platform?.publications.includes(tag) === true;
  if (kind === "EVENT TRIGGER") return platform?.eventTriggers.includes(tag) === true;
  return SAID_OF_OBJECTS.has(kind) && schema !== null && excludedSchemas.includes(schema);
}
var SAID_OF_OBJECTS = /* @__PURE__ */ new Set(["ACL", "COMMENT", "SECURITY LABEL"]);
async function readPools(session) {
  const rows = await session.rows(
    "Listing the partitions by hash",
    `WITH by_enum AS (
       SELECT partrelid FROM pg_partitioned_table WHERE (
         SELECT pg_opclass.oid FROM pg_opclass JOIN pg_am ON pg_am.oid = opcmethod
         WHERE amname = 'hash' AND opcname = 'enum_ops' AND opcnamespace = 'pg_catalog'::regnamespace) = ANY (partclass)
     )
     SELECT relid::oid AS oid, nspname || '.' || relname AS pool
     FROM by_enum JOIN pg_class ON pg_class.oid = partrelid JOIN pg_namespace n ON n.oid = relnamespace
     CROSS JOIN LATERAL pg_partition_tree(partrelid) WHERE isleaf AND NOT EXISTS (
       SELECT FROM pg_partition_ancestors(partrelid) above(oid) WHERE above.oid <> partrelid
         AND above.oid IN (SELECT partrelid FROM by_enum))`
  );
  return new Map(rows.map(({ oid, pool }) => [oid, pool]));
}
var DEFINITION_METHOD = "postgres-catalog-v2";
var READER_COUNT = 2;
var TABLES_LOCKED = 10;
var SMALL_TABLE_BYTES = 256 * 1024;
async function takeInventory(connection, context, backup, label, part = {}) {
  const { excludedSchemas, scope, platform, inventory } = backup;
  return await withSnapshot(connection, context, READER_COUNT, async (snapshot) => {
    const found = await readSchemaObjects(snapshot.leader, excludedSchemas, inventory.schema);
    const schema = withoutPlatform(found, platform);
    const sequences = await readSequenceValues(snapshot, excludedSchemas);
    const tables = part.counted ?? await digestWanted(snapshot, context, backup, label, part);
    return applyScope(assembleInventory(tables, schema, sequences, inventory), scope);
  });
}
async function digestWanted(snapshot, context, backup, label, { isWanted }) {
  const tables = await readCopiedTables(snapshot.leader, backup, isWanted);
  const plan = planLike(backup);
  return await digestTables(snapshot, tables, plan, context, label, backup.inventory.digestMethod);
}
async function readCopiedTables(session, { excludedSchemas, scope }, isWanted = () => true) {
  const excluded = new Set(scope?.excluded);
  const tables = await readTables(session, excludedSchemas);
  const pools = await readPools(session);
  return tables.filter((table) => isWanted(nameInFull(table)) && !excluded.has(nameInFull(table))).map((table) => {
    const pool = pools.get(table.oid);
    return { ...table, ...pool !== void 0 && { pool } };
  });
}
function planLike({ inventory }) {
  const plans = new Map(inventory.tables.map(({ name, digestedBy }) => [name, digestedBy]));
  return (table) => plans.get(nameInFull(table));
}
async function digestTables(snapshot, tables, plan, { reporter }, label, method = DIGEST_METHOD) {
  const queue = [...tables];
  const inventories = [];
  const readQueue = async (reader) => {
    let locked = 0;
    for (let group = takeGroup(queue); group.length > 0; group = takeGroup(queue)) {
      if (locked + group.length > TABLES_LOCKED) {
        await snapshot.unlock(reader);
        locked = 0;
      }
      locked += group.length;
      inventories.push(...await digestTogether(reader, group, plan, method));
      reporter.progress({ label, done: inventories.length, total: tables.length, unit: "tables" });
    }
  };
  await Promise.all(snapshot.readers.map(readQueue));
  return inventories;
}
function takeGroup(queue, isSmall = ({ sizeBytes }) => sizeBytes <= SMALL_TABLE_BYTES) {
  const large = queue.slice(0, TABLES_LOCKED).findIndex((table) => !isSmall(table));
  return queue.splice(0, large < 0 ? TABLES_LOCKED : Math.max(1, large));
}
function assembleInventory(tables, schema, sequences, {
  digestMethod = DIGEST_METHOD,
  notCovered = []
} = {}) {
  const owners = new Map(
    schema.flatMap(({ kind, name, table }) => kind === "sequence" && table ? [[name, table]] : [])
  );
  const values = sequences.map((sequence) => {
    const name = nameInFull(sequence);
    const table = owners.get(name);
    return {
      kind: "sequence value",
      name,
      definition: `${sequence.last}, ${sequence.isCalled ? "used" : "not used yet"}`,
      ...table !== void 0 && { table }
    };
  });
  return {
    digestMethod,
    definitionMethod: DEFINITION_METHOD,
    tables: [...tables].sort((a, b) => compareText(a.name, b.name)),
    schema: [...schema, ...values].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name)),
    notCovered: [...notCovered]
  };
}
function emptyTable(table) {
  return { name: nameInFull(table), rows: 0, digest: "0" };
}
function applyScope(inventory, scope) {
  if (!scope) return inventory;
  const excluded = new Set(scope.excluded);
  const dangling = new Set(scope.dangling.map(({ kind, name }) => `${kind} ${name}`));
  const isIn = ({ kind, name, table }) => !excluded.has(table ?? name) && !dangling.has(`${kind} ${name}`) && (scope.largeObjects || kind !== "large objects");
  return (0, import_chunk_DAEGIV2F.narrowInventory)(
    {
      ...inventory,
      tables: inventory.tables.filter(({ name }) => !excluded.has(name)),
      schema: inventory.schema.filter(isIn)
    },
    { content: scope.content }
  ).inventory;
}
function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
async function readRoleAttributes(session, roles) {
  const rows = await session.rows(
    "Reading the roles",
    `SELECT rolname::text AS name, rolsuper OR rolbypassrls AS bypasses, rolinherit AS inherits,
       ARRAY(SELECT DISTINCT pg_get_userbyid(roleid)::text FROM pg_auth_members
             WHERE member = pg_roles.oid AND pg_get_userbyid(roleid) = ANY ($1::text[]) ORDER BY 1) AS "memberOf"
     FROM pg_roles WHERE rolname = ANY ($1::text[]) ORDER BY rolname`,
    [roles]
  );
  return rows.flatMap(({ name, bypasses, inherits, memberOf }) => {
    if (!bypasses && inherits && memberOf.length === 0) return [];
    return {
      name,
      ...bypasses && { bypassesRls: true },
      ...!inherits && { inherits: false },
      ...memberOf.length > 0 && { memberOf }
    };
  });
}
async function createMissingRoles(session, roles, { reporter }) {
  const found = await session.rows(
    "Looking for the roles of grants and policies",
    "SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::text[])",
    [roles.map(({ name }) => name)]
  );
  const missing = roles.filter(({ name }) => !found.some((role) => role.name === name));
  const created = [];
  for (const [position, role] of missing.entries()) {
    try {
      await makeRole(session, role, reporter);
      created.push(role);
      reporter.info(`Created the role ${role.name}, which grants or policies name`);
    } catch (error) {
      if (isThere(error)) continue;
      if (!isRefusal(error)) throw error;
      throw new import_chunk_E4TRGNTH.AppError(
        "STORE_RIGHTS_MISSING",
        `Grants and policies name roles that the target lacks: ${error.message}`,
        {
          hint: `Run there as an administrator: ${missing.slice(position).map(import_chunk_E7U4CWV7.createRole).join(" ")}`,
          cause: error
        }
      );
    }
  }
  const memberships = created.flatMap(import_chunk_E7U4CWV7.grantMemberships);
  if (memberships.length > 0) await session.run("Granting memberships", memberships.join(" "));
  return created.map(({ name }) => name);
}
async function makeRole(session, role, reporter) {
  const work = `Creating the role ${role.name}`;
  try {
    await session.run(work, (0, import_chunk_E7U4CWV7.createRole)(role));
  } catch (error) {
    if (!role.bypassesRls || !isRefusal(error)) throw error;
    await session.run(work, (0, import_chunk_E7U4CWV7.createRole)({ ...role, bypassesRls: false }));
    reporter.warn(
      `The role ${role.name} bypasses row-level security in the original, and cannot be given that here. Run as an administrator: ALTER ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(role.name)} BYPASSRLS;`
    );
  }
}
function isRefusal(error) {
  return error instanceof import_chunk_E4TRGNTH.AppError && error.code === "STORE_RIGHTS_MISSING";
}
function isThere(error) {
  const { code } = error.cause ?? {};
  return code === "42710" || code === "23505";
}
async function dropUnusedRoles(session, roles, { reporter }) {
  for (const role of roles) {
    try {
      await session.run(`Dropping the role ${role}`, `DROP ROLE IF EXISTS ${(0, import_chunk_2BZOGI4J.quoteIdent)(role)}`);
    } catch (error) {
      reporter.warn(`The role ${role} stays: ${error instanceof import_chunk_E4TRGNTH.AppError ? error.message : String(error)}`);
    }
  }
}
var GIVE_UP_AFTER_MS = 18e4;
var SERVICE = `[lifeboat]
keepalives=1
keepalives_idle=${import_chunk_2BZOGI4J.KEEP_ALIVE_AFTER_SECONDS}
keepalives_interval=15
keepalives_count=8
tcp_user_timeout=${GIVE_UP_AFTER_MS}
`;
var LibpqAccess = class _LibpqAccess {
  /** The variables; argv never names the server, and holds no secret. */
  env;
  #scratch;
  constructor(env, scratch) {
    this.env = env;
    this.#scratch = scratch;
  }
  static async open(connection) {
    const scratch = await import_chunk_PKNFJV47.Scratch.create();
    try {
      return new _LibpqAccess(await prepare(connection, scratch), scratch);
    } catch (error) {
      await scratch.remove();
      throw error;
    }
  }
  async close() {
    await this.#scratch.remove();
  }
  async [Symbol.asyncDispose]() {
    await this.close();
  }
};
async function prepare(connection, scratch) {
  const { host, port, user, password, database, tls, channelBinding } = connection;
  const options = (0, import_chunk_2BZOGI4J.startupOptions)(connection);
  const write = async (name, content) => {
    await (0, import_promises.writeFile)(scratch.file(name), content, { mode: 384 });
    return scratch.file(name);
  };
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...password && { PGPASSWORD: password.reveal() },
    // Without them libpq would look into the home directory of whoever runs us.
    PGPASSFILE: "/dev/null",
    PGSYSCONFDIR: scratch.path,
    PGSERVICEFILE: await write("service.conf", SERVICE),
    PGSERVICE: "lifeboat",
    PGSSLMODE: tls.mode,
    PGSSLROOTCERT: tls.authorities === void 0 ? scratch.file("none") : await write("ca.pem", tls.authorities),
    PGSSLCERT: tls.client ? await write("client.pem", tls.client.certificate) : scratch.file("none"),
    PGSSLKEY: tls.client ? await write("client.key", tls.client.key) : scratch.file("none"),
    ...options !== void 0 && { PGOPTIONS: options },
    ...channelBinding !== void 0 && { PGCHANNELBINDING: channelBinding },
    // Kerberos would be tried first, and wait for a realm that does not answer.
    PGGSSENCMODE: "disable",
    PGAPPNAME: "lifeboat",
    PGCONNECT_TIMEOUT: String(import_chunk_2BZOGI4J.CONNECT_TIMEOUT_SECONDS)
  };
}
var ADVICE = [
  {
    says: /extension "[^"]+" is not available|could not open extension control file/,
    hint: "Restore into a server that offers the extension, or install it there."
  },
  {
    says: /role "[^"]+" does not exist/,
    hint: "Create the role in the target (CREATE ROLE \u2026 NOLOGIN) and restore again."
  },
  {
    says: /canceling statement due to (statement|lock) timeout/,
    hint: "A table stayed locked by someone else: run at a quieter time, or look at pg_locks."
  },
  {
    says: /permission denied|must be (owner|superuser|member)/,
    hint: "Give the role the right that the message names, or use a role that has it."
  },
  {
    says: import_chunk_2BZOGI4J.DISK_FULL,
    hint: "Free space where the message says, and try again."
  },
  { says: /out of shared memory/, hint: import_chunk_2BZOGI4J.FEW_LOCKS },
  {
    says: /invalid memory alloc request size|(enlarge string buffer|string buffer exceeds)/,
    hint: "A row of that table is longer than the 1 GB of text that a server can send, where bytea counts twice: make it shorter, or leave the table's rows out (exclude-data)."
  },
  {
    says: /server version mismatch|unrecognized configuration parameter/,
    hint: "Use a client and a target server of the major version that the backup came from."
  },
  {
    says: /terminating connection|server closed the connection|connection to server/,
    hint: "The connection was cut: look at the server's log, and at limits of a pooler or firewall in between."
  }
];
function adviseOn(said) {
  return ADVICE.find(({ says }) => says.test(said))?.hint;
}
function explainToolFault(error, program, said) {
  if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "TOOL_FAILED") return error;
  const how = /(was ended by \w+|exited with status \d+)/.exec(error.message)?.[0] ?? "failed";
  return new import_chunk_E4TRGNTH.AppError(
    import_chunk_2BZOGI4J.DISK_FULL.test(said) ? "DISK_FULL" : "TOOL_FAILED",
    `${program} ${how}. ${said === "" ? "It printed no reason." : `It said:
${said}`}`,
    {
      hint: adviseOn(said) ?? error.hint,
      cause: error
    }
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  LibpqAccess,
  READER_COUNT,
  adviseOn,
  applyScope,
  assembleInventory,
  createMissingRoles,
  describePlatform,
  describeUncompared,
  digestTables,
  digestTogether,
  dropUnusedRoles,
  emptyTable,
  explainToolFault,
  isOfPlatform,
  isSupabase,
  listKinds,
  nameInFull,
  pinTexts,
  planDigest,
  planLike,
  quoteInFull,
  readCopiedTables,
  readKind,
  readPlatform,
  readRoleAttributes,
  readSchemaObjects,
  readTables,
  recordPlatform,
  takeGroup,
  takeInventory,
  withSnapshot,
  withoutPlatform
});
