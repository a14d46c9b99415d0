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
  POSTGRES_PROGRAMS: () => POSTGRES_PROGRAMS,
  describeTools: () => describeTools,
  majorOf: () => majorOf
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var POSTGRES_PROGRAMS = ["pg_dump", "pg_restore", "psql"];
function majorOf(version) {
  return Number(/(?:^|\s)(\d+)(?:\.|devel|beta|rc|\s|$)/.exec(version)?.[1] ?? Number.NaN);
}
async function describeTools(command, major, { signal, redactor }) {
  const versions = await Promise.all(
    POSTGRES_PROGRAMS.map(async (program) => {
      const { stdout } = await (0, import_chunk_5LCZEI5X.runTool)(command(program, ["--version"]), { signal, redactor });
      return stdout.trim();
    })
  );
  const [version = ""] = versions;
  return versions.every((text) => majorOf(text) === major) ? { major, version, command } : void 0;
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  POSTGRES_PROGRAMS,
  describeTools,
  majorOf
});
