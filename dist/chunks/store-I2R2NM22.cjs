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
  createPostgresStore: () => createPostgresStore
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_F2YU5RC3 = require("./chunk-F2YU5RC3.cjs");
var import_chunk_TT2DNCF3 = require("./chunk-TT2DNCF3.cjs");
var import_chunk_2BZOGI4J = require("./chunk-2BZOGI4J.cjs");
var import_chunk_L6PHXGBH = require("./chunk-L6PHXGBH.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_NCOSMIE3 = require("./chunk-NCOSMIE3.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_E7U4CWV7 = require("./chunk-E7U4CWV7.cjs");
var import_chunk_6KJEVDUS = require("./chunk-6KJEVDUS.cjs");
var import_chunk_XPUIUB4A = require("./chunk-XPUIUB4A.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_stream = require("node:stream");
var import_node_events = require("node:events");
var import_promises = require("node:fs/promises");
var import_consumers = require("node:stream/consumers");
var import_node_fs = require("node:fs");
var import_promises2 = require("node:fs/promises");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
var import_promises3 = require("node:stream/promises");
var GRANTS_LISTED = 5;
async function requireReadRights(session, user, scope) {
  const missing = await findMissingRights(session, user, scope);
  if (missing.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_RIGHTS_MISSING",
    `The role ${user} cannot back up everything: ${missing.map(({ lacks }) => lacks).join("; ")}.`,
    { hint: `Run as an administrator: ${missing.flatMap(({ mending }) => mending).join(" ")}` }
  );
}
async function findMissingRights(session, user, { excludedSchemas, excludedRelations = [], withoutRows = [], largeObjects = true }) {
  const unreadable = await session.rows(
    "Reading the role's rights",
    `${import_chunk_2BZOGI4J.USER_OBJECTS}, right_of AS (
       SELECT nspname::text AS schema, relname::text AS name, relkind = 'S' AS "isSequence",
              NOT has_schema_privilege(relnamespace, 'USAGE') AS "schemaClosed",
              NOT has_table_privilege(oid, 'SELECT') AS "relationClosed",
              relkind <> 'S' AND row_security_active(oid) AS "isBlinded",
              relforcerowsecurity AS "isForced", relowner::regrole::text AS owner,
              relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS "isOwn"
       FROM relation WHERE relkind IN ('r', 'p', 'S'))
     SELECT * FROM right_of WHERE "schemaClosed" OR "relationClosed" OR "isBlinded" ORDER BY schema, name`,
    [excludedSchemas]
  );
  const outside = new Set(excludedRelations.map(import_chunk_F2YU5RC3.nameInFull));
  const unread = new Set(withoutRows.map(import_chunk_F2YU5RC3.nameInFull));
  const relations = unreadable.filter((one) => !outside.has((0, import_chunk_F2YU5RC3.nameInFull)(one)));
  const closed = relations.filter(({ schemaClosed, relationClosed }) => schemaClosed || relationClosed);
  const blinded = relations.filter((one) => one.isBlinded && !unread.has((0, import_chunk_F2YU5RC3.nameInFull)(one)));
  return [
    ...blinded.length === 0 ? [] : [
      {
        lacks: `row-level security hides rows of ${nameFew(blinded)} from it`,
        mending: await mendBlindness(session, user, blinded)
      }
    ],
    ...closed.length === 0 ? [] : [{ lacks: `it may not read ${nameFew(closed)}`, mending: grantsFor(closed, user) }],
    ...largeObjects ? await findClosedLargeObjects(session, user) : []
  ];
}
async function mendBlindness(session, user, blinded) {
  const [provider] = await session.rows(
    "Looking for the provider",
    `SELECT rolname::text AS name FROM pg_catalog.pg_roles
     WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin', 'alloydbsuperuser') LIMIT 1`
  );
  if (!provider) return [`ALTER ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(user)} BYPASSRLS;`];
  const owners = new Set(blinded.filter(({ isOwn }) => !isOwn).map(({ owner }) => owner));
  return [
    ...[...owners].map((owner) => `GRANT ${owner} TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(user)};`),
    ...blinded.filter(({ isForced }) => isForced).map((table) => `ALTER TABLE ${(0, import_chunk_F2YU5RC3.quoteInFull)(table)} NO FORCE ROW LEVEL SECURITY;`)
  ];
}
function grantsFor(closed, user) {
  const role = (0, import_chunk_2BZOGI4J.quoteIdent)(user);
  if (closed.length > GRANTS_LISTED) return [`GRANT pg_read_all_data TO ${role};`];
  const schemas = new Set(closed.filter(({ schemaClosed }) => schemaClosed).map(({ schema }) => schema));
  return [
    ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(schema)} TO ${role};`),
    ...closed.filter(({ relationClosed }) => relationClosed).map(
      (one) => `GRANT SELECT ON ${one.isSequence ? "SEQUENCE" : "TABLE"} ${(0, import_chunk_F2YU5RC3.quoteInFull)(one)} TO ${role};`
    )
  ];
}
async function findClosedLargeObjects(session, user) {
  const [found] = await session.rows(
    "Reading the rights on large objects",
    `SELECT count(*)::text AS count, (array_agg(oid::text ORDER BY oid))[1:${GRANTS_LISTED + 1}] AS ids
     FROM pg_catalog.pg_largeobject_metadata
     WHERE current_setting('lo_compat_privileges') = 'off'
       AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT pg_has_role(lomowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM aclexplode(lomacl)
                       WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, 'USAGE')))`
  );
  const count = Number(found?.count ?? 0);
  if (count === 0) return [];
  const role = (0, import_chunk_2BZOGI4J.quoteIdent)(user);
  const ids = found?.ids ?? [];
  const each = `DO $$ BEGIN EXECUTE (SELECT string_agg(format('GRANT SELECT ON LARGE OBJECT %s TO %I;', oid, '${user.replaceAll("'", "''")}'), ' ') FROM pg_largeobject_metadata); END $$;`;
  return [
    {
      lacks: `it may not read ${count === 1 ? `large object ${ids[0]}` : `${count} large objects`}`,
      mending: count > GRANTS_LISTED ? [each] : [`GRANT SELECT ON LARGE OBJECT ${ids.join(", ")} TO ${role};`]
    }
  ];
}
function nameFew(relations) {
  const names = relations.slice(0, GRANTS_LISTED).map(({ schema, name }) => `${schema}.${name}`);
  const more = relations.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
var SESSIONS_NEEDED = 4;
var READERS_TRIED = 2;
var CLOCKS_MAY_DIFFER_MS = 6e4;
var BYTES_PER_SECOND = 5e7;
var MANAGED_EXTENSIONS = [
  "supabase_vault",
  "pgsodium",
  "pg_graphql",
  "pg_net",
  "pg_cron",
  "aws_s3",
  "neon"
];
async function diagnosePostgresStore(connection, resolveScope2, context) {
  try {
    (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(connection);
    return await (0, import_chunk_2BZOGI4J.withSession)(
      connection,
      context,
      async (session) => {
        const server = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, connection);
        const looks = [
          [
            "connection",
            async () => [describeWay(connection, server), await lookAtEncryption(session, connection)]
          ],
          ["client", () => lookAtClient(server, context)],
          ["rights", () => lookAtRights(session, connection.user, resolveScope2)],
          ["snapshot", async () => [await lookAtSnapshot(connection, context)]],
          ["connections", async () => [await countFreeConnections(session)]],
          ["time limits", async () => [await lookAtTimeLimits(session, connection.user)]],
          ["clock", async () => [await compareClocks(session, context)]],
          ["replica", () => lookAtReplica(session)],
          ["size", async () => [describeSize(server)]],
          ["extensions", () => lookAtExtensions(session)],
          ["leftovers", () => (0, import_chunk_2BZOGI4J.findLeftovers)(session, connection.database, context)]
        ];
        const findings = [];
        for (const [check, look] of looks) {
          findings.push(...await look().catch((error) => [(0, import_chunk_CW2N472Z.explainAsFinding)(check, error)]));
        }
        return findings;
      },
      { patient: true }
    );
  } catch (error) {
    return [(0, import_chunk_CW2N472Z.explainAsFinding)("connection", error)];
  }
}
function describeWay(connection, { version }) {
  const way = connection.learned.pooler === "session" ? "through a pooler that keeps sessions" : "directly";
  return (0, import_chunk_CW2N472Z.good)("connection", `PostgreSQL ${version} at ${(0, import_chunk_2BZOGI4J.describeConnection)(connection)}, reached ${way}`);
}
async function lookAtEncryption(session, connection) {
  const check = "encryption";
  if ((0, import_chunk_2BZOGI4J.isUnixSocket)(connection)) return (0, import_chunk_CW2N472Z.good)(check, "None is needed: the server is reached by a Unix socket");
  const { mode, authorities } = connection.tls;
  const isLocal = ["127.0.0.1", "::1", "localhost"].includes(connection.host);
  if (!session.isEncrypted) {
    if (isLocal) return (0, import_chunk_CW2N472Z.good)(check, "None; the server is on this machine");
    return (0, import_chunk_CW2N472Z.warning)(check, "The connection is not encrypted.", "Add sslmode=verify-full to the address.");
  }
  if (authorities === void 0) {
    return (0, import_chunk_CW2N472Z.warning)(
      check,
      `The connection is encrypted, and nobody looks whose certificate it is (sslmode=${mode}).`,
      "Add sslmode=verify-full to the address, with ca or sslrootcert where the provider has an authority of its own."
    );
  }
  return (0, import_chunk_CW2N472Z.good)(
    check,
    `Encrypted, the certificate verified${mode === "verify-full" ? ", the host's name too" : ""}`
  );
}
async function lookAtClient(server, context) {
  const { chosen, tried } = await (0, import_chunk_TT2DNCF3.explainPostgresTools)(server.major, context);
  const asked = tried.map(({ source, outcome }) => `${source}: ${outcome}`).join("\n");
  if (!chosen) {
    const found2 = `No pg_dump of PostgreSQL ${server.major} or later can be had.
${asked}`;
    return [(0, import_chunk_CW2N472Z.bad)("client", found2, `apt-get install postgresql-client-${server.major}`)];
  }
  const note = (0, import_chunk_TT2DNCF3.noteNewerTools)(chosen.tools, server.major);
  const found = `${chosen.tools.version}, ${chosen.where}`;
  if (note === void 0) return [(0, import_chunk_CW2N472Z.good)("client", found)];
  return [(0, import_chunk_CW2N472Z.warning)("client", `${found}. ${note}`, `apt-get install postgresql-client-${server.major}`)];
}
async function lookAtRights(session, user, resolveScope2) {
  const missing = await findMissingRights(session, user, await resolveScope2(session));
  if (missing.length === 0) return [(0, import_chunk_CW2N472Z.good)("rights", `${user} may read everything that is backed up`)];
  return missing.map(
    ({ lacks, mending }) => (0, import_chunk_CW2N472Z.bad)("rights", `The role ${user} cannot back up everything: ${lacks}.`, mending.join("\n"))
  );
}
async function lookAtSnapshot(connection, context) {
  return await (0, import_chunk_CW2N472Z.findOrExplain)("snapshot", async () => {
    await (0, import_chunk_F2YU5RC3.withSnapshot)(connection, context, READERS_TRIED, async () => {
    });
    return "It can be exported, and other sessions can join it";
  });
}
async function countFreeConnections(session) {
  const [row] = await session.rows(
    "Counting the connections",
    `SELECT current_setting('max_connections')::int AS most,
            current_setting('superuser_reserved_connections')::int AS reserved,
            (SELECT sum(numbackends)::int FROM pg_catalog.pg_stat_database) AS used,
            (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role,
            (SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE usename = current_user) AS mine`
  );
  const { most = 0, used = 0, reserved = 0, role = -1, mine = 0 } = row ?? {};
  const free = Math.min(most - reserved - used, role < 0 ? Infinity : role - mine) + 1;
  const found = `${free} of ${role < 0 ? most : Math.min(most, role)} connections are free; a backup takes ${SESSIONS_NEEDED}`;
  if (free >= SESSIONS_NEEDED) return (0, import_chunk_CW2N472Z.good)("connections", found);
  return (0, import_chunk_CW2N472Z.bad)(
    "connections",
    `${found}.`,
    "Close idle ones (pg_stat_activity), or raise max_connections or the role's CONNECTION LIMIT."
  );
}
async function lookAtTimeLimits(session, user) {
  const limits = await session.rows(
    "Reading the time limits",
    `SELECT assignment, setrole <> 0 AS "isOfRole" FROM pg_catalog.pg_db_role_setting, unnest(setconfig) assignment
     WHERE setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))
       AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
       AND assignment ~ '^(statement|transaction|idle_in_transaction_session|idle_session)_timeout='
       AND assignment !~ '=0[a-z]*$' ORDER BY 1, 2`
  );
  if (limits.length === 0) return (0, import_chunk_CW2N472Z.good)("time limits", "None that would cut a long read");
  const named = limits.map(
    ({ assignment, isOfRole }) => `${assignment.replace("=", " = ")} (of ${isOfRole ? `the role ${user}` : "the database"})`
  );
  return (0, import_chunk_CW2N472Z.good)("time limits", `Lifted for the sessions of a backup: ${named.join(", ")}`);
}
async function compareClocks(session, { clock }) {
  const before = clock.now().getTime();
  const [row] = await session.rows(
    "Asking for the time",
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS now`
  );
  const here = (before + clock.now().getTime()) / 2;
  const aheadMs = Number(row?.now) - here;
  const by = (0, import_chunk_XCSPHMD5.formatSeconds)(Math.abs(aheadMs) / 1e3);
  if (Math.abs(aheadMs) <= CLOCKS_MAY_DIFFER_MS)
    return (0, import_chunk_CW2N472Z.good)("clock", `The server's differs from this machine's by ${by}`);
  return (0, import_chunk_CW2N472Z.warning)(
    "clock",
    `The server's clock is ${by} ${aheadMs > 0 ? "ahead of" : "behind"} this machine's, by which backups are dated.`,
    "Set this machine's clock: timedatectl set-ntp true"
  );
}
async function lookAtReplica(session) {
  const [row] = await session.rows(
    "Looking whether it is a replica",
    `SELECT pg_is_in_recovery() AS "isReplica", current_setting('hot_standby_feedback') AS feedback,
            current_setting('max_standby_streaming_delay') AS delay`
  );
  if (!row?.isReplica) return [];
  if (row.feedback === "on" || row.delay === "-1") {
    return [(0, import_chunk_CW2N472Z.good)("replica", "The server is a replica that lets long reads finish")];
  }
  return [
    (0, import_chunk_CW2N472Z.warning)(
      "replica",
      `The server is a replica, and cancels a read that stands in the way of replication for ${row.delay}.`,
      "ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();"
    )
  ];
}
function describeSize({ databaseSizeBytes }) {
  const seconds = Math.max(1, databaseSizeBytes / BYTES_PER_SECOND);
  return (0, import_chunk_CW2N472Z.good)(
    "size",
    `${(0, import_chunk_XCSPHMD5.formatBytes)(databaseSizeBytes)} with indexes; a backup sends less, in about ${(0, import_chunk_XCSPHMD5.formatSeconds)(seconds)} where the network allows`
  );
}
async function lookAtExtensions(session) {
  const managed = (await (0, import_chunk_2BZOGI4J.readExtensions)(session)).filter((name) => MANAGED_EXTENSIONS.includes(name));
  if (managed.length === 0) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      "extensions",
      `A plain server does not have ${managed.join(", ")}: what they hold comes back only where they are.`,
      "Restore and drill on the provider's own image or service, or leave their schemas out (exclude-schemas)."
    )
  ];
}
async function describeDatabaseItself(session) {
  const [row] = await session.rows(
    "Looking at the database itself",
    `SELECT shobj_description(oid, 'pg_database') IS NOT NULL AS "hasComment", datacl IS NOT NULL AS "hasGrants"
     FROM pg_catalog.pg_database WHERE datname = current_database()`
  );
  const why = "A restore goes into a database that somebody made, and leaves what is said of it as it is.";
  return [
    ...row?.hasComment ? [{ what: "The comment on the database", why }] : [],
    ...row?.hasGrants ? [{ what: "Grants on the database (CONNECT, CREATE, TEMPORARY)", why }] : []
  ];
}
async function listArchive(path, tools, context) {
  const { stdout: listing } = await (0, import_chunk_5LCZEI5X.runTool)(tools.command("pg_restore", ["--list", path]), context);
  const sequences = await readSequences(
    listing,
    (args) => (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", [...args, path]), context)
  );
  return { tableOids: new Set(parseDataEntries(listing).keys()), sequences, listing };
}
var ContentsReader = class {
  #tools;
  #context;
  #list;
  #listing;
  #listed;
  #head = [];
  #isReading = true;
  constructor(tools, context) {
    this.#tools = tools;
    this.#context = context;
    this.#list = (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", ["--list"]), context);
    this.#listing = (0, import_consumers.text)(this.#list.stdout);
    this.#listing.catch(() => {
    });
    this.#listed = this.#list.done.catch(() => {
    }).then(() => void (this.#isReading = false));
  }
  /** Resolves when the next chunk may come. After the table of contents it costs nothing. */
  async feed(chunk) {
    if (!this.#isReading) return;
    this.#head.push(chunk);
    const { stdin } = this.#list;
    if (stdin.writable && !stdin.write(chunk)) {
      await Promise.race([(0, import_node_events.once)(stdin, "drain").catch(() => {
      }), this.#listed]);
    }
  }
  /** @throws AppError TOOL_FAILED when what was fed is no archive */
  async finish() {
    this.#list.stdin.end();
    const [listing] = await Promise.all([this.#listing, this.#list.done]);
    const sequences = await readSequences(listing, (args) => {
      const restore = (0, import_chunk_5LCZEI5X.startTool)(this.#tools.command("pg_restore", args), this.#context);
      restore.stdin.end(Buffer.concat(this.#head));
      return restore;
    });
    return { tableOids: new Set(parseDataEntries(listing).keys()), sequences, listing };
  }
  async stop() {
    await this.#list.stop();
  }
};
async function readSequences(listing, startRestore) {
  var _stack = [];
  try {
    const entries = listing.split("\n").filter((line) => /^\d+; \d+ \d+ SEQUENCE SET /.test(line));
    if (entries.length === 0) return [];
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(), true);
    await (0, import_promises.writeFile)(scratch.file("sequences.list"), entries.join("\n"));
    const restore = startRestore([`--use-list=${scratch.file("sequences.list")}`, "--file=-"]);
    restore.stdin.end();
    const [sql] = await Promise.all([(0, import_consumers.text)(restore.stdout), restore.done]);
    return parseSequenceValues(sql);
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function parseDataEntries(listing) {
  const lines = listing.matchAll(/^(\d+); \d+ (\d+) TABLE DATA /gm);
  return new Map([...lines].map(([, entry, oid]) => [Number(oid), Number(entry)]));
}
function findEntries(listing, catalogOid, oid) {
  const line = new RegExp(`^(\\d+); ${catalogOid} ${oid} ([A-Z][A-Z ]*[A-Z]) (.*)$`, "m").exec(listing);
  if (!line) return [];
  const [, entry, type = "", rest = ""] = line;
  const onIt = [...listing.matchAll(/^(\d+); 0 0 (?:ACL|COMMENT|SECURITY LABEL) (.*)$/gm)].filter(
    ([, , text2 = ""]) => text2.replace(` ${type} `, " ") === rest || // `app CONSTRAINT logged ON orders owner` belongs to `app orders logged owner`.
    text2.replace(/ (?:CONSTRAINT|TRIGGER|POLICY|RULE) (.*) ON (.*) (\S+)$/, " $2 $1 $3") === rest
  );
  return [Number(entry), ...onIt.map(([, number]) => Number(number))];
}
function parseSequenceValues(sql) {
  const identifier = `"(?:[^"]|"")*"|[^."]+`;
  const statement = /^SELECT pg_catalog\.setval\('((?:[^']|'')*)', (-?\d+), (true|false)\);$/gm;
  return [...sql.matchAll(statement)].flatMap(([, quoted = "", last = "", isCalled]) => {
    const parts = new RegExp(`^(${identifier})\\.(${identifier})$`).exec(quoted.replaceAll("''", "'"));
    if (!parts) return [];
    const [, schema = "", name = ""] = parts;
    return [{ schema: unquote(schema), name: unquote(name), last, isCalled: isCalled === "true" }];
  });
}
function unquote(identifier) {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
async function dumpCustom(dump, sink) {
  const { request, context } = dump;
  const compression = await findCompression(request.settings, request.tools, context);
  let contents;
  const archive = await sink.put(
    "app.dump",
    streamArchive(dump, compression, (read) => contents = read),
    request.databaseSizeBytes
  );
  if (!contents) throw new Error("the archive has not ended");
  const { sequences, listing } = contents;
  return { archive: { ...archive, format: "custom" }, sequences, listing, kinds: (0, import_chunk_F2YU5RC3.listKinds)(listing) };
}
async function* streamArchive(dump, compression, onEnd) {
  const { request, context } = dump;
  const tool = dump.startDump(["--format=custom", `--compress=${compression}`]);
  const reader = new ContentsReader(request.tools, context);
  let sizeBytes = 0;
  try {
    for await (const chunk of tool.stdout) {
      await reader.feed(chunk);
      sizeBytes += chunk.length;
      context.reporter.progress({ label: request.label, done: sizeBytes, unit: "bytes" });
      yield chunk;
    }
    await tool.done;
    const contents = await reader.finish();
    dump.requireRows(({ oid }) => contents.tableOids.has(oid));
    onEnd(contents);
  } catch (error) {
    throw dump.explain(error, tool);
  } finally {
    await Promise.all([tool.stop(), reader.stop()]);
  }
}
var DEFAULT_MOST_JOBS = 4;
var UPLOADS_AT_ONCE = 4;
var COMPRESSED_PART = 0.5;
async function dumpDirectory(dump, sink) {
  var _stack = [];
  try {
    const { request, context } = dump;
    const { settings, tools, label } = request;
    await requireRoom(dump);
    const compression = await findCompression(settings, tools, context);
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(settings.scratchDir), true);
    const folder = scratch.path;
    const jobs = settings.jobs ?? Math.min(DEFAULT_MOST_JOBS, (0, import_node_os.availableParallelism)());
    const tool = dump.startDump([
      "--format=directory",
      `--file=${folder}`,
      `--jobs=${jobs}`,
      `--compress=${compression}`
    ]);
    tool.stdout.resume();
    try {
      await tool.done;
    } catch (error) {
      throw explainFullDisk(dump.explain(error, tool), settings);
    } finally {
      await tool.stop();
    }
    const contents = await listArchive(folder, tools, context);
    const files = await (0, import_promises2.readdir)(folder);
    const entries = parseDataEntries(contents.listing);
    const onDisk = new Set(files.map((file) => file.replace(/\.(gz|zst|lz4)$/, "")));
    dump.requireRows(({ oid }) => onDisk.has(`${entries.get(oid)}.dat`));
    const sent = [];
    await (0, import_chunk_NCOSMIE3.forEachAtOnce)(files, UPLOADS_AT_ONCE, async (file, stop) => {
      const path = (0, import_node_path.join)(folder, file);
      const { size } = await (0, import_promises2.stat)(path);
      const body = (0, import_node_fs.createReadStream)(path, { signal: stop });
      const object = await sink.put(`app.dump/${file}`, checked(dump, body), size);
      sent.push({ ...object, file });
      context.reporter.progress({ label, done: sent.length, total: files.length, unit: "objects" });
      await (0, import_promises2.rm)(path);
    });
    sent.sort((a, b) => a.file < b.file ? -1 : 1);
    const { sequences, listing } = contents;
    return { archive: { format: "directory", files: sent }, sequences, listing, kinds: (0, import_chunk_F2YU5RC3.listKinds)(listing) };
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function* checked(dump, body) {
  for await (const chunk of body) {
    dump.throwFault();
    yield chunk;
  }
}
async function requireRoom({ request }) {
  const { settings, tables } = request;
  const folder = settings.scratchDir ?? (0, import_node_os.tmpdir)();
  const { bavail, bsize } = await (0, import_promises2.statfs)(folder).catch((error) => {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The scratch folder ${folder} cannot be used: ${String(error)}.`, {
      hint: "Create the folder, or name another one in scratch-dir.",
      cause: error
    });
  });
  const tableBytes = tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const needBytes = Math.ceil(tableBytes * (settings.compression === "none" ? 1 : COMPRESSED_PART));
  const freeBytes = bavail * bsize;
  if (freeBytes >= needBytes) return;
  throw diskTooSmall(
    `The dump in format directory needs about ${(0, import_chunk_XCSPHMD5.formatBytes)(needBytes)} in ${folder}, and ${(0, import_chunk_XCSPHMD5.formatBytes)(freeBytes)} are free there.`
  );
}
function explainFullDisk(error, { scratchDir = (0, import_node_os.tmpdir)() }) {
  if (!(error instanceof import_chunk_E4TRGNTH.AppError) || !/No space left on device/.test(error.message)) return error;
  return diskTooSmall(`The disk of ${scratchDir} is full: ${error.message}`, error);
}
function diskTooSmall(message, cause) {
  return new import_chunk_E4TRGNTH.AppError("DISK_FULL", message, {
    hint: "Name a folder on a larger disk in scratch-dir, or use format: custom, which streams and needs no disk.",
    cause
  });
}
var COMPLETION = "-- PostgreSQL database dump complete";
var LINE_KEPT_BYTES = 64 * 1024;
var END_OF_ROWS = Buffer.from("\n\\.\n");
var COMMENT_FRAME = Buffer.from("--");
var NEWLINE = 10;
var PlainScan = class {
  #expected;
  #found = /* @__PURE__ */ new Set();
  #sequences = /* @__PURE__ */ new Map();
  #kinds = /* @__PURE__ */ new Set();
  /** In rows: the last bytes, in which their end may have begun. Between them: a line that is not whole yet. */
  #rest = Buffer.alloc(0);
  #isInRows = false;
  /** Whose rows come next, by their heading; `viaRoot`: by way of the partitioned table, which COPY then names. */
  #announced = { table: "", viaRoot: false };
  #isComplete = false;
  /** @param tables - whose rows must come; what looks like rows of others is taken for text */
  constructor(tables) {
    this.#expected = new Set(tables.map(import_chunk_F2YU5RC3.nameInFull));
  }
  /** Whether the completion line came, and nothing but blank lines and psql's own commands after it. */
  get isComplete() {
    return this.#isComplete;
  }
  get sequences() {
    return [...this.#sequences.values()];
  }
  /** What kinds of things the script makes, in pg_dump's words. */
  get kinds() {
    return this.#kinds;
  }
  hasRowsOf(table) {
    return this.#found.has((0, import_chunk_F2YU5RC3.nameInFull)(table));
  }
  feed(chunk) {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (true) {
      if (this.#isInRows) {
        const end = bytes.indexOf(END_OF_ROWS);
        if (end === -1) {
          this.#rest = Buffer.from(bytes.subarray(-(END_OF_ROWS.length - 1)));
          return;
        }
        this.#isInRows = false;
        bytes = bytes.subarray(end + END_OF_ROWS.length);
      } else {
        const end = bytes.indexOf(NEWLINE);
        if (end === -1) {
          this.#rest = Buffer.from(bytes.subarray(0, LINE_KEPT_BYTES));
          return;
        }
        this.#readLine(bytes.subarray(0, end));
        bytes = bytes.subarray(this.#isInRows ? end : end + 1);
      }
    }
  }
  #readLine(bytes) {
    const start = bytes.toString("latin1", 0, 2);
    if (start === "" || start.startsWith("\\") || bytes.equals(COMMENT_FRAME)) return;
    const line = bytes.toString("utf8");
    this.#isComplete = line === COMPLETION;
    if (start === "--") this.#readHeading(line);
    else if (start === "CO") this.#readCopy(line);
    else if (start === "SE") {
      for (const value of parseSequenceValues(line)) this.#sequences.set((0, import_chunk_F2YU5RC3.nameInFull)(value), value);
    }
  }
  /** `-- Name: users; Type: TABLE; Schema: public; Owner: -`; before rows, `Data for` goes before the name. */
  #readHeading(line) {
    const kind = /^-- (?:Data for )?Name: .*; Type: ([A-Z ]+); Schema: /.exec(line)?.[1];
    if (kind !== void 0) this.#kinds.add(kind);
    const rows = /^-- Data for Name: (.*); Type: TABLE DATA; Schema: (.*); Owner: /.exec(line);
    if (rows) {
      const [, name = "", schema = ""] = rows;
      this.#announced = { table: (0, import_chunk_F2YU5RC3.nameInFull)({ schema, name }), viaRoot: false };
    } else if (line.startsWith("-- load via partition root ")) this.#announced.viaRoot = true;
  }
  #readCopy(line) {
    const identifier = `"(?:[^"]|"")*"|[^\\s."()]+`;
    const match = new RegExp(`^COPY (${identifier})\\.(${identifier}) .*FROM stdin;$`).exec(line);
    if (!match) return;
    const [, schema = "", name = ""] = match;
    const { table: announced, viaRoot } = this.#announced;
    const table = viaRoot ? announced : (0, import_chunk_F2YU5RC3.nameInFull)({ schema: unquote2(schema), name: unquote2(name) });
    if (!this.#expected.has(table) || this.#found.has(table)) return;
    this.#found.add(table);
    this.#isInRows = true;
  }
};
function unquote2(identifier) {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
var SUFFIX = { zstd: ".zst", gzip: ".gz", none: "" };
var DEFAULT_LEVEL = { zstd: 3, gzip: 6 };
async function dumpPlain(dump, sink) {
  const { request, context } = dump;
  const { compression = "zstd", level } = request.settings;
  const scan = new PlainScan(request.tables);
  const sql = readSql(dump, scan);
  const body = compression === "none" ? sql : compress(sql, await (0, import_chunk_7HIGGGOO.openCompressor)(compression, level ?? DEFAULT_LEVEL[compression], context));
  const object = await sink.put(`app.sql${SUFFIX[compression]}`, body, request.databaseSizeBytes);
  return {
    archive: { ...object, format: "plain", compression },
    sequences: scan.sequences,
    listing: "",
    kinds: scan.kinds
  };
}
async function* readSql(dump, scan) {
  const { request, context } = dump;
  const tool = dump.startDump(["--format=plain", "--compress=0", "--no-owner", "--no-tablespaces"]);
  let sizeBytes = 0;
  try {
    for await (const chunk of tool.stdout) {
      scan.feed(chunk);
      sizeBytes += chunk.length;
      context.reporter.progress({ label: request.label, done: sizeBytes, unit: "bytes" });
      yield chunk;
    }
    await tool.done;
    if (!scan.isComplete) {
      throw new import_chunk_E4TRGNTH.AppError("STORE_FAILED", "pg_dump ended well, but what it wrote breaks off.", {
        hint: "This backup was thrown away. Report it with the versions of server and pg_dump: it should not happen."
      });
    }
    dump.requireRows((table) => scan.hasRowsOf(table));
  } catch (error) {
    throw dump.explain(error, tool);
  } finally {
    await tool.stop();
  }
}
async function* compress(source, compressor) {
  const feeding = (0, import_promises3.pipeline)(source, compressor.input);
  feeding.catch(() => void compressor.stop());
  try {
    yield* compressor.output;
    await feeding;
    await compressor.done;
  } catch (error) {
    const fault = await feeding.then(
      () => void 0,
      (reason) => reason
    );
    if (fault instanceof import_chunk_E4TRGNTH.AppError) throw fault;
    await compressor.done;
    throw error;
  } finally {
    await compressor.stop();
  }
}
function scopeArguments(scope) {
  const args = [
    ...scope.content === "structure" ? ["--schema-only"] : [],
    ...scope.content === "data" ? ["--data-only"] : [],
    // Their long names changed in PostgreSQL 16.
    ...scope.content === "structure" ? [] : [scope.largeObjects ? "-b" : "-B"],
    ...scope.excludedSchemas.map((name) => `--exclude-schema=${quotePattern(name)}`),
    ...groupPatterns(scope.excludedRelations).map((pattern) => `--exclude-table=${pattern}`),
    ...groupPatterns(scope.withoutRows).map((pattern) => `--exclude-table-data=${pattern}`)
  ];
  const length = args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
  if (length <= MOST_ARGUMENT_BYTES) return args;
  throw new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The scope leaves out ${scope.excludedRelations.length + scope.withoutRows.length} tables one by one, more than pg_dump can be told.`,
    { hint: "Choose or exclude whole schemas." }
  );
}
var MOST_ARGUMENT_BYTES = 15e5;
var PATTERN_BYTES = 6e4;
function groupPatterns(names) {
  return [...new Set(names.map(({ schema }) => schema))].flatMap((schema) => {
    const groups = [];
    for (const { name } of names.filter((one) => one.schema === schema)) {
      const last = groups.at(-1);
      const quoted = quotePattern(name);
      if (last === void 0 || last.length + quoted.length > PATTERN_BYTES) groups.push(quoted);
      else groups[groups.length - 1] = `${last}|${quoted}`;
    }
    return groups.map((group) => `${quotePattern(schema)}.(${group})`);
  });
}
function quotePattern(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
var DEFAULT_LEVEL2 = 1;
var Dump = class {
  request;
  context;
  #running = /* @__PURE__ */ new Set();
  #fault;
  /** How pg_dump reaches the database. */
  #access = {};
  constructor(request, context) {
    this.request = request;
    this.context = context;
  }
  /**
   * Writes the archive. It is proved to be whole before its last byte is given to the sink: pg_dump has ended
   * well, and what it wrote has the rows of every table.
   *
   * @throws AppError TOOL_FAILED, STORE_FAILED, CANCELLED, and what the sink throws
   */
  async writeTo(sink) {
    var _stack = [];
    try {
      const libpq = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_F2YU5RC3.LibpqAccess.open(this.request.connection), true);
      this.#access = libpq.env;
      switch (this.request.settings.format) {
        case "custom":
          return await dumpCustom(this, sink);
        case "directory":
          return await dumpDirectory(this, sink);
        case "plain":
          return await dumpPlain(this, sink);
      }
    } catch (_) {
      var _error = _, _hasError = true;
    } finally {
      var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
      _promise && await _promise;
    }
  }
  /** Ends every program because something else failed: what is under way throws `error`. */
  fail(error) {
    this.#fault ??= { error };
    for (const tool of this.#running) void tool.stop();
  }
  /** Starts pg_dump with what all formats have in common. Whoever starts it calls `stop` in the end. */
  startDump(formatArguments) {
    const { connection, snapshotId, scope } = this.request;
    const args = [
      ...formatArguments,
      `--snapshot=${snapshotId}`,
      // A subscription's definition holds a password, and its copy would take the original's place at the publisher.
      "--no-subscriptions",
      "--no-password",
      `--lock-wait-timeout=${connection.lockWaitMs}`,
      // Never --enable-row-security, which silently dumps half.
      ...scopeArguments(scope)
    ];
    const tool = this.start("pg_dump", args, this.#access);
    tool.stdin.end();
    return tool;
  }
  start(program, args, env) {
    this.throwFault();
    const tool = (0, import_chunk_5LCZEI5X.startTool)(this.request.tools.command(program, args, env), this.context);
    this.#running.add(tool);
    return tool;
  }
  throwFault() {
    if (this.#fault) throw this.#fault.error;
  }
  /** What to throw when the dump failed: what failed first. */
  explain(error, dump) {
    return this.#fault ? this.#fault.error : (0, import_chunk_F2YU5RC3.explainToolFault)(error, "pg_dump", dump.stderrTail());
  }
  /** @throws AppError STORE_FAILED */
  requireRows(hasRowsOf) {
    const missing = this.request.tables.filter((table) => !hasRowsOf(table)).map(import_chunk_F2YU5RC3.nameInFull);
    if (missing.length === 0) return;
    throw new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `pg_dump left out the rows of ${missing.join(", ")}.`, {
      hint: "This backup was thrown away. Report it with the versions of server and pg_dump: it should not happen."
    });
  }
};
async function findCompression({ compression, level = DEFAULT_LEVEL2 }, tools, context) {
  if (compression === "none") return "0";
  if (compression === "gzip") return String(level);
  const probe = ["--format=custom", `--compress=zstd:${level}`];
  const said = await (0, import_chunk_5LCZEI5X.runTool)(tools.command("pg_dump", probe, { PGHOST: "/nonexistent" }), context).then(
    () => "",
    (error) => {
      if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "CANCELLED") throw error;
      return String(error);
    }
  );
  if (!/compress/i.test(said)) return `zstd:${level}`;
  if (compression === void 0) return String(Math.min(level, 9));
  throw new import_chunk_E4TRGNTH.AppError("STORE_UNSUPPORTED", `${tools.version} cannot compress with zstd.`, {
    hint: "Choose compression: gzip, or format: plain, which is compressed outside of pg_dump."
  });
}
var PROVIDER_ROLES = "^(rds_|rdsadmin|rdsrepladmin|cloudsql|alloydb|azure_|azuresu|neon_|cloud_admin|supabase_|supabase|authenticator$|dashboard_user$|pgbouncer$|pgsodium_|pgtle_|cli_login_|avnadmin|doadmin|_do)";
var LIST_SETTINGS = /* @__PURE__ */ new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories"
]);
async function readGlobals(session) {
  const roles = await readRoles(session);
  const settings = await readSettings(session);
  const kept = new Set(roles.filter(({ isProviders }) => !isProviders).map(({ name }) => name));
  const isKept = ({ role }) => role === null || kept.has(role);
  const provided = roles.filter(({ isProviders }) => isProviders).map(({ name }) => name);
  const custom = settings.filter((setting) => isKept(setting) && setting.isCustom);
  const lines = [
    "-- Roles, their memberships, and settings of roles and of the database. Apply it as an administrator with",
    "-- psql, before or after the archive. Roles come without passwords: set them anew.",
    "",
    ...roles.filter(({ isProviders }) => !isProviders).flatMap(createRole),
    ...await readMemberships(session, kept),
    ...settings.filter((setting) => isKept(setting) && !setting.isCustom).map(setSetting)
  ];
  return {
    sql: `${lines.join("\n")}
`,
    leftOut: [
      ...provided.length > 0 ? [{ what: `Roles ${provided.join(", ")}`, why: "They belong to the provider of the server." }] : [],
      ...custom.map((setting) => ({
        what: `Setting ${nameOf(setting)} of ${describeHolder(setting)}`,
        why: "The application made it up, and its value may be a secret."
      }))
    ]
  };
}
async function readRoles(session) {
  return session.rows(
    "Reading the roles",
    `SELECT rolname::text AS name, rolname ~ $1 AS "isProviders", array_remove(ARRAY[
       CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
       CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
       CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
       CASE WHEN rolsuper THEN 'SUPERUSER' END,
       CASE WHEN rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || rolconnlimit END,
       'VALID UNTIL ' || quote_literal(rolvaliduntil)], NULL) AS attributes
     FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`,
    [PROVIDER_ROLES]
  );
}
function createRole({ name, attributes }) {
  const role = (0, import_chunk_2BZOGI4J.quoteIdent)(name);
  return [
    `DO ${(0, import_chunk_2BZOGI4J.escapeLiteral)(`BEGIN CREATE ROLE ${role}; EXCEPTION WHEN duplicate_object THEN NULL; END`)};`,
    ...attributes.length > 0 ? [`ALTER ROLE ${role} WITH ${attributes.join(" ")};`] : []
  ];
}
async function readMemberships(session, kept) {
  const rows = await session.rows(
    "Reading the memberships of roles",
    `SELECT DISTINCT ON (1, 2) r.rolname::text AS role, m.rolname::text AS member, to_jsonb(a) AS row
     FROM pg_catalog.pg_auth_members a JOIN pg_catalog.pg_roles r ON r.oid = roleid
     JOIN pg_catalog.pg_roles m ON m.oid = member ORDER BY 1, 2, admin_option DESC`
  );
  const isKnown = (role) => kept.has(role) || role.startsWith("pg_");
  return rows.filter(({ role, member }) => isKnown(role) && kept.has(member)).map(({ role, member, row }) => {
    const options = [
      ...row["admin_option"] === true ? ["ADMIN OPTION"] : [],
      ..."inherit_option" in row ? [`INHERIT ${row["inherit_option"] === true}`, `SET ${row["set_option"] === true}`] : []
    ];
    const by = options.length > 0 ? ` WITH ${options.join(", ")}` : "";
    return `GRANT ${(0, import_chunk_2BZOGI4J.quoteIdent)(role)} TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(member)}${by};`;
  });
}
async function readSettings(session) {
  return session.rows(
    "Reading the settings of roles and of the database",
    `SELECT rolname::text AS role, datname::text AS database, assignment,
       split_part(assignment, '=', 1) LIKE '%.%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings
         WHERE name = split_part(assignment, '=', 1) AND category <> 'Customized Options') AS "isCustom"
     FROM pg_catalog.pg_db_role_setting
     LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = setrole
     LEFT JOIN pg_catalog.pg_database ON pg_database.oid = setdatabase
     CROSS JOIN LATERAL unnest(setconfig) assignment
     WHERE (setrole = 0 OR rolname !~ '^pg_') AND (setdatabase = 0 OR datname = current_database())
     ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3`
  );
}
function setSetting(setting) {
  const { role, database, assignment } = setting;
  const name = nameOf(setting);
  const value = assignment.slice(name.length + 1);
  const values = LIST_SETTINGS.has(name) ? splitNames(value) : [value];
  const ofRole = role === null ? "" : `ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(role)}${database === null ? "" : ` IN DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(database)}`}`;
  const holder = ofRole || `DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(database ?? "")}`;
  const quotedName = name.split(".").map(import_chunk_2BZOGI4J.quoteIdent).join(".");
  return `ALTER ${holder} SET ${quotedName} TO ${values.map((one) => (0, import_chunk_2BZOGI4J.escapeLiteral)(one)).join(", ") || "''"};`;
}
function splitNames(list) {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? ""
  );
}
function nameOf({ assignment }) {
  return assignment.slice(0, assignment.indexOf("="));
}
function describeHolder({ role, database }) {
  if (role === null) return `the database ${database}`;
  return database === null ? `the role ${role}` : `the role ${role} in the database ${database}`;
}
var SHOWN = 5;
async function explainLockWait(error, connection, context) {
  if (!(error instanceof import_chunk_E4TRGNTH.AppError) || !/due to (lock|statement) timeout/.test(error.message)) return error;
  const holders = await readHolders(connection, context).catch(() => {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(context.signal);
    return [];
  });
  if (holders.length === 0) return error;
  const lines = holders.map(
    ({ table, pid: pid2, application, user, since }) => `  ${table}: process ${pid2} of ${user}${application === "" ? "" : ` (${application})`}${since === null ? "" : `, whose transaction began at ${since} UTC`}`
  );
  const [{ pid }] = holders;
  return new import_chunk_E4TRGNTH.AppError(error.code, [`${error.message}`, "Locked against reading are", ...lines].join("\n"), {
    hint: `Let that transaction end, or end it as an administrator (SELECT pg_terminate_backend(${pid});), and try again.`,
    cause: error
  });
}
async function readHolders(connection, context) {
  return await (0, import_chunk_2BZOGI4J.withSession)(
    connection,
    context,
    (session) => session.rows(
      "Looking for who holds locks",
      `SELECT nspname || '.' || relname AS table, pid, coalesce(application_name, '') AS application,
         coalesce(usename::text, 'an unknown role') AS user,
         to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
       JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND relkind NOT IN ('i', 'I', 't')
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       ORDER BY xact_start, 1 LIMIT ${SHOWN}`
    )
  );
}
var TABLE_KINDS = /* @__PURE__ */ new Set(["table", "foreign table", "composite type"]);
var VIEW_KINDS = /* @__PURE__ */ new Set(["view", "materialized view"]);
var DEPENDENTS = `
  WITH RECURSIVE out_schema AS (SELECT oid FROM pg_namespace WHERE nspname = ANY ($2::text[])),
  root (class, oid) AS (
    SELECT 'pg_class'::regclass::oid, unnest($1::oid[])
    UNION SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace IN (TABLE out_schema)
    UNION SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_collation'::regclass, oid FROM pg_collation WHERE collnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config WHERE cfgnamespace IN (TABLE out_schema)
    UNION SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict WHERE dictnamespace IN (TABLE out_schema)
  ),
  left_out AS (
    SELECT * FROM root WHERE NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = class AND objid = root.oid AND deptype = 'e')
  ),
  affected (class, oid, from_class, from_oid) AS (
    SELECT class, oid, class, oid FROM left_out
    UNION
    SELECT whole.class, whole.oid, affected.from_class, affected.from_oid
    FROM affected JOIN pg_depend d ON refclassid = affected.class AND refobjid = affected.oid
      AND deptype IN ('n', 'a', 'i', 'P', 'S')
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid AND rulename = '_RETURN'
    LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
    LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND contype IN ('c', 'n')
      AND conrelid <> 0
    CROSS JOIN LATERAL (SELECT
      CASE WHEN coalesce(w.oid, a.oid, c.oid) IS NULL THEN d.classid ELSE 'pg_class'::regclass END AS class,
      coalesce(w.ev_class, a.adrelid, c.conrelid, d.objid) AS oid) whole
    WHERE (whole.class, whole.oid) NOT IN (SELECT class, oid FROM left_out)
  ),
  dependent AS (
    SELECT DISTINCT ON (class, oid) * FROM affected
    WHERE (class, oid) NOT IN (SELECT class, oid FROM left_out) ORDER BY class, oid, from_class, from_oid
  ),
  relation AS (
    SELECT c.oid, c.relkind, nspname || '.' || relname AS full_name, nspname, relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL ($2::text[])
      AND c.oid <> ALL ($1::oid[])
  ),
  named (class, oid, kind, name) AS (
    SELECT class, oid, CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' ELSE 'table' END, full_name
      FROM dependent JOIN relation USING (oid)
      WHERE class = 'pg_class'::regclass AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    UNION ALL SELECT class, i.oid, 'index', i.nspname || '.' || i.relname
      FROM dependent JOIN relation i ON i.oid = dependent.oid JOIN pg_index ON indexrelid = i.oid
      JOIN relation r ON r.oid = indrelid WHERE class = 'pg_class'::regclass
    UNION ALL SELECT class, dependent.oid, 'foreign key', full_name || '.' || conname
      FROM dependent JOIN pg_constraint c ON c.oid = dependent.oid JOIN relation ON relation.oid = conrelid
      WHERE class = 'pg_constraint'::regclass AND contype = 'f' AND conparentid = 0
    UNION ALL SELECT class, dependent.oid, 'policy', full_name || '.' || polname
      FROM dependent JOIN pg_policy p ON p.oid = dependent.oid JOIN relation ON relation.oid = polrelid
      WHERE class = 'pg_policy'::regclass
    UNION ALL SELECT class, dependent.oid, 'trigger', full_name || '.' || tgname
      FROM dependent JOIN pg_trigger t ON t.oid = dependent.oid JOIN relation ON relation.oid = tgrelid
      WHERE class = 'pg_trigger'::regclass AND NOT tgisinternal
    UNION ALL SELECT class, dependent.oid, 'rule', full_name || '.' || rulename
      FROM dependent JOIN pg_rewrite w ON w.oid = dependent.oid JOIN relation ON relation.oid = ev_class
      WHERE class = 'pg_rewrite'::regclass
    UNION ALL SELECT class, dependent.oid,
        CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
        nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')'
      FROM dependent JOIN pg_proc p ON p.oid = dependent.oid JOIN pg_namespace n ON n.oid = pronamespace
      WHERE class = 'pg_proc'::regclass AND nspname !~ '^pg_' AND nspname <> ALL ($2::text[])
    UNION ALL SELECT class, dependent.oid, 'publication', pubname::text
      FROM dependent JOIN pg_publication_rel r ON r.oid = dependent.oid JOIN pg_publication p ON p.oid = prpubid
      WHERE class = 'pg_publication_rel'::regclass
    UNION ALL SELECT class, dependent.oid, 'event trigger', evtname::text
      FROM dependent JOIN pg_event_trigger e ON e.oid = dependent.oid WHERE class = 'pg_event_trigger'::regclass
    UNION ALL SELECT class, dependent.oid, CASE typtype WHEN 'd' THEN 'domain' ELSE 'range type' END,
        nspname || '.' || typname
      FROM dependent JOIN pg_type t ON t.oid = dependent.oid JOIN pg_namespace n ON n.oid = typnamespace
      WHERE class = 'pg_type'::regclass AND typtype IN ('d', 'r') AND nspname !~ '^pg_' AND nspname <> ALL ($2::text[])
  )
  SELECT named.kind, named.name, own.type, own.identity, named.class AS "catalogOid", named.oid,
    concat_ws(' ', source.type, source.identity) AS needs
  FROM named JOIN dependent USING (class, oid)
  CROSS JOIN LATERAL pg_identify_object(named.class, named.oid, 0) own
  CROSS JOIN LATERAL pg_identify_object(from_class, from_oid, 0) source ORDER BY 1, 2`;
async function findDependents(session, relationOids, schemas) {
  return session.rows(
    "Looking for what needs what is left out",
    DEPENDENTS,
    [relationOids, schemas]
  );
}
async function resolveScope(session, rules) {
  const schemas = await readSchemas(session);
  const relations = await readRelations(session);
  const patterns = new Patterns();
  const inSchema = patterns.read(
    "schemas",
    rules.schemas,
    1,
    schemas.map((name) => [name])
  );
  const tableNames = relations.map(({ schema, name }) => [schema, name]);
  const chosen = patterns.read("tables", rules.tables, 2, tableNames);
  const outSchema = patterns.read(
    "exclude-schemas",
    rules.excludeSchemas,
    1,
    schemas.map((name) => [name])
  );
  const outTable = patterns.read("exclude-tables", rules.excludeTables, 2, tableNames);
  const outData = patterns.read("exclude-data", rules.excludeData, 2, tableNames);
  patterns.throwIfUseless();
  const isSelective = rules.schemas !== void 0 || rules.tables !== void 0;
  const families = new Families(relations);
  const isChosen = (relation) => !isSelective || inSchema(relation.schema) || families.some(relation, ({ schema, name }) => chosen(schema, name));
  const isExcluded = (relation) => !isChosen(relation) || families.some(relation, ({ schema, name }) => outTable(schema, name));
  const usedSchemas = new Set(relations.filter((one) => !isExcluded(one)).map(({ schema }) => schema));
  const excludedSchemas = schemas.filter(
    (name) => outSchema(name) || isSelective && !inSchema(name) && !usedSchemas.has(name)
  );
  const here = relations.filter(({ schema }) => !excludedSchemas.includes(schema));
  const excluded = here.filter(isExcluded);
  if (isSelective && excluded.length === here.length) {
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      "The scope leaves nothing to back up: all that it chooses it excludes.",
      {
        hint: "Choose other schemas or tables, or exclude fewer."
      }
    );
  }
  const dependents = excluded.length + excludedSchemas.length === 0 ? [] : await findDependents(
    session,
    excluded.map(({ oid }) => oid),
    excludedSchemas
  );
  requireTables(dependents.filter(({ kind }) => TABLE_KINDS.has(kind)));
  const blindViews = dependents.filter(({ kind }) => VIEW_KINDS.has(kind));
  const blindOids = new Set(blindViews.map(({ oid }) => oid));
  const isStandby = await (0, import_chunk_2BZOGI4J.readIsReplica)(session);
  return {
    content: rules.content ?? "all",
    largeObjects: rules.content !== "structure" && (rules.largeObjects ?? !isSelective),
    excludedSchemas,
    excludedRelations: here.filter((one) => isExcluded(one) || blindOids.has(one.oid)),
    withoutRows: here.filter((one) => one.kind === "table" && !isExcluded(one)).flatMap((table) => {
      if (families.some(table, ({ schema, name }) => outData(schema, name))) {
        return [{ ...table, why: "The configuration leaves out its rows." }];
      }
      if (!isStandby || !table.isUnlogged) return [];
      return [{ ...table, why: "It is unlogged, and a standby server does not have its rows." }];
    }),
    foreignTables: here.filter((one) => one.kind === "foreign table" && !isExcluded(one)),
    blindViews,
    dangling: dependents.filter(({ kind }) => !TABLE_KINDS.has(kind) && !VIEW_KINDS.has(kind))
  };
}
function selectTables(tables, scope) {
  const excluded = new Set(scope.excludedRelations.map(({ oid }) => oid));
  const emptied = new Set(scope.withoutRows.map(({ oid }) => oid));
  const inScope = tables.filter(({ oid }) => !excluded.has(oid));
  const hasRows = ({ oid }) => scope.content !== "structure" && !emptied.has(oid);
  return { withRows: inScope.filter(hasRows), withoutRows: inScope.filter((table) => !hasRows(table)) };
}
var Patterns = class {
  #useless = [];
  /** @returns whether a name is meant; false for all when no patterns are given */
  read(key, texts, partCount, names) {
    const patterns = (texts ?? []).map((text2) => {
      const pattern = import_chunk_6KJEVDUS.NamePattern.parse(text2, partCount);
      if (!pattern || !names.some((name) => pattern.matches(...name))) this.#useless.push(`${text2} (${key})`);
      return pattern;
    });
    return (...name) => patterns.some((pattern) => pattern?.matches(...name));
  }
  /** @throws AppError CONFIG_INVALID */
  throwIfUseless() {
    if (this.#useless.length === 0) return;
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      `The database has nothing that matches ${this.#useless.join(", ")}.`,
      {
        hint: "Names are written as the database has them, upper and lower case too, with * for any characters; tables as schema.table."
      }
    );
  }
};
var Families = class {
  #byOid;
  constructor(relations) {
    this.#byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  }
  /** Whether a relation or one that it belongs to is meant. */
  some(relation, isMeant) {
    for (let one = relation; one; one = this.#byOid.get(one.parentOid ?? one.ownerOid ?? 0)) {
      if (isMeant(one)) return true;
    }
    return false;
  }
};
function requireTables(tables) {
  const [first] = tables;
  if (!first) return;
  const lines = tables.slice(0, 5).map(({ name, needs }) => `${name} needs ${needs}`);
  const more = tables.length > 5 ? ` and ${tables.length - 5} more` : "";
  throw new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The scope leaves out what tables in it cannot be without: ${lines.join("; ")}${more}.`,
    { hint: "Take what is needed into the scope, or leave these tables out as well." }
  );
}
async function readSchemas(session) {
  const rows = await session.rows(
    "Listing the schemas",
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`
  );
  return rows.map(({ name }) => name);
}
async function readRelations(session) {
  return session.rows(
    "Listing the tables",
    `SELECT c.oid AS oid, nspname::text AS schema, relname::text AS name,
       CASE relkind WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view'
         ELSE 'table' END AS kind,
       (SELECT inhparent FROM pg_catalog.pg_inherits
        WHERE inhrelid = c.oid AND relispartition) AS "parentOid",
       (SELECT refobjid FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND relkind = 'S'
          AND refclassid = classid AND deptype IN ('a', 'i') LIMIT 1) AS "ownerOid",
       relpersistence = 'u' AS "isUnlogged"
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
         WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid AND deptype = 'e')
     ORDER BY 2, 3`
  );
}
function recordScope(scope, listing, schema) {
  const { content, largeObjects, excludedRelations } = scope;
  if (content === "all" && largeObjects && excludedRelations.length === 0 && scope.dangling.length === 0) {
    return void 0;
  }
  const dangling = scope.dangling.flatMap(({ kind, name, type, identity, catalogOid, oid }) => [
    { kind, name, entries: findEntries(listing, catalogOid, oid) },
    ...schema.filter(
      (object) => object.kind === `${kind} grants` && object.name === name || object.kind === `${type} comment` && object.name === identity
    ).map((object) => ({ kind: object.kind, name: object.name, entries: [] }))
  ]);
  return { content, largeObjects, excluded: excludedRelations.map(import_chunk_F2YU5RC3.nameInFull), dangling };
}
function describeLeftOut(scope) {
  const excluded = new Set(scope.blindViews.map(({ name }) => name));
  return [
    ...scope.excludedSchemas.map((schema) => ({
      what: `Schema ${schema}`,
      why: "The configuration leaves it out."
    })),
    ...scope.excludedRelations.filter((relation) => !excluded.has((0, import_chunk_F2YU5RC3.nameInFull)(relation))).map((relation) => ({ what: (0, import_chunk_F2YU5RC3.nameInFull)(relation), why: "The configuration leaves it out." })),
    ...[...scope.blindViews, ...scope.dangling].map(
      ({ kind, name, needs }) => kind === "publication" ? {
        what: `Part of publication ${name}`,
        why: `It publishes ${needs}; the rest is restored, and not compared.`
      } : {
        what: `${kind[0]?.toUpperCase()}${kind.slice(1)} ${name}`,
        why: `It needs ${needs}, which is left out.`
      }
    ),
    ...scope.foreignTables.map((table) => ({
      what: `Rows of ${(0, import_chunk_F2YU5RC3.nameInFull)(table)}`,
      why: "It is a foreign table: they are at the server that it leads to."
    })),
    ...scope.withoutRows.map((table) => ({ what: `Rows of ${(0, import_chunk_F2YU5RC3.nameInFull)(table)}`, why: table.why })),
    ...scope.content === "structure" ? [{ what: "All rows and the values of sequences", why: "The configuration asks for structure alone." }] : [],
    ...scope.content === "data" ? [
      {
        what: "Every definition",
        why: "The configuration asks for data alone: it is restored where the tables are already."
      }
    ] : [],
    ...scope.largeObjects || scope.content === "structure" ? [] : [{ what: "Large objects", why: "The configuration leaves them out." }]
  ];
}
async function describeTablespaces(session) {
  const [row] = await session.rows(
    "Reading the tablespaces",
    `SELECT string_agg(DISTINCT spcname, ', ' ORDER BY spcname) AS names
     FROM pg_catalog.pg_class JOIN pg_catalog.pg_tablespace t ON t.oid = reltablespace WHERE spcname !~ '^pg_'`
  );
  if (typeof row?.names !== "string") return [];
  const why = "They are folders of the server: what is restored lies where its database does.";
  return [{ what: `Tablespaces (${row.names})`, why }];
}
function createPostgresStore(options, context) {
  return new PostgresStore(options, context);
}
var PostgresStore = class {
  kind = "postgres";
  name;
  #connection;
  #rules;
  #dump;
  #digest;
  #bringsGlobals;
  #context;
  #preset;
  #keepSchemas;
  #checked;
  constructor(options, context) {
    const { name, scope, excludeSchemas } = options;
    this.name = name;
    this.#connection = (0, import_chunk_2BZOGI4J.parsePostgresAddress)(name, options, context.redactor);
    this.#rules = { ...scope, ...excludeSchemas && { excludeSchemas } };
    this.#dump = options.dump ?? { format: "custom" };
    this.#digest = options.digest ?? { depth: "full" };
    this.#bringsGlobals = options.globals ?? false;
    this.#preset = options.preset;
    this.#keepSchemas = options.keepSchemas ?? [];
    this.#context = context;
  }
  async check() {
    const { server, tools } = await this.#explaining(this.#check());
    return `PostgreSQL ${server.version} at ${(0, import_chunk_2BZOGI4J.describeConnection)(this.#connection)}, with ${tools.version}`;
  }
  async diagnose() {
    return diagnosePostgresStore(
      this.#connection,
      async (session) => this.#resolveScope(session, await this.#readPlatform(session)),
      this.#context
    );
  }
  async backup(sink) {
    return await this.#explaining(this.#backup(sink));
  }
  async #explaining(work) {
    try {
      return await work;
    } catch (error) {
      throw await explainLockWait(error, this.#connection, this.#context);
    }
  }
  async #backup(sink) {
    const { clock } = this.#context;
    const startMs = clock.ticksMs();
    const { server, tools, platform } = this.#checked ?? await this.#check();
    const toolNote = (0, import_chunk_TT2DNCF3.noteNewerTools)(tools, server.major);
    if (toolNote !== void 0) this.#context.reporter.warn(`${this.name}: ${toolNote}`);
    return await (0, import_chunk_F2YU5RC3.withSnapshot)(this.#connection, this.#context, import_chunk_F2YU5RC3.READER_COUNT, async (snapshot) => {
      const held = await this.#backupSnapshot(snapshot, sink, server, tools, platform);
      return {
        kind: "postgres",
        store: this.name,
        server: { version: server.version },
        source: { id: server.databaseId, database: this.#connection.database },
        tool: tools.version,
        ...toolNote !== void 0 && { toolNote },
        ...held,
        seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs)
      };
    });
  }
  async outline() {
    const { server } = this.#checked ?? await this.#check();
    return { sizeBytes: server.databaseSizeBytes, pieces: [] };
  }
  async backupShare(sink) {
    return { role: "lead", manifest: await this.backup(sink), tables: [] };
  }
  async close() {
  }
  async #check() {
    (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(this.#connection);
    const { server, platform } = await (0, import_chunk_2BZOGI4J.withSession)(
      this.#connection,
      this.#context,
      async (session) => {
        const server2 = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, this.#connection);
        const platform2 = await this.#readPlatform(session);
        const scope = await this.#resolveScope(session, platform2);
        await requireReadRights(session, this.#connection.user, scope);
        return { server: server2, platform: platform2 };
      },
      { patient: true }
    );
    if (platform && this.#preset === void 0) {
      this.#context.reporter.info(
        `${this.name}: this is a Supabase project; ${platform.schemas.length} schemas of the platform are left out`
      );
    }
    this.#checked = { server, platform, tools: await (0, import_chunk_TT2DNCF3.findPostgresTools)(server.major, this.#context) };
    return this.#checked;
  }
  async #readPlatform(session) {
    return (0, import_chunk_F2YU5RC3.readPlatform)(session, this.#preset, this.#keepSchemas);
  }
  /** @throws AppError CONFIG_INVALID */
  async #resolveScope(session, platform) {
    const excludeSchemas = [...this.#rules.excludeSchemas ?? [], ...platform?.schemas ?? []];
    const scope = await resolveScope(session, { ...this.#rules, excludeSchemas });
    const isOfPlatform = ({ kind, name }) => kind === "event trigger" && platform?.eventTriggers.includes(name) === true;
    const own = { ...scope, dangling: scope.dangling.filter((dependent) => !isOfPlatform(dependent)) };
    this.#requireFormat(own, platform);
    return own;
  }
  /** The dump and the inventory of one snapshot, at the same time; the first to fail ends the others. */
  async #backupSnapshot(snapshot, sink, server, tools, platform) {
    const { leader } = snapshot;
    const scope = await this.#resolveScope(leader, platform);
    const { excludedSchemas } = scope;
    const tables = selectTables(await (0, import_chunk_F2YU5RC3.readTables)(leader, excludedSchemas), scope);
    const held = platform && (0, import_chunk_F2YU5RC3.recordPlatform)(platform);
    const globals = this.#bringsGlobals ? await readGlobals(leader) : void 0;
    const ofServer = [...await describeDatabaseItself(leader), ...await describeTablespaces(leader)];
    await snapshot.unlock(leader);
    const dump = new Dump(
      {
        connection: this.#connection,
        tools,
        snapshotId: snapshot.id,
        settings: this.#dump,
        scope,
        tables: tables.withRows,
        databaseSizeBytes: server.databaseSizeBytes,
        label: `${this.name}: dump`
      },
      this.#context
    );
    let firstFault;
    const failAll = (error) => {
      firstFault ??= error;
      dump.fail(error);
      snapshot.cut();
    };
    const dumping = dump.writeTo(sink);
    const plan = (table) => (0, import_chunk_F2YU5RC3.planDigest)(table, this.#digest);
    const digesting = (0, import_chunk_F2YU5RC3.digestTables)(snapshot, tables.withRows, plan, this.#context, `${this.name}: inventory`);
    const describing = describeSchema(leader, excludedSchemas, held);
    for (const work of [dumping, digesting, describing, leader.lost]) work.catch(failAll);
    const outcomes = await Promise.allSettled([dumping, digesting, describing]);
    const [dumped, digested, described] = outcomes;
    if (dumped.status === "rejected" || digested.status === "rejected" || described.status === "rejected")
      throw firstFault;
    const { schema, roles, roleAttributes, extensionTables } = described.value;
    await leader.run("Ending the snapshot", "COMMIT");
    const { archive, sequences, listing, kinds } = dumped.value;
    const recorded = recordScope(scope, listing, schema);
    const globalsSql = globals && Buffer.from(globals.sql);
    const stored = globalsSql && await sink.put("globals.sql", import_node_stream.Readable.from([globalsSql]), globalsSql.length);
    const counted = [...digested.value, ...tables.withoutRows.map(import_chunk_F2YU5RC3.emptyTable)];
    const notCovered = [
      ...(0, import_chunk_F2YU5RC3.describeUncompared)(kinds),
      ...scope.content === "structure" ? [] : extensionTables.map(describeExtensionTable)
    ];
    return {
      archive,
      excludedSchemas,
      ...recorded && { scope: recorded },
      ...stored && { globals: stored },
      roles,
      roleAttributes,
      inventory: (0, import_chunk_F2YU5RC3.applyScope)((0, import_chunk_F2YU5RC3.assembleInventory)(counted, schema, sequences, { notCovered }), recorded),
      leftOut: [
        OWNERS,
        globals ? PASSWORDS : ROLES_AND_SETTINGS,
        SUBSCRIPTIONS,
        ...(0, import_chunk_F2YU5RC3.describePlatform)(platform, describeLeftOut(scope)),
        ...ofServer,
        ...globals?.leftOut ?? []
      ],
      ...held && { platform: held }
    };
  }
  /** @throws AppError CONFIG_INVALID */
  #requireFormat({ dangling }, platform) {
    const isInTheDump = ({ kind }) => kind !== "publication";
    const reasons = [
      ...dangling.filter(isInTheDump).map(({ kind, name, needs }) => `${kind} ${name} needs ${needs}`),
      ...(platform?.extensions ?? []).map((name) => `extension ${name} is Supabase's`),
      ...(platform?.eventTriggers ?? []).map((name) => `event trigger ${name} is Supabase's`)
    ];
    if (this.#dump.format !== "plain" || reasons.length === 0) return;
    const what = reasons.join("; ");
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      `A dump of format plain would end at what needs what the scope of ${this.name} leaves out: ${what}.`,
      {
        hint: "Use format: custom, from which a restore can leave such things out, or take more into the scope."
      }
    );
  }
};
async function describeSchema(leader, excludedSchemas, held) {
  const schema = (0, import_chunk_F2YU5RC3.withoutPlatform)(await (0, import_chunk_F2YU5RC3.readSchemaObjects)(leader, excludedSchemas), held);
  const roles = await (0, import_chunk_2BZOGI4J.readNamedRoles)(leader, excludedSchemas);
  const roleAttributes = await (0, import_chunk_F2YU5RC3.readRoleAttributes)(leader, roles);
  return {
    schema,
    roles,
    roleAttributes,
    extensionTables: await (0, import_chunk_2BZOGI4J.readExtensionTables)(leader, excludedSchemas)
  };
}
function describeExtensionTable({ table, extension }) {
  return `Rows of ${table}: the table belongs to the extension ${extension}; they are restored, and not compared.`;
}
var OWNERS = {
  what: "Owners",
  why: "What is restored belongs to the role that restores it; grants to others are kept."
};
var ROLES_AND_SETTINGS = {
  what: "Passwords and logins of roles, and settings of roles and of the database",
  why: "They belong to the server; roles that grants and policies name are made again without a login."
};
var PASSWORDS = { what: "Passwords of roles", why: "A backup holds no secret of the server." };
var SUBSCRIPTIONS = {
  what: "Subscriptions",
  why: "Their definition holds a password, and a copy would take over the original's slot."
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createPostgresStore
});
