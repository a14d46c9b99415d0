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
  bad: () => bad,
  explainAsFinding: () => explainAsFinding,
  findOrExplain: () => findOrExplain,
  good: () => good,
  warning: () => warning,
  worstOf: () => worstOf
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
function good(check, found) {
  return { check, state: "good", found };
}
function warning(check, found, mend) {
  return { check, state: "warning", found, mend };
}
function bad(check, found, mend) {
  return { check, state: "bad", found, mend };
}
async function findOrExplain(check, work) {
  try {
    return good(check, await work());
  } catch (error) {
    return explainAsFinding(check, error);
  }
}
function explainAsFinding(check, error) {
  if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
  return bad(check, error.message, error.hint);
}
var ORDER = ["good", "warning", "bad"];
function worstOf(findings) {
  return ORDER[Math.max(0, ...findings.map(({ state }) => ORDER.indexOf(state)))] ?? "good";
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  bad,
  explainAsFinding,
  findOrExplain,
  good,
  warning,
  worstOf
});
