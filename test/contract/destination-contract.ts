import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Destination } from "../../src/destinations/destination.ts";
import type { TestRun } from "../support/run-context.ts";
import { startTestRun } from "../support/run-context.ts";

const MIB = 1024 * 1024;
const PART_SIZE_BYTES = 8 * MIB;

/** What one implementation of Destination brings to its contract. */
export interface DestinationUnderTest {
  /** Makes a place that nothing was written to yet; what it gives opens that place for a run. */
  createEmpty(): Promise<(run: TestRun) => Promise<Destination>>;
  /** Opens a destination whose bucket or folder does not exist. */
  openMissing(run: TestRun): Promise<Destination>;
}

/** What every destination keeps to. Each test has a destination of its own. */
export function describeDestinationContract(name: string, under: DestinationUnderTest): void {
  describe(`destination contract: ${name}`, () => {
    const open = async (): Promise<{
      destination: Destination;
      run: TestRun;
      reopen: () => Promise<Destination>;
    }> => {
      const run = startTestRun();
      const openFor = await under.createEmpty();
      return { destination: await openFor(run), run, reopen: () => openFor(startTestRun()) };
    };

    test.each([
      ["no byte", 0],
      ["one byte", 1],
      ["one part less a byte", PART_SIZE_BYTES - 1],
      ["exactly one part", PART_SIZE_BYTES],
      ["one part and a byte", PART_SIZE_BYTES + 1],
      ["exactly three parts", 3 * PART_SIZE_BYTES],
      ["several parts and a rest", 21 * MIB + 7],
    ])("%s comes back as it was sent", async (_name, sizeBytes) => {
      const { destination } = await open();
      const bytes = makeBytes(sizeBytes);
      const written = await destination.put("a/b.bin", cut(bytes, 300_001));
      const back = await buffer(await destination.open("a/b.bin"));
      expect(back.equals(bytes)).toBe(true);
      expect(written).toEqual({ sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") });
      expect(await destination.findSize("a/b.bin")).toBe(sizeBytes);
    });

    test("an object can be read from any byte on", async () => {
      const { destination } = await open();
      const bytes = makeBytes(9 * MIB + 7);
      await destination.put("a/b.bin", cut(bytes, MIB));
      for (const from of [0, 1, 70_001, 8 * MIB, bytes.length - 1]) {
        const back = await buffer(await destination.open("a/b.bin", from));
        expect(back.equals(bytes.subarray(from))).toBe(true);
      }
    });

    test("a second put to a key replaces what was there, whole or not at all", async () => {
      const { destination } = await open();
      await destination.put("a/b.bin", cut(makeBytes(9 * MIB), MIB));
      await destination.put("a/b.bin", cut(Buffer.from("second"), MIB));
      expect((await destination.read("a/b.bin")).toString()).toBe("second");
      const broken = new Error("the source broke");
      async function* breakAtOnce(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("thi");
        throw broken;
      }
      await expect(destination.put("a/b.bin", breakAtOnce())).rejects.toBe(broken);
      expect((await destination.read("a/b.bin")).toString()).toBe("second");
    });

    test.each([
      ["in one part", 10],
      ["in several parts", 9 * MIB],
    ])("create writes %s what is new, and never replaces what is there", async (_name, sizeBytes) => {
      const { destination } = await open();
      const bytes = makeBytes(sizeBytes);
      const written = await destination.create("a/b.bin", cut(bytes, MIB), sizeBytes);
      expect(written).toEqual({ sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") });
      const again = destination.create("a/b.bin", cut(makeBytes(sizeBytes).fill(7), MIB), sizeBytes);
      await expect(again).rejects.toMatchObject({ code: "DESTINATION_FAILED", transient: false });
      expect((await destination.read("a/b.bin")).equals(bytes)).toBe(true);
      expect(await destination.abortUnfinished("", () => true)).toBe(0);
    });

    test("eight objects written at once come back as they were sent", async () => {
      const { destination } = await open();
      const bodies = Array.from({ length: 8 }, (_, index) => makeBytes(9 * MIB + index));
      await Promise.all(bodies.map((body, index) => destination.put(`k${index}`, cut(body, 1_000_003))));
      for (const [index, body] of bodies.entries()) {
        expect((await destination.read(`k${index}`)).equals(body)).toBe(true);
      }
    });

    test("a second putIfAbsent to a key leaves the first bytes in place", async () => {
      const { destination } = await open();
      expect(await destination.putIfAbsent("k", Buffer.from("first"))).toBe("written");
      expect(await destination.putIfAbsent("k", Buffer.from("second"))).toBe("already-there");
      expect((await destination.read("k")).toString()).toBe("first");
    });

    test("of ten putIfAbsent at once, one wins, and its bytes are what is there", async () => {
      const { destination } = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          destination.putIfAbsent("k", Buffer.from(`writer ${index}`)),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
      const winner = outcomes.indexOf("written");
      expect((await destination.read("k")).toString()).toBe(`writer ${winner}`);
      expect(await listKeys(destination)).toEqual(["k"]);
    });

    test("a body that throws after 20 MiB leaves nothing, and its own error comes out", async () => {
      const { destination } = await open();
      const broken = new Error("the dump broke");
      async function* breakLate(): AsyncGenerator<Uint8Array> {
        yield* cut(makeBytes(20 * MIB), MIB);
        throw broken;
      }
      await expect(destination.put("a/b.bin", breakLate())).rejects.toBe(broken);
      await expectNothingLeft(destination);
    });

    test("a run cancelled in the middle of a body that hangs leaves nothing", async () => {
      const { destination, run, reopen } = await open();
      async function* hangLate(): AsyncGenerator<Uint8Array> {
        yield* cut(makeBytes(20 * MIB), MIB);
        run.stopAll();
        await new Promise(() => {});
      }
      await expect(destination.put("a/b.bin", hangLate())).rejects.toMatchObject({ code: "CANCELLED" });
      await expectNothingLeft(await reopen());
    });

    test("a run that was cancelled writes nothing", async () => {
      const { destination, run, reopen } = await open();
      run.stopAll();
      await expect(destination.put("k", cut(makeBytes(10), 10))).rejects.toMatchObject({ code: "CANCELLED" });
      await expect(destination.putIfAbsent("k", makeBytes(10))).rejects.toMatchObject({ code: "CANCELLED" });
      await expectNothingLeft(await reopen());
    });

    test("cancelling ends a stream that is being read, with an error", async () => {
      const { destination, run } = await open();
      await destination.put("k", cut(makeBytes(20 * MIB), MIB));
      const stream = await destination.open("k");
      const reading = (async () => {
        for await (const _ of stream) run.stopAll();
      })();
      await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
    });

    test("a stream that nobody reads can be thrown away", async () => {
      const { destination } = await open();
      await destination.put("k", cut(makeBytes(MIB), MIB));
      for (let round = 0; round < 60; round++) (await destination.open("k")).destroy();
      expect(await destination.findSize("k")).toBe(MIB);
    });

    test("a listing is in key order, over all pages, and below its prefix only", async () => {
      const { destination } = await open();
      const keys = ["a-b/x", "a.txt", "a/b/c", "a/b0", "a/c", "a0", "aé", "b/a"];
      for (const key of [...keys].reverse()) await destination.putIfAbsent(key, Buffer.from(key));
      expect(await listKeys(destination)).toEqual(keys);
      expect(await listKeys(destination, "a/")).toEqual(["a/b/c", "a/b0", "a/c"]);
      expect(await listKeys(destination, "a/b")).toEqual(["a/b/c", "a/b0"]);
      expect(await listKeys(destination, "nothing/")).toEqual([]);
      const [first] = await collect(destination.list("a-"));
      expect(first).toMatchObject({ key: "a-b/x", sizeBytes: 5, modifiedAt: expect.any(Date) });
    });

    test("of each folder the object of one name is listed, with the size and time of a full listing", async () => {
      const { destination } = await open();
      const others = ["r/m", "r/b/x", "r/b/c/m", "r/c/xm", "r/c/m.old", "s/a/m"];
      const wanted = ["r/a-b/m", "r/a/m", "r/a0/m", "r/d/m"];
      const besides = ["r/a/a", "r/a/x/y", "r/d/a/b", "r/d/z"];
      for (const key of [...others, ...wanted, ...besides]) {
        await destination.putIfAbsent(key, Buffer.from(key));
      }
      const all = await collect(destination.list(""));
      const found = await collect(destination.listInFolders("r/", "m"));
      expect(found.map(({ key }) => key)).toEqual(wanted);
      expect(found).toEqual(all.filter(({ key }) => wanted.includes(key)));
      expect(await collect(destination.listInFolders("nothing/", "m"))).toEqual([]);
    });

    test("removing takes the object away, with folders that are empty then; again is no error", async () => {
      const { destination } = await open();
      await destination.putIfAbsent("a/b/c", Buffer.from("x"));
      await destination.remove("a/b/c");
      await destination.remove("a/b/c");
      expect(await destination.findSize("a/b/c")).toBeUndefined();
      await expectNothingLeft(destination);
    });

    test("an object that is not there is OBJECT_MISSING", async () => {
      const { destination } = await open();
      await destination.putIfAbsent("a/b", Buffer.from("x"));
      for (const key of ["nothing", "a", "a/c", "a/b/c"]) {
        await expect(destination.open(key)).rejects.toMatchObject({
          code: "OBJECT_MISSING",
          transient: false,
        });
        await expect(destination.read(key)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
        expect(await destination.findSize(key)).toBeUndefined();
      }
    });

    test.each(["a b", "ä/日本", "a+b&c=d?e#f", "per%20cent", "q'u\"ote", "s*r(i)!~", "..a", "a.."])(
      "a key such as %j is taken as it is",
      async (key) => {
        const { destination } = await open();
        await destination.put(key, cut(Buffer.from(key), 1));
        expect((await destination.read(key)).toString()).toBe(key);
        expect(await listKeys(destination)).toEqual([key]);
        await destination.remove(key);
        expect(await listKeys(destination)).toEqual([]);
      },
    );

    test.each(["../up", "a/../../up", "a//b", "/a", "a/", "", ".", "a/./b", "a\0b", "a\\b"])(
      "the key %j is refused by every method",
      async (key) => {
        const { destination } = await open();
        const refused = { code: "BACKUP_DAMAGED" };
        await expect(destination.put(key, cut(Buffer.from("x"), 1))).rejects.toMatchObject(refused);
        await expect(destination.putIfAbsent(key, Buffer.from("x"))).rejects.toMatchObject(refused);
        await expect(destination.open(key)).rejects.toMatchObject(refused);
        await expect(destination.findSize(key)).rejects.toMatchObject(refused);
        await expect(destination.remove(key)).rejects.toMatchObject(refused);
      },
    );

    test("a destination that is there passes its check, empty or not, and stays as it is", async () => {
      const { destination } = await open();
      await destination.check();
      await destination.check("write");
      await expectNothingLeft(destination);
    });

    test("a destination that is not there is DESTINATION_MISSING", async () => {
      const destination = await under.openMissing(startTestRun());
      const missing = { code: "DESTINATION_MISSING", hint: expect.stringContaining("reate") };
      await expect(destination.check()).rejects.toMatchObject(missing);
      await expect(destination.check("write")).rejects.toMatchObject(missing);
      await expect(destination.put("k", cut(makeBytes(10), 10))).rejects.toMatchObject(missing);
      await expect(destination.put("k", cut(makeBytes(20 * MIB), MIB))).rejects.toMatchObject(missing);
      await expect(destination.putIfAbsent("k", makeBytes(10))).rejects.toMatchObject(missing);
      await expect(destination.read("k")).rejects.toMatchObject(missing);
      await expect(listKeys(destination)).rejects.toMatchObject(missing);
      await expect(collect(destination.listInFolders("a/", "m"))).rejects.toMatchObject(missing);
    });
  });
}

/** Bytes that differ from place to place, so that parts in the wrong order are noticed. */
export function makeBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset + 4 <= sizeBytes; offset += 4) {
    bytes.writeUInt32LE(Math.imul(offset + 1, 2654435761) >>> 0, offset);
  }
  return bytes;
}

/** A body in chunks, each of which is overwritten when the next is asked for, as a reader's buffer may be. */
export async function* cut(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(chunkBytes);
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    const piece = bytes.subarray(offset, offset + chunkBytes);
    chunk.set(piece);
    yield chunk.subarray(0, piece.length);
    chunk.fill(0xee);
  }
}

export async function listKeys(destination: Destination, prefix = ""): Promise<string[]> {
  return (await collect(destination.list(prefix))).map(({ key }) => key);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Neither objects nor unfinished uploads. */
export async function expectNothingLeft(destination: Destination): Promise<void> {
  expect(await listKeys(destination)).toEqual([]);
  expect(await destination.abortUnfinished("", () => true)).toBe(0);
}
