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
  NativeFault: () => NativeFault,
  walkNative: () => walkNative
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_QTEVZTVH = require("./chunk-QTEVZTVH.cjs");
var import_chunk_HPYFHP5G = require("./chunk-HPYFHP5G.cjs");
var NativeFault = class extends Error {
};
var LONGEST_NAME_BYTES = 16 * 1024 * 1024;
var NativeBytes = class {
  #chunks;
  #chunk = Buffer.alloc(0);
  #at = 0;
  constructor(source) {
    this.#chunks = source[Symbol.asyncIterator]();
  }
  async isAtEnd() {
    return this.#at >= this.#chunk.length && !await this.#next();
  }
  /** Passes over all that there is. */
  async skipAll() {
    do
      this.#at = this.#chunk.length;
    while (await this.#next());
  }
  async skip(count) {
    let left = count;
    while (left > 0) {
      if (this.#at >= this.#chunk.length) await this.#require();
      const step = Math.min(left, this.#chunk.length - this.#at);
      this.#at += step;
      left -= step;
    }
  }
  async byte() {
    if (this.#at >= this.#chunk.length) await this.#require();
    return this.#chunk[this.#at++] ?? 0;
  }
  /** A little-endian number of eight bytes. */
  async uint64() {
    const bytes = await this.#take(8);
    return requireSafe(bytes.readUInt32LE(0) + bytes.readUInt32LE(4) * 2 ** 32);
  }
  /** A number as LEB128: seven bits a byte, the lowest first. */
  async varuint() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = await this.byte();
      value = requireSafe(value + (byte & 127) * scale);
      if (byte < 128) return value;
    }
  }
  /** A name: its length, then UTF-8. */
  async text() {
    const length = await this.varuint();
    if (length > LONGEST_NAME_BYTES) throw new NativeFault(`a name in it would have ${length} bytes`);
    return (await this.#take(length)).toString("utf8");
  }
  /** Passes over strings: by far the most of what there is to read, so without waiting where nothing is missing. */
  async skipTexts(count) {
    for (let left = count; left > 0; ) {
      const passed = this.#skipTextsAtHand(left);
      left -= passed;
      if (passed > 0) continue;
      await this.skip(await this.varuint());
      left -= 1;
    }
  }
  /** @returns how many of them lie whole in the present chunk and were passed over */
  #skipTextsAtHand(count) {
    const chunk = this.#chunk;
    let at = this.#at;
    for (let passed = 0; passed < count; passed += 1) {
      let length = 0;
      let byte = 128;
      for (let scale = 1; byte >= 128; scale *= 128) {
        byte = chunk[at++] ?? NaN;
        length += (byte & 127) * scale;
      }
      at += length;
      if (Number.isNaN(byte) || at > chunk.length) return passed;
      this.#at = at;
    }
    return count;
  }
  async #take(count) {
    if (this.#at + count <= this.#chunk.length) {
      this.#at += count;
      return this.#chunk.subarray(this.#at - count, this.#at);
    }
    const pieces = [];
    for (let left = count; left > 0; ) {
      if (this.#at >= this.#chunk.length) await this.#require();
      const piece = this.#chunk.subarray(this.#at, this.#at + left);
      pieces.push(piece);
      this.#at += piece.length;
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }
  async #require() {
    if (!await this.#next()) throw new NativeFault("it ends in the middle of a block");
  }
  /** @returns false at the end */
  async #next() {
    for (; ; ) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      const { value } = next;
      if (value.length === 0) continue;
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#at = 0;
      return true;
    }
  }
};
function requireSafe(value) {
  if (Number.isSafeInteger(value)) return value;
  throw new NativeFault("a length in it is beyond all measure");
}
var OpaqueType = class extends Error {
};
var WIDTHS = {
  ...{ UInt8: 1, UInt16: 2, UInt32: 4, UInt64: 8, UInt128: 16, UInt256: 32 },
  ...{ Int8: 1, Int16: 2, Int32: 4, Int64: 8, Int128: 16, Int256: 32 },
  ...{ BFloat16: 2, Float32: 4, Float64: 8, Bool: 1, Nothing: 1, UUID: 16, IPv4: 4, IPv6: 16 },
  ...{ Date: 2, Date32: 4, DateTime: 4, DateTime64: 8, Time: 4, Time64: 8, Enum8: 1, Enum16: 2 }
};
var ALIASES = {
  Point: "Tuple(Float64, Float64)",
  Ring: "Array(Point)",
  LineString: "Array(Point)",
  Polygon: "Array(Ring)",
  MultiLineString: "Array(LineString)",
  MultiPolygon: "Array(Polygon)",
  Geometry: "Variant(LineString, MultiLineString, MultiPolygon, Point, Polygon, Ring)"
};
var NULL_DISCRIMINATOR = 255;
var LOW_CARDINALITY_FORM = 1;
var BASIC_VARIANT = 0;
var DYNAMIC_FORMS = { withLimit: 1, plain: 2 };
var OBJECT_FORMS = { withLimit: 0, plain: 2 };
var INDEX_WIDTHS = [1, 2, 4, 8];
var OWN_VALUES = 1 << 9;
function parseColumn(type) {
  return columnOf((0, import_chunk_HPYFHP5G.tokenise)(type));
}
function columnOf(tokens) {
  const name = tokens[0]?.value ?? "";
  const isCall = tokens[1]?.text === "(" && (0, import_chunk_QTEVZTVH.findClosing)(tokens, 1) === tokens.length - 1;
  const args = isCall ? (0, import_chunk_QTEVZTVH.splitAtCommas)(tokens.slice(2, -1)) : [];
  const first = () => columnOf(args[0] ?? []);
  if (tokens.length > 1 && !isCall) throw new OpaqueType(tokens.map(({ text }) => text).join(" "));
  if (name.startsWith("Interval")) return fixed(8);
  if (name.startsWith("Decimal")) return fixed(decimalWidth(name, args));
  const width = WIDTHS[name];
  if (width !== void 0) return fixed(width);
  const alias = ALIASES[name];
  if (alias !== void 0) return parseColumn(alias);
  switch (name) {
    case "String":
      return strings;
    case "FixedString":
      return fixed(Number(args[0]?.[0]?.value));
    case "Nullable":
      return nullable(first());
    case "Array":
      return array(first());
    case "Map":
    case "Nested":
      return array(tuple(args.map(elementOf)));
    case "Tuple":
      return tuple(args.map(elementOf));
    case "LowCardinality":
      return lowCardinality(columnOf(withoutNullable(args[0] ?? [])));
    case "SimpleAggregateFunction":
      return columnOf(args[1] ?? []);
    case "Variant":
      return variant(args.map(columnOf));
    case "Dynamic":
      return dynamic;
    case "JSON":
    case "Object":
      return json(args);
    default:
      throw new OpaqueType(name);
  }
}
function elementOf(tokens) {
  return columnOf(tokens.length > 1 && tokens[1]?.text !== "(" ? tokens.slice(1) : tokens);
}
function withoutNullable(tokens) {
  return tokens[0]?.value === "Nullable" ? tokens.slice(2, -1) : tokens;
}
function decimalWidth(name, args) {
  const precision = Number(args[0]?.[0]?.value);
  const bits = Number(name.slice("Decimal".length));
  if (bits > 0) return bits / 8;
  return [9, 18, 38].filter((limit) => precision > limit).reduce((width) => width * 2, 4);
}
function fixed(width) {
  if (!Number.isSafeInteger(width)) throw new OpaqueType("of an unknown width");
  return async (bytes) => (rows) => bytes.skip(rows * width);
}
var strings = async (bytes) => (rows) => bytes.skipTexts(rows);
function nullable(inner) {
  return async (bytes) => {
    const values = await inner(bytes);
    return async (rows) => {
      await bytes.skip(rows);
      await values(rows);
    };
  };
}
function array(inner) {
  return async (bytes) => {
    const values = await inner(bytes);
    return async (rows) => {
      if (rows === 0) return;
      await bytes.skip((rows - 1) * 8);
      await values(await bytes.uint64());
    };
  };
}
function tuple(elements) {
  if (elements.length === 0) return fixed(1);
  return async (bytes) => {
    const bodies = [];
    for (const element of elements) bodies.push(await element(bytes));
    return async (rows) => {
      for (const body of bodies) await body(rows);
    };
  };
}
function lowCardinality(values) {
  return async (bytes) => {
    await requireForm(bytes, "LowCardinality", [LOW_CARDINALITY_FORM]);
    return async (rows) => {
      if (rows === 0) return;
      const kind = await bytes.uint64();
      const width = INDEX_WIDTHS[kind & 255];
      if (width === void 0 || (kind & OWN_VALUES) === 0) {
        throw new NativeFault(`a LowCardinality column in it begins with ${kind}`);
      }
      await (await values(bytes))(await bytes.uint64());
      const found = await bytes.uint64();
      if (found !== rows) throw new NativeFault(`a column of ${rows} rows in it has ${found}`);
      await bytes.skip(rows * width);
    };
  };
}
function variant(types) {
  return async (bytes) => {
    await requireForm(bytes, "Variant", [BASIC_VARIANT]);
    const bodies = [];
    for (const type of types) bodies.push(await type(bytes));
    return async (rows) => {
      const counts = types.map(() => 0);
      for (let row = 0; row < rows; row += 1) {
        const which = await bytes.byte();
        const count = counts[which];
        if (count !== void 0) counts[which] = count + 1;
        else if (which !== NULL_DISCRIMINATOR) throw new NativeFault(`a Variant in it has a type ${which}`);
      }
      for (const [at, body] of bodies.entries()) await body(counts[at] ?? 0);
    };
  };
}
var dynamic = async (bytes) => {
  const form = await requireForm(bytes, "Dynamic", Object.values(DYNAMIC_FORMS));
  if (form === DYNAMIC_FORMS.withLimit) await bytes.varuint();
  const types = /* @__PURE__ */ new Map([["SharedVariant", strings]]);
  for (let left = await bytes.varuint(); left > 0; left -= 1) {
    const type = await bytes.text();
    types.set(type, parseColumn(type));
  }
  const inOrder = [...types].sort(([a], [b]) => compareBytes(a, b));
  return await variant(inOrder.map(([, column]) => column))(bytes);
};
function json(args) {
  const typed = args.flatMap((arg) => typedPathOf(arg)).sort(([a], [b]) => compareBytes(a, b));
  return async (bytes) => {
    const form = await requireForm(bytes, "JSON", Object.values(OBJECT_FORMS));
    if (form === OBJECT_FORMS.withLimit) await bytes.varuint();
    const paths = await bytes.varuint();
    await bytes.skipTexts(paths);
    const named = Array.from({ length: paths }, () => dynamic);
    const rest = array(tuple([strings, strings]));
    return await tuple([...typed.map(([, column]) => column), ...named, rest])(bytes);
  };
}
function typedPathOf(tokens) {
  if ((0, import_chunk_QTEVZTVH.isWord)(tokens[0], "SKIP") || tokens[1]?.text === "=") return [];
  let end = 1;
  while (tokens[end]?.text === ".") end += 2;
  const path = tokens.slice(0, end).map(({ value }) => value);
  return [[path.join(""), columnOf(tokens.slice(end))]];
}
async function requireForm(bytes, type, known) {
  const form = await bytes.uint64();
  if (known.includes(form)) return form;
  throw new OpaqueType(`${type} in form ${form}`);
}
function compareBytes(a, b) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
async function walkNative(source, columns) {
  const bytes = new NativeBytes(source);
  const known = /* @__PURE__ */ new Map();
  let total = 0;
  try {
    while (!await bytes.isAtEnd()) {
      const count = await bytes.varuint();
      const rows = await bytes.varuint();
      if (count !== columns.length)
        throw new NativeFault(`a block in it has ${count} columns instead of ${columns.length}`);
      for (const column of columns) {
        const name = await bytes.text();
        if (name !== column)
          throw new NativeFault(
            `a block in it has a column ${JSON.stringify(name)} where ${column} should be`
          );
        const type = await bytes.text();
        try {
          const parsed = known.get(type) ?? parseColumn(type);
          known.set(type, parsed);
          if (rows > 0) await (await parsed(bytes))(rows);
        } catch (error) {
          if (error instanceof OpaqueType) return { isWalked: false, column, type };
          throw error;
        }
      }
      total += rows;
    }
    return { isWalked: true, rows: total };
  } finally {
    await bytes.skipAll();
  }
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  NativeFault,
  walkNative
});
