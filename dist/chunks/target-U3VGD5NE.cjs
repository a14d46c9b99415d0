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
  createClickHouseTarget: () => createClickHouseTarget,
  createClickHouseThrowaway: () => createClickHouseThrowaway
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_ZA667Z3N = require("./chunk-ZA667Z3N.cjs");
var import_chunk_QTEVZTVH = require("./chunk-QTEVZTVH.cjs");
var import_chunk_5V4BPUAT = require("./chunk-5V4BPUAT.cjs");
var import_chunk_R7WKX6QU = require("./chunk-R7WKX6QU.cjs");
var import_chunk_NCOSMIE3 = require("./chunk-NCOSMIE3.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_XXU7PNBB = require("./chunk-XXU7PNBB.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_consumers = require("node:stream/consumers");
var import_consumers2 = require("node:stream/consumers");
var import_node_crypto = require("node:crypto");
async function applyAccess(server, { access }, objects) {
  const refused = [];
  if (!access) return refused;
  for (const statement of (0, import_chunk_HPYFHP5G.splitStatements)(await (0, import_consumers2.text)(await objects.open(access)))) {
    try {
      await server.run(statement);
    } catch (error) {
      const isItsOwn = error instanceof import_chunk_E4TRGNTH.AppError && ["STORE_FAILED", "STORE_RIGHTS_MISSING"].includes(error.code);
      if (!isItsOwn) throw error;
      refused.push({ kind: "access statement", name: statement, why: error.message });
    }
  }
  return refused;
}
var DROP_SETTINGS = {
  max_table_size_to_drop: 0,
  max_partition_size_to_drop: 0,
  check_table_dependencies: 0,
  check_referential_table_dependencies: 0
};
var Ledger = class {
  #made = [];
  /** Creates something and enters it, unless it is a database or function that was there before. */
  async create(server, entry) {
    const mayExist = entry.kind === "database" || entry.kind === "function";
    if (mayExist && await findUuid(server, entry) !== void 0) return;
    const statement = entry.portable.replace(/^(CREATE (?:DATABASE|FUNCTION)) IF NOT EXISTS/, "$1");
    await server.run(statement, import_chunk_QTEVZTVH.CREATE_SETTINGS);
    this.#made.push({ entry, uuid: await findUuid(server, entry) ?? "" });
  }
  /** Statements that drop by hand what is still there. */
  get remains() {
    const databases = this.#made.flatMap(({ entry }) => entry.kind === "database" ? [entry.name] : []);
    const outside = this.#made.filter(
      ({ entry }) => entry.kind === "database" || !databases.includes(entry.database)
    );
    return outside.reverse().map(({ entry }) => writeDrop(entry));
  }
  /** Drops one thing that was made. */
  async drop(server, entry) {
    await server.run(writeDrop(entry), DROP_SETTINGS);
    const at = this.#made.findIndex((made) => made.entry === entry);
    if (at !== -1) this.#made.splice(at, 1);
  }
  /**
   * Drops what was made, the latest first, and looks whether it is gone. What bears a name of the ledger but is
   * not what was made stays, and is an error, once all else is gone.
   *
   * @param isHurried - let the server remove the files in its own time: the names are gone all the same
   * @throws AppError STORE_FAILED
   */
  async dropAll(server, isHurried = false) {
    const ownDatabases = this.#made.filter(({ entry }) => entry.kind === "database");
    const isInside = ({ entry }) => entry.kind !== "database" && ownDatabases.some((own) => own.entry.name === entry.database);
    const replaced = [];
    for (const made of this.#made.filter((each) => !isInside(each)).reverse()) {
      const uuid = await findUuid(server, made.entry);
      if (uuid === void 0) continue;
      if (uuid !== made.uuid) {
        replaced.push(made);
        continue;
      }
      const statement = writeDrop(made.entry);
      await server.run(isHurried ? statement.replace(/ SYNC$/, "") : statement, DROP_SETTINGS);
      if (await findUuid(server, made.entry) !== void 0) throw stillThere(made.entry);
    }
    this.#made.splice(0, Infinity, ...replaced.reverse());
    if (replaced.length > 0) throw notOurs(replaced);
  }
};
async function findUuid(server, entry) {
  const name = (0, import_chunk_HPYFHP5G.quoteText)(entry.name);
  const queries = {
    database: `SELECT toString(uuid) AS uuid FROM system.databases WHERE name = ${name}`,
    function: `SELECT '' AS uuid FROM system.functions WHERE name = ${name}`
  };
  const inDatabase = `SELECT toString(uuid) AS uuid FROM system.tables WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(entry.database)} AND name = ${name}`;
  const [found] = await server.rows(queries[entry.kind] ?? inDatabase);
  return found?.uuid;
}
function writeDrop({ kind, database, name }) {
  if (kind === "database") return `DROP DATABASE ${(0, import_chunk_HPYFHP5G.quoteName)(name)} SYNC`;
  if (kind === "function") return `DROP FUNCTION ${(0, import_chunk_HPYFHP5G.quoteName)(name)}`;
  const what = { table: "TABLE", dictionary: "DICTIONARY", view: "VIEW", "materialized view": "VIEW" }[kind];
  return `DROP ${what} ${(0, import_chunk_HPYFHP5G.quotePath)(database, name)} SYNC`;
}
function notOurs(replaced) {
  const names = replaced.map(({ entry }) => `${entry.kind} ${(0, import_chunk_QTEVZTVH.idOf)(entry)}`).join(", ");
  return new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `No longer what this run made, and so left alone: ${names}.`, {
    hint: "Something replaced it meanwhile; look at it, and drop it by hand if nobody needs it."
  });
}
function stillThere(entry) {
  return new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `${entry.kind} ${(0, import_chunk_QTEVZTVH.idOf)(entry)} was dropped but is still there.`, {
    hint: "Look at the target, and drop what this run restored by hand."
  });
}
var CLEANUP_LIMIT_MS = 12e4;
var CANCELLED_CLEANUP_LIMIT_MS = 5e3;
var CleanUp = class {
  #connection;
  #ledger;
  #context;
  /** @param ledger - what the run made */
  constructor(connection, ledger, context) {
    this.#connection = connection;
    this.#ledger = ledger;
    this.#context = context;
  }
  /**
   * Drops what the run made.
   *
   * @param undo - statements that come first, for tables that were there before
   * @throws AppError STORE_FAILED with the statements that drop by hand what is left
   */
  async removeAll(undo = []) {
    const isHurried = this.#context.signal.aborted;
    const signal = this.#createDeadline();
    try {
      await this.run(async (server) => {
        for (const statement of undo) await server.run(statement, DROP_SETTINGS);
        await this.#ledger.dropAll(server, isHurried);
      }, signal);
    } catch (error) {
      const { remains } = this.#ledger;
      if (!signal.aborted || remains.length === 0) throw error;
      throw new import_chunk_E4TRGNTH.AppError(
        "STORE_FAILED",
        `What was restored into ClickHouse at ${this.#connection.endpoint} could not be removed in the time there was.`,
        { hint: `Remove it by hand: ${remains.join("; ")}.`, cause: error }
      );
    }
  }
  async run(work, signal = this.#createDeadline()) {
    const server = await import_chunk_5V4BPUAT.ClickHouseServer.connect(this.#connection, { ...this.#context, signal });
    try {
      await work(server);
    } finally {
      await server.close();
    }
  }
  #createDeadline() {
    const limitMs = this.#context.signal.aborted ? CANCELLED_CLEANUP_LIMIT_MS : CLEANUP_LIMIT_MS;
    return (0, import_chunk_KVCMGXJE.withDeadline)(new AbortController().signal, limitMs);
  }
};
async function countSelected(server, table, { content, partitions }) {
  if (content === "structure") return { rows: 0, digest: "0" };
  if (!partitions) return await (0, import_chunk_5V4BPUAT.countRows)(server, table);
  const counted = [];
  if (table.storage === "parts") {
    for (const id of partitions) counted.push(await (0, import_chunk_5V4BPUAT.countRows)(server, table, (0, import_chunk_5V4BPUAT.ofPartition)(id)));
  }
  return {
    rows: counted.reduce((sum, { rows }) => sum + rows, 0),
    digest: (0, import_chunk_XXU7PNBB.addDigests)(counted.map(({ digest }) => digest))
  };
}
async function countInTheWay(server, { database, storedIn, storage }, partitions) {
  const where = partitions && storage === "parts" ? ` WHERE _partition_id IN (${[...partitions].map(import_chunk_HPYFHP5G.quoteText).join(", ")})` : "";
  const [counted] = await server.rows(
    `SELECT count() AS n FROM ${(0, import_chunk_HPYFHP5G.quotePath)(database, storedIn)}${where}`
  );
  return Number(counted?.n ?? 0);
}
function requireSameColumns({ table, parts }) {
  const there = new Set(table.columns.map(({ name }) => name));
  for (const { columns } of parts) {
    const lacking = columns.filter((name) => !there.has(name));
    const further = [...there].filter((name) => !columns.includes(name));
    if (lacking.length + further.length === 0) continue;
    const differences = [
      ...lacking.length > 0 ? [`it lacks ${lacking.join(", ")}`] : [],
      ...further.length > 0 ? [`the backup does not have its ${further.join(", ")}`] : []
    ];
    throw new import_chunk_E4TRGNTH.AppError(
      "TARGET_REFUSED",
      `${(0, import_chunk_QTEVZTVH.idOf)(table)} does not have the columns of the backup: ${differences.join("; ")}.`,
      {
        hint: "Alter the table until its columns are those of the backup, or restore it under another name."
      }
    );
  }
}
async function clear(server, { database, storedIn, storage }, partitions) {
  const path = (0, import_chunk_HPYFHP5G.quotePath)(database, storedIn);
  if (!partitions || storage !== "parts") {
    await server.run(`TRUNCATE TABLE ${path} SYNC`, DROP_SETTINGS);
    return;
  }
  for (const id of partitions) {
    await server.run(`ALTER TABLE ${path} DROP PARTITION ID ${(0, import_chunk_HPYFHP5G.quoteText)(id)}`, DROP_SETTINGS);
  }
}
async function fillByPartitions(server, ledger, { table, parts }, insert, undo) {
  const { database, storedIn } = table;
  const path = (0, import_chunk_HPYFHP5G.quotePath)(database, storedIn);
  const beside = await describeBeside(server, table);
  await ledger.create(server, beside);
  const besidePath = (0, import_chunk_HPYFHP5G.quotePath)(database, beside.name);
  await server.run(`SYSTEM STOP MERGES ${besidePath}`);
  for (const part of parts) await insert(part, beside.name);
  for (const partition of new Set(parts.map((part) => part.partition))) {
    const id = (0, import_chunk_HPYFHP5G.quoteText)(partition);
    undo.push(`ALTER TABLE ${path} DROP PARTITION ID ${id}`);
    await server.run(`ALTER TABLE ${path} ATTACH PARTITION ID ${id} FROM ${besidePath}`);
  }
  await ledger.drop(server, beside);
}
async function requireNothingFires(server, table) {
  const [found] = await server.rows(
    `SELECT arrayMap((d, t) -> concat(d, '.', t), dependencies_database, dependencies_table) AS views
     FROM system.tables WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(table.database)} AND name = ${(0, import_chunk_HPYFHP5G.quoteText)(table.storedIn)}`
  );
  if (!found || found.views.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `Rows for ${(0, import_chunk_QTEVZTVH.idOf)(table)} would make ${found.views.join(", ")} fire, and fill its target twice.`,
    {
      hint: `Detach the views for the time of the restore: ${found.views.map((view) => `DETACH TABLE ${view}`).join("; ")}.`
    }
  );
}
async function describeBeside(server, table) {
  const { database, storedIn } = table;
  const name = `lifeboat_${(0, import_node_crypto.randomBytes)(4).toString("hex")}`;
  const [found] = await server.rows(
    `SELECT engine, create_table_query AS statement FROM system.tables
     WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(database)} AND name = ${(0, import_chunk_HPYFHP5G.quoteText)(storedIn)}`,
    { show_table_uuid_in_table_create_query_if_not_nil: 0 }
  );
  const engine = found?.engine ?? "MergeTree";
  const portable = engine.startsWith("Replicated") ? renameTable((0, import_chunk_ZA667Z3N.makePortable)(found?.statement ?? ""), (0, import_chunk_HPYFHP5G.quotePath)(database, name)) : `CREATE TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(database, name)} AS ${(0, import_chunk_HPYFHP5G.quotePath)(database, storedIn)}`;
  return { kind: "table", database, name, engine, given: portable, portable, dependsOn: [] };
}
function renameTable(statement, path) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
  return `CREATE TABLE ${path}${statement.slice(tokens[4]?.end)}`;
}
var NAMED_KINDS = /* @__PURE__ */ new Set(["table", "view", "materialized view", "dictionary"]);
var Selection = class {
  content;
  /** Ids of partitions, where only these of the chosen tables are meant. */
  partitions;
  /** Ids of the tables, views and dictionaries that are chosen. */
  ids;
  /** The databases that they lie in. */
  databases;
  #backup;
  #isSelective;
  #reader;
  constructor(backup, scope = { content: "all" }) {
    this.#backup = backup;
    this.content = scope.content;
    this.partitions = scope.partitions && new Set(scope.partitions);
    this.#isSelective = (0, import_chunk_DAEGIV2F.isSelective)(scope);
    this.#reader = new import_chunk_DAEGIV2F.ScopeReader(backup.inventory, scope);
    const { schema, tables } = backup.inventory;
    const named = schema.filter((object) => NAMED_KINDS.has(object.kind) && this.#isMet(object));
    const names = [...named, ...tables].map(({ name }) => name);
    this.ids = new Set(names.filter((id) => this.#reader.holdsTable(id)));
    const all = schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
    const isUsed = (database) => (scope.schemas?.includes(database) ?? false) || [...this.ids].some((id) => id.startsWith(`${database}.`));
    this.databases = this.#isSelective ? all.filter(isUsed) : all;
  }
  /** Whether tables that are there are filled, rather than created. */
  get fillsTables() {
    return this.content === "data" || this.partitions !== void 0;
  }
  holdsPart({ database, table, partition }) {
    if (this.content === "structure" || !this.ids.has((0, import_chunk_QTEVZTVH.idOf)({ database, name: table }))) return false;
    return this.partitions?.has(partition) ?? true;
  }
  /** Parts of the selection, of one table or view. */
  partsOf({ database, name }) {
    return this.#backup.parts.filter(
      (part) => part.database === database && part.table === name && this.holdsPart(part)
    );
  }
  /** What is created: the chosen, and the databases, functions and dictionaries that it cannot do without. */
  narrow({ beforeData, afterData }) {
    if (this.content === "data") return { beforeData: [], afterData: [] };
    if (!this.#isSelective) return { beforeData, afterData };
    const all = [...beforeData, ...afterData];
    const byId = new Map(all.map((entry) => [(0, import_chunk_QTEVZTVH.idOf)(entry), entry]));
    const chosen = new Set(all.filter((entry) => NAMED_KINDS.has(entry.kind) && this.ids.has((0, import_chunk_QTEVZTVH.idOf)(entry))));
    for (const entry of chosen) {
      for (const id of entry.dependsOn) {
        const needed = byId.get(id);
        if (needed?.kind === "dictionary") chosen.add(needed);
      }
    }
    const called = new Set([...chosen].flatMap(({ portable }) => listCalls(portable)));
    const databases = /* @__PURE__ */ new Set([...this.databases, ...[...chosen].map(({ database }) => database)]);
    const isWanted = (entry) => chosen.has(entry) || entry.kind === "database" && databases.has(entry.name) || entry.kind === "function" && called.has(entry.name);
    return { beforeData: beforeData.filter(isWanted), afterData: afterData.filter(isWanted) };
  }
  /** A view whose source is left out is left out too, and the comparison names it. */
  #isMet(object) {
    return this.#reader.findUnmet(object).length === 0;
  }
};
function listCalls(statement) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
  return tokens.filter((_, at) => tokens[at + 1]?.text === "(").map(({ value }) => value);
}
function isNamed({ kind }) {
  return NAMED_KINDS.has(kind);
}
async function findInTheWay(server, catalog, selection) {
  const tables = catalog.tables.filter((table) => selection.ids.has((0, import_chunk_QTEVZTVH.idOf)(table)));
  const rows = [];
  if (selection.fillsTables) {
    for (const table of tables) {
      if (await countInTheWay(server, table, selection.partitions) > 0) rows.push(table);
    }
  }
  const filled = new Set(tables.map(import_chunk_QTEVZTVH.idOf));
  const objects = catalog.entries.filter(
    (entry) => isNamed(entry) && selection.content !== "data" && selection.ids.has((0, import_chunk_QTEVZTVH.idOf)(entry)) && !(selection.fillsTables && filled.has((0, import_chunk_QTEVZTVH.idOf)(entry)))
  );
  return { objects, rows };
}
function findExisting({ tables }, selection) {
  const wanted = tables.filter((table) => selection.ids.has((0, import_chunk_QTEVZTVH.idOf)(table)));
  return wanted.map((table) => ({ table, parts: selection.partsOf(table) }));
}
function requireThere(selection, { parts }, existing) {
  const there = new Set(existing.map(({ table }) => (0, import_chunk_QTEVZTVH.idOf)(table)));
  const needed = parts.filter((part) => selection.holdsPart(part)).map(({ database, table }) => (0, import_chunk_QTEVZTVH.idOf)({ database, name: table }));
  const missing = [...new Set(needed)].filter((id) => !there.has(id));
  if (missing.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `The target has no ${missing.join(", no ")} to put rows into.`, {
    hint: "Restore the structure first (--schema-only), or structure and rows together."
  });
}
function notEmpty(connection, names) {
  const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? `, and ${names.length - 5} more` : "");
  return new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `ClickHouse at ${connection.endpoint} already has ${shown}.`, {
    hint: "Restore into an empty server, or name the target on purpose to replace what is there."
  });
}
var TABLE_WORDS = new Set(
  "FROM JOIN TO TABLE VIEW DICTIONARY EXISTS INTO DATA TAGS METRICS SAMPLES".split(" ")
);
var CLAUSES = new Set(
  "FROM JOIN SELECT WHERE PREWHERE HAVING QUALIFY BY WITH ON USING WINDOW VALUES SETTINGS LIMIT".split(" ")
);
var TAKES_NAME = /^(?:dict(?:Get|Has|IsIn)\w*|dictionary|joinGet\w*|hasColumnInTable|merge|mergeTree(?:Index|Projection|AnalyzeIndexes)\w*|loop|timeSeries\w+|Buffer|Alias)$/i;
var HOLDS_SQL = /* @__PURE__ */ new Set(["QUERY", "INVALIDATE_QUERY", "WHERE"]);
var DatabaseNames = class {
  #names;
  /** Tables, views and dictionaries of the old databases, as `database.name`. */
  #known;
  /** The longest first: a database's name may hold a dot. */
  #old;
  constructor(names, known) {
    this.#names = names;
    this.#known = known;
    this.#old = [...names.keys()].sort((a, b) => b.length - a.length);
  }
  /** The name that a database goes by. */
  rename(database) {
    return this.#names.get(database) ?? database;
  }
  /** The same for `database.name`, as people write it. */
  renamePath(path) {
    const old = this.#old.find((name) => path.startsWith(`${name}.`));
    return old === void 0 ? path : this.rename(old) + path.slice(old.length);
  }
  /** Puts the new names wherever a statement names a database; columns, aliases and texts of the same name stay. */
  rewrite(statement) {
    return (0, import_chunk_QTEVZTVH.applyEdits)(statement, this.#find(statement).edits);
  }
  /** What a statement says, or may say, of databases by their old names. */
  findOld(statement) {
    const { edits, unclear } = this.#find(statement);
    return [.../* @__PURE__ */ new Set([...edits.map(({ start, end }) => statement.slice(start, end)), ...unclear])];
  }
  #find(statement) {
    const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
    const mentions = { edits: [], unclear: [] };
    const locals = listLocals(tokens);
    const taken = /* @__PURE__ */ new Set();
    const replace = (token, value) => {
      const text3 = token.kind === "string" ? (0, import_chunk_HPYFHP5G.quoteText)(value) : writeName(value);
      mentions.edits.push({ start: token.start, end: token.end, text: text3 });
      taken.add(token);
    };
    this.#findInSource(tokens, replace);
    tokens.forEach((token, at) => {
      if (taken.has(token) || token.kind === "symbol") return;
      const { value } = token;
      const [before, after] = [tokens[at - 1], tokens[at + 1]];
      const isArgument = before?.text === "(" && TAKES_NAME.test(tokens[at - 2]?.value ?? "");
      if (isArgument && after?.text !== ".") {
        const renamed = this.#names.has(value) && after?.text === "," ? this.rename(value) : this.renamePath(value);
        if (renamed !== value) replace(token, renamed);
        return;
      }
      if (token.kind === "string") {
        if ((0, import_chunk_QTEVZTVH.isWord)(before, "COMMENT")) return;
        const isPattern = before?.text === "(" && (0, import_chunk_QTEVZTVH.isWord)(tokens[at - 2], "REGEXP");
        if (this.#known.has(value) || isPattern && this.#old.some((old) => matches(value, old)))
          mentions.unclear.push(value);
        return;
      }
      const name = tokens[at + 2];
      if (!this.#names.has(value) || after?.text !== "." || !name || before?.text === ".") return;
      const path = `${value}.${name.value}`;
      if (isArgument || isTablePlace(tokens, at)) {
        replace(token, this.rename(value));
      } else if (this.#known.has(path) && !locals.has(value)) {
        const isQualifier = tokens[at + 3]?.text === ".";
        if (isQualifier || (0, import_chunk_QTEVZTVH.isWord)(before, "IN")) replace(token, this.rename(value));
        else mentions.unclear.push(path);
      }
    });
    return mentions;
  }
  /** SOURCE(CLICKHOUSE(DB 'shop' QUERY 'SELECT … FROM shop.orders')) */
  #findInSource(tokens, replace) {
    if (!(0, import_chunk_QTEVZTVH.isWord)(tokens[1], "DICTIONARY")) return;
    const at = tokens.findIndex((token) => token.depth === 0 && (0, import_chunk_QTEVZTVH.isWord)(token, "SOURCE"));
    const open = at + 3;
    if (at === -1 || !(0, import_chunk_QTEVZTVH.isWord)(tokens[at + 2], "CLICKHOUSE") || tokens[open]?.text !== "(") return;
    for (const { name, value } of (0, import_chunk_ZA667Z3N.readParameters)(tokens.slice(open + 1, (0, import_chunk_QTEVZTVH.findClosing)(tokens, open)))) {
      if (name === "DB" && this.#names.has(value.value)) {
        replace(value, this.rename(value.value));
      } else if (HOLDS_SQL.has(name)) {
        const rewritten = this.rewrite(value.value);
        if (rewritten !== value.value) replace(value, rewritten);
      }
    }
  }
};
function listLocals(tokens) {
  const aliases = tokens.filter(
    (token, at) => (0, import_chunk_QTEVZTVH.isWord)(tokens[at - 1], "AS") && token.kind !== "symbol" && tokens[at + 1]?.text !== "."
  );
  const isQuery = !(0, import_chunk_QTEVZTVH.isWord)(tokens[0], "CREATE") || tokens.slice(1, 6).some((token) => (0, import_chunk_QTEVZTVH.isWord)(token, "VIEW"));
  const open = tokens.findIndex(({ depth, text: text3 }) => depth === 0 && text3 === "(");
  const columns = isQuery || open === -1 ? [] : tokens.slice(open, (0, import_chunk_QTEVZTVH.findClosing)(tokens, open)).filter(({ depth, kind }, at, list) => {
    const before = list[at - 1];
    return depth === 1 && kind !== "symbol" && (at === 1 || before?.text === ",");
  });
  return new Set([...aliases, ...columns].map(({ value }) => value));
}
function isTablePlace(tokens, at) {
  const before = tokens[at - 1];
  if (!before) return false;
  if (before.text === ",") {
    const depth = tokens[at]?.depth;
    const list = tokens.slice(0, at).findLastIndex((token) => {
      if (token.depth < (depth ?? 0)) return true;
      return token.depth === depth && token.kind === "word" && CLAUSES.has(token.text.toUpperCase());
    });
    return isTablePlace(tokens, list + 1) && tokens[list]?.text !== "(";
  }
  if (before.kind !== "word") return false;
  if ((0, import_chunk_QTEVZTVH.isWord)(before, "ON")) return (0, import_chunk_QTEVZTVH.isWord)(tokens[at - 2], "DEPENDS");
  if ((0, import_chunk_QTEVZTVH.isWord)(before, "JOIN")) return !(0, import_chunk_QTEVZTVH.isWord)(tokens[at - 2], "ARRAY");
  if ((0, import_chunk_QTEVZTVH.isWord)(before, "FROM") && (0, import_chunk_QTEVZTVH.isWord)(tokens[at - 2], "FILL")) return false;
  if ((0, import_chunk_QTEVZTVH.isWord)(before, "TO") && before.depth > 0) return false;
  return TABLE_WORDS.has(before.text.toUpperCase());
}
function writeName(value) {
  return /^[A-Za-z_]\w*$/.test(value) ? value : (0, import_chunk_HPYFHP5G.quoteName)(value);
}
function matches(pattern, text3) {
  try {
    return new RegExp(pattern).test(text3);
  } catch {
    return true;
  }
}
var Relocation = class {
  #names;
  #plan;
  /**
   * @param names - new names by old ones
   * @param plan - the backup's schema, under its own names
   * @throws AppError CONFIG_INVALID for names that do not fit the backup
   */
  constructor(names, backup, plan) {
    requireFit(names, backup);
    if (backup.serverBackup) throw writtenByServer(backup.store);
    const entries = [...plan.beforeData, ...plan.afterData];
    this.#plan = plan;
    this.#names = new DatabaseNames(
      names,
      new Set(entries.filter(({ kind }) => kind !== "database" && kind !== "function").map(import_chunk_QTEVZTVH.idOf))
    );
  }
  /** The backup as it will be there. Only what its own schema can tell gets another hash. */
  moveBackup(backup) {
    const rename = (path) => this.#names.renamePath(path);
    const definitions = this.#hashDefinitions();
    const moveObject = (object) => ({
      ...object,
      name: object.kind === "database" ? this.#names.rename(object.name) : rename(object.name),
      definition: definitions.get(`${keyOf(object)} ${object.definition}`) ?? object.definition,
      ...object.table !== void 0 && { table: rename(object.table) },
      ...object.needs && { needs: object.needs.map(rename).sort() }
    });
    const { inventory, parts } = backup;
    return {
      ...backup,
      inventory: {
        ...inventory,
        tables: inventory.tables.map((table) => ({ ...table, name: rename(table.name) })),
        schema: inventory.schema.map(moveObject)
      },
      parts: parts.map((part) => ({ ...part, database: this.#names.rename(part.database) }))
    };
  }
  moveScope(scope) {
    const { tables, schemas } = scope;
    return {
      ...scope,
      ...tables && { tables: tables.map((table) => this.#names.renamePath(table)) },
      ...schemas && { schemas: schemas.map((schema) => this.#names.rename(schema)) }
    };
  }
  movePlan({ beforeData, afterData }) {
    const move = (entry) => this.#moveEntry(entry);
    return { beforeData: beforeData.map(move), afterData: afterData.map(move) };
  }
  moveDatabase(database) {
    return database === void 0 ? void 0 : this.#names.rename(database);
  }
  /** Says of every definition that it still names a database by its old name, so that it differs from the backup's. */
  markOldNames(inventory, { entries }) {
    const marks = /* @__PURE__ */ new Map();
    for (const entry of entries) {
      const depends = entry.dependsOn.filter((id) => this.#names.renamePath(id) !== id);
      const old = /* @__PURE__ */ new Set([...this.#names.findOld(entry.portable), ...depends]);
      if (old.size > 0) marks.set(keyOf({ kind: entry.kind, name: (0, import_chunk_QTEVZTVH.idOf)(entry) }), [...old].join(", "));
    }
    const schema = inventory.schema.map((object) => {
      const old = marks.get(keyOf(object));
      return old === void 0 ? object : { ...object, definition: `${object.definition}, which still names ${old}` };
    });
    return { ...inventory, schema };
  }
  #moveEntry(entry) {
    const isDatabase = entry.kind === "database";
    return {
      ...entry,
      database: this.#names.rename(entry.database),
      name: isDatabase ? this.#names.rename(entry.name) : entry.name,
      portable: isDatabase ? this.#renameCreate(entry) : this.#names.rewrite(entry.portable),
      dependsOn: entry.dependsOn.map((id) => this.#names.renamePath(id))
    };
  }
  #renameCreate({ name, portable }) {
    const renamed = this.#names.rename(name);
    return renamed === name ? portable : (0, import_chunk_QTEVZTVH.writeCreateDatabase)(renamed);
  }
  /** Hashes of what the schema will say, by kind, name and hash in the backup. */
  #hashDefinitions() {
    const hashes = /* @__PURE__ */ new Map();
    for (const entry of [...this.#plan.beforeData, ...this.#plan.afterData]) {
      const id = (0, import_chunk_QTEVZTVH.idOf)(entry);
      const moved = listDefinitions(this.#moveEntry(entry), id);
      listDefinitions(entry, id).forEach(({ key, hash }, at) => {
        hashes.set(`${key} ${hash}`, moved[at]?.hash ?? hash);
      });
    }
    return hashes;
  }
};
function listDefinitions({ kind, portable }, name) {
  const items = kind === "table" ? (0, import_chunk_ZA667Z3N.listTableItems)(portable) : [];
  const own = items.map((item) => ({ ...item, name: `${name}.${item.name}` }));
  return [{ kind, name, definition: portable }, ...own].map((each) => ({
    key: keyOf(each),
    hash: (0, import_chunk_ZA667Z3N.hashDefinition)(each.definition)
  }));
}
function keyOf({ kind, name }) {
  return `${kind} ${name}`;
}
function writtenByServer(store) {
  return new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The rows of ${store} were written by its server, and come back under their own names only.`,
    { hint: "Leave --into-database out, and restore into a server without these databases." }
  );
}
function requireFit(names, { inventory }) {
  const held = inventory.schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
  const unknown = [...names.keys()].filter((name) => !held.includes(name));
  if (unknown.length > 0) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The backup holds no database ${unknown.join(", no ")}.`, {
      hint: `Name databases of the backup before the equals signs of --into-database: ${held.join(", ")}.`
    });
  }
  const taken = [...names.values()].filter((name) => held.includes(name));
  if (taken.length > 0) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The backup itself holds a database ${taken.join(", a ")}.`, {
      hint: "Give --into-database names that the backup does not hold."
    });
  }
}
var LOADS_AT_ONCE = 4;
var RESTORE_LIMIT_MS = 6 * 36e5;
var EXACT_INSERT = {
  optimize_on_insert: 0,
  async_insert: 0,
  insert_deduplicate: 0,
  deduplicate_insert: "disable",
  insert_allow_materialized_columns: 1,
  max_partitions_per_insert_block: 0,
  max_execution_time: 0,
  http_receive_timeout: 1800,
  // Otherwise an answer of 200 may be sent before the last block is in.
  wait_end_of_query: 1
};
var Restoration = class {
  #server;
  #backup;
  #selection;
  #objects;
  #ledger;
  #context;
  #serverMode;
  /** Statements that undo what holds merges still. */
  wakeUps = [];
  /** Statements that let views refresh themselves again. */
  refreshes = [];
  /** Statements that give tables which were there before back as they were, should the restore fail. */
  undo = [];
  constructor(server, backup, selection, objects, ledger, context, serverMode) {
    this.#serverMode = serverMode;
    this.#server = server;
    this.#backup = backup;
    this.#selection = selection;
    this.#objects = objects;
    this.#ledger = ledger;
    this.#context = context;
  }
  /**
   * @param schema - of the whole backup, under the names that it goes to
   * @param existing - tables that are there and are filled rather than created
   * @throws AppError STORE_FAILED, BACKUP_DAMAGED, OBJECT_MISSING
   */
  async run(schema, existing) {
    if (this.#backup.serverBackup && this.#selection.fillsTables) throw fillsNoTables(this.#backup.store);
    const { beforeData, afterData } = this.#selection.narrow(schema);
    const isThere = new Set(existing.map(({ table }) => (0, import_chunk_QTEVZTVH.idOf)(table)));
    const tables = beforeData.filter((entry) => entry.kind === "table" && !isThere.has((0, import_chunk_QTEVZTVH.idOf)(entry)));
    for (const entry of beforeData) {
      if (isThere.has((0, import_chunk_QTEVZTVH.idOf)(entry))) continue;
      await this.#ledger.create(this.#server, entry);
      if (entry.kind === "table" && (0, import_chunk_ZA667Z3N.findStorage)(entry.engine) === "parts") {
        await this.#holdMerges(entry.database, entry.name);
      }
    }
    await this.#load(tables.flatMap((entry) => this.#partsInto(entry, entry.name)));
    await this.#importByServer(tables);
    for (const table of existing) await this.#fill(table);
    for (const entry of afterData) {
      if (isThere.has((0, import_chunk_QTEVZTVH.idOf)(entry))) continue;
      await this.#ledger.create(this.#server, entry);
      if (entry.kind === "materialized view") await this.#fillInnerTable(entry);
    }
  }
  async #fill(existing) {
    const { table, parts } = existing;
    if (table.storage !== "parts") {
      this.undo.push(`TRUNCATE TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(table.database, table.storedIn)}`);
      await this.#load(parts.map((part) => ({ part, table: table.storedIn })));
      return;
    }
    const firstOfTable = this.wakeUps.length;
    await this.#holdMerges(table.database, table.storedIn);
    this.undo.push(...this.wakeUps.slice(firstOfTable));
    const insert = (part, into) => this.#insert(part, into, this.#context.signal);
    await fillByPartitions(this.#server, this.#ledger, existing, insert, this.undo);
  }
  /** Rows older than a TTL, and versions that replace one another, must be there when they are counted. */
  async #holdMerges(database, table) {
    const path = (0, import_chunk_HPYFHP5G.quotePath)(database, table);
    for (const work of ["MERGES", "TTL MERGES"]) {
      await this.#server.run(`SYSTEM STOP ${work} ${path}`);
      this.wakeUps.push(`SYSTEM START ${work} ${path}`);
    }
  }
  /** A view's own rows go into the table behind it, before any other view that reads from it exists. */
  async #fillInnerTable(entry) {
    const path = (0, import_chunk_HPYFHP5G.quotePath)(entry.database, entry.name);
    if ((0, import_chunk_ZA667Z3N.isRefreshable)(entry.portable)) {
      await this.#server.run(`SYSTEM STOP VIEW ${path}`);
      this.refreshes.push(`SYSTEM START VIEW ${path}`);
    }
    const [database, name] = [(0, import_chunk_HPYFHP5G.quoteText)(entry.database), (0, import_chunk_HPYFHP5G.quoteText)(entry.name)];
    const [inner] = await this.#server.rows(
      `SELECT name, engine FROM system.tables WHERE database = ${database} AND (name = concat('.inner.', ${name})
         OR name = concat('.inner_id.', (SELECT toString(any(uuid)) FROM system.tables WHERE database = ${database} AND name = ${name})))`
    );
    if (!inner) return;
    if ((0, import_chunk_ZA667Z3N.findStorage)(inner.engine) === "parts") await this.#holdMerges(entry.database, inner.name);
    await this.#load(this.#partsInto(entry, inner.name));
    await this.#importByServer([entry]);
  }
  /** The rows that the source's server wrote are read by this one, which reaches the same place. */
  async #importByServer(entries) {
    const { serverBackup, store } = this.#backup;
    if (!serverBackup || this.#selection.content === "structure") return;
    const { destination, deadlineMs } = this.#serverMode ?? {};
    const place = (0, import_chunk_XXU7PNBB.findPlace)(serverBackup, destination, store);
    await (0, import_chunk_ZA667Z3N.importByServer)(
      this.#server,
      serverBackup,
      place,
      entries,
      deadlineMs ?? RESTORE_LIMIT_MS,
      this.#context
    );
  }
  #partsInto(entry, table) {
    return this.#selection.partsOf(entry).map((part) => ({ part, table }));
  }
  /** Largest first, as they were read. */
  async #load(loads) {
    loads.sort((a, b) => b.part.sizeBytes - a.part.sizeBytes);
    let done = 0;
    await (0, import_chunk_NCOSMIE3.forEachAtOnce)(loads, LOADS_AT_ONCE, async ({ part, table }, signal) => {
      await this.#insert(part, table, signal);
      done += 1;
      this.#context.reporter.progress({ label: "partitions", done, total: loads.length, unit: "objects" });
    });
  }
  async #insert(part, table, signal) {
    const query = `INSERT INTO ${(0, import_chunk_HPYFHP5G.quotePath)(part.database, table)} (${(0, import_chunk_5V4BPUAT.listColumns)(part.columns)}) FORMAT Native`;
    try {
      await this.#server.sendInsert(query, EXACT_INSERT, await this.#objects.open(part), signal);
    } catch (error) {
      if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "STORE_FAILED") await this.#readToEnd(part);
      throw error;
    }
  }
  /** @throws AppError BACKUP_DAMAGED when the object is not what was written */
  async #readToEnd(part) {
    for await (const _ of await this.#objects.open(part)) {
    }
  }
};
function fillsNoTables(store) {
  return new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The rows of ${store} were written by its server, and come back only into tables that are made for them.`,
    {
      hint: "Leave out data-only and partitions: choose whole tables, and restore them into a server without them."
    }
  );
}
function createClickHouseTarget(options, context) {
  return new ClickHouseTarget(options, context);
}
async function createClickHouseThrowaway(options, context) {
  return new ClickHouseTarget(options, context, true);
}
var ClickHouseTarget = class {
  store;
  kind = "clickhouse";
  #connection;
  #context;
  #ledger = new Ledger();
  #cleanUp;
  #server;
  #operator;
  #database;
  /** What lay beside the backup's tables before the restore, and is none of its business. */
  #foreign = /* @__PURE__ */ new Set();
  #wakeUps = [];
  /** Views of a copy that is thrown away never refresh themselves: what they read might lie elsewhere. */
  #refreshes = [];
  #isThrowaway;
  #relocation;
  #databaseNames;
  #serverMode;
  constructor({ store, url, serverMode, placement }, context, isThrowaway = false) {
    this.#serverMode = serverMode;
    this.#isThrowaway = isThrowaway;
    this.#databaseNames = placement?.databaseNames;
    this.store = store;
    this.#context = context;
    this.#connection = (0, import_chunk_5V4BPUAT.parseConnection)(url, context.redactor);
    this.#database = this.#connection.database;
    this.#cleanUp = new CleanUp(this.#withoutDatabase(), this.#ledger, context);
  }
  async relocate(backup, scope, objects) {
    if (!this.#databaseNames) return { store: backup, ...scope && { scope } };
    const manifest = requireClickHouse(backup);
    const schema = await readSchema(manifest, objects);
    const relocation = new Relocation(this.#databaseNames, manifest, schema);
    this.#relocation = relocation;
    this.#database = relocation.moveDatabase(this.#database);
    return { store: relocation.moveBackup(manifest), ...scope && { scope: relocation.moveScope(scope) } };
  }
  async inspect(backup, scope) {
    const server = await this.#connect();
    const selection = new Selection(requireClickHouse(backup), scope);
    const catalog = await this.#readCatalog(server, listDatabases(backup));
    const { objects, rows } = await findInTheWay(server, catalog, selection);
    for (const { found, mend } of await (0, import_chunk_5V4BPUAT.findLeftovers)(server, this.#context)) {
      this.#context.reporter.warn(`${found} ${mend}`);
    }
    return {
      id: (0, import_chunk_ZA667Z3N.hashIdentity)(catalog),
      host: (0, import_chunk_5V4BPUAT.describeHost)(this.#connection),
      databases: [...selection.databases],
      occupiedBy: [...objects, ...rows].map(import_chunk_QTEVZTVH.idOf),
      serverVersion: server.version
    };
  }
  async restore(backup, request) {
    const manifest = requireClickHouse(backup);
    const selection = new Selection(manifest, request.scope);
    const server = await this.#connect();
    this.#database ??= selection.databases[0];
    const catalog = await this.#readCatalog(server, selection.databases);
    const { objects, rows } = await findInTheWay(server, catalog, selection);
    if (objects.length + rows.length > 0 && !request.replace) {
      throw notEmpty(this.#connection, [...objects, ...rows].map(import_chunk_QTEVZTVH.idOf));
    }
    const present = catalog.entries.filter(isNamed).map(import_chunk_QTEVZTVH.idOf);
    this.#foreign = new Set(present.filter((id) => !selection.ids.has(id)));
    const existing = selection.fillsTables ? findExisting(catalog, selection) : [];
    if (selection.content === "data") requireThere(selection, manifest, existing);
    existing.forEach(requireSameColumns);
    for (const { table } of existing) if (table.storage !== "parts") await requireNothingFires(server, table);
    const own = await readSchema(manifest, request.objects);
    const schema = this.#relocation?.movePlan(own) ?? own;
    const restoration = new Restoration(
      server,
      manifest,
      selection,
      request.objects,
      this.#ledger,
      this.#context,
      this.#serverMode
    );
    try {
      for (const { kind, database, name } of objects) {
        const what = kind === "dictionary" ? "DICTIONARY" : "TABLE";
        await server.run(`DROP ${what} ${(0, import_chunk_HPYFHP5G.quotePath)(database, name)} SYNC`, DROP_SETTINGS);
      }
      for (const table of rows) await clear(server, table, selection.partitions);
      await restoration.run(schema, existing);
      this.#wakeUps = restoration.wakeUps;
      this.#refreshes = restoration.refreshes;
      const refused = request.access ? await applyAccess(server, manifest, request.objects) : [];
      return { lost: [], refused };
    } catch (error) {
      await this.#cleanUp.removeAll(restoration.undo).catch((cleanup) => {
        this.#context.reporter.warn(`What the failed restore had made is still there: ${String(cleanup)}`);
      });
      throw error;
    }
  }
  async takeInventory(backup, scope) {
    const server = await this.#connect();
    const selection = new Selection(requireClickHouse(backup), scope);
    const all = await this.#readCatalog(server, selection.databases);
    const functions = new Set(
      backup.inventory.schema.flatMap(({ kind, name }) => kind === "function" ? [name] : [])
    );
    const isOurs = (each) => (
      // Functions belong to the server: those of others are none of the backup's business.
      each.kind === "function" ? functions.has(each.name) : !this.#foreign.has((0, import_chunk_QTEVZTVH.idOf)(each))
    );
    const tables = [];
    for (const table of all.tables.filter(isOurs)) {
      tables.push({ name: (0, import_chunk_QTEVZTVH.idOf)(table), ...await countSelected(server, table, selection) });
    }
    const ours = { ...all, entries: all.entries.filter(isOurs) };
    const inventory = (0, import_chunk_ZA667Z3N.describeInventory)(ours, tables);
    return this.#relocation?.markOldNames(inventory, ours) ?? inventory;
  }
  async settle() {
    if (this.#isThrowaway && this.#context.signal.aborted) return;
    const statements = [...this.#wakeUps.splice(0), ...this.#isThrowaway ? [] : this.#refreshes.splice(0)];
    if (statements.length === 0) return;
    await this.#cleanUp.run(async (server) => {
      for (const statement of statements) await server.run(statement);
    });
  }
  /** Statements end with semicolons. The rows of the last one come as JSON: leave FORMAT out. */
  async query(sql, as) {
    if (as?.role !== void 0 || as?.settings !== void 0) {
      throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "A query on ClickHouse cannot be run as another role here.", {
        hint: "Leave as-role and settings out: they are for Postgres and its policies."
      });
    }
    this.#operator ??= import_chunk_5V4BPUAT.ClickHouseServer.connect(
      { ...this.#connection, database: this.#database },
      this.#context
    );
    const server = await this.#operator;
    let rows = [];
    for (const statement of (0, import_chunk_HPYFHP5G.splitStatements)(sql)) rows = await server.runAny(statement);
    return rows;
  }
  connectionEnv() {
    return (0, import_chunk_R7WKX6QU.connectionVariables)(this.store, (0, import_chunk_5V4BPUAT.addressOf)(this.#connection, this.#database ?? "default"));
  }
  async destroy() {
    await this.#cleanUp.removeAll();
  }
  async close() {
    const servers = await Promise.allSettled([this.#server, this.#operator]);
    for (const server of servers) if (server.status === "fulfilled") await server.value?.close();
  }
  #connect() {
    this.#server ??= import_chunk_5V4BPUAT.ClickHouseServer.connect(this.#withoutDatabase(), this.#context);
    return this.#server;
  }
  /** The address may name a database that the restore is about to make. */
  #withoutDatabase() {
    return { ...this.#connection, database: void 0 };
  }
  /** Of those databases that are there. */
  async #readCatalog(server, databases) {
    if (databases.length === 0) return await (0, import_chunk_ZA667Z3N.readCatalog)(server, []);
    const found = await server.rows(
      `SELECT name FROM system.databases WHERE name IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(databases)})`
    );
    return await (0, import_chunk_ZA667Z3N.readCatalog)(
      server,
      found.map(({ name }) => name)
    );
  }
};
async function readSchema({ ddl }, objects) {
  return (0, import_chunk_QTEVZTVH.parseSchema)(await (0, import_consumers.text)(await objects.open(ddl.objects)));
}
function listDatabases({ inventory }) {
  return inventory.schema.filter(({ kind }) => kind === "database").map(({ name }) => name);
}
function requireClickHouse(backup) {
  if (backup.kind === "clickhouse") return backup;
  throw new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `${backup.store} is a ${backup.kind} backup and cannot go into ClickHouse.`,
    {
      hint: "Give the store a target of its own kind."
    }
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createClickHouseTarget,
  createClickHouseThrowaway
});
