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
  createPostgresTarget: () => createPostgresTarget,
  createPostgresThrowaway: () => createPostgresThrowaway
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_F2YU5RC3 = require("./chunk-F2YU5RC3.cjs");
var import_chunk_TT2DNCF3 = require("./chunk-TT2DNCF3.cjs");
var import_chunk_2BZOGI4J = require("./chunk-2BZOGI4J.cjs");
var import_chunk_L6PHXGBH = require("./chunk-L6PHXGBH.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_R7WKX6QU = require("./chunk-R7WKX6QU.cjs");
var import_chunk_NCOSMIE3 = require("./chunk-NCOSMIE3.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_O3HMCWLT = require("./chunk-O3HMCWLT.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_C5YXLHNA = require("./chunk-C5YXLHNA.cjs");
var import_chunk_E7U4CWV7 = require("./chunk-E7U4CWV7.cjs");
var import_chunk_6KJEVDUS = require("./chunk-6KJEVDUS.cjs");
var import_chunk_XPUIUB4A = require("./chunk-XPUIUB4A.cjs");
var import_chunk_GRBCTXAV = require("./chunk-GRBCTXAV.cjs");
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var import_node_crypto3 = require("node:crypto");
var import_node_os = require("node:os");
var import_node_crypto4 = require("node:crypto");
var import_node_readline = require("node:readline");
var import_node_events = require("node:events");
var import_node_fs = require("node:fs");
var import_node_readline2 = require("node:readline");
var import_consumers = require("node:stream/consumers");
var import_promises = require("node:stream/promises");
var import_promises2 = require("node:fs/promises");
var import_node_path = require("node:path");
var import_promises3 = require("node:fs/promises");
var import_node_fs2 = require("node:fs");
var import_promises4 = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_promises5 = require("node:stream/promises");
var import_node_crypto5 = require("node:crypto");
var SWAP_ATTEMPTS = 5;
var USUAL_MAINTENANCE = ["postgres", "template1"];
var NewDatabase = class {
  /** Where it is restored. */
  connection;
  /** The database it is to replace. */
  #replaced;
  #target;
  #placement;
  #context;
  #maintenance;
  #isMade = false;
  /** @param target - what the operator's address names: the new database, or the one to be replaced */
  constructor(target, placement, context) {
    const { database } = target;
    this.#target = target;
    this.#placement = placement;
    this.#context = context;
    this.#replaced = placement.replace === void 0 ? void 0 : database;
    const beside = `${database.slice(0, 40)}_restored_${(0, import_node_crypto2.randomBytes)(4).toString("hex")}`;
    this.connection = placement.replace === void 0 ? target : (0, import_chunk_2BZOGI4J.connectionTo)(target, beside);
  }
  get name() {
    return this.connection.database;
  }
  /** Works in a database of the server that stays as it is. */
  async atServer(work, survivesCancel = false) {
    this.#maintenance ??= await this.#findMaintenance();
    return await (0, import_chunk_2BZOGI4J.withSession)(this.#maintenance, this.#context, work, { survivesCancel });
  }
  /**
   * Refuses what could only fail later.
   *
   * @throws AppError TARGET_REFUSED, STORE_RIGHTS_MISSING, STORE_UNSUPPORTED
   */
  async check(session, backup, databaseId) {
    const { database } = this.#target;
    await this.#requireRights(session);
    const [row] = await session.rows(
      "Looking for the database",
      "SELECT pg_has_role(datdba, 'USAGE') AS mine FROM pg_database WHERE datname = $1",
      [database]
    );
    if (this.#replaced === void 0) {
      if (!row) return;
      throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `The database ${database} exists already.`, {
        hint: `Name another one, leave --create-db out to restore into it, or replace it on purpose: --replace-db ${database}`
      });
    }
    if (!row) {
      throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `There is no database ${database} to be replaced.`, {
        hint: "Use --create-db to make it."
      });
    }
    const isLikeSource = backup.source.database === database || await databaseId() === backup.source.id;
    const full = `${(0, import_chunk_2BZOGI4J.describeHost)(this.#target)}/${database}`;
    const accepted = isLikeSource ? [full] : [database, full];
    if (!accepted.includes(this.#placement.replace ?? "")) {
      throw new import_chunk_E4TRGNTH.AppError(
        "TARGET_REFUSED",
        `The target's database is ${full}; --replace-db names ${this.#placement.replace}.`,
        { hint: `To replace it, type its name out: --replace-db ${accepted[0]}` }
      );
    }
    if (row.mine) return;
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_RIGHTS_MISSING",
      `${this.#target.user} does not own the database ${database}.`,
      {
        hint: `Run as an administrator: ALTER DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(database)} OWNER TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(this.#target.user)};`
      }
    );
  }
  /**
   * Creates it from template0, so that nothing a template holds counts as restored.
   *
   * @param options - encoding and locale as the archive says: `ENCODING = 'UTF8' LOCALE = 'C'`
   * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING
   */
  async make(options) {
    const create = (more) => `CREATE DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(this.name)} TEMPLATE template0 ${more}`.trim();
    const work = `Creating the database ${this.name}`;
    await this.atServer(async (session) => {
      try {
        await session.run(work, create(options));
      } catch (error) {
        const isLocale = error instanceof import_chunk_E4TRGNTH.AppError && /locale|collat|encoding/i.test(error.message);
        if (options === "" || !isLocale) throw error;
        await session.run(work, create(""));
        this.#context.reporter.warn(
          `The server does not know the locale of the backup (${options}): ${this.name} sorts texts as the server does.`
        );
      }
    });
    this.#isMade = true;
  }
  /** Removes it when it was made and is not wanted. It works after the run's signal has fired. */
  async remove() {
    if (!this.#isMade) return;
    await this.atServer(
      (session) => session.run(
        `Dropping the database ${this.name}`,
        `DROP DATABASE IF EXISTS ${(0, import_chunk_2BZOGI4J.quoteIdent)(this.name)} WITH (FORCE)`
      ),
      true
    );
    this.#isMade = false;
  }
  /**
   * Lets it take the place of the old one, whose sessions are ended; then drops the old one. Both are renamed in one
   * transaction: at no moment is there no database of that name, or a half of one.
   *
   * @throws AppError STORE_FAILED with the old one in its place
   */
  async swapIn() {
    const old = this.#replaced;
    if (old === void 0) return;
    const retired = `${old.slice(0, 40)}_replaced_${(0, import_node_crypto2.randomBytes)(4).toString("hex")}`;
    const { reporter, clock, signal } = this.#context;
    await this.atServer(async (session) => {
      await this.#takeOverSettings(session, old);
      await session.run(
        "Closing the old database",
        `ALTER DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(old)} ALLOW_CONNECTIONS false`
      );
      try {
        for (let attempt = 1; ; attempt += 1) {
          await session.rows(
            "Ending the old database's sessions",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = ANY ($1)",
            [[old, this.name]]
          );
          try {
            await session.run(
              `Replacing the database ${old}`,
              `BEGIN; ALTER DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(old)} RENAME TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(retired)};
               ALTER DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(this.name)} RENAME TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(old)}; COMMIT`
            );
            break;
          } catch (error) {
            await session.run("Taking back", "ROLLBACK");
            if (attempt === SWAP_ATTEMPTS) throw error;
            await clock.sleep(500, signal);
          }
        }
      } catch (error) {
        await session.run(
          "Opening the old database",
          `ALTER DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(old)} ALLOW_CONNECTIONS true`
        );
        reporter.warn(`${old} is as it was; what was restored lies in ${this.name}.`);
        throw error;
      }
      this.#isMade = false;
      reporter.info(`${old} is the restored database now.`);
      await session.run(`Dropping what ${old} was`, `DROP DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(retired)} WITH (FORCE)`).catch((error) => {
        reporter.warn(
          `What ${old} was before lies in ${retired}, and could not be dropped: ${String(error)}`
        );
      });
    });
  }
  /** Settings, rights and the owner of the old database, which no archive of its contents holds. */
  async #takeOverSettings(session, old) {
    const rows = await session.rows(
      "Reading the old database's settings",
      `WITH old AS (SELECT * FROM pg_database WHERE datname = $1)
       SELECT CASE WHEN setrole = 0 THEN format('ALTER DATABASE %I SET ', $2::text)
                ELSE format('ALTER ROLE %I IN DATABASE %I SET ', pg_get_userbyid(setrole), $2::text) END
              || quote_ident(split_part(setting, '=', 1)) || ' TO '
              || CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                   'session_preload_libraries') AND setting NOT LIKE '%='
                 THEN substr(setting, strpos(setting, '=') + 1)
                 ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END AS statement
       FROM old JOIN pg_db_role_setting ON setdatabase = old.oid, unnest(setconfig) setting
       UNION ALL
       SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::text) FROM old WHERE datacl IS NOT NULL
       UNION ALL
       SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, $2::text,
         CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
         || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
       FROM old, aclexplode(datacl)
       UNION ALL
       SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', $2::text, datconnlimit) FROM old WHERE datconnlimit <> -1
       UNION ALL
       SELECT format('ALTER DATABASE %I OWNER TO %I', $2::text, pg_get_userbyid(datdba)) FROM old
         WHERE pg_get_userbyid(datdba) <> current_user`,
      [old, this.name]
    );
    for (const { statement } of rows) {
      await session.run("Taking over a setting", statement).catch((error) => {
        this.#context.reporter.warn(
          `The new database lacks what the old one had (${String(error)}): ${statement}`
        );
      });
    }
  }
  async #requireRights(session) {
    const { user, host } = this.#target;
    if ((0, import_chunk_2BZOGI4J.isSupabase)(host)) {
      throw new import_chunk_E4TRGNTH.AppError(
        "STORE_UNSUPPORTED",
        "A Supabase project serves the one database postgres: it cannot be created or replaced.",
        { hint: "Restore into it with --replace, or into a new project and let that take its place." }
      );
    }
    const [role] = await session.rows(
      "Reading the role's rights",
      "SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user"
    );
    if (role?.may) return;
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_RIGHTS_MISSING",
      `${user} may not create databases at ${(0, import_chunk_2BZOGI4J.describeHost)(this.#target)}.`,
      {
        hint: `Run as an administrator: ALTER ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(user)} CREATEDB; or restore into a database that exists, naming it with --replace when it is not empty.`
      }
    );
  }
  /** @throws AppError what connecting to the last of them throws */
  async #findMaintenance() {
    const { maintenanceDatabase } = this.#placement;
    const { database, user } = this.#target;
    const names = maintenanceDatabase === void 0 ? [...USUAL_MAINTENANCE, user] : [maintenanceDatabase];
    const candidates = [...new Set(names)].filter((name) => name !== database);
    for (const [index, name] of candidates.entries()) {
      const connection = (0, import_chunk_2BZOGI4J.connectionTo)(this.#target, name);
      try {
        await (0, import_chunk_2BZOGI4J.withSession)(connection, this.#context, async () => {
        }, { patient: true });
        return connection;
      } catch (error) {
        if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED" || index === candidates.length - 1)
          throw error;
      }
    }
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `There is no database but ${database} to connect to meanwhile.`, {
      hint: "Name one with --maintenance-db."
    });
  }
};
function readDatabaseOptions(sql) {
  const options = /^CREATE DATABASE .* WITH TEMPLATE = template0 (.*);$/m.exec(sql)?.[1] ?? "";
  const known = /(ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|LC_CTYPE|ICU_LOCALE|BUILTIN_LOCALE) = '?([\w.@-]+)'?/g;
  return [...options.matchAll(known)].map(
    ([, name = "", value = ""]) => name === "LOCALE_PROVIDER" ? `${name} ${value}` : `${name} ${(0, import_chunk_2BZOGI4J.escapeLiteral)(value)}`
  ).join(" ");
}
async function readFilledTables(session, isWanted) {
  const all = await session.rows(
    "Listing the tables",
    `SELECT c.oid, nspname::text AS schema, relname::text AS name FROM pg_class c
     JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 2, 3`
  );
  const wanted = all.filter(({ schema, name }) => isWanted(`${schema}.${name}`));
  const filled = [];
  for (const table of wanted) {
    const work = `Looking into ${table.schema}.${table.name}`;
    const [row] = await session.rows(
      work,
      `SELECT EXISTS (SELECT FROM ONLY ${(0, import_chunk_F2YU5RC3.quoteInFull)(table)}) AS any`
    );
    filled.push({ ...table, hasRows: row?.any ?? false });
  }
  return filled;
}
async function planEmptying(session, tables) {
  if (!tables.some(({ hasRows }) => hasRows)) return [];
  const referring = await session.rows(
    "Looking for foreign keys",
    `SELECT DISTINCT conrelid::regclass::text || ' (' || conname || ')' AS name FROM pg_constraint
     WHERE contype = 'f' AND confrelid = ANY ($1::oid[]) AND conrelid <> ALL ($1::oid[]) ORDER BY 1`,
    [tables.map(({ oid }) => oid)]
  );
  if (referring.length > 0) {
    const names = referring.map(({ name }) => name).join(", ");
    throw new import_chunk_E4TRGNTH.AppError(
      "TARGET_REFUSED",
      `The tables cannot be emptied alone: rows of ${names} refer to them. Nothing was changed.`,
      {
        hint: "Name those tables as well, or restore into a new database (--create-db) and copy what you need."
      }
    );
  }
  return groupByKeys(tables, await readForeignKeys(session, tables)).map(
    (family) => `TRUNCATE ONLY ${family.map(import_chunk_F2YU5RC3.quoteInFull).join(", ")}`
  );
}
async function emptyTables(session, tables) {
  for (const statement of await planEmptying(session, tables)) {
    await session.run("Emptying the tables", statement);
  }
}
async function readForeignKeys(session, tables) {
  return await session.rows(
    "Reading the foreign keys",
    `SELECT conrelid AS from, confrelid AS to FROM pg_constraint
     WHERE contype = 'f' AND conrelid = ANY ($1::oid[]) AND confrelid = ANY ($1::oid[]) AND conrelid <> confrelid`,
    [tables.map(({ oid }) => oid)]
  );
}
function groupByKeys(tables, keys) {
  const groups = new Map(tables.map((table) => [table.oid, [table]]));
  for (const { from, to } of keys) {
    const [one = [], other = []] = [groups.get(from), groups.get(to)];
    if (one === other) continue;
    one.push(...other);
    for (const { oid } of other) groups.set(oid, one);
  }
  return [...new Set(groups.values())];
}
async function orderByForeignKeys(session, tables) {
  const keys = await readForeignKeys(session, tables);
  const ordered = [];
  let left = [...tables];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ oid }) => oid));
    const ready = left.filter(({ oid }) => !keys.some(({ from, to }) => from === oid && waiting.has(to)));
    if (ready.length === 0) throw circular(left);
    ordered.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return ordered;
}
function circular(tables) {
  const names = tables.map(({ schema, name }) => `${schema}.${name}`).join(", ");
  return new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `Foreign keys of ${names} refer to one another in a circle, so no order lets them be filled. Nothing was changed.`,
    { hint: "Restore into a new database (--create-db), where rows come before foreign keys." }
  );
}
async function withoutTriggers(connection, context, tables, load) {
  const asleep = [];
  const work = "Switching triggers";
  try {
    await (0, import_chunk_2BZOGI4J.withSession)(connection, context, async (session) => {
      for (const trigger of await readTriggers(session, tables)) {
        asleep.push(trigger);
        await session.run(work, `ALTER TABLE ${trigger.table} DISABLE TRIGGER ${(0, import_chunk_2BZOGI4J.quoteIdent)(trigger.name)}`);
      }
    });
    return await load();
  } finally {
    if (asleep.length > 0) {
      const wake = asleep.map(({ table, name, wake: wake2 }) => `ALTER TABLE ${table} ${wake2} ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)};`);
      const wakeAll = async (session) => {
        for (const statement of wake) await session.run(work, statement);
      };
      await (0, import_chunk_2BZOGI4J.withSession)(connection, context, wakeAll, { survivesCancel: true }).catch((error) => {
        context.reporter.warn(`Triggers are still switched off (${String(error)}). Run: ${wake.join(" ")}`);
      });
    }
  }
}
async function readTriggers(session, tables) {
  const rows = await session.rows(
    "Reading the triggers",
    `SELECT tgrelid AS oid, tgname::text AS name, tgenabled = 'A' AS always FROM pg_trigger
     WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgrelid = ANY ($1::oid[])`,
    [tables.map(({ oid }) => oid)]
  );
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  return rows.flatMap(({ oid, name, always }) => {
    const table = byOid.get(oid);
    if (!table) return [];
    return [{ table: (0, import_chunk_F2YU5RC3.quoteInFull)(table), name, wake: always ? "ENABLE ALWAYS TRIGGER" : "ENABLE TRIGGER" }];
  });
}
async function listOccupants(session, excludedSchemas) {
  return session.rows(
    "Looking into the target",
    `${import_chunk_2BZOGI4J.USER_OBJECTS}, occupant (class, oid, schema, name, relation) AS (
       SELECT 'pg_class'::regclass, oid, nspname, NULL::text, full_name::text FROM relation
         WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND NOT EXISTS ( -- 'i': of identity columns
           SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'i'
             AND relkind = 'S')
       UNION ALL SELECT 'pg_proc'::regclass, oid, nspname, NULL, NULL FROM routine
       UNION ALL SELECT 'pg_type'::regclass, oid, nspname, NULL, NULL FROM user_type
         WHERE typtype IN ('e', 'd', 'r')
       UNION ALL SELECT 'pg_namespace'::regclass, oid, NULL, nspname, NULL FROM user_schema WHERE nspname <> 'public'
         AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_namespace'::regclass AND objid = oid)
       UNION ALL SELECT 'pg_extension'::regclass, oid, NULL, extname, NULL FROM pg_extension WHERE extname <> 'plpgsql'
       UNION ALL SELECT 'pg_publication'::regclass, oid, NULL, pubname, NULL FROM pg_publication
       UNION ALL SELECT 'pg_event_trigger'::regclass, oid, NULL, evtname, NULL FROM pg_event_trigger
       UNION ALL SELECT 'pg_largeobject'::regclass, oid, NULL, oid::text, NULL FROM pg_largeobject_metadata
     )
     SELECT CASE type WHEN 'composite type' THEN 'type' ELSE type END AS type, identity,
       occupant.schema::text AS schema, occupant.name, relation
     FROM occupant, pg_identify_object(class, oid, 0) ORDER BY 1, 2`,
    [excludedSchemas]
  );
}
function findInTheWay(occupants, { schema: incoming, ...rest }, scope) {
  if (scope && (0, import_chunk_DAEGIV2F.isSelective)(scope)) {
    const reader = new import_chunk_DAEGIV2F.ScopeReader({ schema: incoming, ...rest }, scope);
    const chosen = new Set(scope.schemas);
    return occupants.filter(({ type, schema, name, relation }) => {
      if (relation !== null && reader.holdsTable(relation)) return true;
      return chosen.has(schema ?? (type === "schema" ? name : null) ?? "");
    });
  }
  const names = new Set(incoming.map(({ kind, name }) => `${kind} ${name}`));
  const bringsLargeObjects = incoming.some(({ kind }) => kind === "large objects");
  return occupants.filter(({ type, schema, name }) => {
    if (type === "extension") return false;
    if (type === "large object") return bringsLargeObjects;
    return schema !== null || names.has(`${type} ${name}`);
  });
}
function findToReplace(occupants, incoming) {
  const schemas = new Set(incoming.schema.filter(({ kind }) => kind === "schema").map(({ name }) => name));
  return findInTheWay(occupants, incoming).filter(
    ({ schema }) => schema === null || schema === "public" || schemas.has(schema)
  );
}
async function dropOccupants(session, occupants) {
  for (const { type, identity } of occupants) {
    const sql = type === "large object" ? `SELECT lo_unlink(${identity})` : `DROP ${type} IF EXISTS ${identity} CASCADE`;
    await session.run(`Removing ${type} ${identity}`, sql);
  }
}
async function dropNewcomers(session, before) {
  const known = new Set(before.map(describeOccupant));
  const listNewcomers = async () => (await listOccupants(session, [])).filter((occupant) => !known.has(describeOccupant(occupant)));
  await dropOccupants(session, await listNewcomers());
  const left = await listNewcomers();
  if (left.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `The target still holds ${left.map(describeOccupant).join(", ")}.`, {
    hint: "Drop these by hand before the next restore."
  });
}
function describeOccupant({ type, identity }) {
  return `${type} ${identity}`;
}
var FEW_ROWS = 1e3;
var ArrivingRows = class _ArrivingRows {
  #openReader;
  #backup;
  #plan;
  #report;
  /** By full name, those that are not known to be in. */
  #awaited;
  /** Of those, whose own rows are in, while rows of other partitions may still come to them. */
  #pooled = /* @__PURE__ */ new Set();
  /** By full name, how many rows the backup holds. */
  #rows;
  #sessions;
  #idle;
  #queue = [];
  #read = [];
  #work = [];
  constructor(openReader, first, backup, tables, report) {
    this.#openReader = openReader;
    this.#sessions = [first];
    this.#idle = [first];
    this.#backup = backup;
    this.#plan = (0, import_chunk_F2YU5RC3.planLike)(backup);
    this.#report = report;
    this.#awaited = new Map(tables.map((table) => [(0, import_chunk_F2YU5RC3.nameInFull)(table), table]));
    this.#rows = new Map(backup.inventory.tables.map(({ name, rows }) => [name, rows]));
  }
  /**
   * When all tables are there, with or without rows. One session is taken; `finish` takes more.
   *
   * @param applicationName - by which the sessions are known at the server, where a long statement may outlive them
   */
  static async open(connection, context, backup, label, applicationName, isWanted) {
    const openReader = () => openPinned(connection, context, applicationName);
    const session = await openReader();
    try {
      const tables = await (0, import_chunk_F2YU5RC3.readCopiedTables)(session, backup, isWanted);
      return new _ArrivingRows(
        openReader,
        session,
        backup,
        tables,
        (done) => context.reporter.progress({ label, done, total: tables.length, unit: "tables" })
      );
    } catch (error) {
      session.cut();
      throw error;
    }
  }
  /** All rows of a table are in. Tables that nobody asked for are passed over. */
  take(name) {
    const table = this.#awaited.get(name);
    if (!table) return;
    const complete = table.pool === void 0 ? [table] : this.#takePool(table, table.pool);
    for (const one of complete) this.#awaited.delete((0, import_chunk_F2YU5RC3.nameInFull)(one));
    this.#queue.push(...complete);
    this.#begin();
  }
  /** All tables of a pool once the rows of the last one are in, until then none. */
  #takePool(table, pool) {
    this.#pooled.add(table);
    const tables = [...this.#awaited.values()].filter((other) => other.pool === pool);
    return tables.every((one) => this.#pooled.has(one)) ? tables : [];
  }
  /**
   * All rows of all tables are in.
   *
   * @throws AppError STORE_FAILED, STORE_RIGHTS_MISSING, CANCELLED
   */
  async finish() {
    while (this.#sessions.length < import_chunk_F2YU5RC3.READER_COUNT) {
      const session = await this.#openReader();
      this.#sessions.push(session);
      this.#idle.push(session);
    }
    const rest = [...this.#awaited.values()];
    this.#queue.push(...rest.sort((a, b) => this.#rowsOf(b) - this.#rowsOf(a)));
    this.#begin();
    await Promise.all(this.#work);
    return this.#read;
  }
  async [Symbol.asyncDispose]() {
    for (const session of this.#sessions) session.cut();
    await Promise.allSettled(this.#work);
  }
  #begin() {
    while (this.#queue.length > 0) {
      const session = this.#idle.pop();
      if (!session) return;
      const work = this.#readQueue(session);
      work.catch(() => {
      });
      this.#work.push(work);
    }
  }
  async #readQueue(session) {
    const { digestMethod } = this.#backup.inventory;
    const takeNext = () => (0, import_chunk_F2YU5RC3.takeGroup)(this.#queue, (table) => this.#rowsOf(table) <= FEW_ROWS);
    for (let group = takeNext(); group.length > 0; group = takeNext()) {
      this.#read.push(...await (0, import_chunk_F2YU5RC3.digestTogether)(session, group, this.#plan, digestMethod));
      this.#report(this.#read.length);
    }
    this.#idle.push(session);
  }
  #rowsOf(table) {
    return this.#rows.get((0, import_chunk_F2YU5RC3.nameInFull)(table)) ?? 0;
  }
};
async function openPinned(connection, context, applicationName) {
  const session = await import_chunk_2BZOGI4J.Session.open(connection, context);
  try {
    await session.run(
      "Preparing to read rows",
      `SET application_name = '${applicationName}'; SET default_transaction_read_only = on; ${(0, import_chunk_F2YU5RC3.pinTexts)("SESSION")}`
    );
    return session;
  } catch (error) {
    session.cut();
    throw error;
  }
}
function postponeFlushes({ learned }, { PGOPTIONS: options = "" }) {
  return learned.refusesOptions ? {} : { PGOPTIONS: `-c synchronous_commit=off ${options}` };
}
async function flushCommits(connection, context) {
  try {
    await (0, import_chunk_2BZOGI4J.withSession)(
      connection,
      context,
      (session) => session.run(
        "Waiting for the server's disk",
        "SELECT pg_catalog.pg_logical_emit_message(true, 'lifeboat', 'restored')"
      )
    );
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "STORE_RIGHTS_MISSING") throw error;
    context.reporter.warn(`What was restored may not be on the server's disk yet: ${error.message}`);
  }
}
async function loadPlainSql(load, tools, context) {
  const args = [
    "--no-psqlrc",
    "--no-password",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    ...load.singleTransaction ? ["--single-transaction"] : [],
    "--file=-"
  ];
  const psql = (0, import_chunk_5LCZEI5X.startTool)(tools.command("psql", args, load.env), context);
  psql.stdout.resume();
  try {
    await writeAll(readSql(load, context), psql);
    psql.stdin.end();
    await psql.done;
  } catch (error) {
    await psql.stop();
    throw (0, import_chunk_F2YU5RC3.explainToolFault)(error, "psql", psql.stderrTail());
  }
}
async function writeAll(sql, { stdin, done }) {
  let hasEnded = false;
  const ended = done.catch(() => {
  }).then(() => void (hasEnded = true));
  for await (const chunk of sql) {
    if (hasEnded || !stdin.writable) return false;
    if (!stdin.write(chunk)) await Promise.race([(0, import_node_events.once)(stdin, "drain").catch(() => {
    }), ended]);
  }
  return true;
}
async function* readSql({ path, compression }, context) {
  const file = (0, import_node_fs.createReadStream)(path);
  if (compression === "none") {
    yield* file;
    return;
  }
  const decompressor = await (0, import_chunk_7HIGGGOO.openDecompressor)(compression, context);
  file.on("error", (error) => decompressor.output.destroy(error));
  file.pipe(decompressor.input);
  try {
    yield* decompressor.output;
    await decompressor.done;
  } finally {
    file.destroy();
    await decompressor.stop();
  }
}
var SILENT = "\\o /dev/null\n";
var PsqlTransaction = class _PsqlTransaction {
  #psql;
  #lines;
  #what;
  constructor(psql, what) {
    this.#psql = psql;
    this.#what = what;
    this.#lines = (0, import_node_readline.createInterface)({ input: psql.stdout })[Symbol.asyncIterator]();
  }
  /**
   * @param what - it is for, as the subject of "… failed"
   * @param env - the variables of `LibpqAccess`
   */
  static begin(what, env, tools, context) {
    const args = ["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"];
    const command = tools.command("psql", [...args, "--set=ON_ERROR_STOP=1", "--file=-"], {
      ...env,
      LC_ALL: "C"
    });
    const psql = (0, import_chunk_5LCZEI5X.startTool)(command, context);
    psql.stdin.write("BEGIN;\nSET statement_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\n");
    psql.stdin.write(SILENT);
    return new _PsqlTransaction(psql, what);
  }
  /**
   * Statements without their semicolons.
   *
   * @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED where one has failed already; else what comes next does
   */
  async run(statements) {
    await this.feed(statements.map((statement) => Buffer.from(`${statement};
`)));
  }
  /** A script as pg_restore writes it. @throws as `run` */
  async feed(script) {
    if (!await writeAll(script, this.#psql)) throw await this.#explainEnd();
  }
  /** @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED for anything that failed so far */
  async rows(_work, sql) {
    const end = `lifeboat-${(0, import_node_crypto4.randomBytes)(8).toString("hex")}`;
    const select = `SELECT coalesce(json_agg(answer), '[]') FROM (${sql}) answer;`;
    await this.feed([Buffer.from(`\\o
${select}
${SILENT}\\echo ${end}
`)]);
    const answer = [];
    for (; ; ) {
      const line = await this.#lines.next();
      if (line.done === true) throw await this.#explainEnd();
      if (line.value === end) return JSON.parse(answer.join("\n"));
      answer.push(line.value);
    }
  }
  /** @throws AppError TOOL_FAILED, DISK_FULL, CANCELLED */
  async commit() {
    await this.run(["COMMIT"]);
    this.#psql.stdin.end();
    await this.#psql.done.catch(async () => {
      throw await this.#explainEnd("at its commit: look which rows are there");
    });
  }
  async [Symbol.asyncDispose]() {
    await this.#psql.stop();
  }
  /** What the server said, without the lines that quote rows. */
  async #explainEnd(how = "and nothing was changed") {
    const fault = await this.#psql.done.then(
      () => new Error("psql ended by itself"),
      (error2) => error2
    );
    if (!(fault instanceof import_chunk_E4TRGNTH.AppError) || fault.code !== "TOOL_FAILED") return fault;
    const said = this.#psql.stderrTail();
    const [, error = "psql ended"] = /^psql:.*?:\d+: (?:[A-Z]+: +)?(.*)$/m.exec(said) ?? [];
    const [, table] = /^CONTEXT: +COPY (.+?), line \d+/m.exec(said) ?? [];
    const where = table === void 0 ? "" : ` (rows of ${table})`;
    return new import_chunk_E4TRGNTH.AppError(
      import_chunk_2BZOGI4J.DISK_FULL.test(said) ? "DISK_FULL" : "TOOL_FAILED",
      `${this.#what} failed, ${how}: ${error}${where}.`,
      { hint: (0, import_chunk_F2YU5RC3.adviseOn)(said) ?? "The server's own message above tells what it could not do.", cause: fault }
    );
  }
};
async function planExchange(session, tables, entries, backup, isWanted) {
  const triggers = await readTriggers(session, tables);
  const sequences = entries.filter(({ kind }) => kind === "SEQUENCE SET");
  return {
    tables: await (0, import_chunk_F2YU5RC3.readCopiedTables)(session, backup, isWanted),
    before: [
      ...await planEmptying(session, tables),
      ...triggers.map(({ table, name }) => `ALTER TABLE ${table} DISABLE TRIGGER ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)}`),
      // It gives a sequence a new file, and setval writes to that one: so a rollback takes its value back, too.
      ...sequences.map(
        ({ schema, tag }) => `ALTER SEQUENCE ${(0, import_chunk_F2YU5RC3.quoteInFull)({ schema: schema ?? "", name: tag })} RESTART`
      )
    ],
    after: triggers.map(({ table, name, wake }) => `ALTER TABLE ${table} ${wake} ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)}`)
  };
}
async function hasLocksFor(session, tables) {
  const [row] = await session.rows(
    "Counting locks",
    `WITH heaps AS (
       SELECT oid FROM pg_class WHERE oid = ANY ($1::oid[])
       UNION ALL SELECT reltoastrelid FROM pg_class WHERE oid = ANY ($1::oid[]) AND reltoastrelid <> 0)
     SELECT 3 * ((SELECT count(*) FROM heaps) + (SELECT count(*) FROM pg_index JOIN heaps ON indrelid = oid))
       < 2 * current_setting('max_locks_per_transaction')::bigint
       * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS suffices`,
    [tables.map(({ oid }) => oid)]
  );
  return row?.suffices ?? false;
}
async function exchangeRows({ tables, before, after }, script, backup, access, judge, context) {
  var _stack = [];
  try {
    const { tools, env } = access;
    const transaction = (0, import_chunk_D6QFH5CA.__using)(_stack, PsqlTransaction.begin("Replacing the rows", env, tools, context), true);
    await transaction.run(before);
    const args = ["--data-only", `--use-list=${script.listPath}`, "--file=-", script.path];
    const restore = (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", args, { LC_ALL: "C" }), context);
    restore.stdin.end();
    try {
      await transaction.feed(restore.stdout);
      await restore.done;
    } catch (error) {
      throw (0, import_chunk_F2YU5RC3.explainToolFault)(error, "pg_restore", restore.stderrTail());
    } finally {
      await restore.stop();
    }
    await transaction.run(["SET CONSTRAINTS ALL IMMEDIATE", "SET client_encoding = 'UTF8'", (0, import_chunk_F2YU5RC3.pinTexts)("LOCAL")]);
    const queue = [...tables];
    const found = [];
    for (let group = (0, import_chunk_F2YU5RC3.takeGroup)(queue); group.length > 0; group = (0, import_chunk_F2YU5RC3.takeGroup)(queue)) {
      found.push(
        ...await (0, import_chunk_F2YU5RC3.digestTogether)(transaction, group, (0, import_chunk_F2YU5RC3.planLike)(backup), backup.inventory.digestMethod)
      );
    }
    if (judge(found) === "stop") return { found, hasStayed: false };
    await transaction.run(after);
    await transaction.commit();
    return { found, hasStayed: true };
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
var STATEMENT_WORDS = {
  "TABLE DATA": "COPY",
  "FK CONSTRAINT": "FOREIGN",
  "SEQUENCE SET": "setval",
  "ROW SECURITY": "SECURITY",
  ACL: "GRANT"
};
function rankEntry({ kind, schema, tag }, said) {
  const words = new Set(said.match(WORD));
  const wanted = [
    STATEMENT_WORDS[kind] ?? kind.split(" ").at(-1) ?? kind,
    ...schema === null ? [] : schema.match(WORD) ?? [],
    ...tag.match(WORD) ?? []
  ];
  return wanted.filter((word) => words.has(word)).length / wanted.length;
}
var WORD = /[\p{L}\p{N}_$]+/gu;
var fatal = (why) => ({ kind: "fatal", why });
var harmless = (why) => ({ kind: "harmless", why });
var RULES = [
  {
    says: /server closed the connection|terminating connection|connection to server .* failed|could not receive data|no connection to the server|SSL (SYSCALL error|connection has been closed)|connection not open|lost synchronization/i,
    means: fatal("The connection was cut: look at the server's log, and at limits of a pooler or firewall.")
  },
  {
    says: import_chunk_2BZOGI4J.DISK_FULL,
    means: { kind: "fatal", why: import_chunk_2BZOGI4J.SERVER_DISK_FULL, code: "DISK_FULL" }
  },
  {
    says: /out of memory|out of shared memory|too many clients|remaining connection slots/i,
    means: fatal(
      "The server ran out of memory or connections: restore with fewer --jobs, or raise its limits."
    )
  },
  {
    says: /could not read from input file|unexpected end of file|corrupt|does not appear to be a valid archive|unsupported version|invalid (block|compress)|could not (uncompress|decompress)|could not find block ID|worker process (died|failed)/i,
    means: fatal("The archive cannot be read to its end.")
  },
  {
    says: /password authentication failed|permission denied for (database|schema)|cannot execute .* in a read-only transaction|the database system is (shutting down|in recovery)/i,
    means: fatal(
      "The role may not write here: give it CREATE on the database and its schemas, or use its owner."
    )
  },
  {
    says: /unrecognized configuration parameter/i,
    about: (entry, command) => entry === void 0 || /^SET \w+ = /.test(command),
    means: harmless("A setting of the newer client, which this older server does not have.")
  },
  {
    says: /already exists/i,
    about: (entry) => entry?.kind === "SCHEMA" && entry.tag === "public",
    means: harmless("Every database has the schema public.")
  },
  {
    says: /already exists/i,
    about: (_entry, _command, isSupport) => isSupport,
    means: harmless("It was there, and was left as it is.")
  },
  {
    says: /must be owner of extension|permission denied/i,
    about: (entry) => entry?.kind === "COMMENT" && entry.tag.startsWith("EXTENSION "),
    means: harmless("The comment of an extension comes with the extension.")
  },
  {
    says: /must be owner of schema/i,
    about: (entry) => entry?.kind === "COMMENT" && entry.tag === "SCHEMA public",
    means: harmless("The comment of the schema public belongs to who owns it.")
  }
];
function judgeMessage({ text: text2, command }, entry, isSupport) {
  const rule = RULES.find(
    ({ says, about }) => says.test(text2) && (about?.(entry, command, isSupport) ?? true)
  );
  return rule?.means ?? { kind: "lost" };
}
var MARKS = /^(?:pg_restore:|error: |fatal: | )*/;
var PROCESS_BREAKS_IN = /(?<=.)(?=pg_restore: (?:error: |from TOC entry \d+; ))/;
var PROGRESS = /^(?:from TOC entry|while [A-Z]+|warning:|detail:|hint:|connecting|creating|processing|launching|finished|skipping|entering|executing|enabling|disabling|restor(?:ing|ed)|dropping|setting|implied|transferring|reducing|table ".*" could not be created, will not) /;
var BEGINS_A_TEXT = new RegExp(`${PROGRESS.source}|^could not execute query: |^COPY failed for table `);
function count(text2, part) {
  return text2.split(part).length - 1;
}
var MessageReader = class {
  /** Whether pg_restore came to its end, with errors that it passed over. */
  hasFinished = false;
  #take;
  #rank;
  /** Entries that were named, and whose error is still to come. */
  #named = [];
  /** Entries that had one, the latest first. */
  #known = [];
  /** How often "pg_restore:" and "error: " stood there without what was to follow them. */
  #owed = { texts: 0, errors: 0 };
  #open;
  /**
   * @param take - is told each message when the next line shows that it is over, the last one by `end`
   * @param rank - how well an entry fits what was said of an error with its statement
   */
  constructor(take, rank = () => 0) {
    this.#take = take;
    this.#rank = rank;
  }
  line(line) {
    for (const piece of line.split(PROCESS_BREAKS_IN)) this.#read(piece);
  }
  #read(line) {
    const mayHaveMarks = line.startsWith("pg_restore:") || this.#owed.texts > 0;
    const marks = mayHaveMarks ? MARKS.exec(line)[0].trim() : "";
    const text2 = mayHaveMarks ? line.replace(MARKS, "") : line;
    this.#owed.texts += count(marks, "pg_restore:");
    this.#owed.errors += count(marks, "error:") + count(marks, "fatal:");
    const isOwed = this.#owed.texts > 0 && (!this.#open || BEGINS_A_TEXT.test(text2));
    const isSaid = text2 !== "" && (marks !== "" || isOwed);
    if (!isSaid) {
      this.#readFurther(line);
      return;
    }
    this.#owed.texts--;
    const entry = /^from TOC entry (\d+);/.exec(text2);
    const isError = this.#owed.errors > 0 && !PROGRESS.test(text2);
    if (/^warning: errors ignored on restore/.test(text2)) this.hasFinished = true;
    if (entry || isError) this.#close();
    if (entry) this.#named.push(Number(entry[1]));
    if (!isError) return;
    this.#owed.errors--;
    const error = text2.replace(/^could not execute query: /, "").replace(/^ERROR: +/, "");
    this.#open = { text: error, command: "", said: error };
  }
  #readFurther(line) {
    if (!this.#open) return;
    const command = /^Command was: (.*)$/.exec(line)?.[1];
    if (command !== void 0) this.#open.command = command;
    if (this.#open.command !== "") this.#open.said += `
${line}`;
  }
  end() {
    this.#close();
    for (const entryId of this.#named.splice(0)) {
      this.#take({ entryId, text: "pg_restore's reason was lost among others.", command: "" });
    }
  }
  #close() {
    if (!this.#open) return;
    const { text: text2, command, said } = this.#open;
    this.#open = void 0;
    this.#take({ entryId: this.#attribute(said), text: text2, command });
  }
  #attribute(said) {
    const [best] = [...this.#named, ...this.#known].map((id, position) => ({ id, position, rank: this.#rank(id, said) })).sort((a, b) => b.rank - a.rank || a.position - b.position);
    if (!best) return void 0;
    if (best.position < this.#named.length) {
      this.#named.splice(best.position, 1);
      this.#known.unshift(best.id);
    }
    return best.id;
  }
};
var NAMED_BEHIND_TABLE = /* @__PURE__ */ new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "POLICY",
  "RULE",
  "TRIGGER"
]);
var RELATION_KINDS = /* @__PURE__ */ new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW"
]);
var Toc = class {
  entries;
  #byId;
  constructor(entries) {
    this.entries = entries;
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
  }
  find(id) {
    return this.#byId.get(id);
  }
  /** What an entry stands on itself; ids that the archive only uses for its order are left out. */
  neededBy({ dependsOn }) {
    return [...new Set(dependsOn)].flatMap((id) => this.#byId.get(id) ?? []);
  }
};
function parseToc(listing, inventory) {
  const schemas = ["public", ...(0, import_chunk_DAEGIV2F.listSchemas)(inventory)];
  for (const [, schema = ""] of listing.matchAll(/^\d+; 2615 \d+ SCHEMA - (.+) \S+$/gm)) schemas.push(schema);
  schemas.sort((a, b) => b.length - a.length);
  const tables = new Set((0, import_chunk_DAEGIV2F.listTables)(inventory));
  const known = /* @__PURE__ */ new Set([
    ...tables,
    ...inventory.schema.map(
      ({ name, table }) => table !== void 0 && name.startsWith(`${table}.`) ? `${table} ${name.slice(table.length + 1)}` : name
    )
  ]);
  const entries = [];
  for (const line of listing.split("\n")) {
    const dependencies = /^;\s+depends on: ([\d ]+)$/.exec(line);
    if (dependencies) {
      entries.at(-1)?.dependsOn.push(...(dependencies[1] ?? "").split(" ").map(Number));
      continue;
    }
    const parts = /^(\d+); \d+ \d+ (.*)$/.exec(line);
    if (!parts) continue;
    const [, id, rest = ""] = parts;
    entries.push({ id: Number(id), ...splitRest(rest, schemas, known, tables), dependsOn: [], line });
  }
  return new Toc(entries);
}
function splitRest(rest, schemas, known, tables) {
  const kind = (0, import_chunk_F2YU5RC3.readKind)(rest);
  const behind = rest.slice(kind.length + 1);
  if (behind.startsWith("- ")) return { kind, schema: null, tag: withoutOwner(behind.slice(2)) };
  const schema = schemas.find((name) => behind.startsWith(`${name} `)) ?? behind.split(" ")[0] ?? "";
  const tagAndOwner = behind.slice(schema.length + 1);
  let tag = withoutOwner(tagAndOwner);
  for (let end = tagAndOwner.lastIndexOf(" "); end > 0; end = tagAndOwner.lastIndexOf(" ", end - 1)) {
    const candidate = tagAndOwner.slice(0, end);
    if (!known.has(`${schema}.${candidate}`)) continue;
    if (NAMED_BEHIND_TABLE.has(kind) && tables.has(`${schema}.${candidate}`)) break;
    tag = candidate;
    break;
  }
  return { kind, schema, tag };
}
function withoutOwner(text2) {
  const end = text2.lastIndexOf(" ");
  return end < 0 ? text2 : text2.slice(0, end);
}
function relationName({ schema, tag }) {
  return `${schema}.${tag}`;
}
var INVENTORY_KINDS = {
  "FK CONSTRAINT": ["foreign key"],
  CONSTRAINT: ["primary key", "unique constraint", "exclusion constraint"],
  "TABLE DATA": ["rows"],
  "ROW SECURITY": ["row-level security"],
  TYPE: ["enum", "composite type", "range type"],
  "SEQUENCE SET": ["sequence value"]
};
function describeEntry(entry, toc, inventory) {
  const kinds = INVENTORY_KINDS[entry.kind] ?? [entry.kind.toLowerCase()];
  const name = nameInInventory(entry, toc, inventory.schema);
  const known = kinds.find(
    (kind) => inventory.schema.some((object) => object.kind === kind && object.name === name)
  );
  return { kind: known ?? kinds[0] ?? entry.kind.toLowerCase(), name };
}
function nameInInventory(entry, toc, objects) {
  const { kind, schema, tag } = entry;
  if (schema === null) return tag;
  const table = toc.neededBy(entry).find((needed) => RELATION_KINDS.has(needed.kind) && tag.startsWith(`${needed.tag} `));
  if (table && kind !== "COMMENT") return `${schema}.${table.tag}.${tag.slice(table.tag.length + 1)}`;
  const name = `${schema}.${tag}`;
  const open = name.indexOf("(");
  if (open < 0) return name;
  const alike = objects.filter((object) => object.name.startsWith(name.slice(0, open + 1)));
  return alike.length === 1 ? alike[0]?.name ?? name : name;
}
var SAYINGS = /* @__PURE__ */ new Set([
  "ACL",
  "COMMENT",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "SECURITY LABEL"
]);
var SHOWN = 20;
var LostObjects = class {
  #toc;
  #inventory;
  #support;
  #context;
  #lost = /* @__PURE__ */ new Map();
  #lostEntries = /* @__PURE__ */ new Set();
  /** What processes of pg_restore kept each other from making. */
  #deadlocked = /* @__PURE__ */ new Set();
  #triedAgain = /* @__PURE__ */ new Set();
  constructor(toc, inventory, support, context) {
    this.#toc = toc;
    this.#inventory = inventory;
    this.#support = support;
    this.#context = context;
  }
  /** What is not tried at all, since it cannot succeed. */
  leaveOut(entry, why) {
    this.#add(entry, why);
  }
  /** How well an entry fits what was said of an error. */
  rank(entryId, said) {
    const entry = this.#toc.find(entryId);
    return entry ? rankEntry(entry, said) : 0;
  }
  /**
   * What is to be tried again, alone, with what could not be made for want of it: a foreign key to a partitioned table
   * whose index lacks a part. Whatever they meet then counts.
   */
  takeDeadlocked() {
    const again = new Set(this.#deadlocked);
    this.#deadlocked.clear();
    for (const entry of this.#toc.entries) {
      if (!this.#lostEntries.has(entry.id)) continue;
      if (!this.#toc.neededBy(entry).some((needed) => again.has(needed))) continue;
      again.add(entry);
      this.#lostEntries.delete(entry.id);
      this.#lost.delete(this.#keyOf(entry));
    }
    const entries = this.#toc.entries.filter((entry) => again.has(entry));
    if (entries.length > 0) {
      const names = entries.map((entry) => this.#keyOf(entry)).join(", ");
      this.#context.reporter.info(`After a deadlock, these are tried again when nothing else runs: ${names}`);
    }
    return entries;
  }
  judge(message) {
    const entry = message.entryId === void 0 ? void 0 : this.#toc.find(message.entryId);
    if (entry && /^deadlock detected/.test(message.text) && !this.#triedAgain.has(entry)) {
      this.#triedAgain.add(entry);
      this.#deadlocked.add(entry);
      return { kind: "harmless", why: "It is tried again when nothing else runs." };
    }
    const meaning = judgeMessage(
      message,
      entry,
      message.entryId !== void 0 && this.#support.has(message.entryId)
    );
    const subject = entry ? this.#describe(entry) : { kind: "statement", name: message.command || "unknown" };
    if (meaning.kind === "harmless") {
      this.#context.reporter.info(`${subject.kind} ${subject.name}: ${message.text} ${meaning.why}`);
    } else if (meaning.kind === "lost") {
      if (entry) this.#add(entry, message.text);
      else this.#lost.set(`${subject.kind} ${subject.name}`, { ...subject, why: message.text });
    }
    return meaning;
  }
  /**
   * What was lost and may be.
   *
   * @throws AppError TOOL_FAILED with everything that was lost and may not be
   */
  requireAllowed(allowed) {
    for (const entry of this.#deadlocked) this.#add(entry, "deadlock detected");
    const all = [...this.#lost.values()];
    const refused = all.filter(
      (object) => !(0, import_chunk_O3HMCWLT.isAllowedMissing)(object, allowed) && !this.#goesWith(object, allowed)
    );
    if (refused.length === 0) return all;
    const lines = refused.slice(0, SHOWN).map(({ kind, name, why }) => `  ${kind} ${name}: ${why}`);
    if (refused.length > SHOWN) lines.push(`  and ${refused.length - SHOWN} more`);
    const advice = [...new Set(refused.flatMap(({ why }) => (0, import_chunk_F2YU5RC3.adviseOn)(why) ?? []))];
    const names = refused.slice(0, SHOWN).map(({ kind, name }) => `${kind} ${name}`);
    const count2 = refused.length === 1 ? "one object" : `${refused.length} objects`;
    throw new import_chunk_E4TRGNTH.AppError("TOOL_FAILED", [`pg_restore could not restore ${count2}:`, ...lines].join("\n"), {
      hint: [...advice, `To restore without: --allow-missing "${names.join(",")}"`].join(" ")
    });
  }
  /** What only says something of an object is no loss of its own where that object may be missing. */
  #goesWith({ kind, name }, allowed) {
    return this.#toc.entries.some((entry) => {
      if (!SAYINGS.has(entry.kind) || !this.#lostEntries.has(entry.id)) return false;
      const own = this.#describe(entry);
      if (own.kind !== kind || own.name !== name) return false;
      return this.#toc.neededBy(entry).some((subject) => (0, import_chunk_O3HMCWLT.isAllowedMissing)(this.#describe(subject), allowed));
    });
  }
  #add(entry, why) {
    const key = this.#keyOf(entry);
    this.#lostEntries.add(entry.id);
    if (!this.#lost.has(key)) this.#lost.set(key, { ...this.#describe(entry), why });
  }
  #keyOf(entry) {
    const { kind, name } = this.#describe(entry);
    return `${kind} ${name}`;
  }
  #describe(entry) {
    return describeEntry(entry, this.#toc, this.#inventory);
  }
};
var LINES_KEPT = 40;
var IN_ENGLISH = { LC_ALL: "C" };
var ROWS_ARE_IN = /^pg_restore: finished item (\d+) TABLE DATA /;
async function runPgRestore(run, context) {
  const { tools, env, database, from, listPath, section, jobs } = run;
  const args = [
    // As a connection string, since a bare name that holds "=" would be taken for one.
    `--dbname=dbname='${database.replaceAll(/[\\']/g, "\\$&")}'`,
    "--no-owner",
    // They belong to a server, and lie in its folders.
    "--no-tablespaces",
    "--no-password",
    // Only then does it say which entry an error is about.
    "--verbose",
    ...section ? [`--section=${section}`] : [],
    ...listPath === void 0 ? [] : [`--use-list=${listPath}`],
    ..."path" in from ? [`--jobs=${jobs}`, from.path] : []
  ];
  const tool = (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", args, { ...env, ...IN_ENGLISH }), context);
  tool.stdout.resume();
  let fault;
  const reader = new MessageReader((message) => {
    const text2 = context.redactor.redact(message.text);
    const meaning = run.judge({ ...message, text: text2 });
    if (meaning.kind !== "fatal") return;
    fault ??= { text: text2, why: meaning.why, code: meaning.code ?? "TOOL_FAILED" };
    void tool.stop();
  }, run.rank);
  const said = [];
  const listening = (async () => {
    for await (const line of (0, import_node_readline2.createInterface)({ input: tool.stderr })) {
      reader.line(line);
      const [, entry] = ROWS_ARE_IN.exec(line) ?? [];
      if (entry !== void 0) run.onRows?.(Number(entry));
      if (/^pg_restore: (?!error|fatal|warning|detail|hint)/.test(line)) continue;
      said.push(line);
      if (said.length > LINES_KEPT) said.shift();
    }
    reader.end();
  })();
  const feeding = "stream" in from ? feed(from.stream, tool) : void tool.stdin.end();
  const [fed, ended] = await Promise.allSettled([feeding, tool.done]);
  await listening;
  if (context.signal.aborted) await tool.done;
  if (fed.status === "rejected") throw fed.reason;
  if (fault) {
    throw new import_chunk_E4TRGNTH.AppError(fault.code, `pg_restore could not go on: ${fault.text}`, { hint: fault.why });
  }
  if (ended.status === "rejected" && !reader.hasFinished) {
    throw (0, import_chunk_F2YU5RC3.explainToolFault)(ended.reason, "pg_restore", context.redactor.redact(said.join("\n")));
  }
}
async function feed(stream, tool) {
  let ownFault;
  stream.once("error", (error) => ownFault = error);
  try {
    await (0, import_promises.pipeline)(stream, tool.stdin);
  } catch (error) {
    await tool.stop();
    if (ownFault instanceof import_chunk_E4TRGNTH.AppError) throw ownFault;
    if (!isClosedPipe(error)) throw error;
  }
}
function isClosedPipe(error) {
  const { code } = error;
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET";
}
async function listContents(tools, from, context) {
  const args = ["--list", "--verbose", ..."path" in from ? [from.path] : []];
  const tool = (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", args, IN_ENGLISH), context);
  const listing = (0, import_consumers.text)(tool.stdout);
  let sourceFault;
  if ("stream" in from) from.stream.once("error", (error) => sourceFault = error);
  if ("path" in from) tool.stdin.end();
  else void (0, import_promises.pipeline)(from.stream, tool.stdin).catch(() => {
  });
  try {
    const [contents] = await Promise.all([listing, tool.done]);
    return contents;
  } catch (error) {
    await tool.stop();
    if (sourceFault instanceof import_chunk_E4TRGNTH.AppError) throw sourceFault;
    throw (0, import_chunk_F2YU5RC3.explainToolFault)(error, "pg_restore", tool.stderrTail());
  } finally {
    if ("stream" in from) from.stream.destroy();
  }
}
async function provisionTarget(session, backup) {
  const provisions = (0, import_chunk_C5YXLHNA.listProvisions)(backup);
  const present = await session.rows(
    "Looking for the schemas of extensions",
    "SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1::text[])",
    [provisions.map(({ schema }) => schema)]
  );
  for (const { schema, statements } of provisions) {
    if (present.some(({ name }) => name === schema)) continue;
    await session.run(`Creating the schema ${schema}`, statements.join(" "));
  }
}
var MARGIN_BYTES = 64 * 1024 * 1024;
async function requireFreeDisk(folder, neededBytes) {
  const { bavail, bsize } = await (0, import_promises3.statfs)(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes + MARGIN_BYTES) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "DISK_FULL",
    `The disk of ${folder} has ${inMegabytes(freeBytes)} MB free, and the archive needs ${inMegabytes(neededBytes)} MB.`,
    {
      hint: "Free space, set TMPDIR to a folder on a larger disk, or restore with --stream, which needs none."
    }
  );
}
function explainDiskFault(error, folder) {
  const { code } = error;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new import_chunk_E4TRGNTH.AppError("DISK_FULL", `The disk of ${folder} is full.`, {
    hint: "Free space, set TMPDIR to a folder on a larger disk, or restore with --stream, which needs none.",
    cause: error
  });
}
function inMegabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}
var FILES_AT_ONCE = 4;
async function fetchArchive({ store, archive }, objects, scratchDir, signal) {
  const path = (0, import_node_path2.join)(scratchDir, `${store}.dump`);
  const fetchFile = async (object, file, stop) => {
    const body = await objects.open(object);
    const place = objects.findPath?.(object);
    if (place === void 0) {
      await (0, import_promises5.pipeline)(body, (0, import_node_fs2.createWriteStream)(file, { flags: "wx", mode: 384 }), { signal: stop });
    } else {
      await (0, import_promises5.pipeline)(body, readToEnd, { signal: stop });
      await (0, import_promises4.symlink)(place, file);
    }
  };
  switch (archive.format) {
    case "custom":
      await fetchFile(archive, path, signal);
      return { format: "custom", path };
    case "plain":
      await fetchFile(archive, path, signal);
      return { format: "plain", path, compression: archive.compression };
    case "directory":
      await (0, import_promises4.mkdir)(path, { mode: 448 });
      await (0, import_chunk_NCOSMIE3.forEachAtOnce)(
        archive.files,
        FILES_AT_ONCE,
        (file, stop) => fetchFile(file, (0, import_node_path2.join)(path, file.file), AbortSignal.any([signal, stop]))
      );
      return { format: "directory", path };
  }
}
async function readToEnd(body) {
  for await (const _ of body) {
  }
}
async function planRestore(backup, { objects, scratchDir, scope, stream = false }, context) {
  const { archive, store, inventory } = backup;
  if (archive.format === "plain" && !(0, import_chunk_DAEGIV2F.isWhole)(scope)) {
    throw unfit(store, "plain SQL, which can only be restored whole", "Leave out what chooses a part.");
  }
  if (archive.format !== "custom" && stream) {
    throw unfit(store, "not in the custom format, which alone can be streamed", "Leave --stream out.");
  }
  const tools = await (0, import_chunk_TT2DNCF3.findPostgresTools)((0, import_chunk_L6PHXGBH.majorOf)(backup.tool), context);
  const remove = async () => {
    for (const name of [`${store}.dump`, `${store}.list`]) {
      await (0, import_promises2.rm)((0, import_node_path.join)(scratchDir, name), { recursive: true, force: true });
    }
  };
  if (stream && archive.format === "custom") {
    const listing = await listContents(tools, { stream: await objects.open(archive) }, context);
    return { tools, archive: void 0, toc: parseToc(listing, inventory), remove };
  }
  try {
    const fetchedFiles = (0, import_chunk_GRBCTXAV.objectsOfStore)(backup).filter((object) => objects.findPath?.(object) === void 0);
    await requireFreeDisk(
      scratchDir,
      fetchedFiles.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    );
    const fetched = await fetchArchive(backup, objects, scratchDir, context.signal);
    if (fetched.format === "plain") return { tools, archive: fetched, toc: void 0, remove };
    const listing = await listContents(tools, { path: fetched.path }, context);
    return { tools, archive: fetched, toc: parseToc(listing, inventory), remove };
  } catch (error) {
    await remove();
    throw explainDiskFault(error, scratchDir);
  }
}
async function writeList(scratchDir, store, entries) {
  const path = (0, import_node_path.join)(scratchDir, `${store}.list`);
  await (0, import_promises2.writeFile)(path, `${entries.map(({ line }) => line).join("\n")}
`, { mode: 384 });
  return path;
}
function unfit(store, why, hint) {
  return new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The archive of ${store} is ${why}.`, { hint });
}
async function readDatabaseDefinition({ tools, archive, toc }, { scratchDir }, store, { signal, redactor }) {
  const entries = toc?.entries.filter(({ kind }) => kind === "DATABASE") ?? [];
  if (entries.length === 0 || !archive) return "";
  const list = await writeList(scratchDir, store, entries);
  const args = ["--create", `--use-list=${list}`, "--file=-", archive.path];
  return (await (0, import_chunk_5LCZEI5X.runTool)(tools.command("pg_restore", args), { signal, redactor })).stdout;
}
async function readOwnedSchemas(session) {
  if (!await (0, import_chunk_F2YU5RC3.isSupabase)(session)) return [];
  const rows = await session.rows(
    "Looking for what belongs to Supabase",
    "SELECT nspname::text AS name FROM pg_namespace WHERE starts_with(pg_get_userbyid(nspowner), $1)",
    [import_chunk_E7U4CWV7.SUPABASE_SIGNS.ownerPrefix]
  );
  return rows.map(({ name }) => name);
}
function isInEveryProject({ kind, schema, tag, line }, isSupport, ownedSchemas) {
  if (ownedSchemas.length === 0) return false;
  const [owner = ""] = line.split(" ").slice(-1);
  if (kind === "DEFAULT ACL") return owner.startsWith(import_chunk_E7U4CWV7.SUPABASE_SIGNS.ownerPrefix);
  return isSupport && ownedSchemas.includes(kind === "SCHEMA" ? tag : schema ?? "");
}
async function requireNoProject(session, { schema }) {
  const owned = (await readOwnedSchemas(session)).filter(
    (name) => schema.some((object) => object.kind === "schema" && object.name === name)
  );
  if (owned.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `The target is a running Supabase project, and its ${owned.join(", ")} would be replaced.`,
    {
      hint: "Restore in parts: rows of users with --data-only --table auth.users, and your own schemas with --schema \u2026 --replace."
    }
  );
}
async function planReplacing(session, inventory, scope, occupants) {
  if (occupants.length === 0) return void 0;
  const reader = new import_chunk_DAEGIV2F.ScopeReader(inventory, scope);
  const whole = occupants.filter(({ type }) => type === "schema");
  const isSaidOfWhole = ({ kind, name }) => kind.startsWith("schema ") && whole.some((schema) => name === schema.identity || name === schema.name);
  const readOutside = async () => {
    const objects = await (0, import_chunk_F2YU5RC3.readSchemaObjects)(session, []);
    const own = objects.filter((object) => object.kind === "sequence" && reader.holds(object));
    const sequences = new Set(own.map(({ name }) => name));
    return objects.filter(
      (object) => !reader.holds(object) && !sequences.has(object.name) && !isSaidOfWhole(object)
    );
  };
  await inTransaction(session, "ROLLBACK", async () => {
    const harmed = await findHarm(readOutside, () => dropOccupants(session, occupants));
    if (harmed.length > 0) throw wouldHarm(harmed);
  });
  const moves = planMoves(occupants, await findCompanions(session, occupants));
  const names = [...moves.made, ...moves.renamed];
  const back = [...moves.back, ...moves.made.map((name) => `DROP SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)}`)];
  const drop = `DROP SCHEMA ${names.map(import_chunk_2BZOGI4J.quoteIdent).join(", ")} CASCADE`;
  const runAll = (on, work, statements) => inTransaction(on, "COMMIT", async () => {
    for (const statement of statements) await on.run(work, statement);
  });
  return {
    place: `${names.join(", ")} (look, and run: ${drop};)`,
    async setAside(own) {
      const made = moves.made.map((name) => `CREATE SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(name)}`);
      const note = `COMMENT ON SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(moves.note)} IS ${(0, import_chunk_2BZOGI4J.escapeLiteral)(back.join("; "))}`;
      await runAll(own, "Replacing a part", [...made, note, ...moves.aside]);
    },
    async drop(own) {
      await inTransaction(own, "COMMIT", async () => {
        const readOthers = () => (0, import_chunk_F2YU5RC3.readSchemaObjects)(own, names);
        const harmed = await findHarm(readOthers, () => own.run("Dropping what was replaced", drop));
        if (harmed.length > 0) throw wouldHarm(harmed);
      });
    },
    async putBack(own) {
      const aside = await own.rows(
        "Looking for what was to be replaced",
        "SELECT FROM pg_namespace WHERE nspname = ANY ($1)",
        [names]
      );
      if (aside.length === 0) return;
      try {
        await runAll(own, "Putting back what was to be replaced", back);
      } catch (error) {
        throw new import_chunk_E4TRGNTH.AppError(
          "STORE_FAILED",
          `What was to be replaced lies in ${names.join(", ")} still (${String(error)}). Run: ${back.join("; ")};`,
          { hint: "Make room where it lay, and run these statements.", cause: error }
        );
      }
    }
  };
}
async function inTransaction(session, end, work) {
  await session.run("Beginning to replace a part", "BEGIN");
  try {
    await work();
    await session.run("Replacing a part", end);
  } catch (error) {
    await session.run("Taking back", "ROLLBACK");
    throw error;
  }
}
async function findHarm(read, change) {
  const before = await read();
  await change();
  const after = new Map((await read()).map((object) => [`${object.kind} ${object.name}`, object]));
  return before.filter(
    ({ kind, name, definition }) => after.get(`${kind} ${name}`)?.definition !== definition
  );
}
var ROUTINES = /* @__PURE__ */ new Set(["aggregate", "function", "procedure"]);
function planMoves(occupants, companions) {
  const prefix = `lifeboat_replaced_${(0, import_node_crypto5.randomBytes)(4).toString("hex")}`;
  const asideOf = /* @__PURE__ */ new Map();
  const asideFor = (schema) => {
    const name = asideOf.get(schema) ?? `${prefix}_${asideOf.size + 1}`;
    asideOf.set(schema, name);
    return name;
  };
  const whole = occupants.filter(({ type }) => type === "schema").map(({ name }) => name ?? "");
  const renames = whole.map((schema) => rename(schema, asideFor(schema)));
  const renamed = [...asideOf.values()];
  const single = [...occupants, ...companions].filter(
    ({ schema }) => schema !== null && !whole.includes(schema)
  );
  const movesOf = (isMeant) => single.filter(({ type }) => isMeant(type)).map((occupant) => move(occupant, asideFor(occupant.schema ?? "")));
  const routines = movesOf((type) => ROUTINES.has(type));
  const others = movesOf((type) => !ROUTINES.has(type) && type !== "sequence");
  const sequences = movesOf((type) => type === "sequence");
  return {
    made: [prefix, ...[...asideOf.values()].filter((name) => !renamed.includes(name))],
    note: prefix,
    renamed,
    aside: [...routines, ...renames, ...others, ...sequences].map(({ aside }) => aside),
    back: [...renames, ...others, ...routines, ...sequences].map(({ back }) => back)
  };
}
function rename(schema, aside) {
  return {
    aside: `ALTER SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(schema)} RENAME TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(aside)}`,
    back: `ALTER SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(aside)} RENAME TO ${(0, import_chunk_2BZOGI4J.quoteIdent)(schema)}`
  };
}
function move({ type, identity, schema }, aside) {
  const own = (0, import_chunk_2BZOGI4J.quoteIdent)(schema ?? "");
  const name = identity.slice(identity.startsWith(`${own}.`) ? own.length + 1 : (schema ?? "").length + 1);
  const alter = type === "sequence" ? "ALTER sequence IF EXISTS" : `ALTER ${type}`;
  return {
    aside: `${alter} ${identity} SET SCHEMA ${(0, import_chunk_2BZOGI4J.quoteIdent)(aside)}`,
    back: `${alter} ${(0, import_chunk_2BZOGI4J.quoteIdent)(aside)}.${name} SET SCHEMA ${own}`
  };
}
async function findCompanions(session, occupants) {
  const tables = occupants.filter(({ relation }) => relation !== null).map(({ identity }) => identity);
  const types = occupants.filter(({ type }) => type === "type").map(({ identity }) => identity);
  return await session.rows(
    "Looking for statistics and multiranges",
    `WITH range AS (SELECT rngtypid, rngmultitypid FROM pg_range WHERE rngtypid = ANY ($2::regtype[]::oid[])),
     companion (class, oid) AS (
       SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid = ANY ($1::regclass[]::oid[])
       UNION ALL SELECT 'pg_type'::regclass, rngmultitypid FROM range
       UNION ALL SELECT classid, objid FROM pg_depend JOIN range ON refobjid IN (rngtypid, rngmultitypid)
         WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_type'::regclass AND deptype = 'i')
     SELECT CASE type WHEN 'statistics object' THEN 'statistics' ELSE type END AS type, identity, schema,
       NULL::text AS name, NULL::text AS relation
     FROM companion, pg_identify_object(class, oid, 0)`,
    [tables, types]
  );
}
function wouldHarm(harmed) {
  const names = harmed.map(({ kind, name }) => `${kind} ${name}`);
  return new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `Replacing this part would take something else with it: ${names.join(", ")}. Nothing was changed.`,
    {
      hint: "Restore the rows alone (--data-only), name what depends on the part as well, or restore into a new database (--create-db)."
    }
  );
}
var TargetRoom = class {
  #connection;
  #backup;
  #request;
  #applicationName;
  #context;
  /** What lies there and is not this restore's; unknown until there is room. */
  #others;
  /** What lay where a part is restored, until that has succeeded. */
  #replaced;
  /** @param applicationName - by which the sessions of the restore are known at the server */
  constructor(connection, backup, request, applicationName, context) {
    this.#connection = connection;
    this.#backup = backup;
    this.#request = request;
    this.#applicationName = applicationName;
    this.#context = context;
  }
  /**
   * Makes room with `replace` (what is there otherwise stays), and lets `work` fill it. When either fails, what was made
   * is dropped, and what was replaced is put back.
   *
   * @throws AppError TARGET_REFUSED, STORE_FAILED, and what `work` throws
   */
  async fill(work) {
    try {
      await (0, import_chunk_2BZOGI4J.withSession)(this.#connection, this.#context, (session) => this.#clear(session));
      const outcome = await work();
      if (this.#replaced) await this.#conclude(this.#replaced, outcome);
      return outcome;
    } catch (error) {
      await this.#undo();
      throw error;
    }
  }
  async #clear(session) {
    const { inventory, excludedSchemas } = this.#backup;
    const { replace, scope } = this.#request;
    if (replace) {
      const occupants = await listOccupants(session, excludedSchemas);
      if (scope && (0, import_chunk_DAEGIV2F.isSelective)(scope)) {
        const inTheWay = findInTheWay(occupants, inventory, scope);
        this.#replaced = await planReplacing(session, inventory, scope, inTheWay);
        await this.#replaced?.setAside(session);
      } else {
        await requireNoProject(session, inventory);
        await dropOccupants(session, findToReplace(occupants, inventory));
      }
    }
    this.#others = await listOccupants(session, []);
  }
  async #undo() {
    const [others, replaced] = [this.#others, this.#replaced];
    if (!others && !replaced) return;
    await this.cleanUp("part of a failed restore", async (session) => {
      if (others) await dropNewcomers(session, others);
      await replaced?.putBack(session);
    });
  }
  async #conclude(replaced, { isStopped }) {
    if (isStopped) await this.#undo();
    else await this.cleanUp(`what was replaced, in ${replaced.place}`, (session) => replaced.drop(session));
  }
  /**
   * Ends what the restore left running at the server, which would hold locks, and cleans up after it.
   *
   * @param what - is left when that fails: then the operator is warned of it
   */
  async cleanUp(what, work) {
    try {
      await (0, import_chunk_2BZOGI4J.withSession)(
        this.#connection,
        this.#context,
        async (session) => {
          await session.rows(
            "Ending the sessions of the restore",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1",
            [this.#applicationName]
          );
          await work(session);
        },
        { survivesCancel: true }
      );
    } catch (error) {
      this.#context.reporter.warn(
        `The target holds ${what}, which could not be removed: ${error instanceof Error ? error.message : String(error)}`
      );
    }
  }
};
var SATELLITES = /* @__PURE__ */ new Set([
  "ACL",
  "COMMENT",
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "SECURITY LABEL",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "STATISTICS",
  "STATISTICS DATA",
  "TABLE ATTACH",
  "TABLE DATA",
  "TRIGGER"
]);
var COMES_WITH_ROWS = /* @__PURE__ */ new Set([
  "BLOB METADATA",
  "BLOBS",
  "MATERIALIZED VIEW DATA",
  "SEQUENCE SET",
  "STATISTICS DATA",
  "TABLE DATA"
]);
var ROWS = /* @__PURE__ */ new Set(["SEQUENCE SET", "TABLE DATA"]);
function selectEntries(toc, inventory, scope, isLeftOut = () => false) {
  const content = scope?.content ?? "all";
  const isOfContent = ({ kind }) => content === "all" || (content === "data" ? ROWS.has(kind) : !COMES_WITH_ROWS.has(kind));
  const wanted = (entry) => isOfContent(entry) && !isLeftOut(entry);
  if (!scope || !(0, import_chunk_DAEGIV2F.isSelective)(scope)) {
    const gone = new Set(toc.entries.filter(isLeftOut));
    const entries = toc.entries.filter(
      (entry) => wanted(entry) && !(entry.kind === "COMMENT" && toc.neededBy(entry).some((it) => gone.has(it)))
    );
    return { entries, support: /* @__PURE__ */ new Set() };
  }
  const chosen = new Chooser(toc, inventory, scope).choose();
  return {
    entries: toc.entries.filter((entry) => chosen.has(entry.id) && wanted(entry)),
    support: new Set([...chosen].flatMap(([id, isSupport]) => isSupport ? [id] : []))
  };
}
var Chooser = class {
  #toc;
  #reader;
  #schemas;
  /** Whether an entry is in, by id; undefined while it is being asked for. */
  #asked = /* @__PURE__ */ new Map();
  #met = /* @__PURE__ */ new Map();
  constructor(toc, inventory, scope) {
    this.#toc = toc;
    this.#reader = new import_chunk_DAEGIV2F.ScopeReader(inventory, scope);
    this.#schemas = new Set(scope.schemas);
  }
  /** By id, whether it is only support. */
  choose() {
    const chosen = /* @__PURE__ */ new Map();
    for (const entry of this.#toc.entries) if (this.#isChosen(entry)) chosen.set(entry.id, false);
    const addSupport = (entry) => {
      for (const needed of this.#toc.neededBy(entry)) {
        if (chosen.has(needed.id)) continue;
        chosen.set(needed.id, true);
        addSupport(needed);
      }
    };
    for (const entry of this.#toc.entries) if (chosen.get(entry.id) === false) addSupport(entry);
    return chosen;
  }
  #isChosen(entry) {
    const known = this.#asked.get(entry);
    if (this.#asked.has(entry)) return known ?? true;
    this.#asked.set(entry, void 0);
    const isIn = this.#isWanted(entry) && this.#isMet(entry);
    this.#asked.set(entry, isIn);
    return isIn;
  }
  #isWanted(entry) {
    const { kind, schema, tag } = entry;
    if (RELATION_KINDS.has(kind)) return this.#reader.holdsTable(relationName(entry));
    if (kind === "SCHEMA") return this.#schemas.has(tag);
    const needed = this.#toc.neededBy(entry);
    if (SATELLITES.has(kind)) return needed.some((other) => this.#isChosen(other));
    const owner = needed.find((other) => RELATION_KINDS.has(other.kind));
    if (kind === "SEQUENCE" && owner) return this.#isChosen(owner);
    return schema !== null && this.#schemas.has(schema);
  }
  /** Whether no table or view is missing below it. */
  #isMet(entry) {
    const known = this.#met.get(entry);
    if (known !== void 0) return known;
    this.#met.set(entry, true);
    const isMet = this.#toc.neededBy(entry).every((needed) => {
      if (RELATION_KINDS.has(needed.kind) || SATELLITES.has(needed.kind)) return this.#isChosen(needed);
      return this.#isMet(needed);
    });
    this.#met.set(entry, isMet);
    return isMet;
  }
};
var USUAL_JOBS = 4;
var ArchiveRestore = class {
  #connection;
  #backup;
  #request;
  #context;
  #jobs;
  /** By which the sessions of this restore are known at the server. */
  #applicationName = `lifeboat-restore-${(0, import_node_crypto3.randomBytes)(4).toString("hex")}`;
  /** Entries that need what the backup's own scope left out: no restore could create them. */
  #dangling;
  #room;
  /** What points libpq's tools at the target. */
  #env = {};
  constructor(connection, backup, request, context) {
    this.#connection = connection;
    this.#backup = backup;
    this.#request = request;
    this.#context = context;
    this.#dangling = new Set(backup.scope?.dangling.flatMap(({ entries }) => entries));
    this.#jobs = request.jobs ?? Math.min(USUAL_JOBS, (0, import_node_os.availableParallelism)());
    this.#room = new TargetRoom(connection, backup, request, this.#applicationName, context);
  }
  /**
   * Restores what the plan holds. When it fails, what it made is removed again. With `replace`, what lay where the
   * backup brings something is gone by then; of a part it comes back. (pg_restore's own --clean cannot drop the keys of
   * partitions, and would leave what the archive does not bring.)
   *
   * @throws AppError TOOL_FAILED, STORE_FAILED, STORE_UNSUPPORTED, TARGET_REFUSED, CANCELLED; BACKUP_DAMAGED when
   *   streamed
   */
  async run(plan) {
    try {
      var _stack = [];
      try {
        const libpq = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_F2YU5RC3.LibpqAccess.open(this.#connection), true);
        this.#env = {
          ...libpq.env,
          ...postponeFlushes(this.#connection, libpq.env),
          PGAPPNAME: this.#applicationName
        };
        const outcome = await this.#restore(plan);
        await flushCommits(this.#connection, this.#context);
        return outcome;
      } catch (_) {
        var _error = _, _hasError = true;
      } finally {
        var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
        _promise && await _promise;
      }
    } catch (error) {
      if (this.#context.signal.aborted) throw (0, import_chunk_E4TRGNTH.cancelled)();
      throw error;
    }
  }
  async #restore(plan) {
    if (!plan.toc) return await this.#loadPlain(plan);
    if (this.#request.scope?.content === "data") return await this.#fill(plan, plan.toc);
    return await this.#make(plan, plan.toc);
  }
  async #loadPlain({ tools, archive }) {
    if (archive?.format !== "plain") throw new Error("an archive with a table of contents is no plain SQL");
    return await this.#room.fill(async () => {
      await this.#measure(
        "data",
        () => loadPlainSql({ ...archive, env: this.#env, singleTransaction: false }, tools, this.#context)
      );
      return { lost: [] };
    });
  }
  /** Definitions, rows, and what is built upon rows. */
  async #make(plan, toc) {
    const { inventory } = this.#backup;
    const { scope, allowMissing = [], onRows } = this.#request;
    const { missing, ownedSchemas } = await (0, import_chunk_2BZOGI4J.withSession)(this.#connection, this.#context, async (session) => {
      const missing2 = await this.#requireExtensions(session, toc);
      return { missing: missing2, ownedSchemas: await readOwnedSchemas(session) };
    });
    const isMissing = ({ kind, tag }) => kind === "EXTENSION" && missing.has(tag);
    const isLeftOut = (entry) => isMissing(entry) || this.#dangling.has(entry.id) || (0, import_chunk_F2YU5RC3.isOfPlatform)(entry, this.#backup);
    const { entries: selected, support } = selectEntries(toc, inventory, scope, isLeftOut);
    const entries = selected.filter((entry) => !isInEveryProject(entry, support.has(entry.id), ownedSchemas));
    const lost = new LostObjects(toc, inventory, support, this.#context);
    for (const entry of toc.entries.filter(isMissing)) {
      if (this.#isNeeded(entry.tag)) lost.leaveOut(entry, "the server does not offer it.");
    }
    return await this.#room.fill(async () => {
      await (0, import_chunk_2BZOGI4J.withSession)(this.#connection, this.#context, (session) => provisionTarget(session, this.#backup));
      const common = await this.#commonRun(plan, entries, lost);
      if (!plan.archive) {
        if (this.#backup.archive.format !== "custom") throw new Error("only a custom archive is streamed");
        const { archive } = this.#backup;
        await this.#measure("data", async () => {
          const stream = await this.#request.objects.open(archive);
          await runPgRestore({ ...common, from: { stream } }, this.#context).catch(
            (error) => this.#blame(error, archive)
          );
        });
        return { lost: lost.requireAllowed(allowMissing) };
      }
      const run = (section) => runPgRestore({ ...common, section }, this.#context);
      const buildUpon = async () => {
        await run("post-data");
        const again = lost.takeDeadlocked();
        if (again.length === 0) return;
        const listPath = await writeList(this.#request.scratchDir, this.#backup.store, again);
        await runPgRestore({ ...common, listPath, jobs: 1 }, this.#context);
      };
      await this.#measure("definitions", () => run("pre-data"));
      if (scope?.content === "structure") {
        await this.#measure("indexes", buildUpon);
        return { lost: lost.requireAllowed(allowMissing) };
      }
      const found = await this.#fillAndCount(toc, { ...common, section: "data" });
      if (onRows?.(found) === "stop") return { lost: [], tables: found.tables, isStopped: true };
      await this.#measure("indexes", buildUpon);
      return { lost: lost.requireAllowed(allowMissing), tables: found.tables };
    });
  }
  /** Rows alone, into tables that are there. */
  async #fill(plan, toc) {
    const { inventory } = this.#backup;
    const { scope = { content: "data" }, replace } = this.#request;
    const reader = new import_chunk_DAEGIV2F.ScopeReader(inventory, scope);
    const isWanted = (table) => reader.holdsTable(table);
    const { entries, support } = selectEntries(toc, inventory, scope);
    const { tables, exchange } = await (0, import_chunk_2BZOGI4J.withSession)(this.#connection, this.#context, async (session) => {
      const present = await readFilledTables(session, isWanted);
      this.#requireTables(entries, present);
      const tables2 = await orderByForeignKeys(session, present);
      if (!replace) requireEmpty(tables2);
      const exchange2 = replace ? await planExchange(session, tables2, entries, this.#backup, isWanted) : void 0;
      if (!exchange2 || await hasLocksFor(session, tables2)) return { tables: tables2, exchange: exchange2 };
      this.#context.reporter.warn(
        `${this.#backup.store}: the rows of ${tables2.length} tables are replaced one table after the other, since the server has too few locks to do it in one transaction (max_locks_per_transaction). Should this fail, the tables are left empty.`
      );
      await emptyTables(session, tables2);
      return { tables: tables2, exchange: void 0 };
    });
    const place = new Map(tables.map(({ schema, name }, index) => [`${schema}.${name}`, index]));
    const rank = (entry) => entry.kind === "TABLE DATA" ? place.get(relationName(entry)) ?? 0 : tables.length;
    const ordered = [...entries].sort((a, b) => rank(a) - rank(b));
    const lost = new LostObjects(toc, inventory, support, this.#context);
    const common = await this.#commonRun(plan, ordered, lost);
    if (exchange) return await this.#exchange(common, exchange);
    return await this.#fillEmpty(toc, common, tables, lost);
  }
  async #fillEmpty(toc, common, tables, lost) {
    try {
      return await withoutTriggers(this.#connection, this.#context, tables, async () => {
        const found = await this.#fillAndCount(toc, { ...common, section: "data", jobs: 1 });
        this.#request.onRows?.(found);
        return { lost: lost.requireAllowed([]), tables: found.tables };
      });
    } catch (error) {
      await this.#room.cleanUp(`${this.#backup.store}: rows of a failed restore`, async (session) => {
        await emptyTables(
          session,
          tables.map((table) => ({ ...table, hasRows: true }))
        );
      });
      throw error;
    }
  }
  async #exchange({ tools, from, listPath }, exchange) {
    if (!("path" in from) || listPath === void 0) throw new Error("rows are exchanged from a file alone");
    const judge = (tables) => this.#request.onRows?.((0, import_chunk_F2YU5RC3.assembleInventory)(tables, [], [], this.#backup.inventory)) ?? "go on";
    const access = { tools, env: this.#env };
    try {
      const { found, hasStayed } = await this.#measure(
        "data",
        () => exchangeRows(exchange, { path: from.path, listPath }, this.#backup, access, judge, this.#context)
      );
      return { lost: [], tables: found, ...!hasStayed && { isStopped: true } };
    } catch (error) {
      await this.#room.cleanUp("locks of a failed restore", async () => {
      });
      throw error;
    }
  }
  /** pg_restore chokes on damaged bytes before their digest is known: finds out whose fault it was. */
  async #blame(error, archive) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "TOOL_FAILED") {
      for await (const _ of await this.#request.objects.open(archive)) {
      }
    }
    throw error;
  }
  async #commonRun(plan, entries, lost) {
    const path = plan.archive?.path ?? "";
    return {
      tools: plan.tools,
      env: this.#env,
      database: this.#connection.database,
      from: { path },
      listPath: await writeList(this.#request.scratchDir, this.#backup.store, entries),
      jobs: this.#jobs,
      judge: (message) => lost.judge(message),
      rank: (entryId, said) => lost.rank(entryId, said)
    };
  }
  /** Which extensions of the chosen part the server lacks. @throws AppError STORE_UNSUPPORTED unless allowed */
  async #requireExtensions(session, toc) {
    const { inventory, store } = this.#backup;
    const { scope, allowMissing = [] } = this.#request;
    const { entries } = selectEntries(toc, inventory, scope);
    const wanted = entries.filter(({ kind }) => kind === "EXTENSION").map(({ tag }) => tag);
    const missing = await (0, import_chunk_2BZOGI4J.findMissingExtensions)(session, wanted);
    const refused = missing.filter(
      (name) => this.#isNeeded(name) && !allowMissing.includes(`extension ${name}`)
    );
    if (refused.length === 0) return new Set(missing);
    const names = refused.map((name) => `extension ${name}`).join(", ");
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_UNSUPPORTED",
      `The server of the target for ${store} does not offer ${names}.`,
      {
        hint: `Install them there, or restore without: --allow-missing "${names}"`
      }
    );
  }
  /** Whether an extension is the operator's own: the platform's are made where they can be. */
  #isNeeded(extension) {
    return this.#backup.platform?.extensions.includes(extension) !== true;
  }
  #requireTables(entries, present) {
    const known = new Set(present.map(({ schema, name }) => `${schema}.${name}`));
    const names = entries.filter(({ kind }) => kind === "TABLE DATA").map(relationName);
    const missing = names.filter((name) => !known.has(name));
    if (missing.length === 0) return;
    throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `The target lacks tables for these rows: ${missing.join(", ")}.`, {
      hint: "Restore the definitions first (--schema-only), or leave --data-only out."
    });
  }
  /** Brings the rows into tables that are there, and counts and digests them meanwhile. */
  async #fillAndCount(toc, run) {
    var _stack = [];
    try {
      const { inventory, store } = this.#backup;
      const reader = new import_chunk_DAEGIV2F.ScopeReader(inventory, this.#request.scope ?? { content: "all" });
      const isWanted = (table) => reader.holdsTable(table);
      const arriving = (0, import_chunk_D6QFH5CA.__using)(_stack, await ArrivingRows.open(
        this.#connection,
        this.#context,
        this.#backup,
        `${store}: compare`,
        this.#applicationName,
        isWanted
      ), true);
      const onRows = (entryId) => {
        const entry = toc.find(entryId);
        if (entry) arriving.take(relationName(entry));
      };
      await this.#measure("data", () => runPgRestore({ ...run, onRows }, this.#context));
      const tables = await this.#measure("compare", () => arriving.finish());
      return (0, import_chunk_F2YU5RC3.assembleInventory)(tables, [], [], inventory);
    } catch (_) {
      var _error = _, _hasError = true;
    } finally {
      var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
      _promise && await _promise;
    }
  }
  async #measure(phase, work) {
    const { stopwatch } = this.#request;
    return stopwatch ? await stopwatch.measure(`${this.#backup.store}: ${phase}`, work) : await work();
  }
};
function requireEmpty(tables) {
  const filled = tables.filter(({ hasRows }) => hasRows).map(({ schema, name }) => `${schema}.${name}`);
  if (filled.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `These tables hold rows: ${filled.join(", ")}.`, {
    hint: "Empty them, or name the target's database with --replace."
  });
}
var PostgresTarget = class {
  kind = "postgres";
  store;
  connection;
  context;
  /** Roles that this target's restores made. */
  createdRoles = [];
  #plan;
  constructor(store, connection, context) {
    this.store = store;
    this.connection = connection;
    this.context = context;
  }
  async inspect(backup, scope) {
    const manifest = requirePostgres(backup);
    (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(this.connection);
    const look = async (session) => {
      await (0, import_chunk_2BZOGI4J.warnOfLeftovers)(session, this.connection.database, this.context);
      const server = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, this.connection);
      return {
        ...await this.lookAtServer(session, manifest, scope),
        id: server.databaseId,
        occupiedBy: await this.#findOccupants(session, manifest, scope)
      };
    };
    return (0, import_chunk_2BZOGI4J.withSession)(this.connection, this.context, look, { patient: true });
  }
  async prepare(backup, request) {
    const plan = () => planRestore(requirePostgres(backup), request, this.context);
    this.#plan = await (request.stopwatch ? request.stopwatch.measure(`${this.store}: fetch`, plan) : plan());
  }
  async restore(backup, request) {
    const manifest = requirePostgres(backup);
    try {
      if (!this.#plan) await this.prepare(backup, request);
      const plan = this.#plan;
      if (!plan) throw new Error("a restore was not prepared");
      return await this.restorePlan(manifest, request, plan);
    } catch (error) {
      if (this.context.signal.aborted) throw (0, import_chunk_E4TRGNTH.cancelled)();
      throw error;
    } finally {
      await this.#plan?.remove();
      this.#plan = void 0;
    }
  }
  async restorePlan(backup, request, plan) {
    const created = await (0, import_chunk_2BZOGI4J.withSession)(
      this.connection,
      this.context,
      (session) => (0, import_chunk_F2YU5RC3.createMissingRoles)(session, (0, import_chunk_E7U4CWV7.listRoles)(backup), this.context)
    );
    this.createdRoles.push(...created);
    return await new ArchiveRestore(this.connection, backup, request, this.context).run(plan);
  }
  async takeInventory(backup, scope = { content: "all" }, counted) {
    const manifest = requirePostgres(backup);
    const reader = new import_chunk_DAEGIV2F.ScopeReader(manifest.inventory, scope);
    return (0, import_chunk_F2YU5RC3.takeInventory)(this.connection, this.context, manifest, `${this.store}: inventory`, {
      isWanted: (table) => reader.holdsTable(table),
      ...counted && { counted }
    });
  }
  /** What can be said of the server without the database that is restored into. */
  async lookAtServer(session, backup, scope) {
    const server = await (0, import_chunk_2BZOGI4J.readServerFacts)(session, this.connection);
    refuseOlderServer(backup, server.major, server.version);
    await (0, import_chunk_2BZOGI4J.refuseReplica)(session, this.connection);
    return {
      id: "",
      host: (0, import_chunk_2BZOGI4J.describeHost)(this.connection),
      databases: [this.connection.database],
      occupiedBy: [],
      serverVersion: server.version,
      lacks: (0, import_chunk_DAEGIV2F.isWhole)(scope) ? await findLacks(session, backup, server.major) : []
    };
  }
  async #findOccupants(session, { excludedSchemas, inventory }, scope) {
    if (scope?.content === "data") {
      const reader = new import_chunk_DAEGIV2F.ScopeReader(inventory, scope);
      const tables = await readFilledTables(session, (table) => reader.holdsTable(table));
      return tables.filter(({ hasRows }) => hasRows).map(({ schema, name }) => `rows of ${schema}.${name}`);
    }
    const occupants = await listOccupants(session, excludedSchemas);
    return findInTheWay(occupants, inventory, scope).map(describeOccupant);
  }
  async settle() {
  }
  async query(sql, { role, settings = {} } = {}) {
    const identity = [
      ...Object.entries(settings).map(
        ([name, value]) => `SELECT set_config(${(0, import_chunk_2BZOGI4J.escapeLiteral)(name)}, ${(0, import_chunk_2BZOGI4J.escapeLiteral)(value)}, false);`
      ),
      ...role === void 0 ? [] : [`SET ROLE ${(0, import_chunk_2BZOGI4J.quoteIdent)(role)};`]
    ];
    return (0, import_chunk_2BZOGI4J.withSession)(
      this.connection,
      this.context,
      (session) => session.run("The statement", `${identity.join("")}${sql}`)
    );
  }
  connectionEnv() {
    return (0, import_chunk_R7WKX6QU.connectionVariables)(this.store, (0, import_chunk_2BZOGI4J.addressOf)(this.connection));
  }
  async close() {
  }
};
async function findLacks(session, { inventory }, major) {
  const names = inventory.schema.flatMap(({ kind, name }) => kind === "extension" ? [name] : []);
  return (await (0, import_chunk_2BZOGI4J.findMissingExtensions)(session, names)).map((name) => ({
    kind: "extension",
    name,
    mend: (0, import_chunk_2BZOGI4J.adviseExtensions)([name], major)
  }));
}
function requirePostgres(backup) {
  if (backup.kind !== "postgres") throw new Error(`${backup.store} is no Postgres backup`);
  return backup;
}
function refuseOlderServer(backup, major, version) {
  if (major >= (0, import_chunk_L6PHXGBH.majorOf)(backup.server.version)) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_UNSUPPORTED",
    `The backup is of PostgreSQL ${backup.server.version}, and the target is PostgreSQL ${version}.`,
    { hint: `Restore into PostgreSQL ${(0, import_chunk_L6PHXGBH.majorOf)(backup.server.version)} or later.` }
  );
}
var NewPostgresTarget = class extends PostgresTarget {
  replacement;
  #made;
  /** What the operator's address names. */
  #named;
  constructor(store, named, made, context) {
    super(store, made.connection, context);
    this.#named = named;
    this.#made = made;
    if (named.database !== made.name) {
      this.replacement = { beside: made.name, swapIn: () => made.swapIn() };
    }
  }
  async inspect(backup, scope) {
    const manifest = requirePostgres(backup);
    (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(this.#named);
    return await this.#made.atServer(async (session) => {
      await (0, import_chunk_2BZOGI4J.warnOfLeftovers)(session, this.#named.database, this.context);
      await this.#made.check(
        session,
        manifest,
        () => (0, import_chunk_2BZOGI4J.withSession)(
          this.#named,
          this.context,
          async (old) => (await (0, import_chunk_2BZOGI4J.readServerFacts)(old, this.#named)).databaseId
        )
      );
      return { ...await this.lookAtServer(session, manifest, scope), databases: [this.#named.database] };
    });
  }
  async restorePlan(backup, request, plan) {
    const definition = await readDatabaseDefinition(plan, request, this.store, this.context);
    await this.#made.make(readDatabaseOptions(definition));
    try {
      return await super.restorePlan(backup, request, plan);
    } catch (error) {
      await this.#made.remove().catch((cleanup) => {
        this.context.reporter.warn(
          `The database ${this.#made.name} could not be dropped: ${String(cleanup)}`
        );
      });
      throw error;
    }
  }
  /** What the operator named: commands around the restore know no other. */
  connectionEnv() {
    return (0, import_chunk_R7WKX6QU.connectionVariables)(this.store, (0, import_chunk_2BZOGI4J.addressOf)(this.#named));
  }
};
function createPostgresTarget(options, context) {
  const { store, placement = {} } = options;
  const connection = (0, import_chunk_2BZOGI4J.parsePostgresAddress)(store, options, context.redactor);
  if (!placement.create && placement.replace === void 0) {
    return new PostgresTarget(store, connection, context);
  }
  return new NewPostgresTarget(store, connection, new NewDatabase(connection, placement, context), context);
}
async function createPostgresThrowaway(options, context) {
  const { store } = options;
  const server = (0, import_chunk_2BZOGI4J.parsePostgresAddress)(store, options, context.redactor);
  (0, import_chunk_2BZOGI4J.refuseTransactionPooler)(server);
  const database = `lifeboat_drill_${(0, import_node_crypto.randomBytes)(4).toString("hex")}`;
  await (0, import_chunk_2BZOGI4J.withSession)(
    server,
    context,
    async (session) => {
      await (0, import_chunk_2BZOGI4J.refuseReplica)(session, server);
      await session.run(
        `Creating the database ${database}`,
        `CREATE DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(database)} TEMPLATE template0`
      );
      await session.run(`Noting when ${database} was made`, (0, import_chunk_2BZOGI4J.markThrowaway)(database, context.clock.now()));
    },
    { patient: true }
  );
  return new PostgresThrowaway(store, (0, import_chunk_2BZOGI4J.connectionTo)(server, database), server, context);
}
var PostgresThrowaway = class extends PostgresTarget {
  #server;
  constructor(store, connection, server, context) {
    super(store, connection, context);
    this.#server = server;
  }
  async destroy() {
    const { database } = this.connection;
    await (0, import_chunk_2BZOGI4J.withSession)(
      this.#server,
      this.context,
      async (session) => {
        const work = `Dropping the database ${database}`;
        await session.run(work, `DROP DATABASE IF EXISTS ${(0, import_chunk_2BZOGI4J.quoteIdent)(database)} WITH (FORCE)`);
        const left = await session.rows(work, "SELECT FROM pg_database WHERE datname = $1", [database]);
        if (left.length > 0) {
          throw new import_chunk_E4TRGNTH.AppError("STORE_FAILED", `${work} failed: it is still there.`, {
            hint: `Drop it by hand: DROP DATABASE ${(0, import_chunk_2BZOGI4J.quoteIdent)(database)} WITH (FORCE);`
          });
        }
        await (0, import_chunk_F2YU5RC3.dropUnusedRoles)(session, this.createdRoles, this.context);
      },
      { survivesCancel: true }
    );
  }
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createPostgresTarget,
  createPostgresThrowaway
});
