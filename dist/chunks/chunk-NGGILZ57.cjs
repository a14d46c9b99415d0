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
  iso_exports: () => iso_exports
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var iso_exports = {};
(0, import_chunk_D6QFH5CA.__export)(iso_exports, {
  ZodISODate: () => import_chunk_GDCGOP3X.ZodISODate,
  ZodISODateTime: () => import_chunk_GDCGOP3X.ZodISODateTime,
  ZodISODuration: () => import_chunk_GDCGOP3X.ZodISODuration,
  ZodISOTime: () => import_chunk_GDCGOP3X.ZodISOTime,
  date: () => date,
  datetime: () => datetime,
  duration: () => duration,
  time: () => time
});
function datetime(params) {
  return (0, import_chunk_GDCGOP3X._isoDateTime)(import_chunk_GDCGOP3X.ZodISODateTime, params);
}
function date(params) {
  return (0, import_chunk_GDCGOP3X._isoDate)(import_chunk_GDCGOP3X.ZodISODate, params);
}
function time(params) {
  return (0, import_chunk_GDCGOP3X._isoTime)(import_chunk_GDCGOP3X.ZodISOTime, params);
}
function duration(params) {
  return (0, import_chunk_GDCGOP3X._isoDuration)(import_chunk_GDCGOP3X.ZodISODuration, params);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  iso_exports
});
