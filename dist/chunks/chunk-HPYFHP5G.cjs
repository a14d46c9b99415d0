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
  quoteName: () => quoteName,
  quotePath: () => quotePath,
  quoteText: () => quoteText,
  quoteTexts: () => quoteTexts,
  splitStatements: () => splitStatements,
  tokenise: () => tokenise
});
module.exports = __toCommonJS(stdin_exports);
var LEXEME = /(?<space>\s+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^'\\]+|\\[\s\S]|'')*')|(?<heredoc>\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$)|(?<name>`(?:[^`\\]+|\\[\s\S]|``)*`|"(?:[^"\\]+|\\[\s\S]|"")*")|(?<word>[\p{L}\p{N}_]+)|(?<symbol>[\s\S])/uy;
function tokenise(sql) {
  const tokens = [];
  let depth = 0;
  for (const match of sql.matchAll(new RegExp(LEXEME.source, "guy"))) {
    const groups = match.groups ?? {};
    if (groups["space"] !== void 0) continue;
    const text = match[0];
    const kind = kindOf(groups);
    if (kind === "symbol" && ")]}".includes(text)) depth -= 1;
    tokens.push({
      kind,
      text,
      value: valueOf(text, kind),
      start: match.index,
      end: match.index + text.length,
      depth
    });
    if (kind === "symbol" && "([{".includes(text)) depth += 1;
  }
  return tokens;
}
function splitStatements(script) {
  const statements = [];
  let first;
  let last;
  const finish = () => {
    if (first && last) statements.push(script.slice(first.start, last.end));
    first = void 0;
  };
  for (const token of tokenise(script)) {
    if (token.text === ";") {
      finish();
    } else {
      first ??= token;
      last = token;
    }
  }
  finish();
  return statements;
}
function quoteName(name) {
  return `\`${name.replace(/[\\`]/g, "\\$&")}\``;
}
function quotePath(database, name) {
  return `${quoteName(database)}.${quoteName(name)}`;
}
function quoteText(text) {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
function quoteTexts(texts) {
  return texts.map(quoteText).join(", ");
}
function kindOf(groups) {
  if (groups["word"] !== void 0) return "word";
  if (groups["name"] !== void 0) return "name";
  return groups["symbol"] === void 0 ? "string" : "symbol";
}
var ESCAPES = { n: "\n", t: "	", r: "\r", b: "\b", f: "\f", "0": "\0" };
function valueOf(text, kind) {
  const quote = text[0] ?? "";
  if (kind === "word" || kind === "symbol" || quote === "$") return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote).replace(/\\([\s\S])/g, (_, character) => ESCAPES[character] ?? character);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  quoteName,
  quotePath,
  quoteText,
  quoteTexts,
  splitStatements,
  tokenise
});
