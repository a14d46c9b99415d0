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
  listProvisions: () => listProvisions
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E7U4CWV7 = require("./chunk-E7U4CWV7.cjs");
function listProvisions({
  excludedSchemas,
  inventory,
  platform,
  roles
}) {
  const ofExtensions = inventory.schema.flatMap(
    ({ kind, definition }) => kind === "extension" ? [definition.replace(/^in schema /, "")] : []
  );
  const schemas = new Set(platform ? [...ofExtensions, import_chunk_E7U4CWV7.EXTENSION_SCHEMA.name] : ofExtensions);
  return [...schemas].filter((schema) => excludedSchemas.includes(schema)).sort().map((schema) => {
    const users = platform && schema === import_chunk_E7U4CWV7.EXTENSION_SCHEMA.name ? import_chunk_E7U4CWV7.EXTENSION_SCHEMA.usedBy.filter((role) => roles.includes(role)) : [];
    const name = (0, import_chunk_E7U4CWV7.quoteIdentifier)(schema);
    return {
      schema,
      statements: [
        `CREATE SCHEMA ${name};`,
        ...users.map((role) => `GRANT USAGE ON SCHEMA ${name} TO ${(0, import_chunk_E7U4CWV7.quoteIdentifier)(role)};`)
      ]
    };
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  listProvisions
});
