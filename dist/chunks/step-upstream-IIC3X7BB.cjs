const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
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
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  openStepUpstream: () => openStepUpstream
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_promises = require("node:fs/promises");
async function openStepUpstream({ port, https, hostNames, isSilent = false }, runKey, clock, onRequest = () => {
}) {
  const { startUpstream } = await Promise.resolve().then(() => __toESM(require("./server-EMCYF3SE.cjs")));
  if (!https) {
    const upstream = await startUpstream({ runKey, port, clock, onRequest });
    if (isSilent) await upstream.close();
    return { ...upstream, env: { LIFEBOAT_UPSTREAM_URL: upstream.url } };
  }
  const scratch = await import_chunk_PKNFJV47.Scratch.create();
  try {
    const { createCertificate } = await Promise.resolve().then(() => __toESM(require("./certificate-Y4SN4CM3.cjs")));
    const certificate = await createCertificate(hostNames, clock.now());
    const caFile = scratch.file("upstream-ca.pem");
    await (0, import_promises.writeFile)(caFile, certificate.certificatePem);
    const upstream = await startUpstream({ runKey, port, clock, certificate, onRequest });
    if (isSilent) await upstream.close();
    return {
      ...upstream,
      env: { LIFEBOAT_UPSTREAM_URL: upstream.url, LIFEBOAT_UPSTREAM_CA: caFile },
      async close() {
        await upstream.close();
        await scratch.remove();
      }
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  openStepUpstream
});
