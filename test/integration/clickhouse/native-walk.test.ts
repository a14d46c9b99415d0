import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClickHouseManifest, ClickHousePart } from "../../../src/backup/manifest.ts";
import { walkNative } from "../../../src/stores/clickhouse/native/native-blocks.ts";
import type { NativeOutline } from "../../../src/stores/clickhouse/native/native-blocks.ts";
import { NativeFault } from "../../../src/stores/clickhouse/native/native-bytes.ts";
import { createClickHouseProof } from "../../../src/stores/clickhouse/native/proof.ts";
import { openCompressor, openDecompressor } from "../../../src/sys/compression.ts";
import { MemorySink } from "../../support/memory-sink.ts";
import { startToolRun } from "../../support/postgres-databases.ts";
import { ClickHousePair } from "./clickhouse-pair.ts";

const run = startToolRun();
const sink = new MemorySink();
let pair: ClickHousePair;
let types: string;
let database: string;
let manifest: ClickHouseManifest;

beforeAll(async () => {
  pair = await ClickHousePair.start();
  types = await pair.fillTypes();
  // Several blocks, and values longer than one chunk of the decompressor's.
  database = await pair.fill(`
    CREATE TABLE DB.many (id UInt64, name LowCardinality(String), note String, tags Array(Nullable(String)))
      ENGINE = MergeTree ORDER BY id;
    INSERT INTO DB.many SELECT number, toString(number % 300), repeat(hex(number), number % 50),
      [NULL, toString(number)] FROM numbers(200000);
    INSERT INTO DB.many SELECT number, '', repeat('long', 100000), [] FROM numbers(3);
    CREATE TABLE DB.odd (id UInt8, j JSON, d Dynamic, ad Array(Dynamic), g Geometry,
      t Tuple(\`a b\` Enum8('x,)' = 1), \`Array\` Array(LowCardinality(Nullable(String)))),
      m Map(FixedString(2), Tuple(x DateTime64(3, 'UTC'), y Decimal(40, 2)))) ENGINE = MergeTree ORDER BY id;
    INSERT INTO DB.odd SELECT number, ['{"a":[],"e":{},"n":null}', '{"a":[null,null],"o":[{},{"x":[]}]}', '{}'][number % 3 + 1]::JSON,
      [NULL, [NULL]::Array(Nullable(Nothing))::Dynamic, []::Dynamic, tuple()::Dynamic, map()::Dynamic, now()::Dynamic][number % 6 + 1],
      [NULL::Dynamic, [number]::Dynamic], [(0, 1), (1, 2)]::LineString::Geometry, ('x,)', [NULL, 'y']), map('ab', (now64(3), 1.5))
      FROM numbers(12)`);
  manifest = await pair.backup([types, database], sink);
});
afterAll(async () => {
  await pair.sql(`DROP DATABASE ${types} SYNC; DROP DATABASE ${database} SYNC`);
  await pair[Symbol.asyncDispose]();
});

async function blocksOf(part: ClickHousePart): Promise<Buffer> {
  const { input, output, done } = await openDecompressor("zstd", run);
  input.end(sink.objects.get(part.key));
  const [blocks] = await Promise.all([buffer(output), done]);
  return blocks;
}

function partOf(table: string): ClickHousePart {
  const part = manifest.parts.find((each) => each.table === table);
  if (!part) throw new Error(`${table} is not in the backup`);
  return part;
}

/** Cuts into chunks of a size, so that everything lies over an edge somewhere. */
function* chunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function walk(part: ClickHousePart, bytes: Buffer, chunkBytes: number): Promise<NativeOutline> {
  return await walkNative(Readable.from(chunksOf(bytes, chunkBytes)), part.columns);
}

test("values of every type are passed over to the last row, however the bytes come", async () => {
  for (const part of manifest.parts.filter(({ table }) => table !== "states")) {
    const blocks = await blocksOf(part);
    for (const size of part.table === "many" ? [65_536, 4_099] : [1, 2, 7, 65_536]) {
      expect(await walk(part, blocks, size), part.table).toEqual({ isWalked: true, rows: part.rows });
    }
  }
  expect(new Set(manifest.parts.map(({ table }) => table)).size).toBe(10);
});

test("a cut at any byte of a block is found out", async () => {
  for (const table of ["numbers", "texts", "nested", "fluid"]) {
    const part = partOf(table);
    const blocks = await blocksOf(part);
    for (let end = 1; end < blocks.length; end += 3) {
      await expect(walk(part, blocks.subarray(0, end), 4_099), `${table} cut at ${end}`).rejects.toThrow(
        NativeFault,
      );
    }
  }
});

/** What the proof says of an object that was stored under its right digest, with these blocks in it. */
async function prove(part: ClickHousePart, blocks: Buffer): Promise<string | undefined> {
  const { input, output, done } = await openCompressor("zstd", 3, run);
  input.end(blocks);
  const [stored] = await Promise.all([buffer(output), done]);
  return await createClickHouseProof(run).prove(
    { ...manifest, parts: [part] },
    part,
    Readable.from([stored]),
  );
}

test("rows that were torn before they were stored are damage, whole zstd or not", async () => {
  const part = partOf("many");
  const blocks = await blocksOf(part);
  expect(await prove(part, blocks)).toBeUndefined();
  const second = findSecondBlock(blocks);
  expect(second).toBeGreaterThan(0);
  await expect(prove(part, blocks.subarray(0, -5))).rejects.toMatchObject({
    code: "BACKUP_DAMAGED",
    message: expect.stringContaining("ends in the middle of a block"),
  });
  // Native has no end mark: what was cut between two blocks is only fewer rows.
  await expect(prove(part, blocks.subarray(0, second))).rejects.toMatchObject({
    code: "BACKUP_DAMAGED",
    message: expect.stringMatching(/it has \d+ rows instead of 200003/),
  });
  await expect(prove({ ...part, columns: ["id", "name", "note"] }, blocks)).rejects.toMatchObject({
    message: expect.stringContaining("4 columns instead of 3"),
  });
  const torn = sink.objects.get(part.key)?.subarray(0, -100);
  await expect(createClickHouseProof(run).prove(manifest, part, Readable.from([torn]))).rejects.toMatchObject(
    {
      code: "BACKUP_DAMAGED",
      message: expect.stringContaining("cannot be decompressed"),
    },
  );
});

test("states of aggregate functions only ClickHouse can read, and that is said; their zstd is read all the same", async () => {
  const part = partOf("states");
  const blocks = await blocksOf(part);
  expect(await prove(part, blocks)).toMatch(
    /^only ClickHouse can read values of the type AggregateFunction\(count\)/,
  );
  const torn = sink.objects.get(part.key)?.subarray(0, -3);
  await expect(createClickHouseProof(run).prove(manifest, part, Readable.from([torn]))).rejects.toMatchObject(
    {
      code: "BACKUP_DAMAGED",
    },
  );
});

/** Where the second block begins, which has the header of the first: columns, rows, the first column. */
function findSecondBlock(blocks: Buffer): number {
  const column = Buffer.from("\u0002id\u0006UInt64");
  const second = blocks.indexOf(column, blocks.indexOf(column) + column.length);
  // Before it stand the number of columns in one byte, and that of rows, whose bytes but the last have the high bit.
  let start = second - 1;
  while (start > 0 && ((blocks[start - 1] ?? 0) & 0x80) !== 0) start--;
  return start - 1;
}
