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
  addDigests: () => addDigests,
  addTables: () => addTables,
  compareParts: () => compareParts,
  describePlace: () => describePlace,
  findPlace: () => findPlace,
  placeFolder: () => placeFolder,
  writeCall: () => writeCall,
  writePlace: () => writePlace
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
function compareParts(a, b) {
  const order = (part) => JSON.stringify([part.database, part.table, part.partition]);
  const [first, second] = [order(a), order(b)];
  if (first !== second) return first < second ? -1 : 1;
  return (a.slice?.number ?? 0) - (b.slice?.number ?? 0);
}
function addDigests(digests) {
  return digests.reduce((sum, digest) => BigInt.asUintN(64, sum + BigInt(digest)), 0n).toString();
}
function addTables(pieces) {
  const [{ name }] = pieces;
  const add = (count) => pieces.reduce((sum, piece) => sum + count(piece), 0);
  const rows = add((piece) => piece.rows);
  const digests = pieces.flatMap(({ digest }) => digest ?? []);
  if (digests.length === pieces.length) return { name, rows, digest: addDigests(digests) };
  return {
    name,
    rows,
    digest: null,
    moving: {
      rowsAtLeast: add((piece) => piece.moving?.rowsAtLeast ?? piece.rows),
      rowsAtMost: add((piece) => piece.moving?.rowsAtMost ?? piece.rows)
    }
  };
}
function describePlace(destination) {
  const at = destination.engine === "Disk" ? destination.disk : destination.url;
  return { engine: destination.engine, at };
}
function placeFolder(destination, name) {
  return destination.engine === "Disk" && destination.folder !== "" ? `${destination.folder}/${name}` : name;
}
function writePlace(destination, folder) {
  if (destination.engine === "Disk") return `Disk(${(0, import_chunk_HPYFHP5G.quoteText)(destination.disk)}, ${(0, import_chunk_HPYFHP5G.quoteText)(folder)})`;
  return writeCall(destination, "S3", folder);
}
function writeCall({ url, keys }, call, path, ...rest) {
  const credentials = keys ? [keys.id.reveal(), keys.secret.reveal()] : [];
  return `${call}(${[`${url.replace(/\/$/, "")}/${path}`, ...credentials, ...rest].map(import_chunk_HPYFHP5G.quoteText).join(", ")})`;
}
function findPlace({ engine, at }, configured, store) {
  if (engine === "Disk") return { engine, disk: at, folder: "" };
  if (configured?.engine === "S3" && configured.url === at) return configured;
  throw new import_chunk_E4TRGNTH.AppError(
    "CONFIG_INVALID",
    `The rows of ${store} lie at ${at}, and no credentials are given for it.`,
    {
      hint: `Write stores.${store}.server-destination: S3('${at}', '\${KEY_ID}', '\${SECRET}') into lifeboat.yml.`
    }
  );
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  addDigests,
  addTables,
  compareParts,
  describePlace,
  findPlace,
  placeFolder,
  writeCall,
  writePlace
});
