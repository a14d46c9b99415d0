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
  PARTS_IN_MEMORY: () => PARTS_IN_MEMORY,
  PartBuffers: () => PartBuffers,
  isAwsEndpoint: () => isAwsEndpoint,
  readS3Address: () => readS3Address
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_JYWDWY5C = require("./chunk-JYWDWY5C.cjs");
var PARTS_IN_MEMORY = 4;
var PartBuffers = class {
  #free = [];
  #waiting = [];
  #available;
  /** @param count - how many parts may be in memory, filling or on their way */
  constructor(count) {
    this.#available = count;
  }
  /** Waits for a buffer; its old content is still in it. Throws what the signal was aborted with. */
  async take(sizeBytes, signal) {
    while (this.#available === 0 && !signal.aborted) await this.#wait(signal);
    if (signal.aborted) throw (0, import_chunk_JYWDWY5C.abortReason)(signal);
    this.#available--;
    const free = this.#free.pop();
    return free?.length === sizeBytes ? free : Buffer.allocUnsafeSlow(sizeBytes);
  }
  give(buffer) {
    this.#available++;
    this.#free.push(buffer);
    for (const wake of this.#waiting.splice(0)) wake();
  }
  async #wait(signal) {
    await new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake);
    });
  }
};
function readS3Address(url) {
  if (!URL.canParse(url)) return void 0;
  const { protocol, host, hostname, pathname } = new URL(url);
  if (!/^https?:$/.test(protocol)) return void 0;
  const path = decodeURIComponent(pathname).split("/").filter((part) => part !== "");
  const aws = /^(?:(.+)\.)?s3(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?$/.exec(hostname);
  const bucket = aws?.[1] ?? path.shift();
  if (bucket === void 0) return void 0;
  const place = { url: `s3://${[bucket, ...path].join("/")}` };
  if (!aws) return { ...place, endpoint: `${protocol}//${host}`, pathStyle: true };
  return { ...place, region: aws[2] ?? "us-east-1" };
}
function isAwsEndpoint(endpoint) {
  return endpoint === void 0 || /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  PARTS_IN_MEMORY,
  PartBuffers,
  isAwsEndpoint,
  readS3Address
});
