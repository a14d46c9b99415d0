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
  AppError: () => AppError,
  EXIT_STATUS: () => EXIT_STATUS,
  cancelled: () => cancelled,
  exitStatusOf: () => exitStatusOf,
  throwIfCancelled: () => throwIfCancelled,
  throwTogether: () => throwTogether
});
module.exports = __toCommonJS(stdin_exports);
var EXIT_STATUS = {
  CONFIG_INVALID: 2,
  TARGET_REFUSED: 2,
  BACKUP_NOT_FOUND: 2,
  SHARD_UNFINISHED: 2,
  FORMAT_TOO_NEW: 2,
  IDENTITY_MISSING: 2,
  KEY_MISMATCH: 2,
  TOOL_MISSING: 3,
  TOOL_FAILED: 3,
  DISK_FULL: 3,
  STORE_UNREACHABLE: 4,
  STORE_LOGIN_REFUSED: 4,
  STORE_UNSUPPORTED: 4,
  STORE_RIGHTS_MISSING: 4,
  STORE_FAILED: 4,
  DESTINATION_UNREACHABLE: 4,
  DESTINATION_REFUSED: 4,
  DESTINATION_MISSING: 4,
  DESTINATION_FAILED: 4,
  OBJECT_MISSING: 5,
  BACKUP_DAMAGED: 5,
  DATA_DIFFERS: 5,
  UNPROVEN: 6,
  CANCELLED: 130
};
var AppError = class extends Error {
  name = "AppError";
  code;
  /** What the reader can try next: one sentence, no secrets. */
  hint;
  /** Whether the same attempt may succeed later: the only errors that are retried. */
  transient;
  constructor(code, message, about) {
    super(message, { cause: about.cause });
    this.code = code;
    this.hint = about.hint;
    this.transient = about.transient ?? false;
  }
};
function exitStatusOf(error) {
  return error instanceof AppError ? EXIT_STATUS[error.code] : 1;
}
function cancelled() {
  return new AppError("CANCELLED", "The run was cancelled.", {
    hint: "Nothing incomplete is listed; start the command again when ready."
  });
}
function throwIfCancelled(signal) {
  if (signal.aborted) throw cancelled();
}
function throwTogether(errors) {
  const ours = errors.filter((error) => error instanceof AppError);
  if (ours.length < errors.length) throw errors.find((error) => !(error instanceof AppError));
  const [first] = ours;
  if (!first) return;
  if (ours.length === 1) throw first;
  const joinLines = (lines) => [...new Set(lines)].join("\n");
  throw new AppError(first.code, joinLines(ours.map(({ message }) => message)), {
    hint: joinLines(ours.map(({ hint }) => hint)),
    cause: first
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  AppError,
  EXIT_STATUS,
  cancelled,
  exitStatusOf,
  throwIfCancelled,
  throwTogether
});
