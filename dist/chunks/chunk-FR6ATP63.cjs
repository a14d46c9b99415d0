const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
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
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  DRILL_FORMAT_VERSION: () => DRILL_FORMAT_VERSION,
  NO_RIGHT: () => NO_RIGHT,
  PIN_FORMAT_VERSION: () => PIN_FORMAT_VERSION,
  ProgressThinner: () => ProgressThinner,
  RUN_LIMIT_MS: () => RUN_LIMIT_MS,
  ReceiptBook: () => ReceiptBook,
  UNTRIED: () => UNTRIED,
  createContext: () => createContext,
  explainFailure: () => explainFailure,
  findBucket: () => findBucket,
  findNewestBackup: () => findNewestBackup,
  formatProgress: () => formatProgress,
  listBackupIds: () => listBackupIds,
  listDrillIds: () => listDrillIds,
  listManifests: () => listManifests,
  noteServerFolder: () => noteServerFolder,
  openDestination: () => openDestination,
  pickBackup: () => pickBackup,
  planRetention: () => planRetention,
  prune: () => prune,
  publish: () => publish,
  putRestoreGuide: () => putRestoreGuide,
  readDrillRecords: () => readDrillRecords,
  readDrills: () => readDrills,
  readEach: () => readEach,
  readManifest: () => readManifest,
  readManifests: () => readManifests,
  readPins: () => readPins,
  readReceipts: () => readReceipts,
  readSeal: () => readSeal,
  removeReceipts: () => removeReceipts,
  renderRestoreGuide: () => renderRestoreGuide,
  requireManifests: () => requireManifests,
  requireUnchanged: () => requireUnchanged,
  runTogether: () => runTogether,
  serialiseDrillRecord: () => serialiseDrillRecord,
  serialisePin: () => serialisePin,
  settleAll: () => settleAll,
  spanOf: () => spanOf,
  verifyServerPlaces: () => verifyServerPlaces
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_WN6SEXNX = require("./chunk-WN6SEXNX.cjs");
var import_chunk_JYWDWY5C = require("./chunk-JYWDWY5C.cjs");
var import_chunk_ZKV6NMGU = require("./chunk-ZKV6NMGU.cjs");
var import_chunk_C5YXLHNA = require("./chunk-C5YXLHNA.cjs");
var import_chunk_E7U4CWV7 = require("./chunk-E7U4CWV7.cjs");
var import_chunk_GRBCTXAV = require("./chunk-GRBCTXAV.cjs");
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_BKKABDDY = require("./chunk-BKKABDDY.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_events = require("node:events");
var import_node_url = require("node:url");
var import_node_crypto = require("node:crypto");
var import_promises = require("node:fs/promises");
var import_node_path = require("node:path");
var import_node_stream = require("node:stream");
var import_consumers = require("node:stream/consumers");
var import_node_url2 = require("node:url");
var import_node_crypto2 = require("node:crypto");
var import_node_crypto3 = require("node:crypto");
function explainFailure(error, redactor) {
  const exitStatus = (0, import_chunk_E4TRGNTH.exitStatusOf)(error);
  if (error instanceof import_chunk_E4TRGNTH.AppError) {
    const [title = "", ...rest] = redactor.redact(error.message).split("\n");
    return {
      code: error.code,
      exitStatus,
      title,
      reason: rest.join("\n"),
      hint: redactor.redact(error.hint)
    };
  }
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  return {
    code: "BUG",
    exitStatus,
    title: "lifeboat failed by a fault of its own.",
    reason: redactor.redact(stack),
    hint: "Please report it with the text above; no backup was listed that is not complete."
  };
}
function createContext(source) {
  const { signal, reporter, redactor, env, cacheDir, postgresArchive } = source;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  (0, import_node_events.setMaxListeners)(0, either);
  return {
    signal: either,
    stopAll: () => stop.abort(),
    reporter,
    redactor,
    clock: import_chunk_KVCMGXJE.systemClock,
    toolEnv: (0, import_chunk_5LCZEI5X.toolEnvironment)(env),
    cacheDir,
    ...postgresArchive && { postgresArchive }
  };
}
var NO_RIGHT = "Give the user that runs this the right to read and write the folder.";
var MEANING = {
  ENOSPC: {
    code: "DESTINATION_FAILED",
    why: "the disk is full",
    hint: "Free space there, or choose a larger disk; nothing incomplete was kept."
  },
  EDQUOT: {
    code: "DESTINATION_FAILED",
    why: "the disk quota is used up",
    hint: "Free space there, or raise the quota; nothing incomplete was kept."
  },
  EACCES: { code: "DESTINATION_REFUSED", why: "access is denied", hint: NO_RIGHT },
  EPERM: { code: "DESTINATION_REFUSED", why: "the operation is not permitted", hint: NO_RIGHT },
  EROFS: {
    code: "DESTINATION_REFUSED",
    why: "the file system is mounted read-only",
    hint: "Mount it writable, or choose another folder."
  },
  ENOTSUP: {
    code: "DESTINATION_FAILED",
    why: "the file system cannot do this",
    hint: "Choose a file system with hard links: without them two runs could overwrite each other's manifest."
  }
};
function explainFileError(error, doing) {
  if (!isSystemError(error)) return error;
  const meaning = MEANING[error.code];
  return new import_chunk_E4TRGNTH.AppError(
    meaning?.code ?? "DESTINATION_FAILED",
    `${doing} failed: ${meaning?.why ?? error.message}.`,
    { hint: meaning?.hint ?? "Check the folder and the disk below it.", cause: error }
  );
}
function hasCode(error, ...codes) {
  return isSystemError(error) && codes.includes(error.code);
}
function isSystemError(error) {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
var PARTIAL = /\.partial-[0-9a-f]{12}$/;
var PIECE_BYTES = 1024 * 1024;
var LOOK_AHEAD = 32;
var LOOKS_AT_ONCE = 256;
var DirectoryDestination = class {
  url;
  #base;
  #root;
  #context;
  /**
   * @param base - must exist: were it created, backups would go to the system's disk on the day the backup disk
   *   is not mounted
   * @param name - the folder below it that belongs to this destination; created when first needed
   */
  constructor(base, name, context) {
    this.#base = base;
    this.#root = (0, import_node_path.join)(base, (0, import_chunk_ZKV6NMGU.requireSafeKey)(name));
    this.url = (0, import_node_url2.pathToFileURL)(this.#root).href;
    this.#context = context;
  }
  async check(purpose) {
    await this.#do("Looking at the folder", async () => {
      const found = await statIfThere(this.#base);
      if (found?.isDirectory()) return;
      throw new import_chunk_E4TRGNTH.AppError("DESTINATION_MISSING", `${this.#base} is not there, or is no folder.`, {
        hint: "Create the folder, or mount its disk; it is not created by itself, lest backups go to the wrong disk."
      });
    });
    if (purpose === "write") await this.#tryToWrite();
  }
  async findFreeBytes() {
    const { bavail, bsize } = await this.#do("Looking at the disk", () => (0, import_promises.statfs)(this.#base));
    return bavail * bsize;
  }
  /** The folder that is there tells: what will lie in it is created with its owner's rights. */
  async tryRights() {
    const place = await statIfThere(this.#root) ? this.#root : this.#base;
    const list = await isAllowed(place, import_promises.constants.R_OK) ? "allowed" : "refused";
    const write = await this.#tryToWrite().then(
      () => "allowed",
      (error) => {
        if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "DESTINATION_REFUSED") return "refused";
        throw error;
      }
    );
    return [
      { right: "list", key: "", outcome: list },
      { right: "read", key: import_chunk_ZKV6NMGU.probeKey, outcome: list },
      { right: "write", key: import_chunk_ZKV6NMGU.probeKey, outcome: write },
      { right: "remove", key: import_chunk_ZKV6NMGU.probeKey, outcome: write }
    ];
  }
  async put(key, body) {
    const metered = new import_chunk_JYWDWY5C.MeteredBody(body, this.#context.signal);
    await this.#writePartial(key, metered, (partial, path) => (0, import_promises.rename)(partial, path));
    return metered.written();
  }
  async create(key, body) {
    const metered = new import_chunk_JYWDWY5C.MeteredBody(body, this.#context.signal);
    if (await this.#writeUnlessThere(key, metered) === "already-there") throw (0, import_chunk_JYWDWY5C.keyTaken)(key, this.url);
    return metered.written();
  }
  async putIfAbsent(key, bytes) {
    return await this.#writeUnlessThere(key, import_node_stream.Readable.from([bytes]));
  }
  async read(key) {
    return await (0, import_consumers.buffer)(await this.open(key));
  }
  async open(key, fromByte = 0) {
    const file = await this.#do(`Reading ${key}`, () => this.#openObject(key));
    const { size } = await file.stat();
    const source = file.createReadStream({ start: fromByte, highWaterMark: PIECE_BYTES });
    return (0, import_chunk_JYWDWY5C.guardStream)(
      source,
      Math.max(0, size - fromByte),
      this.#context.signal,
      (error) => this.#explain(error, `Reading ${key}`)
    );
  }
  findPath(key) {
    return this.#path(key);
  }
  async *list(prefix) {
    await this.check();
    for await (const file of this.#walk(folderOf(prefix), prefix)) {
      if (!PARTIAL.test(file.key)) yield file;
    }
  }
  async *listInFolders(prefix, name) {
    await this.check();
    const folders = (await this.#readFolder(prefix)).filter((entry) => entry.isDirectory());
    for (let at = 0; at < folders.length; at += LOOKS_AT_ONCE) {
      const keys = folders.slice(at, at + LOOKS_AT_ONCE).map((folder) => `${prefix}${folder.name}/${name}`);
      const found = await this.#do(
        `Listing ${prefix}`,
        () => Promise.all(keys.map((key) => statIfThere((0, import_node_path.join)(this.#root, key))))
      );
      for (const [index, key] of keys.entries()) {
        const file = found[index];
        if (file?.isFile()) yield { key, sizeBytes: file.size, modifiedAt: file.mtime };
      }
    }
  }
  async findSize(key) {
    return await this.#do(`Looking for ${key}`, async () => {
      const found = await statIfThere(this.#path(key));
      return found?.isFile() ? found.size : void 0;
    });
  }
  async findLock() {
    return void 0;
  }
  async extendLock() {
  }
  async remove(key) {
    await this.#removeFile((0, import_chunk_ZKV6NMGU.requireSafeKey)(key));
  }
  async abortUnfinished(prefix, isDead) {
    let removed = 0;
    for await (const file of this.#walk(folderOf(prefix), prefix)) {
      const key = file.key.replace(PARTIAL, "");
      if (key === file.key || !isDead({ key, startedAt: file.modifiedAt })) continue;
      await this.#removeFile(file.key);
      removed++;
    }
    return removed;
  }
  close() {
  }
  async #writeUnlessThere(key, body) {
    let outcome = "written";
    await this.#writePartial(key, body, async (partial, path) => {
      try {
        await (0, import_promises.link)(partial, path);
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
        outcome = "already-there";
      }
    });
    return outcome;
  }
  /** Only writing tells: the system's own answer about rights knows neither a full disk nor a server's refusal. */
  async #tryToWrite() {
    await this.#writePartial(import_chunk_ZKV6NMGU.probeKey, import_node_stream.Readable.from([Buffer.from("x")]), async () => {
    });
  }
  /**
   * Writes beside the final name, lets `publish` make it visible, and leaves nothing else behind. Errors of the
   * body pass as they are: it may be a file or a socket too, and must not be taken for the destination.
   */
  async #writePartial(key, body, publish2) {
    const path = this.#path(key);
    const partial = `${path}.partial-${(0, import_node_crypto.randomBytes)(6).toString("hex")}`;
    const doing = `Writing ${key}`;
    try {
      const file = await this.#do(doing, () => this.#create(partial));
      try {
        for await (const bytes of gather(body)) await this.#do(doing, () => writeAll(file, bytes));
        await this.#do(doing, () => file.sync());
      } finally {
        await file.close();
      }
      await this.#do(doing, async () => {
        await publish2(partial, path);
        await syncFolder((0, import_node_path.dirname)(path));
      });
    } finally {
      await (0, import_promises.unlink)(partial).catch(() => {
      });
      await this.#removeEmptyFolders((0, import_node_path.dirname)(path));
    }
  }
  async #create(partial) {
    await this.check();
    for (let attempt = 1; ; attempt++) {
      try {
        await (0, import_promises.mkdir)((0, import_node_path.dirname)(partial), { recursive: true, mode: 448 });
        return await (0, import_promises.open)(partial, "wx", 384);
      } catch (error) {
        if (!hasCode(error, "ENOENT")) throw error;
        await (0, import_promises.access)(this.#base, import_promises.constants.W_OK);
        if (attempt === 3) throw error;
      }
    }
  }
  async #openObject(key) {
    try {
      const file = await (0, import_promises.open)(this.#path(key), "r");
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
      await this.check();
    }
    throw new import_chunk_E4TRGNTH.AppError("OBJECT_MISSING", `${key} is not in ${this.url}.`, {
      hint: "It was removed, or the backup that names it was copied without it."
    });
  }
  /**
   * Goes through files in key order: a folder takes its place in it with the slash that ends its name. Looks at some entries
   * ahead of the one that is asked for, since each look waits for the disk.
   */
  async *#walk(folder, prefix, reading = this.#readFolder(folder)) {
    const entries = (await reading).map((entry) => ({ key: `${folder}${entry.name}`, isFolder: entry.isDirectory() })).filter(
      ({ key, isFolder }) => isFolder ? `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`) : key.startsWith(prefix)
    );
    const looks = [];
    for (const index of entries.keys()) {
      for (const entry of entries.slice(looks.length, index + LOOK_AHEAD))
        looks.push(this.#look(entry, prefix));
      yield* looks[index]();
    }
  }
  /** Begins to read a folder, or to look at a file. @returns what gives the files */
  #look({ key, isFolder }, prefix) {
    if (isFolder) {
      const reading = this.#readFolder(`${key}/`);
      reading.catch(() => {
      });
      return () => this.#walk(`${key}/`, prefix, reading);
    }
    const looking = this.#do(`Looking at ${key}`, () => statIfThere((0, import_node_path.join)(this.#root, key)));
    looking.catch(() => {
    });
    return async function* () {
      const found = await looking;
      if (found) yield { key, sizeBytes: found.size, modifiedAt: found.mtime };
    };
  }
  async #readFolder(folder) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(this.#context.signal);
    return await this.#do(`Listing ${folder}`, async () => {
      try {
        const entries = await (0, import_promises.readdir)((0, import_node_path.join)(this.#root, folder), { withFileTypes: true });
        return entries.sort((a, b) => Buffer.compare(sortName(a), sortName(b)));
      } catch (error) {
        if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
        throw error;
      }
    });
  }
  async #removeFile(key) {
    const path = (0, import_node_path.join)(this.#root, key);
    await this.#do(`Removing ${key}`, async () => {
      await (0, import_promises.rm)(path, { force: true });
      await this.#removeEmptyFolders((0, import_node_path.dirname)(path));
    });
  }
  /** A folder is there as long as something is in it, as in S3. Best effort: an empty one does no harm. */
  async #removeEmptyFolders(folder) {
    for (let current = folder; current.startsWith(this.#root); current = (0, import_node_path.dirname)(current)) {
      try {
        await (0, import_promises.rmdir)(current);
      } catch {
        return;
      }
    }
  }
  #path(key) {
    return (0, import_node_path.join)(this.#root, (0, import_chunk_ZKV6NMGU.requireSafeKey)(key));
  }
  async #do(doing, work) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(this.#context.signal);
    try {
      return await work();
    } catch (error) {
      throw this.#explain(error, doing);
    }
  }
  #explain(error, doing) {
    return explainFileError(error, `${doing} in ${this.url}`);
  }
};
function folderOf(prefix) {
  return prefix.slice(0, prefix.lastIndexOf("/") + 1);
}
function sortName(entry) {
  return Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name);
}
async function statIfThere(path) {
  try {
    return await (0, import_promises.stat)(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return void 0;
    throw error;
  }
}
async function isAllowed(path, mode) {
  try {
    await (0, import_promises.access)(path, mode | import_promises.constants.X_OK);
    return "allowed";
  } catch {
    return "refused";
  }
}
async function* gather(body) {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.length; ) {
      const taken = chunk.subarray(offset, offset + PIECE_BYTES - filled);
      piece.set(taken, filled);
      offset += taken.length;
      filled += taken.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
async function writeAll(file, bytes) {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await file.write(bytes, offset)).bytesWritten;
  }
}
async function syncFolder(path) {
  const folder = await (0, import_promises.open)(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
async function openDestination(config, name, context) {
  if (config.url.startsWith("file:///") && URL.canParse(config.url)) {
    return new DirectoryDestination((0, import_node_url.fileURLToPath)(config.url), name, context);
  }
  const place = findBucket(config, name);
  if (place) {
    const { openS3 } = await Promise.resolve().then(() => __toESM(require("./s3-V3VS5GVH.cjs")));
    return await openS3(config, place, context);
  }
  throw new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The destination ${config.url} is neither an S3 bucket nor a folder.`,
    {
      hint: "Write s3://bucket/prefix or file:///absolute/path."
    }
  );
}
function findBucket({ url }, name) {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const folder = `${prefix}/${name}`.split("/").filter((part) => part !== "");
  return bucket === void 0 ? void 0 : { bucket, folder: folder.join("/") };
}
var DRILL_FORMAT_VERSION = 1;
var stepResultSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  name: (0, import_chunk_GDCGOP3X.string)(),
  kind: (0, import_chunk_GDCGOP3X.string)(),
  /** "failed": it was tried, and went wrong. "unproven": it had nothing to show, or was not tried. */
  outcome: (0, import_chunk_GDCGOP3X._enum)(["passed", "failed", "unproven"]),
  seconds: (0, import_chunk_GDCGOP3X.number)(),
  /** Why it failed; empty when it passed. */
  reason: (0, import_chunk_GDCGOP3X.string)(),
  /** What it showed, in sentences. */
  details: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
var UNTRIED = "Not tried";
var controlResultSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** What was done to a further copy, or to the drill. */
  name: (0, import_chunk_GDCGOP3X.string)(),
  /** "caught": the drill failed for that very reason. "missed": it did not, so its green proves less. */
  outcome: (0, import_chunk_GDCGOP3X._enum)(["caught", "missed", "not applicable"]),
  seconds: (0, import_chunk_GDCGOP3X.number)(),
  reason: (0, import_chunk_GDCGOP3X.string)()
});
var comparisonSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  store: (0, import_chunk_GDCGOP3X.string)(),
  differences: (0, import_chunk_GDCGOP3X.array)(
    (0, import_chunk_GDCGOP3X.strictObject)({
      store: (0, import_chunk_GDCGOP3X.string)(),
      kind: (0, import_chunk_GDCGOP3X.string)(),
      name: (0, import_chunk_GDCGOP3X.string)(),
      expected: (0, import_chunk_GDCGOP3X.string)(),
      found: (0, import_chunk_GDCGOP3X.string)()
    })
  ),
  tablesCompared: (0, import_chunk_GDCGOP3X.number)(),
  contentsCompared: (0, import_chunk_GDCGOP3X.number)(),
  rowsCompared: (0, import_chunk_GDCGOP3X.number)(),
  schemaObjectsCompared: (0, import_chunk_GDCGOP3X.number)(),
  notProven: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
var recordSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-drill"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(DRILL_FORMAT_VERSION),
  id: (0, import_chunk_GDCGOP3X.string)(),
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  writtenBy: (0, import_chunk_GDCGOP3X.string)(),
  startedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  finishedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  verdict: (0, import_chunk_GDCGOP3X._enum)(["proven", "differs", "unproven"]),
  /** Why the verdict is not "proven", in sentences. */
  reasons: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  /** What a reader might take for proven and is not, in sentences. */
  notProven: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
  comparisons: (0, import_chunk_GDCGOP3X.array)(comparisonSchema),
  steps: (0, import_chunk_GDCGOP3X.array)(stepResultSchema),
  /** Present when further copies were damaged on purpose. */
  controls: (0, import_chunk_GDCGOP3X.array)(controlResultSchema).optional(),
  phases: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.strictObject)({ phase: (0, import_chunk_GDCGOP3X.string)(), seconds: (0, import_chunk_GDCGOP3X.number)() })),
  /** From the first look for the backup until the data is back and compared and the steps are done. */
  restoreSeconds: (0, import_chunk_GDCGOP3X.number)(),
  /** How old the data was when the drill began. */
  dataAgeHours: (0, import_chunk_GDCGOP3X.number)(),
  objectives: (0, import_chunk_GDCGOP3X.strictObject)({ rpoHours: (0, import_chunk_GDCGOP3X.number)().optional(), rtoMinutes: (0, import_chunk_GDCGOP3X.number)().optional() })
});
function serialiseDrillRecord(record) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)(record);
}
function parseDrillRecord(bytes, where) {
  const kind = {
    what: "drill record",
    format: "lifeboat-drill",
    newestVersion: DRILL_FORMAT_VERSION,
    schema: recordSchema,
    hint: "The backups are not touched by this; find out who changed this object."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
var PIN_FORMAT_VERSION = 1;
var pinSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-pin"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(PIN_FORMAT_VERSION),
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  /** Why it is kept, in the words of whoever wants it kept. */
  note: (0, import_chunk_GDCGOP3X.string)(),
  pinnedAt: import_chunk_NGGILZ57.iso_exports.datetime()
});
function serialisePin(pin) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)(pin);
}
function parsePin(bytes, where) {
  const kind = {
    what: "pin",
    format: "lifeboat-pin",
    newestVersion: PIN_FORMAT_VERSION,
    schema: pinSchema,
    hint: "Remove the pin with lifeboat unpin, and pin the backup again."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
var READS_AT_ONCE = 48;
async function listBackupIds(destination) {
  return [...(await listManifests(destination)).keys()];
}
async function listManifests(destination) {
  const manifests = [];
  for await (const listed of destination.listInFolders(import_chunk_ZKV6NMGU.backupsPrefix, import_chunk_ZKV6NMGU.manifestName)) {
    const id = (0, import_chunk_ZKV6NMGU.findBackupOf)(listed.key);
    if (id !== void 0) manifests.push([id, listed]);
  }
  return new Map(manifests.sort(([a], [b]) => a < b ? 1 : -1));
}
async function readManifest(destination, id) {
  const key = (0, import_chunk_ZKV6NMGU.manifestKey)(id);
  const where = `${destination.url}/${key}`;
  const manifest = (0, import_chunk_GRBCTXAV.parseManifest)(await destination.read(key), where);
  if (manifest.id === id) return manifest;
  throw new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", `The manifest ${where} is that of another backup.`, {
    hint: "Somebody copied it there: restore a backup that lies in its own folder."
  });
}
async function readManifests(destination, ids) {
  return await readEach(ids, (id) => readManifest(destination, id));
}
async function requireManifests(destination, ids) {
  const { readable, unreadable } = toReadings(await readManifests(destination, ids));
  if (unreadable.length === 0) return readable;
  throw new import_chunk_E4TRGNTH.AppError(
    "BACKUP_DAMAGED",
    `Nothing is removed, since nobody knows what these backups need:
${unreadable.join("\n")}`,
    {
      hint: "Read them with the version of lifeboat that wrote them; or, when they are lost, remove their folders by hand."
    }
  );
}
async function findNewestBackup(destination) {
  const [newest] = await listBackupIds(destination);
  return newest === void 0 ? void 0 : await readManifest(destination, newest);
}
async function pickBackup(destination, selection) {
  const ids = await listBackupIds(destination);
  const { id, before, pick = "newest" } = selection;
  const candidates = ids.filter(
    (candidate) => (id === void 0 || candidate === id) && (before === void 0 || ((0, import_chunk_ZKV6NMGU.findBackupTime)(candidate)?.getTime() ?? Infinity) < before.getTime())
  );
  const places = {
    newest: 0,
    oldest: candidates.length - 1,
    random: (0, import_node_crypto2.randomInt)(Math.max(candidates.length, 1))
  };
  const picked = candidates[places[pick]];
  if (picked === void 0) throw notFound(destination, selection, ids);
  return await readManifest(destination, picked);
}
async function listDrillIds(destination) {
  const ids = [];
  for await (const { key } of destination.list(import_chunk_ZKV6NMGU.drillsPrefix)) {
    const id = (0, import_chunk_ZKV6NMGU.findDrillOf)(key);
    if (id !== void 0) ids.push(id);
  }
  return ids.sort().reverse();
}
async function readDrillRecords(destination, ids) {
  return await readEach(ids, async (id) => {
    const key = (0, import_chunk_ZKV6NMGU.drillKey)(id);
    return parseDrillRecord(await destination.read(key), `${destination.url}/${key}`);
  });
}
async function readDrills(destination) {
  const drills = toReadings(await readDrillRecords(destination, await listDrillIds(destination)));
  drills.readable.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  return drills;
}
async function readPins(destination) {
  const pins = /* @__PURE__ */ new Map();
  for await (const { key } of destination.list(import_chunk_ZKV6NMGU.pinsPrefix)) {
    const pin = parsePin(await destination.read(key), `${destination.url}/${key}`);
    pins.set(pin.backupId, pin);
  }
  return pins;
}
var OF_ONE_OBJECT = /* @__PURE__ */ new Set(["BACKUP_DAMAGED", "FORMAT_TOO_NEW", "OBJECT_MISSING"]);
async function readEach(names, read) {
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(READS_AT_ONCE);
  const outcomes = { readable: [], unreadable: [] };
  const settled = await Promise.allSettled(names.map((name) => limit(() => read(name))));
  for (const [index, outcome] of settled.entries()) {
    if (outcome.status === "fulfilled") {
      outcomes.readable.push(outcome.value);
      continue;
    }
    const error = outcome.reason;
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || !OF_ONE_OBJECT.has(error.code)) throw error;
    outcomes.unreadable.push({ id: names[index], error });
  }
  return outcomes;
}
function toReadings({ readable, unreadable }) {
  return { readable, unreadable: unreadable.map(({ error }) => error.message) };
}
function notFound(destination, { id, before }, ids) {
  const wanted = [
    id === void 0 ? "" : ` with the id ${id}`,
    before === void 0 ? "" : ` from before ${before.toISOString()}`
  ].join("");
  const hint = ids.length === 0 ? "Run lifeboat backup first, and check that name and destination are those it was run with." : ids.length === 1 ? `There is one, ${ids[0]}.` : `There are ${ids.length}, from ${ids.at(-1)} to ${ids[0]}; lifeboat list shows them.`;
  return new import_chunk_E4TRGNTH.AppError("BACKUP_NOT_FOUND", `${destination.url} holds no complete backup${wanted}.`, { hint });
}
var RECEIPT_VERSION = 1;
var receiptSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-receipt"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(RECEIPT_VERSION),
  /** The run that wrote the parts. */
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  store: (0, import_chunk_GDCGOP3X.string)(),
  parts: (0, import_chunk_GDCGOP3X.array)(import_chunk_GRBCTXAV.clickhousePartSchema)
});
function serialiseReceipt(receipt) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)({ format: "lifeboat-receipt", formatVersion: RECEIPT_VERSION, ...receipt });
}
function parseReceipt(bytes, where) {
  const kind = {
    what: "receipt",
    format: "lifeboat-receipt",
    newestVersion: RECEIPT_VERSION,
    schema: receiptSchema,
    hint: "Remove it: it only spares a later run from sending parts again."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
async function runTogether(context, items, work) {
  const failures = [];
  const results = [];
  await Promise.all(
    items.map(async (item, index) => {
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
        context.stopAll();
      }
    })
  );
  if (failures.length > 0) throw failures[0];
  return results;
}
async function settleAll(work) {
  const outcomes = await Promise.allSettled(work);
  (0, import_chunk_E4TRGNTH.throwTogether)(
    outcomes.flatMap((outcome) => outcome.status === "rejected" ? [outcome.reason] : [])
  );
  return outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
}
var PARTS_A_RECEIPT = 16;
var BYTES_A_RECEIPT = 256 * 1024 ** 2;
var RECEIPT_EVERY_MS = 1e4;
var REQUESTS_AT_ONCE = 16;
var ReceiptBook = class {
  #backupId;
  #writer;
  #clock;
  #reporter;
  /** Kept parts that no receipt tells of yet, by store. */
  #unwritten = /* @__PURE__ */ new Map();
  #received = /* @__PURE__ */ new Set();
  #count = 0;
  #isRefused = false;
  #isDistrusted = false;
  #lastMs;
  #writing = Promise.resolve();
  /** @param writer - tells the receipts of one run from those of others that share the backup */
  constructor(backupId, { clock, reporter }, writer) {
    this.#backupId = backupId;
    this.#writer = writer === void 0 ? "" : `-${writer}`;
    this.#clock = clock;
    this.#reporter = reporter;
    this.#lastMs = clock.ticksMs();
  }
  /** Keys of the parts that receipts tell of: a later run may count on them. */
  get received() {
    return this.#received;
  }
  async add(store, part, destination) {
    const parts = this.#unwritten.get(store) ?? [];
    this.#unwritten.set(store, [...parts, part]);
    const waiting = [...this.#unwritten.values()].flat();
    const isDue = waiting.length >= PARTS_A_RECEIPT || waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) >= BYTES_A_RECEIPT || this.#clock.ticksMs() - this.#lastMs >= RECEIPT_EVERY_MS;
    if (isDue) await this.write(destination);
  }
  /** From now on the run gives no receipts, and the next `write` removes those that it gave. */
  distrust() {
    this.#isDistrusted = true;
    this.#unwritten.clear();
  }
  /** Writes a receipt of all that has none. That it cannot be written is no reason to fail: it only spares work. */
  async write(destination) {
    this.#lastMs = this.#clock.ticksMs();
    this.#writing = this.#writing.then(async () => {
      if (this.#isDistrusted) {
        this.#received.clear();
        await removeReceipts(destination, [this.#backupId]);
        return;
      }
      const unwritten = [...this.#unwritten];
      this.#unwritten.clear();
      for (const [store, parts] of unwritten) await this.#writeOne(store, parts, destination);
    });
    await this.#writing;
  }
  async #writeOne(store, parts, destination) {
    if (this.#isRefused) return;
    this.#count += 1;
    const bytes = serialiseReceipt({ backupId: this.#backupId, store, parts });
    try {
      const key = (0, import_chunk_ZKV6NMGU.receiptKey)(this.#backupId, `${store}${this.#writer}`, this.#count);
      if (await destination.putIfAbsent(key, bytes) === "already-there") return;
      for (const { key: key2 } of parts) this.#received.add(key2);
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
      const meanwhile = this.#unwritten.get(store) ?? [];
      if (error.code === "CANCELLED") {
        this.#unwritten.set(store, [...parts, ...meanwhile]);
        return;
      }
      this.#isRefused = true;
      this.#reporter.warn(`Should this run die, the next one sends everything again: ${error.message}`);
    }
  }
};
async function readReceipts(destination, after) {
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(REQUESTS_AT_ONCE);
  const keys = [];
  for await (const { key } of destination.list(import_chunk_ZKV6NMGU.receiptsPrefix)) {
    const time = (0, import_chunk_ZKV6NMGU.findBackupTime)((0, import_chunk_ZKV6NMGU.findRunOfReceipt)(key) ?? "");
    if (time && time.getTime() >= after.getTime()) keys.push(key);
  }
  const read = async (key) => {
    try {
      return [parseReceipt(await destination.read(key), `${destination.url}/${key}`)];
    } catch (error) {
      const isGone = error instanceof import_chunk_E4TRGNTH.AppError && ["BACKUP_DAMAGED", "OBJECT_MISSING", "FORMAT_TOO_NEW"].includes(error.code);
      if (isGone) return [];
      throw error;
    }
  };
  return (await settleAll(keys.map((key) => limit(() => read(key))))).flat();
}
async function removeReceipts(destination, backupIds) {
  for (const id of new Set(backupIds)) {
    const keys = [];
    for await (const { key } of destination.list((0, import_chunk_ZKV6NMGU.receiptsFolder)(id))) keys.push(key);
    await settleAll(keys.map((key) => destination.remove(key)));
  }
}
function planRetention(backups, policy, now, graceMs) {
  const newestFirst = [...backups].sort(
    (a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? 1 : -1)
  );
  const kept = /* @__PURE__ */ new Map();
  for (const store of new Set(newestFirst.flatMap(({ stores }) => stores))) {
    const holders = newestFirst.filter(({ stores }) => stores.includes(store));
    kept.set(store, applyRule(holders, policy.stores[store] ?? policy.rule, policy.timeZone, now));
    addReason(kept, store, holders[0], "the newest");
    const proven = holders.find(({ provenStores }) => provenStores.includes(store));
    addReason(kept, store, proven, "the newest that a drill has proved");
  }
  return newestFirst.map((backup, index) => {
    const { always, lock } = findFloors(backup, newestFirst[index - 1], now, graceMs);
    const stores = backup.stores.map((store) => {
      const reasons = [...kept.get(store)?.get(backup.id) ?? [], ...always];
      const locked = lock === void 0 ? [] : [describeLock(lock)];
      const isKept = reasons.length + locked.length > 0;
      return { store, isKept, reasons: isKept ? [...reasons, ...locked] : ["no rule keeps it"] };
    });
    const isHeldByLockOnly = stores.some(({ reasons }) => lock !== void 0 && reasons.length === 1);
    return { id: backup.id, stores, ...isHeldByLockOnly && { removableFrom: lock } };
  });
}
function addReason(kept, store, backup, reason) {
  if (!backup) return;
  const ofStore = kept.get(store);
  ofStore.set(backup.id, [...ofStore.get(backup.id) ?? [], reason]);
}
function findFloors(backup, successor, now, graceMs) {
  const { pin, lockedUntil, startedAt } = backup;
  const always = [];
  if (pin !== void 0) always.push(`pinned: ${pin}`);
  if (startedAt > now) always.push("its time lies ahead of this clock");
  if (successor && successor.finishedAt.getTime() > now.getTime() - graceMs)
    always.push("a run under way may refer to it");
  const isLocked = lockedUntil === "held" || lockedUntil !== void 0 && lockedUntil > now;
  return { always, ...isLocked && { lock: lockedUntil } };
}
var CALENDAR = {
  daily: "yyyy-MM-dd",
  weekly: "kkkk-'W'WW",
  monthly: "yyyy-MM",
  yearly: "yyyy"
};
function spanOf(time, span, timeZone) {
  return import_chunk_WN6SEXNX.DateTime.fromJSDate(time, { zone: timeZone }).toFormat(CALENDAR[span]);
}
function applyRule(newestFirst, rule, timeZone, now) {
  const kept = /* @__PURE__ */ new Map();
  const keep = ({ id }, reason) => {
    kept.set(id, [...kept.get(id) ?? [], reason]);
  };
  const isUnlimited = Object.values(rule).every((value) => value === void 0);
  const past = newestFirst.filter(({ startedAt }) => startedAt <= now);
  for (const backup of past) {
    if (isUnlimited) keep(backup, "no rule removes it");
    const ageMs = now.getTime() - backup.startedAt.getTime();
    if (rule.withinMs !== void 0 && ageMs <= rule.withinMs) keep(backup, "young enough");
  }
  past.slice(0, rule.last ?? 0).forEach((backup, index) => keep(backup, `last ${index + 1} of ${rule.last}`));
  for (const key of Object.keys(CALENDAR)) {
    const limit = rule[key] ?? 0;
    const seen = /* @__PURE__ */ new Set();
    for (const backup of past) {
      const span = spanOf(backup.startedAt, key, timeZone);
      if (seen.has(span)) continue;
      if (seen.size === limit) break;
      seen.add(span);
      keep(backup, `${key} ${seen.size} of ${limit} (${span})`);
    }
  }
  return kept;
}
function describeLock(lock) {
  return lock === "held" ? "under legal hold" : `locked until ${lock.toISOString()}`;
}
var SEAL = /\n<!-- sha256 of all above: ([0-9a-f]{64}) -->\n$/;
function sealGuide(guide) {
  const text = guide.trimEnd() + "\n";
  return `${text}
<!-- sha256 of all above: ${digest(Buffer.from(`${text}
`))} -->
`;
}
function readSeal(bytes) {
  const seal = SEAL.exec(bytes.toString("latin1"));
  if (!seal) return "absent";
  return seal[1] === digest(bytes.subarray(0, seal.index + 1)) ? "intact" : "broken";
}
function digest(bytes) {
  return (0, import_node_crypto3.createHash)("sha256").update(bytes).digest("hex");
}
function renderRestoreGuide(manifest, destinationUrl) {
  const locks = listLocks(manifest);
  const sections = manifest.stores.map(
    (store) => store.kind === "postgres" ? renderPostgres(store) : renderClickHouse(store)
  );
  const lines = [
    `# Restore ${manifest.name} from backup ${manifest.id}`,
    "",
    `This backup holds the data of ${manifest.startedAt}. The commands below need bash, curl, sha256sum${destinationUrl.startsWith("s3:") ? ", aws" : ""}${locks.size > 0 ? ", age" : ""} and the PostgreSQL client; run them in one shell, in an`,
    "empty folder. The first error ends that shell, so start one for it: bash. Restore into empty databases only.",
    "",
    "With lifeboat at hand, one command does the same and compares every table afterwards:",
    "",
    `    lifeboat restore --backup ${manifest.id}`,
    "",
    "## Fetch",
    "",
    ...destinationUrl.startsWith("s3:") ? [
      "aws takes its credentials from the usual places. Where the bucket is not at AWS, set AWS_ENDPOINT_URL to the",
      "address of the service, and AWS_DEFAULT_REGION.",
      ""
    ] : [],
    ...renderUnlocking(locks),
    ...block(renderFetch(destinationUrl, locks)),
    ...sections.flat()
  ];
  return sealGuide(lines.join("\n"));
}
function listLocks({ stores }) {
  return new Set(stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore).flatMap(({ age }) => age?.recipients ?? []));
}
function renderUnlocking(locks) {
  const recipients = [...locks].filter((lock) => lock !== import_chunk_BKKABDDY.PASSPHRASE);
  return [
    ...recipients.length > 0 ? [
      "The objects are encrypted with age (https://age-encryption.org). Set AGE_IDENTITY to the file with the identity of",
      `${recipients.join(" or ")}; without it nobody can read them.`,
      ""
    ] : [],
    ...locks.has(import_chunk_BKKABDDY.PASSPHRASE) ? [
      `${recipients.length > 0 ? "Some objects" : "The objects"} are encrypted with age (https://age-encryption.org), under a passphrase: age asks for it at each one.`,
      ""
    ] : []
  ];
}
function renderFetch(destinationUrl, locks) {
  const copy = destinationUrl.startsWith("s3:") ? 'aws s3 cp --only-show-errors "$source/$1" "$3"' : 'cp "$source/$1" "$3"';
  const source = destinationUrl.startsWith("file:") ? decodeURIComponent(new URL(destinationUrl).pathname) : destinationUrl;
  return [
    "set -euo pipefail",
    `source=${quote(source)}`,
    "# fetch KEY SHA256 FILE: a file that is not what was written stops the restore",
    `fetch() { ${copy} && echo "$2  $3" | sha256sum --check --quiet${locks.size > 0 ? ' && open_age "$1" "$3"' : ""}; }`,
    ...locks.size > 0 ? renderOpenAge(locks) : []
  ];
}
function renderOpenAge(locks) {
  const byIdentity = 'age --decrypt --identity "$AGE_IDENTITY" --output "$2" "$1"';
  const byPassphrase = 'age --decrypt --output "$2" "$1"';
  const either = `if grep -aqm1 '^-> scrypt ' "$1"; then ${byPassphrase}; else ${byIdentity}; fi`;
  const unlock = !locks.has(import_chunk_BKKABDDY.PASSPHRASE) ? byIdentity : locks.size === 1 ? byPassphrase : either;
  return [
    "# open_age KEY FILE: decrypts a file in its place, if its key says that it is encrypted",
    'open_age() { [[ $1 != *.age ]] || { mv "$2" "$2.age" && unlock "$2.age" "$2" && rm "$2.age"; }; }',
    `unlock() { ${unlock}; }`
  ];
}
function renderPostgres(store) {
  return [
    `## ${store.store}: PostgreSQL ${store.server.version}`,
    "",
    "Set PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE to an empty database first. Use the client of the same",
    `major version (the dump was made by ${store.tool}).`,
    "",
    ...store.scope?.content === "data" ? ["This backup holds rows alone: the database must have its tables already, empty.", ""] : [],
    ...store.scope?.content === "structure" ? ["This backup holds structure alone, and no row.", ""] : [],
    ...block([...renderFetchArchive(store), ...renderProvisions(store), ...renderLoad(store)]),
    ...renderGlobals(store)
  ];
}
function renderGlobals({ store, globals }) {
  const file = `${store}-globals.sql`;
  return renderByHand(globals, file, `psql --no-psqlrc --quiet --file=${file}`, [
    "Roles, their memberships and settings are in a file of their own, without passwords. On a server that lacks them, run",
    "as its administrator (what that one may not do is reported, and the rest goes on), then give the roles passwords:"
  ]);
}
function renderByHand(statements, file, run, about) {
  if (!statements) return [];
  return [...about, "", `    ${fetchLine(statements, file)}`, `    ${run}`, ""];
}
function renderFetchArchive(store) {
  const { archive } = store;
  const name = nameArchive(store);
  if (archive.format !== "directory") return [fetchLine(archive, name)];
  return [`mkdir ${name}`, ...archive.files.map((file) => fetchLine(file, `${name}/${file.file}`))];
}
function nameArchive({ store, archive }) {
  if (archive.format !== "plain") return `${store}.dump`;
  return `${store}.sql${{ zstd: ".zst", gzip: ".gz", none: "" }[archive.compression]}`;
}
function renderLoad(store) {
  const { archive } = store;
  const file = nameArchive(store);
  if (archive.format === "plain") {
    const open2 = { zstd: "zstd --decompress --stdout", gzip: "gzip --decompress --stdout", none: "cat" };
    return [
      `${open2[archive.compression]} ${file} | psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --file=-`
    ];
  }
  const left = describeEntriesLeft(store);
  const list = `${store.store}.list`;
  return [
    ...left === void 0 ? [] : [
      "# Without what needs what the backup leaves out, or what only the platform has",
      `pg_restore --list ${file} | sed -E ${quote(`/${left}/d`)} > ${list}`
    ],
    `pg_restore --no-owner --no-tablespaces --exit-on-error --jobs=4${left === void 0 ? "" : ` --use-list=${list}`} --dbname="$PGDATABASE" ${file}`
  ];
}
function describeEntriesLeft({ platform, scope, excludedSchemas }) {
  const anyOf = (names) => `(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join("|")})`;
  const { extensions = [], publications = [], eventTriggers = [] } = platform ?? {};
  const dangling = scope?.dangling.flatMap(({ entries: entries2 }) => entries2) ?? [];
  const entries = [
    ...extensions.length > 0 ? [`EXTENSION - ${anyOf(extensions)} `, `COMMENT - EXTENSION "?${anyOf(extensions)}"? `] : [],
    ...publications.length > 0 ? [`PUBLICATION - ${anyOf(publications)} `] : [],
    ...eventTriggers.length > 0 ? [`EVENT TRIGGER - ${anyOf(eventTriggers)} `] : [],
    ...excludedSchemas.length > 0 ? [`(ACL|COMMENT|SECURITY LABEL) ${anyOf(excludedSchemas)} `] : []
  ];
  const patterns = [
    ...dangling.length > 0 ? [`^(${dangling.join("|")});`] : [],
    ...entries.length > 0 ? [`^[0-9]+; [0-9]+ [0-9]+ (${entries.join("|")})`] : []
  ];
  return patterns.length > 0 ? patterns.join("|") : void 0;
}
function renderProvisions(store) {
  const roles = (0, import_chunk_E7U4CWV7.listRoles)(store);
  const schemas = (0, import_chunk_C5YXLHNA.listProvisions)(store).flatMap(({ statements }) => statements);
  if (roles.length + schemas.length === 0) return [];
  const attempt = (statement, unless) => `DO $do$ BEGIN ${statement} EXCEPTION WHEN ${unless} THEN NULL; END $do$;`;
  return [
    "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'",
    ...roles.map((role) => attempt((0, import_chunk_E7U4CWV7.createRole)(role), "duplicate_object")),
    ...roles.flatMap(import_chunk_E7U4CWV7.grantMemberships),
    ...schemas,
    "SQL"
  ];
}
function renderClickHouse(store) {
  const views = new Set(
    store.inventory.schema.filter(({ kind }) => kind === "materialized view").map(({ name }) => name)
  );
  const isOfView = ({ database, table }) => views.has(`${database}.${table}`);
  const parts = store.parts.filter((part) => (0, import_chunk_GRBCTXAV.contentBytesOf)(part) > 0);
  const ofTables = parts.filter((part) => !isOfView(part));
  const ofViews = parts.filter(isOfView);
  return [
    `## ${store.store}: ClickHouse ${store.server.version}`,
    "",
    "Set CLICKHOUSE_URL (such as https://host:8443), CLICKHOUSE_USER and CLICKHOUSE_PASSWORD first. The server must",
    "be able to run this version's DDL: the same major.minor is safest.",
    "",
    ...block([
      "# The password travels in a file that only you can read, not in the arguments of curl",
      String.raw`(umask 077; printf 'X-ClickHouse-User: %s\nX-ClickHouse-Key: %s\n' "$CLICKHOUSE_USER" "$CLICKHOUSE_PASSWORD" > login)`,
      'ask() { curl --silent --show-error --fail-with-body --header @login "$CLICKHOUSE_URL/$1" "${@:2}"; }',
      'run() { printf %s "$1" | ask "?${2-}" --data-binary @-; }',
      "# define FILE: a line is one statement; the first gives the settings that the others need",
      "define() {",
      "  local settings",
      String.raw`  settings=$(sed -n '1{s/^SET //;s/;$//;s/ = /=/g;s/, /\&/g;p}' "$1")`,
      '  tail -n +2 "$1" | while IFS= read -r statement; do run "$statement" "$settings"; done',
      "}",
      "# load KEY SHA256 STATEMENT: one partition",
      "load() {",
      '  fetch "$1" "$2" part.native.zst',
      String.raw`  local query; query=$(printf %s "$3" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)`,
      "  # Through standard input: of a file, some versions of curl put the name into the address",
      `  ask "?${INSERT_SETTINGS}&query=$query" --header "Content-Encoding: zstd" --request POST --upload-file - < part.native.zst`,
      "}",
      fetchLine(store.ddl.beforeData, "before-data.sql"),
      fetchLine(store.ddl.afterData, "after-data.sql"),
      "define before-data.sql",
      "# Merges would drop expired rows, and those that newer ones replace, before they can be counted",
      ...setMerges("STOP", ofTables),
      ...ofTables.map(loadLine),
      "define after-data.sql",
      ...setMerges("STOP", ofViews),
      ...setViews("STOP", ofViews),
      ...ofViews.map(loadLine)
    ]),
    "Compare now: `manifest.json` beside this file lists the rows that every table must hold. Then let the server merge",
    "and expire again:",
    "",
    ...describeServerBackup(store),
    ...block([...setMerges("START", parts), ...setViews("START", ofViews), "rm -f login part.native.zst"]),
    ...renderAccess(store)
  ];
}
function renderAccess({ store, access: access2 }) {
  const file = `${store}-access.sql`;
  const run = `clickhouse-client --host HOST --user ADMIN --password --ignore-error --queries-file ${file}`;
  return renderByHand(access2, file, run, [
    "Users, roles, grants, quotas, settings profiles and row policies are in a file of their own, a statement a line, without",
    "passwords. Nobody of them can log in then: the last lines of the file say how each user is let in, with a new password.",
    "On a server that lacks them, run as its administrator (what the server refuses is told, and the rest goes on):"
  ]);
}
var INSERT_SETTINGS = [
  "optimize_on_insert=0",
  "async_insert=0",
  "insert_deduplicate=0",
  "insert_allow_materialized_columns=1",
  "max_partitions_per_insert_block=0",
  "wait_end_of_query=1"
].join("&");
function describeServerBackup({ serverBackup }) {
  if (!serverBackup) return [];
  const { engine, at, folder, tables } = serverBackup;
  const place = engine === "Disk" ? `Disk('${at}', '${folder}')` : `S3('${at}/${folder}', '<key id>', '<secret>')`;
  const names = tables.map(
    ([database, name]) => `TABLE ${quoteClickHouse(database)}.${quoteClickHouse(name)}`
  );
  const settings = ["create_database = 0", "create_table = 0", "allow_different_table_def = 1"];
  if (engine === "S3") settings.push("use_same_s3_credentials_for_base_backup = 1");
  return [
    "The rows were written by the server itself. Run this on a server that reaches the same place, once the DDL above",
    "is in and before anything else is; leave materialized views for a second statement, after after-data.sql.",
    "",
    "```sql",
    `RESTORE ${names.join(", ")} FROM ${place} SETTINGS ${settings.join(", ")}`,
    "```",
    ""
  ];
}
function setMerges(how, parts) {
  return ["MERGES", "TTL MERGES"].flatMap(
    (work) => listTables(parts).map((table) => `run ${quote(`SYSTEM ${how} ${work} ${table}`)}`)
  );
}
function setViews(how, parts) {
  return listTables(parts).map((view) => `run ${quote(`SYSTEM ${how} VIEW ${view}`)}`);
}
function listTables(parts) {
  return [...new Set(parts.map(nameTable))];
}
function nameTable({ database, table }) {
  return `${quoteClickHouse(database)}.${quoteClickHouse(table)}`;
}
function loadLine(part) {
  const columns = part.columns.map(quoteClickHouse).join(", ");
  return `load ${quote(part.key)} ${part.sha256} ${quote(`INSERT INTO ${nameTable(part)} (${columns}) FORMAT Native`)}`;
}
function fetchLine(object, file) {
  return `fetch ${quote(object.key)} ${object.sha256} ${quote(file)}`;
}
function block(lines) {
  return ["```bash", ...lines, "```", ""];
}
function quote(text) {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
function quoteClickHouse(name) {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
async function putRestoreGuide(manifest, destination) {
  const key = (0, import_chunk_ZKV6NMGU.restoreGuideKey)(manifest.id);
  const guide = Buffer.from(renderRestoreGuide(manifest, destination.url));
  if (await destination.putIfAbsent(key, guide) === "written") return;
  try {
    await destination.put(key, oneChunk(guide));
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "DESTINATION_REFUSED") throw error;
  }
}
async function publish(manifest, destination) {
  const key = (0, import_chunk_ZKV6NMGU.manifestKey)(manifest.id);
  const bytes = (0, import_chunk_GRBCTXAV.serialiseManifest)(manifest);
  const compare = async () => {
    try {
      return bytes.equals(await destination.read(key)) ? "ours" : "another";
    } catch (error) {
      if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "DESTINATION_REFUSED") return "nobody may look";
      throw error;
    }
  };
  try {
    if (await destination.putIfAbsent(key, bytes) === "written") return;
    if (await compare() !== "another") return;
  } catch (error) {
    if (await compare().catch(() => void 0) === "ours") return;
    throw error;
  }
  throw new import_chunk_E4TRGNTH.AppError("DESTINATION_FAILED", `Another run has already written a backup ${manifest.id}.`, {
    hint: "Two runs started in the same second and drew the same number; start this one again."
  });
}
async function requireUnchanged(manifest, destination) {
  const now = await readManifest(destination, manifest.id);
  if ((0, import_chunk_GRBCTXAV.serialiseManifest)(now).equals((0, import_chunk_GRBCTXAV.serialiseManifest)(manifest))) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "DESTINATION_FAILED",
    `The manifest of backup ${manifest.id} was changed by another run.`,
    { hint: "The backup is as that run left it. Start this one again." }
  );
}
async function republish(manifest, destination) {
  await destination.put((0, import_chunk_ZKV6NMGU.manifestKey)(manifest.id), oneChunk((0, import_chunk_GRBCTXAV.serialiseManifest)(manifest)));
  await putRestoreGuide(manifest, destination);
}
async function* oneChunk(bytes) {
  yield bytes;
}
var SERVER_FOLDER_VERSION = 1;
var serverFolderSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-server-folder"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(SERVER_FOLDER_VERSION),
  /** As in the manifest of the backup that it was to become. */
  engine: (0, import_chunk_GDCGOP3X._enum)(["Disk", "S3"]),
  at: (0, import_chunk_GDCGOP3X.string)(),
  folder: (0, import_chunk_GDCGOP3X.string)()
});
function serialiseServerFolder(folder) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)({
    format: "lifeboat-server-folder",
    formatVersion: SERVER_FOLDER_VERSION,
    ...folder
  });
}
function parseServerFolder(bytes, where) {
  const kind = {
    what: "note of a server's folder",
    format: "lifeboat-server-folder",
    newestVersion: SERVER_FOLDER_VERSION,
    schema: serverFolderSchema,
    hint: "Remove it: it only tells prune of a folder."
  };
  const { engine, at, folder } = (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
  return { engine, at, folder };
}
async function noteServerFolder(folder, destination) {
  await destination.putIfAbsent((0, import_chunk_ZKV6NMGU.serverFolderKey)(folder.folder), serialiseServerFolder(folder));
}
async function readServerFolders(destination) {
  const found = [];
  for await (const { key } of destination.list(import_chunk_ZKV6NMGU.serverFoldersPrefix)) {
    try {
      const folder = parseServerFolder(await destination.read(key), `${destination.url}/${key}`);
      const began = (0, import_chunk_ZKV6NMGU.findBackupTime)(folder.folder.split("/").at(-1) ?? "");
      if (began) found.push({ ...folder, began, forget: () => destination.remove(key) });
    } catch (error) {
      const isUseless = error instanceof import_chunk_E4TRGNTH.AppError && ["BACKUP_DAMAGED", "OBJECT_MISSING", "FORMAT_TOO_NEW"].includes(error.code);
      if (!isUseless) throw error;
    }
  }
  return found;
}
var MARKER = ".backup";
async function pruneServerPlaces({ before, left, noted }, places, { isDryRun, obstacle }) {
  const needed = new Set(listFolders(left).map(identify));
  const pruned = /* @__PURE__ */ new Map();
  for (const folder of withNotes(listFolders(before), noted)) {
    const { place, name, notes } = folder;
    if (needed.has(identify(folder)) || !isOurs(name)) continue;
    const key = JSON.stringify([place.engine, place.at]);
    const result = pruned.get(key) ?? {
      at: place.at,
      removedFolders: [],
      removedObjects: 0,
      removedBytes: 0,
      leftFolders: []
    };
    pruned.set(key, result);
    const objects = findObjects(folder, places);
    if (obstacle !== void 0 || !objects) result.why ??= obstacle ?? explainUnreached(place);
    const isLeft = result.why !== void 0 || !objects;
    try {
      if (!isLeft) {
        for (const { key: key2, sizeBytes } of await listAll(objects, name)) {
          if (!isDryRun) await objects.remove(key2);
          result.removedObjects += 1;
          result.removedBytes += sizeBytes;
        }
      }
      const isSettled = !isLeft || obstacle === void 0 && place.engine === "Disk";
      if (isSettled && !isDryRun) for (const note of notes) await note.forget();
      (isLeft ? result.leftFolders : result.removedFolders).push(name);
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
      result.why = error.message;
      result.leftFolders.push(name);
    }
  }
  return [...pruned.values()];
}
function withNotes(folders, noted) {
  const all = new Map(folders.map((folder) => [identify(folder), { ...folder, notes: [] }]));
  for (const note of noted) {
    const { engine, at, folder: name } = note;
    const unknown = { place: { engine, at }, name, backups: [], sizeBytes: void 0, notes: [] };
    const id = identify(unknown);
    const folder = all.get(id) ?? unknown;
    all.set(id, folder);
    folder.notes.push(note);
  }
  return [...all.values()];
}
async function verifyServerPlaces(manifests, places) {
  const damages = [];
  const notProven = /* @__PURE__ */ new Set();
  for (const folder of listFolders(manifests)) {
    const { place, name, backups, sizeBytes } = folder;
    const objects = findObjects(folder, places);
    if (!objects) {
      notProven.add(`What a server wrote to ${place.at} was not looked at: ${explainUnreached(place)}`);
      continue;
    }
    const found = await listAll(objects, name);
    const foundBytes = found.reduce((sum, each) => sum + each.sizeBytes, 0);
    const lacksMarker = !found.some(({ key }) => key === `${name}/${MARKER}`);
    const what = found.length === 0 ? "It is not there." : lacksMarker ? `It has no ${MARKER}, without which the server reads nothing of it.` : sizeBytes !== void 0 && foundBytes !== sizeBytes ? `Its objects have ${foundBytes} bytes instead of ${sizeBytes}.` : void 0;
    if (what !== void 0) damages.push({ key: `${place.at}/${name}`, backups, what });
    notProven.add(`Of what a server wrote to ${place.at}, names and sizes were compared, not the contents.`);
  }
  return { damages, notProven: [...notProven] };
}
function listFolders(manifests) {
  const folders = /* @__PURE__ */ new Map();
  for (const { id, stores } of manifests) {
    for (const store of stores) {
      if (store.kind !== "clickhouse" || !store.serverBackup) continue;
      const { engine, at, chain, folder, writtenBytes } = store.serverBackup;
      for (const name of chain) {
        const known = { place: { engine, at }, name, backups: [], sizeBytes: void 0 };
        const found = folders.get(identify(known)) ?? known;
        folders.set(identify(found), found);
        found.backups.push(id);
        if (name === folder) found.sizeBytes = writtenBytes;
      }
    }
  }
  return [...folders.values()].sort((a, b) => a.name.localeCompare(b.name));
}
function identify({ place, name }) {
  return JSON.stringify([place.engine, place.at, name]);
}
function isOurs(name) {
  return !name.split("/").includes("..") && (0, import_chunk_ZKV6NMGU.findBackupTime)(name.split("/").at(-1) ?? "") !== void 0;
}
function findObjects({ place }, places) {
  return places.find(({ engine, at }) => engine === place.engine && at === place.at)?.objects;
}
function explainUnreached({ engine }) {
  return engine === "Disk" ? "It is a disk of the server, which nobody reaches over HTTP." : "No server-destination of lifeboat.yml gives credentials for this address.";
}
async function listAll(objects, folder) {
  const found = [];
  for await (const object of objects.list(`${folder}/`)) found.push(object);
  return found;
}
var RUN_LIMIT_MS = 48 * 36e5;
var REQUESTS_AT_ONCE2 = 16;
var ELSEWHERE_UNKNOWN = "Only some of the destinations were pruned, and a backup at another one may need them.";
async function prune(targets, isDryRun, context, { places, areAllDestinationsKnown } = { places: [], areAllDestinationsKnown: true }) {
  return await context.reporter.phase(isDryRun ? "Plan" : "Prune", async () => {
    const outcomes = await settleAll(
      targets.map((target) => pruneOne(target, isDryRun, context.clock.now()))
    );
    const notes = (await settleAll(targets.map(({ destination }) => readServerFolders(destination)))).flat();
    const isAbandoned = (began) => isOld(began, context.clock.now());
    const serverPlaces = await pruneServerPlaces(
      {
        before: outcomes.flatMap(({ before }) => before),
        left: outcomes.flatMap(({ left }) => left),
        noted: notes.filter(({ began }) => isAbandoned(began))
      },
      places,
      { isDryRun, ...!areAllDestinationsKnown && { obstacle: ELSEWHERE_UNKNOWN } }
    );
    const destinations = outcomes.map(({ pruned }) => pruned);
    return { command: "prune", isDryRun, destinations, ...serverPlaces.length > 0 && { serverPlaces } };
  });
}
async function pruneOne({ destination, policy }, isDryRun, now) {
  const manifests = await requireManifests(destination, await listBackupIds(destination));
  const decisions = await plan(manifests, policy, now, destination);
  const left = manifests.flatMap((manifest) => applyDecision(manifest, decisions, now));
  const leftIds = new Set(left.map(({ id }) => id));
  const removedBackups = manifests.map(({ id }) => id).filter((id) => !leftIds.has(id));
  const narrowed = left.filter((manifest) => !manifests.includes(manifest));
  const unneeded = await findGarbage(destination, left, new Set(removedBackups), now);
  const garbage = await leaveToNewBackups(unneeded, manifests, destination);
  let abortedUploads = 0;
  if (!isDryRun) {
    for (const manifest of narrowed) {
      await requireUnchanged(
        manifests.find(({ id }) => id === manifest.id),
        destination
      );
      await republish(manifest, destination);
    }
    await removeAll(removedBackups.map(import_chunk_ZKV6NMGU.manifestKey), destination);
    await removeAll(
      garbage.map(({ key }) => key),
      destination
    );
    const isDead = ({ startedAt }) => isOld(startedAt, now);
    for (const prefix of [import_chunk_ZKV6NMGU.backupsPrefix, import_chunk_ZKV6NMGU.partsPrefix])
      abortedUploads += await destination.abortUnfinished(prefix, isDead);
  }
  const pruned = {
    url: destination.url,
    decisions,
    removedBackups,
    narrowedBackups: narrowed.map(({ id }) => id),
    removedObjects: garbage.length,
    removedBytes: garbage.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    abortedUploads
  };
  return { pruned, before: manifests, left };
}
async function plan(manifests, policy, now, destination) {
  const [drills, pins] = await Promise.all([readDrills(destination), readPins(destination)]);
  if (drills.unreadable.length > 0) {
    throw new import_chunk_E4TRGNTH.AppError(
      "BACKUP_DAMAGED",
      `Nothing is removed, since nobody knows which backups these drills proved:
${drills.unreadable.join("\n")}`,
      {
        hint: "Prune with the version of lifeboat that wrote them; or, when they are lost, remove these records by hand."
      }
    );
  }
  const proven = /* @__PURE__ */ new Map();
  for (const { backupId, verdict, comparisons } of drills.readable) {
    if (verdict !== "proven") continue;
    const stores = proven.get(backupId) ?? /* @__PURE__ */ new Set();
    proven.set(backupId, stores);
    for (const { store } of comparisons) stores.add(store);
  }
  const backups = manifests.map(({ id, startedAt, finishedAt, stores }) => {
    const names = stores.map(({ store }) => store);
    const pin = pins.get(id);
    return {
      id,
      startedAt: new Date(startedAt),
      finishedAt: new Date(finishedAt),
      stores: names,
      provenStores: names.filter((name) => proven.get(id)?.has(name)),
      ...pin !== void 0 && { pin: pin.note }
    };
  });
  const decisions = planRetention(backups, policy, now, RUN_LIMIT_MS);
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(REQUESTS_AT_ONCE2);
  const locks = await Promise.all(
    decisions.map(
      ({ id, stores }) => limit(
        async () => stores.every(({ isKept }) => isKept) ? void 0 : await destination.findLock((0, import_chunk_ZKV6NMGU.manifestKey)(id))
      )
    )
  );
  if (locks.every((lock) => lock === void 0)) return decisions;
  const lockOf = new Map(decisions.map(({ id }, index) => [id, locks[index]]));
  const lockable = backups.map((backup) => {
    const lockedUntil = lockOf.get(backup.id);
    return lockedUntil === void 0 ? backup : { ...backup, lockedUntil };
  });
  return planRetention(lockable, policy, now, RUN_LIMIT_MS);
}
function applyDecision(manifest, decisions, now) {
  const decided = decisions.find(({ id }) => id === manifest.id)?.stores ?? [];
  const gone = decided.filter(({ isKept }) => !isKept).map(({ store }) => store);
  if (gone.length === 0) return [manifest];
  const stores = manifest.stores.filter(({ store }) => !gone.includes(store));
  if (stores.length === 0) return [];
  const removedAt = now.toISOString();
  const removed = [...manifest.removed ?? [], ...gone.map((store) => ({ store, removedAt }))];
  return [{ ...manifest, stores, removed }];
}
async function findGarbage(destination, left, removed, now) {
  const needed = listNeeded(left);
  const inUse = /* @__PURE__ */ new Set();
  for (const key of needed) {
    const part = (0, import_chunk_ZKV6NMGU.findOriginOfPart)(key);
    if (part?.rekeyedAt && !isOld(part.rekeyedAt, now)) inUse.add(part.origin);
  }
  for (const { parts } of await readReceipts(destination, new Date(now.getTime() - 2 * RUN_LIMIT_MS)))
    for (const { key } of parts) needed.add(key);
  const garbage = [];
  for (const prefix of [import_chunk_ZKV6NMGU.backupsPrefix, import_chunk_ZKV6NMGU.partsPrefix]) {
    for await (const object of destination.list(prefix)) {
      const { key, modifiedAt } = object;
      if (needed.has(key) || inUse.has((0, import_chunk_ZKV6NMGU.findOriginOfPart)(key)?.origin ?? "")) continue;
      const backupId = (0, import_chunk_ZKV6NMGU.findBackupOf)(key);
      if (prefix === import_chunk_ZKV6NMGU.backupsPrefix && backupId === void 0) continue;
      const isOfRemoved = backupId !== void 0 && removed.has(backupId);
      if (isOfRemoved || isOld(modifiedAt, now)) garbage.push(object);
    }
  }
  for await (const object of destination.list(import_chunk_ZKV6NMGU.receiptsPrefix)) {
    const began = (0, import_chunk_ZKV6NMGU.findBackupTime)((0, import_chunk_ZKV6NMGU.findRunOfReceipt)(object.key) ?? "");
    if (began && now.getTime() - began.getTime() > 2 * RUN_LIMIT_MS) garbage.push(object);
  }
  for await (const object of destination.list(import_chunk_ZKV6NMGU.shardsPrefix)) {
    const began = (0, import_chunk_ZKV6NMGU.findBackupTime)((0, import_chunk_ZKV6NMGU.findBackupOfShard)(object.key) ?? "");
    if (began && isOld(began, now)) garbage.push(object);
  }
  return garbage;
}
async function leaveToNewBackups(garbage, known, destination) {
  const knownIds = new Set(known.map(({ id }) => id));
  const newIds = (await listBackupIds(destination)).filter((id) => !knownIds.has(id));
  const needed = listNeeded(await requireManifests(destination, newIds));
  return garbage.filter(({ key }) => !needed.has(key));
}
function listNeeded(manifests) {
  const needed = /* @__PURE__ */ new Set();
  for (const { id, stores } of manifests) {
    needed.add((0, import_chunk_ZKV6NMGU.manifestKey)(id)).add((0, import_chunk_ZKV6NMGU.restoreGuideKey)(id));
    for (const store of stores) for (const { key } of (0, import_chunk_GRBCTXAV.objectsOfStore)(store)) needed.add(key);
  }
  return needed;
}
function isOld(time, now) {
  return now.getTime() - time.getTime() > RUN_LIMIT_MS;
}
async function removeAll(keys, destination) {
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(REQUESTS_AT_ONCE2);
  await settleAll(keys.map((key) => limit(() => destination.remove(key))));
}
function formatProgress({ label, done, total, unit }) {
  if (unit === "bytes") {
    return `${label}: ${(0, import_chunk_XCSPHMD5.formatBytes)(done)}${total === void 0 ? "" : ` of ${(0, import_chunk_XCSPHMD5.formatBytes)(total)}`}`;
  }
  return `${label}: ${(0, import_chunk_XCSPHMD5.formatCount)(done)}${total === void 0 ? "" : ` of ${(0, import_chunk_XCSPHMD5.formatCount)(total)}`} ${unit}`;
}
var ProgressThinner = class {
  #lastMs = /* @__PURE__ */ new Map();
  #clock;
  #everyMs;
  constructor(clock, everyMs) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }
  isDue({ label }) {
    const nowMs = this.#clock.ticksMs();
    const lastMs = this.#lastMs.get(label);
    if (lastMs !== void 0 && nowMs - lastMs < this.#everyMs) return false;
    this.#lastMs.set(label, nowMs);
    return true;
  }
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  DRILL_FORMAT_VERSION,
  NO_RIGHT,
  PIN_FORMAT_VERSION,
  ProgressThinner,
  RUN_LIMIT_MS,
  ReceiptBook,
  UNTRIED,
  createContext,
  explainFailure,
  findBucket,
  findNewestBackup,
  formatProgress,
  listBackupIds,
  listDrillIds,
  listManifests,
  noteServerFolder,
  openDestination,
  pickBackup,
  planRetention,
  prune,
  publish,
  putRestoreGuide,
  readDrillRecords,
  readDrills,
  readEach,
  readManifest,
  readManifests,
  readPins,
  readReceipts,
  readSeal,
  removeReceipts,
  renderRestoreGuide,
  requireManifests,
  requireUnchanged,
  runTogether,
  serialiseDrillRecord,
  serialisePin,
  settleAll,
  spanOf,
  verifyServerPlaces
});
