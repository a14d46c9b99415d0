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
  createPostgresProof: () => createPostgresProof
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_7N3AE75W = require("./chunk-7N3AE75W.cjs");
var import_chunk_TT2DNCF3 = require("./chunk-TT2DNCF3.cjs");
var import_chunk_L6PHXGBH = require("./chunk-L6PHXGBH.cjs");
var import_chunk_7HIGGGOO = require("./chunk-7HIGGGOO.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_fs = require("node:fs");
var import_promises = require("node:stream/promises");
var SCRIPT_END = "-- PostgreSQL database dump complete";
var TAIL_BYTES = 4096;
var ROWS_END = "\\.\n\n\n";
function createPostgresProof(context) {
  return {
    async prove(store, object, content) {
      if (store.kind !== "postgres") throw new Error(`${store.store} is no Postgres backup`);
      const { archive, globals } = store;
      return await (0, import_chunk_7N3AE75W.proveWithTools)(content, async () => {
        if (object.key === globals?.key)
          await takeTail(content);
        else if (archive.format === "custom") await readArchive(store, object, content, context);
        else if (archive.format === "plain") {
          const tail = await (0, import_chunk_7N3AE75W.readThrough)(object, content, archive.compression, context, takeTail);
          if (!tail.includes(SCRIPT_END))
            throw (0, import_chunk_7N3AE75W.notWhole)(object, "the script does not end as pg_dump ends it");
        } else {
          const { file = "" } = archive.files.find(({ key }) => key === object.key) ?? {};
          await readFile(store, object, file, content, context);
        }
        return void 0;
      });
    }
  };
}
async function readFile(store, object, name, content, context) {
  if (name === "toc.dat") return await readContents(store, object, content, context);
  const compression = name.endsWith(".zst") ? "zstd" : name.endsWith(".gz") ? "gzip" : "none";
  const tail = await (0, import_chunk_7N3AE75W.readThrough)(object, content, compression, context, takeTail);
  if (/^\d+\.dat/.test(name) && !tail.endsWith(ROWS_END))
    throw (0, import_chunk_7N3AE75W.notWhole)(object, "the rows do not end as pg_dump ends them");
}
async function readContents({ tool }, object, content, context) {
  var _stack = [];
  try {
    const tools = await (0, import_chunk_TT2DNCF3.findPostgresTools)((0, import_chunk_L6PHXGBH.majorOf)(tool), context);
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(), true);
    await (0, import_promises.pipeline)(content, (0, import_node_fs.createWriteStream)(scratch.file("toc.dat"), { mode: 384 }));
    try {
      await (0, import_chunk_5LCZEI5X.runTool)(tools.command("pg_restore", ["--list", scratch.path]), context);
    } catch (error) {
      if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "TOOL_FAILED")
        throw (0, import_chunk_7N3AE75W.notWhole)(object, `pg_restore cannot read it: ${error.message}`);
      throw error;
    }
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function readArchive({ tool }, object, content, context) {
  const tools = await (0, import_chunk_TT2DNCF3.findPostgresTools)((0, import_chunk_L6PHXGBH.majorOf)(tool), context);
  const restore = (0, import_chunk_5LCZEI5X.startTool)(tools.command("pg_restore", ["--file=/dev/null"]), context);
  restore.stdout.resume();
  const fed = (0, import_promises.pipeline)(content, restore.stdin).then(
    () => void 0,
    (error) => error
  );
  const failure = await restore.done.then(
    () => void 0,
    (error) => error instanceof Error ? error : new Error(String(error))
  );
  const feeding = await fed;
  if (feeding instanceof import_chunk_E4TRGNTH.AppError) throw feeding;
  if (failure instanceof import_chunk_E4TRGNTH.AppError && failure.code === "CANCELLED") throw failure;
  if (failure !== void 0)
    throw (0, import_chunk_7N3AE75W.notWhole)(object, `pg_restore cannot read it to its end: ${failure.message}`);
}
async function takeTail(plain) {
  let tail = Buffer.alloc(0);
  for await (const chunk of plain)
    tail = Buffer.concat([tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  return tail.toString("utf8");
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  createPostgresProof
});
