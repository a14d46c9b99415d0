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
  createClickHouseStore: () => createClickHouseStore
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_5D4ACXYF = require("./chunk-5D4ACXYF.cjs");
var import_chunk_7N3AE75W = require("./chunk-7N3AE75W.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_ZA667Z3N = require("./chunk-ZA667Z3N.cjs");
var import_chunk_QTEVZTVH = require("./chunk-QTEVZTVH.cjs");
var import_chunk_5V4BPUAT = require("./chunk-5V4BPUAT.cjs");
var import_chunk_NCOSMIE3 = require("./chunk-NCOSMIE3.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_XXU7PNBB = require("./chunk-XXU7PNBB.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_GRBCTXAV = require("./chunk-GRBCTXAV.cjs");
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_crypto = require("node:crypto");
var import_node_stream = require("node:stream");
var SYSTEM_TABLES = ["databases", "tables", "columns", "functions", "settings", "parts", "parts_columns"];
var QUESTIONS_AT_ONCE = 4;
async function findLackingRights(server, named) {
  const to = `TO ${(0, import_chunk_HPYFHP5G.quoteName)(server.connection.user)}`;
  const fixed = await findFixedSettings(server, import_chunk_5V4BPUAT.EXACT_READ);
  if (fixed.length > 0) return fixed;
  const need = async (privilege, where, what) => {
    const [answer] = await server.runAny(`CHECK GRANT ${privilege} ON ${where}`);
    return answer?.["result"] === 1 ? [] : [{ what, mend: `GRANT ${privilege} ON ${where} ${to}` }];
  };
  const inTables = findRefused(SYSTEM_TABLES, (some) => mayRead(server, ...some)).then(
    (unreadable) => unreadable.map((table) => ({
      what: `may not read system.${table}`,
      mend: `GRANT SELECT ON system.${table} ${to}`
    }))
  );
  const unseen = "may not see all databases, and no databases are named in the configuration";
  const inServer = named ? [] : need("SHOW DATABASES", "*.*", unseen);
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(QUESTIONS_AT_ONCE);
  const inDatabase = async (database) => {
    const where = `${(0, import_chunk_HPYFHP5G.quoteName)(database)}.*`;
    const [found, asks] = await Promise.all([
      need("SELECT", where, `may not read every table of ${database}`),
      asksDictionaries(server, database)
    ]);
    if (!asks) return found;
    const what = `may not ask the dictionaries that columns of ${database} are filled from`;
    return [...found, ...await need("dictGet", where, what)];
  };
  const inDatabases = Promise.resolve(named ?? listDatabases(server)).then(
    (databases) => Promise.all(databases.map((database) => limit(() => inDatabase(database))))
  );
  return (await Promise.all([inTables, inServer, inDatabases])).flat(2);
}
async function findHiddenRows(server, { tables }) {
  const hidden = [];
  await (0, import_chunk_NCOSMIE3.forEachAtOnce)(tables, QUESTIONS_AT_ONCE, async (table) => {
    const columns = (0, import_chunk_5V4BPUAT.listColumns)(table.columns.map(({ name }) => name));
    const [plan] = await server.rows(
      `EXPLAIN json = 1, actions = 1 ${(0, import_chunk_5V4BPUAT.selectFrom)(table, columns)}`
    );
    if (hasFilter(JSON.parse(plan?.explain ?? "null"))) hidden.push(table);
  });
  if (hidden.length === 0) return [];
  const policies = await readPolicies(server);
  const user = (0, import_chunk_HPYFHP5G.quoteName)(server.connection.user);
  return hidden.sort(compareNames).map((table) => {
    const { database, storedIn } = table;
    const mine = policies.filter((policy) => policy.database === database && policy.table === storedIn);
    const names = mine.length > 0 ? ` (${mine.map(({ name }) => name).join(", ")})` : "";
    const restrictive = mine.filter((policy) => policy.is_restrictive === 1 && policy.apply_to_all === 1);
    const exemptions = restrictive.map(
      (policy) => `ALTER ROW POLICY ${(0, import_chunk_HPYFHP5G.quoteName)(policy.name)} ON ${(0, import_chunk_HPYFHP5G.quotePath)(database, storedIn)} TO ALL EXCEPT ${[...policy.apply_to_except.map(import_chunk_HPYFHP5G.quoteName), user].join(", ")}`
    );
    const admission = `CREATE ROW POLICY lifeboat_reads_all ON ${(0, import_chunk_HPYFHP5G.quotePath)(database, storedIn)} USING 1 TO ${user}`;
    return {
      what: `does not see all rows of ${(0, import_chunk_QTEVZTVH.idOf)(table)}: a row policy${names} hides some`,
      mend: [...exemptions, admission].join("; ")
    };
  });
}
async function findFixedSettings(server, settings) {
  const change = `ALTER USER ${(0, import_chunk_HPYFHP5G.quoteName)(server.connection.user)} MODIFY SETTINGS`;
  if (server.isReadonly) {
    return [
      {
        what: "may not change any setting, since its profile has readonly = 1",
        mend: `${change} readonly = 2`
      }
    ];
  }
  const wanted = Object.entries(server.accept(settings)).map(
    ([name, value]) => `${name} = ${typeof value === "number" ? value : (0, import_chunk_HPYFHP5G.quoteText)(value)}`
  );
  const fixed = await findRefused(
    wanted,
    (some) => allowed(server.runAny(`SELECT 1 SETTINGS ${some.join(", ")}`))
  );
  if (fixed.length === 0) return [];
  return [
    {
      what: `may not set ${fixed.join(", ")}, since its profile forbids it`,
      mend: `${change} ${fixed.join(", ")}`
    }
  ];
}
function rightsMissing(server, lacks) {
  const { endpoint, user } = server.connection;
  const lines = [...new Set(lacks.map(({ what }) => what))];
  const mends = [...new Set(lacks.map(({ mend }) => mend))];
  return new import_chunk_E4TRGNTH.AppError(
    "STORE_RIGHTS_MISSING",
    `A backup of ClickHouse at ${endpoint} would not be whole: user ${user} ${lines.join("; ")}.`,
    {
      hint: `Run as an administrator: ${mends.join("; ")}. A user that users.xml defines gets them there, under grants and its profile.`
    }
  );
}
async function mayRead(server, ...tables) {
  const reads = tables.map((table) => `(SELECT 1 FROM system.${table})`);
  return await allowed(server.rows(`EXPLAIN PLAN ${reads.join(" UNION ALL ")}`));
}
async function findRefused(items, areAllowed) {
  if (items.length === 0 || await areAllowed(items)) return [];
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(QUESTIONS_AT_ONCE);
  const answers = await Promise.all(items.map((item) => limit(() => areAllowed([item]))));
  return items.filter((_, index) => answers[index] === false);
}
async function allowed(query) {
  try {
    await query;
    return true;
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "STORE_RIGHTS_MISSING") return false;
    throw error;
  }
}
async function listDatabases(server) {
  const found = await server.rows(
    `SELECT name, engine FROM system.databases WHERE name NOT IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(import_chunk_ZA667Z3N.SYSTEM_DATABASES)}) ORDER BY name`
  );
  return found.filter(({ engine }) => (0, import_chunk_ZA667Z3N.isLocalDatabase)(engine)).map(({ name }) => name);
}
async function asksDictionaries(server, database) {
  const found = await server.rows(
    `SELECT 1 FROM system.columns WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(database)}
       AND default_kind IN ('DEFAULT', 'MATERIALIZED') AND match(default_expression, '\\\\bdict[A-Z]') LIMIT 1`
  );
  return found.length > 0;
}
async function readPolicies(server) {
  const query = `SELECT short_name AS name, database, table, is_restrictive, apply_to_all, apply_to_except
     FROM system.row_policies`;
  let policies = [];
  await allowed(server.rows(query).then((rows) => policies = rows));
  return policies;
}
function hasFilter(plan) {
  if (Array.isArray(plan)) return plan.some(hasFilter);
  if (typeof plan !== "object" || plan === null) return false;
  return Object.entries(plan).some(
    ([key, value]) => /filter/i.test(key) || key === "Node Type" && value === "Filter" || hasFilter(value)
  );
}
function compareNames(a, b) {
  const [left, right] = [(0, import_chunk_QTEVZTVH.idOf)(a), (0, import_chunk_QTEVZTVH.idOf)(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
var ELSEWHERE = ["users_xml", "users.xml", "ldap", "token"];
var TABLES = ["user_directories", "users", "roles", "quotas", "settings_profiles", "row_policies"];
async function findLackingAccess(server) {
  const to = `TO ${(0, import_chunk_HPYFHP5G.quoteName)(server.connection.user)}`;
  const what = "may not see other users, their roles, grants, quotas, profiles and row policies";
  const [answer] = await server.runAny("CHECK GRANT SHOW ACCESS ON *.*");
  if (answer?.["result"] !== 1) return [{ what, mend: `GRANT SHOW ACCESS ON *.* ${to}` }];
  const lacks = [];
  for (const table of TABLES) {
    if (await mayRead(server, table)) continue;
    lacks.push({ what: `may not read system.${table}`, mend: `GRANT SELECT ON system.${table} ${to}` });
  }
  return lacks;
}
async function diagnoseAccess(server) {
  try {
    const lacks = await findLackingAccess(server);
    if (lacks.length === 0) return (0, import_chunk_CW2N472Z.good)("access", "Users, roles and what they may do can be read.");
    const [what, mend] = [lacks.map((lack) => lack.what), lacks.map((lack) => lack.mend)];
    return (0, import_chunk_CW2N472Z.bad)("access", `The user ${what.join("; ")}.`, mend.join("; "));
  } catch (error) {
    return (0, import_chunk_CW2N472Z.explainAsFinding)("access", error);
  }
}
async function readAccess(server, databases, elsewhere = ELSEWHERE) {
  const directories = await server.rows(
    "SELECT name, type FROM system.user_directories"
  );
  const fixed = new Map(
    directories.filter(({ type }) => elsewhere.includes(type)).map(({ name, type }) => [name, type])
  );
  const leftOut = [];
  const list = async (what, table, where = "1") => {
    const found = await server.rows(
      `SELECT name, storage FROM system.${table} WHERE ${where} ORDER BY name`
    );
    const isKept = ({ storage }) => !fixed.has(storage);
    for (const { name, storage } of found.filter((each) => !isKept(each))) {
      leftOut.push({ what: `${what} ${name}`, why: `The server has it from ${fixed.get(storage)}.` });
    }
    return found.filter(isKept).map(({ name }) => name);
  };
  const describe = async (what, names) => {
    const described = [];
    for (const name of names) {
      const [create = ""] = await show(server, `SHOW CREATE ${what} ${(0, import_chunk_HPYFHP5G.quoteName)(name)}`);
      described.push({ name, create });
    }
    return described;
  };
  const withGrants = async (what, names) => {
    const grantees = [];
    for (const each of await describe(what, names)) {
      grantees.push({ ...each, grants: await show(server, `SHOW GRANTS FOR ${(0, import_chunk_HPYFHP5G.quoteName)(each.name)}`) });
    }
    return grantees;
  };
  const profiles = await describe("SETTINGS PROFILE", await list("settings profile", "settings_profiles"));
  const quotas = await describe("QUOTA", await list("quota", "quotas"));
  const roles = await withGrants("ROLE", await list("role", "roles"));
  const users = await withGrants("USER", await list("user", "users"));
  const inScope = databases.length === 0 ? "0" : `database IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(databases)})`;
  const policyNames = new Set(await list("row policy", "row_policies", inScope));
  const policies = policyNames.size === 0 ? [] : await describePolicies(server, inScope, policyNames);
  return { entities: { profiles, quotas, roles, users, policies }, leftOut };
}
async function describePolicies(server, inScope, kept) {
  const found = await server.rows(
    `SELECT name, short_name AS own, database, table FROM system.row_policies WHERE ${inScope} ORDER BY name`
  );
  const policies = [];
  for (const { name, own, database, table } of found) {
    if (!kept.has(name)) continue;
    const on = `${(0, import_chunk_HPYFHP5G.quoteName)(database)}.${table === "" ? "*" : (0, import_chunk_HPYFHP5G.quoteName)(table)}`;
    const [create = ""] = await show(server, `SHOW CREATE ROW POLICY ${(0, import_chunk_HPYFHP5G.quoteName)(own)} ON ${on}`);
    policies.push({ name, create });
  }
  return policies;
}
async function show(server, statement) {
  const rows = await server.runAny(statement);
  return rows.map((row) => String(Object.values(row)[0]));
}
var LOCKED = `IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}' HOST NONE`;
var KEPT_OF_USERS = ["DEFAULT ROLE", "DEFAULT DATABASE", "SETTINGS", "GRANTEES"];
var CLAUSES_OF_USERS = [...KEPT_OF_USERS, "NOT IDENTIFIED", "IDENTIFIED", "VALID", "HOST", "IN"];
var BEFORE_NAMES = [",", "ROLE", "DATABASE", "PROFILE", "INHERIT", "EXCEPT", "GRANTEES"];
function writeAccessScript({ profiles, quotas, roles, users, policies }) {
  const named = (what, { name }) => `${what} ${(0, import_chunk_HPYFHP5G.quoteName)(name)}`;
  const alter = (what, entity) => {
    const rest = afterName(entity.create);
    return rest === "" ? [] : [`ALTER ${named(what, entity)} ${rest}`];
  };
  const statements = [
    ...profiles.map((profile) => named("CREATE SETTINGS PROFILE IF NOT EXISTS", profile)),
    ...roles.map((role) => named("CREATE ROLE IF NOT EXISTS", role)),
    ...users.map((user) => `${named("CREATE USER IF NOT EXISTS", user)} ${LOCKED}`),
    ...profiles.flatMap((profile) => alter("SETTINGS PROFILE", profile)),
    ...quotas.map(({ create }) => ifNotExists(create, "QUOTA")),
    ...roles.flatMap((role) => alter("ROLE", role)),
    ...[...roles, ...users].flatMap(({ grants }) => grants),
    ...users.flatMap((user) => {
      const clauses = keptClauses(user.create);
      return clauses === "" ? [] : [`ALTER ${named("USER", user)} ${clauses}`];
    }),
    ...policies.map(({ create }) => ifNotExists(create, "POLICY"))
  ];
  const notes = users.map((user) => {
    const clauses = clausesOf(user.create);
    const hosts = clauses.find(({ clause }) => clause === "HOST")?.text ?? "HOST ANY";
    const until = clauses.find(({ clause }) => clause === "VALID")?.text.match(/^VALID UNTIL '[^']*'/i);
    return `-- To let in: ${named("ALTER USER", user)} IDENTIFIED BY '\u2026' ${until ? `${until[0]} ` : ""}${hosts}`;
  });
  return [...statements.map((statement) => `${oneLine(statement)};`), ...notes.map(oneLine), ""].join("\n");
}
function nameEntities(entities) {
  const namesOf = (kind) => entities[kind].map(({ name }) => name);
  return {
    profiles: namesOf("profiles"),
    quotas: namesOf("quotas"),
    roles: namesOf("roles"),
    users: namesOf("users"),
    policies: namesOf("policies")
  };
}
function afterName(create) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(create);
  const first = tokens.findIndex(({ value }) => /^(?:PROFILE|ROLE|USER)$/i.test(value)) + 1;
  const last = tokens[first + 1]?.text === "@" ? first + 2 : first;
  return create.slice(tokens[last]?.end ?? create.length).trim();
}
function keptClauses(create) {
  return clausesOf(create).filter(({ clause }) => KEPT_OF_USERS.includes(clause)).map(({ text }) => text).join(" ");
}
function clausesOf(create) {
  const rest = afterName(create);
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(rest);
  const starts = tokens.flatMap((token, index) => {
    const clause = clauseAt(tokens, index);
    return clause === void 0 ? [] : [{ clause, start: token.start }];
  });
  return starts.map(({ clause, start }, index) => ({
    clause,
    text: rest.slice(start, starts[index + 1]?.start).trim()
  }));
}
function clauseAt(tokens, index) {
  const before = tokens[index - 1]?.value.toUpperCase() ?? "";
  if (tokens[index]?.depth !== 0 || BEFORE_NAMES.includes(before)) return void 0;
  return CLAUSES_OF_USERS.find(
    (clause) => clause.split(" ").every((word, further) => {
      const token = tokens[index + further];
      return token?.kind === "word" && token.value.toUpperCase() === word;
    })
  );
}
function ifNotExists(create, kind) {
  const token = (0, import_chunk_HPYFHP5G.tokenise)(create).find(({ value }) => value.toUpperCase() === kind);
  const end = token?.end ?? 0;
  return `${create.slice(0, end)} IF NOT EXISTS${create.slice(end)}`;
}
function oneLine(statement) {
  return statement.trim().replaceAll(/\s*\n\s*/g, " ");
}
var TAGGED_SINCE = [25, 11];
var SKEW_LIMIT_MS = 6e4;
var LAG_LIMIT_SECONDS = 300;
var PARTS_LIMIT = 3e3;
var MEMORY_FLOOR_BYTES = 1e9;
var LEFT_OUT_SHOWN = 10;
async function diagnoseServer(server, databases, context) {
  const findings = [judgeVersion(server)];
  const lacks = await collect(findings, "rights", () => findLackingRights(server, databases));
  if (lacks.length > 0) return [...findings, ...lacks.map(lackOf)];
  const catalog = await (0, import_chunk_ZA667Z3N.readCatalog)(server, databases).catch((error) => {
    findings.push((0, import_chunk_CW2N472Z.explainAsFinding)("rights", error));
    return void 0;
  });
  if (!catalog) return findings;
  const hidden = await collect(findings, "rights", () => findHiddenRows(server, catalog));
  findings.push(
    ...hidden.length > 0 ? hidden.map(lackOf) : [
      (0, import_chunk_CW2N472Z.good)("rights", `User ${server.connection.user} sees every table and row of ${listNames(catalog)}.`)
    ],
    await checkStream(server, context),
    await compareClocks(server, context)
  );
  const unseen = [];
  for (const look of [
    lookAtSize,
    lookAtParts,
    lookAtMemory,
    lookAtQuotas,
    lookAtMutations,
    lookAtReplicas,
    lookAtDetached,
    () => (0, import_chunk_5V4BPUAT.findLeftovers)(server, context)
  ]) {
    try {
      findings.push(...await look(server, catalog));
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "STORE_RIGHTS_MISSING") {
        findings.push((0, import_chunk_CW2N472Z.explainAsFinding)("server", error));
        continue;
      }
      unseen.push(/system\.\w+/.exec(error.message)?.[0] ?? "system.*");
    }
  }
  if (unseen.length > 0) {
    const tables = [...new Set(unseen)].sort();
    findings.push(
      (0, import_chunk_CW2N472Z.good)(
        "server",
        `Not looked at, since the user may not: ${tables.join(", ")}. A backup does not need it; GRANT SELECT lets doctor see more.`
      )
    );
  }
  findings.push(...judgePlace(server, catalog), describeLeftOut(catalog));
  return findings;
}
async function collect(findings, check, look) {
  try {
    return await look();
  } catch (error) {
    findings.push((0, import_chunk_CW2N472Z.explainAsFinding)(check, error));
    return [];
  }
}
function lackOf({ what, mend }) {
  return (0, import_chunk_CW2N472Z.bad)("rights", `The user ${what}.`, mend);
}
function judgeVersion({ version, connection }) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const found = `ClickHouse ${version} at ${connection.endpoint}`;
  const [taggedMajor, taggedMinor] = TAGGED_SINCE;
  if (major > taggedMajor || major === taggedMajor && minor >= taggedMinor)
    return (0, import_chunk_CW2N472Z.good)("version", `${found}.`);
  return (0, import_chunk_CW2N472Z.warning)(
    "version",
    `${found}: an answer that fails in the middle is known only by being broken off, and the reason stays on the server.`,
    `Upgrade to ${TAGGED_SINCE.join(".")} or later.`
  );
}
async function checkStream(server, { signal }) {
  return await (0, import_chunk_CW2N472Z.findOrExplain)("compression", async () => {
    let bytes = 0;
    const query = "SELECT arrayJoin(range(100000)) AS number FORMAT Native";
    for await (const chunk of server.openExport(query, import_chunk_5V4BPUAT.EXACT_READ, signal)) bytes += chunk.length;
    return `The server answers in zstd (${(0, import_chunk_XCSPHMD5.formatBytes)(bytes)} for ${(0, import_chunk_XCSPHMD5.formatBytes)(8e5)} of numbers), and nothing on the way changes that.`;
  });
}
async function compareClocks(server, { clock }) {
  const before = clock.now().getTime();
  const [row] = await server.rows("SELECT toUnixTimestamp64Milli(now64(3)) AS ms");
  const here = (before + clock.now().getTime()) / 2;
  const skewMs = Number(row?.ms ?? 0) - here;
  const seconds = Math.round(Math.abs(skewMs) / 1e3);
  if (Math.abs(skewMs) <= SKEW_LIMIT_MS)
    return (0, import_chunk_CW2N472Z.good)("clock", "The server's clock agrees with this machine's.");
  return (0, import_chunk_CW2N472Z.warning)(
    "clock",
    `The server's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's: a backup's age would be told wrongly.`,
    "timedatectl set-ntp true, on the one that is wrong"
  );
}
async function lookAtSize(server, { databases }) {
  const [row] = await server.rows(
    `SELECT uniqExact(database, table, partition_id) AS partitions, count() AS parts, sum(bytes_on_disk) AS bytes, sum(rows) AS rows,
       uniqExactIf((database, table), modification_time > now() - 60 AND level = 0) AS written
     FROM system.parts WHERE active AND database IN (${listOf(databases)})`
  );
  const number = (name) => Number(row?.[name] ?? 0);
  const written = number("written") > 0 ? ` ${(0, import_chunk_XCSPHMD5.formatCount)(number("written"))} of its tables were written to in the last minute: the newest partitions may be read more than once.` : "";
  const size = `${(0, import_chunk_XCSPHMD5.formatCount)(number("rows"))} rows in ${(0, import_chunk_XCSPHMD5.formatCount)(number("partitions"))} partitions and ${(0, import_chunk_XCSPHMD5.formatCount)(number("parts"))} parts, ${(0, import_chunk_XCSPHMD5.formatBytes)(number("bytes"))} on disk: about what a first backup sends.${written}`;
  return [(0, import_chunk_CW2N472Z.good)("size", size)];
}
async function lookAtParts(server, { databases }) {
  const rows = await server.rows(
    `SELECT database, table, uniqExact(partition_id) AS partitions, count() AS parts FROM system.parts
     WHERE active AND database IN (${listOf(databases)})
     GROUP BY database, table HAVING parts >= ${PARTS_LIMIT} ORDER BY parts DESC`
  );
  return rows.map(
    ({ database, table, partitions, parts }) => (0, import_chunk_CW2N472Z.warning)(
      "parts",
      `${database}.${table} lies in ${(0, import_chunk_XCSPHMD5.formatCount)(Number(parts))} parts of ${(0, import_chunk_XCSPHMD5.formatCount)(Number(partitions))} partitions: each partition is read by a query of its own, for which the server looks through all of them.`,
      `OPTIMIZE TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(database, table)}, where partitions have many parts each; else rows move to a table with coarser partitions, such as toYYYYMM`
    )
  );
}
async function lookAtMemory(server) {
  const rows = await server.rows(
    "SELECT name, value FROM system.settings WHERE name IN ('max_memory_usage', 'max_memory_usage_for_user')"
  );
  return rows.flatMap(({ name, value }) => {
    const limit = Number(value);
    if (limit === 0 || limit >= MEMORY_FLOOR_BYTES) return [];
    return [
      (0, import_chunk_CW2N472Z.warning)(
        "memory",
        `The user's ${name} is ${(0, import_chunk_XCSPHMD5.formatBytes)(limit)}: wide rows may need more.`,
        `ALTER USER ${(0, import_chunk_HPYFHP5G.quoteName)(server.connection.user)} MODIFY SETTINGS ${name} = ${4 * MEMORY_FLOOR_BYTES}`
      )
    ];
  });
}
var QUOTAS = [
  "queries",
  "query_selects",
  "errors",
  "result_rows",
  "result_bytes",
  "read_rows",
  "read_bytes",
  "execution_time"
];
async function lookAtQuotas(server) {
  const limits = QUOTAS.map((name) => `('${name}', toString(max_${name}))`).join(", ");
  const rows = await server.rows(
    `SELECT quota_name, assumeNotNull(duration) AS duration, arrayFilter(x -> x.2 IS NOT NULL AND x.2 != '0', [${limits}]) AS limits
     FROM system.quota_usage WHERE duration IS NOT NULL AND notEmpty(limits)`
  );
  const user = (0, import_chunk_HPYFHP5G.quoteName)(server.connection.user);
  return rows.map(({ quota_name, duration, limits: held }) => {
    const texts = held.map(([name, most]) => `${most} ${name.replace("_", " ")}`);
    return (0, import_chunk_CW2N472Z.warning)(
      "quota",
      `Quota ${quota_name} allows the user ${texts.join(", ")} in ${duration} s: a backup may end in the middle.`,
      `ALTER QUOTA ${(0, import_chunk_HPYFHP5G.quoteName)(quota_name)} TO ALL EXCEPT ${user}; CREATE QUOTA lifeboat FOR INTERVAL 1 HOUR NO LIMITS TO ${user}`
    );
  });
}
async function lookAtMutations(server, { databases }) {
  const rows = await server.rows(
    `SELECT database, table, mutation_id AS id, latest_fail_reason AS reason FROM system.mutations
     WHERE NOT is_done AND database IN (${listOf(databases)}) ORDER BY create_time`
  );
  return rows.map(
    ({ database, table, id, reason }) => (0, import_chunk_CW2N472Z.warning)(
      "mutations",
      reason === "" ? `A mutation of ${database}.${table} is under way: the backup holds the rows before or after it, by partition.` : `A mutation of ${database}.${table} fails again and again, and keeps its parts from being merged.`,
      reason === "" ? `SELECT parts_to_do FROM system.mutations WHERE mutation_id = ${(0, import_chunk_HPYFHP5G.quoteText)(id)}, until it is done` : `KILL MUTATION WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(database)} AND table = ${(0, import_chunk_HPYFHP5G.quoteText)(table)} AND mutation_id = ${(0, import_chunk_HPYFHP5G.quoteText)(id)}`
    )
  );
}
async function lookAtReplicas(server, { databases }) {
  const rows = await server.rows(
    `SELECT database, table, is_readonly AS readonly, absolute_delay AS delay FROM system.replicas
     WHERE database IN (${listOf(databases)}) AND (is_readonly OR absolute_delay > ${LAG_LIMIT_SECONDS})`
  );
  return rows.map(
    ({ database, table, readonly, delay }) => (0, import_chunk_CW2N472Z.warning)(
      "replicas",
      readonly === 1 ? `This replica of ${database}.${table} has lost its Keeper and gets no new rows: the backup would lack them.` : `This replica of ${database}.${table} is ${delay} s behind: the backup would lack the newest rows.`,
      readonly === 1 ? `SYSTEM RESTART REPLICA ${(0, import_chunk_HPYFHP5G.quotePath)(database, table)}` : `SYSTEM SYNC REPLICA ${(0, import_chunk_HPYFHP5G.quotePath)(database, table)}`
    )
  );
}
async function lookAtDetached(server, { databases }) {
  const rows = await server.rows(
    `SELECT database, table, count() AS parts, arrayFilter(x -> x != '', groupUniqArray(ifNull(reason, ''))) AS reasons FROM system.detached_parts
     WHERE database IN (${listOf(databases)}) GROUP BY ALL ORDER BY database, table`
  );
  return rows.map(
    ({ database, table, parts, reasons }) => (0, import_chunk_CW2N472Z.warning)(
      "detached parts",
      `${database}.${table} has detached parts (${parts}${reasons.length > 0 ? `, ${reasons.join(", ")}` : ""}), whose rows are in no backup.`,
      `SELECT name, reason FROM system.detached_parts WHERE database = ${(0, import_chunk_HPYFHP5G.quoteText)(database)} AND table = ${(0, import_chunk_HPYFHP5G.quoteText)(table)}, then ALTER TABLE ${(0, import_chunk_HPYFHP5G.quotePath)(database, table)} ATTACH PART or DROP DETACHED PART each`
    )
  );
}
function judgePlace({ connection }, { entries }) {
  const isCloud = new URL(connection.endpoint).hostname.endsWith(".clickhouse.cloud") || entries.some(({ engine }) => engine.startsWith("Shared"));
  if (!isCloud) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      "cost",
      "This is ClickHouse Cloud: a backup wakes it, and it stays awake, and is billed, until its idle time has passed.",
      "One backup a night, all its reads in one window, and nothing else that connects (status reads the destination alone)"
    )
  ];
}
function describeLeftOut({ leftOut }) {
  const named = leftOut.slice(0, LEFT_OUT_SHOWN).map(({ what, why }) => `${what}: ${why}`);
  const further = leftOut.length - named.length;
  const rest = further > 0 ? ` And ${(0, import_chunk_XCSPHMD5.formatCount)(further)} more, which the manifest of a backup names.` : "";
  return (0, import_chunk_CW2N472Z.good)("left out", `Not in a backup, or not whole: ${named.join(" ")}${rest}`);
}
function listNames({ databases }) {
  return databases.join(", ");
}
function listOf(databases) {
  return databases.length === 0 ? "''" : (0, import_chunk_HPYFHP5G.quoteTexts)(databases);
}
var REACH_LIMIT_SECONDS = 20;
async function diagnoseServerMode(server, destination) {
  return await Promise.all([
    checkRight(server),
    destination.engine === "Disk" ? checkDisk(server, destination.disk) : checkBucket(server, destination)
  ]);
}
async function checkRight(server) {
  try {
    const [answer] = await server.runAny("CHECK GRANT BACKUP ON *.*");
    if (answer?.["result"] === 1) return (0, import_chunk_CW2N472Z.good)("server mode", "The user may have the server write backups.");
  } catch (error) {
    return (0, import_chunk_CW2N472Z.explainAsFinding)("server mode", error);
  }
  const user = (0, import_chunk_HPYFHP5G.quoteName)(server.connection.user);
  return (0, import_chunk_CW2N472Z.bad)(
    "server mode",
    "The user may not have the server write backups.",
    `GRANT BACKUP ON *.* TO ${user}`
  );
}
async function checkDisk(server, disk) {
  try {
    const found = await server.rows(`SELECT 1 FROM system.disks WHERE name = ${(0, import_chunk_HPYFHP5G.quoteText)(disk)}`);
    if (found.length > 0) {
      return (0, import_chunk_CW2N472Z.good)(
        "server mode",
        `The server has a disk ${disk}; that backups.allowed_disk names it cannot be seen.`
      );
    }
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "STORE_RIGHTS_MISSING") {
      return (0, import_chunk_CW2N472Z.good)(
        "server mode",
        `Whether the server has a disk ${disk} is not seen: system.disks may not be read.`
      );
    }
    return (0, import_chunk_CW2N472Z.explainAsFinding)("server mode", error);
  }
  return (0, import_chunk_CW2N472Z.bad)(
    "server mode",
    `The server has no disk ${disk}.`,
    `Define it under storage_configuration, and name it under backups.allowed_disk.`
  );
}
async function checkBucket(server, destination) {
  return await (0, import_chunk_CW2N472Z.findOrExplain)("server mode", async () => {
    await server.rows(`SELECT 1 FROM ${(0, import_chunk_XXU7PNBB.writeCall)(destination, "s3", "**", "One")} LIMIT 1`, {
      max_execution_time: REACH_LIMIT_SECONDS,
      s3_retry_attempts: 2,
      s3_throw_on_zero_files_match: 0
    });
    return `The server reaches ${(0, import_chunk_XXU7PNBB.describePlace)(destination).at}; whether it may write there, the first backup shows.`;
  });
}
var PARTITIONS_A_GROUP = 64;
var PARTS_A_GROUP = 1e3;
var BYTES_A_GROUP = 32 * 1024 ** 2;
var CountTogether = class {
  #countGroup;
  #open = /* @__PURE__ */ new Map();
  #groupOf = /* @__PURE__ */ new Map();
  /** @param countGroup - gives counts by the partitions' ids; those that show no row may be missing */
  constructor(countGroup) {
    this.#countGroup = countGroup;
  }
  /** Notes that a partition will be asked for, unless it is large enough to be counted alone. */
  add(table, partition) {
    const { storedBytes } = partition;
    const parts = partition.parts.length;
    if (storedBytes > BYTES_A_GROUP || parts > PARTS_A_GROUP) return;
    let group = this.#open.get(table);
    const isFull = group && (group.partitions.length === PARTITIONS_A_GROUP || group.parts + parts > PARTS_A_GROUP || group.storedBytes + storedBytes > BYTES_A_GROUP);
    if (!group || isFull) {
      group = { table, partitions: [], parts: 0, storedBytes: 0 };
      this.#open.set(table, group);
    }
    group.partitions.push(partition);
    group.parts += parts;
    group.storedBytes += storedBytes;
    this.#groupOf.set(partition, group);
  }
  /** @returns undefined for a partition that was not noted */
  count(partition) {
    const group = this.#groupOf.get(partition);
    if (!group) return void 0;
    group.counted ??= this.#countGroup(group);
    return group.counted.then((counts) => counts.get(partition.id) ?? { rows: 0, digest: "0" });
  }
};
var EarlierParts = class {
  /** Partitions as one complete backup holds them: all their slices. */
  #complete = /* @__PURE__ */ new Map();
  /** Slices that were finished, of a large partition perhaps some alone. */
  #finished = /* @__PURE__ */ new Map();
  #sentByThisRun = /* @__PURE__ */ new Set();
  #holds;
  /** @param holds - whether an object is still at the destination */
  constructor(holds) {
    this.#holds = holds;
  }
  /** What the newest complete backup refers to. */
  addBackup(parts) {
    for (const part of parts) append(this.#complete, identify(part), part);
  }
  /** What runs have finished that never came to be backups. */
  addFinished(parts) {
    for (const part of parts) append(this.#finished, identify(part), part);
  }
  /** What this very run has sent: nobody else knows it yet, and it need not be looked for. */
  addOwn(part) {
    this.#sentByThisRun.add(part.key);
    this.addFinished([part]);
  }
  /** The objects that hold a partition in the state that the fingerprint names. */
  async findSame(place, fingerprint) {
    const held = this.#complete.get(identify(place));
    const isSame = held?.every((part) => part.fingerprint === fingerprint && part.digest !== null);
    return held && isSame && await this.#areThere(held) ? held : void 0;
  }
  /** The object that holds one slice of a partition in the state that the fingerprint names. */
  async findFinished(place, fingerprint, slice) {
    for (const part of this.#finished.get(identify(place)) ?? []) {
      const isSame = part.fingerprint === fingerprint && part.digest !== null && part.slice?.number === slice.place?.number && part.slice?.of === slice.place?.of;
      if (isSame && await this.#areThere([part])) return part;
    }
    return void 0;
  }
  /**
   * The objects that hold the very rows that were counted now, though the partition's parts are others: a merge
   * changes no row. Count and digest are those by which a drill compares a restore.
   */
  async findEqual(place, layout, { rows, digest }) {
    const held = this.#findOfRows(place, layout, rows);
    if (!held || (0, import_chunk_XXU7PNBB.addDigests)(held.map(({ digest: digest2 }) => digest2 ?? "")) !== digest) return void 0;
    return await this.#areThere(held) ? held : void 0;
  }
  /** Whether `findEqual` can find any, once the rows of which only the number is known are counted. */
  mayBeEqual(place, layout, rows) {
    return this.#findOfRows(place, layout, rows) !== void 0;
  }
  #findOfRows(place, layout, rows) {
    const held = this.#complete.get(identify(place));
    const isSame = held?.every((part) => part.layout === layout && part.digest !== null);
    return isSame && held?.reduce((sum, part) => sum + part.rows, 0) === rows ? held : void 0;
  }
  async #areThere(parts) {
    for (const part of parts) {
      if (!this.#sentByThisRun.has(part.key) && !await this.#holds(part)) return false;
    }
    return true;
  }
};
function locate({ database, name }, partition) {
  return { database, table: name, partition };
}
function identify({ database, table, partition }) {
  return JSON.stringify([database, table, partition]);
}
function append(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
function summarise(table, exported) {
  const name = (0, import_chunk_QTEVZTVH.idOf)(table);
  const mine = exported.filter(({ part }) => part.database === table.database && part.table === table.name);
  return (0, import_chunk_XXU7PNBB.addTables)([
    { name, rows: 0, digest: "0" },
    ...mine.map(({ part: { rows, digest }, moving }) => ({ name, rows, digest, ...moving && { moving } }))
  ]);
}
function withoutDigest(part, counts) {
  return {
    part: { ...part, digest: null },
    moving: { rowsAtLeast: Math.min(...counts), rowsAtMost: Math.max(...counts) }
  };
}
function requireAllVisible(table, partition, stored, shown) {
  if (stored === void 0 || stored === shown) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_RIGHTS_MISSING",
    `${(0, import_chunk_QTEVZTVH.idOf)(table)} stores ${stored} rows in partition ${partition}, but shows only ${shown} of them to this user.`,
    {
      hint: "Look in system.row_policies for a policy that applies to the user, and exempt the user from it."
    }
  );
}
function requireBytes(part) {
  if ((0, import_chunk_GRBCTXAV.contentBytesOf)(part) > 0) return;
  const name = `${part.database}.${part.table}`;
  throw new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `${name}, partition ${part.partition}, came without its rows.`, {
    hint: "Start the backup again; if it happens again, look for a proxy that answers in the server's place."
  });
}
function isAsCounted({ rows }, walked) {
  return "rows" in walked && walked.rows === rows;
}
function otherThanCounted(part, walked) {
  const { database, table, partition, rows } = part;
  const found = "rows" in walked ? `${walked.rows} rows instead of ${rows}` : `a fault: ${walked.fault}`;
  return new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `${database}.${table}, partition ${partition}, came with ${found}.`, {
    hint: "Look for a proxy that unpacks the server's answers, and connect past it; lifeboat verify --full looks into earlier backups."
  });
}
function warnOfMoving(table, partition, reporter) {
  reporter.warn(
    `${(0, import_chunk_QTEVZTVH.idOf)(table)}${partition === void 0 ? "" : `, partition ${partition},`} is being rewritten all the time: its content is backed up, but only its row count can be compared.`
  );
}
function warnOfComputed(table, partition, reporter) {
  reporter.warn(
    `${(0, import_chunk_QTEVZTVH.idOf)(table)}, partition ${partition}, computes values of columns as they are read, and they change: its content is backed up, but only its row count can be compared. ALTER TABLE \u2026 MATERIALIZE COLUMN has the values stored.`
  );
}
var REST_FACTOR = 4;
var LONGEST_REST_MS = 3e4;
var LookAgain = class {
  #look;
  #clock;
  #hurry = new AbortController();
  #signal;
  /** Not begun yet: who asks now may have its result. */
  #next;
  #last = Promise.resolve();
  #restMs = 0;
  constructor(look, clock, signal) {
    this.#look = look;
    this.#clock = clock;
    this.#signal = signal;
  }
  /** @throws what looking throws */
  see() {
    this.#next ??= this.#lookNext(this.#last);
    return this.#next;
  }
  /** Ends the rests: nobody works any longer whom a look could disturb. */
  hurry() {
    this.#hurry.abort();
  }
  async #lookNext(last) {
    await last;
    await this.#rest();
    const startMs = this.#clock.ticksMs();
    const seen = this.#look();
    this.#next = void 0;
    this.#last = seen.then(
      () => {
      },
      () => {
      }
    );
    const result = await seen;
    this.#restMs = Math.min(REST_FACTOR * (this.#clock.ticksMs() - startMs), LONGEST_REST_MS);
    return result;
  }
  async #rest() {
    const { signal: isHurried } = this.#hurry;
    const either = AbortSignal.any([this.#signal, isHurried]);
    await this.#clock.sleep(this.#restMs, either).catch((error) => {
      if (this.#signal.aborted || !isHurried.aborted) throw error;
    });
  }
};
var ATTEMPTS = 3;
var PAUSE_MS = 2e3;
async function sendRows({ table, partition, slice, fingerprint }, { server, sink, context, readAlong }, signal) {
  const columns = table.columns.map(({ name }) => name);
  const about = {
    ...locate(table, partition),
    fingerprint,
    ...slice.place && { slice: slice.place }
  };
  const query = `${(0, import_chunk_5V4BPUAT.selectFrom)(table, (0, import_chunk_5V4BPUAT.listColumns)(columns), slice.condition)} FORMAT Native`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { stream, walked } = readAlong.follow(server.openExport(query, import_chunk_5V4BPUAT.EXACT_READ, signal), columns);
      const object = await sink.putPart(about, stream, slice.storedBytes);
      return { part: { ...about, ...object, columns, layout: describeLayout(table) }, walked };
    } catch (error) {
      const isBroken = error instanceof import_chunk_E4TRGNTH.AppError && error.transient && error.code.startsWith("STORE_");
      if (!isBroken || attempt === ATTEMPTS) throw error;
      context.reporter.info(`${error.message} Reading partition ${partition} of ${table.name} again.`);
      await context.clock.sleep(PAUSE_MS, signal);
    }
  }
}
function describeLayout({ columns }) {
  return (0, import_chunk_ZA667Z3N.hashFingerprint)(columns.map(({ name, type }) => [name, type]));
}
function cutIntoSlices(partition, limitBytes) {
  const pieces = gather(partition.parts, limitBytes);
  const mayHide = partition.patches.length > 0;
  return pieces.map(({ parts, range, storedBytes }, index) => ({
    ...pieces.length > 1 && { place: { number: index + 1, of: pieces.length } },
    condition: writeCondition(partition.id, parts, range),
    exactRows: mayHide || parts.some(({ hidesRows }) => hidesRows) ? void 0 : countStored(parts, range),
    storedBytes
  }));
}
function gather(parts, limitBytes) {
  const pieces = [];
  let open;
  for (const part of parts.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const cuts = Math.min(Math.ceil(part.storedBytes / limitBytes), part.rows);
    if (cuts > 1) {
      for (let cut = 0; cut < cuts; cut += 1) {
        const [from, to] = [cut, cut + 1].map((edge) => Math.floor(part.rows * edge / cuts));
        pieces.push({ parts: [part], range: { from, to }, storedBytes: part.storedBytes / cuts });
      }
      continue;
    }
    if (!open || open.storedBytes + part.storedBytes > limitBytes) {
      open = { parts: [], storedBytes: 0 };
      pieces.push(open);
    }
    open.parts.push(part);
    open.storedBytes += part.storedBytes;
  }
  return pieces;
}
function ofPartitions(partitions) {
  const ids = (0, import_chunk_HPYFHP5G.quoteTexts)(partitions.map(({ id }) => id));
  return `_partition_id IN (${ids}) AND ${ofParts(partitions.flatMap(({ parts }) => parts))}`;
}
function ofParts(parts) {
  return `_part IN (${(0, import_chunk_HPYFHP5G.quoteTexts)(parts.map(({ name }) => name))})`;
}
function writeCondition(id, parts, range) {
  const condition = `${(0, import_chunk_5V4BPUAT.ofPartition)(id)} AND ${ofParts(parts)}`;
  return range ? `${condition} AND _part_offset >= ${range.from} AND _part_offset < ${range.to}` : condition;
}
function countStored(parts, range) {
  return range ? range.to - range.from : parts.reduce((sum, { rows }) => sum + rows, 0);
}
var WHOLE_TABLE = "all";
var WHOLE = { condition: "1", exactRows: void 0, storedBytes: 0 };
var PartitionExport = class {
  #tools;
  #job;
  #place;
  #counts;
  #watch;
  /** The fingerprint of a partition as it was listed. */
  #listed;
  #same;
  #slices = [];
  constructor(tools, job, counts, watch) {
    const { table, partition } = job;
    this.#tools = tools;
    this.#job = job;
    this.#place = locate(table, partition?.id ?? WHOLE_TABLE);
    this.#counts = counts;
    this.#watch = watch;
    this.#listed = partition && (0, import_chunk_ZA667Z3N.fingerprintPartition)(partition, table.columns);
  }
  /** Looks what of it earlier runs have sent; what is left to be counted is noted. */
  async lookUp() {
    const { table, partition, isComputed } = this.#job;
    const { earlier, sliceBytes } = this.#tools;
    const fingerprint = isComputed ? void 0 : this.#listed;
    this.#same = fingerprint === void 0 ? void 0 : await earlier.findSame(this.#place, fingerprint);
    if (this.#same) return;
    const slices = partition ? cutIntoSlices(partition, sliceBytes) : [WHOLE];
    this.#slices = await Promise.all(
      slices.map(async (slice) => ({
        slice,
        finished: fingerprint === void 0 ? void 0 : await earlier.findFinished(this.#place, fingerprint, slice)
      }))
    );
    if (partition && slices.length === 1 && !this.#slices[0]?.finished) this.#counts.add(table, partition);
  }
  /** @returns when all is sent: what came of it, which is known only some time later */
  async send(stop) {
    const { table, partition } = this.#job;
    const { earlier } = this.#tools;
    const same = this.#same;
    if (same) return [async () => same.map((part) => ({ part }))];
    const slices = this.#slices.map(({ slice, finished }) => {
      const together = partition && this.#counts.count(partition);
      const counting = finished ? Promise.resolve(countOf(finished)) : together ?? this.#count(slice);
      counting.catch(() => {
      });
      return { slice, finished, counting };
    });
    const all = this.#isSurelyNew() ? void 0 : addCounts(await Promise.all(slices.map(({ counting }) => counting)));
    const fingerprint = this.#listed ?? (0, import_chunk_ZA667Z3N.hashFingerprint)([all, table.columns]);
    const equal = all && await earlier.findEqual(this.#place, describeLayout(table), all);
    if (equal) return [this.#confirm(() => equal.map((part) => ({ part: { ...part, fingerprint } })))];
    return await Promise.all(
      slices.map(async ({ slice, finished, counting }) => {
        if (finished) return async () => [{ part: finished }];
        if (!slice.exactRows && (await counting).rows === 0) return this.#confirm(() => []);
        const sent = await this.#send(slice, counting, fingerprint, stop);
        return this.#confirm(() => this.#finish(slice, sent));
      })
    );
  }
  /** Whether the parts alone tell that no earlier object can hold the same rows: these are sent while they are counted. */
  #isSurelyNew() {
    const { table, partition, isComputed } = this.#job;
    if (!partition || isComputed) return false;
    let rows = 0;
    for (const { slice } of this.#slices) {
      if (slice.exactRows === void 0) return false;
      rows += slice.exactRows;
    }
    return !this.#tools.earlier.mayBeEqual(this.#place, describeLayout(table), rows);
  }
  #count({ condition }) {
    const { server, streams } = this.#tools;
    return streams(() => (0, import_chunk_5V4BPUAT.countRows)(server, this.#job.table, condition));
  }
  /** A count that fails ends the sending, too. */
  async #send(slice, counting, fingerprint, stop) {
    const giveUp = new AbortController();
    counting.catch(() => giveUp.abort());
    const signal = AbortSignal.any([stop, giveUp.signal]);
    const rows = { table: this.#job.table, partition: this.#place.partition, slice, fingerprint };
    const sending = this.#tools.streams(() => sendRows(rows, this.#tools, signal));
    const [counted, sent] = await Promise.allSettled([counting, sending]);
    if (counted.status === "rejected") throw counted.reason;
    if (sent.status === "rejected") throw sent.reason;
    return { ...sent.value, part: { ...sent.value.part, ...counted.value } };
  }
  /** Begins to find out whether the partition rested, and what to say of the slice if it did. */
  #confirm(judge) {
    const outcome = this.#isUndisturbed().then((isTrue) => isTrue ? judge() : void 0);
    outcome.catch(() => {
    });
    return () => outcome;
  }
  async #finish(slice, { part, walked }) {
    const { table, partition, isComputed } = this.#job;
    const { earlier, sink } = this.#tools;
    if (partition) requireAllVisible(table, partition.id, slice.exactRows, part.rows);
    requireBytes(part);
    if (isComputed) {
      const now = await this.#count(slice);
      if (now.rows !== part.rows || now.digest !== part.digest) {
        if (!partition) return void 0;
        warnOfComputed(table, partition.id, this.#tools.context.reporter);
        return [withoutDigest(part, [part.rows, now.rows])];
      }
    }
    const found = await walked();
    if (found && !isAsCounted(part, found)) {
      sink.distrust();
      throw otherThanCounted(part, found);
    }
    earlier.addOwn(part);
    await sink.keep(part);
    return [{ part }];
  }
  async #isUndisturbed() {
    const { table, partition } = this.#job;
    if (!partition) return true;
    const listing = await this.#watch.see();
    return (0, import_chunk_ZA667Z3N.isUndisturbed)(partition, listing.get((0, import_chunk_ZA667Z3N.storageId)(table))?.get(partition.id));
  }
};
function countOf({ rows, digest }) {
  return { rows, digest: digest ?? "0" };
}
function addCounts(counts) {
  return {
    rows: counts.reduce((sum, { rows }) => sum + rows, 0),
    digest: (0, import_chunk_XXU7PNBB.addDigests)(counts.map(({ digest }) => digest))
  };
}
var ALWAYS_BYTES = 8 * 1024 ** 2;
var SHARE = 1 / 16;
var START_BYTES = 1024 ** 2;
var AHEAD_BYTES = 1024 ** 2;
var WITHOUT_ZSTD = "No rows are counted on their way, which would find out a proxy that shortens answers: zstd is not on this machine.";
var ReadAlong = class {
  #context;
  #passedBytes = 0;
  #walkedBytes = 0;
  #isBusy = false;
  #isPossible;
  constructor(context) {
    this.#context = context;
  }
  /** @param stream - Native in zstd, of these columns */
  follow(stream, columns) {
    this.#lookForZstd().catch(() => {
    });
    let walked = Promise.resolve(void 0);
    const begin = () => {
      if (!this.#isDue()) return void 0;
      const copy = new import_node_stream.PassThrough({ highWaterMark: AHEAD_BYTES });
      copy.on("error", () => {
      });
      this.#isBusy = true;
      this.#walkedBytes += START_BYTES;
      walked = this.#walk(copy, columns).finally(() => {
        copy.destroy();
        this.#isBusy = false;
      });
      walked.catch(() => {
      });
      return copy;
    };
    return { stream: this.#pass(stream, begin), walked: () => walked };
  }
  #isDue() {
    if (this.#isBusy) return false;
    return this.#walkedBytes <= ALWAYS_BYTES + SHARE * this.#passedBytes;
  }
  /** @param begin - called when something comes; gives where a copy of it goes, if anywhere */
  async *#pass(stream, begin) {
    let copy;
    let isFirst = true;
    try {
      for await (const chunk of stream) {
        if (isFirst) copy = begin();
        isFirst = false;
        this.#passedBytes += chunk.length;
        if (copy) this.#walkedBytes += chunk.length;
        if (copy?.writable && !copy.write(chunk)) await hasRoom(copy);
        yield chunk;
      }
      copy?.end();
    } finally {
      if (copy?.writable) copy.destroy(new Error("the stream broke off"));
    }
  }
  #lookForZstd() {
    this.#isPossible ??= (0, import_chunk_7HIGGGOO.isZstdInstalled)(this.#context).then((isThere) => {
      if (!isThere) this.#context.reporter.info(WITHOUT_ZSTD);
      return isThere;
    });
    return this.#isPossible;
  }
  async #walk(copy, columns) {
    if (!await this.#lookForZstd()) return void 0;
    try {
      const outline = await (0, import_chunk_7N3AE75W.readThrough)(
        { key: "it" },
        copy,
        "zstd",
        this.#context,
        (blocks) => (0, import_chunk_5D4ACXYF.walkNative)(blocks, columns)
      );
      return outline.isWalked ? { rows: outline.rows } : void 0;
    } catch (error) {
      if (error instanceof import_chunk_5D4ACXYF.NativeFault) return { fault: error.message };
      if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "BACKUP_DAMAGED") {
        return { fault: "its zstd cannot be read" };
      }
      throw error;
    }
  }
};
async function hasRoom(copy) {
  await new Promise((resolve) => {
    const goOn = () => {
      copy.off("drain", goOn).off("close", goOn);
      resolve();
    };
    copy.on("drain", goOn).on("close", goOn);
  });
}
function findReplaced({ tables }, now) {
  const current = new Map(now.map((table) => [(0, import_chunk_QTEVZTVH.idOf)(table), describeTable(table)]));
  return tables.filter((table) => current.get((0, import_chunk_QTEVZTVH.idOf)(table)) !== describeTable(table)).map(import_chunk_QTEVZTVH.idOf);
}
function describeTable({ uuid, columns }) {
  return JSON.stringify([uuid, columns]);
}
function shareId({ database, name }) {
  return (0, import_chunk_HPYFHP5G.quotePath)(database, name);
}
async function listPieces(server, tables, previous) {
  const known = new Set(
    (previous?.kind === "clickhouse" ? previous.parts : []).map(
      ({ database, table, fingerprint }) => JSON.stringify([database, table, fingerprint])
    )
  );
  const listing = await (0, import_chunk_ZA667Z3N.listPartitions)(
    server,
    tables.filter(({ storage }) => storage === "parts")
  );
  return tables.flatMap((table) => {
    const { database, name, storage, columns } = table;
    if (storage === "whole") return [{ table: shareId(table), piece: WHOLE_TABLE, sizeBytes: 0 }];
    return [...listing.get((0, import_chunk_ZA667Z3N.storageId)(table))?.values() ?? []].map((partition) => {
      const isKnown = known.has(JSON.stringify([database, name, (0, import_chunk_ZA667Z3N.fingerprintPartition)(partition, columns)]));
      return { table: shareId(table), piece: partition.id, sizeBytes: isKnown ? 0 : partition.storedBytes };
    });
  });
}
function describeShared(tables, exported) {
  const shared = new Map(
    tables.map((table, index) => [
      shareId(table),
      {
        table: shareId(table),
        state: (0, import_chunk_ZA667Z3N.hashFingerprint)(describeTable(table)),
        inventory: exported.tables[index],
        parts: []
      }
    ])
  );
  for (const part of exported.parts)
    shared.get(shareId({ database: part.database, name: part.table }))?.parts.push(part);
  return [...shared.values()];
}
var STREAMS_AT_ONCE = 4;
var PARTITIONS_AT_ONCE = 6;
var LOOKUPS_AT_ONCE = 16;
var ROUNDS = 4;
var PAUSE_MS2 = 2e3;
var SLICE_BYTES = 1024 ** 3;
var Exporter = class {
  #tools;
  #holds;
  constructor(server, sink, context, { sliceBytes = SLICE_BYTES, holds = () => true } = {}) {
    this.#holds = holds;
    const earlier = new EarlierParts((part) => sink.holds(part));
    if (sink.previous?.kind === "clickhouse") earlier.addBackup(sink.previous.parts);
    earlier.addFinished(sink.finished);
    this.#tools = {
      server,
      sink,
      context,
      earlier,
      streams: (0, import_chunk_CHEQEFGL.pLimit)(STREAMS_AT_ONCE),
      sliceBytes,
      readAlong: new ReadAlong(context)
    };
  }
  /** @throws AppError STORE_FAILED and its kin, and what the sink throws */
  async exportTables(tables) {
    const { clock, signal } = this.#tools.context;
    const exported = [];
    let jobs = await this.#listJobs(tables);
    for (let round = 1; round <= ROUNDS && jobs.length > 0; round += 1) {
      const disturbed = await this.#runRound(jobs, exported);
      if (disturbed.length > 0) await clock.sleep(PAUSE_MS2, signal);
      jobs = await this.#listAgain(disturbed);
    }
    for (const job of jobs) exported.push(await this.#exportMoving(job));
    exported.sort((a, b) => (0, import_chunk_XXU7PNBB.compareParts)(a.part, b.part));
    return {
      parts: exported.map(({ part }) => part),
      tables: tables.map((table) => summarise(table, exported))
    };
  }
  /** Largest first: the last hour should not belong to one big partition alone. */
  async #listJobs(tables) {
    const { server } = this.#tools;
    const withParts = tables.filter(({ storage }) => storage === "parts");
    const listing = await (0, import_chunk_ZA667Z3N.listPartitions)(server, withParts);
    const unstored = await (0, import_chunk_ZA667Z3N.findUnstoredColumns)(server, withParts);
    const jobs = tables.flatMap((table) => {
      if (table.storage === "whole") return [{ table, partition: void 0, isComputed: true }];
      const id = (0, import_chunk_ZA667Z3N.storageId)(table);
      return [...listing.get(id)?.values() ?? []].map((partition) => ({
        table,
        partition,
        isComputed: partition.parts.some(({ name }) => unstored.get(id)?.has(name))
      }));
    });
    return jobs.filter(({ table, partition }) => this.#holds(shareId(table), partition?.id ?? WHOLE_TABLE)).sort((a, b) => (b.partition?.storedBytes ?? 0) - (a.partition?.storedBytes ?? 0));
  }
  /** The same partitions as they are now, but for those that were dropped meanwhile. */
  async #listAgain(jobs) {
    if (jobs.length === 0) return [];
    const wanted = new Set(jobs.map(nameJob));
    const now = await this.#listJobs([...new Set(jobs.map(({ table }) => table))]);
    return now.filter((job) => wanted.has(nameJob(job)));
  }
  /** @returns the jobs whose partitions were rewritten while they were read */
  async #runRound(jobs, exported) {
    const { server, context, streams } = this.#tools;
    const { clock, reporter, signal } = context;
    const tables = [...new Set(jobs.filter(({ partition }) => partition).map(({ table }) => table))];
    const watch = new LookAgain(() => (0, import_chunk_ZA667Z3N.listPartitions)(server, tables), clock, signal);
    const disturbed = [];
    const settling = [];
    let done = 0;
    const settle = async (job, outcomes) => {
      const slices = await Promise.all(outcomes.map((outcome) => outcome()));
      if (slices.includes(void 0)) disturbed.push(job);
      else exported.push(...slices.flatMap((slice) => slice ?? []));
      done += 1;
      reporter.progress({ label: "partitions", done, total: jobs.length, unit: "objects" });
    };
    const counts = new CountTogether(
      ({ table, partitions }) => streams(() => (0, import_chunk_5V4BPUAT.countRowsByPartition)(server, table, ofPartitions(partitions)))
    );
    const exports2 = jobs.map((job) => ({
      job,
      partition: new PartitionExport(this.#tools, job, counts, watch)
    }));
    await (0, import_chunk_NCOSMIE3.forEachAtOnce)(exports2, LOOKUPS_AT_ONCE, ({ partition }) => partition.lookUp());
    await (0, import_chunk_NCOSMIE3.forEachAtOnce)(exports2, PARTITIONS_AT_ONCE, async ({ job, partition }, stop) => {
      const outcomes = await partition.send(stop);
      const settled = settle(job, outcomes);
      settled.catch(() => {
      });
      settling.push(settled);
    }).finally(() => watch.hurry());
    await Promise.all(settling);
    return disturbed;
  }
  /** One last read, in the one snapshot that the server gives a single query, between two counts. */
  async #exportMoving({ table, partition }) {
    const { server, context } = this.#tools;
    warnOfMoving(table, partition?.id, context.reporter);
    const condition = partition ? (0, import_chunk_5V4BPUAT.ofPartition)(partition.id) : "1";
    const counted = await (0, import_chunk_5V4BPUAT.countRows)(server, table, condition);
    const rows = {
      table,
      partition: partition?.id ?? WHOLE_TABLE,
      slice: { condition, exactRows: void 0, storedBytes: partition?.storedBytes ?? 0 },
      // It never comes again: no later backup may refer to these rows.
      fingerprint: (0, import_chunk_ZA667Z3N.hashFingerprint)((0, import_node_crypto.randomUUID)())
    };
    const sent = await sendRows(rows, this.#tools, context.signal);
    const part = { ...sent.part, ...counted };
    const after = await (0, import_chunk_5V4BPUAT.countRows)(server, table, condition);
    if (counted.rows > 0 && after.rows > 0) requireBytes(part);
    return withoutDigest(part, [counted.rows, after.rows]);
  }
};
function nameJob({ table, partition }) {
  return JSON.stringify([(0, import_chunk_ZA667Z3N.storageId)(table), partition?.id]);
}
var ATTEMPTS2 = 3;
function createClickHouseStore(options, context) {
  return new ClickHouseStore(options, context);
}
var ClickHouseStore = class {
  name;
  kind = "clickhouse";
  #connection;
  #databases;
  fullEveryMs;
  #sliceBytes;
  #serverMode;
  #isAccessKept;
  #context;
  #server;
  /** As it was checked a moment ago: what is true of it is what a backup begins with. */
  #checked;
  constructor({ name, url, databases, fullEveryMs, sliceBytes, serverMode, access }, context) {
    this.name = name;
    this.fullEveryMs = fullEveryMs;
    this.#sliceBytes = sliceBytes;
    this.#serverMode = serverMode;
    this.#isAccessKept = access === true;
    this.#context = context;
    this.#connection = (0, import_chunk_5V4BPUAT.parseConnection)(url, context.redactor);
    this.#databases = databases ?? (this.#connection.database ? [this.#connection.database] : void 0);
  }
  async check() {
    const server = await this.#connect();
    const reading = (0, import_chunk_ZA667Z3N.readCatalog)(server, this.#databases);
    reading.catch(() => {
    });
    const lacks = await Promise.all([
      findLackingRights(server, this.#databases),
      this.#isAccessKept ? findLackingAccess(server) : []
    ]);
    if (lacks.flat().length > 0) throw rightsMissing(server, lacks.flat());
    const catalog = await reading;
    const hidden = await findHiddenRows(server, catalog);
    if (hidden.length > 0) throw rightsMissing(server, hidden);
    this.#checked = catalog;
    return `ClickHouse ${server.version} at ${this.#connection.endpoint}, ${describeDatabases(catalog)}`;
  }
  async diagnose() {
    let server;
    try {
      server = await this.#connect();
    } catch (error) {
      return [(0, import_chunk_CW2N472Z.explainAsFinding)("connection", error)];
    }
    const findings = await diagnoseServer(server, this.#databases, this.#context);
    if (this.#isAccessKept) findings.push(await diagnoseAccess(server));
    if (this.#serverMode) findings.push(...await diagnoseServerMode(server, this.#serverMode.destination));
    return findings;
  }
  async backup(sink) {
    const startMs = this.#context.clock.ticksMs();
    const server = await this.#connect();
    const exports2 = this.#serverMode ? await this.#exportByServer(server, sink, this.#serverMode) : await this.#export(server, sink);
    return await this.#describe(server, exports2, sink, startMs);
  }
  async outline(previous) {
    const server = await this.#connect();
    if (this.#serverMode) return { sizeBytes: 0, pieces: [] };
    const { tables } = await this.#takeCatalog(server);
    return { sizeBytes: 0, pieces: await listPieces(server, tables, previous) };
  }
  async backupShare(sink, share) {
    if (this.#serverMode) return { role: "lead", manifest: await this.backup(sink), tables: [] };
    const startMs = this.#context.clock.ticksMs();
    const server = await this.#connect();
    const exports2 = await this.#export(server, sink, share);
    const { catalog, replaced } = exports2;
    const tables = describeShared(catalog.tables, exports2);
    if (share.isLead) {
      const manifest = await this.#describe(server, { ...exports2, parts: [], tables: [] }, sink, startMs);
      return { role: "lead", manifest, tables };
    }
    const found = new Set(tables.map(({ table }) => table));
    return {
      role: "other",
      store: this.name,
      source: describeSource(catalog),
      tables,
      missing: share.tables.filter((table) => !found.has(table)),
      notCovered: describeReplaced(replaced),
      seconds: (0, import_chunk_KVCMGXJE.secondsSince)(this.#context.clock, startMs)
    };
  }
  async #describe(server, { catalog, parts, tables, replaced, serverBackup }, sink, startMs) {
    const plan = (0, import_chunk_QTEVZTVH.planSchema)(catalog.entries);
    const put = async (file, text) => await sink.put(file, oneChunk(Buffer.from(text)), Buffer.byteLength(text));
    const settings = server.accept(import_chunk_QTEVZTVH.CREATE_SETTINGS);
    const [objects, beforeData, afterData, access] = await Promise.all([
      put("schema.json", (0, import_chunk_QTEVZTVH.serialiseSchema)(plan)),
      put("before-data.sql", (0, import_chunk_QTEVZTVH.writeScript)(plan.beforeData, settings)),
      put("after-data.sql", (0, import_chunk_QTEVZTVH.writeScript)(plan.afterData, settings)),
      this.#isAccessKept ? readAccess(server, catalog.databases) : void 0
    ]);
    const inventory = (0, import_chunk_ZA667Z3N.describeInventory)(catalog, tables);
    inventory.notCovered.push(...describeReplaced(replaced));
    return {
      store: this.name,
      kind: this.kind,
      server: { version: server.version },
      source: describeSource(catalog),
      inventory,
      leftOut: access ? [...catalog.leftOut.filter((each) => each !== import_chunk_ZA667Z3N.ACCESS_LEFT_OUT), ...access.leftOut] : catalog.leftOut,
      ddl: { objects, beforeData, afterData },
      parts,
      ...access && {
        access: {
          ...await put("access.sql", writeAccessScript(access.entities)),
          ...nameEntities(access.entities)
        }
      },
      ...serverBackup && { serverBackup },
      seconds: (0, import_chunk_KVCMGXJE.secondsSince)(this.#context.clock, startMs)
    };
  }
  async #exportByServer(server, sink, mode) {
    const catalog = await this.#takeCatalog(server);
    if (catalog.tables.length === 0) return { catalog, parts: [], tables: [], replaced: [] };
    const { destination, deadlineMs } = mode;
    const exported = await (0, import_chunk_ZA667Z3N.exportByServer)(
      server,
      catalog.tables,
      destination,
      { sink, deadlineMs },
      this.#context
    );
    return {
      catalog,
      parts: [],
      ...exported,
      replaced: findReplaced(catalog, await (0, import_chunk_ZA667Z3N.readDataTables)(server, catalog))
    };
  }
  /**
   * Exports all tables, and looks afterwards whether they still are the tables that were there before. Where some
   * were exchanged or altered meanwhile, their rows and definitions would not go together: all is looked at again,
   * and what was sent already is referred to.
   */
  async #export(server, sink, share) {
    const choices = { sliceBytes: this.#sliceBytes, holds: share?.holds };
    const exporter = new Exporter(server, sink, this.#context, choices);
    const own = share && !share.isLead ? new Set(share.tables) : void 0;
    for (let attempt = 1; ; attempt += 1) {
      const all = await this.#takeCatalog(server);
      const catalog = own ? { ...all, tables: all.tables.filter((table) => own.has(shareId(table))) } : all;
      const findChanges = async () => findReplaced(catalog, await (0, import_chunk_ZA667Z3N.readDataTables)(server, catalog));
      let exported;
      let replaced;
      try {
        exported = await exporter.exportTables(catalog.tables);
        replaced = await findChanges();
      } catch (error) {
        const isLast = attempt === ATTEMPTS2 || !(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "STORE_FAILED";
        replaced = isLast ? [] : await findChanges();
        if (replaced.length === 0) throw error;
      }
      if (exported && (replaced.length === 0 || attempt === ATTEMPTS2))
        return { catalog, ...exported, replaced };
      this.#context.reporter.info(
        `Looking again, since it was replaced or altered meanwhile: ${replaced.join(", ")}`
      );
    }
  }
  async close() {
    await this.#server?.then((server) => server.close()).catch(() => {
    });
  }
  /** The catalog that was checked, once; then what is there now. */
  async #takeCatalog(server) {
    const checked = this.#checked;
    this.#checked = void 0;
    return checked ?? await (0, import_chunk_ZA667Z3N.readCatalog)(server, this.#databases);
  }
  #connect() {
    this.#server ??= import_chunk_5V4BPUAT.ClickHouseServer.connect(this.#connection, this.#context);
    return this.#server;
  }
};
async function* oneChunk(bytes) {
  yield bytes;
}
function describeSource(catalog) {
  return { id: (0, import_chunk_ZA667Z3N.hashIdentity)(catalog), database: catalog.databases.join(", ") };
}
function describeReplaced(replaced) {
  return replaced.map(
    (name) => `Whether ${name} goes with the other tables: it was replaced or altered again and again while the backup ran.`
  );
}
function describeDatabases({ databases, tables }) {
  const counted = tables.length === 1 ? "1 table" : `${tables.length} tables`;
  return `${databases.length === 1 ? "database" : "databases"} ${databases.join(", ")} with ${counted} of rows`;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createClickHouseStore
});
