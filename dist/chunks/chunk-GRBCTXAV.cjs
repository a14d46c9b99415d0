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
  ABSENT: () => ABSENT,
  FORMAT_VERSION: () => FORMAT_VERSION,
  clickhousePartSchema: () => clickhousePartSchema,
  compareInventories: () => compareInventories,
  contentBytesOf: () => contentBytesOf,
  countRows: () => countRows,
  fingerprintOf: () => fingerprintOf,
  isFingerprintOf: () => isFingerprintOf,
  keyFingerprintSchema: () => keyFingerprintSchema,
  mapObjects: () => mapObjects,
  objectsOfStore: () => objectsOfStore,
  parseDocument: () => parseDocument,
  parseManifest: () => parseManifest,
  poolRows: () => poolRows,
  serialiseDocument: () => serialiseDocument,
  serialiseManifest: () => serialiseManifest,
  shortFingerprint: () => shortFingerprint,
  sizeOfBackup: () => sizeOfBackup,
  sizeOfStore: () => sizeOfStore,
  storeManifestSchema: () => storeManifestSchema,
  tableInventorySchema: () => tableInventorySchema
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_util = require("node:util");
var import_node_util2 = require("node:util");
var import_node_crypto = require("node:crypto");
var import_node_crypto2 = require("node:crypto");
var import_node_util3 = require("node:util");
function poolRows(expected, found) {
  const expectedByName = new Map(expected.map((table) => [table.name, table]));
  const members = /* @__PURE__ */ new Map();
  const pooled = /* @__PURE__ */ new Set();
  for (const table of found) {
    const counterpart = expectedByName.get(table.name);
    if (table.pool === void 0 || !counterpart) continue;
    const pair = { expected: counterpart, found: table };
    members.set(table.pool, [...members.get(table.pool) ?? [], pair]);
    pooled.add(table.name);
  }
  const isAlone = ({ name }) => !pooled.has(name);
  const result = { expected: expected.filter(isAlone), found: found.filter(isAlone) };
  for (const [name, pairs] of members) {
    const all = pairs.flatMap((pair) => [pair.expected, pair.found]);
    const isDigested = all.every(
      ({ digest: digest2, digestedBy }) => digest2 !== null && (0, import_node_util2.isDeepStrictEqual)(digestedBy, all[0]?.digestedBy)
    );
    const add = (tables) => ({
      name,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      digest: isDigested ? tables.reduce((sum, { digest: digest2 }) => sum + BigInt(digest2 ?? 0), 0n).toString() : null,
      ...isDigested && all[0]?.digestedBy && { digestedBy: all[0].digestedBy }
    });
    result.expected.push(add(pairs.map((pair) => pair.expected)));
    result.found.push(add(pairs.map((pair) => pair.found)));
  }
  return { ...result, pools: new Map([...members].map(([name, pairs]) => [name, pairs.length])) };
}
var tableInventorySchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** `schema.table` in Postgres, `database.table` in ClickHouse; unquoted, as people write it. */
  name: (0, import_chunk_GDCGOP3X.string)(),
  rows: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  /** Decimal text, since it exceeds 53 bits; null where the content was not digested. */
  digest: (0, import_chunk_GDCGOP3X.string)().nullable(),
  /** How it was digested, where that is not the inventory's own `digestMethod`. */
  digestedBy: (0, import_chunk_GDCGOP3X.strictObject)({
    method: (0, import_chunk_GDCGOP3X.string)(),
    /** Of a sample: one row in so many was taken, */
    oneIn: (0, import_chunk_GDCGOP3X.int)().positive().optional(),
    /** by a hash of these columns. */
    key: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).optional()
  }).optional(),
  /**
   * Present when rows changed while the table was read and no exact count could be had: the restored table must
   * then hold between these two numbers of rows, and its digest proves nothing.
   */
  moving: (0, import_chunk_GDCGOP3X.strictObject)({ rowsAtLeast: (0, import_chunk_GDCGOP3X.int)().nonnegative(), rowsAtMost: (0, import_chunk_GDCGOP3X.int)().nonnegative() }).optional()
});
var schemaObjectSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** In words a person uses: "index", "foreign key", "policy", "sequence", "materialized view". */
  kind: (0, import_chunk_GDCGOP3X.string)(),
  name: (0, import_chunk_GDCGOP3X.string)(),
  /** The value where it is short and no secret (a sequence's), else a hash of the definition. */
  definition: (0, import_chunk_GDCGOP3X.string)(),
  /** The table it belongs to and comes and goes with, as `tables` names it; absent for what stands by itself. */
  table: (0, import_chunk_GDCGOP3X.string)().optional(),
  /** Other tables and views that must be there before it can be: what a foreign key refers to, a view reads. */
  needs: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).optional(),
  /** Of software that the server brings (an extension): another version is told, but is no difference. */
  version: (0, import_chunk_GDCGOP3X.string)().optional()
});
var inventorySchema = (0, import_chunk_GDCGOP3X.strictObject)({
  digestMethod: (0, import_chunk_GDCGOP3X.string)(),
  /** How `definition` was made; only under the same method do definitions compare, else names alone. */
  definitionMethod: (0, import_chunk_GDCGOP3X.string)().optional(),
  tables: (0, import_chunk_GDCGOP3X.array)(tableInventorySchema),
  schema: (0, import_chunk_GDCGOP3X.array)(schemaObjectSchema),
  /** What was not looked into, and why, in sentences. */
  notCovered: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
function countRows({ tables }) {
  return tables.reduce((sum, table) => sum + table.rows, 0);
}
var ABSENT = "nothing";
function compareInventories(store, expected, found) {
  const comparison = {
    store,
    differences: [],
    tablesCompared: 0,
    contentsCompared: 0,
    rowsCompared: 0,
    schemaObjectsCompared: 0,
    notProven: [...expected.notCovered]
  };
  const digestsCompare = expected.digestMethod === found.digestMethod;
  if (!digestsCompare) {
    comparison.notProven.push(
      `Contents of tables in ${store}: the backup's digests were made by ${expected.digestMethod}, these by ${found.digestMethod}.`
    );
  }
  compareTables(comparison, expected.tables, found.tables, digestsCompare);
  const definitionsCompare = expected.definitionMethod === found.definitionMethod;
  if (!definitionsCompare) {
    comparison.notProven.push(
      `Definitions in ${store}: an older lifeboat wrote them down in another way, so only names were compared.`
    );
  }
  compareSchemas(comparison, expected.schema, found.schema, definitionsCompare);
  return comparison;
}
function compareTables(comparison, expected, found, digestsCompare) {
  const { store, differences } = comparison;
  const pooled = poolRows(expected, found);
  const foundByName = new Map(pooled.found.map((table) => [table.name, table]));
  for (const table of pooled.expected) {
    const restored = foundByName.get(table.name);
    foundByName.delete(table.name);
    if (!restored) {
      differences.push({
        store,
        kind: "table",
        name: table.name,
        expected: describeRows(table.rows),
        found: ABSENT
      });
      continue;
    }
    const partitions = pooled.pools.get(table.name);
    if (partitions !== void 0) {
      comparison.notProven.push(
        `Which partition of ${table.name} a row lies in: hashes of its key differ from database to database, so its ${partitions} partitions were compared as one table.`
      );
    }
    comparison.tablesCompared += partitions ?? 1;
    comparison.rowsCompared += restored.rows;
    if (!rowsAgree(table, restored)) {
      differences.push({
        store,
        kind: "rows",
        name: table.name,
        expected: table.moving ? `${table.moving.rowsAtLeast} to ${describeRows(table.moving.rowsAtMost)}` : describeRows(table.rows),
        found: describeRows(restored.rows)
      });
    } else if (table.moving) {
      comparison.notProven.push(
        `Contents of ${table.name}: it was being rewritten while it was read, so only its row count was held against bounds.`
      );
    } else if (table.digest === null || restored.digest === null) {
      comparison.notProven.push(`Contents of ${table.name}: only its rows were counted.`);
    } else if (!(0, import_node_util.isDeepStrictEqual)(table.digestedBy, restored.digestedBy) && table.rows > 0) {
      comparison.notProven.push(
        `Contents of ${table.name}: the backup's digest and this one were made in different ways, so only its rows were counted.`
      );
    } else if (digestsCompare || table.digestedBy) {
      comparison.contentsCompared += partitions ?? 1;
      const { oneIn } = table.digestedBy ?? {};
      if (oneIn !== void 0) {
        comparison.notProven.push(
          `Contents of ${table.name}: every row was counted, but only a sample of 1 in ${oneIn} was compared.`
        );
      }
      if (table.digest === restored.digest) continue;
      differences.push({
        store,
        kind: "content",
        name: table.name,
        expected: `digest ${table.digest}`,
        found: `digest ${restored.digest}`
      });
    }
  }
  for (const extra of foundByName.values()) {
    differences.push({
      store,
      kind: "table",
      name: extra.name,
      expected: ABSENT,
      found: describeRows(extra.rows)
    });
  }
}
function compareSchemas(comparison, expected, found, definitionsCompare) {
  const { store, differences, notProven } = comparison;
  const identify = (object) => `${object.kind}
${object.name}`;
  const foundById = groupBy(found, identify);
  const take = (object, isMeant) => {
    const namesakes = foundById.get(identify(object)) ?? [];
    const position = namesakes.findIndex(isMeant);
    return position === -1 ? void 0 : namesakes.splice(position, 1)[0];
  };
  const unmatched = [];
  for (const object of expected) {
    comparison.schemaObjectsCompared += 1;
    const { kind, name, definition, version } = object;
    const restored = take(object, (candidate) => !definitionsCompare || candidate.definition === definition);
    if (!restored) unmatched.push(object);
    else if (version !== void 0 && restored.version !== version) {
      notProven.push(
        `${kind} ${name}: the backup came from version ${version}, and the restored store has version ${restored.version}, so what it brings with it may differ.`
      );
    }
  }
  for (const object of unmatched) {
    const { kind, name, definition } = object;
    const other = take(object, () => true);
    differences.push({ store, kind, name, expected: definition, found: other?.definition ?? ABSENT });
  }
  if (!definitionsCompare) return;
  for (const { kind, name, definition } of [...foundById.values()].flat()) {
    differences.push({ store, kind, name, expected: ABSENT, found: definition });
  }
}
function groupBy(items, identify) {
  const groups = /* @__PURE__ */ new Map();
  for (const item of items) {
    const group = groups.get(identify(item));
    if (group) group.push(item);
    else groups.set(identify(item), [item]);
  }
  return groups;
}
function rowsAgree(expected, found) {
  const { moving } = expected;
  if (!moving) return expected.rows === found.rows;
  return found.rows >= moving.rowsAtLeast && found.rows <= moving.rowsAtMost;
}
function describeRows(rows) {
  return rows === 1 ? "1 row" : `${rows} rows`;
}
var headSchema = (0, import_chunk_GDCGOP3X.looseObject)({ format: (0, import_chunk_GDCGOP3X.string)(), formatVersion: (0, import_chunk_GDCGOP3X.number)() });
function parseDocument(kind, bytes, where) {
  const { what, format, newestVersion, schema, hint } = kind;
  const damaged = (why, cause) => new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", `The ${what} ${where} cannot be read: ${why}.`, { hint, cause });
  let content;
  try {
    content = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw damaged("it is not JSON", error);
  }
  const head = headSchema.safeParse(content);
  if (!head.success || head.data.format !== format) throw damaged(`it is no ${format}`);
  if (head.data.formatVersion > newestVersion) {
    throw new import_chunk_E4TRGNTH.AppError(
      "FORMAT_TOO_NEW",
      `The ${what} ${where} has format ${head.data.formatVersion}; this lifeboat reads up to ${newestVersion}.`,
      { hint: "Use the version of lifeboat that wrote it, or a newer one." }
    );
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw damaged((0, import_chunk_GDCGOP3X.prettifyError)(parsed.error), parsed.error);
  return parsed.data;
}
function serialiseDocument(content) {
  return Buffer.from(`${JSON.stringify(content, null, 1)}
`);
}
var keyFingerprintSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** As the configuration calls the key. */
  name: (0, import_chunk_GDCGOP3X.string)(),
  method: (0, import_chunk_GDCGOP3X.literal)("scrypt-n65536-r8-p1"),
  /** 16 bytes, hexadecimal; kept from one backup to the next as long as the key is, so that equal means unchanged. */
  salt: (0, import_chunk_GDCGOP3X.string)().regex(/^[0-9a-f]{32}$/),
  /** 16 bytes, hexadecimal. */
  fingerprint: (0, import_chunk_GDCGOP3X.string)().regex(/^[0-9a-f]{32}$/)
});
var COST = { N: 65536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
var derive = (0, import_node_util3.promisify)(import_node_crypto2.scrypt);
async function fingerprintOf(name, key) {
  const salt = (0, import_node_crypto2.randomBytes)(16);
  const fingerprint = await hash(key, salt);
  return {
    name,
    method: "scrypt-n65536-r8-p1",
    salt: salt.toString("hex"),
    fingerprint: fingerprint.toString("hex")
  };
}
async function isFingerprintOf({ salt, fingerprint }, key) {
  return (0, import_node_crypto2.timingSafeEqual)(await hash(key, Buffer.from(salt, "hex")), Buffer.from(fingerprint, "hex"));
}
function shortFingerprint({ fingerprint }) {
  return fingerprint.slice(0, 12);
}
async function hash(key, salt) {
  return await derive(Buffer.from(key.reveal()), salt, 16, COST);
}
var FORMAT_VERSION = 2;
var storedObjectSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  key: (0, import_chunk_GDCGOP3X.string)(),
  sizeBytes: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  sha256: (0, import_chunk_GDCGOP3X.string)().regex(/^[0-9a-f]{64}$/),
  /**
   * Present when the object is an age file: for whom, as `age1…` or `passphrase`, and how many bytes are inside.
   * Size and SHA-256 are those of the file, so that it can be proved without opening it.
   */
  age: (0, import_chunk_GDCGOP3X.strictObject)({ recipients: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).min(1), contentBytes: (0, import_chunk_GDCGOP3X.int)().nonnegative() }).optional()
});
var storeCommon = {
  /** The store's name in the configuration; unique within a backup. */
  store: (0, import_chunk_GDCGOP3X.string)(),
  server: (0, import_chunk_GDCGOP3X.strictObject)({ version: (0, import_chunk_GDCGOP3X.string)() }),
  /** Which database this is: a hash that the same database gives again and no other does, and its plain name. */
  source: (0, import_chunk_GDCGOP3X.strictObject)({ id: (0, import_chunk_GDCGOP3X.string)(), database: (0, import_chunk_GDCGOP3X.string)() }),
  inventory: inventorySchema,
  leftOut: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.strictObject)({ what: (0, import_chunk_GDCGOP3X.string)(), why: (0, import_chunk_GDCGOP3X.string)() })),
  seconds: (0, import_chunk_GDCGOP3X.number)()
};
var postgresArchiveSchema = (0, import_chunk_GDCGOP3X.discriminatedUnion)("format", [
  storedObjectSchema.extend({ format: (0, import_chunk_GDCGOP3X.literal)("custom") }),
  /** SQL for psql. */
  storedObjectSchema.extend({ format: (0, import_chunk_GDCGOP3X.literal)("plain"), compression: (0, import_chunk_GDCGOP3X._enum)(["zstd", "gzip", "none"]) }),
  /** A folder for pg_restore: each of its files under its name there. */
  (0, import_chunk_GDCGOP3X.strictObject)({
    format: (0, import_chunk_GDCGOP3X.literal)("directory"),
    files: (0, import_chunk_GDCGOP3X.array)(storedObjectSchema.extend({ file: (0, import_chunk_GDCGOP3X.string)().regex(/^[\w.-]+$/) }))
  })
]);
var roleAttributesSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  name: (0, import_chunk_GDCGOP3X.string)(),
  /** Policies do not hold for it. */
  bypassesRls: (0, import_chunk_GDCGOP3X.boolean)().optional(),
  /** False where it must SET ROLE to use what the roles below may do. */
  inherits: (0, import_chunk_GDCGOP3X.boolean)().optional(),
  /** Others of these roles that it is a member of. */
  memberOf: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).optional()
});
var postgresScopeSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  content: (0, import_chunk_GDCGOP3X._enum)(["all", "structure", "data"]),
  largeObjects: (0, import_chunk_GDCGOP3X.boolean)(),
  /** Tables, views and sequences that were left out, in full: not dumped, and not looked at after a restore. */
  excluded: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  /** What the archive holds and no restore can create, since it needs what was left out. */
  dangling: (0, import_chunk_GDCGOP3X.array)(
    (0, import_chunk_GDCGOP3X.strictObject)({
      /** As in the inventory, which does not name it. */
      kind: (0, import_chunk_GDCGOP3X.string)(),
      name: (0, import_chunk_GDCGOP3X.string)(),
      /** Its numbers in the archive's table of contents, with which pg_restore --list begins a line. */
      entries: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.int)().positive())
    })
  )
});
var postgresManifestSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  ...storeCommon,
  kind: (0, import_chunk_GDCGOP3X.literal)("postgres"),
  archive: postgresArchiveSchema,
  /** What pg_dump calls itself, with its version. */
  tool: (0, import_chunk_GDCGOP3X.string)(),
  /** Present where pg_dump is of a newer major version than the server: why, and what that means for a restore. */
  toolNote: (0, import_chunk_GDCGOP3X.string)().optional(),
  /** Schemas that the configuration leaves out: not dumped, not counted, and not looked at after a restore. */
  excludedSchemas: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  /** What of those schemas is in the backup; all of it when absent. */
  scope: postgresScopeSchema.optional(),
  /** Roles, their memberships, and settings of roles and of the database, as SQL without a password. */
  globals: storedObjectSchema.optional(),
  /** What belongs to the platform that runs the database; absent where it was taken for nobody's. */
  platform: (0, import_chunk_GDCGOP3X.strictObject)({
    name: (0, import_chunk_GDCGOP3X.literal)("supabase"),
    /** In the archive, not in the inventory, and made only where the target's server offers them. */
    extensions: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
    /** In the archive, not in the inventory, and never made: they are of tables that were left out. */
    publications: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
    /** The same of event triggers: their functions belong to the platform. */
    eventTriggers: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
  }).optional(),
  /** Roles that policies and grants name: they must exist before the archive is restored, or those are lost. */
  roles: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  /** What the server knew of these roles, where it is not what a new role has. */
  roleAttributes: (0, import_chunk_GDCGOP3X.array)(roleAttributesSchema).optional()
});
var clickhousePartSchema = storedObjectSchema.extend({
  database: (0, import_chunk_GDCGOP3X.string)(),
  table: (0, import_chunk_GDCGOP3X.string)(),
  /** The partition's id in system.parts; "all" where the engine knows no partitions. */
  partition: (0, import_chunk_GDCGOP3X.string)(),
  /** Changes whenever the visible rows of the partition could have changed. */
  fingerprint: (0, import_chunk_GDCGOP3X.string)(),
  /** The columns in the order in which the Native block holds them. */
  columns: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  rows: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  digest: (0, import_chunk_GDCGOP3X.string)().nullable(),
  /** Names and types of the columns, hashed: digests of rows compare only under the same. */
  layout: (0, import_chunk_GDCGOP3X.string)().optional(),
  /** Which of several objects that together hold a large partition; absent where one holds it all. */
  slice: (0, import_chunk_GDCGOP3X.strictObject)({ number: (0, import_chunk_GDCGOP3X.int)().positive(), of: (0, import_chunk_GDCGOP3X.int)().positive() }).optional()
});
var serverBackupSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** Where it lies: `Disk` with the disk's name, or `S3` with an address. Credentials are kept nowhere. */
  engine: (0, import_chunk_GDCGOP3X._enum)(["Disk", "S3"]),
  at: (0, import_chunk_GDCGOP3X.string)(),
  /** The folder there, of this backup alone. */
  folder: (0, import_chunk_GDCGOP3X.string)(),
  /** The folders it cannot do without, the full one first and itself last. */
  chain: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).min(1),
  /** Tables whose rows it holds, as `[database, name]`. */
  tables: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.tuple)([(0, import_chunk_GDCGOP3X.string)(), (0, import_chunk_GDCGOP3X.string)()])),
  files: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  /** Bytes that this backup wrote, and bytes of all that it stands for. */
  writtenBytes: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  totalBytes: (0, import_chunk_GDCGOP3X.int)().nonnegative()
});
var clickhouseAccessSchema = storedObjectSchema.extend({
  profiles: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  quotas: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  roles: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  users: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  policies: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
var clickhouseManifestSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  ...storeCommon,
  kind: (0, import_chunk_GDCGOP3X.literal)("clickhouse"),
  ddl: (0, import_chunk_GDCGOP3X.strictObject)({
    /** What lifeboat itself restores from: each object with its kind, name, dependencies and statement. */
    objects: storedObjectSchema,
    /** The same for stock tools: what must exist before the data is loaded, then what must come after it. */
    beforeData: storedObjectSchema,
    afterData: storedObjectSchema
  }),
  parts: (0, import_chunk_GDCGOP3X.array)(clickhousePartSchema),
  access: clickhouseAccessSchema.optional(),
  serverBackup: serverBackupSchema.optional()
});
var storeManifestSchema = (0, import_chunk_GDCGOP3X.discriminatedUnion)("kind", [
  postgresManifestSchema,
  clickhouseManifestSchema
]);
var manifestSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-backup"),
  /** Version 2 only adds fields to version 1, so one schema reads both. */
  formatVersion: (0, import_chunk_GDCGOP3X.literal)([1, FORMAT_VERSION]),
  id: (0, import_chunk_GDCGOP3X.string)(),
  /** The product's name: the folder of the destination that holds its backups. */
  name: (0, import_chunk_GDCGOP3X.string)(),
  /** Version of lifeboat. */
  writtenBy: (0, import_chunk_GDCGOP3X.string)(),
  /** Both in UTC, ISO 8601. The data is as old as `startedAt`. */
  startedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  finishedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  stores: (0, import_chunk_GDCGOP3X.array)(storeManifestSchema),
  /** Stores that retention has removed from this backup since, UTC, ISO 8601. */
  removed: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.strictObject)({ store: (0, import_chunk_GDCGOP3X.string)(), removedAt: import_chunk_NGGILZ57.iso_exports.datetime() })).optional(),
  /** The application's own keys at that time, by fingerprint; absent where none were configured. */
  keys: (0, import_chunk_GDCGOP3X.array)(keyFingerprintSchema).optional(),
  phases: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.strictObject)({ phase: (0, import_chunk_GDCGOP3X.string)(), seconds: (0, import_chunk_GDCGOP3X.number)() }))
});
var sealedManifestSchema = manifestSchema.extend({ sha256: (0, import_chunk_GDCGOP3X.string)().optional() });
function objectsOfStore(store) {
  if (store.kind === "postgres") {
    const { archive, globals } = store;
    const files = archive.format === "directory" ? archive.files : [archive];
    return globals ? [...files, globals] : files;
  }
  const { ddl, access, parts } = store;
  return [ddl.objects, ddl.beforeData, ddl.afterData, ...access ? [access] : [], ...parts];
}
function mapObjects(manifest, replace) {
  const map = (object) => {
    const { key: _key, sizeBytes: _size, sha256: _digest, age: _age, ...about } = object;
    const found = replace(object);
    return found ? { ...about, ...found } : object;
  };
  const stores = manifest.stores.map((store) => {
    if (store.kind === "postgres") {
      const { archive, globals } = store;
      const others = globals && { globals: map(globals) };
      if (archive.format !== "directory") return { ...store, ...others, archive: map(archive) };
      return { ...store, ...others, archive: { ...archive, files: archive.files.map(map) } };
    }
    const { objects, beforeData, afterData } = store.ddl;
    const ddl = { objects: map(objects), beforeData: map(beforeData), afterData: map(afterData) };
    const access = store.access && { access: map(store.access) };
    return { ...store, ddl, ...access, parts: store.parts.map(map) };
  });
  return { ...manifest, stores };
}
function contentBytesOf({ sizeBytes, age }) {
  return age?.contentBytes ?? sizeBytes;
}
function sizeOfStore(store) {
  return objectsOfStore(store).reduce((sum, object) => sum + object.sizeBytes, 0);
}
function sizeOfBackup(manifest) {
  return manifest.stores.reduce((sum, store) => sum + sizeOfStore(store), 0);
}
function serialiseManifest(manifest) {
  const bytes = serialiseDocument(manifest);
  return Buffer.concat([
    bytes.subarray(0, -SEALED_END.length),
    Buffer.from(`,
 "sha256": "${digest(bytes)}"${SEALED_END}`)
  ]);
}
var SEALED_END = "\n}\n";
function isSealIntact(bytes) {
  const text = Buffer.from(bytes).toString("latin1");
  const seal = /,\n "sha256": "([0-9a-f]{64})"\n\}\n$/.exec(text);
  return seal ? seal[1] === digest(Buffer.from(text.slice(0, seal.index) + SEALED_END, "latin1")) : void 0;
}
function digest(bytes) {
  return (0, import_node_crypto.createHash)("sha256").update(bytes).digest("hex");
}
function parseManifest(bytes, where) {
  const kind = {
    what: "manifest",
    format: "lifeboat-backup",
    newestVersion: FORMAT_VERSION,
    schema: sealedManifestSchema,
    hint: "Restore another backup (lifeboat list shows them), and find out who changed this object."
  };
  const isIntact = isSealIntact(bytes);
  const changed = () => new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", `The manifest ${where} is not what was written: its SHA-256 is another.`, {
    hint: kind.hint
  });
  if (isIntact === false) throw changed();
  const { sha256: seal, ...manifest } = parseDocument(kind, bytes, where);
  if (seal !== void 0 && isIntact === void 0) throw changed();
  return manifest;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ABSENT,
  FORMAT_VERSION,
  clickhousePartSchema,
  compareInventories,
  contentBytesOf,
  countRows,
  fingerprintOf,
  isFingerprintOf,
  keyFingerprintSchema,
  mapObjects,
  objectsOfStore,
  parseDocument,
  parseManifest,
  poolRows,
  serialiseDocument,
  serialiseManifest,
  shortFingerprint,
  sizeOfBackup,
  sizeOfStore,
  storeManifestSchema,
  tableInventorySchema
});
