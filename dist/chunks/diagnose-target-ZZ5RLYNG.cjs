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
  diagnoseClickHouseTarget: () => diagnoseClickHouseTarget
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_5V4BPUAT = require("./chunk-5V4BPUAT.cjs");
var import_chunk_R6YO3J4N = require("./chunk-R6YO3J4N.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var PRIVILEGES = [
  ...["CREATE DATABASE", "DROP DATABASE", "CREATE TABLE", "DROP TABLE", "CREATE VIEW", "DROP VIEW"],
  ...["CREATE DICTIONARY", "DROP DICTIONARY", "CREATE FUNCTION", "DROP FUNCTION", "TRUNCATE", "ALTER TABLE"],
  ...["SELECT", "INSERT", "SYSTEM MERGES", "SYSTEM TTL MERGES", "SYSTEM VIEWS"]
];
async function diagnoseClickHouseTarget({ url }, context) {
  let server;
  try {
    server = await import_chunk_5V4BPUAT.ClickHouseServer.connect((0, import_chunk_5V4BPUAT.parseConnection)(url, context.redactor), context);
  } catch (error) {
    return [(0, import_chunk_CW2N472Z.explainAsFinding)("connection", error)];
  }
  try {
    const { version, connection } = server;
    return [
      (0, import_chunk_CW2N472Z.good)("connection", `ClickHouse ${version} at ${connection.endpoint}`),
      await findLackingRights(server),
      ...await (0, import_chunk_5V4BPUAT.findLeftovers)(server, context).catch((error) => [
        (0, import_chunk_CW2N472Z.explainAsFinding)("leftovers", error)
      ])
    ];
  } finally {
    await server.close();
  }
}
async function findLackingRights(server) {
  const user = (0, import_chunk_HPYFHP5G.quoteName)(server.connection.user);
  try {
    if (server.isReadonly) {
      return (0, import_chunk_CW2N472Z.bad)(
        "rights",
        "The user's profile has readonly = 1: nothing can be restored with it.",
        `ALTER USER ${user} MODIFY SETTINGS readonly = 0`
      );
    }
    const lacking = [];
    for (const privilege of PRIVILEGES) {
      const [answer] = await server.runAny(`CHECK GRANT ${privilege} ON *.*`);
      if (answer?.["result"] !== 1) lacking.push(privilege);
    }
    if (lacking.length === 0) return (0, import_chunk_CW2N472Z.good)("rights", `User ${server.connection.user} may restore there.`);
    return (0, import_chunk_CW2N472Z.bad)(
      "rights",
      `User ${server.connection.user} may not ${lacking.join(", ")} there.`,
      `GRANT ${lacking.join(", ")} ON *.* TO ${user}`
    );
  } catch (error) {
    return (0, import_chunk_CW2N472Z.explainAsFinding)("rights", error);
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  diagnoseClickHouseTarget
});
