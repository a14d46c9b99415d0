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
  diagnosePostgresTarget: () => diagnosePostgresTarget
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_2BZOGI4J = require("./chunk-2BZOGI4J.cjs");
var import_chunk_L6PHXGBH = require("./chunk-L6PHXGBH.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_XPUIUB4A = require("./chunk-XPUIUB4A.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
async function diagnosePostgresTarget(target, source, context) {
  const needs = source && await readNeeds(source, context).catch(ignoreFindings);
  try {
    const connection = (0, import_chunk_2BZOGI4J.parsePostgresAddress)(target.store, target, context.redactor);
    (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(connection);
    return await (0, import_chunk_2BZOGI4J.withSession)(connection, context, async (session) => {
      const { version, major } = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, connection);
      return [
        (0, import_chunk_CW2N472Z.good)("connection", `PostgreSQL ${version} at ${(0, import_chunk_2BZOGI4J.describeConnection)(connection)}`),
        ...await lookAtReplica(session),
        await lookAtRights(session, connection.user, needs),
        ...needs ? [compareVersions(needs, { major, version }), await lookAtExtensions(session, needs, major)] : [],
        ...await (0, import_chunk_2BZOGI4J.findLeftovers)(session, connection.database, context)
      ];
    });
  } catch (error) {
    return [(0, import_chunk_CW2N472Z.explainAsFinding)("connection", error)];
  }
}
function ignoreFindings(error) {
  (0, import_chunk_CW2N472Z.explainAsFinding)("connection", error);
}
async function readNeeds(source, context) {
  const connection = (0, import_chunk_2BZOGI4J.parsePostgresAddress)(source.name, source, context.redactor);
  (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(connection);
  return await (0, import_chunk_2BZOGI4J.withSession)(connection, context, async (session) => {
    const { version, major } = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, connection);
    const roles = await (0, import_chunk_2BZOGI4J.readNamedRoles)(session, source.excludeSchemas ?? []);
    return { version, major, roles, extensions: await (0, import_chunk_2BZOGI4J.readExtensions)(session) };
  });
}
async function lookAtReplica(session) {
  if (!await (0, import_chunk_2BZOGI4J.readIsReplica)(session)) return [];
  return [(0, import_chunk_CW2N472Z.bad)("replica", "The server is a read replica: nothing can be restored into it.", import_chunk_2BZOGI4J.GIVE_PRIMARY)];
}
async function lookAtRights(session, user, needs) {
  const [role] = await session.rows(
    "Reading the role's rights",
    `SELECT rolsuper OR rolcreatedb AS "createsDatabases", rolsuper OR rolcreaterole AS "createsRoles",
            ARRAY(SELECT name FROM unnest($1::text[]) name
                  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)) AS missing
     FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    [needs?.roles ?? []]
  );
  const missing = role?.missing ?? [];
  const lacks = [];
  const mending = [];
  if (!role?.createsDatabases) {
    lacks.push("create databases");
    mending.push(`ALTER ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(user)} CREATEDB;`);
  }
  if (missing.length > 0 && !role?.createsRoles) {
    lacks.push(`create the roles that policies and grants name (${missing.join(", ")})`);
    mending.push(...missing.map((name) => `CREATE ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)} NOLOGIN;`));
  }
  if (lacks.length > 0) return (0, import_chunk_CW2N472Z.bad)("rights", `${user} may not ${lacks.join(", nor ")}.`, mending.join(" "));
  return (0, import_chunk_CW2N472Z.good)("rights", `${user} may create the database of a drill`);
}
function compareVersions(needs, target) {
  const found = `The source is PostgreSQL ${needs.version}, and the target PostgreSQL ${target.version}`;
  if (target.major >= needs.major) return (0, import_chunk_CW2N472Z.good)("version", found);
  return (0, import_chunk_CW2N472Z.bad)("version", `${found}, which is older.`, `Drill on PostgreSQL ${needs.major} or later.`);
}
async function lookAtExtensions(session, { extensions }, major) {
  if (extensions.length === 0) return (0, import_chunk_CW2N472Z.good)("extensions", "The source uses none");
  const missing = await (0, import_chunk_2BZOGI4J.findMissingExtensions)(session, extensions);
  if (missing.length === 0) return (0, import_chunk_CW2N472Z.good)("extensions", `The target offers ${extensions.join(", ")}`);
  return (0, import_chunk_CW2N472Z.bad)(
    "extensions",
    `The target does not offer ${missing.join(", ")}.`,
    (0, import_chunk_2BZOGI4J.adviseExtensions)(missing, major)
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  diagnosePostgresTarget
});
