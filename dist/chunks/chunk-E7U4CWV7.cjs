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
  EXTENSION_SCHEMA: () => EXTENSION_SCHEMA,
  MANAGED_SCHEMAS: () => MANAGED_SCHEMAS,
  PLATFORM_EXTENSIONS: () => PLATFORM_EXTENSIONS,
  PLATFORM_PUBLICATIONS: () => PLATFORM_PUBLICATIONS,
  SUPABASE_SIGNS: () => SUPABASE_SIGNS,
  createRole: () => createRole,
  grantMemberships: () => grantMemberships,
  listRoles: () => listRoles,
  quoteIdentifier: () => quoteIdentifier
});
module.exports = __toCommonJS(stdin_exports);
var SUPABASE_SIGNS = {
  roles: ["anon", "authenticated", "service_role"],
  /** Owned by a role of this prefix. */
  schema: "auth",
  ownerPrefix: "supabase_"
};
var MADE_BY_EXTENSION = "An extension makes it and fills it";
var OF_PLATFORM = "Supabase makes it in every project";
var MANAGED_SCHEMAS = {
  _analytics: OF_PLATFORM,
  _realtime: OF_PLATFORM,
  _supavisor: OF_PLATFORM,
  cron: "Jobs of pg_cron: keep their cron.schedule(\u2026) calls in a migration, and run it after a restore",
  dbdev: MADE_BY_EXTENSION,
  etl: OF_PLATFORM,
  extensions: "It holds extensions, which are created again",
  graphql: MADE_BY_EXTENSION,
  graphql_public: MADE_BY_EXTENSION,
  net: "Requests that pg_net has not sent yet, and answers to the last ones",
  pgbouncer: OF_PLATFORM,
  pgmq: "Queues of pgmq with their messages",
  pgsodium: "Keys of pgsodium: their root key is outside of the database",
  pgsodium_masks: MADE_BY_EXTENSION,
  pgtle: MADE_BY_EXTENSION,
  realtime: "Supabase makes it in every project; policies on realtime.messages are written again by hand",
  repack: MADE_BY_EXTENSION,
  storage: "Names and policies of stored files (the files themselves are in no database): keep-schemas: [storage] brings them",
  supabase_functions: "Supabase makes it with the first database webhook",
  tiger: MADE_BY_EXTENSION,
  tiger_data: MADE_BY_EXTENSION,
  topology: MADE_BY_EXTENSION,
  vault: "Secrets of Vault: their key is outside of the database. Keep what vault.decrypted_secrets shows in another place"
};
var PLATFORM_EXTENSIONS = {
  hypopg: "nothing but a tool for tuning is missing without it",
  index_advisor: "nothing but a tool for tuning is missing without it",
  pg_cron: "without it no job runs by itself",
  pg_graphql: "without it there is no GraphQL interface; it holds no data",
  pg_net: "without it functions that send requests, as database webhooks do, fail when they are called",
  pg_repack: "nothing but a tool for maintenance is missing without it",
  pg_tle: "extensions that were installed through it are missing",
  pgaudit: "without it the server's log says less",
  pgjwt: "without it functions that sign or verify tokens fail when they are called",
  pgmq: "without it queues are missing",
  pgsodium: "what it encrypted cannot be read",
  "supabase-dbdev": "without it packages of database.dev cannot be installed",
  supabase_vault: "without it functions that read secrets fail when they are called"
};
var PLATFORM_PUBLICATIONS = ["supabase_realtime_messages_publication"];
var EXTENSION_SCHEMA = {
  name: "extensions",
  usedBy: ["anon", "authenticated", "service_role"]
};
function listRoles({
  roles,
  roleAttributes = []
}) {
  return roles.map((name) => roleAttributes.find((role) => role.name === name) ?? { name });
}
function createRole({ name, bypassesRls = false, inherits = true }) {
  const attributes = [...bypassesRls ? ["BYPASSRLS"] : [], ...inherits ? [] : ["NOINHERIT"]];
  return `CREATE ROLE ${[quoteIdentifier(name), "NOLOGIN", ...attributes].join(" ")};`;
}
function grantMemberships({ name, memberOf = [] }) {
  return memberOf.map((group) => `GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(name)};`);
}
function quoteIdentifier(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  EXTENSION_SCHEMA,
  MANAGED_SCHEMAS,
  PLATFORM_EXTENSIONS,
  PLATFORM_PUBLICATIONS,
  SUPABASE_SIGNS,
  createRole,
  grantMemberships,
  listRoles,
  quoteIdentifier
});
