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
  SCRATCH_PREFIX: () => SCRATCH_PREFIX,
  Scratch: () => Scratch
});
module.exports = __toCommonJS(stdin_exports);
var import_promises = require("node:fs/promises");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
var SCRATCH_PREFIX = "lifeboat-scratch-";
var Scratch = class _Scratch {
  path;
  constructor(path) {
    this.path = path;
  }
  /** @param parent - where to create it; the system's temporary directory by default */
  static async create(parent = (0, import_node_os.tmpdir)()) {
    return new _Scratch(await (0, import_promises.mkdtemp)((0, import_node_path.join)(parent, SCRATCH_PREFIX)));
  }
  file(name) {
    return (0, import_node_path.join)(this.path, name);
  }
  async remove() {
    await (0, import_promises.rm)(this.path, { recursive: true, force: true });
  }
  async [Symbol.asyncDispose]() {
    await this.remove();
  }
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  SCRATCH_PREFIX,
  Scratch
});
