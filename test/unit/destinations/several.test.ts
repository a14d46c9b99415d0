import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Destination, Written } from "../../../src/destinations/destination.ts";
import { PARTS_IN_MEMORY, PartBuffers } from "../../../src/destinations/part-buffers.ts";
import { SeveralDestinations } from "../../../src/destinations/several.ts";
import { AppError } from "../../../src/errors.ts";
import type { RunContext } from "../../../src/run-context.ts";
import { systemClock } from "../../../src/sys/clock.ts";
import { MemoryDestination, MemoryPlace } from "../../support/memory-destination.ts";
import { startTestRun } from "../../support/run-context.ts";

const MIB = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, "x");

async function* bodyOf(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < sizeBytes; sent += CHUNK.length) yield CHUNK;
}

function refuse(): never {
  throw new AppError("DESTINATION_REFUSED", "The bucket takes nothing.", { hint: "Ask its owner." });
}

function setUp(count: number): {
  places: MemoryPlace[];
  destinations: Destination[];
  run: RunContext;
  lines: string[];
  all: SeveralDestinations;
} {
  const { lines, ...rest } = startTestRun();
  const run = { ...rest, clock: systemClock };
  const places = Array.from({ length: count }, () => new MemoryPlace());
  const destinations = places.map((place) => new MemoryDestination(place, run));
  return { places, destinations, run, lines, all: new SeveralDestinations(destinations, run) };
}

describe("one body", () => {
  test.each([1, 2, 3])("reaches %i destinations whole", async (count) => {
    const { places, all } = setUp(count);
    const written = await all.put("k", bodyOf(30 * MIB));
    expect(written.sizeBytes).toBe(30 * MIB);
    for (const place of places) expect(place.bytes("k").length).toBe(30 * MIB);
    expect(all.outcomes.every(({ failure }) => !failure)).toBe(true);
  });

  test("goes on to the others when one refuses it, and that one is left out from then on", async () => {
    const { places, lines, all } = setUp(3);
    places[1]!.fault = (method) => (method === "put" ? refuse() : undefined);
    await all.put("k", bodyOf(30 * MIB));
    places[1]!.fault = () => {};
    await all.put("l", bodyOf(MIB));
    expect(places.map((place) => place.keys())).toEqual([["k", "l"], [], ["k", "l"]]);
    expect(all.outcomes.map(({ failure }) => failure?.code)).toEqual([
      undefined,
      "DESTINATION_REFUSED",
      undefined,
    ]);
    expect(lines.join()).toContain("is left out of this backup: The bucket takes nothing.");
  });

  test("goes on to the others when one dies in the middle of it", async () => {
    const { destinations, places, run } = setUp(2);
    const dying = { ...stubOf(destinations[1]!), put: readSome(5 * MIB, refuse) };
    const all = new SeveralDestinations([destinations[0]!, dying], run);
    await all.put("k", bodyOf(40 * MIB));
    expect(places[0]!.bytes("k").length).toBe(40 * MIB);
    expect(all.live).toEqual([destinations[0]]);
  });

  test("leaves out one that takes nothing while the other waits", async () => {
    const { destinations, places, run } = setUp(2);
    const stuck = { ...stubOf(destinations[1]!), put: readSome(MIB, () => new Promise<never>(() => {})) };
    const { clock } = startTestRun(); // which sleeps for a moment only
    const all = new SeveralDestinations([destinations[0]!, endWithItsBody(stuck)], { ...run, clock });
    await all.put("k", bodyOf(40 * MIB));
    expect(places[0]!.bytes("k").length).toBe(40 * MIB);
    expect(all.outcomes[1]!.failure?.reason).toContain("took nothing for 180 s");
  });

  test("that breaks off is nobody's fault, and appears nowhere", async () => {
    const { places, all } = setUp(2);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* bodyOf(MIB);
      throw new AppError("STORE_FAILED", "The dump broke off.", { hint: "Look." });
    }
    await expect(all.put("k", broken())).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(places.map((place) => place.keys())).toEqual([[], []]);
    expect(all.live).toHaveLength(2);
  });

  test("that no destination takes fails with the first one's reason, and is read no further", async () => {
    const { places, all } = setUp(2);
    for (const place of places) place.fault = (method) => (method === "put" ? refuse() : undefined);
    let sent = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of bodyOf(200 * MIB)) {
        sent += chunk.length;
        yield chunk;
      }
    }
    await expect(all.put("k", counted())).rejects.toMatchObject({ code: "DESTINATION_REFUSED" });
    expect(sent).toBeLessThan(100 * MIB);
  });
});

test("two that fail in different works leave none, and that is the error of the last", async () => {
  const { places, all } = setUp(2);
  const refuseKey = (refused: string) => (method: string, key: string) =>
    method === "put" && key === refused ? refuse() : undefined;
  places[0]!.fault = refuseKey("a");
  places[1]!.fault = refuseKey("b");
  const outcomes = await Promise.allSettled([all.put("a", bodyOf(MIB)), all.put("b", bodyOf(MIB))]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("however many objects are written at once, none waits for memory that only another's end would free", async () => {
  const { destinations, run } = setUp(2);
  const begun: (() => void)[] = [];
  const buffered = destinations.map((real, index) => withPartBuffers(real, index === 0 ? undefined : begun));
  const all = new SeveralDestinations(buffered, run);
  const writing = Array.from({ length: 8 }, (_, number) => all.create(`k${number}`, bodyOf(32 * MIB)));
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  // The other place has them come in the opposite order.
  for (const begin of begun.splice(0).reverse()) begin();
  begun.push = (begin) => (begin(), 0);
  const written = await Promise.all(writing);
  expect(written.map(({ sizeBytes }) => sizeBytes)).toEqual(Array(8).fill(32 * MIB));
  expect(all.live).toEqual(buffered);
}, 120_000);

test("an object is read from the byte that is asked for", async () => {
  const { places, all } = setUp(2);
  places[0]!.set("k", Buffer.from("rows"));
  expect(await text(await all.open("k", 2))).toBe("ws");
});

test("only what lies at all of them in the same size is there", async () => {
  const { places, all } = setUp(3);
  for (const [index, place] of places.entries()) {
    for (const key of ["a/1", "a/2", "b"]) place.set(key, Buffer.from("rows"));
    place.set(`a/only-${index}`, Buffer.from("rows"));
    place.set("a/other", Buffer.from("x".repeat(index)));
  }
  places[1]!.objects.delete("a/2");
  const keys: string[] = [];
  for await (const { key } of all.list("a/")) keys.push(key);
  expect(keys).toEqual(["a/1"]);
  expect(await all.findSize("a/1")).toBe(4);
  expect(await all.findSize("a/2")).toBeUndefined();
  expect(await all.findSize("a/other")).toBeUndefined();
});

test("with one left out, the others decide what is there", async () => {
  const { places, all } = setUp(2);
  places[1]!.isThere = false;
  await all.check();
  places[0]!.set("a", Buffer.from("rows"));
  expect(await all.findSize("a")).toBe(4);
  expect(all.outcomes[1]!.failure?.code).toBe("DESTINATION_MISSING");
});

test("what fits is what fits at the fullest, of those that tell", async () => {
  const { places, all } = setUp(3);
  expect(await all.findFreeBytes()).toBeUndefined();
  places[0]!.freeBytes = 70;
  places[2]!.freeBytes = 30;
  expect(await all.findFreeBytes()).toBe(30);
});

test("none left is the error of the first", async () => {
  const { places, all } = setUp(2);
  for (const place of places) place.isThere = false;
  await expect(all.check()).rejects.toMatchObject({ code: "DESTINATION_MISSING" });
});

/** A destination whose methods can be replaced one by one. */
function stubOf(real: Destination): Destination {
  return {
    url: "memory://other",
    check: (purpose) => real.check(purpose),
    findFreeBytes: () => real.findFreeBytes(),
    put: (...args) => real.put(...args),
    create: (...args) => real.create(...args),
    putIfAbsent: (...args) => real.putIfAbsent(...args),
    read: (key) => real.read(key),
    open: (key) => real.open(key),
    list: (prefix) => real.list(prefix),
    listInFolders: (...args) => real.listInFolders(...args),
    findSize: (key) => real.findSize(key),
    findLock: (key) => real.findLock(key),
    extendLock: (key) => real.extendLock(key),
    remove: (key) => real.remove(key),
    abortUnfinished: (...args) => real.abortUnfinished(...args),
    close: () => real.close(),
  };
}

/** Gathers what it is given in as few buffers as an S3 destination does. @param begun - what is written waits there, if given */
function withPartBuffers(real: Destination, begun?: (() => void)[]): Destination {
  const buffers = new PartBuffers(PARTS_IN_MEMORY);
  return {
    ...stubOf(real),
    create: async (_key, body) => {
      if (begun) await new Promise<void>((resolve) => begun.push(resolve));
      const never = new AbortController().signal;
      let buffer = await buffers.take(8 * MIB, never);
      let [filled, sizeBytes] = [0, 0];
      for await (const chunk of body) {
        if (filled + chunk.length > buffer.length) {
          buffers.give(buffer);
          buffer = await buffers.take(8 * MIB, never);
          filled = 0;
        }
        filled += chunk.length;
        sizeBytes += chunk.length;
      }
      buffers.give(buffer);
      return { sizeBytes, sha256: "" };
    },
  };
}

/** A `put` that reads so many bytes, and then does something else. */
function readSome(limit: number, then: () => Promise<never>): Destination["put"] {
  return async (_key, body) => {
    let read = 0;
    for await (const chunk of body) {
      read += chunk.length;
      if (read >= limit) return await then();
    }
    throw new Error("the body was shorter");
  };
}

/** A hanging request ends when its body is torn away, as a socket does. */
function endWithItsBody(stuck: Destination): Destination {
  return {
    ...stuck,
    put: async (key, body, expectedSizeBytes) => {
      const torn = new Promise<Written>((_, reject) => (body as Readable).once("error", reject));
      return await Promise.race([stuck.put(key, body, expectedSizeBytes), torn]);
    },
  };
}
