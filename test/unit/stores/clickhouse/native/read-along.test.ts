import { expect, test } from "vitest";
import { ReadAlong } from "../../../../../src/stores/clickhouse/native/read-along.ts";
import { startTestRun } from "../../../../support/run-context.ts";

/** More than the copy of a stream holds at once. */
const CHUNKS = 40;
const CHUNK = new Uint8Array(64 * 1024);

async function* stream(): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < CHUNKS; number += 1) yield CHUNK;
}

const withoutZstd = (run = startTestRun()): ReadAlong =>
  new ReadAlong({ ...run, toolEnv: { PATH: "/no/such/folder" } });

test("on a machine without zstd every stream passes whole, and it is said once that none was looked into", async () => {
  const run = startTestRun();
  const readAlong = withoutZstd(run);
  for (let time = 0; time < 3; time += 1) {
    const followed = readAlong.follow(stream(), ["id"]);
    let bytes = 0;
    for await (const chunk of followed.stream) bytes += chunk.length;
    expect(bytes).toBe(CHUNKS * CHUNK.length);
    expect(await followed.walked()).toBeUndefined();
  }
  expect(run.lines).toEqual([expect.stringContaining("zstd is not on this machine")]);
});

test("a stream that is given up, or never read, holds nobody back", async () => {
  const readAlong = withoutZstd();
  const unread = readAlong.follow(stream(), ["id"]);
  expect(await unread.walked()).toBeUndefined();
  const broken = readAlong.follow(stream(), ["id"]);
  for await (const _ of broken.stream) break;
  expect(await broken.walked()).toBeUndefined();
});

test("what the stream fails with reaches its reader", async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield CHUNK;
    throw new Error("cut off");
  };
  const { stream: followed } = withoutZstd().follow(failing(), ["id"]);
  const read = async (): Promise<void> => {
    for await (const _ of followed);
  };
  await expect(read()).rejects.toThrow("cut off");
});
