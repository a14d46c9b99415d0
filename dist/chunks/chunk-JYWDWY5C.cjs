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
  MeteredBody: () => MeteredBody,
  abortReason: () => abortReason,
  guardStream: () => guardStream,
  keyTaken: () => keyTaken
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_node_crypto = require("node:crypto");
var import_node_stream = require("node:stream");
var MeteredBody = class {
  #body;
  #signal;
  #hash = (0, import_node_crypto.createHash)("sha256");
  #sizeBytes = 0;
  constructor(body, signal) {
    this.#body = body;
    this.#signal = signal;
  }
  async *[Symbol.asyncIterator]() {
    const iterator = this.#body[Symbol.asyncIterator]();
    let giveUp = () => {
    };
    const onAbort = () => giveUp();
    this.#signal.addEventListener("abort", onAbort);
    try {
      for (; ; ) {
        const next = await new Promise((resolve, reject) => {
          giveUp = () => reject(abortReason(this.#signal));
          if (this.#signal.aborted) giveUp();
          else iterator.next().then(resolve, reject);
        });
        if (next.done) return;
        this.#hash.update(next.value);
        this.#sizeBytes += next.value.length;
        yield next.value;
      }
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
      iterator.return?.().catch(() => {
      });
    }
  }
  /** What has passed; called once, after the end. */
  written() {
    return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest("hex") };
  }
};
function guardStream(source, sizeBytes, signal, explain) {
  let seenBytes = 0;
  const guard = new import_node_stream.Transform({
    transform(chunk, _encoding, done) {
      seenBytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(seenBytes === sizeBytes ? null : cutShort(seenBytes, sizeBytes));
    },
    destroy(error, done) {
      done(error && (signal.aborted ? abortReason(signal) : explain(error)));
    }
  });
  (0, import_node_stream.pipeline)(source, guard, () => {
  });
  return (0, import_node_stream.addAbortSignal)(signal, guard);
}
function abortReason(signal) {
  return signal.reason instanceof import_chunk_E4TRGNTH.AppError ? signal.reason : (0, import_chunk_E4TRGNTH.cancelled)();
}
function cutShort(seenBytes, sizeBytes) {
  return new import_chunk_E4TRGNTH.AppError("DESTINATION_FAILED", `An object ended after ${seenBytes} of ${sizeBytes} bytes.`, {
    hint: "The connection was cut; try again.",
    transient: true
  });
}
function keyTaken(key, url) {
  return new import_chunk_E4TRGNTH.AppError("DESTINATION_FAILED", `${url} holds an object ${key} already, which is not replaced.`, {
    hint: "No other run writes under that name: find out who put it there, then start the run again."
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  MeteredBody,
  abortReason,
  guardStream,
  keyTaken
});
