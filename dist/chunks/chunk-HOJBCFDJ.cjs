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
  RUN: () => RUN,
  cancelOnSignals: () => cancelOnSignals,
  describeCompleteness: () => describeCompleteness,
  describeCopy: () => describeCopy,
  describeEncryption: () => describeEncryption,
  describeEstimate: () => describeEstimate,
  describeFinishedShard: () => describeFinishedShard,
  describeLastDrill: () => describeLastDrill,
  describePin: () => describePin,
  describePrune: () => describePrune,
  describeRekey: () => describeRekey,
  describeScope: () => describeScope,
  describeServerPlaces: () => describeServerPlaces,
  describeShard: () => describeShard,
  describeStatus: () => describeStatus,
  describeVerify: () => describeVerify,
  escapeLines: () => escapeLines,
  escapeMarkdown: () => escapeMarkdown,
  exitStatusOfResult: () => exitStatusOfResult,
  judgeFailure: () => judgeFailure,
  judgeResult: () => judgeResult,
  listDecisions: () => listDecisions,
  listEstimate: () => listEstimate,
  listPlan: () => listPlan,
  listStatus: () => listStatus,
  listTrend: () => listTrend,
  renderFailureSummary: () => renderFailureSummary,
  renderSummary: () => renderSummary,
  run: () => run
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_EHMDGH3H = require("./chunk-EHMDGH3H.cjs");
var import_chunk_XCGTO3LX = require("./chunk-XCGTO3LX.cjs");
var import_chunk_DUXTN4SI = require("./chunk-DUXTN4SI.cjs");
var import_chunk_O3HMCWLT = require("./chunk-O3HMCWLT.cjs");
var import_chunk_XXU7PNBB = require("./chunk-XXU7PNBB.cjs");
var import_chunk_CW2N472Z = require("./chunk-CW2N472Z.cjs");
var import_chunk_FR6ATP63 = require("./chunk-FR6ATP63.cjs");
var import_chunk_WN6SEXNX = require("./chunk-WN6SEXNX.cjs");
var import_chunk_ZKV6NMGU = require("./chunk-ZKV6NMGU.cjs");
var import_chunk_XPUIUB4A = require("./chunk-XPUIUB4A.cjs");
var import_chunk_GRBCTXAV = require("./chunk-GRBCTXAV.cjs");
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_5LCZEI5X = require("./chunk-5LCZEI5X.cjs");
var import_chunk_XCSPHMD5 = require("./chunk-XCSPHMD5.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_KVCMGXJE = require("./chunk-KVCMGXJE.cjs");
var import_chunk_BKKABDDY = require("./chunk-BKKABDDY.cjs");
var import_chunk_CHEQEFGL = require("./chunk-CHEQEFGL.cjs");
var import_chunk_UQKQLL3M = require("./chunk-UQKQLL3M.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_PKNFJV47 = require("./chunk-PKNFJV47.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_node_crypto = require("node:crypto");
var import_node_stream = require("node:stream");
var import_node_stream2 = require("node:stream");
var import_promises = require("node:fs/promises");
var import_node_path = require("node:path");
var import_node_stream3 = require("node:stream");
var import_node_stream4 = require("node:stream");
var import_node_crypto2 = require("node:crypto");
var import_promises2 = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_node_crypto3 = require("node:crypto");
var import_promises3 = require("node:fs/promises");
var import_node_events = require("node:events");
var import_node_stream5 = require("node:stream");
var import_node_stream6 = require("node:stream");
var import_node_stream7 = require("node:stream");
var import_node_crypto4 = require("node:crypto");
var import_node_util = require("node:util");
var import_node_crypto5 = require("node:crypto");
var import_node_crypto6 = require("node:crypto");
var import_node_util2 = require("node:util");
var import_node_util3 = require("node:util");
var DOCTOR_FOUND_BAD = 4;
function exitStatusOfResult(result) {
  const hasOutcomes = result.command === "backup" || result.command === "finish" || result.command === "status";
  const failed = hasOutcomes ? result.destinations.find(({ failure }) => failure) : void 0;
  if (failed?.failure) return import_chunk_E4TRGNTH.EXIT_STATUS[failed.failure.code];
  const verdict = result.command === "drill" ? result.record.verdict : "verdict" in result ? result.verdict : "";
  if (verdict === "differs") return import_chunk_E4TRGNTH.EXIT_STATUS.DATA_DIFFERS;
  if (verdict === "damaged") return import_chunk_E4TRGNTH.EXIT_STATUS.BACKUP_DAMAGED;
  if (verdict === "unfinished") return import_chunk_E4TRGNTH.EXIT_STATUS.TOOL_FAILED;
  if (verdict === "unproven") return import_chunk_E4TRGNTH.EXIT_STATUS.UNPROVEN;
  if (verdict === "bad") return result.command === "status" ? import_chunk_E4TRGNTH.EXIT_STATUS.UNPROVEN : DOCTOR_FOUND_BAD;
  return 0;
}
function judge(evidence) {
  const differs = findDifferences(evidence);
  const unproven = findGaps(evidence);
  const notProven = [
    ...describeSkipped(evidence, true),
    ...evidence.comparisons.flatMap((comparison) => comparison.notProven),
    ...evidence.comparisons.filter(({ store, differences }) => differences.length === 0 && evidence.emptyStores.includes(store)).map(({ store }) => `That ${store} should have no table: it had none when it was backed up.`),
    ...evidence.steps.length === 0 ? ["That the application runs on this data: the drill has no steps."] : []
  ];
  const verdict = differs.length > 0 ? "differs" : unproven.length > 0 ? "unproven" : "proven";
  return { verdict, reasons: [...differs, ...unproven], notProven };
}
function findDifferences({ comparisons, failures }) {
  const damaged2 = failures.filter(({ code }) => code === "BACKUP_DAMAGED" || code === "OBJECT_MISSING");
  return [
    ...damaged2.map((failure) => failure.message),
    ...comparisons.flatMap(({ differences }) => differences.map(describeDifference))
  ];
}
function findGaps(evidence) {
  const { comparisons, emptyStores, failures, steps, objectives, restoreSeconds, dataAgeHours } = evidence;
  const gaps = failures.filter(({ code }) => code !== "BACKUP_DAMAGED" && code !== "OBJECT_MISSING").map(({ message, hint }) => `${message} ${hint}`);
  gaps.push(...describeSkipped(evidence, false));
  if (failures.length === 0 && comparisons.length === 0) {
    gaps.push("Nothing was compared: no store was restored.");
  }
  for (const { store, tablesCompared, contentsCompared, differences } of comparisons) {
    if (differences.length > 0) continue;
    if (emptyStores.includes(store)) continue;
    if (tablesCompared === 0) {
      gaps.push(`Nothing was compared in ${store}: the backup names no table of it.`);
    } else if (contentsCompared === 0) {
      gaps.push(`The contents of no table in ${store} were compared: its rows were only counted.`);
    }
  }
  gaps.push(...steps.filter(({ outcome }) => outcome !== "passed").map(describeStep));
  gaps.push(...(evidence.controls ?? []).filter(({ outcome }) => outcome === "missed").map(describeControl));
  const { rtoMinutes, rpoHours } = objectives;
  if (rtoMinutes !== void 0 && restoreSeconds > rtoMinutes * 60) {
    gaps.push(
      `The restore took ${(0, import_chunk_XCSPHMD5.formatSeconds)(restoreSeconds)}; the objective (RTO) is ${(0, import_chunk_XCSPHMD5.formatSeconds)(rtoMinutes * 60)}.`
    );
  }
  if (rpoHours !== void 0 && evidence.isNewest && dataAgeHours > rpoHours) {
    gaps.push(
      `The newest backup is ${(0, import_chunk_XCSPHMD5.formatSeconds)(dataAgeHours * 3600)} old; the objective (RPO) is ${(0, import_chunk_XCSPHMD5.formatSeconds)(rpoHours * 3600)}.`
    );
  }
  return gaps;
}
function describeDifference({ store, kind, name, expected, found }) {
  const what = kind === "table" ? "table " : `${kind} of `;
  return `${store}: ${what}${name}: expected ${expected}, found ${found}.`;
}
function describeStep({ name, outcome, reason }) {
  return `Step "${name}" ${outcome === "failed" ? "failed" : "showed nothing"}: ${reason}`;
}
function describeControl({ name, reason }) {
  return `Control "${name}" was not noticed: ${reason}`;
}
function describeSkipped({ skippedStores }, onPurpose) {
  return skippedStores.filter((skipped) => skipped.onPurpose === onPurpose).map(({ store, why }) => `Store ${store} was not restored: ${why}.`);
}
var TREND_SHOWN = 10;
function describeStatus({ verdict }) {
  return {
    good: "Every objective is met",
    warning: "No objective is missed; something deserves a look",
    bad: "An objective is missed"
  }[verdict];
}
function listStatus(result) {
  const destinations = result.destinations.map(({ url, findings }) => ({
    name: `destination ${url}`,
    findings
  }));
  const { drills } = result;
  return drills.length === 0 ? destinations : [...destinations, { name: "drills", findings: drills }];
}
function listTrend(trend) {
  return trend.slice(0, TREND_SHOWN).toReversed();
}
function pointOfBackup(manifest) {
  const stores = manifest.stores.map((held) => ({
    store: held.store,
    kind: held.kind,
    seconds: held.seconds,
    sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfStore)(held),
    tables: held.inventory.tables.length,
    rows: (0, import_chunk_GRBCTXAV.countRows)(held.inventory)
  }));
  return {
    backupId: manifest.id,
    startedAt: manifest.startedAt,
    seconds: (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1e3,
    sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfBackup)(manifest),
    rows: stores.reduce((sum, { rows }) => sum + rows, 0),
    stores
  };
}
function pointOfDrill(record2) {
  const { id, backupId, startedAt, verdict, restoreSeconds, dataAgeHours, comparisons } = record2;
  const stores = comparisons.map(({ store }) => store);
  return { id, backupId, startedAt, verdict, restoreSeconds, dataAgeHours, stores };
}
function describeCompleteness({ destinations }) {
  const failures = destinations.flatMap(
    ({ url, failure }) => failure ? [`${url}: ${failure.reason} ${failure.hint} lifeboat copy brings it up to date.`] : []
  );
  const complete = destinations.length - failures.length;
  return {
    isEverywhere: failures.length === 0,
    answer: failures.length === 0 ? "complete" : `complete at ${complete} of ${destinations.length} destinations`,
    failures
  };
}
var HARMLESS = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // GitHub looks for mentions after Markdown: no escape helps, but a space of no width behind it does.
  "@": "@&#8203;"
};
function escapeMarkdown(text) {
  return text.trim().replace(/\s+/g, " ").replace(/[&<>@\\`*_{}[\]()#+!|~$]/g, (character) => HARMLESS[character] ?? `\\${character}`).replace(/^[-=]|(?<=^\d+)\.(?= |$)/, "\\$&").replace(/\\#(?=\d)/g, "$&&#8203;");
}
function escapeLines(text) {
  const lines = text.split(/\r?\n/).map(escapeMarkdown);
  return lines.filter((line) => line !== "").join("\\\n");
}
function renderTable(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [
    line(head.map((name) => name.replace(/^>/, ""))),
    line(head.map((name) => name.startsWith(">") ? "---:" : "---")),
    ...rows.map(line),
    ""
  ];
}
var LIMIT_BYTES = 9e5;
var ROOMS = [
  { rows: 50, length: 4e3, hasCharts: true },
  { rows: 50, length: 400, hasCharts: true },
  { rows: 10, length: 200, hasCharts: false },
  { rows: 0, length: 100, hasCharts: false }
];
function renderPage({ sign, title, blocks }, limitBytes = LIMIT_BYTES) {
  const heading = (length) => `## ${sign} ${escapeMarkdown((0, import_chunk_XCGTO3LX.shorten)(title, length))}
`;
  for (const room of ROOMS) {
    const lines = blocks.flatMap((block) => renderBlock(block, room));
    const markdown = [heading(room.length), ...lines].join("\n");
    if (Buffer.byteLength(markdown) <= limitBytes) return markdown;
  }
  return `${heading(300)}
The rest is left out: the summary would be too long.
`;
}
function listOf(title, items) {
  return items.length === 0 ? [] : [{ kind: "list", title, items }];
}
function tableOf(head, rows, about = {}) {
  return rows.length === 0 ? [] : [{ kind: "table", head, rows, ...about }];
}
function renderBlock(block, { rows, length, hasCharts }) {
  const escape = (text) => escapeMarkdown((0, import_chunk_XCGTO3LX.shorten)(text, length));
  switch (block.kind) {
    case "text":
      return [escapeLines((0, import_chunk_XCGTO3LX.shorten)(block.text, length)), ""];
    case "list": {
      const shown = block.items.slice(0, rows).map((item) => `- ${escapeLines((0, import_chunk_XCGTO3LX.shorten)(item, length)).replaceAll("\n", "\n  ")}`);
      const rest = block.items.length - shown.length;
      const more = rest > 0 ? [`- \u2026 and ${(0, import_chunk_XCSPHMD5.formatCount)(rest)} more`] : [];
      return [`**${escape(block.title)}**`, "", ...shown, ...more, ""];
    }
    case "table": {
      const shown = block.rows.slice(0, rows).map((cells) => cells.map(escape));
      const rest = block.rows.length - shown.length;
      const body = [
        ...shown.length > 0 ? renderTable(block.head, shown) : [],
        ...rest > 0 ? [`\u2026 and ${(0, import_chunk_XCSPHMD5.formatCount)(rest)} more`, ""] : []
      ];
      if (block.title === void 0) return body;
      const title = escape(block.title);
      if (!block.isFolded) return [`**${title}**`, "", ...body];
      return ["<details>", `<summary>${title}</summary>`, "", ...body, "</details>", ""];
    }
    case "chart":
      return hasCharts ? ["```mermaid", ...block.lines, "```", ""] : [];
  }
}
var USUAL_OF = 7;
var TOO_LITTLE = 0.5;
var ROWS_THAT_MATTER = 100;
var TOO_LONG = 2;
var SECONDS_THAT_MATTER = 60;
var NAMES_SHOWN = 5;
function findAnomalies(newest, earlier) {
  const before = earlier.slice(0, USUAL_OF);
  if (before.length === 0) return [];
  return [
    ...judgeSize(newest, before),
    ...judgeTime(newest, before),
    ...judgeTables(newest, before[0]),
    ...judgeRows(newest, before)
  ];
}
function findMedian(values) {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1];
}
function judgeSize(newest, before) {
  const size = (0, import_chunk_GRBCTXAV.sizeOfStore)(newest);
  const usual = findMedian(before.map(import_chunk_GRBCTXAV.sizeOfStore)) ?? 0;
  if (size >= usual * TOO_LITTLE) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      `${newest.store} size`,
      `The newest backup of ${newest.store} is ${(0, import_chunk_XCSPHMD5.formatBytes)(size)}; ${(0, import_chunk_XCSPHMD5.formatBytes)(usual)} are usual.`,
      "Find out what is gone from the database, or what the configuration now leaves out."
    )
  ];
}
function judgeTime(newest, before) {
  const usual = findMedian(before.map(({ seconds }) => seconds)) ?? 0;
  if (newest.seconds <= Math.max(usual * TOO_LONG, usual + SECONDS_THAT_MATTER)) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      `${newest.store} time`,
      `The newest backup of ${newest.store} took ${(0, import_chunk_XCSPHMD5.formatSeconds)(newest.seconds)}; ${(0, import_chunk_XCSPHMD5.formatSeconds)(usual)} are usual.`,
      "Look at the load of the database and the network in that time, and at what grew."
    )
  ];
}
function judgeTables(newest, last) {
  const present = new Set(newest.inventory.tables.map(({ name }) => name));
  const gone = last.inventory.tables.map(({ name }) => name).filter((name) => !present.has(name));
  if (gone.length === 0) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      `${newest.store} tables`,
      `${(0, import_chunk_XCSPHMD5.countOf)(gone.length, "table")} of the backup before ${gone.length === 1 ? "is" : "are"} not in the newest one: ${listSome(gone)}.`,
      "Should they not have been dropped on purpose, pin the backup before: lifeboat pin keeps it from retention."
    )
  ];
}
function judgeRows(newest, before) {
  const rowsBefore = before.map(
    ({ inventory }) => new Map(inventory.tables.map(({ name, rows }) => [name, rows]))
  );
  const dropped = newest.inventory.tables.flatMap(({ name, rows }) => {
    const usual = findMedian(rowsBefore.flatMap((counts) => counts.get(name) ?? [])) ?? 0;
    const isEmptied = rows === 0 && usual > 0;
    const isSharp = rows < usual * TOO_LITTLE && usual - rows >= ROWS_THAT_MATTER;
    return isEmptied || isSharp ? [`${name} (${(0, import_chunk_XCSPHMD5.formatCount)(rows)}, usually ${(0, import_chunk_XCSPHMD5.formatCount)(usual)})`] : [];
  });
  if (dropped.length === 0) return [];
  return [
    (0, import_chunk_CW2N472Z.warning)(
      `${newest.store} rows`,
      `${(0, import_chunk_XCSPHMD5.countOf)(dropped.length, "table")} lost more than half of the rows: ${listSome(dropped)}.`,
      "Should they not have been deleted on purpose, pin the backup before: lifeboat pin keeps it from retention."
    )
  ];
}
function listSome(names) {
  const rest = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
var LEAST_POINTS = 3;
var LOOK = '%%{init: {"xyChart": {"width": 800, "height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#4493f8, #d1242f"}}}}%%';
function compareWithPast(measures) {
  const known = measures.filter(({ past }) => past.some((value) => value !== void 0));
  const count = Math.max(0, ...known.map(({ past }) => past.length));
  const rows = known.map(({ name, now, past, format }) => {
    const [last] = past;
    const middle = findMedian(past.filter((value) => value !== void 0)) ?? 0;
    return [
      name,
      format(now),
      last === void 0 ? "" : format(last),
      last === void 0 ? "new" : describeChange(now, last),
      format(middle),
      describeChange(now, middle)
    ];
  });
  const head = ["", ">This run", ">Last run", ">Change", `>Median of ${count}`, ">Change"];
  const title = `Compared with the last ${count === 1 ? "run" : (0, import_chunk_XCSPHMD5.countOf)(count, "run")}`;
  const columns = count === 1 ? head.length - 2 : head.length;
  return tableOf(
    head.slice(0, columns),
    rows.map((row) => row.slice(0, columns)),
    { title }
  );
}
function describeChange(now, before) {
  if (now === before) return "same";
  if (before === 0) return "new";
  const percent = (now / before - 1) * 100;
  const digits = Math.abs(percent) < 9.95 ? 1 : 0;
  return `${percent < 0 ? "\u2212" : "+"}${Math.abs(percent).toFixed(digits)} %`;
}
function drawTrend({ title, points, objective }) {
  if (points.length < LEAST_POINTS) return [];
  const values = points.map(({ value }) => Number(value.toPrecision(4)));
  const top = Number((Math.max(...values, objective ?? 0, 1e-6) * 1.1).toPrecision(2));
  const labels = labelTimes(points.map(({ at }) => at));
  const line = objective === void 0 ? [] : [`  line [${values.map(() => objective).join(", ")}]`];
  return [
    {
      kind: "chart",
      lines: [
        LOOK,
        "xychart-beta",
        `  title ${quoteMermaid(title)}`,
        `  x-axis [${labels.map(quoteMermaid).join(", ")}]`,
        `  y-axis 0 --> ${top}`,
        `  bar [${values.join(", ")}]`,
        ...line
      ]
    }
  ];
}
function labelTimes(times) {
  const days = times.map((time) => time.slice(5, 10));
  if (new Set(days).size === days.length) return days;
  const minutes = times.map((time) => time.slice(5, 16).replace("T", " "));
  if (new Set(minutes).size === minutes.length) return minutes;
  return times.map((_, index) => `${index + 1}`);
}
function quoteMermaid(text) {
  return `"${text.replace(/[^\p{L}\p{N}.,:()/-]+/gu, " ").trim()}"`;
}
function describeBackup(result) {
  const { isEverywhere, answer, failures } = describeCompleteness(result);
  const { stores } = result.manifest;
  const point = { ...pointOfBackup(result.manifest), seconds: result.seconds };
  const rows = point.stores.map(({ store, kind, tables, rows: rows2, sizeBytes, seconds }, index) => {
    const { server, inventory } = stores[index];
    return [
      store,
      `${kind} ${server.version}`,
      (0, import_chunk_XCSPHMD5.formatCount)(tables),
      (0, import_chunk_XCSPHMD5.formatCount)(rows2),
      (0, import_chunk_XCSPHMD5.formatCount)(inventory.schema.length),
      (0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes),
      (0, import_chunk_XCSPHMD5.formatSeconds)(seconds)
    ];
  });
  const leftOut = stores.flatMap(
    (held) => held.leftOut.map(({ what, why }) => `${held.store}: ${what}: ${why}`)
  );
  return {
    sign: isEverywhere ? "\u2705" : "\u274C",
    title: `Backup ${result.backupId} is ${answer}`,
    blocks: [
      ...listOf("Not there", failures),
      {
        kind: "text",
        text: `${(0, import_chunk_XCSPHMD5.formatBytes)(result.sizeBytes)} at the destination, ${(0, import_chunk_XCSPHMD5.formatBytes)(result.sentBytes)} of it sent in ${(0, import_chunk_XCSPHMD5.formatSeconds)(result.seconds)}. A drill has yet to prove that it restores.`
      },
      ...tableOf(["Store", "Server", ">Tables", ">Rows", ">Schema objects", ">Size", ">Time"], rows),
      ...describePast(point, result.past),
      ...listOf("Left out", leftOut)
    ]
  };
}
function describePast(point, past) {
  if (!past) return [{ kind: "text", text: "No comparison with earlier runs: they may not be read." }];
  if (past.length === 0)
    return [{ kind: "text", text: "It is the first one here: nothing to compare with." }];
  const all = [point, ...past];
  return [
    ...compareWithPast([
      {
        name: "Size",
        now: point.sizeBytes,
        past: past.map(({ sizeBytes }) => sizeBytes),
        format: import_chunk_XCSPHMD5.formatBytes
      },
      { name: "Rows", now: point.rows, past: past.map(({ rows }) => rows), format: import_chunk_XCSPHMD5.formatCount },
      { name: "Time", now: point.seconds, past: past.map(({ seconds }) => seconds), format: import_chunk_XCSPHMD5.formatSeconds },
      ...point.stores.length > 1 ? point.stores.flatMap((store) => measureStore(store, past)) : []
    ]),
    ...drawSizes(all),
    ...listPoints(`The last ${all.length} backups`, all)
  ];
}
function measureStore({ store, sizeBytes, rows }, past) {
  const before = past.map(({ stores }) => stores.find((candidate) => candidate.store === store));
  return [
    {
      name: `${store}: size`,
      now: sizeBytes,
      past: before.map((one) => one?.sizeBytes),
      format: import_chunk_XCSPHMD5.formatBytes
    },
    { name: `${store}: rows`, now: rows, past: before.map((one) => one?.rows), format: import_chunk_XCSPHMD5.formatCount }
  ];
}
function listPoints(title, points) {
  return tableOf(
    ["Backup", ">Size", ">Rows", ">Time"],
    points.map(({ backupId, sizeBytes, rows, seconds }) => [
      backupId,
      (0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes),
      (0, import_chunk_XCSPHMD5.formatCount)(rows),
      (0, import_chunk_XCSPHMD5.formatSeconds)(seconds)
    ]),
    { title, isFolded: true }
  );
}
function drawSizes(points) {
  const largest = Math.max(...points.map(({ sizeBytes }) => sizeBytes));
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(largest || 1) / 3)));
  const unit = ["B", "kB", "MB", "GB", "TB"][power];
  return drawTrend({
    title: `Size of the backups, in ${unit}`,
    points: [...points].reverse().map(({ startedAt, sizeBytes }) => ({ at: startedAt, value: sizeBytes / 1e3 ** power }))
  });
}
function describeComparisons(comparisons) {
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  return [
    ...tableOf(
      ["Store", ">Tables compared", ">Rows", ">Schema objects", ">Differences"],
      comparisons.map((comparison) => [
        comparison.store,
        (0, import_chunk_XCSPHMD5.formatCount)(comparison.tablesCompared),
        (0, import_chunk_XCSPHMD5.formatCount)(comparison.rowsCompared),
        (0, import_chunk_XCSPHMD5.formatCount)(comparison.schemaObjectsCompared),
        (0, import_chunk_XCSPHMD5.formatCount)(comparison.differences.length)
      ])
    ),
    ...tableOf(
      ["Store", "What", "Name", "Expected", "Found"],
      differences.map(({ store, kind, name, expected, found }) => [store, kind, name, expected, found])
    )
  ];
}
function describeSteps(steps) {
  return tableOf(
    ["Step", "Result", ">Time"],
    steps.map(({ name, outcome, seconds, reason, details }) => [
      name,
      // What a command said on further lines stands among the reasons, or in the log.
      `${outcome === "passed" ? "\u2705" : "\u274C"} ${[...details, reason.split("\n")[0]].join(" ")}`.trim(),
      (0, import_chunk_XCSPHMD5.formatSeconds)(seconds)
    ])
  );
}
function describeControls(controls) {
  const signs = { caught: "\u2705 caught", missed: "\u274C missed", "not applicable": "not applicable" };
  return tableOf(
    ["Damaged on purpose", "Result", ">Time"],
    controls.map(({ name, outcome, reason, seconds }) => [
      name,
      `${signs[outcome]}: ${reason}`,
      (0, import_chunk_XCSPHMD5.formatSeconds)(seconds)
    ])
  );
}
function describePhases(phases) {
  return tableOf(
    ["Phase", ">Time"],
    phases.map(({ phase, seconds }) => [phase, (0, import_chunk_XCSPHMD5.formatSeconds)(seconds)])
  );
}
var SIGNS = { proven: "\u2705", differs: "\u274C", unproven: "\u26A0\uFE0F" };
function describeDrill({ record: record2, isRecorded, kept, past }) {
  const differences = new Set(
    record2.comparisons.flatMap((comparison) => comparison.differences.map(describeDifference))
  );
  return {
    sign: SIGNS[record2.verdict],
    title: `${record2.verdict}: backup ${record2.backupId}`,
    blocks: [
      ...listOf(
        "Why",
        record2.reasons.filter((reason) => !differences.has(reason))
      ),
      {
        kind: "text",
        text: `The data is ${(0, import_chunk_XCSPHMD5.formatAge)(record2.dataAgeHours)} old. Restored, compared and checked in ${(0, import_chunk_XCSPHMD5.formatSeconds)(record2.restoreSeconds)}.${isRecorded ? "" : " No record of this drill is kept."}`
      },
      ...describeComparisons(record2.comparisons),
      ...describeSteps(record2.steps),
      ...describeControls(record2.controls ?? []),
      ...describePhases(record2.phases),
      ...describePast2(record2, past),
      ...listOf("Not proven", record2.notProven),
      ...listOf(
        "Restored data was left",
        kept.map((store) => `in the target of ${store}`)
      )
    ]
  };
}
function describePast2(record2, past) {
  if (!past) return [{ kind: "text", text: "No comparison with earlier drills: they may not be read." }];
  if (past.length === 0) return [{ kind: "text", text: "It is the first drill here." }];
  const all = [pointOfDrill(record2), ...past];
  const { rtoMinutes } = record2.objectives;
  return [
    ...compareWithPast([
      {
        name: "Time to restore",
        now: record2.restoreSeconds,
        past: past.map(({ restoreSeconds }) => restoreSeconds),
        format: import_chunk_XCSPHMD5.formatSeconds
      },
      {
        name: "Age of the data",
        now: record2.dataAgeHours,
        past: past.map(({ dataAgeHours }) => dataAgeHours),
        format: import_chunk_XCSPHMD5.formatAge
      }
    ]),
    ...drawTrend({
      title: `Minutes to restore${rtoMinutes === void 0 ? "" : " and the objective (RTO)"}`,
      points: [...all].reverse().map(({ startedAt, restoreSeconds }) => ({ at: startedAt, value: restoreSeconds / 60 })),
      ...rtoMinutes !== void 0 && { objective: rtoMinutes }
    }),
    ...tableOf(
      ["Drill of", "Backup", "Verdict", ">Time to restore", ">Age of the data"],
      all.map(({ startedAt, backupId, verdict, restoreSeconds, dataAgeHours }) => [
        startedAt.slice(0, 10),
        backupId,
        `${SIGNS[verdict]} ${verdict}`,
        (0, import_chunk_XCSPHMD5.formatSeconds)(restoreSeconds),
        (0, import_chunk_XCSPHMD5.formatAge)(dataAgeHours)
      ]),
      { title: `The last ${all.length} drills`, isFolded: true }
    )
  ];
}
function describeEstimate({ lines, usd }) {
  const month = "A month of nightly backups and weekly drills";
  const priced = lines.filter((line) => line.usd !== void 0).length;
  if (priced === 0) return `${month}: no price of it is known here.`;
  const rest = priced === lines.length ? "" : ", without what has no price here";
  return `${month}: about ${formatRoughly(usd)} USD${rest}.`;
}
function listEstimate({ lines }) {
  return lines.map((line) => [
    line.about,
    line.charge,
    formatAmount(line),
    line.usd === void 0 ? "price not known here" : `${formatRoughly(line.usd)} USD`,
    `${line.assumption}.${describePrice(line)}`
  ]);
}
function formatAmount({ amount, unit }) {
  if (unit === "1000 requests") return `${formatRoughly(amount * 1e3)} requests`;
  return `${formatRoughly(amount)} ${unit}${unit === "unit-hour" && amount !== 1 ? "s" : ""}`;
}
function describePrice({ price }) {
  if (!price) return "";
  const { provider, unit, usd, free = 0, freePerStoredGb, terms, recordedAt, source } = price;
  const beyond = [
    ...free > 0 ? [` beyond ${(0, import_chunk_XCSPHMD5.formatCount)(free)} a month`] : [],
    ...freePerStoredGb === void 0 ? [] : [` beyond ${freePerStoredGb} for each that is stored`]
  ];
  return ` ${provider}: ${usd} USD for each ${unit}${beyond.join("")} (${terms}; ${source}, ${recordedAt}).`;
}
function formatRoughly(amount) {
  if (amount > 0 && amount < 0.01) return "less than 0.01";
  return amount < 100 ? String(Number(amount.toFixed(2))) : (0, import_chunk_XCSPHMD5.formatCount)(Math.round(amount));
}
function describeLastDrill({ lastDrill, stores }) {
  if (!lastDrill) return "never";
  const isPartial = stores.some(({ store }) => !lastDrill.stores.includes(store));
  const scope = isPartial && lastDrill.stores.length > 0 ? ` (${lastDrill.stores.join(", ")} only)` : "";
  return `${lastDrill.verdict}${scope}, ${lastDrill.startedAt.slice(0, 10)}`;
}
function describeEncryption({ encryption }) {
  if (!encryption) return "none";
  return encryption.isWhole ? "age" : "age, in part";
}
var SIGNS2 = { good: "\u2705", warning: "\u26A0\uFE0F", bad: "\u274C" };
function describeDoctor({ verdict, subjects, estimate: estimate2 }) {
  const answers = {
    good: "Everything is as a backup needs it",
    warning: "A backup will work; something deserves a look",
    bad: "A backup or a drill would fail"
  };
  return {
    sign: SIGNS2[verdict],
    title: answers[verdict],
    blocks: [
      ...subjects.flatMap(({ kind, name, findings }) => tellFindings(`${kind} ${name}`, findings)),
      ...estimate2 ? tableOf(["Of", "What", ">Amount", ">Cost", "Why"], listEstimate(estimate2), {
        title: describeEstimate(estimate2)
      }) : []
    ]
  };
}
function describeStatusPage(result) {
  return {
    sign: SIGNS2[result.verdict],
    title: describeStatus(result),
    blocks: [
      ...listStatus(result).flatMap(({ name, findings }) => tellFindings(name, findings)),
      ...result.destinations.flatMap(({ url, trend }) => [
        ...drawSizes(trend),
        ...trend.length < 2 ? [] : listPoints(`The last backups at ${url}`, trend)
      ])
    ]
  };
}
function tellFindings(title, findings) {
  return tableOf(
    ["", "Check", "Found", "Mend it"],
    findings.map(({ check: check2, state, found, mend = "" }) => [SIGNS2[state], check2, found, mend]),
    { title }
  );
}
function describeList({ destination, backups, unreadable }) {
  return {
    sign: "\u{1F4CB}",
    title: `${(0, import_chunk_XCSPHMD5.countOf)(backups.length, "backup")} at ${destination}`,
    blocks: [
      ...tableOf(
        ["Backup", ">Age", ">Size", "Class", "Encryption", "Stores", "Last drill"],
        backups.map((backup2) => [
          backup2.pin === void 0 ? backup2.backupId : `${backup2.backupId} \u{1F4CC} ${backup2.pin}`,
          (0, import_chunk_XCSPHMD5.formatAge)(backup2.ageHours),
          (0, import_chunk_XCSPHMD5.formatBytes)(backup2.sizeBytes),
          backup2.span ?? "",
          describeEncryption(backup2),
          backup2.stores.map(({ store, rows }) => `${store} (${(0, import_chunk_XCSPHMD5.countOf)(rows, "row")})`).join(", "),
          describeLastDrill(backup2)
        ])
      ),
      ...listOf("Not readable", unreadable)
    ]
  };
}
function describePolicy({ role, policies }) {
  return {
    sign: "\u{1F4CB}",
    title: `Rights of the role ${role}`,
    blocks: policies.flatMap(
      ({ destinations, policy: policy2 }) => tableOf(
        ["Statement", "Actions", "Resources"],
        policy2.Statement.map(({ Sid, Action, Resource }) => [
          Sid,
          Action.join(", "),
          [Resource].flat().join(", ")
        ]),
        { title: destinations.join(", ") }
      )
    )
  };
}
function describeShard({ shard, sizeBytes, portions }) {
  const what = portions.map(({ store, isLead, tables }) => {
    const pieces = Object.values(tables).reduce((sum, { length }) => sum + length, 0);
    if (pieces === 0) return store;
    return `${store} (${isLead ? "definitions, " : ""}${(0, import_chunk_XCSPHMD5.countOf)(pieces, "partition")})`;
  });
  return `${shard}: about ${(0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes)} to send: ${what.join(", ")}`;
}
function describeFinishedShard({
  backupId,
  shard,
  wasFinished,
  sentBytes,
  seconds
}) {
  if (wasFinished) return `Shard ${shard} of backup ${backupId} had finished before: nothing was sent.`;
  return `Shard ${shard} of backup ${backupId} has finished: ${(0, import_chunk_XCSPHMD5.formatBytes)(sentBytes)} sent in ${(0, import_chunk_XCSPHMD5.formatSeconds)(seconds)}. The backup is listed when finish has joined all shards.`;
}
function describePlan({ backupId, shards }) {
  return {
    sign: "\u{1F4CB}",
    title: `Backup ${backupId} is divided into ${(0, import_chunk_XCSPHMD5.countOf)(shards.length, "shard")}`,
    blocks: [
      { kind: "text", text: "Nothing is listed before every shard has run and finish has joined them." },
      ...listOf("Shards", shards.map(describeShard))
    ]
  };
}
function describeShardRun(result) {
  return { sign: "\u2705", title: describeFinishedShard(result), blocks: [] };
}
function listPlan({ stores, before, after }) {
  return [
    ...before.map((name) => `The command "${name}" would run before the first change.`),
    ...stores.flatMap(({ store, host, databases, tables, replaced }) => {
      const there = `${databases.join(" and ")} at ${host}`;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const what = `${(0, import_chunk_XCSPHMD5.countOf)(tables.length, "table")} with ${(0, import_chunk_XCSPHMD5.countOf)(rows, "row")}`;
      return [
        ...replaced.length > 0 ? [`${store}: in ${there}, this would be replaced: ${replaced.join(", ")}.`] : [],
        `${store}: ${what} would be restored into ${there}, and compared.`
      ];
    }),
    ...after.map((name) => `The command "${name}" would run after the comparison.`)
  ];
}
function describeScope(scope) {
  if (!scope) return void 0;
  const { tables = [], schemas = [], partitions = [], content } = scope;
  const what = { all: "", structure: "The definitions ", data: "The rows " }[content];
  const parts = [...schemas, ...tables].join(", ");
  const chosen = partitions.length > 0 ? `${parts} (partitions ${partitions.join(", ")})` : parts;
  if (what === "") return `${chosen} of backup`;
  return chosen === "" ? `${what}of backup` : `${what}of ${chosen} of backup`;
}
function describeRestore(result) {
  const [sign, outcome] = {
    restored: ["\u2705", "is restored, and every table agrees"],
    differs: ["\u274C", "is restored, and differs from its manifest"],
    planned: ["\u{1F50D}", "would be restored; nothing was changed"],
    unfinished: ["\u26A0\uFE0F", "is restored and agrees, but a command that follows failed"]
  }[result.verdict];
  return {
    sign,
    title: `${describeScope(result.scope) ?? "Backup"} ${result.backupId} ${outcome}`,
    blocks: [
      ...listOf("Not restored", result.notRestored),
      ...result.plan ? [
        ...listOf("What would happen", listPlan(result.plan)),
        ...tableOf(
          ["Store", "Table", ">Rows"],
          result.plan.stores.flatMap(
            ({ store, tables }) => tables.map(({ name, rows }) => [store, name, (0, import_chunk_XCSPHMD5.formatCount)(rows)])
          )
        )
      ] : [],
      { kind: "text", text: `It took ${(0, import_chunk_XCSPHMD5.formatSeconds)(result.restoreSeconds)}.` },
      ...describeComparisons(result.comparisons),
      ...describeSteps(result.after),
      ...describePhases(result.phases),
      ...listOf(
        "Restored data lies beside, and nothing was replaced",
        result.leftBeside.map((place) => `in ${place}`)
      ),
      ...listOf(
        "Not proven",
        result.comparisons.flatMap(({ notProven }) => notProven)
      )
    ]
  };
}
function describeCopy({ from, to }) {
  return to.map(({ url, backups, objects, sizeBytes }) => {
    if (backups.length === 0) return `${url} lacks nothing of what was asked for of ${from}.`;
    const verb = backups.length === 1 ? "is" : "are";
    return `${(0, import_chunk_XCSPHMD5.countOf)(backups.length, "backup")} ${verb} copied to ${url}: ${(0, import_chunk_XCSPHMD5.countOf)(objects, "object")}, ${(0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes)}.`;
  }).join("\n");
}
function describePrune({ decisions, removedBackups, narrowedBackups, removedObjects, removedBytes }, isDryRun) {
  const would = isDryRun ? "would be" : decisions.length === 1 ? "is" : "are";
  const narrowed = narrowedBackups.length === 0 ? "" : `, ${narrowedBackups.length} ${would} left with fewer stores`;
  return `${removedBackups.length} of ${(0, import_chunk_XCSPHMD5.countOf)(decisions.length, "backup")} ${would} removed${narrowed}; ${(0, import_chunk_XCSPHMD5.countOf)(removedObjects, "object")} of ${(0, import_chunk_XCSPHMD5.formatBytes)(removedBytes)} ${isDryRun ? "would go" : "went"}`;
}
function describeServerPlaces({ serverPlaces = [], isDryRun }) {
  return serverPlaces.flatMap(({ at, removedFolders, removedObjects, removedBytes, leftFolders, why }) => [
    ...removedFolders.length > 0 ? [
      `${at}: ${(0, import_chunk_XCSPHMD5.countOf)(removedFolders.length, "folder")} that servers wrote ${isDryRun ? "would go" : "went"}, ${(0, import_chunk_XCSPHMD5.countOf)(removedObjects, "object")} of ${(0, import_chunk_XCSPHMD5.formatBytes)(removedBytes)}.`
    ] : [],
    ...leftFolders.length > 0 ? [`${at}: no backup needs ${leftFolders.join(", ")} any longer; to be removed by hand. ${why ?? ""}`] : []
  ]);
}
function listDecisions({
  decisions
}) {
  return decisions.flatMap(({ id, stores, removableFrom }) => {
    const lines = /* @__PURE__ */ new Map();
    for (const { store, isKept, reasons } of stores) {
      const line = JSON.stringify([isKept ? "stays" : "goes", reasons.join(", ")]);
      lines.set(line, [...lines.get(line) ?? [], store]);
    }
    const removable = removableFrom === void 0 ? "" : removableFrom === "held" ? "; can go when the hold is lifted" : `; can go from ${removableFrom.toISOString()}`;
    return [...lines].map(([line, names]) => {
      const [outcome, why] = JSON.parse(line);
      return [id, names.join(", "), outcome, why + removable];
    });
  });
}
function describePin({ command, backupId, note }) {
  return command === "pin" ? `Backup ${backupId} is pinned: ${note}` : `Backup ${backupId} is left to the rules of retention again; it was pinned: ${note}`;
}
function describeVerify({
  mode,
  backups,
  objects,
  sizeBytes,
  damages,
  destination
}) {
  const looked = `${(0, import_chunk_XCSPHMD5.countOf)(objects, "object")} of ${(0, import_chunk_XCSPHMD5.countOf)(backups.length, "backup")} (${(0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes)})`;
  const how = mode === "full" ? "read to the end" : "there in their full size";
  if (damages.length === 0) return `Intact: ${looked} at ${destination}, all ${how}.`;
  return `DAMAGED: ${(0, import_chunk_XCSPHMD5.countOf)(damages.length, "object")}, of ${looked} at ${destination}.`;
}
function describeRekey({
  rekeyed,
  unchanged,
  objects,
  sizeBytes,
  leftForPrune
}) {
  const stayed = unchanged.length === 0 ? "" : `; ${(0, import_chunk_XCSPHMD5.countOf)(unchanged.length, "backup")} needed nothing`;
  return [
    `${(0, import_chunk_XCSPHMD5.countOf)(rekeyed.length, "backup")} encrypted anew: ${(0, import_chunk_XCSPHMD5.countOf)(objects, "object")}, ${(0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes)}${stayed}.`,
    ...leftForPrune === 0 ? [] : [
      `${(0, import_chunk_XCSPHMD5.countOf)(leftForPrune, "former object")} that backups share can still be opened with the former keys, until prune removes what no backup refers to.`
    ]
  ];
}
function describePruned(result) {
  const { destinations, isDryRun } = result;
  const [only, ...others] = destinations;
  const isOne = only !== void 0 && others.length === 0;
  return {
    sign: isDryRun ? "\u{1F50D}" : "\u2705",
    title: isOne ? describePrune(only, isDryRun) : `${(0, import_chunk_XCSPHMD5.countOf)(destinations.length, "destination")} ${isDryRun ? "would be" : "are"} pruned`,
    blocks: [
      ...destinations.flatMap((pruned) => [
        {
          kind: "text",
          text: isOne ? pruned.url : `${pruned.url}: ${describePrune(pruned, isDryRun)}`
        },
        ...tableOf(["Backup", "Stores", "", "Why"], listDecisions(pruned))
      ]),
      ...describeServerPlaces(result).map((text) => ({ kind: "text", text }))
    ]
  };
}
function describeCopied(result) {
  const [answer = "", ...rest] = describeCopy(result).split("\n");
  return {
    sign: "\u2705",
    title: answer,
    blocks: [
      ...rest.map((text) => ({ kind: "text", text })),
      ...tableOf(
        ["Destination", "Backups", ">Objects", ">Size"],
        result.to.map(({ url, backups, objects, sizeBytes }) => [
          url,
          backups.join(", "),
          (0, import_chunk_XCSPHMD5.formatCount)(objects),
          (0, import_chunk_XCSPHMD5.formatBytes)(sizeBytes)
        ])
      )
    ]
  };
}
function describePinned(result) {
  return { sign: "\u2705", title: describePin(result), blocks: [] };
}
function describeVerified(result) {
  return {
    sign: result.verdict === "intact" ? "\u2705" : "\u274C",
    title: describeVerify(result),
    blocks: [
      { kind: "text", text: `It took ${(0, import_chunk_XCSPHMD5.formatSeconds)(result.seconds)}.` },
      ...tableOf(
        ["Object", "What", "Needed by"],
        result.damages.map(({ key, what, backups }) => [key, what, backups.join(", ")])
      ),
      ...listOf("Not proven", result.notProven)
    ]
  };
}
function describeRekeyed(result) {
  const [answer = "", ...rest] = describeRekey(result);
  return { sign: "\u2705", title: answer, blocks: rest.map((text) => ({ kind: "text", text })) };
}
function renderSummary(result) {
  return renderPage(describeResult(result));
}
function renderFailureSummary(command, failure) {
  const { title, reason, hint, code, exitStatus } = failure;
  return renderPage({
    sign: "\u274C",
    title: `${command}: ${title}`,
    blocks: [
      ...reason === "" ? [] : [{ kind: "text", text: reason }],
      { kind: "list", title: "What to try", items: hint.split("\n") },
      { kind: "text", text: `${code}, exit status ${exitStatus}` }
    ]
  });
}
function describeResult(result) {
  switch (result.command) {
    case "backup":
    case "finish":
      return describeBackup(result);
    case "plan":
      return describePlan(result);
    case "shard":
      return describeShardRun(result);
    case "restore":
      return describeRestore(result);
    case "drill":
      return describeDrill(result);
    case "prune":
      return describePruned(result);
    case "copy":
      return describeCopied(result);
    case "pin":
    case "unpin":
      return describePinned(result);
    case "verify":
      return describeVerified(result);
    case "rekey":
      return describeRekeyed(result);
    case "doctor":
      return describeDoctor(result);
    case "policy":
      return describePolicy(result);
    case "status":
      return describeStatusPage(result);
    case "list":
      return describeList(result);
  }
}
var LINES_TOLD = 10;
function judgeFailure(command, { code, title, reason, hint }) {
  const failed = { key: RUN, state: "bad", code, title, detail: reason, hint };
  return { command, state: "bad", title: `${command}: ${title}`, problems: [failed] };
}
var RUN = "run";
function judgeResult(result) {
  const { sign, title } = describeResult(result);
  const state = exitStatusOfResult(result) !== 0 ? "bad" : sign === "\u26A0\uFE0F" ? "warning" : "good";
  return { command: result.command, state, title, problems: listProblems(result), ...listFacts(result) };
}
function listFacts(result) {
  switch (result.command) {
    case "backup":
    case "finish":
      return { backupId: result.backupId, sizeBytes: result.sizeBytes, seconds: result.seconds };
    case "drill":
      return { backupId: result.record.backupId, seconds: result.record.restoreSeconds };
    case "restore":
      return { backupId: result.backupId, seconds: result.restoreSeconds };
    case "verify":
    case "rekey":
      return { sizeBytes: result.sizeBytes, seconds: result.seconds };
    default:
      return {};
  }
}
function listProblems(result) {
  switch (result.command) {
    case "backup":
    case "finish":
      return listMissingDestinations(result);
    case "drill":
      return listDrillProblems(result.record);
    case "restore":
      return [...listDifferingStores(result.comparisons), ...listStepProblems(result.after)];
    case "verify":
      if (result.damages.length === 0) return [];
      return [
        {
          key: "objects",
          state: "bad",
          code: "BACKUP_DAMAGED",
          title: `Damaged: ${(0, import_chunk_XCSPHMD5.countOf)(result.damages.length, "object")} of ${(0, import_chunk_XCSPHMD5.countOf)(result.backups.length, "backup")}`,
          detail: tellSome(result.damages.map(({ key, what }) => `${key}: ${what}`)),
          hint: "Restore from a backup that needs none of them, and copy them from another destination."
        }
      ];
    case "doctor":
      return result.subjects.flatMap(({ kind, name, findings }) => listFindings(`${kind} ${name}`, findings));
    case "status":
      return listStatus(result).flatMap(({ name, findings }) => listFindings(name, findings));
    default:
      return [];
  }
}
function listMissingDestinations({ destinations, backupId }) {
  return destinations.flatMap(
    ({ url, failure }) => failure ? [
      {
        key: `destination ${url}`,
        state: "bad",
        code: failure.code,
        title: `${url} has no backup ${backupId}`,
        detail: failure.reason,
        hint: `${failure.hint} lifeboat copy brings it up to date.`
      }
    ] : []
  );
}
function listDrillProblems({ verdict, reasons, comparisons, steps, controls = [] }) {
  const differing = listDifferingStores(comparisons);
  const failedSteps = steps.filter(({ outcome }) => outcome !== "passed");
  const missed = controls.filter(({ outcome }) => outcome === "missed");
  const told = /* @__PURE__ */ new Set([
    ...comparisons.flatMap(({ differences }) => differences.map(describeDifference)),
    ...failedSteps.map(describeStep),
    ...missed.map(describeControl)
  ]);
  const [first, ...others] = reasons.filter((reason) => !told.has(reason));
  return [
    ...first === void 0 ? [] : [
      {
        key: "drill",
        state: "bad",
        code: verdict,
        title: first,
        detail: tellSome(others),
        hint: ""
      }
    ],
    ...differing,
    ...listStepProblems(steps),
    ...missed.map(({ name, reason }) => ({
      key: `control ${name}`,
      state: "bad",
      code: "missed",
      title: `A drill did not notice damage that was done on purpose: ${name}`,
      detail: reason,
      hint: ""
    }))
  ];
}
function listDifferingStores(comparisons) {
  return comparisons.filter(({ differences }) => differences.length > 0).map(({ store, differences }) => ({
    key: `store ${store}`,
    state: "bad",
    code: "DATA_DIFFERS",
    title: `${store} differs from its backup: ${(0, import_chunk_XCSPHMD5.countOf)(differences.length, "difference")}`,
    detail: tellSome(differences.map(describeDifference)),
    hint: ""
  }));
}
function listStepProblems(steps) {
  return steps.filter(({ outcome, reason }) => outcome !== "passed" && !reason.startsWith(import_chunk_FR6ATP63.UNTRIED)).map(({ name, outcome, reason }) => {
    const title = `Step "${name}" ${outcome === "failed" ? "failed" : "showed nothing"}`;
    return { key: `step ${name}`, state: "bad", code: outcome, title, detail: reason, hint: "" };
  });
}
function listFindings(subject, findings) {
  return findings.flatMap(
    ({ check: check2, state, found, mend = "" }) => state === "good" ? [] : [
      {
        key: `${subject}: ${check2}`,
        state,
        code: state,
        title: `${subject}: ${check2}`,
        detail: found,
        hint: mend
      }
    ]
  );
}
function tellSome(lines) {
  const rest = lines.length - LINES_TOLD;
  return [...lines.slice(0, LINES_TOLD), ...rest > 0 ? [`\u2026 and ${rest} more`] : []].join("\n");
}
function cancelOnSignals() {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => controller.abort());
  return controller.signal;
}
var TRIES = 5;
var FIRST_DELAY_MS = 500;
async function openResuming(destination, object, { clock, reporter, signal }) {
  let source = listenTo(await destination.open(object.key));
  async function* read() {
    let readBytes = 0;
    let failures = 0;
    for (; ; ) {
      try {
        for await (const chunk of source) {
          readBytes += chunk.byteLength;
          failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!(error instanceof import_chunk_E4TRGNTH.AppError && error.transient) || failures === TRIES) throw error;
        if (readBytes >= object.sizeBytes) return;
        failures += 1;
        reporter.warn(
          `${error.message} Reading ${object.key} on from byte ${readBytes} (${failures} of ${TRIES}).`
        );
        await clock.sleep(FIRST_DELAY_MS * 2 ** (failures - 1), signal);
        source = listenTo(await destination.open(object.key, readBytes));
      }
    }
  }
  const stream = import_node_stream2.Readable.from(read(), { objectMode: false });
  stream.once("close", () => source.destroy());
  return listenTo(stream);
}
function listenTo(stream) {
  return stream.on("error", () => {
  });
}
function readObjects(destination, keyring, context) {
  return {
    async open(object) {
      const where = `${destination.url}/${object.key}`;
      const stored = await openResuming(destination, object, context);
      const proved = prove(stored, object, where);
      const content = object.age && keyring ? await decrypt(proved, keyring, object, where) : proved;
      const readable = import_node_stream.Readable.from(content, { objectMode: false });
      readable.once("close", () => stored.destroy());
      return readable;
    },
    findPath: (object) => object.age ? void 0 : destination.findPath?.(object.key)
  };
}
async function* prove(body, object, where) {
  const hash = (0, import_node_crypto.createHash)("sha256");
  let sizeBytes = 0;
  let held;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
    if (held) yield held;
    held = chunk;
  }
  const sha256 = hash.digest("hex");
  if (sizeBytes !== object.sizeBytes || sha256 !== object.sha256) {
    throw damaged(where, object, { sizeBytes, sha256 });
  }
  if (held) yield held;
}
async function decrypt(body, keyring, { age }, where) {
  const { decryptAge } = await Promise.resolve().then(() => __toESM(require("./age-MFABDPW7.cjs")));
  const { missingIdentity } = await Promise.resolve().then(() => __toESM(require("./keyring-UNNTXAHQ.cjs")));
  async function* explained() {
    try {
      yield* decryptAge(body, keyring);
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
      if (error.code === "IDENTITY_MISSING") {
        throw missingIdentity(`${where}: ${error.message}`, age?.recipients ?? []);
      }
      if (error.code !== "BACKUP_DAMAGED" || error.message.startsWith(where)) throw error;
      throw new import_chunk_E4TRGNTH.AppError(error.code, `${where} is not what was written. ${error.message}`, {
        hint: error.hint,
        cause: error
      });
    }
  }
  return explained();
}
function damaged(where, expected, found) {
  return new import_chunk_E4TRGNTH.AppError(
    "BACKUP_DAMAGED",
    `${where} is not what was written: ${found.sizeBytes} bytes with SHA-256 ${found.sha256}; the manifest says ${expected.sizeBytes} bytes with ${expected.sha256}.`,
    { hint: "Restore another backup (lifeboat list shows them), and find out what changed this object." }
  );
}
var OBJECTS_AT_ONCE = 4;
async function copy(request, context) {
  const { from, to, selection, isAll } = request;
  const { reporter } = context;
  const ids = await reporter.phase(
    "Find",
    async () => isAll ? (await (0, import_chunk_FR6ATP63.listBackupIds)(from)).reverse() : [(await (0, import_chunk_FR6ATP63.pickBackup)(from, selection)).id]
  );
  const copied = await reporter.phase(
    "Copy",
    () => (0, import_chunk_FR6ATP63.settleAll)(to.map((destination) => copyTo(destination, ids, from, context)))
  );
  return { command: "copy", from: from.url, to: copied };
}
async function copyTo(to, ids, from, context) {
  await to.check("write");
  const present = new Set(await (0, import_chunk_FR6ATP63.listBackupIds)(to));
  const copied = { url: to.url, backups: [], objects: 0, sizeBytes: 0 };
  for (const id of ids.filter((candidate) => !present.has(candidate))) {
    await copyBackup(await (0, import_chunk_FR6ATP63.readManifest)(from, id), { from, to, copied }, context);
    copied.backups.push(id);
    context.reporter.info(`${id} is complete at ${to.url}.`);
  }
  return copied;
}
async function copyBackup(manifest, { from, to, copied }, context) {
  const stored = readObjects(from, void 0, context);
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(OBJECTS_AT_ONCE);
  const found = [];
  const copyObject = async (object) => {
    const { key, sizeBytes } = object;
    if (await to.findSize(key) === sizeBytes) {
      await to.extendLock(key);
      found.push(object);
      return;
    }
    await to.put(key, await stored.open(object), sizeBytes);
    copied.objects += 1;
    copied.sizeBytes += sizeBytes;
    context.reporter.progress({ label: `Copied to ${to.url}`, done: copied.sizeBytes, unit: "bytes" });
  };
  const copyAll = async (objects) => {
    await (0, import_chunk_FR6ATP63.settleAll)(objects.map((object) => limit(() => copyObject(object))));
  };
  await copyAll(manifest.stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore));
  await copyAll(found.splice(0));
  await (0, import_chunk_FR6ATP63.putRestoreGuide)(manifest, to);
  await (0, import_chunk_FR6ATP63.publish)(manifest, to);
}
async function doctor(subjects, context, estimate2) {
  const diagnoses = await context.reporter.phase(
    "Look",
    () => (0, import_chunk_FR6ATP63.settleAll)(subjects.map((subject) => diagnose(subject, context)))
  );
  const verdict = (0, import_chunk_CW2N472Z.worstOf)(diagnoses.flatMap(({ findings }) => findings));
  const isSound = (kind, name) => diagnoses.some((one) => one.kind === kind && one.name === name && (0, import_chunk_CW2N472Z.worstOf)(one.findings) !== "bad");
  const month = await estimate2?.(isSound).catch((error) => {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    context.reporter.info(`What a month costs cannot be estimated: ${error.message}`);
    return void 0;
  });
  return { command: "doctor", verdict, subjects: diagnoses, ...month && { estimate: month } };
}
async function diagnose(subject, { redactor }) {
  const { kind, name } = subject;
  const findings = await subject.diagnose().catch((error) => [(0, import_chunk_CW2N472Z.explainAsFinding)("configuration", error)]);
  return {
    kind,
    name,
    findings: findings.map((finding) => ({
      ...finding,
      found: redactor.redact(finding.found),
      ...finding.mend !== void 0 && { mend: redactor.redact(finding.mend) }
    }))
  };
}
function wasEmpty(store) {
  const { tables, schema } = store.inventory;
  if (tables.length > 0) return false;
  if (store.kind === "postgres") return store.scope === void 0 && store.excludedSchemas.length === 0;
  return schema.length > 0 && schema.every(({ kind }) => kind === "database");
}
async function performSteps(steps, context, upstream) {
  const decrypted = { runKey: (0, import_chunk_UQKQLL3M.createRunKey)(), byStep: /* @__PURE__ */ new Map() };
  const endings = [];
  const shared = {
    decrypted,
    drillSignal: context.signal,
    atEnd: (work) => void endings.unshift(work),
    secondsSoFar: 0
  };
  const results = [];
  const findStopper = () => results.find(({ outcome }) => outcome !== "passed");
  try {
    if (upstream) {
      const { openStepUpstream } = await Promise.resolve().then(() => __toESM(require("./step-upstream-IIC3X7BB.cjs")));
      const running = await openStepUpstream(upstream, decrypted.runKey, context.clock);
      shared.upstream = running;
      shared.atEnd(() => running.close());
    }
    for (const step of steps) {
      const stopper = findStopper();
      results.push(
        stopper ? leaveUntried(step, ` after "${stopper.name}"`) : await performStep(step, context, { ...shared, secondsSoFar: sumSeconds(results) })
      );
    }
  } finally {
    for (const end of endings) {
      await end(findStopper() === void 0).catch((error) => context.reporter.warn(String(error)));
    }
  }
  return results;
}
function sumSeconds(results) {
  return results.reduce((sum, { seconds }) => sum + seconds, 0);
}
function leaveUntried({ name, kind }, rest) {
  return { name, kind, outcome: "unproven", seconds: 0, reason: `${import_chunk_FR6ATP63.UNTRIED}${rest}.`, details: [] };
}
async function performStep(step, context, shared) {
  const { clock, reporter } = context;
  const { name, kind, timeoutMs } = step;
  const startMs = clock.ticksMs();
  const signal = (0, import_chunk_KVCMGXJE.withDeadline)(context.signal, timeoutMs);
  const details = [];
  const note = (sentence) => {
    details.push(sentence);
    reporter.info(sentence);
  };
  const end = (outcome, reason = "") => {
    return { name, kind, outcome, seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs), reason, details };
  };
  try {
    await reporter.phase(`Step: ${name}`, () => step.perform({ ...context, ...shared, signal, note }));
    return end("passed");
  } catch (error) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(context.signal);
    if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
    const reason = error.code === "CANCELLED" ? `It took longer than ${timeoutMs / 1e3} s.` : error.message;
    reporter.info(`Not passed: ${reason}`);
    return end(error.code === "UNPROVEN" ? "unproven" : "failed", reason);
  }
}
function shareStores(context, backups, targets) {
  const byName = (items) => new Map(items.map((item) => [item.store, item]));
  return { ...context, targets: byName(targets), backups: byName(backups) };
}
async function queryStore({ targets, signal }, store, sql, as) {
  const target = targets.get(store);
  if (!target) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `Store ${store} was not restored by this drill.`, {
      hint: "Give a drill target for it, or take the step out."
    });
  }
  return await (0, import_chunk_KVCMGXJE.waitUnlessAborted)(target.query(sql, as), signal);
}
function renderJunit(record2) {
  const suites = [
    ...record2.comparisons.map(describeComparison),
    { name: "steps", cases: record2.steps.map(describeStep2) },
    { name: "controls", cases: (record2.controls ?? []).map(describeControl2) },
    { name: "verdict", cases: [describeVerdict(record2)] }
  ];
  const lines = suites.filter(({ cases }) => cases.length > 0).flatMap(renderSuite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="lifeboat drill">',
    ...lines,
    "</testsuites>",
    ""
  ].join("\n");
}
function describeComparison({ store, differences }) {
  const groups = /* @__PURE__ */ new Map([["tables", []]]);
  for (const { kind, name, expected, found } of differences) {
    const group = ["rows", "content", "table"].includes(kind) ? "tables" : kind;
    const line = `${kind} of ${name}: expected ${expected}, found ${found}`;
    groups.set(group, [...groups.get(group) ?? [], line]);
  }
  if (groups.size === 1) groups.set("schema objects", []);
  return {
    name: store,
    cases: [...groups].map(([name, lines]) => ({
      name,
      ...lines.length > 0 && { failure: lines.join("\n") }
    }))
  };
}
function describeStep2({ name, outcome, seconds, reason }) {
  return { name, seconds, ...outcome !== "passed" && { failure: reason } };
}
function describeControl2(control) {
  const { name, outcome, seconds, reason } = control;
  return {
    name,
    seconds,
    ...outcome === "missed" && { failure: reason },
    ...outcome === "not applicable" && { skipped: reason }
  };
}
function describeVerdict({ verdict, reasons, restoreSeconds }) {
  return {
    name: "proven",
    seconds: restoreSeconds,
    ...verdict !== "proven" && { failure: reasons.join("\n") }
  };
}
function renderSuite({ name, cases }) {
  const count = (isOne) => cases.filter(isOne).length;
  const failures = count(({ failure }) => failure !== void 0);
  const skipped = count((one) => one.skipped !== void 0);
  const head = `name="${escapeXml(name)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}"`;
  return [`  <testsuite ${head}>`, ...cases.map((one) => renderCase(name, one)), "  </testsuite>"];
}
function renderCase(suite, { name, seconds = 0, failure, skipped }) {
  const open = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}" time="${seconds}"`;
  const [first = ""] = (failure ?? "").split("\n");
  if (failure !== void 0) {
    return `${open}><failure message="${escapeXml(first)}">${escapeXml(failure)}</failure></testcase>`;
  }
  return skipped === void 0 ? `${open}/>` : `${open}><skipped message="${escapeXml(skipped)}"/></testcase>`;
}
function escapeXml(text) {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "").replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
async function fingerprintKeys(keys, previous, { reporter }) {
  const fingerprints = [];
  for (const { name, candidates } of keys) {
    const [key] = candidates;
    if (!key) continue;
    const known = previous?.keys?.find((candidate) => candidate.name === name);
    if (known && await (0, import_chunk_GRBCTXAV.isFingerprintOf)(known, key)) {
      fingerprints.push(known);
      continue;
    }
    const fresh = await (0, import_chunk_GRBCTXAV.fingerprintOf)(name, key);
    fingerprints.push(fresh);
    if (!known) continue;
    reporter.warn(
      `${name} is not the key of backup ${previous?.id}: it was changed since, from fingerprint ${(0, import_chunk_GRBCTXAV.shortFingerprint)(known)} to ${(0, import_chunk_GRBCTXAV.shortFingerprint)(fresh)}. Keep the old key for as long as you keep backups from before.`
    );
  }
  return fingerprints;
}
async function requireKeys(manifest, given, { reporter }) {
  const faults = [];
  for (const known of manifest.keys ?? []) {
    const { name } = known;
    const label = `fingerprint ${(0, import_chunk_GRBCTXAV.shortFingerprint)(known)}`;
    const candidates = given.find((key) => key.name === name)?.candidates ?? [];
    if (candidates.length === 0) {
      reporter.warn(
        `The data was encrypted under the ${name} with ${label}, which was not given: the application needs it.`
      );
      continue;
    }
    const place = await findPlace(known, candidates);
    if (place === -1) faults.push(mismatch(manifest, known, candidates.length));
    else {
      const which = candidates.length === 1 ? "" : `, number ${place + 1} of ${candidates.length} given`;
      reporter.info(`${name} is the key of this backup (${label}${which}).`);
    }
  }
  (0, import_chunk_E4TRGNTH.throwTogether)(faults);
}
async function findPlace(known, candidates) {
  for (const [index, candidate] of candidates.entries()) {
    if (await (0, import_chunk_GRBCTXAV.isFingerprintOf)(known, candidate)) return index;
  }
  return -1;
}
function mismatch({ id, startedAt }, known, count) {
  const given = count === 1 ? "the one that was given is another" : `none of the ${count} that were given is it`;
  return new import_chunk_E4TRGNTH.AppError(
    "KEY_MISMATCH",
    `Backup ${id} was taken under the ${known.name} with fingerprint ${(0, import_chunk_GRBCTXAV.shortFingerprint)(known)}, and ${given}.`,
    {
      hint: `Give the key that the application had at ${startedAt}; several can be tried at once (--key ${known.name}=VARIABLE). Leave the key out to restore the data without it.`
    }
  );
}
function findSmallTable({ tables }) {
  const whole = tables.filter(({ rows, digest, moving, name }) => {
    return rows > 0 && digest !== null && !moving && !name.includes("..inner");
  });
  return whole.sort((a, b) => a.rows - b.rows)[0]?.name;
}
function splitName(name) {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}
function listClickHouseDamages(inventory) {
  const table = findSmallTable(inventory);
  return [
    {
      name: "a row removed",
      noticedAs: "rows",
      statements: table === void 0 ? void 0 : removeRow(table)
    },
    {
      name: "a row's values changed",
      noticedAs: "content",
      statements: table === void 0 ? void 0 : changeValues(table)
    },
    {
      name: "a table emptied",
      noticedAs: "rows",
      statements: table === void 0 ? void 0 : `TRUNCATE TABLE ${quotePath(table)}`
    }
  ];
}
function removeRow(name) {
  return rewriteByCopy(name, (copy2) => `SELECT * FROM ${copy2} LIMIT 1, ${ALL}`);
}
function changeValues(name) {
  const isEmpty = "cityHash64(tuple(*)) = cityHash64(tuple(* APPLY(defaultValueOfArgumentType)))";
  return rewriteByCopy(name, (copy2) => {
    const ranked = `(SELECT * FROM ${copy2} ORDER BY ${isEmpty}, cityHash64(tuple(*)))`;
    return `SELECT * APPLY(defaultValueOfArgumentType) FROM ${ranked} LIMIT 1;
      INSERT INTO ${quotePath(name)} SETTINGS optimize_on_insert = 0 SELECT * FROM ${ranked} LIMIT 1, ${ALL}`;
  });
}
var ALL = "18446744073709551615";
function rewriteByCopy(name, select) {
  const path = quotePath(name);
  const [database = ""] = splitName(name);
  const copy2 = `${quoteName(database)}.lifeboat_control`;
  return `CREATE TABLE ${copy2} ENGINE = Memory AS SELECT * FROM ${path} SETTINGS allow_suspicious_low_cardinality_types = 1;
    TRUNCATE TABLE ${path};
    INSERT INTO ${path} SETTINGS optimize_on_insert = 0 ${select(copy2)};
    DROP TABLE ${copy2} SYNC`;
}
function quotePath(name) {
  return splitName(name).map(quoteName).join(".");
}
function quoteName(name) {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}
function listPostgresDamages(inventory) {
  const table = findSmallTable(inventory);
  const path = table === void 0 ? void 0 : quotePath2(table);
  const inAll = (kind) => {
    const names = inventory.schema.filter((object) => object.kind === kind).map(({ name }) => name);
    return names.length === 0 ? void 0 : `(${names.map(quoteText).join(", ")})`;
  };
  const policies = inAll("policy");
  const indexes = inAll("index");
  const sequences = inAll("sequence value");
  return [
    {
      name: "a row removed",
      noticedAs: "rows",
      // As a replica, no trigger and no foreign key has a say.
      statements: path && `SET session_replication_role = replica;
         DELETE FROM ONLY ${path} WHERE ctid = (SELECT ctid FROM ONLY ${path} LIMIT 1)`
    },
    { name: "a value changed", noticedAs: "content", statements: path && changeValue(path) },
    { name: "a table emptied", noticedAs: "rows", statements: path && `TRUNCATE ONLY ${path} CASCADE` },
    {
      name: "a policy dropped",
      noticedAs: "policy",
      statements: policies && doFirst(
        `SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy
           JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace
           WHERE nspname || '.' || relname || '.' || polname IN ${policies}`
      )
    },
    {
      name: "an index dropped",
      noticedAs: "index",
      statements: indexes && doFirst(
        `SELECT format('DROP INDEX %I.%I', nspname, relname) FROM pg_class
           JOIN pg_namespace n ON n.oid = relnamespace
           WHERE relkind IN ('i', 'I') AND nspname || '.' || relname IN ${indexes}`
      )
    },
    {
      name: "a sequence moved",
      noticedAs: "sequence value",
      statements: sequences && doFirst(
        `SELECT format('SELECT nextval(%L)', c.oid::regclass) FROM pg_class c
           JOIN pg_namespace n ON n.oid = relnamespace
           WHERE relkind = 'S' AND nspname || '.' || relname IN ${sequences}`
      )
    }
  ];
}
function changeValue(path) {
  const changes = `CASE typcategory WHEN 'S' THEN '|| ''~''' WHEN 'N' THEN '+ 1' WHEN 'D' THEN '+ interval ''1 day''' ELSE 'IS NOT TRUE' END`;
  return `SET session_replication_role = replica;
    ${doFirst(
    `SELECT format('UPDATE ONLY %1$s SET %2$I = %2$I %3$s WHERE ctid =
           (SELECT ctid FROM ONLY %1$s WHERE %2$I IS NOT NULL LIMIT 1)', attrelid::regclass, attname, ${changes})
         FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
         WHERE attrelid = ${quoteText(path)}::regclass AND attnum > 0 AND NOT attisdropped
           AND attgenerated = '' AND attidentity <> 'a' AND typcategory IN ('S', 'N', 'D', 'B')
         ORDER BY attnum DESC`
  )}`;
}
function doFirst(query) {
  return `DO $lifeboat$
    DECLARE statement text; changed bigint;
    BEGIN
      FOR statement IN ${query} LOOP
        BEGIN
          EXECUTE statement;
          GET DIAGNOSTICS changed = ROW_COUNT;
          IF changed > 0 OR statement NOT LIKE 'UPDATE%' THEN RETURN; END IF;
        EXCEPTION WHEN OTHERS THEN NULL; -- a constraint or a dependency forbids this one
        END;
      END LOOP;
      RAISE EXCEPTION 'none of it could be damaged';
    END $lifeboat$`;
}
function quotePath2(name) {
  return splitName(name).map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}
function quoteText(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
function listControls(manifest, stores, steps) {
  const damages = manifest.stores.filter(({ store }) => stores.has(store)).flatMap((store) => {
    const list2 = store.kind === "postgres" ? listPostgresDamages : listClickHouseDamages;
    return list2(store.inventory).map((damage) => toControl(store.store, damage));
  });
  return [...damages, flipKeys(steps), silenceUpstream(steps)];
}
function toControl(store, damage) {
  const name = `${store}: ${damage.name}`;
  return damage.statements === void 0 ? { name, kind: "not applicable", reason: "The backup holds nothing that this could be done to." } : { name, kind: "damage", store, damage };
}
function flipKeys(steps) {
  const name = "every key with one bit flipped";
  if (!steps.some((step) => step.withFlippedKey)) {
    return { name, kind: "not applicable", reason: "The drill has no decrypt step." };
  }
  const flipped = steps.map((step) => step.withFlippedKey?.() ?? step);
  return { name, kind: "steps", stopper: "decrypt", steps: flipped, isUpstreamSilent: false };
}
function silenceUpstream(steps) {
  const name = "the upstream silent";
  if (!steps.some(({ needsUpstream }) => needsUpstream)) {
    return { name, kind: "not applicable", reason: "The drill makes no call that reaches the upstream." };
  }
  return { name, kind: "steps", stopper: "proxied-call", steps, isUpstreamSilent: true };
}
function judgeDamage({ noticedAs }, { differences }) {
  const noticed = differences.find(({ kind }) => kind === noticedAs);
  if (noticed) {
    const { kind, name, expected, found } = noticed;
    return { outcome: "caught", reason: `${kind} of ${name}: expected ${expected}, found ${found}.` };
  }
  const kinds = [...new Set(differences.map(({ kind }) => kind))].join(", ");
  return {
    outcome: "missed",
    reason: kinds === "" ? "The copy still agreed with its manifest." : `Only a difference of ${kinds} was found.`
  };
}
function judgeSteps(stopper, results) {
  const stopped = results.find(({ outcome }) => outcome !== "passed");
  if (!stopped) return { outcome: "missed", reason: "All steps passed." };
  const reason = `Step "${stopped.name}": ${stopped.reason}`;
  return { outcome: stopped.kind === stopper ? "caught" : "missed", reason };
}
function compareRestored(store, found, { scope, allowMissing = [] }, { lost, refused = [], isStopped = false }) {
  const isBlind = scope !== void 0 && (0, import_chunk_DAEGIV2F.isSelective)(scope) && !saysWhatBelongs(store.inventory);
  const expected = narrowExpected(store, scope);
  const narrowedFound = scope ? (0, import_chunk_DAEGIV2F.narrowInventory)(found, scope).inventory : found;
  const rowsOnly = isBlind || isStopped;
  const comparison = (0, import_chunk_GRBCTXAV.compareInventories)(
    store.store,
    rowsOnly ? { ...expected.inventory, schema: [] } : expected.inventory,
    rowsOnly ? { ...narrowedFound, schema: [] } : narrowedFound
  );
  if (isBlind) {
    comparison.notProven.push(
      `Schema objects in ${store.store}: this older backup does not say which of them belong to which table.`
    );
  }
  if (isStopped) {
    comparison.notProven.push(
      `Schema objects in ${store.store}: the restore was ended when the rows differed, before indexes and constraints.`
    );
  }
  comparison.differences.push(
    ...refused.map(({ kind, name, why }) => ({
      store: store.store,
      kind,
      name,
      expected: "applied",
      found: why
    }))
  );
  const missing = takeAllowed(comparison, allowMissing);
  const named = new Set(lost.map(({ kind, name }) => `${kind} ${name}`));
  const lostSentences = [
    ...lost.map(({ kind, name, why }) => `${kind} ${name}: ${why} (allowed to be missing)`),
    ...missing.filter((what) => !named.has(what)).map((what) => `${what}: it is not there (allowed to be missing)`)
  ];
  comparison.notProven.push(...lostSentences);
  return {
    comparison,
    notRestored: [
      ...lostSentences,
      ...expected.leftOut,
      ...isBlind ? [] : describeOutside(store.inventory, expected.inventory, scope)
    ].map((sentence) => `${store.store}: ${sentence}`)
  };
}
function narrowExpected(store, scope) {
  if (scope === void 0) return { inventory: store.inventory, leftOut: [] };
  const narrowed = (0, import_chunk_DAEGIV2F.narrowInventory)(store.inventory, scope);
  if (store.kind !== "clickhouse" || !scope.partitions) return narrowed;
  const chosen = new Set(scope.partitions);
  const tables = narrowed.inventory.tables.map((table) => {
    const parts = store.parts.filter(
      (part) => `${part.database}.${part.table}` === table.name && chosen.has(part.partition)
    );
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    return { name: table.name, rows, digest: sumDigests(parts.map(({ digest }) => digest)) };
  });
  return { ...narrowed, inventory: { ...narrowed.inventory, tables } };
}
function sumDigests(digests) {
  if (digests.includes(null)) return null;
  const sum = digests.reduce((total, digest) => total + BigInt(digest ?? 0), 0n);
  return BigInt.asUintN(64, sum).toString();
}
function saysWhatBelongs({ tables, schema }) {
  return tables.length === 0 || schema.some(({ table }) => table !== void 0);
}
function takeAllowed(comparison, allowed) {
  const isFine = ({ kind, name, found }) => found === import_chunk_GRBCTXAV.ABSENT && (0, import_chunk_O3HMCWLT.isAllowedMissing)({ kind, name }, allowed);
  const fine = comparison.differences.filter(isFine);
  comparison.differences = comparison.differences.filter((difference) => !isFine(difference));
  return fine.map(({ kind, name }) => `${kind} ${name}`);
}
function describeOutside(whole, narrowed, scope) {
  if ((0, import_chunk_DAEGIV2F.isWhole)(scope)) return [];
  const counts = (0, import_chunk_DAEGIV2F.countOutside)(whole, narrowed).map(({ kind, count }) => `${kind} (${(0, import_chunk_XCSPHMD5.formatCount)(count)})`);
  const structure = scope?.content === "structure" ? ["all rows, since only definitions were asked for"] : [];
  const outside = [...structure, ...counts];
  return outside.length === 0 ? [] : [`Not asked for, and left alone: ${outside.join(", ")}.`];
}
function namesToType(place, others) {
  return place.facts.databases.map((database) => acceptedNames(place, database, others)[0] ?? database);
}
function isNamedWhole(place, others, named) {
  const { databases } = place.facts;
  return databases.length > 0 && databases.every((database) => acceptedNames(place, database, others).some((name) => named.includes(name)));
}
function acceptedNames({ store, facts }, database, others) {
  const isLikeSource = facts.id === store.source.id || store.source.database.split(", ").includes(database);
  const full = `${facts.host}/${database}`;
  const names = isLikeSource ? [full] : [database, full];
  const withStore = names.map((name) => `${store.store}:${name}`);
  const claimants = (name) => others.filter(
    ({ facts: other }) => other.databases.some((its) => name === its || name === `${other.host}/${its}`)
  ).length;
  return [...names.filter((name) => claimants(name) <= 1), ...withStore];
}
function pairTargets(manifest, targets) {
  return targets.map((target) => {
    const store = manifest.stores.find((candidate) => candidate.store === target.store);
    if (!store || store.kind !== target.kind) {
      const held = manifest.stores.map((candidate) => `${candidate.store} (${candidate.kind})`).join(", ");
      throw new import_chunk_E4TRGNTH.AppError(
        "CONFIG_INVALID",
        `Backup ${manifest.id} holds no ${target.kind} store named ${target.store}; it holds ${held}.`,
        { hint: "Give targets only for stores that the backup holds." }
      );
    }
    return { store, target };
  });
}
function divideScope(pairings, scope) {
  if (!scope) return [...pairings];
  if (!(0, import_chunk_DAEGIV2F.isSelective)(scope)) return pairings.map((pairing) => ({ ...pairing, scope }));
  requireKnown(pairings, scope);
  return pairings.flatMap((pairing) => {
    const { inventory, kind } = pairing.store;
    const unknown = new Set((0, import_chunk_DAEGIV2F.findUnknown)(inventory, scope));
    const tables = (scope.tables ?? []).filter((table) => !unknown.has(table));
    const schemas = (scope.schemas ?? []).filter((schema) => !unknown.has(schema));
    if (tables.length + schemas.length === 0) return [];
    const partitions = kind === "clickhouse" ? scope.partitions : void 0;
    const own = { tables, schemas, ...partitions && { partitions }, content: scope.content };
    return [{ ...pairing, scope: own }];
  });
}
async function placePairings(pairings, objects) {
  return await (0, import_chunk_FR6ATP63.settleAll)(
    pairings.map(async (pairing) => ({
      ...pairing,
      ...await pairing.target.relocate?.(pairing.store, pairing.scope, objects)
    }))
  );
}
function requireKnown(pairings, scope) {
  const unknown = pairings.map(({ store }) => (0, import_chunk_DAEGIV2F.findUnknown)(store.inventory, scope)).reduce((left, right) => left.filter((name) => right.includes(name)));
  if (unknown.length === 0) return;
  const known = pairings.flatMap(({ store }) => [
    ...(0, import_chunk_DAEGIV2F.listTables)(store.inventory),
    ...(0, import_chunk_DAEGIV2F.listSchemas)(store.inventory)
  ]);
  const near = known.filter((name) => unknown.some((wanted) => isAlike(name, wanted))).slice(0, 5);
  throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The backup holds no ${unknown.join(", no ")}.`, {
    hint: near.length > 0 ? `Name tables as the backup does, with their schema or database: it holds ${near.join(", ")}.` : "Name tables with their schema or database, schemas by their names, as the manifest does."
  });
}
function isAlike(name, wanted) {
  const last = (text) => (text.split(".").at(-1) ?? text).toLowerCase();
  return last(name) === last(wanted);
}
async function refuseSurprises(pairings, replace, allowMissing) {
  const places = await (0, import_chunk_FR6ATP63.settleAll)(
    pairings.map(async ({ store, target, scope }) => ({ store, facts: await target.inspect(store, scope) }))
  );
  const named = /* @__PURE__ */ new Set();
  await (0, import_chunk_FR6ATP63.settleAll)([
    ...places.map(async (place) => {
      const { store, facts } = place;
      if (isNamedWhole(place, places, replace)) {
        named.add(store.store);
      } else {
        const names = namesToType(place, places).join(",");
        const hint = `Restore into an empty database, or name the target on purpose: --replace ${names}`;
        refuseSurprise(store, facts, hint);
      }
    }),
    ...places.map(async ({ store, facts }) => refuseLacks(store, facts, allowMissing))
  ]);
  return { places: new Map(places.map((place) => [place.store.store, place])), named };
}
function refuseSurprise(store, facts, hint) {
  const names = facts.databases.join(" or ");
  if (facts.id === store.source.id) {
    throw new import_chunk_E4TRGNTH.AppError(
      "TARGET_REFUSED",
      `The target for ${store.store} (${names}) is the very database this backup was taken from.`,
      { hint }
    );
  }
  if (facts.occupiedBy.length === 0) return;
  const [shown, rest] = [facts.occupiedBy.slice(0, 5).join(", "), facts.occupiedBy.length - 5];
  throw new import_chunk_E4TRGNTH.AppError(
    "TARGET_REFUSED",
    `The target for ${store.store} (${names}) is not empty: it holds ${shown}${rest > 0 ? ` and ${rest} more` : ""}.`,
    { hint }
  );
}
function refuseLacks(store, { lacks: lacks2 = [] }, allowMissing) {
  const missing = lacks2.filter((object) => !(0, import_chunk_O3HMCWLT.isAllowedMissing)(object, allowMissing));
  if (missing.length === 0) return;
  const names = missing.map(({ kind, name }) => `${kind} ${name}`);
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_UNSUPPORTED",
    `The server of the target for ${store.store} does not offer ${names.join(", ")}, which the backup needs.`,
    {
      hint: `${missing.map(({ mend }) => mend).join(" ")} Or restore without: --allow-missing "${names.join(",")}"`
    }
  );
}
function requireAccess(pairings) {
  if (pairings.some(({ store }) => store.kind === "clickhouse" && store.access)) return;
  throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", "The backup holds no users and rights to restore.", {
    hint: "Restore without access; backups hold them where a ClickHouse store has access: true in lifeboat.yml."
  });
}
function planRestore(pairings, places, { before, after }) {
  return {
    stores: pairings.map(({ store, scope }) => {
      const { host, databases, occupiedBy } = places.get(store.store).facts;
      const { tables } = narrowExpected(store, scope).inventory;
      const planned = tables.map(({ name, rows }) => ({ name, rows }));
      return { store: store.store, host, databases, tables: planned, replaced: occupiedBy };
    }),
    before: before.map(({ name }) => name),
    after: after.map(({ name }) => name)
  };
}
async function requireUnlocked({ id, stores }, destination, keyring) {
  const all = stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore);
  const encrypted = all.filter(({ age }) => age);
  if (encrypted.length === 0) return;
  const { decryptHead } = await Promise.resolve().then(() => __toESM(require("./age-MFABDPW7.cjs")));
  const { missingIdentity } = await Promise.resolve().then(() => __toESM(require("./keyring-UNNTXAHQ.cjs")));
  const closed = encrypted.filter(({ age }) => !keyring?.holdsOneOf(age?.recipients ?? []));
  if (closed.length > 0) {
    const given = (keyring?.recipients ?? []).join(", ");
    const why = given === "" ? "no identity was given" : `what was given (${given}) opens none of these`;
    const some = `${closed.length} of the ${(0, import_chunk_XCSPHMD5.countOf)(all.length, "object")} of backup ${id} ${closed.length === 1 ? "is" : "are"}`;
    const what = closed.length === all.length ? `Backup ${id} is` : some;
    const needed = [...new Set(closed.flatMap(({ age }) => age?.recipients ?? []))];
    throw missingIdentity(`${what} encrypted, and ${why}.`, needed);
  }
  const [smallest] = encrypted.filter(({ age }) => age?.recipients.includes(import_chunk_BKKABDDY.PASSPHRASE)).sort((a, b) => a.sizeBytes - b.sizeBytes);
  if (!smallest || !keyring) return;
  await tryHead(smallest, destination, async (body) => {
    try {
      await decryptHead(body, keyring);
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "IDENTITY_MISSING") throw error;
      throw missingIdentity(
        `Backup ${id} is encrypted, under another passphrase than the one that was given.`,
        [import_chunk_BKKABDDY.PASSPHRASE]
      );
    }
  });
}
async function tryHead({ key }, destination, look) {
  const body = await destination.open(key);
  try {
    await look(body);
  } finally {
    body.destroy();
  }
}
async function restore(request, context) {
  var _stack = [];
  try {
    const { destination, selection, targets, scope, allowMissing = [], before = [], after = [] } = request;
    const { keyring, keys = [] } = request;
    const { clock, reporter } = context;
    const startMs = clock.ticksMs();
    const stopwatch = new import_chunk_KVCMGXJE.Stopwatch(clock);
    const manifest = await reporter.phase(
      "Find",
      () => stopwatch.measure("find", () => (0, import_chunk_FR6ATP63.pickBackup)(destination, selection))
    );
    reporter.info(`Backup ${manifest.id} of ${manifest.name}, data of ${manifest.startedAt}`);
    const chosen = divideScope(pairTargets(manifest, targets), scope);
    const leftAlone = manifest.stores.flatMap(({ store }) => {
      if (chosen.some((pairing) => pairing.store.store === store)) return [];
      const isTargeted = targets.some((target) => target.store === store);
      const why = isTargeted ? "nothing of it was asked for" : "no target was given or chosen for it";
      return `${store} is not restored: ${why}.`;
    });
    for (const sentence of leftAlone) reporter.warn(sentence);
    if (request.access) requireAccess(chosen);
    const objects = readObjects(destination, keyring, context);
    const { pairings, places, named } = await reporter.phase(
      "Check",
      () => stopwatch.measure("check", async () => {
        const stores = chosen.map(({ store }) => store);
        await (0, import_chunk_FR6ATP63.settleAll)([
          requireUnlocked({ id: manifest.id, stores }, destination, keyring),
          requireKeys(manifest, keys, context)
        ]);
        const placed = await placePairings(chosen, objects);
        return { pairings: placed, ...await refuseSurprises(placed, request.replace, allowMissing) };
      })
    );
    const found = {
      command: "restore",
      backupId: manifest.id,
      ...scope && { scope },
      phases: stopwatch.times
    };
    if (request.isDryRun) {
      return {
        ...found,
        verdict: "planned",
        plan: planRestore(pairings, places, { before, after }),
        comparisons: [],
        notRestored: leftAlone,
        after: [],
        leftBeside: [],
        restoreSeconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs)
      };
    }
    const steps = {
      ...context,
      targets: new Map(pairings.map(({ target }) => [target.store, target]))
    };
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(), true);
    const jobs = pairings.map((pairing) => {
      const { store, target } = pairing;
      const restoring = {
        objects,
        replace: named.has(store.store),
        scratchDir: scratch.path,
        ...pairing.scope && { scope: pairing.scope },
        ...request.jobs !== void 0 && { jobs: request.jobs },
        ...request.stream && { stream: true },
        ...request.access && { access: true },
        allowMissing,
        stopwatch,
        onRows: (found2) => {
          const differing = findDifferingTables(pairing, found2);
          if (differing.length === 0) return "go on";
          reporter.warn(`${store.store}: ${differing.join(", ")} differ from the backup.`);
          const { scope: scope2 } = pairing;
          const isPart = scope2 !== void 0 && ((0, import_chunk_DAEGIV2F.isSelective)(scope2) || scope2.content === "data");
          return target.replacement || restoring.replace && isPart ? "stop" : "go on";
        }
      };
      return { pairing, restoring };
    });
    if (pairings.some(({ target }) => target.prepare !== void 0)) {
      await reporter.phase(
        "Fetch",
        () => (0, import_chunk_FR6ATP63.runTogether)(context, jobs, async ({ pairing, restoring }) => {
          await pairing.target.prepare?.(pairing.store, restoring);
        })
      );
    }
    requirePassed(await stopwatch.measure("before", () => performSteps(before, steps)));
    const restored = await reporter.phase(
      "Restore",
      () => stopwatch.measure(
        "restore",
        () => (0, import_chunk_FR6ATP63.runTogether)(context, jobs, async ({ pairing, restoring }) => {
          const result = await restoreAndCompare(pairing, restoring, context);
          if (restoring.replace) ignoreBystanders(result.comparison);
          return result;
        })
      )
    );
    const comparisons = restored.map(({ comparison }) => comparison);
    const agrees = comparisons.every(({ differences }) => differences.length === 0);
    const leftBeside = await concludeReplacements(pairings, agrees, context);
    const followed = await stopwatch.measure(
      "after",
      async () => agrees ? await performSteps(after, steps) : after.map((step) => leaveUntried(step, ", since the restored data differs"))
    );
    return {
      ...found,
      verdict: !agrees ? "differs" : followed.every(({ outcome }) => outcome === "passed") ? "restored" : "unfinished",
      comparisons,
      notRestored: [...leftAlone, ...restored.flatMap(({ notRestored }) => notRestored)],
      after: followed,
      leftBeside,
      restoreSeconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs)
    };
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function restoreAndCompare({ store, target }, request, { reporter }) {
  const outcome = await target.restore(store, request);
  let found;
  try {
    found = await target.takeInventory(store, request.scope, outcome.tables);
  } finally {
    await target.settle();
  }
  const restored = compareRestored(store, found, request, outcome);
  const { comparison } = restored;
  reporter.info(
    `${store.store}: ${(0, import_chunk_XCSPHMD5.countOf)(comparison.tablesCompared, "table")}, ${(0, import_chunk_XCSPHMD5.countOf)(comparison.rowsCompared, "row")}, ${(0, import_chunk_XCSPHMD5.countOf)(comparison.schemaObjectsCompared, "schema object")} compared, ${(0, import_chunk_XCSPHMD5.countOf)(comparison.differences.length, "difference")}`
  );
  return restored;
}
function findDifferingTables({ store, scope }, found) {
  const tables = { ...found, schema: [] };
  const expected = { ...narrowExpected(store, scope).inventory, schema: [] };
  const { comparison } = compareRestored({ ...store, inventory: expected }, tables, {}, { lost: [] });
  return comparison.differences.filter(({ expected: expected2 }) => expected2 !== import_chunk_GRBCTXAV.ABSENT).map(({ name }) => name);
}
function ignoreBystanders(comparison) {
  comparison.differences = comparison.differences.filter(({ expected }) => expected !== import_chunk_GRBCTXAV.ABSENT);
}
function requirePassed(results) {
  const failed = results.find(({ outcome }) => outcome !== "passed");
  if (!failed) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "TOOL_FAILED",
    `The command "${failed.name}", which goes before the restore, failed: ${failed.reason}`,
    { hint: "Nothing was written. Mend the command, or take it out of restore.before in lifeboat.yml." }
  );
}
async function concludeReplacements(pairings, agrees, { reporter }) {
  const replacements = pairings.flatMap(({ target }) => target.replacement ?? []);
  if (replacements.length === 0) return [];
  if (!agrees) return replacements.map(({ beside }) => beside);
  await reporter.phase("Replace", async () => {
    for (const replacement of replacements) await replacement.swapIn();
  });
  return [];
}
async function openTargets(manifest, openTarget, only, targets, allowMissing = []) {
  for (const store of manifest.stores) {
    const open = openTarget.get(store.store);
    if (!open || only && !only.includes(store.store)) continue;
    const target = await open();
    targets.push(target);
    const hint = "A drill needs a target where nothing of the backup's names is; give it an empty one.";
    const facts = await target.inspect(store);
    refuseSurprise(store, facts, hint);
    refuseLacks(store, facts, allowMissing);
  }
}
async function destroyAll(targets, { reporter }) {
  if (targets.length === 0) return;
  await reporter.phase("Destroy", async () => {
    await (0, import_chunk_FR6ATP63.settleAll)(
      targets.map(async (target) => {
        try {
          await target.destroy();
        } catch (error) {
          reporter.warn(`The restored data of ${target.store} may still be there.`);
          throw error;
        }
      })
    );
    reporter.info("The restored data is destroyed.");
  });
}
async function performControls(manifest, request, context) {
  const { openTarget, only } = request;
  const restored = [...openTarget.keys()].filter((store) => !only || only.includes(store));
  const results = [];
  for (const control of listControls(manifest, new Set(restored), request.steps)) {
    const { name } = control;
    const startMs = context.clock.ticksMs();
    const outcome = await performControl(control, manifest, request, context);
    context.reporter.info(`Control, ${name}: ${outcome.outcome}. ${outcome.reason}`);
    results.push({ name, ...outcome, seconds: (0, import_chunk_KVCMGXJE.secondsSince)(context.clock, startMs) });
  }
  return results;
}
async function performControl(control, manifest, request, context) {
  if (control.kind === "not applicable") return { outcome: control.kind, reason: control.reason };
  const targets = [];
  const stores = control.kind === "damage" ? [control.store] : request.only;
  try {
    try {
      await openTargets(manifest, request.openTarget, stores, targets, request.allowMissing);
      return await drillAgain(control, manifest, targets, request, context);
    } finally {
      await destroyAll(targets, context);
      await Promise.allSettled(targets.map((target) => target.close()));
    }
  } catch (error) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(context.signal);
    if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
    return { outcome: "missed", reason: `It could not be tried: ${error.message}` };
  }
}
async function drillAgain(control, manifest, targets, { destination, keyring, upstream, allowMissing = [] }, context) {
  var _stack = [];
  try {
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(), true);
    const objects = readObjects(destination, keyring, context);
    const request = { objects, replace: false, scratchDir: scratch.path, allowMissing };
    let outcome = { outcome: "missed", reason: "Nothing was restored." };
    for (const { store, target } of pairTargets(manifest, targets)) {
      if (control.kind === "damage") damageAfterRestore(target, control.damage.statements ?? "");
      const { comparison } = await context.reporter.phase(
        `Control: ${control.name}`,
        () => restoreAndCompare({ store, target }, request, context)
      );
      if (control.kind === "damage") outcome = judgeDamage(control.damage, comparison);
    }
    if (control.kind === "damage") return outcome;
    const silent = upstream && { ...upstream, isSilent: control.isUpstreamSilent };
    const results = await performSteps(control.steps, shareStores(context, manifest.stores, targets), silent);
    return judgeSteps(control.stopper, results);
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function damageAfterRestore(target, statements) {
  const restore2 = target.restore.bind(target);
  target.restore = async (backup2, request) => {
    const { lost } = await restore2(backup2, request);
    await target.query(statements);
    return { lost };
  };
  return target;
}
var POINTS = 14;
async function recallBackups(destination, exceptId, context) {
  return (await recallManifests(destination, context, exceptId))?.map(pointOfBackup);
}
async function recallManifests(destination, context, exceptId) {
  return await recall(context, async () => {
    const ids = (await (0, import_chunk_FR6ATP63.listBackupIds)(destination)).filter((id) => id !== exceptId);
    return (await (0, import_chunk_FR6ATP63.readManifests)(destination, ids.slice(0, POINTS))).readable;
  });
}
async function recallDrills(destination, context) {
  return await recall(context, async () => {
    const ids = await (0, import_chunk_FR6ATP63.listDrillIds)(destination);
    return (await (0, import_chunk_FR6ATP63.readDrillRecords)(destination, ids.slice(0, POINTS))).readable.map(pointOfDrill);
  });
}
async function recall({ reporter }, read) {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
    reporter.info(`No comparison with earlier runs, since they cannot be read: ${error.message}`);
    return void 0;
  }
}
async function drill(request, context) {
  const { destination, selection } = request;
  const { clock, reporter } = context;
  const startedAt = clock.now();
  const startMs = clock.ticksMs();
  const phases = new import_chunk_KVCMGXJE.Stopwatch(clock);
  await createFolder(request.reportDir);
  const manifest = await reporter.phase(
    "Find",
    () => phases.measure("find", async () => {
      const picked = await (0, import_chunk_FR6ATP63.pickBackup)(destination, selection);
      await (0, import_chunk_FR6ATP63.settleAll)([
        requireUnlocked(pickStores(picked, request), destination, request.keyring),
        requireKeys(picked, request.keys ?? [], context)
      ]);
      return picked;
    })
  );
  reporter.info(`Backup ${manifest.id} of ${manifest.name}, data of ${manifest.startedAt}`);
  const evidence = {
    comparisons: [],
    emptyStores: pickStores(manifest, request).stores.filter(wasEmpty).map(({ store }) => store),
    skippedStores: findSkippedStores(manifest, request),
    failures: [],
    steps: [],
    restoreSeconds: 0,
    dataAgeHours: (startedAt.getTime() - Date.parse(manifest.startedAt)) / 36e5,
    objectives: request.objectives,
    isNewest: isNewestSelected(selection)
  };
  const targets = [];
  let kept = [];
  try {
    await tolerate(evidence, async () => {
      await reporter.phase(
        "Targets",
        () => phases.measure(
          "targets",
          () => openTargets(manifest, request.openTarget, request.only, targets, request.allowMissing)
        )
      );
      await reporter.phase(
        "Restore and compare",
        () => phases.measure(
          "restore",
          () => restoreAll(pairTargets(manifest, targets), request, evidence, phases, context)
        )
      );
    });
    if (isWhole2(evidence)) {
      const shared = shareStores(context, manifest.stores, targets);
      evidence.steps = request.steps.map((step) => leaveUntried(step, ", since the upstream does not run"));
      await tolerate(evidence, async () => {
        evidence.steps = await phases.measure(
          "steps",
          () => performSteps(request.steps, shared, request.upstream)
        );
      });
    } else {
      const rest = ", since the restored data is not whole";
      evidence.steps = request.steps.map((step) => leaveUntried(step, rest));
    }
    evidence.restoreSeconds = (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs);
    if (request.keepOnFailure && judge(evidence).verdict !== "proven") {
      kept = targets.map((target) => target.store);
    }
  } finally {
    const unwanted = targets.filter((target) => !kept.includes(target.store));
    await tolerate(evidence, () => destroyAll(unwanted, context));
    await Promise.allSettled(targets.map((target) => target.close()));
  }
  if (request.proveRed && judge(evidence).verdict === "proven") {
    evidence.controls = await phases.measure("controls", () => performControls(manifest, request, context));
  }
  const record2 = {
    format: "lifeboat-drill",
    formatVersion: import_chunk_FR6ATP63.DRILL_FORMAT_VERSION,
    id: (0, import_chunk_ZKV6NMGU.drawBackupId)(startedAt),
    backupId: manifest.id,
    writtenBy: import_chunk_EHMDGH3H.VERSION,
    startedAt: startedAt.toISOString(),
    finishedAt: clock.now().toISOString(),
    ...judge(evidence),
    comparisons: evidence.comparisons,
    steps: evidence.steps,
    ...evidence.controls && { controls: evidence.controls },
    phases: phases.times,
    restoreSeconds: evidence.restoreSeconds,
    dataAgeHours: Math.round(evidence.dataAgeHours * 1e3) / 1e3,
    objectives: request.objectives
  };
  const past = await recallDrills(destination, context);
  const result = {
    command: "drill",
    record: record2,
    isRecorded: request.isRecorded !== false && await keepRecord(record2, destination, context),
    kept,
    seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs),
    reportPath: (0, import_node_path.join)(request.reportDir, `drill-${record2.id}.md`),
    ...past && { past }
  };
  await writeReport(result, context);
  return result;
}
function pickStores({ id, stores }, { openTarget, only }) {
  const isWanted = (store) => openTarget.has(store) && (only?.includes(store) ?? true);
  return { id, stores: stores.filter(({ store }) => isWanted(store)) };
}
function isNewestSelected({ id, before, pick = "newest" }) {
  return id === void 0 && before === void 0 && pick === "newest";
}
async function createFolder(path) {
  try {
    await (0, import_promises.mkdir)(path, { recursive: true });
  } catch (error) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The report's folder ${path} cannot be created.`, {
      hint: "Choose a folder that this user may write to.",
      cause: error
    });
  }
}
async function writeReport(result, { reporter }) {
  const { reportPath, record: record2 } = result;
  try {
    await (0, import_promises.writeFile)(reportPath, renderSummary(result));
    await (0, import_promises.writeFile)(reportPath.replace(/md$/, "json"), (0, import_chunk_FR6ATP63.serialiseDrillRecord)(record2));
    await (0, import_promises.writeFile)(reportPath.replace(/md$/, "xml"), renderJunit(record2));
  } catch (error) {
    reporter.warn(`The report ${reportPath} could not be written: ${String(error)}`);
  }
}
function findSkippedStores(manifest, { openTarget, only }) {
  const skipped = [];
  for (const { store } of manifest.stores) {
    if (only && !only.includes(store)) skipped.push({ store, why: "it was not asked for", onPurpose: true });
    else if (!openTarget.has(store))
      skipped.push({ store, why: "no drill target was given for it", onPurpose: false });
  }
  return skipped;
}
async function restoreAll(pairings, { destination, keyring, allowMissing = [] }, evidence, stopwatch, context) {
  var _stack = [];
  try {
    const scratch = (0, import_chunk_D6QFH5CA.__using)(_stack, await import_chunk_PKNFJV47.Scratch.create(), true);
    const objects = readObjects(destination, keyring, context);
    const common = { objects, replace: false, scratchDir: scratch.path, allowMissing, stopwatch };
    const comparisons = await (0, import_chunk_FR6ATP63.settleAll)(
      pairings.map(async (pairing) => {
        let comparison;
        await tolerate(evidence, async () => {
          const onRows = (found) => findDifferingTables(pairing, found).length > 0 ? "stop" : "go on";
          const restored = await restoreAndCompare(pairing, { ...common, onRows }, context);
          comparison = restored.comparison;
        });
        return comparison;
      })
    );
    evidence.comparisons = comparisons.filter((comparison) => comparison !== void 0);
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = (0, import_chunk_D6QFH5CA.__callDispose)(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function isWhole2({ failures, comparisons }) {
  return failures.length === 0 && comparisons.every(({ differences }) => differences.length === 0);
}
var NOT_EVIDENCE = /* @__PURE__ */ new Set(["CONFIG_INVALID", "TARGET_REFUSED", "CANCELLED"]);
async function tolerate(evidence, work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || NOT_EVIDENCE.has(error.code)) throw error;
    evidence.failures.push(error);
  }
}
async function keepRecord(record2, destination, { reporter }) {
  try {
    await destination.putIfAbsent((0, import_chunk_ZKV6NMGU.drillKey)(record2.id), (0, import_chunk_FR6ATP63.serialiseDrillRecord)(record2));
    return true;
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    reporter.warn(`The drill's record could not be written beside the backups: ${error.message}`);
    return false;
  }
}
var AGAIN = "Run plan, the shards and finish again (on GitHub: re-run all jobs); partitions that were sent already are referred to.";
function joinShards(plan2, records) {
  const portions = plan2.shards.flatMap(({ portions: portions2 }) => portions2);
  const stores = [...new Set(portions.map(({ store }) => store))];
  return stores.map((store) => {
    const others = [];
    let lead;
    for (const { shard, stores: stores2 } of records) {
      for (const share of stores2) {
        if (share.role === "lead" && share.manifest.store === store) lead = share;
        else if (share.role === "other" && share.store === store) others.push({ ...share, shard });
      }
    }
    if (!lead) throw new Error(`nobody leads ${store}`);
    return joinStore(lead, others);
  });
}
function joinStore({ manifest, tables }, others) {
  if (manifest.kind !== "clickhouse" || tables.length === 0) return manifest;
  for (const { shard, source } of others) {
    if (source.id === manifest.source.id) continue;
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_FAILED",
      `Shard ${shard} read other databases of ${manifest.store} than the shard that leads: another server, or databases that were dropped and made again.`,
      { hint: `Give every shard the same addresses. ${AGAIN}` }
    );
  }
  requireSameTables(manifest.store, tables, others);
  const joined = new Map(
    tables.map((lead) => [lead.table, [lead]])
  );
  for (const shared of others.flatMap((other) => other.tables)) joined.get(shared.table)?.push(shared);
  const all = [...joined.values()];
  const { inventory } = manifest;
  return {
    ...manifest,
    parts: all.flatMap((shared) => shared.flatMap(({ parts }) => parts)).sort(import_chunk_XXU7PNBB.compareParts),
    inventory: {
      ...inventory,
      tables: all.map(
        ([lead, ...rest]) => (0, import_chunk_XXU7PNBB.addTables)([lead.inventory, ...rest.map(({ inventory: inventory2 }) => inventory2)])
      ),
      notCovered: [...new Set([inventory, ...others].flatMap(({ notCovered }) => notCovered))]
    },
    seconds: Math.max(manifest.seconds, ...others.map(({ seconds }) => seconds))
  };
}
function requireSameTables(store, tables, others) {
  const states = new Map(tables.map(({ table, state }) => [table, state]));
  const changed = others.flatMap(({ shard, tables: tables2, missing }) => [
    ...tables2.filter(({ table, state }) => states.has(table) && states.get(table) !== state).map(({ table }) => `${table} (shard ${shard})`),
    ...missing.filter((table) => states.has(table)).map((table) => `${table} (shard ${shard})`)
  ]);
  if (changed.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError(
    "STORE_FAILED",
    `Tables of ${store} were replaced or altered between two shards: ${changed.join(", ")}.`,
    { hint: AGAIN }
  );
}
var SINGLE_LOOKUPS = 50;
var ObjectLookup = class {
  #folder;
  #known;
  #destination;
  #reporter;
  #sizes;
  #isRefused = false;
  /** @param known - every object that may be asked for; all lie in the folder */
  constructor(folder, known, destination, reporter) {
    this.#folder = folder;
    this.#known = known;
    this.#destination = destination;
    this.#reporter = reporter;
  }
  /** Credentials that may not look are no obstacle: the object counts as absent then, and a warning tells why. */
  async holds({ key, sizeBytes }) {
    if (this.#isRefused) return false;
    try {
      return await this.#findSize(key) === sizeBytes;
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "DESTINATION_REFUSED") throw error;
      if (!this.#isRefused) {
        this.#reporter.warn(`Everything is sent, since nobody may look what is there: ${error.message}`);
      }
      this.#isRefused = true;
      return false;
    }
  }
  async #findSize(key) {
    if (this.#known.length <= SINGLE_LOOKUPS) return await this.#destination.findSize(key);
    this.#sizes ??= this.#listSizes();
    return (await this.#sizes).get(key);
  }
  async #listSizes() {
    const wanted = new Set(this.#known.map(({ key }) => key));
    const sizes = /* @__PURE__ */ new Map();
    for await (const { key, sizeBytes } of this.#destination.list(this.#folder)) {
      if (wanted.has(key)) sizes.set(key, sizeBytes);
    }
    return sizes;
  }
};
var ObjectWriter = class {
  #destination;
  #encryption;
  constructor(destination, encryption) {
    this.#destination = destination;
    this.#encryption = encryption;
  }
  /** Under which key an object will lie. */
  keyOf(key) {
    return this.#encryption ? (0, import_chunk_ZKV6NMGU.encryptedKey)(key) : key;
  }
  /** @returns the object as it lies there: under `keyOf(key)` */
  async put(key, body, expectedSizeBytes) {
    const encryption = this.#encryption;
    if (!encryption) return { key, ...await this.#destination.create(key, body, expectedSizeBytes) };
    let contentBytes = 0;
    async function* count() {
      for await (const chunk of body) {
        contentBytes += chunk.byteLength;
        yield chunk;
      }
    }
    const written = await this.#destination.create(
      this.keyOf(key),
      encryption.encrypt(count()),
      expectedSizeBytes
    );
    const age = { recipients: [...encryption.recipients], contentBytes };
    return { key: this.keyOf(key), ...written, age };
  }
  /**
   * Whether an earlier object may stand for what would be written now: encrypted, if that would be. For whom is another
   * matter: new recipients hold from now on.
   */
  accepts({ age }) {
    return this.#encryption === void 0 || age !== void 0;
  }
};
var BackupWriter = class {
  #backupId;
  #partsId;
  #folder;
  #destination;
  #objects;
  #context;
  #keys = /* @__PURE__ */ new Set();
  #receipts;
  #sentBytes = 0;
  constructor(backupId, destination, encryption, context, attempt) {
    this.#backupId = backupId;
    this.#partsId = attempt?.partsId ?? backupId;
    this.#folder = attempt?.folder ?? "";
    this.#destination = destination;
    this.#objects = new ObjectWriter(destination, encryption);
    this.#context = context;
    this.#receipts = new import_chunk_FR6ATP63.ReceiptBook(backupId, context, attempt?.name);
  }
  /** Notes, in receipts, the finished parts that a later run may refer to. */
  async writeReceipts(destination) {
    await this.#receipts.write(destination);
  }
  /** Keys of the parts that receipts told of: another run may refer to them by now. */
  get received() {
    return this.#receipts.received;
  }
  /** Every key this run wrote to, or tried to. */
  get keys() {
    return [...this.#keys];
  }
  /** Bytes this run has sent so far. */
  get sentBytes() {
    return this.#sentBytes;
  }
  /** Takes down a key that this run is about to write by itself. */
  note(key) {
    this.#keys.add(key);
  }
  /**
   * The sink of one store.
   *
   * @param previous - what the newest complete backup says of it
   * @param finished - its parts that dead runs had finished
   */
  sinkOf(store, previous, finished = []) {
    const known = [...previous?.kind === "clickhouse" ? previous.parts : [], ...finished];
    const lookup = new ObjectLookup((0, import_chunk_ZKV6NMGU.partsFolder)(store), known, this.#destination, this.#context.reporter);
    return {
      previous,
      finished,
      keep: (part) => this.#receipts.add(store, part, this.#destination),
      announce: (folder) => (0, import_chunk_FR6ATP63.noteServerFolder)(folder, this.#destination),
      distrust: () => this.#receipts.distrust(),
      put: (file, body, expectedSizeBytes) => this.#write((0, import_chunk_ZKV6NMGU.storeObjectKey)(this.#backupId, store, `${this.#folder}${file}`), body, expectedSizeBytes),
      putPart: (part, body, expectedSizeBytes) => this.#write(this.#newPartKey(store, part), body, expectedSizeBytes),
      holds: async (object) => {
        if (!this.#objects.accepts(object) || !await lookup.holds(object)) return false;
        await this.#destination.extendLock(object.key);
        return true;
      }
    };
  }
  /** What moved while it was read is read again, and may hold the same as the first time, which is not replaced. */
  #newPartKey(store, part) {
    for (let time = 1; ; time += 1) {
      const key = (0, import_chunk_ZKV6NMGU.partKey)(store, part, this.#partsId, time);
      if (!this.#keys.has(this.#objects.keyOf(key))) return key;
    }
  }
  async #write(key, body, expectedSizeBytes) {
    this.#keys.add(this.#objects.keyOf(key));
    return await this.#objects.put(key, this.#count(body), expectedSizeBytes);
  }
  async *#count(body) {
    for await (const chunk of body) {
      this.#sentBytes += chunk.byteLength;
      this.#context.reporter.progress({ label: "Sent", done: this.#sentBytes, unit: "bytes" });
      yield chunk;
    }
  }
};
var NOTHING = { newest: void 0, receipts: [] };
async function findEarlier(destination, now, context) {
  try {
    const [newest, receipts] = await Promise.all([
      (0, import_chunk_FR6ATP63.findNewestBackup)(destination),
      (0, import_chunk_FR6ATP63.readReceipts)(destination, new Date(now.getTime() - import_chunk_FR6ATP63.RUN_LIMIT_MS))
    ]);
    return { newest, receipts };
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    context.reporter.warn(
      `Everything will be sent, since the newest backup cannot be read: ${error.message}`
    );
    return NOTHING;
  }
}
function recall2(store, { newest, receipts }, now, reporter) {
  const previous = newest?.stores.find((candidate) => candidate.store === store.name);
  const finished = receipts.flatMap((receipt) => receipt.store === store.name ? receipt.parts : []);
  const oldest = previous && findOldestData(previous);
  const { fullEveryMs } = store;
  if (fullEveryMs !== void 0 && oldest && now.getTime() - oldest.getTime() >= fullEveryMs) {
    reporter.info(
      `${store.name}: everything is sent, since some of it was last sent ${oldest.toISOString()} (full-every).`
    );
    return { previous: void 0, finished };
  }
  return { previous, finished };
}
function findOldestData(store) {
  if (store.kind !== "clickhouse") return void 0;
  const [full] = store.serverBackup?.chain ?? [];
  if (full !== void 0) return (0, import_chunk_ZKV6NMGU.findBackupTime)(full.split("/").at(-1) ?? "");
  const times = store.parts.flatMap(({ key }) => (0, import_chunk_ZKV6NMGU.findBackupTime)((0, import_chunk_ZKV6NMGU.findWriterOfPart)(key) ?? "") ?? []);
  return times.sort((a, b) => a.getTime() - b.getTime())[0];
}
function warnOfOthers(objects, { recipients }, { reporter }) {
  for (const recipient of recipients) {
    const closed = objects.filter(({ age }) => age && !age.recipients.includes(recipient));
    if (closed.length === 0) continue;
    const size = (0, import_chunk_XCSPHMD5.formatBytes)(closed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    reporter.warn(
      `${(0, import_chunk_XCSPHMD5.countOf)(closed.length, "object")} (${size}) of this backup cannot be opened with ${(0, import_chunk_BKKABDDY.describeKeyOf)(recipient)}: earlier backups wrote them for others. Run backup --full once, or rekey, to change that.`
    );
  }
  const former = new Set(objects.flatMap(({ age }) => age?.recipients ?? []));
  for (const recipient of recipients) former.delete(recipient);
  if (former.size === 0) return;
  reporter.warn(
    `Objects of this backup that earlier ones wrote can still be opened with ${[...former].map(import_chunk_BKKABDDY.describeKeyOf).join(" or ")}, for which nothing is written any more.`
  );
}
var PART_BYTES = 8 * 1024 * 1024;
function measureSeries(newestFirst2, store) {
  const held = newestFirst2.flatMap(({ stores }) => stores.filter((one) => one.store === store));
  const [newest] = held;
  if (!newest) return void 0;
  const nights = held.length === 1 ? [(0, import_chunk_GRBCTXAV.objectsOfStore)(newest)] : held.slice(0, -1).map(findAdded(held));
  const objects = (0, import_chunk_GRBCTXAV.objectsOfStore)(newest);
  return {
    backups: held.length,
    sizeBytes: sumOf(objects.map(({ sizeBytes }) => sizeBytes)),
    sentBytes: sumOf(nights.flat().map(({ sizeBytes }) => sizeBytes)) / nights.length,
    writes: countWrites(nights.flat().map(({ sizeBytes }) => sizeBytes)) / nights.length,
    objects: objects.length,
    seconds: sumOf(held.map(({ seconds }) => seconds)) / held.length
  };
}
function findAdded(held) {
  return (store, index) => {
    const before = new Set((0, import_chunk_GRBCTXAV.objectsOfStore)(held[index + 1]).map(({ key }) => key));
    return (0, import_chunk_GRBCTXAV.objectsOfStore)(store).filter(({ key }) => !before.has(key));
  };
}
function countWrites(sizes) {
  return sumOf(sizes.map((size) => size <= PART_BYTES ? 1 : Math.ceil(size / PART_BYTES) + 2));
}
function countKept(rule, timeZone, everyDays, now) {
  const { last = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0, withinMs = 0 } = rule;
  const days = Math.max(
    last * everyDays,
    daily * everyDays,
    weekly * Math.max(7, everyDays),
    monthly * 31,
    yearly * 366,
    withinMs / 864e5
  );
  const backups = Array.from({ length: Math.ceil((days > 0 ? days : 365) / everyDays) + 1 }, (_, index) => {
    const startedAt = new Date(now.getTime() - index * everyDays * 864e5);
    return { id: String(index), startedAt, finishedAt: startedAt, stores: ["it"], provenStores: [] };
  });
  const policy2 = { rule, stores: {}, timeZone };
  return (0, import_chunk_FR6ATP63.planRetention)(backups, policy2, now, 0).filter(({ stores }) => stores[0]?.isKept).length;
}
function guessSeries(bytes) {
  return { backups: 0, sizeBytes: bytes, sentBytes: bytes, writes: countWrites([bytes]), objects: 1 };
}
function sumOf(numbers) {
  return numbers.reduce((sum, number2) => sum + number2, 0);
}
async function lookForRoom(destination, context) {
  const freeBytes = await destination.findFreeBytes();
  if (freeBytes === void 0) return void 0;
  const manifests = await recallManifests(destination, context) ?? [];
  const free = `${(0, import_chunk_XCSPHMD5.formatBytes)(freeBytes)} are free at ${destination.url}`;
  const [newest] = manifests;
  if (!newest) return (0, import_chunk_CW2N472Z.good)("room", `${free}.`);
  const series = newest.stores.map(({ store }) => measureSeries(manifests.slice(0, 2), store));
  const addedBytes = sumOf(series.map((one) => one?.sentBytes ?? 0));
  const found = `${free}, and the newest backup added ${(0, import_chunk_XCSPHMD5.formatBytes)(addedBytes)}.`;
  if (freeBytes > addedBytes) return (0, import_chunk_CW2N472Z.good)("room", found);
  const mend = "Free space there: lifeboat prune removes what retention lets go, --dry-run says what.";
  return (0, import_chunk_CW2N472Z.warning)("room", found, mend);
}
async function backup(request, context) {
  const { name, stores, destination, full, encryption, keys = [] } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const startedAt = clock.now();
  const id = (0, import_chunk_ZKV6NMGU.drawBackupId)(startedAt);
  const phases = new import_chunk_KVCMGXJE.Stopwatch(clock);
  const writer = new BackupWriter(id, destination, encryption, context);
  request.onStart?.(id);
  let found = NOTHING;
  const find = async () => {
    if (!full || keys.length > 0) found = await findEarlier(destination, startedAt, context);
  };
  await reporter.phase("Check", () => phases.measure("check", () => check(request, context, find)));
  const earlier = full ? NOTHING : found;
  const manifest = await tidyOnFailure(writer, request, context, async () => {
    const storeManifests = await reporter.phase(
      "Back up",
      () => phases.measure(
        "backup",
        () => (0, import_chunk_FR6ATP63.runTogether)(context, stores, async (store) => {
          const { previous, finished } = recall2(store, earlier, startedAt, reporter);
          const held = await store.backup(writer.sinkOf(store.name, previous, finished));
          reporter.info(describeStore(held));
          if (held.inventory.tables.length === 0) {
            reporter.warn(
              `${held.store} holds no table: look at its address and scope, unless that is meant.`
            );
          }
          return held;
        })
      )
    );
    const fingerprints = await fingerprintKeys(keys, found.newest, context);
    const complete = {
      format: "lifeboat-backup",
      formatVersion: import_chunk_GRBCTXAV.FORMAT_VERSION,
      id,
      name,
      writtenBy: import_chunk_EHMDGH3H.VERSION,
      startedAt: startedAt.toISOString(),
      finishedAt: clock.now().toISOString(),
      stores: storeManifests,
      ...fingerprints.length > 0 && { keys: fingerprints },
      phases: phases.times
    };
    writer.note((0, import_chunk_ZKV6NMGU.restoreGuideKey)(id));
    await destination.each((one) => (0, import_chunk_FR6ATP63.putRestoreGuide)(complete, one));
    return complete;
  });
  await destination.each((one) => (0, import_chunk_FR6ATP63.publish)(manifest, one));
  const { outcomes } = destination;
  if (encryption) warnOfOthers(manifest.stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore), encryption, context);
  reporter.info(`Backup ${id} is complete.`);
  const [past] = await Promise.all([
    recallBackups(destination, id, context),
    tidyAfterSuccess(manifest, writer, earlier, destination, reporter)
  ]);
  const seconds = (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs);
  return {
    command: "backup",
    backupId: id,
    sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfBackup)(manifest),
    sentBytes: writer.sentBytes,
    seconds,
    destinations: outcomes,
    manifest,
    ...past && { past }
  };
}
function describeStore(held) {
  const { store, inventory } = held;
  return `${store}: ${(0, import_chunk_XCSPHMD5.countOf)(inventory.tables.length, "table")}, ${(0, import_chunk_XCSPHMD5.countOf)((0, import_chunk_GRBCTXAV.countRows)(inventory), "row")}, ${(0, import_chunk_XCSPHMD5.formatBytes)((0, import_chunk_GRBCTXAV.sizeOfStore)(held))} in ${(0, import_chunk_XCSPHMD5.formatSeconds)(held.seconds)}`;
}
async function check({ stores, destination }, context, meanwhile = async () => {
}) {
  const { reporter } = context;
  const facts = await (0, import_chunk_FR6ATP63.settleAll)([
    destination.check("write").then(meanwhile).then(() => `Destination: ${destination.url}`),
    ...stores.map((store) => store.check())
  ]);
  for (const fact of facts) reporter.info(fact);
  const rooms = await destination.each((one) => lookForRoom(one, context));
  for (const room of rooms) if (room?.state === "warning") reporter.warn(`${room.found} ${room.mend}`);
}
async function tidyAfterSuccess(manifest, writer, { receipts }, destination, reporter) {
  const needed = new Set(manifest.stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore).map(({ key }) => key));
  const needless = writer.keys.filter(
    (key) => key.startsWith(import_chunk_ZKV6NMGU.partsPrefix) && !needed.has(key) && !writer.received.has(key)
  );
  try {
    await (0, import_chunk_FR6ATP63.settleAll)(needless.map((key) => destination.remove(key)));
    await (0, import_chunk_FR6ATP63.removeReceipts)(destination, [manifest.id, ...receipts.map(({ backupId }) => backupId)]);
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
    reporter.info(`Some objects that no backup needs are left for prune: ${error.message}`);
  }
}
async function tidyOnFailure(writer, request, context, work) {
  try {
    return await work();
  } catch (error) {
    try {
      const destination = await request.openForCleanUp();
      try {
        await writer.writeReceipts(destination);
        const { received } = writer;
        const needless = writer.keys.filter((key) => !received.has(key));
        await (0, import_chunk_FR6ATP63.settleAll)(needless.map((key) => destination.remove(key)));
        if (received.size > 0) {
          context.reporter.info(
            `${(0, import_chunk_XCSPHMD5.countOf)(received.size, "part")} of this run ${received.size === 1 ? "stays" : "stay"}: the next one need not send ${received.size === 1 ? "it" : "them"}.`
          );
        }
      } finally {
        destination.close();
      }
    } catch {
      context.reporter.warn(
        `Objects of the failed run are left at ${request.destination.url}; they are not listed as a backup.`
      );
    }
    throw error;
  }
}
var PLAN_VERSION = 1;
var portionSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  store: (0, import_chunk_GDCGOP3X.string)(),
  /** It says what the store is, and takes what no other run does. */
  isLead: (0, import_chunk_GDCGOP3X.boolean)(),
  /** Pieces by table, both in the words of the store. */
  tables: (0, import_chunk_GDCGOP3X.record)((0, import_chunk_GDCGOP3X.string)(), (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()))
});
var shardSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** Its number and how many there are: `2/3`. */
  shard: (0, import_chunk_GDCGOP3X.string)().regex(/^\d+\/\d+$/),
  /** About how much it has to read. */
  sizeBytes: (0, import_chunk_GDCGOP3X.number)(),
  portions: (0, import_chunk_GDCGOP3X.array)(portionSchema).min(1)
});
var planSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-plan"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(PLAN_VERSION),
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  name: (0, import_chunk_GDCGOP3X.string)(),
  startedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  /** Addresses of the destinations that receive this backup. */
  destinations: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()).min(1),
  /** Whatever earlier backups hold, everything is sent. */
  full: (0, import_chunk_GDCGOP3X.boolean)(),
  keys: (0, import_chunk_GDCGOP3X.array)(import_chunk_GRBCTXAV.keyFingerprintSchema),
  shards: (0, import_chunk_GDCGOP3X.array)(shardSchema).min(1)
});
function serialisePlan(plan2) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)({ format: "lifeboat-plan", formatVersion: PLAN_VERSION, ...plan2 });
}
function parsePlan(bytes, where) {
  const kind = {
    what: "plan",
    format: "lifeboat-plan",
    newestVersion: PLAN_VERSION,
    schema: planSchema,
    hint: "Run plan again, and the shards after it."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
var PIECE_BYTES = 1024 ** 2;
function divide(stores, count) {
  const items = stores.flatMap(({ store, sizeBytes, pieces }) => [
    { store, piece: void 0, sizeBytes },
    ...pieces.map((piece) => ({ store, piece, sizeBytes: piece.sizeBytes }))
  ]);
  const loads = Array.from({ length: Math.min(count, items.length) }, () => ({
    cost: 0,
    sizeBytes: 0,
    portions: /* @__PURE__ */ new Map()
  }));
  for (const { store, piece, sizeBytes } of items.toSorted((a, b) => b.sizeBytes - a.sizeBytes)) {
    const load = loads.reduce((least, each) => each.cost < least.cost ? each : least);
    load.cost += sizeBytes + PIECE_BYTES;
    load.sizeBytes += sizeBytes;
    const portion = load.portions.get(store) ?? { store, isLead: false, tables: {} };
    load.portions.set(store, portion);
    if (piece === void 0) portion.isLead = true;
    else (portion.tables[piece.table] ??= []).push(piece.piece);
  }
  return loads.map(({ sizeBytes, portions }, index) => ({
    shard: `${index + 1}/${loads.length}`,
    sizeBytes,
    portions: [...portions.values()]
  }));
}
function holdsPiece({ shards }, shard, portion) {
  const identify = (table, piece) => JSON.stringify([table, piece]);
  const listed = ({ tables }) => Object.entries(tables).flatMap(([table, pieces]) => pieces.map((piece) => identify(table, piece)));
  if (!portion.isLead) {
    const own = new Set(listed(portion));
    return (table, piece) => own.has(identify(table, piece));
  }
  const others = new Set(
    shards.filter((other) => other.shard !== shard).flatMap(({ portions }) => portions.filter(({ store }) => store === portion.store).flatMap(listed))
  );
  return (table, piece) => !others.has(identify(table, piece));
}
var RESULT_VERSION = 1;
var sharedTableSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** What the store calls it. */
  table: (0, import_chunk_GDCGOP3X.string)(),
  /** What it was when its rows were read: shares of a table fit together only where this is the same. */
  state: (0, import_chunk_GDCGOP3X.string)(),
  /** Of these partitions alone. */
  inventory: import_chunk_GRBCTXAV.tableInventorySchema,
  parts: (0, import_chunk_GDCGOP3X.array)(import_chunk_GRBCTXAV.clickhousePartSchema)
});
var storeShareSchema = (0, import_chunk_GDCGOP3X.discriminatedUnion)("role", [
  (0, import_chunk_GDCGOP3X.strictObject)({
    role: (0, import_chunk_GDCGOP3X.literal)("lead"),
    /** Of the whole store, but for the rows of tables that are shared. */
    manifest: import_chunk_GRBCTXAV.storeManifestSchema,
    /** All tables of a store that is shared, in the order of its inventory. */
    tables: (0, import_chunk_GDCGOP3X.array)(sharedTableSchema)
  }),
  (0, import_chunk_GDCGOP3X.strictObject)({
    role: (0, import_chunk_GDCGOP3X.literal)("other"),
    store: (0, import_chunk_GDCGOP3X.string)(),
    source: (0, import_chunk_GDCGOP3X.strictObject)({ id: (0, import_chunk_GDCGOP3X.string)(), database: (0, import_chunk_GDCGOP3X.string)() }),
    tables: (0, import_chunk_GDCGOP3X.array)(sharedTableSchema),
    /** Tables of the plan that were not there any more. */
    missing: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
    notCovered: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()),
    seconds: (0, import_chunk_GDCGOP3X.number)()
  })
]);
var resultSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-shard"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(RESULT_VERSION),
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  shard: (0, import_chunk_GDCGOP3X.string)(),
  finishedAt: import_chunk_NGGILZ57.iso_exports.datetime(),
  sentBytes: (0, import_chunk_GDCGOP3X.int)().nonnegative(),
  stores: (0, import_chunk_GDCGOP3X.array)(storeShareSchema)
});
function serialiseShardRecord(record2) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)({ format: "lifeboat-shard", formatVersion: RESULT_VERSION, ...record2 });
}
function parseShardRecord(bytes, where) {
  const kind = {
    what: "record of a shard",
    format: "lifeboat-shard",
    newestVersion: RESULT_VERSION,
    schema: resultSchema,
    hint: "Remove it, and run its shard again."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
async function readPlan(destinations, backupId, { clock }) {
  let fault;
  for (const destination of destinations) {
    try {
      const key = (0, import_chunk_ZKV6NMGU.planKey)(backupId);
      const plan2 = parsePlan(await destination.read(key), `${destination.url}/${key}`);
      if (clock.now().getTime() - new Date(plan2.startedAt).getTime() > import_chunk_FR6ATP63.RUN_LIMIT_MS) throw tooOld(plan2);
      return plan2;
    } catch (error) {
      if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
      if (fault === void 0 || error.code !== "OBJECT_MISSING") fault = error;
    }
  }
  if (!(fault instanceof import_chunk_E4TRGNTH.AppError)) throw new Error("there is a destination");
  if (fault.code === "OBJECT_MISSING") throw noPlan(backupId, destinations, fault);
  if (fault.code === "DESTINATION_REFUSED") throw mayNotRead(fault);
  throw fault;
}
function pickPlanned(destinations, plan2) {
  return destinations.filter(({ url }) => plan2.destinations.includes(url));
}
async function findRecord(destination, backupId, shard) {
  const key = (0, import_chunk_ZKV6NMGU.shardKey)(backupId, shard);
  try {
    return parseShardRecord(await destination.read(key), `${destination.url}/${key}`);
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code === "OBJECT_MISSING") return void 0;
    throw error;
  }
}
async function readRecords(destination, plan2) {
  const { backupId } = plan2;
  const records = await (0, import_chunk_FR6ATP63.settleAll)(
    plan2.shards.map(async ({ shard }) => ({ shard, record: await findRecord(destination, backupId, shard) }))
  );
  const missing = records.flatMap(({ shard, record: record2 }) => record2 ? [] : [shard]);
  if (missing.length > 0) {
    throw new import_chunk_E4TRGNTH.AppError(
      "SHARD_UNFINISHED",
      `Backup ${backupId} is not complete: of its ${records.length} shards, ${missing.join(" and ")} ${missing.length === 1 ? "has" : "have"} not finished.`,
      {
        hint: "Run what failed again (on GitHub: re-run failed jobs), and finish after it: shards that have finished are not run again."
      }
    );
  }
  return records.flatMap(({ record: record2 }) => record2 ?? []);
}
async function removeShards(destination, backupId) {
  const keys = [];
  for await (const { key } of destination.list((0, import_chunk_ZKV6NMGU.shardsFolder)(backupId))) keys.push(key);
  await (0, import_chunk_FR6ATP63.settleAll)(keys.map((key) => destination.remove(key)));
}
function noPlan(backupId, destinations, cause) {
  const where = destinations.map(({ url }) => url).join(" and ");
  return new import_chunk_E4TRGNTH.AppError("BACKUP_NOT_FOUND", `There is no plan of a backup ${backupId} at ${where}.`, {
    hint: "Give the id that plan printed, and the same name and destination. A backup that is complete has no plan any more.",
    cause
  });
}
function tooOld({ backupId }) {
  const hours = import_chunk_FR6ATP63.RUN_LIMIT_MS / 36e5;
  return new import_chunk_E4TRGNTH.AppError(
    "BACKUP_NOT_FOUND",
    `The plan of backup ${backupId} is more than ${hours} hours old: what belongs to it may be removed by prune.`,
    { hint: "Run plan again, and the shards after it (on GitHub: re-run all jobs)." }
  );
}
function mayNotRead(cause) {
  return new import_chunk_E4TRGNTH.AppError("DESTINATION_REFUSED", `The plan cannot be read: ${cause.message}`, {
    hint: "Runs that share a backup read what the others wrote: give the credentials the right to read and list, or back up with one run.",
    cause
  });
}
var KEYS_NAMED = 5;
async function finish({ backupId, destinations, group }, context) {
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const listed = await findListed(destinations, backupId);
  if (listed) {
    reporter.info(`Backup ${backupId} was complete before.`);
    const past2 = await recallBackups(listed.destination, backupId, context);
    return describe(listed.manifest, listed.outcomes, {
      sentBytes: 0,
      seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs),
      past: past2
    });
  }
  const plan2 = await readPlan(destinations, backupId, context);
  const destination = group(pickPlanned(destinations, plan2));
  const { stores, records } = await reporter.phase("Join", async () => {
    const [first] = await destination.each(async (one) => {
      const records2 = await readRecords(one, plan2);
      return { stores: joinShards(plan2, records2), records: records2 };
    });
    await destination.each((one) => requireObjects(plan2, first.stores, one));
    return first;
  });
  for (const store of stores) reporter.info(describeStore(store));
  const backedUpAt = Math.max(...records.map(({ finishedAt }) => new Date(finishedAt).getTime()));
  const manifest = {
    format: "lifeboat-backup",
    formatVersion: import_chunk_GRBCTXAV.FORMAT_VERSION,
    id: backupId,
    name: plan2.name,
    writtenBy: import_chunk_EHMDGH3H.VERSION,
    startedAt: plan2.startedAt,
    finishedAt: clock.now().toISOString(),
    stores,
    ...plan2.keys.length > 0 && { keys: plan2.keys },
    phases: [
      { phase: "backup", seconds: (backedUpAt - new Date(plan2.startedAt).getTime()) / 1e3 },
      { phase: "finish", seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs) }
    ]
  };
  await destination.each((one) => (0, import_chunk_FR6ATP63.putRestoreGuide)(manifest, one));
  await destination.each((one) => (0, import_chunk_FR6ATP63.publish)(manifest, one));
  reporter.info(`Backup ${backupId} is complete.`);
  await destination.each((one) => tidyUp(manifest, one, reporter));
  const sentBytes = records.reduce((sum, record2) => sum + record2.sentBytes, 0);
  const past = await recallBackups(destination, backupId, context);
  return describe(manifest, destination.outcomes, { sentBytes, seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs), past });
}
async function findListed(destinations, backupId) {
  const key = (0, import_chunk_ZKV6NMGU.manifestKey)(backupId);
  const sizes = await Promise.allSettled(destinations.map((one) => one.findSize(key)));
  const isListed = sizes.map((size) => size.status === "fulfilled" && size.value !== void 0);
  const first = destinations.find((_, index) => isListed[index]);
  if (!first) return void 0;
  const outcomes = destinations.map(({ url }, index) => {
    if (isListed[index]) return { url };
    const reason = `Backup ${backupId} is not there.`;
    return { url, failure: { code: "OBJECT_MISSING", reason, hint: "It is complete elsewhere." } };
  });
  const manifest = (0, import_chunk_GRBCTXAV.parseManifest)(await first.read(key), `${first.url}/${key}`);
  return { destination: first, manifest, outcomes };
}
async function requireObjects({ backupId }, stores, destination) {
  const needed = new Map(stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore).map(({ key, sizeBytes }) => [key, sizeBytes]));
  for (const prefix of [(0, import_chunk_ZKV6NMGU.backupFolder)(backupId), import_chunk_ZKV6NMGU.partsPrefix]) {
    if (![...needed.keys()].some((key) => key.startsWith(prefix))) continue;
    for await (const { key, sizeBytes } of destination.list(prefix)) {
      if (needed.get(key) === sizeBytes) needed.delete(key);
    }
  }
  if (needed.size === 0) return;
  const named = [...needed.keys()].slice(0, KEYS_NAMED).join(", ");
  throw new import_chunk_E4TRGNTH.AppError(
    "OBJECT_MISSING",
    `${(0, import_chunk_XCSPHMD5.countOf)(needed.size, "object")} of backup ${backupId} ${needed.size === 1 ? "is" : "are"} not at ${destination.url} in full size: ${named}${needed.size > KEYS_NAMED ? " and others" : ""}.`,
    { hint: "Find out who removed them, and run plan and the shards again." }
  );
}
async function tidyUp(manifest, destination, reporter) {
  const { id, startedAt } = manifest;
  const needed = /* @__PURE__ */ new Set([(0, import_chunk_ZKV6NMGU.manifestKey)(id), (0, import_chunk_ZKV6NMGU.restoreGuideKey)(id)]);
  for (const { key } of manifest.stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore)) needed.add(key);
  try {
    const needless = [];
    for (const prefix of [(0, import_chunk_ZKV6NMGU.backupFolder)(id), import_chunk_ZKV6NMGU.partsPrefix]) {
      for await (const { key } of destination.list(prefix)) {
        const isOwn = prefix !== import_chunk_ZKV6NMGU.partsPrefix || (0, import_chunk_ZKV6NMGU.isPartOfBackup)(key, id);
        if (isOwn && !needed.has(key)) needless.push(key);
      }
    }
    await removeShards(destination, id);
    const receipts = await (0, import_chunk_FR6ATP63.readReceipts)(destination, /* @__PURE__ */ new Date(0));
    const received = new Set(receipts.flatMap(({ parts }) => parts.map(({ key }) => key)));
    const began = new Date(startedAt);
    const former = receipts.map(({ backupId }) => backupId).filter((run2) => (0, import_chunk_ZKV6NMGU.findBackupTime)(run2) < began);
    await (0, import_chunk_FR6ATP63.removeReceipts)(destination, [id, ...former]);
    await (0, import_chunk_FR6ATP63.settleAll)(needless.filter((key) => !received.has(key)).map((key) => destination.remove(key)));
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError)) throw error;
    reporter.info(`Some objects that no backup needs are left for prune: ${error.message}`);
  }
}
function describe(manifest, destinations, {
  sentBytes,
  seconds,
  past
}) {
  return {
    command: "finish",
    backupId: manifest.id,
    sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfBackup)(manifest),
    sentBytes,
    seconds,
    destinations,
    manifest,
    ...past && { past }
  };
}
var backupSummarySchema = (0, import_chunk_GDCGOP3X.strictObject)({
  backupId: (0, import_chunk_GDCGOP3X.string)(),
  startedAt: (0, import_chunk_GDCGOP3X.string)(),
  seconds: (0, import_chunk_GDCGOP3X.number)(),
  sizeBytes: (0, import_chunk_GDCGOP3X.number)(),
  /** For whom its data is encrypted; `isWhole` is false where some of it is not. Absent where none is. */
  encryption: (0, import_chunk_GDCGOP3X.strictObject)({ recipients: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)()), isWhole: (0, import_chunk_GDCGOP3X.boolean)() }).optional(),
  stores: (0, import_chunk_GDCGOP3X.array)(
    (0, import_chunk_GDCGOP3X.strictObject)({
      store: (0, import_chunk_GDCGOP3X.string)(),
      kind: (0, import_chunk_GDCGOP3X._enum)(["postgres", "clickhouse"]),
      serverVersion: (0, import_chunk_GDCGOP3X.string)(),
      tables: (0, import_chunk_GDCGOP3X.number)(),
      rows: (0, import_chunk_GDCGOP3X.number)()
    })
  )
});
function summariseBackup(manifest) {
  const { id, startedAt, finishedAt, stores } = manifest;
  const objects = stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore);
  const recipients = new Set(objects.flatMap(({ age }) => age?.recipients ?? []));
  const encryption = { recipients: [...recipients].sort(), isWhole: objects.every(({ age }) => age) };
  return {
    backupId: id,
    startedAt,
    seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1e3,
    sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfBackup)(manifest),
    ...recipients.size > 0 && { encryption },
    stores: stores.map(({ store, kind, server, inventory }) => ({
      store,
      kind,
      serverVersion: server.version,
      tables: inventory.tables.length,
      rows: (0, import_chunk_GRBCTXAV.countRows)(inventory)
    }))
  };
}
var WEEK_DAYS = 7;
var DAY_MS = 864e5;
function findSpans(oldestFirst) {
  let [month, week, day] = ["", NaN, ""];
  return oldestFirst.map((startedAt) => {
    const [before, beforeWeek, beforeDay] = [month, week, day];
    month = startedAt.slice(0, 7);
    day = startedAt.slice(0, 10);
    week = Math.floor((Date.parse(day) / DAY_MS + 3) / WEEK_DAYS);
    if (month !== before) return "monthly";
    if (week !== beforeWeek) return "weekly";
    return day === beforeDay ? void 0 : "daily";
  });
}
async function list(destination, { clock, reporter }, cache) {
  await destination.check();
  const [{ summaries, unreadable: damaged2 }, drills, pins] = await Promise.all([
    readSummaries(destination, cache),
    (0, import_chunk_FR6ATP63.readDrills)(destination),
    (0, import_chunk_FR6ATP63.readPins)(destination)
  ]);
  const unreadable = [...damaged2, ...drills.unreadable];
  for (const sentence of unreadable) reporter.warn(sentence);
  const lastDrills = new Map(drills.readable.map((record2) => [record2.backupId, record2]));
  const nowMs = clock.now().getTime();
  const spans = findSpans(summaries.map(({ startedAt }) => startedAt).toReversed()).reverse();
  const backups = summaries.map((summary, index) => {
    const drill2 = lastDrills.get(summary.backupId);
    const pin2 = pins.get(summary.backupId);
    const span = spans[index];
    return {
      ...summary,
      ageHours: Math.round((nowMs - Date.parse(summary.startedAt)) / 36e3) / 100,
      ...span && { span },
      ...pin2 && { pin: pin2.note },
      ...drill2 && {
        lastDrill: {
          id: drill2.id,
          startedAt: drill2.startedAt,
          verdict: drill2.verdict,
          restoreSeconds: drill2.restoreSeconds,
          stores: drill2.comparisons.map(({ store }) => store)
        }
      }
    };
  });
  return { command: "list", destination: destination.url, backups, unreadable };
}
async function readSummaries(destination, cache) {
  const listed = await (0, import_chunk_FR6ATP63.listManifests)(destination);
  const known = /* @__PURE__ */ new Map();
  for (const [id, manifest] of listed) {
    const summary = cache?.find(id, manifest);
    if (summary) known.set(id, summary);
  }
  const unknown = [...listed.keys()].filter((id) => !known.has(id));
  const { readable, unreadable } = await (0, import_chunk_FR6ATP63.readEach)(
    unknown,
    async (id) => summariseBackup(await (0, import_chunk_FR6ATP63.readManifest)(destination, id))
  );
  for (const summary of readable) known.set(summary.backupId, summary);
  const entries = [...listed].flatMap(([id, manifest]) => {
    const summary = known.get(id);
    return summary ? [{ manifest, summary }] : [];
  });
  if (unknown.length > 0) await cache?.keep(entries);
  return {
    summaries: entries.map(({ summary }) => summary),
    unreadable: unreadable.map(({ error }) => error.message)
  };
}
async function pin(destination, { backupId, note }, { clock }) {
  const { id } = await (0, import_chunk_FR6ATP63.pickBackup)(destination, { id: backupId });
  const document = (0, import_chunk_FR6ATP63.serialisePin)({
    format: "lifeboat-pin",
    formatVersion: import_chunk_FR6ATP63.PIN_FORMAT_VERSION,
    backupId: id,
    note,
    pinnedAt: clock.now().toISOString()
  });
  if (await destination.putIfAbsent((0, import_chunk_ZKV6NMGU.pinKey)(id), document) === "written") {
    return { command: "pin", backupId: id, note };
  }
  const pinned = (await (0, import_chunk_FR6ATP63.readPins)(destination)).get(id);
  if (pinned?.note === note) return { command: "pin", backupId: id, note };
  throw new import_chunk_E4TRGNTH.AppError("TARGET_REFUSED", `Backup ${id} is pinned already: ${pinned?.note}`, {
    hint: "Run lifeboat unpin first to give it another note."
  });
}
async function unpin(destination, { backupId }) {
  const pinned = (await (0, import_chunk_FR6ATP63.readPins)(destination)).get(backupId);
  if (!pinned) {
    throw new import_chunk_E4TRGNTH.AppError("BACKUP_NOT_FOUND", `No pin keeps a backup ${backupId} at ${destination.url}.`, {
      hint: "lifeboat list shows the backups and which of them are pinned."
    });
  }
  await destination.remove((0, import_chunk_ZKV6NMGU.pinKey)(backupId));
  return { command: "unpin", backupId, note: pinned.note };
}
async function plan(request, context) {
  const { name, stores, destination, full, keys = [], count } = request;
  const { clock, reporter } = context;
  const startedAt = clock.now();
  const backupId = (0, import_chunk_ZKV6NMGU.drawBackupId)(startedAt);
  await reporter.phase("Check", () => check(request, context));
  return await reporter.phase("Plan", async () => {
    const found = await findEarlier(destination, startedAt, context);
    const earlier = full ? NOTHING : found;
    const outlines = await (0, import_chunk_FR6ATP63.runTogether)(context, stores, async (store) => {
      const { previous } = recall2(store, earlier, startedAt, reporter);
      return { store: store.name, ...await store.outline(previous) };
    });
    const shards = divide(outlines, count);
    const bytes = serialisePlan({
      backupId,
      name,
      startedAt: startedAt.toISOString(),
      destinations: destination.outcomes.flatMap(({ url, failure }) => failure ? [] : [url]),
      full,
      keys: await fingerprintKeys(keys, found.newest, context),
      shards
    });
    await destination.put((0, import_chunk_ZKV6NMGU.planKey)(backupId), import_node_stream3.Readable.from([bytes]), bytes.length);
    for (const shard of shards) reporter.info(describeShard(shard));
    return { command: "plan", backupId, shards };
  });
}
var ACTIONS = {
  list: ["s3:ListBucket"],
  "list uploads": ["s3:ListBucketMultipartUploads"],
  read: ["s3:GetObject"],
  "read locks": ["s3:GetObjectRetention", "s3:GetObjectLegalHold"],
  write: ["s3:PutObject"],
  replace: ["s3:PutObject"],
  "end uploads": ["s3:AbortMultipartUpload"],
  remove: ["s3:DeleteObject"]
};
function buildRolePolicy(role, places) {
  const statements = places.flatMap((place, index) => {
    const suffix = places.length > 1 ? String(index + 1) : "";
    return buildStatements(role, place).map((statement) => ({ ...statement, Sid: statement.Sid + suffix }));
  });
  return { Version: "2012-10-17", Statement: statements };
}
function buildStatements(role, place) {
  const rights = import_chunk_WN6SEXNX.RIGHTS_OF[role];
  const bucket = `arn:${partitionOf(place.region)}:s3:::${place.bucket}`;
  const folder = escapeWildcards(place.folder);
  const statements = import_chunk_WN6SEXNX.RIGHTS.flatMap((right) => {
    const patterns = rights[right];
    if (!patterns) return [];
    const Sid = nameStatement(right);
    if (right === "list") {
      const Condition = { StringLike: { "s3:prefix": `${folder}/*` } };
      return [{ Sid, Effect: "Allow", Action: [...ACTIONS.list], Resource: bucket, Condition }];
    }
    if (right === "list uploads")
      return [{ Sid, Effect: "Allow", Action: [...ACTIONS[right]], Resource: bucket }];
    const Resource = patterns.map((pattern) => `${bucket}/${folder}/${pattern}`);
    const statement = { Sid, Effect: "Allow", Action: [...ACTIONS[right]], Resource };
    if (right !== "write" && right !== "replace") return [statement];
    const Action = lockActions(place);
    const locks = Action.length > 0 ? [{ Sid: `${Sid}Locks`, Effect: "Allow", Action, Resource }] : [];
    return [...right === "write" && place.isAws ? onlyNew(statement) : [statement], ...locks];
  });
  return place.kmsKey === void 0 ? statements : [...statements, useKey(role, place, place.kmsKey)];
}
function onlyNew(statement) {
  return [
    { ...statement, Condition: { Null: { "s3:if-none-match": "false" } } },
    {
      ...statement,
      Sid: `${statement.Sid}Parts`,
      Condition: { Bool: { "s3:ObjectCreationOperation": "false" } }
    }
  ];
}
function lockActions({ objectLock, legalHold }) {
  return [...objectLock ? ["s3:PutObjectRetention"] : [], ...legalHold ? ["s3:PutObjectLegalHold"] : []];
}
function useKey(role, { region }, key) {
  const partition = partitionOf(region);
  const isAlias = key.includes("alias/");
  const aliasOnly = {
    "ForAnyValue:StringEquals": { "kms:ResourceAliases": key.slice(key.indexOf("alias/")) }
  };
  return {
    Sid: "Key",
    Effect: "Allow",
    Action: [
      ...import_chunk_WN6SEXNX.RIGHTS_OF[role].write || import_chunk_WN6SEXNX.RIGHTS_OF[role].replace ? ["kms:GenerateDataKey"] : [],
      "kms:Decrypt"
    ],
    Resource: isAlias ? `arn:${partition}:kms:*:*:key/*` : key.startsWith("arn:") ? key : `arn:${partition}:kms:*:*:key/${key}`,
    Condition: {
      StringLike: { "kms:ViaService": `s3.*.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}` },
      ...isAlias && aliasOnly
    }
  };
}
function nameStatement(right) {
  return right.replace(/(?:^| )([a-z])/g, (_, letter) => letter.toUpperCase());
}
function partitionOf(region = "") {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
function escapeWildcards(key) {
  return key.replace(/[*?$]/g, (character) => `\${${character}}`);
}
function policy(role, subjects, reporter) {
  const accounts = /* @__PURE__ */ new Map();
  for (const { url, place, account, endpoint } of subjects) {
    if (!place) {
      reporter.warn(`${url} is a folder: give the user that runs ${role} rights to its files instead.`);
      continue;
    }
    if (endpoint !== void 0) {
      reporter.warn(
        `${endpoint} is not AWS: MinIO and Ceph take such a policy, others have rights of their own.`
      );
    }
    const known = accounts.get(account) ?? { destinations: [], places: [] };
    accounts.set(account, known);
    known.destinations.push(url);
    known.places.push(place);
  }
  if (accounts.size === 0) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "No destination is an S3 bucket, and only those have policies.", {
      hint: "Give --destination s3://bucket/prefix, or write one in lifeboat.yml."
    });
  }
  const policies = [...accounts.values()].map(({ destinations, places }) => ({
    destinations,
    policy: buildRolePolicy(role, places)
  }));
  return { command: "policy", role, policies };
}
async function pickReceivers(receivers, { clock, reporter }) {
  const now = clock.now();
  const wanted = await Promise.all(receivers.map((receiver) => wants(receiver, now)));
  const picked = receivers.filter((_, index) => wanted[index]).map(({ destination }) => destination);
  for (const [index, { destination, receives }] of receivers.entries()) {
    if (!wanted[index]) reporter.info(`${destination.url} has its ${receives} backup already.`);
  }
  if (picked.length > 0) return picked;
  throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "No destination wants a backup now: each has its own already.", {
    hint: "Let one destination receive every backup, or run backup less often."
  });
}
async function wants({ destination, receives, policy: policy2 }, now) {
  if (receives === "every") return true;
  try {
    const [newest] = await (0, import_chunk_FR6ATP63.listBackupIds)(destination);
    const newestAt = newest === void 0 ? void 0 : (0, import_chunk_ZKV6NMGU.findBackupTime)(newest);
    return !newestAt || (0, import_chunk_FR6ATP63.spanOf)(newestAt, receives, policy2.timeZone) !== (0, import_chunk_FR6ATP63.spanOf)(now, receives, policy2.timeZone);
  } catch (error) {
    if (error instanceof import_chunk_E4TRGNTH.AppError && error.code !== "CANCELLED") return true;
    throw error;
  }
}
async function rekey(request, context) {
  const { destination, backupId, encryption, keyring } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const manifests = await reporter.phase("Find", async () => {
    const all = backupId === void 0 ? await (0, import_chunk_FR6ATP63.listBackupIds)(destination) : [];
    if (all.length === 0)
      return [await (0, import_chunk_FR6ATP63.pickBackup)(destination, backupId === void 0 ? {} : { id: backupId })];
    return await Promise.all(all.map((id) => (0, import_chunk_FR6ATP63.readManifest)(destination, id)));
  });
  await reporter.phase(
    "Check",
    () => (0, import_chunk_FR6ATP63.settleAll)(manifests.map((manifest) => requireUnlocked(manifest, destination, keyring)))
  );
  const run2 = new Rekeying(request, (0, import_chunk_ZKV6NMGU.drawBackupId)(clock.now()), context);
  const rekeyed = [];
  await reporter.phase("Encrypt", async () => {
    for (const manifest of manifests) {
      if (!await run2.rekey(manifest)) continue;
      rekeyed.push(manifest.id);
      reporter.info(`Backup ${manifest.id} is encrypted for ${encryption.recipients.join(", ")}.`);
    }
  });
  const ids = manifests.map(({ id }) => id);
  return {
    command: "rekey",
    destination: destination.url,
    recipients: [...encryption.recipients],
    rekeyed,
    unchanged: ids.filter((id) => !rekeyed.includes(id)),
    objects: run2.written.size,
    sizeBytes: [...run2.written.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    leftForPrune: run2.leftForPrune.size,
    seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs)
  };
}
var Rekeying = class {
  /** New objects by the keys of the old ones, which several backups may share. */
  written = /* @__PURE__ */ new Map();
  leftForPrune = /* @__PURE__ */ new Set();
  #request;
  #id;
  #context;
  #writer;
  constructor(request, id, context) {
    this.#request = request;
    this.#id = id;
    this.#context = context;
    this.#writer = new ObjectWriter(request.destination, request.encryption);
  }
  /** @returns whether there was anything to do */
  async rekey(manifest) {
    const { destination } = this.#request;
    const { id } = manifest;
    const former = manifest.stores.flatMap(import_chunk_GRBCTXAV.objectsOfStore).filter((object) => this.#isForOthers(object));
    if (former.length === 0) return false;
    for (const object of former) await this.#rewrite(object);
    const replaced = (0, import_chunk_GRBCTXAV.mapObjects)(manifest, ({ key }) => this.written.get(key));
    await (0, import_chunk_FR6ATP63.requireUnchanged)(manifest, destination);
    const put = (key, bytes) => destination.put(key, import_node_stream4.Readable.from([bytes]));
    await put((0, import_chunk_ZKV6NMGU.restoreGuideKey)(id), Buffer.from((0, import_chunk_FR6ATP63.renderRestoreGuide)(replaced, destination.url)));
    await put((0, import_chunk_ZKV6NMGU.manifestKey)(id), (0, import_chunk_GRBCTXAV.serialiseManifest)(replaced));
    const isOwn = ({ key }) => key.startsWith((0, import_chunk_ZKV6NMGU.backupFolder)(id));
    await (0, import_chunk_FR6ATP63.settleAll)(former.filter(isOwn).map(({ key }) => destination.remove(key)));
    for (const object of former) if (!isOwn(object)) this.leftForPrune.add(object.key);
    return true;
  }
  /** Which passphrase an object was encrypted under, nobody can see: those are always written anew. */
  #isForOthers({ age }) {
    const wanted = this.#request.encryption.recipients;
    if (!age || wanted.includes(import_chunk_BKKABDDY.PASSPHRASE)) return true;
    return [...age.recipients].sort().join() !== [...wanted].sort().join();
  }
  async #rewrite(object) {
    if (this.written.has(object.key)) return;
    const { destination, keyring } = this.#request;
    const content = await readObjects(destination, keyring, this.#context).open(object);
    const fresh = await this.#writer.put((0, import_chunk_ZKV6NMGU.rekeyedKey)(object.key, this.#id), content, object.sizeBytes);
    this.written.set(object.key, fresh);
    this.#context.reporter.progress({ label: "Encrypted", done: this.written.size, unit: "objects" });
  }
};
var HOUR_MS = 36e5;
var LATE = 2.5;
var RHYTHM_OF = 4;
function judgeAge(store, newestFirst2, { rpoHours }, graceHours, now) {
  const check2 = `${store} age`;
  const [newest] = newestFirst2;
  const backUp = `Run lifeboat backup, and find out why no run has completed one with ${store}.`;
  if (!newest) return (0, import_chunk_CW2N472Z.bad)(check2, `No complete backup holds ${store}.`, backUp);
  const ageHours = (now.getTime() - newest.startedAt.getTime()) / HOUR_MS;
  const what = `The newest backup of ${store}, ${newest.id},`;
  if (ageHours < 0) {
    const found = `${what} has a time that lies ahead of this machine's clock.`;
    return (0, import_chunk_CW2N472Z.warning)(check2, found, "Set the clock of this machine, or of the one that backs up.");
  }
  const age = (0, import_chunk_XCSPHMD5.formatAge)(ageHours);
  if (rpoHours !== void 0) {
    const objective = (0, import_chunk_XCSPHMD5.formatAge)(rpoHours) + (graceHours > 0 ? ` and ${(0, import_chunk_XCSPHMD5.formatAge)(graceHours)} between two` : "");
    if (ageHours <= rpoHours + graceHours) return (0, import_chunk_CW2N472Z.good)(check2, `${what} is ${age} old, of ${objective}.`);
    return (0, import_chunk_CW2N472Z.bad)(check2, `${what} is ${age} old; the objective (RPO) is ${objective}.`, backUp);
  }
  const usualHours = findUsualPause(newestFirst2);
  if (usualHours !== void 0 && ageHours > usualHours * LATE) {
    return (0, import_chunk_CW2N472Z.warning)(
      check2,
      `${what} is ${age} old; there used to be one every ${(0, import_chunk_XCSPHMD5.formatAge)(usualHours)}.`,
      backUp
    );
  }
  return (0, import_chunk_CW2N472Z.warning)(
    check2,
    `${what} is ${age} old, and nothing says how old it may be.`,
    "objectives: { rpo: 24h } in lifeboat.yml, or the option rpo"
  );
}
function findUsualPause(newestFirst2) {
  if (newestFirst2.length < RHYTHM_OF) return void 0;
  const times = newestFirst2.map(({ startedAt }) => startedAt.getTime());
  return findMedian(times.slice(1).map((time, index) => (times[index] - time) / HOUR_MS));
}
function findLastDrill(store, newestFirst2) {
  return newestFirst2.find(
    ({ comparisons }) => comparisons.length === 0 || comparisons.some((compared) => compared.store === store)
  );
}
function judgeDrill(store, last, { drillEveryHours }, now) {
  const check2 = `${store} drill`;
  const mend = "Run lifeboat drill.";
  if (!last) {
    const found = `No drill has restored ${store} yet: nothing shows that it can be.`;
    return drillEveryHours === void 0 ? (0, import_chunk_CW2N472Z.warning)(check2, found, mend) : (0, import_chunk_CW2N472Z.bad)(check2, found, mend);
  }
  const ageHours = (now.getTime() - Date.parse(last.startedAt)) / HOUR_MS;
  const what = `The last drill of ${store}, ${(0, import_chunk_XCSPHMD5.formatAge)(Math.max(0, ageHours))} ago, of backup ${last.backupId},`;
  if (last.verdict !== "proven") {
    const [why = "It gives no reason."] = last.reasons;
    return (0, import_chunk_CW2N472Z.bad)(
      check2,
      `${what} ended ${last.verdict}: ${why}`,
      `Read its record, drills/${last.id}.json, and drill again.`
    );
  }
  if (drillEveryHours !== void 0 && ageHours > drillEveryHours) {
    return (0, import_chunk_CW2N472Z.bad)(check2, `${what} is overdue: the objective is one every ${(0, import_chunk_XCSPHMD5.formatAge)(drillEveryHours)}.`, mend);
  }
  return (0, import_chunk_CW2N472Z.good)(check2, `${what} ended proven.`);
}
function judgeRestoreTime(newestFirst2, { rtoMinutes }) {
  const last = newestFirst2.find(({ comparisons }) => comparisons.length > 0);
  if (rtoMinutes === void 0 || !last) return [];
  const took = `The drill of ${last.startedAt.slice(0, 10)} took ${(0, import_chunk_XCSPHMD5.formatSeconds)(last.restoreSeconds)}`;
  const objective = (0, import_chunk_XCSPHMD5.formatSeconds)(rtoMinutes * 60);
  if (last.restoreSeconds <= rtoMinutes * 60) return [(0, import_chunk_CW2N472Z.good)("restore time", `${took}, of ${objective}.`)];
  return [
    (0, import_chunk_CW2N472Z.bad)(
      "restore time",
      `${took}; the objective (RTO) is ${objective}.`,
      "Look at the phases in the drill's report for what takes longest, or set an objective that can be kept."
    )
  ];
}
var LOOKED_AT = 15;
var GRACE_HOURS = { every: 0, daily: 24, weekly: 7 * 24, monthly: 31 * 24 };
async function status(request, context) {
  const { subjects, stores, objectives } = request;
  const now = context.clock.now();
  const histories = await context.reporter.phase(
    "Look",
    () => (0, import_chunk_FR6ATP63.settleAll)(subjects.map(({ destination }) => readHistory(destination, stores)))
  );
  const destinations = histories.map((history, index) => judge2(subjects[index], history, request, now));
  const drilled = histories.flatMap(({ drills: drills2 }) => drills2).toSorted(newestFirst);
  const judged = stores.length > 0 ? stores : listStores(histories.flatMap(({ manifests }) => manifests));
  const drills = [
    ...judged.map((store) => judgeDrill(store, findLastDrill(store, drilled), objectives, now)),
    ...judgeRestoreTime(drilled, objectives)
  ];
  const verdict = (0, import_chunk_CW2N472Z.worstOf)([...destinations.flatMap(({ findings }) => findings), ...drills]);
  return { command: "status", verdict, objectives, destinations, drills };
}
async function readHistory(destination, stores) {
  const history = { backups: 0, manifests: [], drills: [], unreadable: [] };
  try {
    const [ids, drillIds] = await Promise.all([(0, import_chunk_FR6ATP63.listBackupIds)(destination), (0, import_chunk_FR6ATP63.listDrillIds)(destination)]);
    history.backups = ids.length;
    const expected = () => stores.length > 0 ? stores : listStores(history.manifests);
    await readUntil(ids, async (some) => {
      const { readable, unreadable } = await (0, import_chunk_FR6ATP63.readManifests)(destination, some);
      history.manifests.push(...readable);
      history.unreadable.push(...unreadable.map(({ error }) => error));
      const held = listStores(history.manifests);
      return expected().every((store) => held.includes(store));
    });
    await readUntil(drillIds, async (some) => {
      const { readable, unreadable } = await (0, import_chunk_FR6ATP63.readDrillRecords)(destination, some);
      history.drills.push(...readable.toSorted(newestFirst));
      history.unreadable.push(...unreadable.map(({ error }) => error));
      return expected().every((store) => findLastDrill(store, history.drills));
    });
  } catch (error) {
    if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
    history.failure = error;
  }
  return history;
}
async function readUntil(ids, read) {
  for (let at = 0; at < ids.length; at += LOOKED_AT) {
    if (await read(ids.slice(at, at + LOOKED_AT))) return;
  }
}
function judge2({ destination: { url }, receives }, { backups, manifests, unreadable, failure }, { stores: named, objectives }, now) {
  const about = { url, backups, trend: manifests.slice(0, LOOKED_AT).map(toPoint) };
  if (failure) {
    const { code, message: reason, hint } = failure;
    const findings2 = [(0, import_chunk_CW2N472Z.explainAsFinding)("destination", failure)];
    return { ...about, failure: { code, reason, hint }, findings: findings2, stores: [] };
  }
  const expected = named.length > 0 ? named : listStores(manifests);
  const findings = unreadable.map((error) => (0, import_chunk_CW2N472Z.explainAsFinding)("readable", error));
  const stores = [];
  for (const store of expected) {
    const holders = manifests.flatMap(
      ({ id, startedAt, stores: all }) => all.filter((held) => held.store === store).map((held) => ({ id, startedAt: new Date(startedAt), held }))
    );
    findings.push(judgeAge(store, holders, objectives, GRACE_HOURS[receives], now));
    const [newest, ...earlier] = holders;
    if (!newest) continue;
    if (newest.id !== manifests[0].id) findings.push(lacks(manifests[0], store));
    findings.push(
      ...findAnomalies(
        newest.held,
        earlier.map(({ held }) => held)
      )
    );
    stores.push({
      store,
      backupId: newest.id,
      startedAt: newest.startedAt.toISOString(),
      ageHours: hoursBetween(newest.startedAt, now),
      sizeBytes: (0, import_chunk_GRBCTXAV.sizeOfStore)(newest.held),
      seconds: newest.held.seconds,
      rows: (0, import_chunk_GRBCTXAV.countRows)(newest.held.inventory)
    });
  }
  if (expected.length === 0) {
    findings.push((0, import_chunk_CW2N472Z.bad)("age", "There is no complete backup.", "Run lifeboat backup."));
  }
  return { ...about, findings, stores };
}
function lacks({ id }, store) {
  return (0, import_chunk_CW2N472Z.warning)(
    `${store} presence`,
    `The newest backup, ${id}, holds no ${store}; an earlier one does.`,
    "Should no run have been told to leave it out, look at the configuration of the last one."
  );
}
function toPoint(manifest) {
  const { stores: _, ...point } = pointOfBackup(manifest);
  return point;
}
function listStores(manifests) {
  return [...new Set(manifests.flatMap(({ stores }) => stores.map(({ store }) => store)))];
}
function newestFirst(a, b) {
  return b.startedAt.localeCompare(a.startedAt);
}
function hoursBetween(from, to) {
  return Math.round((to.getTime() - from.getTime()) / 36e3) / 100;
}
var fileSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  /** Another version of lifeboat may read another summary from the same manifest. */
  writtenBy: (0, import_chunk_GDCGOP3X.literal)(import_chunk_EHMDGH3H.VERSION),
  url: (0, import_chunk_GDCGOP3X.string)(),
  summaries: (0, import_chunk_GDCGOP3X.array)(
    (0, import_chunk_GDCGOP3X.strictObject)({ sizeBytes: (0, import_chunk_GDCGOP3X.number)(), modifiedAt: (0, import_chunk_GDCGOP3X.number)(), summary: backupSummarySchema })
  )
});
var SummaryCache = class _SummaryCache {
  #path;
  #url;
  #known;
  constructor(path, url, known) {
    this.#path = path;
    this.#url = url;
    this.#known = new Map(known.map((entry) => [entry.summary.backupId, entry]));
  }
  /** Reads what was kept for a destination; nothing is known where the file is missing, or is not what was written. */
  static async open(cacheDir, url) {
    const name = (0, import_node_crypto2.createHash)("sha256").update(url).digest("hex").slice(0, 32);
    const path = (0, import_node_path2.join)(cacheDir, "summaries", `${name}.json`);
    const text = await (0, import_promises2.readFile)(path, "utf8").catch(() => "null");
    const kept = fileSchema.safeParse(parseJson(text));
    return new _SummaryCache(path, url, kept.success && kept.data.url === url ? kept.data.summaries : []);
  }
  /** @param manifest - as it is listed now */
  find(backupId, manifest) {
    const known = this.#known.get(backupId);
    const isSame = known?.sizeBytes === manifest.sizeBytes && known.modifiedAt === manifest.modifiedAt.getTime();
    return isSame ? known.summary : void 0;
  }
  /** Keeps what is there now, and forgets the rest. Best effort: without it the next list takes longer. */
  async keep(summaries) {
    const content = {
      writtenBy: import_chunk_EHMDGH3H.VERSION,
      url: this.#url,
      summaries: summaries.map(({ manifest, summary }) => ({
        sizeBytes: manifest.sizeBytes,
        modifiedAt: manifest.modifiedAt.getTime(),
        summary
      }))
    };
    const partial = `${this.#path}.${process.pid}`;
    try {
      await (0, import_promises2.mkdir)((0, import_node_path2.dirname)(this.#path), { recursive: true, mode: 448 });
      await (0, import_promises2.writeFile)(partial, JSON.stringify(content), { mode: 384 });
      await (0, import_promises2.rename)(partial, this.#path);
    } catch {
      return;
    }
  }
};
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
}
function pickSample(ids, share, now) {
  const groups = countGroups(share);
  const today = Math.floor(now.getTime() / 864e5) % groups;
  return ids.filter((id) => groupOf(id, groups) === today);
}
function countGroups(share) {
  let groups = Math.ceil(1 / share);
  while (!isPrime(groups) || groups === 7) groups += 1;
  return share >= 1 ? 1 : groups;
}
function isPrime(number2) {
  for (let divisor = 2; divisor * divisor <= number2; divisor += 1) if (number2 % divisor === 0) return false;
  return number2 > 1;
}
function groupOf(id, groups) {
  return (0, import_node_crypto3.createHash)("sha256").update(id).digest().readUInt32BE() % groups;
}
var OBJECTS_AT_ONCE2 = 4;
async function verify(request, context) {
  const { destination, full } = request;
  const { clock, reporter } = context;
  const startMs = clock.ticksMs();
  const notProven = /* @__PURE__ */ new Set();
  const { manifests, damages } = await reporter.phase("Find", () => findBackups(request, notProven, context));
  const needs = listNeeds(manifests, damages);
  await reporter.phase(full ? "Read" : "Look", async () => {
    damages.push(...await findMissing(needs, manifests, destination));
    const written = await (0, import_chunk_FR6ATP63.verifyServerPlaces)(manifests, request.serverPlaces ?? []);
    damages.push(...written.damages);
    for (const sentence of written.notProven) notProven.add(sentence);
    if (!full) return;
    damages.push(...await findChangedGuides(manifests, damages, request, notProven));
    damages.push(...await readAll(needs, damages, request, notProven, context));
  });
  damages.sort((a, b) => a.key.localeCompare(b.key));
  for (const { key, what } of damages) reporter.warn(`${key}: ${what}`);
  return {
    command: "verify",
    destination: destination.url,
    mode: full ? "full" : "quick",
    verdict: damages.length > 0 ? "damaged" : "intact",
    backups: manifests.map(({ id }) => id),
    objects: needs.length,
    sizeBytes: needs.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    damages,
    notProven: [...notProven],
    seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs)
  };
}
async function findBackups({ destination, scope }, notProven, { clock, reporter }) {
  await destination.check();
  const ids = await (0, import_chunk_FR6ATP63.listBackupIds)(destination);
  const [newest] = ids;
  if (newest === void 0 || scope.kind === "one" && !ids.includes(scope.id)) {
    return {
      manifests: [await (0, import_chunk_FR6ATP63.pickBackup)(destination, scope.kind === "one" ? { id: scope.id } : {})],
      damages: []
    };
  }
  const chosen = {
    newest: [newest],
    all: ids,
    one: scope.kind === "one" ? [scope.id] : [],
    sample: scope.kind === "sample" ? [newest, ...pickSample(ids.slice(1), scope.share, clock.now())] : []
  }[scope.kind];
  reporter.info(`${(0, import_chunk_XCSPHMD5.countOf)(chosen.length, "backup")} of ${ids.length} at ${destination.url}`);
  const { readable, unreadable } = await (0, import_chunk_FR6ATP63.readManifests)(destination, chosen);
  const damages = [];
  for (const { id, error } of unreadable) {
    if (error.code === "FORMAT_TOO_NEW") notProven.add(error.message);
    else damages.push({ key: (0, import_chunk_ZKV6NMGU.manifestKey)(id), backups: [id], what: error.message });
  }
  return { manifests: readable, damages };
}
function listNeeds(manifests, damages) {
  const needs = /* @__PURE__ */ new Map();
  for (const { id, stores } of manifests) {
    for (const store of stores) {
      for (const object of (0, import_chunk_GRBCTXAV.objectsOfStore)(store)) {
        const known = needs.get(object.key);
        if (!known) needs.set(object.key, { object, store, backups: [id] });
        else if (known.object.sha256 === object.sha256) known.backups.push(id);
        else {
          const what = `Two manifests say different things of it: those of ${known.backups.join(", ")} and ${id}.`;
          damages.push({ key: object.key, backups: [...known.backups, id], what });
        }
      }
    }
  }
  return [...needs.values()];
}
async function findMissing(needs, manifests, destination) {
  const sizes = /* @__PURE__ */ new Map();
  const wanted = new Set(needs.map(({ object }) => object.key));
  const prefixes = [
    ...needs.some(({ object }) => object.key.startsWith(import_chunk_ZKV6NMGU.partsPrefix)) ? [import_chunk_ZKV6NMGU.partsPrefix] : [],
    import_chunk_ZKV6NMGU.backupsPrefix
  ];
  const guides = new Map(manifests.map(({ id }) => [(0, import_chunk_ZKV6NMGU.restoreGuideKey)(id), id]));
  for (const prefix of prefixes) {
    for await (const { key, sizeBytes } of destination.list(prefix)) {
      if (wanted.has(key) || guides.has(key)) sizes.set(key, sizeBytes);
    }
  }
  const damages = needs.flatMap(({ object: { key, sizeBytes }, backups }) => {
    const found = sizes.get(key);
    if (found === sizeBytes) return [];
    const what = found === void 0 ? "It is not there." : `It has ${found} bytes instead of ${sizeBytes}.`;
    return [{ key, backups, what }];
  });
  for (const [key, id] of guides) {
    if (!sizes.has(key)) damages.push({ key, backups: [id], what: "It is not there." });
  }
  return damages;
}
async function findChangedGuides(manifests, known, { destination }, notProven) {
  const missing = new Set(known.map(({ key }) => key));
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(OBJECTS_AT_ONCE2);
  const judge3 = async ({ id, formatVersion }) => {
    const key = (0, import_chunk_ZKV6NMGU.restoreGuideKey)(id);
    if (missing.has(key)) return [];
    const seal = (0, import_chunk_FR6ATP63.readSeal)(await destination.read(key));
    if (seal === "absent" && formatVersion === 1) {
      notProven.add("Guides of backups of format 1 were only looked for: they do not carry their SHA-256.");
    } else if (seal !== "intact") {
      return [{ key, backups: [id], what: "It is not what was written: its SHA-256 is another." }];
    }
    return [];
  };
  return (await Promise.all(manifests.map((manifest) => limit(() => judge3(manifest))))).flat();
}
async function readAll(needs, known, { destination, keyring, openProof }, notProven, context) {
  const { reporter } = context;
  const skipped = new Set(known.map(({ key }) => key));
  const unread = new UnreadContents();
  const left = needs.filter(({ object }) => !skipped.has(object.key));
  const total = left.reduce((sum, { object }) => sum + object.sizeBytes, 0);
  const damages = [];
  let done = 0;
  const limit = (0, import_chunk_CHEQEFGL.pLimit)(OBJECTS_AT_ONCE2);
  const reading = left.map(
    ({ object, store, backups }) => limit(async () => {
      const isLocked = object.age !== void 0 && !keyring?.holdsOneOf(object.age.recipients);
      const content = await readObjects(destination, isLocked ? void 0 : keyring, context).open(object);
      if (isLocked) {
        for await (const _ of content) {
        }
        notProven.add(
          "Encrypted objects were held against their digests only: nothing that was given opens them."
        );
      } else {
        const why = await (await openProof(store.kind)).prove(store, object, content);
        if (why !== void 0) unread.add(object.key, why);
      }
    }).catch((error) => {
      const isDamage = error instanceof import_chunk_E4TRGNTH.AppError && ["BACKUP_DAMAGED", "OBJECT_MISSING"].includes(error.code);
      if (!isDamage) throw error;
      damages.push({ key: object.key, backups, what: error.message });
    }).then(() => {
      done += object.sizeBytes;
      reporter.progress({ label: "Verified", done, total, unit: "bytes" });
    })
  );
  try {
    await Promise.all(reading);
  } catch (error) {
    context.stopAll();
    await Promise.allSettled(reading);
    throw error;
  }
  for (const sentence of unread.sentences()) notProven.add(sentence);
  return damages;
}
var UnreadContents = class {
  #groups = /* @__PURE__ */ new Map();
  add(key, why) {
    const folder = key.slice(0, key.lastIndexOf("/"));
    const group = this.#groups.get(`${folder}
${why}`) ?? { folder, why, keys: [] };
    this.#groups.set(`${folder}
${why}`, group);
    group.keys.push(key);
  }
  sentences() {
    return [...this.#groups.values()].map(
      ({ folder, why, keys }) => keys.length === 1 ? `${keys[0]} was held against its digest only, since ${why}` : `${(0, import_chunk_XCSPHMD5.countOf)(keys.length, "object")} in ${folder} were held against their digests only, since ${why}`
    ).sort();
  }
};
async function writeBadge(path, result, { reporter }) {
  try {
    const { renderBadge } = await Promise.resolve().then(() => __toESM(require("./badge-GR3UGU2Y.cjs")));
    await (0, import_promises3.writeFile)(path, renderBadge(result, path.endsWith(".json") ? "json" : "svg"));
  } catch (error) {
    reporter.warn(`The badge ${path} could not be written: ${String(error)}`);
  }
}
var AHEAD_BYTES = 8 * 1024 * 1024;
function splitBody(body, count, { clock, signal }, { patienceMs, onStall }) {
  const branches = Array.from({ length: count }, () => new import_node_stream5.PassThrough({ highWaterMark: AHEAD_BYTES }));
  let fault;
  for (const branch of branches) branch.on("error", () => {
  });
  const isGone = (branch) => branch.destroyed;
  const giveWay = async (branch, index) => {
    const done = new AbortController();
    const taken = Promise.race([
      (0, import_node_events.once)(branch, "drain", { signal: done.signal }),
      (0, import_node_events.once)(branch, "close", { signal: done.signal })
    ]).then(
      () => "taken",
      () => "taken"
    );
    const tired = clock.sleep(patienceMs, AbortSignal.any([signal, done.signal])).then(
      () => "tired",
      () => "taken"
    );
    const outcome = await Promise.race([taken, tired]);
    done.abort();
    if (outcome === "tired" && !isGone(branch)) branch.destroy(onStall(index));
  };
  const pump = async () => {
    for await (const chunk of body) {
      await Promise.all(
        branches.map(async (branch, index) => {
          if (!isGone(branch) && !branch.write(chunk)) await giveWay(branch, index);
        })
      );
      if (branches.every(isGone)) return;
    }
  };
  pump().then(
    () => branches.forEach((branch) => branch.end()),
    (error) => {
      fault = { error };
      for (const branch of branches) branch.destroy(error);
    }
  );
  return { branches, sourceError: () => fault };
}
var PATIENCE_MS = 18e4;
var SeveralDestinations = class {
  #members;
  #context;
  /**
   * No more than each place has memory for: else an object that holds some of it here and waits for some there may wait for
   * one that holds it there and waits here.
   */
  #limit = (0, import_chunk_CHEQEFGL.pLimit)(import_chunk_DUXTN4SI.PARTS_IN_MEMORY);
  /** @param destinations - one at the least */
  constructor(destinations, context) {
    this.#members = destinations.map((destination) => ({ destination }));
    this.#context = context;
  }
  get url() {
    return this.live.map(({ url }) => url).join(", ");
  }
  /** Those that have not failed. */
  get live() {
    return this.#members.filter(({ failure }) => !failure).map(({ destination }) => destination);
  }
  get outcomes() {
    return this.#members.map(({ destination: { url }, failure }) => ({
      url,
      ...failure && { failure: { code: failure.code, reason: failure.message, hint: failure.hint } }
    }));
  }
  async each(work) {
    const { live } = this;
    return this.#settle(live, await Promise.allSettled(live.map((destination) => work(destination))));
  }
  async check(purpose) {
    await this.each((destination) => destination.check(purpose));
  }
  async findFreeBytes() {
    const found = await this.each((destination) => destination.findFreeBytes());
    const known = found.filter((bytes) => bytes !== void 0);
    return known.length > 0 ? Math.min(...known) : void 0;
  }
  async put(key, body, expectedSizeBytes) {
    return await this.#writeAll(body, (destination, copy2) => destination.put(key, copy2, expectedSizeBytes));
  }
  async create(key, body, expectedSizeBytes) {
    return await this.#writeAll(
      body,
      (destination, copy2) => destination.create(key, copy2, expectedSizeBytes)
    );
  }
  async #writeAll(body, write) {
    if (this.live.length === 1) return await write(this.#first, body);
    return await this.#limit(() => this.#splitAndWrite(body, write));
  }
  async #splitAndWrite(body, write) {
    const { live } = this;
    const split = splitBody(body, live.length, this.#context, {
      patienceMs: PATIENCE_MS,
      onStall: (index) => tooSlow(live[index])
    });
    const outcomes = await Promise.allSettled(
      live.map(async (destination, index) => {
        const branch = split.branches[index];
        try {
          return await write(destination, branch);
        } finally {
          branch.destroy();
        }
      })
    );
    const broken = split.sourceError();
    if (broken) throw broken.error;
    const [written] = this.#settle(live, outcomes);
    return written;
  }
  async putIfAbsent(key, bytes) {
    const outcomes = await this.each((destination) => destination.putIfAbsent(key, bytes));
    return outcomes.includes("already-there") ? "already-there" : "written";
  }
  async read(key) {
    return await this.#first.read(key);
  }
  async open(key, fromByte) {
    return await this.#first.open(key, fromByte);
  }
  list(prefix) {
    return this.#listShared((destination) => destination.list(prefix));
  }
  listInFolders(prefix, name) {
    return this.#listShared((destination) => destination.listInFolders(prefix, name));
  }
  async *#listShared(list2) {
    const [first, ...others] = this.live.map((destination) => list2(destination)[Symbol.asyncIterator]());
    const heads = await Promise.all(others.map((other) => other.next()));
    for (; ; ) {
      const next = await first.next();
      if (next.done) return;
      const found = next.value;
      let isEverywhere = true;
      for (const [index, other] of others.entries()) {
        let head = heads[index];
        while (!head.done && comesBefore(head.value.key, found.key)) head = await other.next();
        heads[index] = head;
        isEverywhere &&= !head.done && head.value.key === found.key && head.value.sizeBytes === found.sizeBytes;
      }
      if (isEverywhere) yield found;
    }
  }
  async findSize(key) {
    const sizes = await Promise.all(this.live.map((destination) => destination.findSize(key)));
    return sizes.every((size) => size === sizes[0]) ? sizes[0] : void 0;
  }
  async findLock(key) {
    return await this.#first.findLock(key);
  }
  async extendLock(key) {
    await this.each((destination) => destination.extendLock(key));
  }
  async remove(key) {
    await this.each((destination) => destination.remove(key));
  }
  async abortUnfinished(prefix, isDead) {
    const counts = await this.each((destination) => destination.abortUnfinished(prefix, isDead));
    return counts.reduce((sum, count) => sum + count, 0);
  }
  close() {
    for (const { destination } of this.#members) destination.close();
  }
  get #first() {
    return this.live[0];
  }
  /** Takes down who failed. @returns what the others gave */
  #settle(live, outcomes) {
    const results = outcomes.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
    outcomes.forEach((outcome, index) => {
      if (outcome.status === "fulfilled") return;
      const error = outcome.reason;
      const isOurs = error instanceof import_chunk_E4TRGNTH.AppError && error.code !== "CANCELLED";
      const isLast = this.live.every((destination) => destination === live[index]);
      if (!isOurs || results.length === 0 || isLast) throw error;
      this.#leaveOut(live[index], error);
    });
    return results;
  }
  #leaveOut(destination, error) {
    const member = this.#members.find((candidate) => candidate.destination === destination);
    if (member.failure) return;
    member.failure = error;
    this.#context.reporter.warn(
      `${destination.url} is left out of this backup: ${error.message} The others go on; lifeboat copy repairs it.`
    );
  }
};
function comesBefore(a, b) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
function tooSlow({ url }) {
  return new import_chunk_E4TRGNTH.AppError(
    "DESTINATION_FAILED",
    `${url} took nothing for ${PATIENCE_MS / 1e3} s while the other destinations waited for it.`,
    { hint: "Look at its service and at the network between; lifeboat copy brings it up to date." }
  );
}
async function backupShard(request, context) {
  const { plan: plan2, shard, destination, encryption } = request;
  const { clock, reporter } = context;
  const { backupId } = plan2;
  const startMs = clock.ticksMs();
  const work = findWork(request);
  const done = { command: "shard", backupId, shard };
  await destination.check("write");
  if (await destination.findSize((0, import_chunk_ZKV6NMGU.shardKey)(backupId, shard)) !== void 0) {
    const record2 = await findRecord(destination, backupId, shard);
    reporter.info(`Shard ${shard} of backup ${backupId} has finished before.`);
    return { ...done, wasFinished: true, sentBytes: record2?.sentBytes ?? 0, seconds: 0 };
  }
  const stores = work.map(({ store }) => store);
  await reporter.phase("Check", () => check({ stores, destination }, context));
  const earlier = plan2.full ? NOTHING : await findEarlier(destination, clock.now(), context);
  const attempt = await beginAttempt(plan2, shard, destination, context);
  const writer = new BackupWriter(backupId, destination, encryption, context, attempt);
  const shares = await tidyOnFailure(
    writer,
    request,
    context,
    () => reporter.phase(
      "Back up",
      () => (0, import_chunk_FR6ATP63.runTogether)(context, work, async ({ store, portion }) => {
        const { previous, finished } = recall2(store, earlier, new Date(plan2.startedAt), reporter);
        const share = await store.backupShare(writer.sinkOf(store.name, previous, finished), {
          isLead: portion.isLead,
          holds: holdsPiece(plan2, shard, portion),
          tables: Object.keys(portion.tables)
        });
        reporter.info(describeShare(share));
        return share;
      })
    )
  );
  if (encryption) warnOfOthers(shares.flatMap(listObjects), encryption, context);
  await writer.writeReceipts(destination);
  const { sentBytes } = writer;
  const finishedAt = clock.now().toISOString();
  const bytes = serialiseShardRecord({ backupId, shard, finishedAt, sentBytes, stores: shares });
  await destination.put((0, import_chunk_ZKV6NMGU.shardKey)(backupId, shard), import_node_stream6.Readable.from([bytes]), bytes.length);
  reporter.info(`Shard ${shard} of backup ${backupId} has finished; finish joins all of them.`);
  return { ...done, wasFinished: false, sentBytes, seconds: (0, import_chunk_KVCMGXJE.secondsSince)(clock, startMs) };
}
async function beginAttempt({ backupId }, shard, destination, { clock }) {
  const startedAt = clock.now();
  const begun = (0, import_chunk_GRBCTXAV.serialiseDocument)({ startedAt: startedAt.toISOString() });
  let number2 = 1;
  while (await destination.putIfAbsent((0, import_chunk_ZKV6NMGU.attemptKey)(backupId, shard, number2), begun) === "already-there")
    number2 += 1;
  const name = (0, import_chunk_ZKV6NMGU.writeShard)(shard);
  if (number2 === 1) return { name, folder: "", partsId: backupId };
  const partsId = (0, import_chunk_ZKV6NMGU.drawBackupId)(startedAt);
  return { name: `${name}-attempt-${number2}`, folder: `${name}-attempt-${number2}/`, partsId };
}
function findWork({ plan: plan2, shard, stores }) {
  const names = plan2.shards.map((planned2) => planned2.shard);
  const planned = plan2.shards.find((candidate) => candidate.shard === shard);
  if (!planned) {
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      `The plan of backup ${plan2.backupId} has no shard ${shard}; there is ${names.join(", ")}.`,
      { hint: "Run the shards that plan named; on GitHub they are its output matrix." }
    );
  }
  return planned.portions.map((portion) => {
    const store = stores.find(({ name }) => name === portion.store);
    if (store) return { store, portion };
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      `Shard ${shard} is about ${portion.store}, which is not configured here.`,
      { hint: "Give plan, the shards and finish the same configuration." }
    );
  });
}
function listObjects(share) {
  const parts = share.tables.flatMap((table) => table.parts);
  return share.role === "lead" ? [...(0, import_chunk_GRBCTXAV.objectsOfStore)(share.manifest), ...parts] : parts;
}
function describeShare(share) {
  if (share.role === "lead" && share.tables.length === 0) return describeStore(share.manifest);
  const [name, { seconds }] = share.role === "lead" ? [share.manifest.store, share.manifest] : [share.store, share];
  const parts = share.tables.reduce((sum, table) => sum + table.parts.length, 0);
  return `${name}: ${(0, import_chunk_XCSPHMD5.countOf)(parts, "part")} of ${(0, import_chunk_XCSPHMD5.countOf)(share.tables.length, "table")} in ${(0, import_chunk_XCSPHMD5.formatSeconds)(seconds)}`;
}
function describeForPolicy(config, name) {
  const { url, endpoint, accessKeyId = "", region, kmsKey, objectLock, legalHold } = config;
  const bucket = (0, import_chunk_FR6ATP63.findBucket)(config, name);
  return {
    url,
    account: `${endpoint} ${accessKeyId}`,
    ...endpoint !== void 0 && { endpoint },
    ...bucket && {
      place: {
        ...bucket,
        isAws: (0, import_chunk_DUXTN4SI.isAwsEndpoint)(endpoint),
        ...region !== void 0 && { region },
        ...kmsKey !== void 0 && { kmsKey },
        objectLock: objectLock !== void 0,
        legalHold: legalHold === true
      }
    }
  };
}
async function openAll(destinations, name, context) {
  return await Promise.all(
    destinations.map(async (named) => ({
      ...named,
      destination: await (0, import_chunk_FR6ATP63.openDestination)(named.config, name, context)
    }))
  );
}
async function buildEncryption(config) {
  if (!config) return {};
  const { AgeEncryption } = await Promise.resolve().then(() => __toESM(require("./age-MFABDPW7.cjs")));
  if (config.kind === "passphrase") {
    return { encryption: AgeEncryption.forPassphrase(config.passphrase) };
  }
  const { file } = config;
  const inFile = file === void 0 ? [] : listRecipients(await (0, import_chunk_WN6SEXNX.readTextFile)(file, "recipients file"));
  if (file !== void 0 && inFile.length === 0) {
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The recipients file ${file} names no recipient.`, {
      hint: "Write one on each line, as age-keygen prints it: age1\u2026 with 62 characters."
    });
  }
  return { encryption: AgeEncryption.forRecipients([...config.recipients, ...inFile]) };
}
async function buildKeyring({ identities, identityFile, passphrases }, redactor) {
  const texts = [...identities];
  if (identityFile !== void 0) {
    texts.push(new import_chunk_HVRSHCYF.Secret(await (0, import_chunk_WN6SEXNX.readPrivateFile)(identityFile, "identity file")));
  }
  if (texts.length + passphrases.length === 0) return {};
  for (const text of texts) redactor.add(text);
  const { Keyring } = await Promise.resolve().then(() => __toESM(require("./keyring-UNNTXAHQ.cjs")));
  return { keyring: await Keyring.create(texts, passphrases) };
}
function listRecipients(text) {
  return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}
async function buildStore(config, context) {
  if (config.kind === "postgres") {
    const { createPostgresStore } = await Promise.resolve().then(() => __toESM(require("./store-I2R2NM22.cjs")));
    return createPostgresStore(config, context);
  }
  const { createClickHouseStore } = await Promise.resolve().then(() => __toESM(require("./store-SIORJ2JB.cjs")));
  return createClickHouseStore(config, context);
}
async function buildTarget(config, placement, context) {
  if (config.kind === "postgres") {
    const { createPostgresTarget } = await Promise.resolve().then(() => __toESM(require("./target-SDZ2CTP7.cjs")));
    return createPostgresTarget({ ...config, placement }, context);
  }
  const { createClickHouseTarget } = await Promise.resolve().then(() => __toESM(require("./target-U3VGD5NE.cjs")));
  return createClickHouseTarget({ ...config, placement }, context);
}
async function buildThrowaway(config, context) {
  if (config.kind === "postgres") {
    const { createPostgresThrowaway } = await Promise.resolve().then(() => __toESM(require("./target-SDZ2CTP7.cjs")));
    return await createPostgresThrowaway(config, context);
  }
  const { createClickHouseThrowaway } = await Promise.resolve().then(() => __toESM(require("./target-U3VGD5NE.cjs")));
  return await createClickHouseThrowaway(config, context);
}
async function buildProof(kind, context) {
  if (kind === "postgres") {
    const { createPostgresProof } = await Promise.resolve().then(() => __toESM(require("./proof-AHF466RJ.cjs")));
    return createPostgresProof(context);
  }
  const { createClickHouseProof } = await Promise.resolve().then(() => __toESM(require("./proof-DK4GNW6G.cjs")));
  return createClickHouseProof(context);
}
async function withStores(configs, context, work) {
  return await withAll(
    configs.map((config) => buildStore(config, context)),
    work
  );
}
async function withAll(opening, work) {
  const opened = await Promise.allSettled(opening);
  const parts = opened.flatMap((part) => part.status === "fulfilled" ? [part.value] : []);
  try {
    for (const part of opened) if (part.status === "rejected") throw part.reason;
    return await work(parts);
  } finally {
    await Promise.all(parts.map((part) => part.close()));
  }
}
var CANCELLED_CLEAN_UP_MS = 3e3;
var FAILED_CLEAN_UP_MS = 6e4;
async function wireBackup(config, opened, context, shell) {
  const { name, full, keys } = config;
  const encryption = await buildEncryption(config.encryption);
  const destination = new SeveralDestinations(await pickReceivers(opened, context), context);
  const openForCleanUp = cleaner(config, context, shell.signal);
  const onStart = shell.onBackupStart;
  return await withStores(
    config.stores,
    context,
    (stores) => backup(
      { name, stores, destination, full, keys, ...encryption, openForCleanUp, ...onStart && { onStart } },
      context
    )
  );
}
async function wireShard(config, opened, context, shell) {
  const { shard } = config;
  const encryption = await buildEncryption(config.encryption);
  const all = opened.map(({ destination: destination2 }) => destination2);
  const plan2 = await readPlan(all, config.backupId, context);
  const destination = new SeveralDestinations(pickPlanned(all, plan2), context);
  const openForCleanUp = cleaner(config, context, shell.signal);
  return await withStores(
    config.stores,
    context,
    (stores) => backupShard({ plan: plan2, shard, stores, destination, ...encryption, openForCleanUp }, context)
  );
}
function cleaner({ destinations, name }, context, signal) {
  return async () => {
    const limitMs = signal.aborted ? CANCELLED_CLEAN_UP_MS : FAILED_CLEAN_UP_MS;
    const calm = { ...context, signal: (0, import_chunk_KVCMGXJE.createDeadline)(limitMs) };
    const all = await openAll(destinations, name, calm);
    return new SeveralDestinations(
      all.map(({ destination }) => destination),
      calm
    );
  };
}
var S3 = {
  provider: "AWS",
  terms: "us-east-1",
  recordedAt: "2026-11-21",
  source: "https://aws.amazon.com/s3/pricing/"
};
var R2 = {
  provider: "Cloudflare R2",
  terms: "standard storage",
  recordedAt: "2026-08-03",
  source: "https://developers.cloudflare.com/r2/pricing/"
};
var B2 = {
  provider: "Backblaze B2",
  terms: "pay as you go",
  recordedAt: "2026-04-30",
  source: "https://www.backblaze.com/cloud-storage/pricing"
};
var NEON = {
  provider: "Neon",
  terms: "Launch plan",
  recordedAt: "2026-11-21",
  source: "https://neon.com/pricing"
};
var CLICKHOUSE = {
  provider: "ClickHouse Cloud",
  terms: "Enterprise plan, AWS us-east-1; smaller plans ask less for compute",
  recordedAt: "2026-09-05",
  source: "https://clickhouse.com/pricing.md"
};
function priceClass(storageClass, [storage, writes, reads, retrieval], minimumDays) {
  const about = { ...S3, storageClass };
  return [
    { ...about, charge: "storage", unit: "GB-month", usd: storage, ...minimumDays && { minimumDays } },
    { ...about, charge: "writes", unit: "1000 requests", usd: writes },
    { ...about, charge: "reads", unit: "1000 requests", usd: reads },
    { ...about, charge: "retrieval", unit: "GB", usd: retrieval }
  ];
}
var PRICES = [
  ...priceClass("STANDARD", [0.023, 5e-3, 4e-4, 0]),
  ...priceClass("STANDARD_IA", [0.0125, 0.01, 1e-3, 0.01], 30),
  ...priceClass("ONEZONE_IA", [0.01, 0.01, 1e-3, 0.01], 30),
  ...priceClass("GLACIER_IR", [4e-3, 0.02, 0.01, 0.03], 90),
  { ...S3, charge: "egress", unit: "GB", usd: 0.09, free: 100 },
  { ...R2, charge: "storage", unit: "GB-month", usd: 0.015, free: 10 },
  { ...R2, charge: "writes", unit: "1000 requests", usd: 45e-4, free: 1e3 },
  { ...R2, charge: "reads", unit: "1000 requests", usd: 36e-5, free: 1e4 },
  { ...R2, charge: "egress", unit: "GB", usd: 0 },
  { ...B2, charge: "storage", unit: "GB-month", usd: 6e-3, free: 10 },
  { ...B2, charge: "writes", unit: "1000 requests", usd: 0 },
  { ...B2, charge: "reads", unit: "1000 requests", usd: 4e-4 },
  { ...B2, charge: "egress", unit: "GB", usd: 0.01, freePerStoredGb: 3 },
  { ...NEON, charge: "egress", unit: "GB", usd: 0.1, free: 100 },
  { ...NEON, charge: "compute", unit: "unit-hour", usd: 0.106, awake: { units: 1, idleMinutes: 5 } },
  {
    provider: "Supabase",
    charge: "egress",
    unit: "GB",
    usd: 0.09,
    free: 250,
    terms: "Pro plan",
    recordedAt: "2026-11-21",
    source: "https://supabase.com/docs/guides/platform/manage-your-usage/egress"
  },
  { ...CLICKHOUSE, charge: "egress", unit: "GB", usd: 0.115 },
  { ...CLICKHOUSE, charge: "compute", unit: "unit-hour", usd: 0.3903, awake: { units: 2, idleMinutes: 15 } }
];
function findPrice(provider, charge, storageClass = "STANDARD") {
  return PRICES.find(
    (price) => price.provider === provider && price.charge === charge && (price.storageClass ?? storageClass) === storageClass
  );
}
var DATABASE_HOSTS = [
  [/\.supabase\.(co|com)$/, "Supabase"],
  [/\.neon\.(tech|build)$/, "Neon"],
  [/\.rds\.amazonaws\.com$/, "AWS"],
  [/\.clickhouse\.cloud$/, "ClickHouse Cloud"]
];
var BUCKET_HOSTS = [
  [/\.amazonaws\.com$/, "AWS"],
  [/\.r2\.cloudflarestorage\.com$/, "Cloudflare R2"],
  [/\.backblazeb2\.com$/, "Backblaze B2"]
];
function findDatabaseProvider(host) {
  return DATABASE_HOSTS.find(([hosts]) => hosts.test(host.toLowerCase()))?.[1];
}
function findBucketProvider(endpoint) {
  if (endpoint === void 0) return "AWS";
  if (!URL.canParse(endpoint)) return void 0;
  return BUCKET_HOSTS.find(([hosts]) => hosts.test(new URL(endpoint).hostname))?.[1];
}
var NIGHTS = 30;
var DRILLS = 4;
var GB = 1e9;
var DOCUMENT_WRITES = 10;
function estimateMonth(stores, destinations) {
  const bill = new Bill();
  for (const store of stores) {
    const series = destinations.flatMap((destination) => destination.stores).find((held) => held.store === store.name && held.series)?.series;
    billStore(bill, store, series);
  }
  for (const [index, destination] of destinations.entries()) {
    billDestination(bill, destination, stores, index === 0 ? DRILLS : 0);
  }
  return bill.total();
}
function billStore(bill, store, series) {
  const { name, kind, host, sourceBytes } = store;
  const about = `store ${name}`;
  const provider = findDatabaseProvider(host);
  const measured = kind === "clickhouse" ? series : void 0;
  const night = measured?.sentBytes ?? sourceBytes;
  const basis = measured ? describeSeries(measured) : "its size at the source, which is more than a backup sends";
  bill.add({
    about,
    charge: "egress",
    amount: NIGHTS * night / GB,
    unit: "GB",
    assumption: `${NIGHTS} nights of ${(0, import_chunk_XCSPHMD5.formatBytes)(night)}, ${basis}`,
    price: findPrice(provider, "egress")
  });
  const compute = findPrice(provider, "compute");
  if (!compute?.awake) return;
  const { units, idleMinutes } = compute.awake;
  const hours = NIGHTS * ((series?.seconds ?? 0) / 60 + idleMinutes) / 60;
  const time = series ? `${Math.ceil(series.seconds / 60)} min` : "the time of a backup, not known yet,";
  bill.add({
    about,
    charge: "compute",
    amount: hours * units,
    unit: "unit-hour",
    assumption: `${NIGHTS} nights, each awake for ${time} and ${idleMinutes} min until it sleeps again, at ${units === 1 ? "1 unit" : `${units} units`}, if it would have slept`,
    price: compute
  });
}
function describeSeries({ backups }) {
  return backups === 1 ? "as if all of it changed each night: there is one backup to judge by" : `the mean of the last ${backups} backups`;
}
function billDestination(bill, destination, stores, drills) {
  const { url: about, provider, storageClass, everyDays, hasRequests } = destination;
  const priceOf = (charge) => findPrice(provider, charge, storageClass);
  const storage = priceOf("storage");
  const backups = NIGHTS / everyDays;
  const held = destination.stores.map(({ store, keptBackups, series }) => {
    const source = stores.find(({ name }) => name === store);
    const { sizeBytes, sentBytes, writes: writes2, objects: objects2 } = series ?? guessSeries(source?.sourceBytes ?? 0);
    const paid = Math.max(keptBackups, (storage?.minimumDays ?? 0) / everyDays);
    return {
      store,
      paid,
      isGuess: !series,
      bytes: sizeBytes + (paid - 1) * sentBytes,
      sizeBytes,
      writes: writes2,
      objects: objects2
    };
  });
  const newestGb = sumOf(held.map(({ sizeBytes }) => sizeBytes)) / GB;
  const storedGb = sumOf(held.map(({ bytes }) => bytes)) / GB;
  const kept = held.map(
    ({ store, paid, isGuess }) => `${Math.round(paid)} of ${store}${isGuess ? " (of its size at the source, since there is none yet)" : ""}`
  );
  const least = storage?.minimumDays === void 0 ? "" : `; each is paid for ${storage.minimumDays} days at least`;
  bill.add({
    about,
    charge: "storage",
    amount: storedGb,
    unit: "GB-month",
    assumption: `Backups that stay once retention is full: ${kept.join(", ")}${least}`,
    price: storage
  });
  if (!hasRequests) return;
  const writes = backups * (DOCUMENT_WRITES + sumOf(held.map((one) => one.writes)));
  const objects = sumOf(held.map((one) => one.objects));
  bill.add({
    about,
    charge: "writes",
    amount: writes / 1e3,
    unit: "1000 requests",
    assumption: `${roughly(backups)} backups, large objects in parts of ${(0, import_chunk_XCSPHMD5.formatBytes)(PART_BYTES)}`,
    price: priceOf("writes")
  });
  bill.add({
    about,
    charge: "reads",
    amount: (backups + drills) * objects / 1e3,
    unit: "1000 requests",
    assumption: `One for each object, by ${roughly(backups)} backups and ${drills} drills`,
    price: priceOf("reads")
  });
  if (drills === 0) return;
  const assumption = `${drills} drills that read the newest backup, outside the provider's network as GitHub's runners are`;
  const egress = { about, amount: drills * newestGb, unit: "GB", assumption };
  const retrieval = priceOf("retrieval");
  if (retrieval && retrieval.usd > 0) bill.add({ ...egress, charge: "retrieval", price: retrieval });
  bill.add({ ...egress, charge: "egress", price: priceOf("egress"), storedGb });
}
var Bill = class {
  #lines = [];
  #used = /* @__PURE__ */ new Map();
  #usd = 0;
  add({
    price,
    storedGb = 0,
    ...line
  }) {
    const shown = { ...line, amount: roughly(line.amount) };
    if (!price) {
      this.#lines.push(shown);
      return;
    }
    const account = `${price.provider} ${price.charge}`;
    const used = this.#used.get(account) ?? 0;
    this.#used.set(account, used + line.amount);
    const free = Math.max(0, (price.free ?? 0) + (price.freePerStoredGb ?? 0) * storedGb - used);
    const usd = Math.max(0, line.amount - free) * price.usd;
    this.#usd += usd;
    this.#lines.push({ ...shown, usd: roughly(usd), price });
  }
  total() {
    return { lines: this.#lines, usd: roughly(this.#usd) };
  }
};
function roughly(amount) {
  return Number(amount.toPrecision(2));
}
var EVERY_DAYS = { every: 1, daily: 1, weekly: 7, monthly: 30 };
async function estimate(stores, destinations, context) {
  const now = context.clock.now();
  const measured = await (0, import_chunk_FR6ATP63.settleAll)(
    stores.map(async ({ outline, ...store }) => {
      const { sizeBytes, pieces } = await outline();
      return { ...store, sourceBytes: pieces.reduce((sum, piece) => sum + piece.sizeBytes, sizeBytes) };
    })
  );
  const billed = await (0, import_chunk_FR6ATP63.settleAll)(
    destinations.map(async ({ destination, receives, policy: policy2, ...about }) => {
      const manifests = await recallManifests(destination, context) ?? [];
      const everyDays = EVERY_DAYS[receives];
      const held = stores.map(({ name }) => ({
        store: name,
        keptBackups: countKept(policy2.stores[name] ?? policy2.rule, policy2.timeZone, everyDays, now),
        series: measureSeries(manifests, name)
      }));
      return { ...about, url: destination.url, everyDays, stores: held };
    })
  );
  return estimateMonth(measured, billed);
}
function judgeRights(role, tried, mend = `lifeboat policy --role ${role ?? "backup"} prints the policy to attach.`) {
  const rights = import_chunk_WN6SEXNX.RIGHTS_OF[role ?? "backup"];
  const isNeeded = ({ right, key }) => [...rights[right] ?? [], ...right === "write" && rights.replace || []].some(
    (pattern) => matches(key, pattern)
  );
  const needed = tried.filter(isNeeded);
  const missing = needed.filter(({ outcome }) => outcome === "refused");
  const excess = tried.filter((attempt) => !isNeeded(attempt) && attempt.outcome === "allowed");
  const as = role === void 0 ? "a backup" : `the role ${role}`;
  return [
    ...missing.length > 0 ? [(0, import_chunk_CW2N472Z.bad)("rights", `The credentials may not ${describeAll(missing)}, which ${as} needs.`, mend)] : [(0, import_chunk_CW2N472Z.good)("rights", `The credentials may do what ${as} needs${untold(needed)}.`)],
    ...role !== void 0 && excess.length > 0 ? [
      (0, import_chunk_CW2N472Z.warning)(
        "rights",
        `The credentials may also ${describeAll(excess)}, which ${as} does not need: whoever steals them may, too.`,
        mend
      )
    ] : []
  ];
}
function untold(needed) {
  const unknown = needed.filter(({ outcome }) => outcome === "unknown");
  return unknown.length === 0 ? "" : `, as far as it can be tried (not: ${describeAll(unknown)})`;
}
function describeAll(attempts) {
  return attempts.map(({ right, key }) => `${right} ${key}`.trim()).join(", ");
}
function matches(key, pattern) {
  const parts = pattern.split("*").map((part) => part.replace(/[.^$+?()[\]{}|\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(key);
}
async function withServerPlaces(destinations, context, work) {
  const places = await Promise.all(destinations.map((each) => openServerPlace(each, context)));
  try {
    return await work(places);
  } finally {
    for (const { objects } of places) objects?.close();
  }
}
function inspectServerPlace(destination, context) {
  const { at } = (0, import_chunk_XXU7PNBB.describePlace)(destination);
  return {
    kind: "destination",
    name: at,
    diagnose: () => withServerPlaces([destination], context, async ([place]) => {
      if (!place?.objects) {
        return [
          (0, import_chunk_CW2N472Z.warning)(
            "prune",
            `Nobody but the server reaches ${at}.`,
            "Remove there by hand what prune names."
          )
        ];
      }
      try {
        await place.objects.check();
        return [
          (0, import_chunk_CW2N472Z.good)("connection", "This machine sees what the server writes: verify and prune look after it.")
        ];
      } catch (error) {
        if (!(error instanceof import_chunk_E4TRGNTH.AppError) || error.code === "CANCELLED") throw error;
        return [
          (0, import_chunk_CW2N472Z.warning)(
            "connection",
            `verify and prune do not see what the server writes: ${error.message}`,
            error.hint
          )
        ];
      }
    })
  };
}
async function openServerPlace(destination, context) {
  const place = (0, import_chunk_XXU7PNBB.describePlace)(destination);
  const address = destination.engine === "S3" ? (0, import_chunk_DUXTN4SI.readS3Address)(destination.url) : void 0;
  if (destination.engine !== "S3" || !address) return place;
  const { keys } = destination;
  const credentials = keys && { accessKeyId: keys.id.reveal(), secretAccessKey: keys.secret };
  return { ...place, objects: await (0, import_chunk_FR6ATP63.openDestination)({ ...address, ...credentials }, "", context) };
}
function listSubjects(config, opened, context) {
  return [
    ...opened.map(({ destination, config: { url } }) => ({
      kind: "destination",
      name: destination.url,
      diagnose: async () => {
        const connection = await (0, import_chunk_CW2N472Z.findOrExplain)("connection", async () => {
          await destination.check();
          return "It is there.";
        });
        if (connection.state !== "good") return [connection];
        const mend = url.startsWith("file:") ? import_chunk_FR6ATP63.NO_RIGHT : void 0;
        const [rights, room] = await Promise.all([
          destination.tryRights(),
          lookForRoom(destination, context)
        ]);
        return [connection, ...judgeRights(config.role, rights, mend), ...room ? [room] : []];
      }
    })),
    ...config.stores.map((store) => ({
      kind: "store",
      name: store.name,
      diagnose: () => withStores([store], context, async ([built]) => await built.diagnose())
    })),
    ...config.stores.flatMap(
      (store) => store.kind === "clickhouse" && store.serverMode ? [inspectServerPlace(store.serverMode.destination, context)] : []
    ),
    ...config.targets.map((target) => ({
      kind: "target",
      name: target.store,
      diagnose: () => diagnoseTarget(target, config.stores, context)
    }))
  ];
}
async function estimateOf(config, opened, context, isSound) {
  const stores = config.stores.filter(
    (store) => isSound("store", store.name) && !(store.kind === "clickhouse" && store.serverMode)
  );
  const destinations = opened.filter(({ destination }) => isSound("destination", destination.url));
  if (stores.length === 0 || destinations.length === 0) return void 0;
  return await estimate(
    stores.map((store) => ({
      name: store.name,
      kind: store.kind,
      host: findHost(store),
      outline: () => withStores([store], context, async ([built]) => await built.outline(void 0))
    })),
    destinations.map(({ destination, receives, policy: policy2, config: { url, endpoint, storageClass } }) => ({
      destination,
      receives,
      policy: policy2,
      provider: url.startsWith("s3:") ? findBucketProvider(endpoint) : void 0,
      storageClass,
      hasRequests: url.startsWith("s3:")
    })),
    context
  );
}
function findHost({ kind, url }) {
  if (kind === "clickhouse") return new URL(url.reveal()).hostname;
  const address = (0, import_chunk_XPUIUB4A.parseConninfo)(url.reveal());
  return address instanceof import_chunk_XPUIUB4A.ConninfoProblem ? "" : address.get("host") ?? "";
}
async function diagnoseTarget(target, stores, context) {
  const source = stores.find(({ name }) => name === target.store);
  if (target.kind === "postgres" && (source === void 0 || source.kind === "postgres")) {
    const { diagnosePostgresTarget } = await Promise.resolve().then(() => __toESM(require("./diagnose-target-IIIHQHUW.cjs")));
    return await diagnosePostgresTarget(target, source, context);
  }
  const { diagnoseClickHouseTarget } = await Promise.resolve().then(() => __toESM(require("./diagnose-target-ZZ5RLYNG.cjs")));
  return await diagnoseClickHouseTarget(target, context);
}
var FORMAT_VERSION2 = 1;
var outcomeSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-outcome"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(FORMAT_VERSION2),
  command: (0, import_chunk_GDCGOP3X.string)(),
  /** UTC, ISO 8601. */
  at: import_chunk_NGGILZ57.iso_exports.datetime(),
  state: (0, import_chunk_GDCGOP3X._enum)(["good", "warning", "bad"]),
  /** What was wrong, by keys that stay the same from run to run; sorted. */
  problems: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
function serialiseOutcome(outcome) {
  return (0, import_chunk_GRBCTXAV.serialiseDocument)(outcome);
}
function parseOutcome(bytes, where) {
  const kind = {
    what: "outcome",
    format: "lifeboat-outcome",
    newestVersion: FORMAT_VERSION2,
    schema: outcomeSchema,
    hint: "Remove this object; the next run writes it anew."
  };
  return (0, import_chunk_GRBCTXAV.parseDocument)(kind, bytes, where);
}
async function readLastOutcome(destination, command) {
  const key = (0, import_chunk_ZKV6NMGU.outcomeKey)(command);
  try {
    return parseOutcome(await destination.read(key), `${destination.url}/${key}`);
  } catch (error) {
    const isNone = error instanceof import_chunk_E4TRGNTH.AppError && ["OBJECT_MISSING", "BACKUP_DAMAGED"].includes(error.code);
    if (!isNone) throw error;
    return void 0;
  }
}
async function writeLastOutcome(destination, outcome) {
  const bytes = serialiseOutcome(outcome);
  await destination.put((0, import_chunk_ZKV6NMGU.outcomeKey)(outcome.command), import_node_stream7.Readable.from([bytes]), bytes.byteLength);
}
var MEMORY_LIMIT_MS = 2e4;
async function withNotices(config, shell, context, work) {
  const { command, name, notify } = config;
  for (const sentence of notify.silent) context.reporter.warn(sentence);
  if (notify.channels.length === 0 || "shard" in config) return await work();
  const { Notifier } = await Promise.resolve().then(() => __toESM(require("./notifier-I3YT3AB2.cjs")));
  const request = {
    name,
    command: (0, import_chunk_WN6SEXNX.toldAs)(command),
    channels: notify.channels,
    memory: buildMemory(config, context),
    isCancelled: () => shell.signal.aborted,
    ...shell.runUrl !== void 0 && { runUrl: shell.runUrl }
  };
  const notifier = new Notifier(request, context);
  if (command !== "finish") notifier.begin();
  const [ended] = await Promise.allSettled([work()]);
  if (ended.status === "fulfilled") {
    if (command === "plan") await notifier.begun();
    else await notifier.end(judgeResult(ended.value));
    return ended.value;
  }
  await notifier.end(judgeFailure(command, (0, import_chunk_FR6ATP63.explainFailure)(ended.reason, context.redactor)));
  throw ended.reason;
}
function buildMemory({ command, name, destinations }, context) {
  const withDestination = async (use) => {
    const calm = { ...context, signal: (0, import_chunk_KVCMGXJE.createDeadline)(MEMORY_LIMIT_MS) };
    const destination = await (0, import_chunk_FR6ATP63.openDestination)(destinations[0].config, name, calm);
    try {
      return await use(destination);
    } finally {
      destination.close();
    }
  };
  return {
    read: () => withDestination((destination) => readLastOutcome(destination, (0, import_chunk_WN6SEXNX.toldAs)(command))),
    write: (outcome) => withDestination((destination) => writeLastOutcome(destination, outcome))
  };
}
function findAtPath(tree, path) {
  return path.split(".").reduce(
    (found, step) => found.flatMap((node) => stepInto(node, step)),
    [{ path: "", value: tree }]
  );
}
function stepInto({ path, value }, step) {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter(([key]) => step === "*" || key === step).map(([key, child]) => ({ path: path === "" ? key : `${path}.${key}`, value: child }));
}
var VERSION2 = 128;
var HEAD_BYTES = 9;
var IV_BYTES = 16;
var MAC_BYTES = 32;
function openFernet(key, token) {
  if (token[0] !== VERSION2 || token.length < HEAD_BYTES + IV_BYTES + MAC_BYTES) return void 0;
  const signed = token.subarray(0, -MAC_BYTES);
  const mac = (0, import_node_crypto6.createHmac)("sha256", key.subarray(0, 16)).update(signed).digest();
  if (!(0, import_node_crypto6.timingSafeEqual)(mac, token.subarray(-MAC_BYTES))) return void 0;
  const iv = signed.subarray(HEAD_BYTES, HEAD_BYTES + IV_BYTES);
  const decipher = (0, import_node_crypto6.createDecipheriv)("aes-128-cbc", key.subarray(16), iv);
  try {
    return Buffer.concat([decipher.update(signed.subarray(HEAD_BYTES + IV_BYTES)), decipher.final()]);
  } catch {
    return void 0;
  }
}
var TAG_BYTES = 16;
function readSealed(stored, form) {
  const { layout, encoding } = form;
  if (layout.cipher === "fernet") {
    const token = decode(stored, encoding);
    return token && { open: (key) => openFernet(key, token) };
  }
  const parts = layout.separator === void 0 ? cutBytes(decode(stored, encoding), layout.parts) : splitText(stored, layout.separator, layout.parts, encoding);
  const { iv, tag, ciphertext, salt } = parts ?? {};
  if (!iv?.length || tag?.length !== TAG_BYTES || !ciphertext) return void 0;
  return { ...salt && { salt }, open: (key) => openAesGcm(key, iv, tag, ciphertext) };
}
function decodeText(text, encoding) {
  if (encoding === "hex") return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, "hex") : void 0;
  const bare = text.replace(/={1,2}$/, "");
  return /^[A-Za-z0-9+/_-]*$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, "base64") : void 0;
}
function decode(stored, encoding) {
  if (encoding === "bytes") return typeof stored === "string" ? void 0 : Buffer.from(stored);
  return typeof stored === "string" ? decodeText(stored.replaceAll(/\s/g, ""), encoding) : void 0;
}
function cutBytes(bytes, parts) {
  const fixedBytes = parts.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  if (!bytes || bytes.length < fixedBytes) return void 0;
  const cut = {};
  let start = 0;
  for (const { name, sizeBytes = bytes.length - fixedBytes } of parts) {
    cut[name] = bytes.subarray(start, start + sizeBytes);
    start += sizeBytes;
  }
  return cut;
}
function splitText(stored, separator, parts, encoding) {
  const texts = typeof stored === "string" ? stored.split(separator) : [];
  if (texts.length !== parts.length) return void 0;
  const split = {};
  for (const [index, { name }] of parts.entries()) {
    const bytes = decode(texts[index] ?? "", encoding);
    if (!bytes) return void 0;
    split[name] = bytes;
  }
  return split;
}
function openAesGcm(key, iv, tag, ciphertext) {
  const decipher = (0, import_node_crypto5.createDecipheriv)("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return void 0;
  } finally {
    plaintext.fill(0);
  }
}
var KEY_BYTES = 32;
var PLAIN = {
  base64: { characters: 44, words: "base64 of 32 bytes (44 characters)" },
  hex: { characters: 64, words: "hex of 32 bytes (64 characters)" },
  text: { characters: 32, words: "a text of 32 bytes" }
};
var deriveByScrypt = (0, import_node_util.promisify)(import_node_crypto4.scrypt);
var deriveByPbkdf2 = (0, import_node_util.promisify)(import_node_crypto4.pbkdf2);
var ApplicationKey = class _ApplicationKey {
  /** What may be wrong with it, as a sentence; empty when nothing meets the eye. */
  suspicion;
  #bytes;
  #derivations;
  /** Derived under a constant salt: once is enough, since a derivation is slow on purpose. */
  #derived = /* @__PURE__ */ new Map();
  constructor(bytes, derivations, suspicion) {
    this.#bytes = bytes;
    this.#derivations = derivations;
    this.suspicion = suspicion;
  }
  /**
   * A plain form that the key fits is how it is read; derivations stand for every other key, and are tried in their
   * order for each value. So a key is never read in a way in which the application would not read it.
   *
   * @throws AppError CONFIG_INVALID saying what is wrong with the key, without showing it
   */
  static read(key, forms) {
    const text = key.reveal();
    if (text.trim() === "") throw refuse("It is empty.");
    const plain = forms.filter((form) => typeof form === "string");
    for (const form of plain) {
      const bytes = decodeKey(text, form);
      if (bytes?.length === KEY_BYTES) return new _ApplicationKey(bytes, [], "");
    }
    const flaw = findFlaw(text);
    const derivations = forms.filter((form) => typeof form !== "string");
    if (derivations.length > 0) return new _ApplicationKey(Buffer.from(text), derivations, flaw);
    throw refuse(flaw || describeMisfit(text, plain));
  }
  /** The keys to try, in order. @param storedSalt - the value's own */
  async *listCandidates(storedSalt) {
    if (this.#derivations.length === 0) yield this.#bytes;
    for (const derivation of this.#derivations) {
      if (derivation.salt === void 0) {
        if (storedSalt) yield await this.#derive(derivation, storedSalt);
        continue;
      }
      const derived = this.#derived.get(derivation) ?? this.#derive(derivation, Buffer.from(derivation.salt));
      this.#derived.set(derivation, derived);
      yield await derived;
    }
  }
  /**
   * The same key but for one bit, which must open nothing. The first byte's: of a Fernet key only the first half is
   * sure to be noticed, since the second half only garbles the plaintext.
   */
  flipBit() {
    const bytes = Buffer.from(this.#bytes);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    return new _ApplicationKey(bytes, this.#derivations, "");
  }
  /** With Node's own costs of scrypt: N 16384, r 8, p 1. */
  #derive(derivation, salt) {
    return derivation.derive === "scrypt" ? deriveByScrypt(this.#bytes, salt, KEY_BYTES) : deriveByPbkdf2(this.#bytes, salt, derivation.iterations, KEY_BYTES, "sha256");
  }
};
function refuse(what) {
  return new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `The key cannot be used. ${what}`, {
    hint: "Give the step the application's own key, exactly as the application gets it."
  });
}
function decodeKey(text, form) {
  return form === "text" ? Buffer.from(text) : decodeText(text, form);
}
function findFlaw(text) {
  if (/[\r\n]$/.test(text)) return "It ends with a line break.";
  if (/^\s|\s$/.test(text)) return "It begins or ends with white space.";
  if (/^(["'`]).*\1$/s.test(text)) return "It stands in quotes, which have become part of it.";
  return "";
}
function describeMisfit(text, forms) {
  const expected = `Expected is ${forms.map((form2) => PLAIN[form2].words).join(" or ")}.`;
  const other = ["hex", "base64"].find((form2) => decodeText(text, form2)?.length === KEY_BYTES);
  if (other) return `It is ${PLAIN[other].words}. ${expected}`;
  const hasOnly = { base64: /^[\w+/-]+={0,2}$/, hex: /^[0-9a-f]+$/i, text: /^/ };
  const form = forms.find((candidate) => hasOnly[candidate].test(text));
  if (!form) return `It holds characters that do not belong there. ${expected}`;
  const length = text.length < PLAIN[form].characters ? "it is cut off" : "that is too long";
  return `It has ${text.length} characters: ${length}. ${expected}`;
}
function sortValues(values, form) {
  const sorted = { sealed: [], misshapen: [], plaintext: 0, empty: 0 };
  for (const { row, value } of values) {
    if (value === null || value === void 0 || value === "") {
      sorted.empty++;
      continue;
    }
    const { prefix = "" } = form;
    if (typeof value === "string" && !value.startsWith(prefix)) {
      sorted.plaintext++;
      continue;
    }
    const stored = typeof value === "string" ? value.slice(prefix.length) : value;
    const secret = typeof stored === "string" || stored instanceof Uint8Array ? readSealed(stored, form) : void 0;
    if (secret) sorted.sealed.push({ row, secret });
    else sorted.misshapen.push(row);
  }
  return sorted;
}
async function tryKey(sorted, key, { sample, signal, note, receive }) {
  const tried = pickSample2(sorted.sealed, sample);
  const opened = [];
  const failed = [];
  for (const value of tried) {
    const isOpen = await openSecret(value.secret, key, signal, (plaintext) => receive(value.row, plaintext));
    if (isOpen) opened.push(value);
    else failed.push(value.row);
  }
  note(describeCounts(sorted, tried.length, opened.length));
  if (sorted.misshapen.length + failed.length > 0) {
    throw explainFailure2(sorted.misshapen, failed, opened.length, key.suspicion);
  }
  if (opened.length === 0) {
    throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", "No encrypted value was found, so nothing was decrypted.", {
      hint: "Check the query and the path in the JSON; a backup without secrets needs no decrypt step."
    });
  }
  const flipped = key.flipBit();
  let openedByFlipped = 0;
  for (const { secret } of opened) if (await openSecret(secret, flipped, signal)) openedByFlipped++;
  note(`Under the key with one bit flipped, ${openedByFlipped} of ${opened.length} could be decrypted.`);
  if (openedByFlipped > 0) {
    throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", "A wrong key decrypts values too, so the right one proves nothing.", {
      hint: "Check the layout: the values do not depend on the key as it says."
    });
  }
}
function pickSample2(items, size) {
  if (items.length <= size) return [...items];
  return Array.from({ length: size }, (_, index) => items[Math.floor(index * items.length / size)]);
}
async function openSecret(secret, key, signal, receive = () => {
}) {
  for await (const candidate of key.listCandidates(secret.salt)) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(signal);
    const plaintext = secret.open(candidate);
    if (!plaintext) continue;
    receive(plaintext);
    plaintext.fill(0);
    return true;
  }
  return false;
}
function describeCounts({ sealed, misshapen, plaintext, empty }, tried, opened) {
  const encrypted = sealed.length + misshapen.length;
  const sample = tried < sealed.length ? `, ${tried} of ${sealed.length} tried` : "";
  return `${opened} of ${tried + misshapen.length} secrets decrypted${sample}; ${encrypted} encrypted, ${plaintext} plaintext, ${empty} empty.`;
}
function explainFailure2(misshapen, failed, opened, suspicion) {
  const all = opened + failed.length + misshapen.length;
  const count = `${failed.length + misshapen.length} of ${all} secrets could not be decrypted`;
  const first = `the first is row ${[...failed, ...misshapen][0]}`;
  const why = failed.length === 0 ? "These values do not have the layout of encrypted ones." : opened > 0 ? "The key is right for others, so these are damaged or were encrypted under another key." : `The key has the right form, but it is not the one they were encrypted under. ${suspicion}`.trim();
  return new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", `${count}; ${first}. ${why}`, {
    hint: "Find the key that was in use when the backup was taken: data and key are one unit."
  });
}
var ABOUT_THE_QUERY = /does not exist|\bsyntax error( at|:)|unknown ([a-z]+ )*identifier/i;
var ROW_NAME_LIMIT = 60;
var NO_JSON = /* @__PURE__ */ Symbol("no JSON");
function buildDecryptStep(options) {
  return {
    ...buildUnder(options, (key) => key),
    withFlippedKey: () => buildUnder(options, (key) => key.flipBit())
  };
}
function buildUnder(options, change) {
  const { name, timeoutMs, form, sample = Infinity } = options;
  return {
    name,
    kind: "decrypt",
    timeoutMs,
    async perform(context) {
      const { signal, note, decrypted } = context;
      const key = change(ApplicationKey.read(options.key, options.keyForms));
      const sorted = sortValues(await readValues(options, context), form);
      const fingerprints = /* @__PURE__ */ new Map();
      decrypted.byStep.set(name, fingerprints);
      await tryKey(sorted, key, {
        sample,
        signal,
        note,
        receive: (row, plaintext) => {
          fingerprints.set(row, (0, import_chunk_UQKQLL3M.fingerprintKey)(decrypted.runKey, plaintext));
        }
      });
    }
  };
}
async function readValues(options, context) {
  const { jsonPath } = options;
  const rows = await queryRows(options, context);
  return rows.flatMap((row, index) => {
    const columns = Object.values(row);
    if (columns.length !== 2) {
      throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "The query must return two columns of different names.", {
        hint: "Select what identifies the row first, and the stored value second."
      });
    }
    const [id, value] = columns;
    const name = nameRow(id, index);
    if (jsonPath === void 0) return [{ row: name, value }];
    const tree = parseJson2(value);
    if (tree === NO_JSON) return [{ row: name, value: NO_JSON }];
    const found = findAtPath(tree, jsonPath);
    if (found.length === 0) return [{ row: name, value: null }];
    return found.map((at) => ({ row: `${name} at ${at.path}`, value: at.value }));
  });
}
async function queryRows({ store, query }, context) {
  try {
    return await queryStore(context, store, query);
  } catch (error) {
    const isSafe = !(error instanceof import_chunk_E4TRGNTH.AppError) || error.code !== "STORE_FAILED" || ABOUT_THE_QUERY.test(error.message);
    if (isSafe) throw error;
    throw new import_chunk_E4TRGNTH.AppError(
      "STORE_FAILED",
      "The query failed; the server's words may quote a value and are kept back.",
      {
        hint: "Run the query by hand on a restored copy (drill --keep) to read them."
      }
    );
  }
}
function parseJson2(value) {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return NO_JSON;
  }
}
function nameRow(id, index) {
  const isPlain = typeof id === "string" || typeof id === "number" || typeof id === "bigint";
  const text = isPlain ? String(id).replaceAll(/\s+/g, " ") : "";
  return text === "" || text.length > ROW_NAME_LIMIT ? `number ${index + 1}` : text;
}
function buildAssertStep(options) {
  const { name, store, query, expect, timeoutMs } = options;
  return {
    name,
    kind: "assert",
    timeoutMs,
    async perform(context) {
      const rows = await queryStore(context, store, query, options.as);
      const found = rows[0] === void 0 ? void 0 : Object.values(rows[0])[0];
      if (!meets(expect, rows.length, found)) {
        const said = rows.length === 0 ? "no row" : expect.kind === "none" ? `${rows.length} rows` : show(found);
        throw new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", `Expected ${describe2(expect)}, found ${said}.`, {
          hint: "Run the query on the database that was backed up, and see whether it holds there."
        });
      }
      context.note(`${store}: ${describe2(expect)}, as expected.`);
    }
  };
}
function meets(expect, rows, found) {
  if (expect.kind === "none") return rows === 0;
  if (rows === 0) return false;
  if (expect.kind === "equals") return found === expect.value || show(found) === show(expect.value);
  const number2 = found === null || found === "" ? NaN : Number(found);
  if (Number.isNaN(number2)) return false;
  if (expect.kind === "between") return number2 >= expect.low && number2 <= expect.high;
  return expect.kind === "at-least" ? number2 >= expect.value : number2 <= expect.value;
}
function describe2(expect) {
  switch (expect.kind) {
    case "none":
      return "no row";
    case "equals":
      return show(expect.value);
    case "between":
      return `between ${expect.low} and ${expect.high}`;
    case "at-least":
      return `at least ${expect.value}`;
    case "at-most":
      return `at most ${expect.value}`;
  }
}
function show(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
function findChanges(store, before, after) {
  const tables = (0, import_chunk_GRBCTXAV.poolRows)(before.tables, after.tables);
  const rowsBefore = new Map(tables.expected.map(({ name, rows }) => [name, rows]));
  const rowsAfter = new Map(tables.found.map(({ name, rows }) => [name, rows]));
  const losses = [...rowsBefore].map(([table, rows]) => ({ table, rowsBefore: rows, rowsAfter: rowsAfter.get(table) ?? 0 })).filter((table) => table.rowsAfter < table.rowsBefore);
  const lossy = new Set(losses.map(({ table }) => table));
  const drift = (0, import_chunk_GRBCTXAV.compareInventories)(store, before, after).differences.flatMap(
    ({ kind, name, expected, found }) => {
      if ((kind === "table" || kind === "rows") && lossy.has(name)) return [];
      if (kind === "content") return [`contents of ${name} were rewritten`];
      if (kind === "rows") return [`${name} has ${found} instead of ${expected}`];
      if (expected === import_chunk_GRBCTXAV.ABSENT) return [`${kind} ${name} is new`];
      return [found === import_chunk_GRBCTXAV.ABSENT ? `${kind} ${name} is gone` : `${kind} ${name} is another`];
    }
  );
  return { store, losses, drift };
}
var SHOWN = 30;
function buildChangesStep({ name, mayLose, withinMs, timeoutMs }) {
  return {
    name,
    kind: "changes",
    timeoutMs,
    async perform({ targets, backups, secondsSoFar, signal, note }) {
      if (!backups || targets.size === 0) {
        throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", "Nothing was restored that could have changed.", {
          hint: "This step belongs into a drill, with a target for each store."
        });
      }
      const changes = await Promise.all(
        [...targets].map(async ([store, target]) => {
          const backup2 = backups.get(store);
          const after = await (0, import_chunk_KVCMGXJE.waitUnlessAborted)(target.takeInventory(backup2), signal);
          return findChanges(store, backup2.inventory, after);
        })
      );
      for (const { store, drift } of changes) {
        if (drift.length === 0) note(`${store}: nothing is otherwise than in the backup.`);
        for (const sentence of drift.slice(0, SHOWN)) note(`${store}: ${sentence}.`);
        if (drift.length > SHOWN) note(`${store}: \u2026 and ${drift.length - SHOWN} more.`);
      }
      const losses = changes.flatMap(({ losses: losses2 }) => losses2);
      for (const { table, rowsBefore, rowsAfter } of losses) {
        note(`${table} had ${rowsBefore} rows and has ${rowsAfter}.`);
      }
      const unwanted = losses.filter(({ table }) => !mayLose.includes(table));
      if (unwanted.length > 0) {
        throw new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", `Rows were lost: ${describe3(unwanted)}.`, {
          hint: "If that is meant, name the tables under may-lose."
        });
      }
      if (withinMs !== void 0 && secondsSoFar * 1e3 > withinMs) {
        throw new import_chunk_E4TRGNTH.AppError(
          "UNPROVEN",
          `The steps before took ${secondsSoFar.toFixed(1)} s on the data of the backup; ${withinMs / 1e3} s are allowed.`,
          { hint: "Make the migration cheaper, or allow more under within: production waits as long." }
        );
      }
    }
  };
}
function describe3(losses) {
  return losses.map(({ table, rowsBefore, rowsAfter }) => `${rowsBefore - rowsAfter} of ${table}`).join(", ");
}
var SHOWN_CHARACTERS = 300;
async function callHttp(address, {
  shown = address,
  ...request
}, signal) {
  try {
    const answer = await fetch(address, { ...request, redirect: "manual", signal });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch (error) {
    (0, import_chunk_E4TRGNTH.throwIfCancelled)(signal);
    throw new import_chunk_E4TRGNTH.AppError(
      "TOOL_FAILED",
      `${request.method} ${shown} was not answered: ${explainFetchError(error)}.`,
      {
        hint: "See whether the application still runs, and listens on this address.",
        cause: error
      }
    );
  }
}
function explainFetchError(error) {
  const cause = error instanceof Error ? error.cause ?? error : error;
  if (cause instanceof AggregateError) return cause.errors.map(explainFetchError).join(", ");
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
function quoteAnswer({ status: status2, headers, text }) {
  const beginning = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}\u2026` : text;
  return `status ${describeStatus2({ status: status2, headers })}${beginning === "" ? "" : `: ${beginning}`}`;
}
function describeStatus2({ status: status2, headers }) {
  const location = headers.get("location");
  return `${status2}${location === null ? "" : `, which leads to ${location} and is not followed`}`;
}
function findJson({ text }) {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
}
function buildHttpStep(options) {
  const { name, url, written, method, body, expect, timeoutMs } = options;
  return {
    name,
    kind: "http",
    timeoutMs,
    async perform({ signal, note, redactor }) {
      const headers = Object.fromEntries(
        Object.entries(options.headers).map(([header, value]) => [header, value.reveal()])
      );
      const request = { method, headers, shown: written, ...body !== void 0 && { body } };
      const answer = await callHttp(url, request, signal);
      const problems = findProblems(answer, expect);
      if (problems.length > 0) {
        const said = redactor.redact(quoteAnswer(answer));
        throw new import_chunk_E4TRGNTH.AppError(
          "TOOL_FAILED",
          `${method} ${written}: ${problems.join("; ")}. It answered ${said}`,
          {
            hint: "See the application's log for the reason."
          }
        );
      }
      note(`${method} ${written} answered ${answer.status}, as expected.`);
    }
  };
}
function findProblems(answer, { status: status2, headers = {}, json = {} }) {
  const problems = [];
  const isStatusRight = status2 === void 0 ? answer.status >= 200 && answer.status < 300 : answer.status === status2;
  if (!isStatusRight) problems.push(`expected status ${status2 ?? "200 to 299"}`);
  for (const [header, value] of Object.entries(headers)) {
    if (answer.headers.get(header) !== value) problems.push(`expected header ${header} to be ${value}`);
  }
  const tree = findJson(answer);
  for (const [path, value] of Object.entries(json)) {
    if (!findAtPath(tree, path).some((found) => (0, import_node_util2.isDeepStrictEqual)(found.value, value))) {
      problems.push(`expected ${JSON.stringify(value)} at ${path}`);
    }
  }
  return problems;
}
var SHOWN2 = 5;
function buildOrphansStep(options) {
  const { name, ids, knownBy, allow, timeoutMs } = options;
  return {
    name,
    kind: "orphans",
    timeoutMs,
    async perform(context) {
      const read = async ({ store, query }) => {
        const rows = await queryStore(context, store, query);
        const ids2 = rows.map((row) => Object.values(row)[0]);
        return new Set(ids2.filter((id) => id !== null && id !== void 0).map(String));
      };
      const [found, known] = await Promise.all([read(ids), read(knownBy)]);
      if (found.size === 0) {
        throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", `${ids.store} returned no id, so nothing can be shown by them.`, {
          hint: "Check the query of `ids`."
        });
      }
      const orphans = [...found].filter((id) => !known.has(id));
      const summary = `${orphans.length} of ${found.size} ids in ${ids.store} are unknown to ${knownBy.store}`;
      if (orphans.length > allow) {
        throw new import_chunk_E4TRGNTH.AppError(
          "DATA_DIFFERS",
          `${summary}; ${allow} are allowed. Among them: ${orphans.slice(0, SHOWN2).join(", ")}.`,
          { hint: "The two stores were backed up at moments too far apart, or one of them has lost rows." }
        );
      }
      context.note(`${summary}.`);
    }
  };
}
var PROMPT = "Say that the drill's call has arrived.";
var bearer = (apiKey) => ({ authorization: `Bearer ${apiKey}` });
var CALLS = {
  "openai-chat": (model, apiKey) => ({
    path: "/chat/completions",
    headers: bearer(apiKey),
    body: { model, messages: [{ role: "user", content: PROMPT }] }
  }),
  "openai-responses": (model, apiKey) => ({
    path: "/responses",
    headers: bearer(apiKey),
    body: { model, input: PROMPT }
  }),
  "anthropic-messages": (model, apiKey) => ({
    path: "/v1/messages",
    headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01" },
    body: { model, max_tokens: 64, messages: [{ role: "user", content: PROMPT }] }
  }),
  gemini: (model, apiKey) => ({
    path: `/models/${model}:generateContent`,
    headers: { "x-goog-api-key": apiKey },
    body: { contents: [{ role: "user", parts: [{ text: PROMPT }] }] }
  })
};
var POLL_MS = 500;
function buildProxiedCallStep(options) {
  const { name, timeoutMs, live, logged } = options;
  return {
    name,
    kind: "proxied-call",
    timeoutMs,
    needsUpstream: !live,
    async perform(context) {
      const before = logged && await queryStore(context, logged.store, logged.query);
      const seen = context.upstream?.requests.length ?? 0;
      const answer = await call(options, context);
      if (!live) requireUpstreamCall(options, context, context.upstream?.requests.slice(seen) ?? [], answer);
      requireAnswer(options, context, answer);
      if (logged && before) await waitForRow(logged, before, context);
    }
  };
}
async function call(options, { signal }) {
  const { path, headers, body } = CALLS[options.call](options.model, options.apiKey.reveal());
  const own = Object.entries(options.headers).map(([header, value]) => [header, value.reveal()]);
  return await callHttp(
    `${options.url.replace(/\/$/, "")}${path}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...headers, ...Object.fromEntries(own) },
      body: JSON.stringify(body)
    },
    signal
  );
}
function requireUpstreamCall(options, { upstream, decrypted, note, redactor }, requests, answer) {
  const said = redactor.redact(quoteAnswer(answer));
  const request = requests.findLast(({ shape }) => shape !== void 0) ?? requests.at(-1);
  if (!upstream || !request) {
    throw new import_chunk_E4TRGNTH.AppError("TOOL_FAILED", `The application did not reach the upstream; it answered ${said}`, {
      hint: "It could not decrypt the provider key, or does not send its calls to LIFEBOAT_UPSTREAM_URL."
    });
  }
  const { keyFingerprint, path } = request;
  if (keyFingerprint === void 0) {
    throw new import_chunk_E4TRGNTH.AppError(
      "TOOL_FAILED",
      `The call reached the upstream at ${path} without a key of its provider.`,
      {
        hint: "The application found no provider key, or sends it in a header of another provider."
      }
    );
  }
  if (keyFingerprint === (0, import_chunk_UQKQLL3M.fingerprintKey)(decrypted.runKey, options.apiKey.reveal())) {
    throw new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", "The upstream got the caller's own key, not the provider's.", {
      hint: "The application passes the caller's key on instead of the one it stores."
    });
  }
  if (!options.providerKey) {
    note("The call reached the upstream. Whose key it carried was not compared: no `decrypt` step is named.");
    return;
  }
  const { step, row } = options.providerKey;
  const rows = decrypted.byStep.get(step);
  if (!rows || row !== void 0 && !rows.has(row)) {
    const what = row === void 0 ? `Step "${step}" decrypted nothing` : `Step "${step}" decrypted no row ${row}`;
    throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", `${what} that the key at the upstream could be compared with.`, {
      hint: "Put the `decrypt` step before this one, and name it and its row as it does."
    });
  }
  const expected = row === void 0 ? [...rows.values()] : [rows.get(row)];
  if (!expected.includes(keyFingerprint)) {
    throw new import_chunk_E4TRGNTH.AppError(
      "DATA_DIFFERS",
      "The upstream got another key than the one decrypted from the restored row.",
      {
        hint: "The application takes its provider key from elsewhere, or decrypts it to something else."
      }
    );
  }
  note("The key decrypted from the restored row is the one that reached the upstream.");
}
function requireAnswer({ live }, { note, redactor }, answer) {
  const isAnswered = answer.status >= 200 && answer.status < 300 && (live || answer.text.includes(import_chunk_UQKQLL3M.ANSWER));
  if (!isAnswered) {
    const said = redactor.redact(quoteAnswer(answer));
    throw new import_chunk_E4TRGNTH.AppError(
      "TOOL_FAILED",
      `The application did not pass the upstream's answer on; it answered ${said}`,
      {
        hint: "See the application's log for the reason."
      }
    );
  }
  note(`The application answered ${answer.status} with what the ${live ? "provider" : "upstream"} said.`);
}
async function waitForRow(logged, before, context) {
  const { clock, signal, note } = context;
  const startMs = clock.ticksMs();
  let latest;
  for (; ; ) {
    const fresh = findFresh(before, await queryStore(context, logged.store, logged.query));
    if (fresh.some((row) => findMismatch(row, logged.expect) === void 0)) {
      note(
        `The call was logged in ${logged.store} within ${Math.ceil((clock.ticksMs() - startMs) / 1e3)} s.`
      );
      return;
    }
    latest = fresh[0] ?? latest;
    if (clock.ticksMs() - startMs >= logged.withinMs) break;
    await clock.sleep(POLL_MS, signal);
  }
  const seconds = logged.withinMs / 1e3;
  if (!latest) {
    throw new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", `The call was not logged in ${logged.store} within ${seconds} s.`, {
      hint: "The application cannot write there, or the query does not return its rows."
    });
  }
  throw new import_chunk_E4TRGNTH.AppError("DATA_DIFFERS", `The call was logged wrongly: ${findMismatch(latest, logged.expect)}.`, {
    hint: "Compare with a row of the same call in production."
  });
}
function findFresh(before, rows) {
  const left = /* @__PURE__ */ new Map();
  for (const row of before) left.set(JSON.stringify(row), (left.get(JSON.stringify(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const text = JSON.stringify(row);
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
function findMismatch(row, expect) {
  for (const [column, value] of Object.entries(expect)) {
    const found = row[column];
    if (!(0, import_node_util3.isDeepStrictEqual)(found, value) && String(found) !== String(value)) {
      return `${column} is ${JSON.stringify(found)}, expected ${JSON.stringify(value)}`;
    }
  }
  return void 0;
}
function buildCommand(options, { toolEnv, targets, upstream }) {
  const { command, workingDirectory } = options;
  const [file, ...args] = typeof command === "string" ? ["bash", "-c", command] : command;
  const env = { ...toolEnv };
  for (const target of targets.values()) Object.assign(env, target.connectionEnv());
  if (upstream) Object.assign(env, upstream.env);
  for (const [variable, value] of Object.entries(options.env)) env[variable] = value.reveal();
  return { file, args, env, ...workingDirectory !== void 0 && { cwd: workingDirectory } };
}
var POLL_MS2 = 200;
var PROBE_TIMEOUT_MS = 5e3;
var LOG_LINES_KEPT = 200;
var LOG_LINES_SHOWN = 40;
function buildStartStep(options) {
  const { name, timeoutMs, ready } = options;
  return {
    name,
    kind: "start",
    timeoutMs,
    async perform(context) {
      const { drillSignal, redactor, reporter } = context;
      await refuseTakenAddress(ready, context.signal);
      const tool = (0, import_chunk_5LCZEI5X.startTool)(buildCommand(options, context), { signal: drillSignal, redactor });
      tool.stdin.end();
      const log = keepLog(tool);
      context.atEnd(async (passed) => {
        await tool.stop();
        if (passed) return;
        reporter.info(`The last lines of ${name}:`);
        for (const line of log.slice(-LOG_LINES_SHOWN)) reporter.info(redactor.redact(line));
      });
      const probes = await waitUntilReady(ready, tool, context);
      context.note(`${name} answers at ${ready}, after ${probes} ${probes === 1 ? "probe" : "probes"}.`);
    }
  };
}
async function refuseTakenAddress(ready, signal) {
  try {
    await probe(ready, signal);
  } catch {
    return;
  }
  throw new import_chunk_E4TRGNTH.AppError("TOOL_FAILED", `Something answers at ${ready} before the application was started.`, {
    hint: "End it, or give the application another port: else the drill would prove the wrong one."
  });
}
async function waitUntilReady(ready, tool, context) {
  const { clock, signal } = context;
  const ended = tool.done.then(
    () => {
      throw new import_chunk_E4TRGNTH.AppError("TOOL_FAILED", "The application ended by itself before it was ready.", {
        hint: "Its last lines stand in the log; `start` wants a program that keeps running."
      });
    },
    (error) => {
      throw error;
    }
  );
  ended.catch(() => {
  });
  let last = "";
  for (let probes = 1; ; probes += 1) {
    try {
      const answer = await probe(ready, signal);
      if (answer.ok) return probes;
      last = `it answers ${describeStatus2(answer)}`;
    } catch (error) {
      if (!signal.aborted || last === "") last = explainFetchError(error);
    }
    if (signal.aborted) {
      throw new import_chunk_E4TRGNTH.AppError("UNPROVEN", `The application was not ready in time at ${ready}: ${last}.`, {
        hint: "Its last lines stand in the log; give the step more time if it starts slowly."
      });
    }
    await Promise.race([clock.sleep(POLL_MS2, signal).catch(() => {
    }), ended]);
  }
}
async function probe(address, signal) {
  const answer = await fetch(address, {
    redirect: "manual",
    signal: (0, import_chunk_KVCMGXJE.withDeadline)(signal, PROBE_TIMEOUT_MS)
  });
  await answer.body?.cancel();
  return answer;
}
function keepLog(tool) {
  const log = [];
  const keep = (line) => {
    log.push(line);
    if (log.length > LOG_LINES_KEPT) log.shift();
  };
  for (const output of [tool.stdout, tool.stderr]) (0, import_chunk_5LCZEI5X.eachLine)(output, keep).catch(() => {
  });
  return log;
}
function buildRunStep(options) {
  const { name, timeoutMs } = options;
  return {
    name,
    kind: "run",
    timeoutMs,
    async perform(context) {
      const { signal, redactor, reporter } = context;
      const tool = (0, import_chunk_5LCZEI5X.startTool)(buildCommand(options, context), { signal, redactor });
      tool.stdin.end();
      const say = (line) => reporter.info(redactor.redact(line));
      await Promise.all([(0, import_chunk_5LCZEI5X.eachLine)(tool.stdout, say), (0, import_chunk_5LCZEI5X.eachLine)(tool.stderr, say), tool.done]);
    }
  };
}
function buildSqlStep({ name, store, sql, timeoutMs }) {
  return {
    name,
    kind: "sql",
    timeoutMs,
    async perform(context) {
      const statements = typeof sql === "string" ? sql : await (0, import_chunk_WN6SEXNX.readTextFile)(sql.file, "SQL file");
      const rows = await queryStore(context, store, statements);
      context.reporter.info(`${store}: ${rows.length} rows returned`);
    }
  };
}
function buildStep(config) {
  switch (config.kind) {
    case "run":
      return buildRunStep(config);
    case "sql":
      return buildSqlStep(config);
    case "start":
      return buildStartStep(config);
    case "http":
      return buildHttpStep(config);
    case "decrypt":
      return buildDecryptStep(config);
    case "proxied-call":
      return buildProxiedCallStep(config);
    case "assert":
      return buildAssertStep(config);
    case "orphans":
      return buildOrphansStep(config);
    case "changes":
      return buildChangesStep(config);
  }
}
async function run(config, shell) {
  for (const secret of config.secrets) shell.redactor.add(secret);
  const { postgresArchive } = config;
  const context = (0, import_chunk_FR6ATP63.createContext)({ ...shell, ...postgresArchive && { postgresArchive } });
  return await withNotices(config, shell, context, async () => {
    const destinations = await openAll(config.destinations, config.name, context);
    try {
      return await carryOut(config, destinations, context, shell);
    } finally {
      for (const { destination } of destinations) destination.close();
    }
  });
}
async function carryOut(config, opened, context, shell) {
  const { destination } = opened[0];
  switch (config.command) {
    case "list":
      return await list(destination, context, await SummaryCache.open(context.cacheDir, destination.url));
    case "status": {
      const result = await status({ ...config, subjects: opened }, context);
      if (config.badge !== void 0) await writeBadge(config.badge, result, context);
      return result;
    }
    case "policy":
      return policy(
        config.role,
        config.destinations.map((named) => describeForPolicy(named.config, config.name)),
        context.reporter
      );
    case "prune":
      return await withServerPlaces(
        config.serverDestinations,
        context,
        (places) => (0, import_chunk_FR6ATP63.prune)(opened, config.isDryRun, context, { places, areAllDestinationsKnown: config.isWhole })
      );
    case "copy": {
      const find = ({ name }) => opened.find((candidate) => candidate.name === name).destination;
      const { from, to, selection, isAll } = config;
      return await copy({ from: find(from), to: to.map(find), selection, isAll }, context);
    }
    case "pin":
      return await pin(destination, config, context);
    case "unpin":
      return await unpin(destination, config);
    case "doctor":
      return await doctor(
        listSubjects(config, opened, context),
        context,
        (isSound) => estimateOf(config, opened, context, isSound)
      );
    case "backup":
      return "shard" in config ? await wireShard(config, opened, context, shell) : await wireBackup(config, opened, context, shell);
    case "plan": {
      const { name, full, keys, count } = config;
      const destination2 = new SeveralDestinations(await pickReceivers(opened, context), context);
      return await withStores(
        config.stores,
        context,
        (stores) => plan({ name, stores, destination: destination2, full, keys, count }, context)
      );
    }
    case "finish":
      return await finish(
        {
          backupId: config.backupId,
          destinations: opened.map(({ destination: destination2 }) => destination2),
          group: (chosen) => new SeveralDestinations(chosen, context)
        },
        context
      );
    case "restore": {
      const keyring = await buildKeyring(config.unlock, context.redactor);
      return await withAll(
        config.targets.map((target) => buildTarget(target, config.placement, context)),
        (targets) => restore(
          {
            ...config,
            destination,
            targets,
            before: config.before.map(buildStep),
            after: config.after.map(buildStep),
            ...keyring
          },
          context
        )
      );
    }
    case "verify": {
      const keyring = await buildKeyring(config.unlock, context.redactor);
      return await withServerPlaces(
        config.serverDestinations,
        context,
        (serverPlaces) => verify(
          {
            destination,
            scope: config.scope,
            full: config.full,
            ...keyring,
            openProof: (kind) => buildProof(kind, context),
            serverPlaces
          },
          context
        )
      );
    }
    case "rekey": {
      const { encryption } = await buildEncryption(config.encryption);
      if (!encryption) throw new Error("rekey has recipients");
      const { backupId } = config;
      return await rekey(
        {
          destination,
          encryption,
          ...await buildKeyring(config.unlock, context.redactor),
          ...backupId !== void 0 && { backupId }
        },
        context
      );
    }
    case "drill":
      return await drill(
        {
          destination,
          selection: config.selection,
          openTarget: new Map(
            config.targets.map((target) => [target.store, () => buildThrowaway(target, context)])
          ),
          ...config.only && { only: config.only },
          steps: config.steps.map(buildStep),
          isRecorded: !config.isPartial,
          allowMissing: config.allowMissing,
          ...config.upstream && { upstream: config.upstream },
          objectives: config.objectives,
          proveRed: config.proveRed,
          keys: config.keys,
          ...await buildKeyring(config.unlock, context.redactor),
          keepOnFailure: config.keep,
          reportDir: config.reportDir
        },
        context
      );
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  RUN,
  cancelOnSignals,
  describeCompleteness,
  describeCopy,
  describeEncryption,
  describeEstimate,
  describeFinishedShard,
  describeLastDrill,
  describePin,
  describePrune,
  describeRekey,
  describeScope,
  describeServerPlaces,
  describeShard,
  describeStatus,
  describeVerify,
  escapeLines,
  escapeMarkdown,
  exitStatusOfResult,
  judgeFailure,
  judgeResult,
  listDecisions,
  listEstimate,
  listPlan,
  listStatus,
  listTrend,
  renderFailureSummary,
  renderSummary,
  run
});
