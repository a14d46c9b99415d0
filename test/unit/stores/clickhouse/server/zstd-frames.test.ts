import { describe, expect, test } from "vitest";
import { ZstdOutline } from "../../../../../src/stores/clickhouse/server/zstd-frames.ts";

/** A frame put together by hand: window descriptor, no content size. */
function buildFrame(blocks: { type?: number; content: number[] }[], hasChecksum = true): Buffer {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, hasChecksum ? 4 : 0, 0x58];
  blocks.forEach(({ type = 0, content }, at) => {
    const isLast = at === blocks.length - 1 ? 1 : 0;
    const size = type === 1 ? 70_000 : content.length;
    const header = (size << 3) | (type << 1) | isLast;
    bytes.push(header & 255, (header >> 8) & 255, header >> 16, ...content);
  });
  return Buffer.from(hasChecksum ? [...bytes, 1, 2, 3, 4] : bytes);
}

function isComplete(bytes: Buffer, chunkSize = bytes.length): boolean {
  const outline = new ZstdOutline();
  for (let at = 0; at < bytes.length; at += chunkSize) outline.push(bytes.subarray(at, at + chunkSize));
  return outline.isComplete;
}

/** `zstd -3 --check` of "lifeboat" and a newline, and of nothing: single segment, content size in the header. */
const FROM_ZSTD = ["28b52ffd24094900006c696665626f61740a7eb0e88b", "28b52ffd240001000099e9d851"].map((hex) =>
  Buffer.from(hex, "hex"),
);

describe("the outline of a zstd stream", () => {
  const frame = buildFrame([{ content: [1, 2, 3] }, { type: 1, content: [9] }, { content: [] }]);

  test("whole frames are complete, however they are cut into chunks", () => {
    for (const chunkSize of [1, 2, 3, 7, 1000]) {
      expect(isComplete(frame, chunkSize)).toBe(true);
      expect(isComplete(Buffer.concat([frame, buildFrame([{ content: [5] }], false)]), chunkSize)).toBe(true);
    }
  });

  test("no bytes at all are complete", () => {
    expect(isComplete(Buffer.alloc(0))).toBe(true);
  });

  test("a frame cut at any byte is not complete", () => {
    for (let length = 1; length < frame.length; length += 1) {
      expect(isComplete(frame.subarray(0, length)), `${length} bytes`).toBe(false);
    }
  });

  test("what is no frame, before or after one, is not complete", () => {
    expect(isComplete(Buffer.from("Code: 395. DB::Exception"))).toBe(false);
    expect(isComplete(Buffer.concat([frame, Buffer.from("Code: 395. DB::Exception")]))).toBe(false);
  });

  test("skippable frames are passed over", () => {
    const skippable = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]);
    expect(isComplete(Buffer.concat([skippable, frame]), 3)).toBe(true);
    expect(isComplete(skippable.subarray(0, -1))).toBe(false);
  });

  test.each(FROM_ZSTD)("what the zstd tool wrote is complete, and not without its last byte", (bytes) => {
    expect(isComplete(bytes)).toBe(true);
    expect(isComplete(bytes.subarray(0, -1))).toBe(false);
  });
});
