import type { NativeBytes } from "./native-bytes.ts";
import { NativeFault } from "./native-bytes.ts";
import { findClosing, isWord, splitAtCommas } from "../sql/sql-edits.ts";
import { tokenise } from "../sql/sql-text.ts";
import type { Token } from "../sql/sql-text.ts";

/** Passes over the values of so many rows. */
type Body = (rows: number) => Promise<void>;
/**
 * Reads what precedes a column's values, once a block; what it returns passes over the values. The preambles of all
 * that is nested in a column come before the first of its values.
 */
export type Column = (bytes: NativeBytes) => Promise<Body>;

/** A type whose values only ClickHouse can tell apart. */
export class OpaqueType extends Error {}

/** Bytes a value, of types that always take the same. */
const WIDTHS: Readonly<Record<string, number>> = {
  ...{ UInt8: 1, UInt16: 2, UInt32: 4, UInt64: 8, UInt128: 16, UInt256: 32 },
  ...{ Int8: 1, Int16: 2, Int32: 4, Int64: 8, Int128: 16, Int256: 32 },
  ...{ BFloat16: 2, Float32: 4, Float64: 8, Bool: 1, Nothing: 1, UUID: 16, IPv4: 4, IPv6: 16 },
  ...{ Date: 2, Date32: 4, DateTime: 4, DateTime64: 8, Time: 4, Time64: 8, Enum8: 1, Enum16: 2 },
};

/** Types that are another type by name. */
const ALIASES: Readonly<Record<string, string>> = {
  Point: "Tuple(Float64, Float64)",
  Ring: "Array(Point)",
  LineString: "Array(Point)",
  Polygon: "Array(Ring)",
  MultiLineString: "Array(LineString)",
  MultiPolygon: "Array(Polygon)",
  Geometry: "Variant(LineString, MultiLineString, MultiPolygon, Point, Polygon, Ring)",
};

/** The discriminator of a row of a Variant that holds NULL. */
const NULL_DISCRIMINATOR = 255;
/** How preambles number the forms that this code reads. */
const LOW_CARDINALITY_FORM = 1;
const BASIC_VARIANT = 0;
const DYNAMIC_FORMS = { withLimit: 1, plain: 2 };
const OBJECT_FORMS = { withLimit: 0, plain: 2 };
/** In the word before the indexes of a LowCardinality column: how wide they are, and where their values are. */
const INDEX_WIDTHS = [1, 2, 4, 8];
const OWN_VALUES = 1 << 9;

/**
 * How a column of a type lies in a Native block.
 *
 * @param type - as ClickHouse writes it
 * @throws OpaqueType
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 */
export function parseColumn(type: string): Column {
  return columnOf(tokenise(type));
}

function columnOf(tokens: readonly Token[]): Column {
  const name = tokens[0]?.value ?? "";
  const isCall = tokens[1]?.text === "(" && findClosing(tokens, 1) === tokens.length - 1;
  const args = isCall ? splitAtCommas(tokens.slice(2, -1)) : [];
  const first = (): Column => columnOf(args[0] ?? []);
  if (tokens.length > 1 && !isCall) throw new OpaqueType(tokens.map(({ text }) => text).join(" "));
  if (name.startsWith("Interval")) return fixed(8);
  if (name.startsWith("Decimal")) return fixed(decimalWidth(name, args));
  const width = WIDTHS[name];
  if (width !== undefined) return fixed(width);
  const alias = ALIASES[name];
  if (alias !== undefined) return parseColumn(alias);
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
      throw new OpaqueType(name); // states of aggregate functions, and types that are yet to come
  }
}

/** An element of a tuple may have a name before its type. */
function elementOf(tokens: readonly Token[]): Column {
  return columnOf(tokens.length > 1 && tokens[1]?.text !== "(" ? tokens.slice(1) : tokens);
}

function withoutNullable(tokens: readonly Token[]): readonly Token[] {
  return tokens[0]?.value === "Nullable" ? tokens.slice(2, -1) : tokens;
}

function decimalWidth(name: string, args: readonly (readonly Token[])[]): number {
  const precision = Number(args[0]?.[0]?.value);
  const bits = Number(name.slice("Decimal".length));
  if (bits > 0) return bits / 8; // Decimal64(3) takes a scale only
  return [9, 18, 38].filter((limit) => precision > limit).reduce((width) => width * 2, 4);
}

function fixed(width: number): Column {
  if (!Number.isSafeInteger(width)) throw new OpaqueType("of an unknown width");
  return async (bytes) => (rows) => bytes.skip(rows * width);
}

const strings: Column = async (bytes) => (rows) => bytes.skipTexts(rows);

function nullable(inner: Column): Column {
  return async (bytes) => {
    const values = await inner(bytes);
    return async (rows) => {
      await bytes.skip(rows);
      await values(rows);
    };
  };
}

/** Where each row's elements end, then the elements of all rows. */
function array(inner: Column): Column {
  return async (bytes) => {
    const values = await inner(bytes);
    return async (rows) => {
      if (rows === 0) return;
      await bytes.skip((rows - 1) * 8);
      await values(await bytes.uint64());
    };
  };
}

function tuple(elements: readonly Column[]): Column {
  if (elements.length === 0) return fixed(1);
  return async (bytes) => {
    const bodies: Body[] = [];
    for (const element of elements) bodies.push(await element(bytes));
    return async (rows) => {
      for (const body of bodies) await body(rows);
    };
  };
}

/** The different values, then for each row which one. */
function lowCardinality(values: Column): Column {
  return async (bytes) => {
    await requireForm(bytes, "LowCardinality", [LOW_CARDINALITY_FORM]);
    return async (rows) => {
      if (rows === 0) return;
      const kind = await bytes.uint64();
      const width = INDEX_WIDTHS[kind & 255];
      if (width === undefined || (kind & OWN_VALUES) === 0) {
        throw new NativeFault(`a LowCardinality column in it begins with ${kind}`);
      }
      await (
        await values(bytes)
      )(await bytes.uint64());
      const found = await bytes.uint64();
      if (found !== rows) throw new NativeFault(`a column of ${rows} rows in it has ${found}`);
      await bytes.skip(rows * width);
    };
  };
}

/** For each row which type it has, then the values by type. */
function variant(types: readonly Column[]): Column {
  return async (bytes) => {
    await requireForm(bytes, "Variant", [BASIC_VARIANT]);
    const bodies: Body[] = [];
    for (const type of types) bodies.push(await type(bytes));
    return async (rows) => {
      const counts = types.map(() => 0);
      for (let row = 0; row < rows; row += 1) {
        const which = await bytes.byte();
        const count = counts[which];
        if (count !== undefined) counts[which] = count + 1;
        else if (which !== NULL_DISCRIMINATOR) throw new NativeFault(`a Variant in it has a type ${which}`);
      }
      for (const [at, body] of bodies.entries()) await body(counts[at] ?? 0);
    };
  };
}

/** A Variant whose types stand in the block; what did not fit in is kept together as strings. */
const dynamic: Column = async (bytes) => {
  const form = await requireForm(bytes, "Dynamic", Object.values(DYNAMIC_FORMS));
  if (form === DYNAMIC_FORMS.withLimit) await bytes.varuint();
  const types = new Map([["SharedVariant", strings]]);
  for (let left = await bytes.varuint(); left > 0; left -= 1) {
    const type = await bytes.text();
    types.set(type, parseColumn(type));
  }
  const inOrder = [...types].sort(([a], [b]) => compareBytes(a, b));
  return await variant(inOrder.map(([, column]) => column))(bytes);
};

/** Paths with types of their own, paths that the block names, and the rest as pairs of strings. */
function json(args: readonly (readonly Token[])[]): Column {
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

/** Of the arguments of JSON: those that are no setting and leave nothing out. */
function typedPathOf(tokens: readonly Token[]): [string, Column][] {
  if (isWord(tokens[0], "SKIP") || tokens[1]?.text === "=") return [];
  let end = 1;
  while (tokens[end]?.text === ".") end += 2;
  const path = tokens.slice(0, end).map(({ value }) => value);
  return [[path.join(""), columnOf(tokens.slice(end))]];
}

async function requireForm(bytes: NativeBytes, type: string, known: readonly number[]): Promise<number> {
  const form = await bytes.uint64();
  if (known.includes(form)) return form;
  throw new OpaqueType(`${type} in form ${form}`);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
