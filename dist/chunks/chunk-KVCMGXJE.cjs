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
  Stopwatch: () => Stopwatch,
  createDeadline: () => createDeadline,
  secondsSince: () => secondsSince,
  systemClock: () => systemClock,
  waitUnlessAborted: () => waitUnlessAborted,
  withDeadline: () => withDeadline
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_events = require("node:events");
var import_promises = require("node:timers/promises");
var systemClock = {
  now: () => /* @__PURE__ */ new Date(),
  ticksMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await (0, import_promises.setTimeout)(ms, void 0, { signal });
    } catch {
      throw (0, import_chunk_E4TRGNTH.cancelled)();
    }
  }
};
var Stopwatch = class {
  times = [];
  #clock;
  constructor(clock) {
    this.#clock = clock;
  }
  async measure(phase, work) {
    const startMs = this.#clock.ticksMs();
    try {
      return await work();
    } finally {
      this.times.push({ phase, seconds: secondsSince(this.#clock, startMs) });
    }
  }
};
function secondsSince(clock, startMs) {
  return Math.round(clock.ticksMs() - startMs) / 1e3;
}
function createDeadline(timeoutMs) {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(), timeoutMs).unref();
  (0, import_node_events.setMaxListeners)(0, deadline.signal);
  return deadline.signal;
}
function withDeadline(signal, timeoutMs) {
  return AbortSignal.any([signal, createDeadline(timeoutMs)]);
}
async function waitUnlessAborted(work, signal) {
  (0, import_chunk_E4TRGNTH.throwIfCancelled)(signal);
  let onAbort = () => {
  };
  const aborted = new Promise((_resolve, reject) => {
    onAbort = () => reject((0, import_chunk_E4TRGNTH.cancelled)());
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  Stopwatch,
  createDeadline,
  secondsSince,
  systemClock,
  waitUnlessAborted,
  withDeadline
});
