const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var import_chunk_UV5FEO72 = require("./chunks/chunk-UV5FEO72.cjs");
var import_chunk_S3Y7SINS = require("./chunks/chunk-S3Y7SINS.cjs");
var import_chunk_YGI2A5BY = require("./chunks/chunk-YGI2A5BY.cjs");
var import_chunk_FR6ATP63 = require("./chunks/chunk-FR6ATP63.cjs");
var import_chunk_WN6SEXNX = require("./chunks/chunk-WN6SEXNX.cjs");
var import_chunk_JYWDWY5C = require("./chunks/chunk-JYWDWY5C.cjs");
var import_chunk_ZKV6NMGU = require("./chunks/chunk-ZKV6NMGU.cjs");
var import_chunk_C5YXLHNA = require("./chunks/chunk-C5YXLHNA.cjs");
var import_chunk_E7U4CWV7 = require("./chunks/chunk-E7U4CWV7.cjs");
var import_chunk_6KJEVDUS = require("./chunks/chunk-6KJEVDUS.cjs");
var import_chunk_XPUIUB4A = require("./chunks/chunk-XPUIUB4A.cjs");
var import_chunk_GRBCTXAV = require("./chunks/chunk-GRBCTXAV.cjs");
var import_chunk_NGGILZ57 = require("./chunks/chunk-NGGILZ57.cjs");
var import_chunk_5LCZEI5X = require("./chunks/chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunks/chunk-XCSPHMD5.cjs");
var import_chunk_DAEGIV2F = require("./chunks/chunk-DAEGIV2F.cjs");
var import_chunk_GDCGOP3X = require("./chunks/chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunks/chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunks/chunk-KVCMGXJE.cjs");
var import_chunk_BKKABDDY = require("./chunks/chunk-BKKABDDY.cjs");
var import_chunk_CHEQEFGL = require("./chunks/chunk-CHEQEFGL.cjs");
var import_chunk_E4TRGNTH = require("./chunks/chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunks/chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunks/chunk-D6QFH5CA.cjs");
var import_promises = require("node:fs/promises");
var import_node_os = require("node:os");
var import_node_path = require("node:path");
async function tidyAfter(destination, backupId) {
  if (await destination.findSize((0, import_chunk_ZKV6NMGU.manifestKey)(backupId)) !== void 0) return { removed: 0, kept: 0 };
  let removed = await destination.abortUnfinished((0, import_chunk_ZKV6NMGU.backupFolder)(backupId), () => true);
  removed += await destination.abortUnfinished(import_chunk_ZKV6NMGU.partsPrefix, ({ key }) => (0, import_chunk_ZKV6NMGU.isPartOfBackup)(key, backupId));
  const began = (0, import_chunk_ZKV6NMGU.findBackupTime)(backupId) ?? /* @__PURE__ */ new Date(0);
  const receipts = await (0, import_chunk_FR6ATP63.readReceipts)(destination, began);
  const needed = new Set(receipts.flatMap(({ parts }) => parts.map(({ key }) => key)));
  for (const { stores } of await (0, import_chunk_FR6ATP63.requireManifests)(destination, await listHeirs(destination, began)))
    for (const { key } of stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore)) needed.add(key);
  let kept = 0;
  for (const prefix of [(0, import_chunk_ZKV6NMGU.backupFolder)(backupId), import_chunk_ZKV6NMGU.partsPrefix]) {
    for await (const { key } of destination.list(prefix)) {
      if (prefix === import_chunk_ZKV6NMGU.partsPrefix && !(0, import_chunk_ZKV6NMGU.isPartOfBackup)(key, backupId)) continue;
      if (needed.has(key)) {
        kept += 1;
        continue;
      }
      await destination.remove(key);
      removed += 1;
    }
  }
  return { removed, kept };
}
async function listHeirs(destination, began) {
  const since = began.getTime() - import_chunk_FR6ATP63.RUN_LIMIT_MS;
  return (await (0, import_chunk_FR6ATP63.listBackupIds)(destination)).filter((id) => ((0, import_chunk_ZKV6NMGU.findBackupTime)(id)?.getTime() ?? 0) >= since);
}
var TIDY_MS = 12e4;
async function main() {
  const { env } = process;
  (0, import_chunk_UV5FEO72.useRunnerTemp)(env);
  const redactor = new import_chunk_HVRSHCYF.Redactor();
  try {
    if (env["RUNNER_TEMP"]) await removeScratch();
    const backupId = (0, import_chunk_UV5FEO72.findBackupId)();
    if (backupId === void 0) return;
    const config = await (0, import_chunk_UV5FEO72.readConfig)(env);
    for (const secret of config.secrets) redactor.add(secret);
    const context = (0, import_chunk_FR6ATP63.createContext)({
      signal: (0, import_chunk_KVCMGXJE.createDeadline)(TIDY_MS),
      reporter: new import_chunk_UV5FEO72.WorkflowReporter(import_chunk_KVCMGXJE.systemClock),
      redactor,
      env,
      cacheDir: (0, import_node_os.tmpdir)()
    });
    const tidyAt = async (named) => {
      const destination = await (0, import_chunk_FR6ATP63.openDestination)(named.config, config.name, context);
      const { removed, kept } = await tidyAfter(destination, backupId);
      destination.close();
      const at = `of backup ${backupId} at ${destination.url}`;
      if (removed > 0) (0, import_chunk_S3Y7SINS.info)(`Removed ${removed} objects ${at}, which was not completed.`);
      if (kept > 0)
        (0, import_chunk_S3Y7SINS.info)(`Left ${kept} finished parts ${at}, which the next backup need not send again.`);
    };
    await Promise.all(
      config.destinations.map((named) => tidyAt(named).catch((error) => warn(error, redactor)))
    );
  } catch (error) {
    warn(error, redactor);
  }
}
function warn(error, redactor) {
  const { title, hint } = (0, import_chunk_FR6ATP63.explainFailure)(error, redactor);
  (0, import_chunk_S3Y7SINS.warning)(`What the step left behind could not be removed: ${title} ${hint}`);
}
async function removeScratch() {
  for (const name of await (0, import_promises.readdir)((0, import_node_os.tmpdir)())) {
    if (name.startsWith(import_chunk_PKNFJV47.SCRATCH_PREFIX)) await (0, import_promises.rm)((0, import_node_path.join)((0, import_node_os.tmpdir)(), name), { recursive: true, force: true });
  }
}
void main();
