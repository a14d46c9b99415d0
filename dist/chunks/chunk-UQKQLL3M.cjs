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
  ANSWER: () => ANSWER,
  ANSWER_PIECES: () => ANSWER_PIECES,
  INPUT_TOKENS: () => INPUT_TOKENS,
  OUTPUT_TOKENS: () => OUTPUT_TOKENS,
  createRunKey: () => createRunKey,
  findBearer: () => findBearer,
  fingerprintKey: () => fingerprintKey,
  modelOfBody: () => modelOfBody,
  sendData: () => sendData,
  sendTyped: () => sendTyped
});
module.exports = __toCommonJS(stdin_exports);
var import_node_crypto = require("node:crypto");
function createRunKey() {
  return (0, import_node_crypto.randomBytes)(32);
}
function fingerprintKey(runKey, value) {
  return (0, import_node_crypto.createHmac)("sha256", runKey).update(value).digest("hex");
}
var ANSWER = "This answer comes from lifeboat's built-in upstream.";
var ANSWER_PIECES = ANSWER.split(/(?<= )/);
var INPUT_TOKENS = 11;
var OUTPUT_TOKENS = ANSWER_PIECES.length;
function modelOfBody({ body }) {
  return typeof body["model"] === "string" ? body["model"] : "unknown";
}
function findBearer(headers) {
  return /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}
function sendData(data) {
  return { data: JSON.stringify(data) };
}
function sendTyped(data) {
  return { event: data.type, data: JSON.stringify(data) };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ANSWER,
  ANSWER_PIECES,
  INPUT_TOKENS,
  OUTPUT_TOKENS,
  createRunKey,
  findBearer,
  fingerprintKey,
  modelOfBody,
  sendData,
  sendTyped
});
