import { mkdir, readdir } from "node:fs/promises";
import { once } from "node:events";
import { request as sendRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { BackupResult } from "../../src/commands/backup.ts";
import { openCompressor, openDecompressor } from "../../src/sys/compression.ts";
import type { Transformer } from "../../src/sys/compression.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Machine } from "../support/cli.ts";
import { serve } from "../support/http-server.ts";
import { startToolRun } from "../support/postgres-databases.ts";
import { provideTool } from "../support/stock-tools.ts";
import { createClickHouseDatabase } from "../support/services.ts";
import type { TestDatabase } from "../support/services.ts";
import { runClickHouse } from "./product.ts";

/** Each is more than one block of the server's, and hardly compresses. */
const ROWS_IN_PARTITION = 200_000;

const run = startToolRun();
let database: TestDatabase;
let tools: Scratch;

beforeAll(async () => {
  tools = await Scratch.create();
  await provideTool(run, "zstd", tools.file("zstd"));
});
afterAll(() => tools.remove());

beforeEach(async () => {
  database = await createClickHouseDatabase();
  await runClickHouse(
    database.url,
    `CREATE TABLE log (id UInt64) ENGINE = MergeTree PARTITION BY id % 2 ORDER BY id;
     INSERT INTO log SELECT cityHash64(number) * 2 + number % 2 FROM numbers(${2 * ROWS_IN_PARTITION})`,
  );
});
afterEach(() => database.drop());

/** The first zstd block of a frame that ClickHouse wrote, and all before it. */
function cutAfterZstdBlock(bytes: Buffer): Buffer {
  const descriptor = bytes.readUInt8(4);
  expect(descriptor & ~4, "neither a dictionary nor a size in the frame's header").toBe(0);
  const block = 6;
  const header = bytes.readUIntLE(block, 3);
  expect(header & 1, "not the last block").toBe(0);
  expect(header >> 1, "a block that is not one repeated byte").not.toBe(1);
  return bytes.subarray(0, block + 3 + (header >> 3));
}

/** The first Native block of a table with one UInt64 column named `id`, whole. */
function cutAfterNativeBlock(bytes: Buffer): Buffer {
  const rows = bytes[1]! - 0x80 + (bytes[2]! - 0x80) * 0x80 + bytes[3]! * 0x4000;
  const end = bytes.indexOf("UInt64") + "UInt64".length + 8 * rows;
  expect(end).toBeLessThan(bytes.length);
  expect(bytes.subarray(end, end + 1)).toEqual(bytes.subarray(0, 1)); // where the next one begins
  return bytes.subarray(0, end);
}

const CUT_SHORT = { code: "STORE_FAILED", title: expect.stringContaining("broke its answer off") };
const NOT_ZSTD = { code: "STORE_UNSUPPORTED", title: expect.stringContaining("did not answer in zstd") };
const FEWER_ROWS = {
  code: "STORE_FAILED",
  title: expect.stringMatching(/came with \d+ rows instead of 200000/),
};
const TORN = { code: "STORE_FAILED", title: expect.stringContaining("ends in the middle of a block") };
const NO_ROWS = { code: "STORE_FAILED", title: expect.stringContaining("came without its rows") };

/** What a proxy sends that unpacks an answer, cuts it, and packs it again. */
async function packAnew(bytes: Buffer, cut: (bytes: Buffer) => Buffer): Promise<Buffer> {
  const plain = await passThrough(await openDecompressor("zstd", run), bytes);
  return await passThrough(await openCompressor("zstd", 3, run), cut(plain));
}

async function passThrough({ input, output, done }: Transformer, bytes: Buffer): Promise<Buffer> {
  input.end(bytes);
  const [passed] = await Promise.all([buffer(output), done]);
  return passed;
}

test.each<[string, "zstd" | "plain" | "packed anew", (bytes: Buffer) => Buffer, object]>([
  ["half of it", "zstd", (bytes) => bytes.subarray(0, bytes.length / 2), CUT_SHORT],
  ["a whole zstd block", "zstd", cutAfterZstdBlock, CUT_SHORT],
  ["nothing", "zstd", (bytes) => bytes.subarray(0, 0), NO_ROWS],
  ["half of it", "plain", (bytes) => bytes.subarray(0, bytes.length / 2), NOT_ZSTD],
  ["a whole Native block", "plain", cutAfterNativeBlock, NOT_ZSTD],
  ["nothing", "plain", (bytes) => bytes.subarray(0, 0), NO_ROWS],
  ["half of it", "packed anew", (bytes) => bytes.subarray(0, bytes.length / 2), TORN],
  ["a whole Native block", "packed anew", cutAfterNativeBlock, FEWER_ROWS],
])(
  "an answer of which a proxy passes %s on and ends it as if it were whole, %s, is in no backup",
  async (_, form, cut, error) => {
    let isFaulty = true;
    // Of streams that are whole for all that their ends say, only a sample is looked into: here one of the two.
    const cutQueries = form === "packed anew" ? /FORMAT Native/ : /_partition_id = '1'[^]*FORMAT Native/;
    const { origin, username, password } = new URL(database.url);
    await using proxy = await serve(async (request: IncomingMessage, response: ServerResponse) => {
      const body = await buffer(request);
      const isExport = cutQueries.test(body.toString("latin1"));
      const headers = { ...request.headers };
      if (isFaulty && isExport && form === "plain") delete headers["accept-encoding"];
      const { method = "", url = "" } = request;
      const forwarded = sendRequest(new URL(url, origin), { method, headers, agent: false }).end(body);
      const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
      const bytes = await buffer(answer);
      response.writeHead(answer.statusCode ?? 500, answer.headers); // chunked, as the server's own
      if (!isFaulty || !isExport) response.end(bytes);
      else response.end(form === "packed anew" ? await packAnew(bytes, cut) : cut(bytes));
    });
    const machine = await Machine.create({ PATH: `${tools.path}:/usr/bin:/bin` });
    const folder = join(machine.folder, "backups");
    await mkdir(folder);
    const to = ["--destination", pathToFileURL(folder).href];
    const source = Object.assign(new URL(proxy.url), { username, password, pathname: `/${database.name}` });
    const from = ["--clickhouse-url", source.href];

    const faulty = await machine.run("backup", ...to, ...from);
    expect(faulty.status, faulty.stderr).toBe(4);
    expect(faulty.json.error).toMatchObject(error);
    expect(await machine.list(...to)).toEqual([]);
    const left = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".zst"));
    // The partition that came whole stays for the next run.
    expect(left.filter((file) => form === "packed anew" || !/\/0-[^/]*$/.test(file))).toEqual([]);

    isFaulty = false;
    const next = await machine.run("backup", ...to, ...from);
    expect(next.status, next.stderr).toBe(0);
    expect((next.json as BackupResult).manifest.stores[0]?.inventory.tables).toMatchObject([
      { rows: 2 * ROWS_IN_PARTITION },
    ]);
    await database.drop();
    const drill = await machine.run("drill", ...to, "--target-clickhouse-url", inject("clickhouseUrl"));
    expect(drill.json, drill.stderr).toMatchObject({ record: { verdict: "proven" } });
  },
);
