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
  notWhole: () => notWhole,
  proveWithTools: () => proveWithTools,
  readThrough: () => readThrough
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_promises = require("node:stream/promises");
async function readThrough(object, content, compression, context, take) {
  if (compression === "none") return await take(content);
  const decompressor = await (0, import_chunk_7HIGGGOO.openDecompressor)(compression, context);
  try {
    const [fed, done, taken] = await Promise.allSettled([
      (0, import_promises.pipeline)(content, decompressor.input),
      decompressor.done,
      take(decompressor.output)
    ]);
    if (fed.status === "rejected" && fed.reason instanceof import_chunk_E4TRGNTH.AppError) throw fed.reason;
    if (done.status === "rejected") {
      if (done.reason instanceof import_chunk_E4TRGNTH.AppError && done.reason.code === "CANCELLED") throw done.reason;
      throw notWhole(object, `it cannot be decompressed: ${String(done.reason)}`);
    }
    if (taken.status === "rejected") throw taken.reason;
    if (fed.status === "rejected") throw notWhole(object, `it cannot be decompressed: ${String(fed.reason)}`);
    return taken.value;
  } finally {
    await decompressor.stop();
  }
}
async function proveWithTools(content, prove) {
  try {
    return await prove();
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "TOOL_MISSING") throw error;
    for await (const _ of content) {
    }
    return `what reads it is not here: ${error.message}`;
  }
}
function notWhole({ key }, why) {
  return new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", `${key} is what was written, but is not whole: ${why}.`, {
    hint: "Restore another backup (lifeboat list shows them), and report this one."
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  notWhole,
  proveWithTools,
  readThrough
});
