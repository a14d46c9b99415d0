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
  ProgressThinner: () => ProgressThinner,
  ReceiptBook: () => ReceiptBook,
  createContext: () => createContext,
  explainFailure: () => explainFailure,
  findBucket: () => findBucket,
  formatProgress: () => formatProgress,
  openDestination: () => openDestination,
  readReceipts: () => readReceipts,
  removeReceipts: () => removeReceipts,
  runTogether: () => runTogether,
  settleAll: () => settleAll
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_ENZVR7QC = require("./chunk-ENZVR7QC.cjs");
var import_chunk_2FICR6IV = require("./chunk-2FICR6IV.cjs");
var import_chunk_JYWDWY5C = require("./chunk-JYWDWY5C.cjs");
var import_chunk_MTOQJTFN = require("./chunk-MTOQJTFN.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_url = require("node:url");
var import_node_crypto = require("node:crypto");
var import_promises = require("node:fs/promises");
var import_node_path = require("node:path");
var import_node_stream = require("node:stream");
var import_consumers = require("node:stream/consumers");
var import_node_url2 = require("node:url");
var import_node_events = require("node:events");
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
    this.#root = (0, import_node_path.join)(base, (0, import_chunk_MTOQJTFN.requireSafeKey)(name));
    this.url = (0, import_node_url2.pathToFileURL)(this.#root).href;
    this.#context = context;
  }
  async check() {
    await this.#do("Looking at the folder", async () => {
      const found = await statIfThere(this.#base);
      if (found?.isDirectory()) return;
      throw new import_chunk_E4TRGNTH.AppError("DESTINATION_MISSING", `${this.#base} is not there, or is no folder.`, {
        hint: "Create the folder, or mount its disk; it is not created by itself, lest backups go to the wrong disk."
      });
    });
  }
  /** The folder that is there tells: what will lie in it is created with its owner's rights. */
  async tryRights() {
    const place = await statIfThere(this.#root) ? this.#root : this.#base;
    const [list, write] = await Promise.all([
      isAllowed(place, import_promises.constants.R_OK),
      isAllowed(place, import_promises.constants.W_OK)
    ]);
    return [
      { right: "list", key: "", outcome: list },
      { right: "read", key: import_chunk_MTOQJTFN.probeKey, outcome: list },
      { right: "write", key: import_chunk_MTOQJTFN.probeKey, outcome: write },
      { right: "remove", key: import_chunk_MTOQJTFN.probeKey, outcome: write }
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
    await this.#removeFile((0, import_chunk_MTOQJTFN.requireSafeKey)(key));
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
  /**
   * Writes beside the final name, lets `publish` make it visible, and leaves nothing else behind. Errors of the
   * body pass as they are: it may be a file or a socket too, and must not be taken for the destination.
   */
  async #writePartial(key, body, publish) {
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
        await publish(partial, path);
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
    return (0, import_node_path.join)(this.#root, (0, import_chunk_MTOQJTFN.requireSafeKey)(key));
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
    const { openS3 } = await Promise.resolve().then(() => __toESM(require("./s3-RKATJ43R.cjs")));
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
var RECEIPT_VERSION = 1;
var receiptSchema = (0, import_chunk_2FICR6IV.strictObject)({
  format: (0, import_chunk_2FICR6IV.literal)("lifeboat-receipt"),
  formatVersion: (0, import_chunk_2FICR6IV.literal)(RECEIPT_VERSION),
  /** The run that wrote the parts. */
  backupId: (0, import_chunk_2FICR6IV.string)(),
  store: (0, import_chunk_2FICR6IV.string)(),
  parts: (0, import_chunk_2FICR6IV.array)(import_chunk_ENZVR7QC.clickhousePartSchema)
});
function serialiseReceipt(receipt) {
  return (0, import_chunk_ENZVR7QC.serialiseDocument)({ format: "lifeboat-receipt", formatVersion: RECEIPT_VERSION, ...receipt });
}
function parseReceipt(bytes, where) {
  const kind = {
    what: "receipt",
    format: "lifeboat-receipt",
    newestVersion: RECEIPT_VERSION,
    schema: receiptSchema,
    hint: "Remove it: it only spares a later run from sending parts again."
  };
  return (0, import_chunk_ENZVR7QC.parseDocument)(kind, bytes, where);
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
      const key = (0, import_chunk_MTOQJTFN.receiptKey)(this.#backupId, `${store}${this.#writer}`, this.#count);
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
  for await (const { key } of destination.list(import_chunk_MTOQJTFN.receiptsPrefix)) {
    const time = (0, import_chunk_MTOQJTFN.findBackupTime)((0, import_chunk_MTOQJTFN.findRunOfReceipt)(key) ?? "");
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
    for await (const { key } of destination.list((0, import_chunk_MTOQJTFN.receiptsFolder)(id))) keys.push(key);
    await settleAll(keys.map((key) => destination.remove(key)));
  }
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
  ProgressThinner,
  ReceiptBook,
  createContext,
  explainFailure,
  findBucket,
  formatProgress,
  openDestination,
  readReceipts,
  removeReceipts,
  runTogether,
  settleAll
});
