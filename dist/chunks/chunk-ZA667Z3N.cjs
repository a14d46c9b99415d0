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
  ACCESS_LEFT_OUT: () => ACCESS_LEFT_OUT,
  SYSTEM_DATABASES: () => SYSTEM_DATABASES,
  describeInventory: () => describeInventory,
  exportByServer: () => exportByServer,
  findStorage: () => findStorage,
  findUnstoredColumns: () => findUnstoredColumns,
  fingerprintPartition: () => fingerprintPartition,
  hashDefinition: () => hashDefinition,
  hashFingerprint: () => hashFingerprint,
  hashIdentity: () => hashIdentity,
  importByServer: () => importByServer,
  isLocalDatabase: () => isLocalDatabase,
  isRefreshable: () => isRefreshable,
  isUndisturbed: () => isUndisturbed,
  listPartitions: () => listPartitions,
  listTableItems: () => listTableItems,
  makePortable: () => makePortable,
  readCatalog: () => readCatalog,
  readDataTables: () => readDataTables,
  readParameters: () => readParameters,
  storageId: () => storageId
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_QTEVZTVH = require("./chunk-QTEVZTVH.cjs");
var import_chunk_5V4BPUAT = require("./chunk-5V4BPUAT.cjs");
var import_chunk_XXU7PNBB = require("./chunk-XXU7PNBB.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var import_node_crypto3 = require("node:crypto");
var import_node_crypto4 = require("node:crypto");
var import_node_crypto5 = require("node:crypto");
var WHOLE = /* @__PURE__ */ new Set([
  "Log",
  "TinyLog",
  "StripeLog",
  "Memory",
  "Join",
  "EmbeddedRocksDB"
]);
var LOCAL = /* @__PURE__ */ new Set([
  "Buffer",
  "Merge",
  "Null",
  "Set",
  "GenerateRandom",
  "Dictionary",
  "Alias",
  "Proxy",
  "TimeSeries"
]);
var LOCAL_DATABASES = /* @__PURE__ */ new Set([
  "Atomic",
  "Ordinary",
  "Replicated",
  "Shared",
  "Overlay",
  "Memory",
  "Lazy"
]);
function findStorage(engine) {
  if (engine.endsWith("MergeTree")) return "parts";
  return WHOLE.has(toPlainEngine(engine)) ? "whole" : "none";
}
function toPlainEngine(engine) {
  return engine.replace(/^(?:Replicated|Shared)(?=\w)/, "");
}
function isOutward(engine) {
  return findStorage(engine) === "none" && !LOCAL.has(toPlainEngine(engine));
}
function isLocalDatabase(engine) {
  return LOCAL_DATABASES.has(engine);
}
var OUTWARD_FUNCTION = /^(?:remote(?:Secure)?|cluster(?:AllReplicas)?|(?:url|file|s3|gcs|oss|cosn|hdfs|azureBlobStorage)(?:Cluster)?|(?:iceberg|deltaLake|hudi|paimon)\w*|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|hive|executable|arrowFlight|ytsaurus)$/i;
var LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;
var OWN_PORTS = /* @__PURE__ */ new Set(["9000", "9440"]);
var HIDDEN = "[HIDDEN]";
function silenceOutward(statement, tokens, body) {
  if ((0, import_chunk_QTEVZTVH.isWord)(tokens[1], "DICTIONARY")) return silenceSource(tokens);
  if (body === -1 || !reachesOut(tokens.slice(body))) return [];
  const last = tokens.length - 1;
  if ((0, import_chunk_QTEVZTVH.isWord)(tokens[1], "TABLE")) return [(0, import_chunk_QTEVZTVH.replaceTokens)(tokens, body, last, "ENGINE = Null")];
  return [(0, import_chunk_QTEVZTVH.replaceTokens)(tokens, body + 1, last, writeEmptyQuery(statement, tokens.slice(0, body)))];
}
function isSilenced(given, portable) {
  const hasSource = (statement) => !statement.includes("SOURCE(NULL())");
  return reachesOut((0, import_chunk_HPYFHP5G.tokenise)(given)) || hasSource(given) && !hasSource(portable);
}
function reachesOut(tokens) {
  return tokens.some(
    ({ kind, text }, at) => kind === "word" && tokens[at + 1]?.text === "(" && OUTWARD_FUNCTION.test(text)
  );
}
function writeEmptyQuery(statement, head) {
  const open = head.findIndex(({ depth, text }) => depth === 0 && text === "(");
  const close = open === -1 ? -1 : (0, import_chunk_QTEVZTVH.findClosing)(head, open);
  const [from, to] = [head[open], head[close]];
  if (!from || !to) return "SELECT 1 AS nothing WHERE 0";
  return `SELECT * FROM null(${(0, import_chunk_HPYFHP5G.quoteText)(statement.slice(from.end, to.start).trim())})`;
}
function silenceSource(tokens) {
  const at = tokens.findIndex((token) => token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "SOURCE"));
  const [kind, open] = [tokens[at + 2], at + 3];
  if (at === -1 || !kind || (0, import_chunk_QTEVZTVH.isWord)(kind, "NULL")) return [];
  const close = (0, import_chunk_QTEVZTVH.findClosing)(tokens, open);
  const parameters = readParameters(tokens.slice(open + 1, close));
  const value = (name) => parameters.find((each) => each.name === name)?.value.value;
  const isLocal = (0, import_chunk_QTEVZTVH.isWord)(kind, "CLICKHOUSE") && value("NAME") === void 0 && LOCAL_HOST.test(value("HOST") ?? "localhost") && OWN_PORTS.has(value("PORT") ?? "9000") && !reachesOut((0, import_chunk_HPYFHP5G.tokenise)(value("QUERY") ?? ""));
  if (!isLocal) return [(0, import_chunk_QTEVZTVH.replaceTokens)(tokens, at + 2, close, "NULL()")];
  const dropped = ["HOST", "PORT", "SECURE", ...value("PASSWORD") === HIDDEN ? ["USER", "PASSWORD"] : []];
  const kept = parameters.filter(({ name }) => !dropped.includes(name));
  if (kept.length === parameters.length) return [];
  const texts = kept.map(({ name, value: { text } }) => `${name} ${text}`);
  return [(0, import_chunk_QTEVZTVH.replaceTokens)(tokens, at + 2, close, `CLICKHOUSE(${texts.join(" ")})`)];
}
function readParameters(tokens) {
  const parameters = [];
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const [name, value] = [tokens[at], tokens[at + 1]];
    if (name && value) parameters.push({ name: name.value.toUpperCase(), value });
  }
  return parameters;
}
var SERVER_SETTINGS = /* @__PURE__ */ new Set(["storage_policy", "disk", "table_disk"]);
function makePortable(statement) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
  const body = tokens.findIndex((token) => token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "AS"));
  const head = body === -1 ? tokens : tokens.slice(0, body);
  const edits = [
    ...cutPlaceOfBirth(head),
    ...rewriteEngine(head),
    ...cutBorrowedColumns(head),
    ...cutServerSettings(head),
    ...keepRefreshEmpty(head, tokens[body]),
    ...silenceOutward(statement, tokens, body)
  ];
  return (0, import_chunk_QTEVZTVH.applyEdits)(statement, edits);
}
function hashDefinition(portable) {
  const normalised = (0, import_chunk_HPYFHP5G.tokenise)(portable).map(
    ({ kind, text, value }) => kind === "name" && /^\w+$/.test(value) ? value : text
  );
  return (0, import_node_crypto.createHash)("sha256").update(normalised.join(" ")).digest("hex").slice(0, 16);
}
function listTableItems(statement) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
  const open = tokens.findIndex((token) => token.depth === 0 && token.text === "(");
  const end = tokens.findIndex((token, at) => at > open && token.depth === 0);
  if (open === -1 || end === -1) return [];
  return (0, import_chunk_QTEVZTVH.splitAtCommas)(tokens.slice(open + 1, end)).flatMap((item) => {
    const [first, second] = item;
    const kind = first?.kind === "word" ? first.text.toLowerCase() : "";
    if (!second || !(kind === "index" || kind === "projection" || kind === "constraint")) return [];
    return [{ kind, name: second.value, definition: item.map((token) => token.text).join(" ") }];
  });
}
function cutPlaceOfBirth(head) {
  const edits = [];
  const cut = (from, to) => {
    edits.push((0, import_chunk_QTEVZTVH.replaceTokens)(head, from, to, ""));
  };
  head.forEach((token, at) => {
    if (token.depth > 0) return;
    const follows = (...words) => words.every((word, offset) => (0, import_chunk_QTEVZTVH.isWord)(head[at + offset], word));
    if (follows("TO", "INNER", "UUID")) cut(at, at + 3);
    else if (follows("UUID") && head[at + 1]?.kind === "string" && !(0, import_chunk_QTEVZTVH.isWord)(head[at - 1], "INNER"))
      cut(at, at + 1);
    else if (follows("ON", "CLUSTER")) cut(at, at + 2);
    else if (follows("DEFINER") && head[at + 1]?.text === "=") cut(at, at + 2);
    else if (follows("SQL", "SECURITY", "DEFINER")) cut(at, at + 2);
  });
  return edits;
}
function cutBorrowedColumns(head) {
  const engine = findEngine(head);
  const open = head.findIndex((token) => token.depth === 0 && token.text === "(");
  if (head[engine]?.value !== "Alias" || open === -1 || open > engine) return [];
  const close = head.findIndex((token, index) => index > open && token.depth === 0);
  return [(0, import_chunk_QTEVZTVH.replaceTokens)(head, open, close, "")];
}
function findEngine(head) {
  const at = head.findIndex(
    (token, index) => token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "ENGINE") && head[index + 1]?.text === "="
  );
  return at === -1 ? -1 : at + 2;
}
function rewriteEngine(head) {
  const at = findEngine(head);
  const name = head[at];
  if (!name) return [];
  const hasArguments = head[at + 1]?.text === "(";
  const close = hasArguments ? head.findIndex((token, index) => index > at + 1 && token.depth === 0) : at;
  const args = hasArguments ? (0, import_chunk_QTEVZTVH.splitAtCommas)(head.slice(at + 2, close)) : [];
  if (name.value === "Distributed") {
    const [, database, table] = args.map((arg) => arg.length === 1 ? arg[0]?.value : void 0);
    if (database !== void 0 && table !== void 0) {
      const engine = `Merge(${(0, import_chunk_HPYFHP5G.quoteText)(database)}, ${(0, import_chunk_HPYFHP5G.quoteText)(`^${escapeRegExp(table)}$`)})`;
      return [(0, import_chunk_QTEVZTVH.replaceTokens)(head, at, close, engine)];
    }
  }
  if (isOutward(name.value)) return [(0, import_chunk_QTEVZTVH.replaceTokens)(head, at, endOfStorage(head, close), "Null")];
  const plain = toPlainEngine(name.value);
  if (plain === name.value) return [];
  const isPlaced = args.length >= 2 && args.slice(0, 2).every((arg) => arg.length === 1 && arg[0]?.kind === "string");
  const kept = args.slice(isPlaced ? 2 : 0).map((arg) => arg.map((token) => token.text).join(" "));
  return [(0, import_chunk_QTEVZTVH.replaceTokens)(head, at, close, kept.length > 0 ? `${plain}(${kept.join(", ")})` : plain)];
}
function cutServerSettings(head) {
  const engine = head.findIndex((token) => token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "ENGINE"));
  const at = head.findIndex(
    (token, index) => index > engine && token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "SETTINGS")
  );
  if (engine === -1 || at === -1) return [];
  const end = endOfStorage(head, at);
  const all = (0, import_chunk_QTEVZTVH.splitAtCommas)(head.slice(at + 1, end + 1));
  const kept = all.filter(([name]) => name === void 0 || !SERVER_SETTINGS.has(name.value));
  if (kept.length === all.length) return [];
  const texts = kept.map((item) => item.map((token) => token.text).join(" "));
  return [(0, import_chunk_QTEVZTVH.replaceTokens)(head, at, end, texts.length > 0 ? `SETTINGS ${texts.join(", ")}` : "")];
}
function keepRefreshEmpty(head, body) {
  const outside = head.filter((token) => token.depth === 0);
  const isRefreshable2 = isRefreshableHead(outside);
  if (!body || !isRefreshable2 || outside.some((token) => (0, import_chunk_QTEVZTVH.isWord)(token, "EMPTY"))) return [];
  return [{ start: body.start, end: body.start, text: "EMPTY " }];
}
function isRefreshable(statement) {
  return isRefreshableHead((0, import_chunk_HPYFHP5G.tokenise)(statement).filter((token) => token.depth === 0));
}
function isRefreshableHead(outside) {
  const at = outside.findIndex((token) => (0, import_chunk_QTEVZTVH.isWord)(token, "REFRESH"));
  return at !== -1 && ((0, import_chunk_QTEVZTVH.isWord)(outside[at + 1], "EVERY") || (0, import_chunk_QTEVZTVH.isWord)(outside[at + 1], "AFTER"));
}
function endOfStorage(head, from) {
  const next = head.findIndex(
    (token, index) => index > from && token.depth === 0 && ["COMMENT", "DEFINER", "SQL", "EMPTY"].some((word) => (0, import_chunk_QTEVZTVH.isWord)(token, word))
  );
  return (next === -1 ? head.length : next) - 1;
}
function escapeRegExp(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
var SYSTEM_DATABASES = ["system", "INFORMATION_SCHEMA", "information_schema"];
var INNER_TABLE = /^\.(?:tmp\.)?inner(?:_id)?\./;
var ACCESS_LEFT_OUT = {
  what: "users, roles, grants, quotas, settings profiles and row policies",
  why: "They belong to the server rather than to its databases."
};
async function readCatalog(server, named) {
  const databases = await readDatabases(server, named);
  const local = databases.filter(({ engine }) => isLocalDatabase(engine));
  const names = local.map(({ name }) => name);
  const [rows, columns, functions, collections] = await Promise.all([
    readTables(server, names),
    readColumns(server, names),
    server.rows(
      "SELECT name, create_query AS statement FROM system.functions WHERE origin = 'SQLUserDefined' ORDER BY name"
    ),
    listCollections(server)
  ]);
  const leftOut = databases.filter((database) => !local.includes(database)).map(({ name, engine }) => ({
    what: `database ${name}`,
    why: `Its engine ${engine} shows another system's tables.`
  }));
  leftOut.push(ACCESS_LEFT_OUT, ...collections);
  const visible = rows.filter(isVisible);
  const known = new Set(visible.map(import_chunk_QTEVZTVH.idOf));
  const entries = [
    ...local.map(({ name, engine }) => describeDatabase(name, engine)),
    ...functions.map(({ name, statement }) => describeFunction(name, statement)),
    ...visible.map((row) => describeObject(row, known))
  ];
  const tables = findDataTables(rows, columns);
  for (const row of visible) leftOut.push(...explainLeftOut(row));
  return {
    databases: names,
    identity: local.map(({ name, uuid }) => `${name}=${isNil(uuid) ? server.uuid : uuid}`).join("\n"),
    entries,
    tables,
    leftOut
  };
}
async function readDataTables(server, { databases }) {
  const [rows, columns] = await Promise.all([
    selectTables(server, databases, ""),
    readColumns(server, databases)
  ]);
  return findDataTables(rows, columns);
}
async function readDatabases(server, named) {
  if (named?.length === 0) return [];
  const which = named ? `IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(named)})` : `NOT IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(SYSTEM_DATABASES)})`;
  const found = await server.rows(
    `SELECT name, engine, toString(uuid) AS uuid FROM system.databases WHERE name ${which} ORDER BY name`
  );
  const missing = named?.filter((name) => !found.some((database) => database.name === name)) ?? [];
  if (missing.length > 0) {
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_UNREACHABLE",
      `ClickHouse at ${server.connection.endpoint} has no database ${missing.join(", ")}, or does not show it to ${server.connection.user}.`,
      { hint: "Check the names under databases, and that the user has SHOW and SELECT on them." }
    );
  }
  return found;
}
async function listCollections(server) {
  try {
    const found = await server.rows(
      "SELECT name FROM system.named_collections ORDER BY name"
    );
    return found.map(({ name }) => ({
      what: `named collection ${name}`,
      why: "Its values are secrets, which must be given again after a restore: CREATE NAMED COLLECTION."
    }));
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "STORE_RIGHTS_MISSING") return [];
    throw error;
  }
}
async function readTables(server, databases) {
  const described = `, create_table_query AS statement, total_rows,
    arrayMap((d, t) -> concat(d, '.', t), loading_dependencies_database, loading_dependencies_table) AS dependencies`;
  const settings = {
    show_table_uuid_in_table_create_query_if_not_nil: 0,
    format_display_secrets_in_show_and_select: 0
  };
  return await selectTables(server, databases, described, settings);
}
async function selectTables(server, databases, further, settings) {
  if (databases.length === 0) return [];
  return await server.rows(
    `SELECT database, name, engine, toString(uuid) AS uuid${further}
     FROM system.tables WHERE database IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(databases)}) AND NOT is_temporary ORDER BY database, name`,
    settings
  );
}
async function readColumns(server, databases) {
  if (databases.length === 0) return /* @__PURE__ */ new Map();
  const rows = await server.rows(
    `SELECT database, table, name, type, default_kind, default_expression FROM system.columns
     WHERE database IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(databases)}) ORDER BY database, table, position`
  );
  const byTable = /* @__PURE__ */ new Map();
  for (const { database, table, ...shown } of rows) {
    const column = { ...shown, type: withoutStateVersions(shown.type) };
    if (column.default_kind === "ALIAS" || column.default_kind === "EPHEMERAL") continue;
    const id = (0, import_chunk_QTEVZTVH.idOf)({ database, name: table });
    byTable.set(id, [...byTable.get(id) ?? [], column]);
  }
  return byTable;
}
function withoutStateVersions(type) {
  return type.replaceAll(/\bAggregateFunction\(\d+, /g, "AggregateFunction(");
}
function isVisible({ name }) {
  return !INNER_TABLE.test(name);
}
function findDataTables(rows, columns) {
  return rows.filter(isVisible).flatMap((row) => findDataTable(row, rows, columns));
}
function findDataTable(row, rows, columns) {
  const inner = rows.find(
    ({ database: database2, name: name2 }) => database2 === row.database && (name2 === `.inner_id.${row.uuid}` || name2 === `.inner.${row.name}`)
  );
  const stored = row.engine === "MaterializedView" ? inner : row;
  if (!stored) return [];
  const storage = findStorage(stored.engine);
  if (storage === "none") return [];
  const { database, name } = row;
  const { name: storedIn, uuid } = stored;
  return [{ database, name, storedIn, uuid, storage, columns: columns.get((0, import_chunk_QTEVZTVH.idOf)(stored)) ?? [] }];
}
function describeDatabase(name, engine) {
  const portable = (0, import_chunk_QTEVZTVH.writeCreateDatabase)(name);
  return { kind: "database", database: name, name, engine, given: portable, portable, dependsOn: [] };
}
function describeFunction(name, given) {
  const portable = given.replace(/^CREATE FUNCTION (?!IF NOT EXISTS)/, "CREATE FUNCTION IF NOT EXISTS ");
  return { kind: "function", database: "", name, engine: "", given, portable, dependsOn: [] };
}
function describeObject(row, known) {
  const { database, name, engine, statement } = row;
  const mentioned = [...row.dependencies, ...(0, import_chunk_QTEVZTVH.findReferences)(statement, known)];
  return {
    kind: kindOf(row),
    database,
    name,
    engine,
    given: statement,
    portable: makePortable(statement),
    dependsOn: [...new Set(mentioned)].filter((id) => id !== (0, import_chunk_QTEVZTVH.idOf)(row))
  };
}
function kindOf({ engine, statement }) {
  if (engine === "MaterializedView") return "materialized view";
  if (engine.endsWith("View")) return "view";
  return statement.startsWith("CREATE DICTIONARY") ? "dictionary" : "table";
}
function explainLeftOut(row) {
  const { engine, statement } = row;
  const kind = kindOf(row);
  const reasons = [];
  if (statement.includes("[HIDDEN]")) {
    reasons.push("The server hides a secret in its definition, which must be given again after a restore.");
  }
  if (kind === "table" && findStorage(engine) === "none") {
    if (isOutward(engine)) {
      reasons.push(
        `Its engine ${engine} points outward: its columns are restored with an engine that connects to nothing.`
      );
    } else if (engine === "Buffer") {
      reasons.push(
        `Its engine Buffer holds ${row.total_rows ?? "0"} rows in memory, not yet in the table behind it: only its structure is kept. OPTIMIZE TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(row.database, row.name)} writes them there.`
      );
    } else if (engine !== "Null") {
      reasons.push(
        `Its engine ${engine} keeps no rows of its own that could be read: only its structure is kept.`
      );
    }
  } else if (isSilenced(statement, makePortable(statement))) {
    reasons.push(
      "It asks another system: it is restored with its columns and asks nobody; its own statement is in schema.json."
    );
  }
  return reasons.map((why) => ({ what: `${kind} ${(0, import_chunk_QTEVZTVH.idOf)(row)}`, why }));
}
function isNil(uuid) {
  return /^[0-]*$/.test(uuid);
}
function describeInventory(catalog, tables) {
  return { digestMethod: import_chunk_5V4BPUAT.DIGEST_METHOD, tables, schema: describeSchema(catalog), notCovered: [] };
}
function hashIdentity(catalog) {
  return (0, import_node_crypto2.createHash)("sha256").update(catalog.identity).digest("hex").slice(0, 32);
}
function describeSchema(catalog) {
  const known = new Set(
    catalog.entries.filter(({ kind }) => kind !== "database" && kind !== "function").map(import_chunk_QTEVZTVH.idOf)
  );
  return catalog.entries.flatMap((entry) => {
    const { kind, portable } = entry;
    const name = (0, import_chunk_QTEVZTVH.idOf)(entry);
    const belongs = kind === "database" || kind === "function" ? {} : { table: name };
    const needs = kind === "table" ? [] : entry.dependsOn.filter((id) => known.has(id));
    const itself = {
      kind,
      name,
      definition: hashDefinition(portable),
      ...belongs,
      ...needs.length > 0 && { needs: [...needs].sort() }
    };
    if (kind !== "table") return [itself];
    const items = listTableItems(portable).map((item) => ({
      kind: item.kind,
      name: `${name}.${item.name}`,
      definition: hashDefinition(item.definition),
      table: name
    }));
    return [itself, ...items];
  });
}
var PATCH = /^patch-[0-9a-f]+-(.*)$/s;
async function listPartitions(server, tables) {
  if (tables.length === 0) return /* @__PURE__ */ new Map();
  const databases = (0, import_chunk_HPYFHP5G.quoteTexts)([...new Set(tables.map(({ database }) => database))]);
  const rows = await server.rows(
    `SELECT database, table, partition_id, name, rows, uncompressed_hash_of_compressed_files AS hash,
       has_lightweight_delete AS hides_rows, bytes_on_disk
     FROM system.parts WHERE active AND database IN (${databases})`
  );
  const rowsOf = new Map(tables.map((table) => [storageId(table), []]));
  for (const row of rows) rowsOf.get((0, import_chunk_HPYFHP5G.quotePath)(row.database, row.table))?.push(row);
  return new Map(
    tables.map((table) => {
      const id = storageId(table);
      return [id, groupParts(rowsOf.get(id) ?? [], table.uuid, server.uuid)];
    })
  );
}
function storageId({ database, storedIn }) {
  return (0, import_chunk_HPYFHP5G.quotePath)(database, storedIn);
}
function groupParts(rows, uuid, serverUuid) {
  const tableUuid = /^[0-]*$/.test(uuid) ? serverUuid : uuid;
  const byId = /* @__PURE__ */ new Map();
  for (const row of rows) {
    const patched = PATCH.exec(row.partition_id)?.[1];
    const id = patched ?? row.partition_id;
    const partition = byId.get(id) ?? { id, tableUuid, parts: [], patches: [], storedBytes: 0 };
    byId.set(id, partition);
    const storedBytes = Number(row.bytes_on_disk);
    const { name, hash } = row;
    const part = { name, rows: Number(row.rows), hash, hidesRows: row.hides_rows === 1, storedBytes };
    (patched === void 0 ? partition.parts : partition.patches).push(part);
    partition.storedBytes += storedBytes;
  }
  for (const [id, { parts }] of byId) if (parts.length === 0) byId.delete(id);
  return byId;
}
function fingerprintPartition(partition, columns) {
  const identify = (parts) => parts.map(({ name, rows, hash }) => `${name} ${rows} ${hash}`).sort();
  return hashFingerprint([
    partition.tableUuid,
    partition.id,
    identify(partition.parts),
    identify(partition.patches),
    columns
  ]);
}
function hashFingerprint(facts) {
  return (0, import_node_crypto4.createHash)("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 24);
}
function isUndisturbed(before, after) {
  if (!after || after.tableUuid !== before.tableUuid) return false;
  const found = new Map([...after.parts, ...after.patches].map(({ name, hash }) => [name, hash]));
  const isThere = ({ name, hash }) => found.get(name) === hash;
  return before.patches.length === after.patches.length && before.parts.every(isThere) && before.patches.every(isThere);
}
var POLL_MS = 1e3;
var UNKNOWN_LIMIT = 30;
var CANCEL_LIMIT_MS = 5e3;
async function runOperation(server, operation, deadlineMs, context) {
  const id = (0, import_node_crypto5.randomUUID)();
  const settings = Object.entries({ ...operation.settings, id }).map(
    ([name, value]) => `${name} = ${typeof value === "number" ? value : value.startsWith(RAW) ? value.slice(RAW.length) : (0, import_chunk_HPYFHP5G.quoteText)(value)}`
  );
  const startMs = context.clock.ticksMs();
  try {
    const statement = `${operation.statement} SETTINGS ${settings.join(", ")} ASYNC`;
    await server.run(statement, { max_query_size: 64 * 1024 ** 2 }, id);
    return await waitForEnd(server, id, operation.what, startMs + deadlineMs, context);
  } catch (error) {
    await cancel(server, id, context).catch(() => {
      context.reporter.warn(
        `The server may go on with its ${operation.what}: KILL QUERY WHERE query_id = '${id}' ends it.`
      );
    });
    throw error;
  }
}
var RAW = "\0";
function expression(sql) {
  return RAW + sql;
}
async function waitForEnd(server, id, what, endMs, context) {
  const { clock, reporter, signal } = context;
  for (let unknown = 0; unknown < UNKNOWN_LIMIT; ) {
    const [state] = await server.rows(
      `SELECT toString(status) AS status, error, num_files, total_size, compressed_size, files_read, bytes_read
       FROM system.backups WHERE id = ${(0, import_chunk_HPYFHP5G.quoteText)(id)}`
    );
    if (!state) unknown += 1;
    else if (state.status === "BACKUP_CREATED" || state.status === "RESTORED") return state;
    else if (/_(?:FAILED|CANCELLED)$/.test(state.status)) throw failed(server, what, state, context);
    else
      reporter.progress({
        label: what,
        done: Number(state.bytes_read),
        total: Number(state.total_size),
        unit: "bytes"
      });
    if (clock.ticksMs() >= endMs) throw tooLong(server, what);
    await clock.sleep(POLL_MS, signal);
  }
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_FAILED",
    `ClickHouse at ${server.connection.endpoint} knows nothing of its ${what} any longer.`,
    {
      hint: "It was restarted, or another replica answers: point the address at one server."
    }
  );
}
function failed(server, what, { error, status }, { redactor }) {
  const said = redactor.redact(error.split(/, Stack trace|\n/)[0] ?? "").slice(0, 400);
  return new import_chunk_E4TRGNTH.AppError(
    "STORE_FAILED",
    `The ${what} of ClickHouse at ${server.connection.endpoint} ended with ${status}: ${said}`,
    { hint: "The server's own message tells what it could not do; its log holds the rest." }
  );
}
function tooLong(server, what) {
  return new import_chunk_E4TRGNTH.AppError(
    "STORE_FAILED",
    `The ${what} of ClickHouse at ${server.connection.endpoint} took too long.`,
    {
      hint: "Give it more time with server-deadline, and check that the server reaches the destination."
    }
  );
}
async function cancel(server, id, context) {
  const signal = (0, import_chunk_KVCMGXJE.withDeadline)(new AbortController().signal, CANCEL_LIMIT_MS);
  const own = await import_chunk_5V4BPUAT.ClickHouseServer.connect(server.connection, { ...context, signal });
  try {
    await own.run(`KILL QUERY WHERE query_id = ${(0, import_chunk_HPYFHP5G.quoteText)(id)} ASYNC`);
  } finally {
    await own.close();
  }
}
var LITERAL = /^(?:CAST\()?(?:-?[\d.]+(?:e[-+]?\d+)?|'(?:[^'\\]|\\.|'')*'|NULL|true|false|\[\]|map\(\))(?:, '[^']*'\)|::[\w()., ']+)?$/i;
async function findUnstoredColumns(server, tables) {
  const found = /* @__PURE__ */ new Map();
  const computing = tables.flatMap(({ database, storedIn, storage, columns }) => {
    const names = columns.filter(isComputed).map(({ name }) => name);
    return storage === "parts" && names.length > 0 ? [{ database, storedIn, names }] : [];
  });
  for (const database of new Set(computing.map((table) => table.database))) {
    const inside = computing.filter((table) => table.database === database);
    const columns = inside.flatMap(
      ({ storedIn, names }) => names.map((name) => `(${(0, import_chunk_HPYFHP5G.quoteTexts)([storedIn, name])})`)
    );
    const stored = (0, import_chunk_HPYFHP5G.quoteTexts)(inside.map(({ storedIn }) => storedIn));
    const needed = inside.map(({ names }) => names.length).join(", ");
    const parts = await server.rows(
      `SELECT table, name FROM system.parts_columns
       WHERE active AND database = ${(0, import_chunk_HPYFHP5G.quoteTexts)([database])} AND table IN (${stored}) GROUP BY table, name
       HAVING countIf((table, column) IN (${columns.join(", ")})) < transform(table, [${stored}], [${needed}], 0)`
    );
    for (const { table, name } of parts) {
      const id = (0, import_chunk_HPYFHP5G.quotePath)(database, table);
      found.set(id, (found.get(id) ?? /* @__PURE__ */ new Set()).add(name));
    }
  }
  return found;
}
function isComputed({ default_kind, default_expression }) {
  return default_kind !== "" && !LITERAL.test(default_expression.trim());
}
async function exportByServer(server, tables, destination, { sink, deadlineMs }, context) {
  const unstored = await findUnstoredColumns(server, tables);
  const before = await describeTables(server, tables);
  const counted = /* @__PURE__ */ new Map();
  for (const table of tables) counted.set(table, await (0, import_chunk_5V4BPUAT.countRows)(server, table));
  const place = (0, import_chunk_XXU7PNBB.describePlace)(destination);
  const { previous } = sink;
  const known = previous?.kind === "clickhouse" ? previous.serverBackup : void 0;
  const base = known?.engine === place.engine && known.at === place.at ? known : void 0;
  const folder = (0, import_chunk_XXU7PNBB.placeFolder)(destination, nameFolder(context.clock.now()));
  await sink.announce({ ...place, folder });
  const write = async (on) => {
    const state2 = await runOperation(
      server,
      {
        statement: `BACKUP ${tables.map(({ database, name }) => `TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(database, name)}`).join(", ")} TO ${(0, import_chunk_XXU7PNBB.writePlace)(destination, folder)}`,
        settings: {
          ...on && { base_backup: expression((0, import_chunk_XXU7PNBB.writePlace)(destination, on.folder)) },
          ...on && destination.engine === "S3" && { use_same_s3_credentials_for_base_backup: 1 }
        },
        what: "backup"
      },
      deadlineMs,
      context
    );
    return { state: state2, chain: [...on?.chain ?? [], folder] };
  };
  const { state, chain } = await write(base).catch(async (error) => {
    const isLost = base && error instanceof import_chunk_E4TRGNTH.AppError && /BACKUP_NOT_FOUND/.test(error.message);
    if (!isLost) throw error;
    context.reporter.warn(`Everything is written, since the backup before is no longer at ${place.at}.`);
    return await write(void 0);
  });
  const after = await describeTables(server, tables);
  const inventory = [];
  for (const table of tables) {
    const first = counted.get(table) ?? { rows: 0, digest: "0" };
    const isAtRest = table.storage === "parts" && before.get(table) === after.get(table);
    const last = isAtRest ? first : await (0, import_chunk_5V4BPUAT.countRows)(server, table);
    const isSame = last.rows === first.rows && last.digest === first.digest && !unstored.has(storageId(table));
    const [rowsAtLeast, rowsAtMost] = [Math.min(first.rows, last.rows), Math.max(first.rows, last.rows)];
    inventory.push({
      name: (0, import_chunk_QTEVZTVH.idOf)(table),
      rows: last.rows,
      ...isSame ? { digest: last.digest } : { digest: null, moving: { rowsAtLeast, rowsAtMost } }
    });
  }
  return {
    serverBackup: {
      ...place,
      folder,
      chain,
      tables: tables.map(({ database, name }) => [database, name]),
      files: Number(state.num_files),
      writtenBytes: Number(state.compressed_size),
      totalBytes: Number(state.total_size)
    },
    tables: inventory
  };
}
async function describeTables(server, tables) {
  const listing = await listPartitions(server, tables);
  return new Map(
    tables.map((table) => {
      const partitions = [...listing.get(storageId(table))?.values() ?? []];
      const fingerprints = partitions.map((partition) => fingerprintPartition(partition, table.columns));
      return [table, hashFingerprint([table.uuid, fingerprints.sort()])];
    })
  );
}
function nameFolder(now) {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, "")}-${(0, import_node_crypto3.randomBytes)(2).toString("hex")}`;
}
async function importByServer(server, backup, place, tables, deadlineMs, context) {
  const held = new Set(backup.tables.map(([database, name]) => (0, import_chunk_HPYFHP5G.quotePath)(database, name)));
  const wanted = tables.map(({ database, name }) => (0, import_chunk_HPYFHP5G.quotePath)(database, name)).filter((path) => held.has(path));
  if (wanted.length === 0) return;
  await runOperation(
    server,
    {
      statement: `RESTORE ${wanted.map((path) => `TABLE ${path}`).join(", ")} FROM ${(0, import_chunk_XXU7PNBB.writePlace)(place, backup.folder)}`,
      settings: {
        create_database: 0,
        create_table: 0,
        // Replicated, Shared and storage policies are not what the tables were made with here.
        allow_different_table_def: 1,
        ...place.engine === "S3" && { use_same_s3_credentials_for_base_backup: 1 }
      },
      what: "restore"
    },
    deadlineMs,
    context
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ACCESS_LEFT_OUT,
  SYSTEM_DATABASES,
  describeInventory,
  exportByServer,
  findStorage,
  findUnstoredColumns,
  fingerprintPartition,
  hashDefinition,
  hashFingerprint,
  hashIdentity,
  importByServer,
  isLocalDatabase,
  isRefreshable,
  isUndisturbed,
  listPartitions,
  listTableItems,
  makePortable,
  readCatalog,
  readDataTables,
  readParameters,
  storageId
});
