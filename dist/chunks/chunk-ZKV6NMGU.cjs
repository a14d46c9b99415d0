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
  attemptKey: () => attemptKey,
  backupFolder: () => backupFolder,
  backupsPrefix: () => backupsPrefix,
  drawBackupId: () => drawBackupId,
  drillKey: () => drillKey,
  drillsPrefix: () => drillsPrefix,
  encryptedKey: () => encryptedKey,
  findBackupOf: () => findBackupOf,
  findBackupOfShard: () => findBackupOfShard,
  findBackupTime: () => findBackupTime,
  findDrillOf: () => findDrillOf,
  findOriginOfPart: () => findOriginOfPart,
  findRunOfReceipt: () => findRunOfReceipt,
  findWriterOfPart: () => findWriterOfPart,
  isDataKey: () => isDataKey,
  isLockableKey: () => isLockableKey,
  isPartOfBackup: () => isPartOfBackup,
  manifestKey: () => manifestKey,
  manifestName: () => manifestName,
  outcomeKey: () => outcomeKey,
  partKey: () => partKey,
  partsFolder: () => partsFolder,
  partsPrefix: () => partsPrefix,
  pinKey: () => pinKey,
  pinsPrefix: () => pinsPrefix,
  planKey: () => planKey,
  probeId: () => probeId,
  probeKey: () => probeKey,
  receiptKey: () => receiptKey,
  receiptsFolder: () => receiptsFolder,
  receiptsPrefix: () => receiptsPrefix,
  rekeyedKey: () => rekeyedKey,
  requireSafeKey: () => requireSafeKey,
  restoreGuideKey: () => restoreGuideKey,
  serverFolderKey: () => serverFolderKey,
  serverFoldersPrefix: () => serverFoldersPrefix,
  shardKey: () => shardKey,
  shardsFolder: () => shardsFolder,
  shardsPrefix: () => shardsPrefix,
  storeObjectKey: () => storeObjectKey,
  writeShard: () => writeShard
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_crypto = require("node:crypto");
var BACKUPS = "backups/";
var DRILLS = "drills/";
var OUTCOMES = "outcomes/";
var PARTS = "parts/";
var PINS = "pins/";
var RECEIPTS = "receipts/";
var SHARDS = "shards/";
var ID = "\\d{8}T\\d{6}Z-[0-9a-f]{4}";
var PART_FORM = new RegExp(`^(${PARTS}.+?-(${ID}))(?:-(${ID}))?(\\.native\\.zst)(?:\\.age)?$`);
function drawBackupId(startedAt) {
  const suffix = startedAt.getUTCMilliseconds() * SUFFIXES_PER_MS + (0, import_node_crypto.randomInt)(SUFFIXES_PER_MS);
  return buildBackupId(startedAt, suffix.toString(16).padStart(4, "0"));
}
var SUFFIXES_PER_MS = 65;
function buildBackupId(startedAt, suffix) {
  const compact = startedAt.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${compact}-${suffix}`;
}
function findBackupTime(id) {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{4}$/.exec(id);
  if (!match) return void 0;
  const [, year, month, day, hour, minute, second] = match;
  return /* @__PURE__ */ new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
var backupsPrefix = BACKUPS;
var drillsPrefix = DRILLS;
var partsPrefix = PARTS;
var pinsPrefix = PINS;
var receiptsPrefix = RECEIPTS;
var shardsPrefix = SHARDS;
var probeId = "probe";
var probeKey = `${BACKUPS}${probeId}/${probeId}/${probeId}`;
var manifestName = "manifest.json";
function backupFolder(backupId) {
  return `${BACKUPS}${backupId}/`;
}
function manifestKey(backupId) {
  return `${backupFolder(backupId)}${manifestName}`;
}
function restoreGuideKey(backupId) {
  return `${BACKUPS}${backupId}/RESTORE.md`;
}
function storeObjectKey(backupId, store, file) {
  return `${BACKUPS}${backupId}/${store}/${file}`;
}
function partKey(store, part, backupId, time = 1) {
  const table = `${encodeName(part.database)}.${encodeName(part.table)}`;
  const slice = part.slice ? `-${part.slice.number}of${part.slice.of}` : "";
  const again = time === 1 ? "" : `-time${time}`;
  const name = `${encodeName(part.partition)}-${part.fingerprint}${slice}${again}-${backupId}`;
  return `${PARTS}${store}/${table}/${name}.native.zst`;
}
function partsFolder(store) {
  return `${PARTS}${store}/`;
}
function isPartOfBackup(key, backupId) {
  const name = `-${backupId}.native.zst`;
  return key.endsWith(name) || key.endsWith(encryptedKey(name));
}
function encryptedKey(key) {
  return `${key}.age`;
}
function rekeyedKey(key, rekeyId) {
  if (key.startsWith(PARTS)) return key.replace(PART_FORM, `$1-${rekeyId}$4`);
  return key.replace(/\.age$/, "").replace(new RegExp(`(\\.rekeyed-${ID})?$`), `.rekeyed-${rekeyId}`);
}
function findOriginOfPart(key) {
  const [, origin, , rekeyId] = PART_FORM.exec(key) ?? [];
  if (origin === void 0) return void 0;
  return { origin, ...rekeyId !== void 0 && { rekeyedAt: findBackupTime(rekeyId) } };
}
function findWriterOfPart(key) {
  const [, , sentBy, rekeyId] = PART_FORM.exec(key) ?? [];
  const id = rekeyId ?? sentBy;
  return id !== void 0 && findBackupTime(id) ? id : void 0;
}
function receiptKey(backupId, store, number) {
  return `${receiptsFolder(backupId)}${store}-${number}.json`;
}
function receiptsFolder(backupId) {
  return `${RECEIPTS}${backupId}/`;
}
function findRunOfReceipt(key) {
  const id = /^receipts\/([^/]+)\/[^/]+\.json$/.exec(key)?.[1];
  return id !== void 0 && findBackupTime(id) ? id : void 0;
}
var serverFoldersPrefix = `${RECEIPTS}server-folders/`;
function serverFolderKey(folder) {
  return `${serverFoldersPrefix}${folder.split("/").at(-1) ?? ""}.json`;
}
function shardsFolder(backupId) {
  return `${SHARDS}${backupId}/`;
}
function planKey(backupId) {
  return `${shardsFolder(backupId)}plan.json`;
}
function shardKey(backupId, shard) {
  return `${shardsFolder(backupId)}${writeShard(shard)}.json`;
}
function attemptKey(backupId, shard, attempt) {
  return `${shardsFolder(backupId)}${writeShard(shard)}-attempt-${attempt}.json`;
}
function writeShard(shard) {
  return shard.replace("/", "of");
}
function findBackupOfShard(key) {
  const [folder, id = "", ...rest] = key.split("/");
  return `${folder}/` === SHARDS && rest.length === 1 && findBackupTime(id) ? id : void 0;
}
function pinKey(backupId) {
  return `${PINS}${backupId}.json`;
}
function findBackupOf(key) {
  const [folder, id = "", ...rest] = key.split("/");
  return `${folder}/` === BACKUPS && rest.length > 0 && findBackupTime(id) ? id : void 0;
}
function isDataKey(key) {
  return key.startsWith(PARTS) || key.startsWith(BACKUPS) && key.split("/").length > 3;
}
function isLockableKey(key) {
  return key.startsWith(PARTS) || key.startsWith(BACKUPS);
}
function drillKey(drillId) {
  return `${DRILLS}${drillId}.json`;
}
function findDrillOf(key) {
  return /^drills\/([^/]+)\.json$/.exec(key)?.[1];
}
function outcomeKey(command) {
  return `${OUTCOMES}${command}.json`;
}
function requireSafeKey(key) {
  const isSafe = key.split("/").every((part) => !["", ".", ".."].includes(part));
  if (isSafe && !/[\u0000-\u001f\u007f\\]/.test(key)) return key;
  throw new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", `${JSON.stringify(key)} is no key inside of a destination.`, {
    hint: "No run writes such a key: whatever names it was changed by somebody, so do not restore from it."
  });
}
function encodeName(name) {
  return encodeURIComponent(name).replace(
    /[.!'()*~%]/g,
    (character) => character === "%" ? "=" : `=${character.charCodeAt(0).toString(16).toUpperCase()}`
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  attemptKey,
  backupFolder,
  backupsPrefix,
  drawBackupId,
  drillKey,
  drillsPrefix,
  encryptedKey,
  findBackupOf,
  findBackupOfShard,
  findBackupTime,
  findDrillOf,
  findOriginOfPart,
  findRunOfReceipt,
  findWriterOfPart,
  isDataKey,
  isLockableKey,
  isPartOfBackup,
  manifestKey,
  manifestName,
  outcomeKey,
  partKey,
  partsFolder,
  partsPrefix,
  pinKey,
  pinsPrefix,
  planKey,
  probeId,
  probeKey,
  receiptKey,
  receiptsFolder,
  receiptsPrefix,
  rekeyedKey,
  requireSafeKey,
  restoreGuideKey,
  serverFolderKey,
  serverFoldersPrefix,
  shardKey,
  shardsFolder,
  shardsPrefix,
  storeObjectKey,
  writeShard
});
