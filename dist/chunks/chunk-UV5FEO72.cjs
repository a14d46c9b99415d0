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
  WorkflowReporter: () => WorkflowReporter,
  findBackupId: () => findBackupId,
  findRunUrl: () => findRunUrl,
  readConfig: () => readConfig,
  saveBackupId: () => saveBackupId,
  useRunnerTemp: () => useRunnerTemp
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_S3Y7SINS = require("./chunk-S3Y7SINS.cjs");
var import_chunk_FR6ATP63 = require("./chunk-FR6ATP63.cjs");
var import_chunk_WN6SEXNX = require("./chunk-WN6SEXNX.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
async function readConfig(env) {
  const options = {};
  for (const { name, option } of (0, import_chunk_WN6SEXNX.listOptions)("action")) {
    options[name] = (0, import_chunk_S3Y7SINS.getInput)(name);
    if ("secret" in option) mask(new import_chunk_HVRSHCYF.Secret(options[name]));
  }
  const { path, isRequired } = (0, import_chunk_WN6SEXNX.locateConfigFile)(options, env);
  const text = isRequired ? await (0, import_chunk_WN6SEXNX.readTextFile)(path, "configuration file") : await (0, import_chunk_WN6SEXNX.findTextFile)(path);
  const raw = {
    shell: "action",
    command: options["command"] ?? "",
    options,
    env,
    ...text !== void 0 && { file: { path, text } }
  };
  const config = (0, import_chunk_WN6SEXNX.parseConfig)(raw);
  config.secrets.forEach(mask);
  return config;
}
function mask(secret) {
  for (const form of (0, import_chunk_HVRSHCYF.secretForms)(secret.reveal())) (0, import_chunk_S3Y7SINS.setSecret)(form);
}
var BACKUP_ID = "backup-id";
function saveBackupId(backupId) {
  (0, import_chunk_S3Y7SINS.saveState)(BACKUP_ID, backupId);
}
function findBackupId() {
  return (0, import_chunk_S3Y7SINS.getState)(BACKUP_ID) || void 0;
}
function useRunnerTemp(env) {
  if (env["RUNNER_TEMP"]) env["TMPDIR"] = env["RUNNER_TEMP"];
}
function findRunUrl(env) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  return server && repository && id ? `${server}/${repository}/actions/runs/${id}` : void 0;
}
var PROGRESS_EVERY_MS = 15e3;
var WorkflowReporter = class {
  #thinner;
  constructor(clock) {
    this.#thinner = new import_chunk_FR6ATP63.ProgressThinner(clock, PROGRESS_EVERY_MS);
  }
  async phase(title, work) {
    return await (0, import_chunk_S3Y7SINS.group)(title, work);
  }
  info(line) {
    (0, import_chunk_S3Y7SINS.info)(disarm(line));
  }
  warn(line) {
    (0, import_chunk_S3Y7SINS.warning)(line);
  }
  progress(progress) {
    if (this.#thinner.isDue(progress)) (0, import_chunk_S3Y7SINS.info)(disarm((0, import_chunk_FR6ATP63.formatProgress)(progress)));
  }
};
function disarm(text) {
  return text.replace(/^(\s*:)(?=:)/gm, "$1\u200B").replaceAll("##[", "##\u200B[");
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  WorkflowReporter,
  findBackupId,
  findRunUrl,
  readConfig,
  saveBackupId,
  useRunnerTemp
});
