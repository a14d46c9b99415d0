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
  NamePattern: () => NamePattern
});
module.exports = __toCommonJS(stdin_exports);
var NamePattern = class _NamePattern {
  /** As it was written. */
  text;
  #parts;
  constructor(text, parts) {
    this.text = text;
    this.#parts = parts;
  }
  /** Undefined when the text has another number of parts, an empty one, or a quote that is not closed. */
  static parse(text, partCount) {
    const parts = [""];
    const token = /"((?:[^"]|"")*)"|(\*)|(\.)|([^".*]+)/gy;
    while (token.lastIndex < text.length) {
      const match = token.exec(text);
      if (!match) return void 0;
      const [, quoted, star, dot, plain] = match;
      if (dot !== void 0) parts.push("");
      else if (star !== void 0) parts[parts.length - 1] += ".*";
      else parts[parts.length - 1] += escape(quoted?.replaceAll('""', '"') ?? plain ?? "");
    }
    if (parts.length !== partCount || parts.includes("")) return void 0;
    return new _NamePattern(
      text,
      parts.map((part) => new RegExp(`^${part}$`, "su"))
    );
  }
  matches(...names) {
    return names.length === this.#parts.length && this.#parts.every((part, at) => part.test(names[at] ?? ""));
  }
};
function escape(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  NamePattern
});
