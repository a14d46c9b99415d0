import { expect, test } from "vitest";
import { PartBuffers } from "../../../src/destinations/part-buffers.ts";
import { choosePartSize } from "../../../src/destinations/s3-upload.ts";
import { cancelled } from "../../../src/errors.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;

test("there are never more buffers than were asked for, and each is used again", async () => {
  const buffers = new PartBuffers(2);
  const [first, second] = await Promise.all([buffers.take(10, never), buffers.take(10, never)]);
  let third: Buffer | undefined;
  const taking = buffers.take(10, never).then((buffer) => (third = buffer));
  await Promise.resolve();
  expect(third).toBeUndefined();
  buffers.give(second);
  expect(await taking).toBe(second);
  expect(first).not.toBe(second);
});

test("a buffer of another size is made anew", async () => {
  const buffers = new PartBuffers(1);
  buffers.give(await buffers.take(10, never));
  expect(await buffers.take(20, never)).toHaveLength(20);
});

test("who stops waiting takes no buffer away from the next one", async () => {
  const buffers = new PartBuffers(1);
  const held = await buffers.take(10, never);
  const stop = new AbortController();
  const stopped = buffers.take(10, stop.signal);
  const patient = buffers.take(10, never);
  const reason = cancelled();
  stop.abort(reason);
  await expect(stopped).rejects.toBe(reason);
  buffers.give(held);
  expect(await patient).toBe(held);
});

test.each([
  ["of unknown size", undefined, 8],
  ["of 70 GiB", 70 * 1024 * MIB, 8],
  ["of 1 TiB", 1024 * 1024 * MIB, 117],
  ["of 5 TiB", 5 * 1024 * 1024 * MIB, 583],
])("an object %s goes in parts that suffice", (_name, sizeBytes, partMiB) => {
  const partSizeBytes = choosePartSize(sizeBytes);
  expect(partSizeBytes).toBe(partMiB * MIB);
  expect(Math.ceil((1.1 * (sizeBytes ?? 0)) / partSizeBytes)).toBeLessThanOrEqual(10_000);
});
