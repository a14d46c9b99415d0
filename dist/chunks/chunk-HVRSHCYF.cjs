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
  Redactor: () => Redactor,
  Secret: () => Secret,
  secretForms: () => secretForms
});
module.exports = __toCommonJS(stdin_exports);
var import_node_util = require("node:util");
var PLACEHOLDER = "***";
var Secret = class {
  #value;
  constructor(value) {
    this.#value = value;
  }
  /** The credential itself. Call it only where the credential is handed to its user. */
  reveal() {
    return this.#value;
  }
  toString() {
    return PLACEHOLDER;
  }
  toJSON() {
    return PLACEHOLDER;
  }
  [import_node_util.inspect.custom]() {
    return PLACEHOLDER;
  }
};
function secretForms(value) {
  const forms = /* @__PURE__ */ new Set();
  for (const part of [value, ...value.split(/\r?\n/)]) {
    forms.add(part);
    forms.add(convertOrKeep(encodeURIComponent, part));
    forms.add(convertOrKeep(decodeURIComponent, part));
    forms.add(encodeAsPassword(part));
    forms.add(JSON.stringify(part).slice(1, -1));
    forms.add(Buffer.from(part).toString("base64"));
  }
  return [...forms].filter((form) => form.length >= 4);
}
var Redactor = class {
  #forms = /* @__PURE__ */ new Set();
  add(secret) {
    for (const form of secretForms(secret.reveal())) this.#forms.add(form);
  }
  /** Credentials that overlap in the text go as one: neither leaves a rest of the other. */
  redact(text) {
    const spans = [...this.#forms].flatMap((form) => findSpans(text, form));
    spans.sort((a, b) => a.start - b.start);
    let clean = "";
    let done = 0;
    for (const { start, end } of spans) {
      if (start >= done) clean += text.slice(done, start) + PLACEHOLDER;
      done = Math.max(done, end);
    }
    return clean + text.slice(done);
  }
  /** The same data with every text in it redacted. */
  redactAll(data) {
    if (typeof data === "string") return this.redact(data);
    if (Array.isArray(data)) return data.map((item) => this.redactAll(item));
    if (typeof data !== "object" || data === null) return data;
    return Object.fromEntries(
      Object.entries(data).map(([key, item]) => [key, this.redactAll(item)])
    );
  }
};
function findSpans(text, form) {
  const spans = [];
  for (let start = text.indexOf(form); start !== -1; start = text.indexOf(form, start + 1)) {
    spans.push({ start, end: start + form.length });
  }
  return spans;
}
function encodeAsPassword(text) {
  const url = new URL("postgres://user@host");
  url.password = text;
  return url.password;
}
function convertOrKeep(convert, text) {
  try {
    return convert(text);
  } catch {
    return text;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  Redactor,
  Secret,
  secretForms
});
