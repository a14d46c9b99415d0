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
  CREATE_SETTINGS: () => CREATE_SETTINGS,
  applyEdits: () => applyEdits,
  findClosing: () => findClosing,
  findReferences: () => findReferences,
  idOf: () => idOf,
  isWord: () => isWord,
  parseSchema: () => parseSchema,
  planSchema: () => planSchema,
  replaceTokens: () => replaceTokens,
  serialiseSchema: () => serialiseSchema,
  splitAtCommas: () => splitAtCommas,
  writeCreateDatabase: () => writeCreateDatabase,
  writeScript: () => writeScript
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var KINDS = ["database", "function", "table", "dictionary", "view", "materialized view"];
var schemaEntrySchema = (0, import_chunk_GDCGOP3X.strictObject)({
  kind: (0, import_chunk_GDCGOP3X._enum)(KINDS),
  /** Empty for a function, which belongs to the server. */
  database: (0, import_chunk_GDCGOP3X.string)(),
  /** The object's own name; the database's, for a database. */
  name: (0, import_chunk_GDCGOP3X.string)(),
  engine: (0, import_chunk_GDCGOP3X.string)(),
  /** As the server gave it. */
  given: (0, import_chunk_GDCGOP3X.string)(),
  /** For one plain server. */
  portable: (0, import_chunk_GDCGOP3X.string)(),
  /** Ids (see `idOf`) of what must exist first. */
  dependsOn: (0, import_chunk_GDCGOP3X.array)((0, import_chunk_GDCGOP3X.string)())
});
var schemaFileSchema = (0, import_chunk_GDCGOP3X.strictObject)({
  format: (0, import_chunk_GDCGOP3X.literal)("lifeboat-clickhouse-schema"),
  formatVersion: (0, import_chunk_GDCGOP3X.literal)(1),
  beforeData: (0, import_chunk_GDCGOP3X.array)(schemaEntrySchema),
  afterData: (0, import_chunk_GDCGOP3X.array)(schemaEntrySchema)
});
function idOf(entry) {
  return entry.database === "" || entry.kind === "database" ? entry.name : `${entry.database}.${entry.name}`;
}
function findReferences(statement, known) {
  const tokens = (0, import_chunk_HPYFHP5G.tokenise)(statement);
  const found = /* @__PURE__ */ new Set();
  tokens.forEach((token, at) => {
    if (token.kind === "string" && known.has(token.value)) found.add(token.value);
    const [dot, name] = [tokens[at + 1], tokens[at + 2]];
    if (token.kind === "symbol" || dot?.text !== "." || !name) return;
    const path = `${token.value}.${name.value}`;
    if (known.has(path)) found.add(path);
  });
  return [...found];
}
function planSchema(entries) {
  const byId = new Map(entries.map((entry) => [idOf(entry), entry]));
  const ranked = [...entries].sort(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compareText(idOf(a), idOf(b))
  );
  const placed = /* @__PURE__ */ new Set();
  const place = (entry, plan2) => {
    if (placed.has(entry)) return;
    placed.add(entry);
    for (const id of entry.dependsOn) {
      const needed = byId.get(id);
      if (needed && (needed.kind !== "materialized view" || entry.kind === "materialized view"))
        place(needed, plan2);
    }
    plan2.push(entry);
  };
  const plan = { beforeData: [], afterData: [] };
  const isBeforeData = ({ kind }) => kind === "database" || kind === "function" || kind === "table";
  for (const entry of ranked) if (isBeforeData(entry)) place(entry, plan.beforeData);
  for (const entry of ranked) place(entry, plan.afterData);
  return plan;
}
function serialiseSchema(plan) {
  return `${JSON.stringify({ format: "lifeboat-clickhouse-schema", formatVersion: 1, ...plan }, null, 1)}
`;
}
function parseSchema(text) {
  try {
    const { beforeData, afterData } = schemaFileSchema.parse(JSON.parse(text));
    return { beforeData, afterData };
  } catch (error) {
    throw new import_chunk_E4TRGNTH.AppError("BACKUP_DAMAGED", "The backup's ClickHouse schema cannot be read.", {
      hint: "Use the version of lifeboat that wrote it, or a newer one, or restore another backup.",
      cause: error
    });
  }
}
var CREATE_SETTINGS = {
  // Nested columns are listed flattened by a server that flattens, and must stay whole otherwise.
  flatten_nested: 0,
  allow_suspicious_low_cardinality_types: 1,
  allow_suspicious_fixed_string_types: 1,
  allow_suspicious_codecs: 1,
  allow_suspicious_ttl_expressions: 1,
  allow_suspicious_indices: 1,
  allow_suspicious_variant_types: 1,
  allow_suspicious_primary_key: 1,
  allow_suspicious_types_in_group_by: 1,
  allow_suspicious_types_in_order_by: 1,
  // What is new is an experiment for a few versions, and must be allowed by name as long as it is.
  allow_experimental_json_type: 1,
  allow_experimental_dynamic_type: 1,
  allow_experimental_variant_type: 1,
  allow_experimental_bfloat16_type: 1,
  enable_time_time64_type: 1,
  allow_experimental_qbit_type: 1,
  allow_experimental_nullable_tuple_type: 1,
  allow_experimental_full_text_index: 1,
  allow_experimental_vector_similarity_index: 1,
  allow_experimental_statistics: 1,
  allow_experimental_refreshable_materialized_view: 1,
  allow_experimental_window_view: 1,
  allow_experimental_live_view: 1,
  allow_experimental_alias_table_engine: 1,
  allow_experimental_time_series_table: 1,
  // Otherwise a user's profile could give columns another type than the statement says.
  data_type_default_nullable: 0
};
function writeScript(entries, settings) {
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const statements = entries.map(({ portable }) => portable.replaceAll("\n", " "));
  return [`SET ${assignments.join(", ")}`, ...statements].map((line) => `${line};
`).join("");
}
function writeCreateDatabase(name) {
  return `CREATE DATABASE IF NOT EXISTS ${(0, import_chunk_HPYFHP5G.quoteName)(name)}`;
}
function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
function replaceTokens(tokens, from, to, text) {
  const start = tokens[from]?.start ?? 0;
  return { start, end: tokens[to]?.end ?? start, text };
}
function applyEdits(statement, edits) {
  let result = "";
  let done = 0;
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < done) continue;
    result += statement.slice(done, start) + text;
    done = end;
    if (text === "") while (statement[done] === " ") done += 1;
  }
  return (result + statement.slice(done)).trimEnd();
}
function isWord(token, word) {
  return token?.kind === "word" && token.text.toUpperCase() === word;
}
function splitAtCommas(tokens) {
  const depth = Math.min(...tokens.map((token) => token.depth));
  const items = [[]];
  for (const token of tokens) {
    if (token.text === "," && token.depth === depth) items.push([]);
    else items.at(-1)?.push(token);
  }
  return items.filter((item) => item.length > 0);
}
function findClosing(tokens, open) {
  const depth = tokens[open]?.depth;
  return tokens.findIndex((token, at) => at > open && token.depth === depth);
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  CREATE_SETTINGS,
  applyEdits,
  findClosing,
  findReferences,
  idOf,
  isWord,
  parseSchema,
  planSchema,
  replaceTokens,
  serialiseSchema,
  splitAtCommas,
  writeCreateDatabase,
  writeScript
});
