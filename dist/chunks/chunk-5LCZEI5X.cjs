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
  eachLine: () => eachLine,
  runTool: () => runTool,
  startTool: () => startTool,
  toolEnvironment: () => toolEnvironment
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_child_process = require("node:child_process");
var import_node_fs = require("node:fs");
var import_node_readline = require("node:readline");
var import_consumers = require("node:stream/consumers");
var import_promises = require("node:timers/promises");
var STDERR_TAIL_LENGTH = 16 * 1024;
var GRACE_MS = 2e3;
var LOOK_EVERY_MS = 20;
function startTool(command, options) {
  const { signal, redactor } = options;
  (0, import_chunk_E4TRGNTH.throwIfCancelled)(signal);
  const child = spawnInGroup(command);
  child.stdin.on("error", () => {
  });
  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    tail += chunk;
    if (tail.length > 2 * STDERR_TAIL_LENGTH) tail = redactor.redact(tail).slice(-STDERR_TAIL_LENGTH);
  });
  const stderrTail = () => redactor.redact(tail).slice(-STDERR_TAIL_LENGTH).trim();
  const closed = new Promise((resolve) => {
    child.once("error", (error) => resolve({ status: null, error }));
    child.once("close", (status) => resolve({ status }));
  });
  let stopping;
  const stop = () => stopping ??= endGroup(child, closed);
  child.once("exit", (status) => {
    if (status !== 0) void stop();
  });
  const onAbort = () => void stop();
  signal.addEventListener("abort", onAbort, { once: true });
  const done = closed.then(async ({ status, error }) => {
    signal.removeEventListener("abort", onAbort);
    await stopping;
    if (signal.aborted) throw (0, import_chunk_E4TRGNTH.cancelled)();
    if (error) throw notStarted(command, error);
    if (status !== 0) throw failed(command, status, child.signalCode, stderrTail());
  });
  done.catch(() => {
  });
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, done, stderrTail, stop };
}
async function runTool(command, options) {
  const tool = startTool(command, options);
  tool.stdin.end(options.stdin ?? "");
  const [stdout] = await Promise.all([(0, import_consumers.text)(tool.stdout), tool.done]);
  return { stdout, stderr: tool.stderrTail() };
}
function toolEnvironment(env) {
  const passed = {};
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"]) {
    const value = env[name];
    if (value !== void 0) passed[name] = value;
  }
  return passed;
}
function spawnInGroup(command) {
  try {
    return (0, import_node_child_process.spawn)(command.file, [...command.args], {
      env: { ...command.env },
      cwd: command.cwd,
      detached: true
    });
  } catch (error) {
    throw notStarted(command, error);
  }
}
async function endGroup(child, closed) {
  let isLeft = signalGroup(child, "SIGTERM");
  for (let waitedMs = 0; isLeft && waitedMs < GRACE_MS; waitedMs += LOOK_EVERY_MS) {
    await (0, import_promises.setTimeout)(LOOK_EVERY_MS);
    isLeft = signalGroup(child, 0);
  }
  if (isLeft) signalGroup(child, "SIGKILL");
  await closed;
}
function signalGroup(child, signal) {
  if (child.pid === void 0) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
function notStarted(command, error) {
  if (command.cwd !== void 0 && !(0, import_node_fs.existsSync)(command.cwd)) {
    return new import_chunk_E4TRGNTH.AppError(
      "TOOL_FAILED",
      `${command.file} cannot run in ${command.cwd}: there is no such folder.`,
      {
        hint: "Create the folder, or correct its path.",
        cause: error
      }
    );
  }
  return new import_chunk_E4TRGNTH.AppError("TOOL_MISSING", `${command.file} could not be started: ${error.message}.`, {
    hint: "Check that the program is installed and may be executed by this user.",
    cause: error
  });
}
function failed(command, status, signalCode, stderr) {
  const how = status === null ? `was ended by ${signalCode}` : `exited with status ${status}`;
  const said = stderr === "" ? "It printed no reason." : `It said:
${stderr}`;
  return new import_chunk_E4TRGNTH.AppError("TOOL_FAILED", `${command.file.split("/").at(-1)} ${how}. ${said}`, {
    hint: "The tool's own message above tells what it could not do."
  });
}
async function eachLine(output, take) {
  for await (const line of (0, import_node_readline.createInterface)({ input: output })) take(line);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  eachLine,
  runTool,
  startTool,
  toolEnvironment
});
