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
  createClickHouseProof: () => createClickHouseProof
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_5D4ACXYF = require("./chunk-5D4ACXYF.cjs");
var import_chunk_7N3AE75W = require("./chunk-7N3AE75W.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_QTEVZTVH = require("./chunk-QTEVZTVH.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_consumers = require("node:stream/consumers");
function createClickHouseProof(context) {
  return {
    async prove(store, object, content) {
      if (store.kind !== "clickhouse") throw new Error(`${store.store} is no ClickHouse backup`);
      const part = store.parts.find(({ key }) => key === object.key);
      if (part) return await (0, import_chunk_7N3AE75W.proveWithTools)(content, () => walkPart(part, content, context));
      if (object.key === store.ddl.objects.key) {
        (0, import_chunk_QTEVZTVH.parseSchema)(await (0, import_consumers.text)(content));
        return void 0;
      }
      for await (const _ of content) {
      }
      return void 0;
    }
  };
}
async function walkPart(part, content, context) {
  try {
    const outline = await (0, import_chunk_7N3AE75W.readThrough)(
      part,
      content,
      "zstd",
      context,
      (blocks) => (0, import_chunk_5D4ACXYF.walkNative)(blocks, part.columns)
    );
    if (!outline.isWalked) {
      return `only ClickHouse can read values of the type ${outline.type} (column ${outline.column}); the zstd around them is whole.`;
    }
    if (outline.rows !== part.rows) {
      throw (0, import_chunk_7N3AE75W.notWhole)(part, `it has ${outline.rows} rows instead of ${part.rows}`);
    }
    return void 0;
  } catch (error) {
    if (error instanceof import_chunk_5D4ACXYF.NativeFault) throw (0, import_chunk_7N3AE75W.notWhole)(part, error.message);
    throw error;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createClickHouseProof
});
