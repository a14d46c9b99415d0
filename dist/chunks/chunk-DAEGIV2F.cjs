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
  ScopeReader: () => ScopeReader,
  countOutside: () => countOutside,
  findUnknown: () => findUnknown,
  isSelective: () => isSelective,
  isWhole: () => isWhole,
  listSchemas: () => listSchemas,
  listTables: () => listTables,
  narrowInventory: () => narrowInventory
});
module.exports = __toCommonJS(stdin_exports);
var COMES_WITH_ROWS = /* @__PURE__ */ new Set(["sequence value", "large objects"]);
var NO_ROWS_DIGEST = "0";
function isWhole(scope) {
  return scope === void 0 || !isSelective(scope) && scope.content === "all";
}
function isSelective({ tables, schemas, partitions }) {
  return tables !== void 0 || schemas !== void 0 || partitions !== void 0;
}
function listTables({ tables, schema }) {
  return [.../* @__PURE__ */ new Set([...tables.map(({ name }) => name), ...schema.flatMap(({ table }) => table ?? [])])];
}
function listSchemas(inventory) {
  const named = inventory.schema.flatMap(({ kind, name }) => CONTAINERS.has(kind) ? [name] : []);
  const implied = listTables(inventory).filter((table) => !named.some((schema) => table.startsWith(`${schema}.`))).map((table) => table.split(".")[0] ?? table);
  return [.../* @__PURE__ */ new Set([...named, ...implied])];
}
var CONTAINERS = /* @__PURE__ */ new Set(["schema", "database"]);
var ScopeReader = class {
  #schemas;
  #chosenSchemas;
  #chosenTables;
  #isSelective;
  constructor(inventory, scope) {
    this.#schemas = listSchemas(inventory).sort((a, b) => b.length - a.length);
    this.#chosenSchemas = new Set(scope.schemas);
    this.#chosenTables = withPartitions(inventory, scope.tables ?? []);
    this.#isSelective = isSelective(scope);
  }
  /** Whether a table or view is restored. */
  holdsTable(name) {
    if (!this.#isSelective || this.#chosenTables.has(name)) return true;
    return this.#chosenSchemas.has(this.#schemaOf(name));
  }
  /** Whether a schema object lies in the scope, whatever it needs beside that. */
  holds({ kind, name, table }) {
    if (!this.#isSelective) return true;
    if (table !== void 0) return this.holdsTable(table);
    return this.#chosenSchemas.has(CONTAINERS.has(kind) ? name : this.#schemaOf(name));
  }
  /** What an object of the scope cannot be without and will not find. */
  findUnmet({ needs = [] }) {
    return needs.filter((table) => !this.holdsTable(table));
  }
  #schemaOf(name) {
    return this.#schemas.find((schema) => name.startsWith(`${schema}.`)) ?? "";
  }
};
function findUnknown(inventory, { tables = [], schemas = [] }) {
  const knownTables = new Set(listTables(inventory));
  const knownSchemas = new Set(listSchemas(inventory));
  return [
    ...tables.filter((table) => !knownTables.has(table)),
    ...schemas.filter((schema) => !knownSchemas.has(schema))
  ];
}
function narrowInventory(inventory, scope) {
  if (isWhole(scope)) return { inventory, leftOut: [] };
  const reader = new ScopeReader(inventory, scope);
  const leftOut = [];
  const schema = inventory.schema.filter((object) => {
    if (!isOfContent(object, scope) || !reader.holds(object)) return false;
    const unmet = scope.content === "data" ? [] : reader.findUnmet(object);
    if (unmet.length === 0) return true;
    leftOut.push(`${object.kind} ${object.name}: it needs ${unmet.join(", ")}, which is not restored.`);
    return false;
  });
  const tables = inventory.tables.filter(({ name }) => reader.holdsTable(name));
  const isStructure = scope.content === "structure";
  return {
    inventory: {
      ...inventory,
      tables: isStructure ? tables.map(emptied) : tables,
      schema: isStructure ? schema.map(unpopulated) : schema
    },
    leftOut
  };
}
function countOutside(whole, narrowed) {
  const counts = /* @__PURE__ */ new Map();
  const add = (kind, by) => void counts.set(kind, (counts.get(kind) ?? 0) + by);
  add("table", whole.tables.length - narrowed.tables.length);
  for (const { kind } of whole.schema) if (kind !== "columns") add(kind, 1);
  for (const { kind } of narrowed.schema) if (kind !== "columns") add(kind, -1);
  return [...counts].flatMap(([kind, count]) => count > 0 ? [{ kind, count }] : []);
}
function withPartitions({ schema }, tables) {
  const chosen = new Set(tables);
  const partitions = schema.filter(({ kind }) => kind === "partition");
  for (let before = -1; before < chosen.size; ) {
    before = chosen.size;
    for (const { name, needs = [] } of partitions) {
      if (needs.some((parent) => chosen.has(parent))) chosen.add(name);
    }
  }
  return chosen;
}
function isOfContent({ kind }, { content }) {
  if (content === "all") return true;
  if (content === "data") return kind === "sequence value";
  return !COMES_WITH_ROWS.has(kind);
}
function emptied({ name }) {
  return { name, rows: 0, digest: NO_ROWS_DIGEST };
}
function unpopulated(object) {
  if (object.kind !== "materialized view" || object.definition.startsWith("not populated")) return object;
  return { ...object, definition: `not populated ${object.definition}` };
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  ScopeReader,
  countOutside,
  findUnknown,
  isSelective,
  isWhole,
  listSchemas,
  listTables,
  narrowInventory
});
