import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { readObjects } from "../../../../src/commands/objects/object-reader.ts";
import { DirectoryDestination } from "../../../../src/destinations/directory.ts";
import { AppError } from "../../../../src/errors.ts";
import { buildStoredObject } from "../../../support/builders.ts";
import { MemoryDestination, MemoryPlace } from "../../../support/memory-destination.ts";
import { startTestRun } from "../../../support/run-context.ts";
import type { TestRun } from "../../../support/run-context.ts";

const CONTENT = Array.from({ length: 50_000 }, (_, index) => `row ${index}\n`).join("");
const OBJECT = buildStoredObject("backups/a/app.dump", CONTENT);

/** A destination whose streams break off after so many bytes each, with an error that may pass; the last goes through. */
class BreakingDestination extends MemoryDestination {
  readonly openedAt: number[] = [];
  readonly #lengths: (number | "refused")[];

  constructor(place: MemoryPlace, run: TestRun, lengths: (number | "refused")[]) {
    super(place, run);
    this.#lengths = [...lengths];
  }

  override async open(key: string, fromByte = 0): Promise<Readable> {
    this.openedAt.push(fromByte);
    const whole = await buffer(await super.open(key, fromByte));
    const length = this.#lengths.shift();
    if (length === undefined) return Readable.from([whole]);
    async function* breakOff(): AsyncGenerator<Buffer> {
      if (length === "refused") throw fault(false);
      for (let at = 0; at < (length ?? 0); at += 1000)
        yield whole.subarray(at, Math.min(at + 1000, length ?? 0));
      throw fault(true);
    }
    return Readable.from(breakOff());
  }
}

function fault(transient: boolean): AppError {
  return new AppError("DESTINATION_FAILED", "The connection was cut.", { hint: "Try again.", transient });
}

function start(lengths: (number | "refused")[]) {
  const place = new MemoryPlace();
  place.set(OBJECT.key, Buffer.from(CONTENT));
  const run = startTestRun();
  const destination = new BreakingDestination(place, run, lengths);
  return { run, place, destination, objects: readObjects(destination, undefined, run) };
}

test("a reading that is cut goes on where it was, as often as it got further, and comes out whole", async () => {
  const lengths = [70_000, 1, 100_000, 3000, 3000, 3000, 3000, 3000];
  const { run, destination, objects } = start(lengths);
  const read = await buffer(await objects.open(OBJECT));
  expect(read.toString()).toBe(CONTENT);
  expect(destination.openedAt).toEqual([
    0, 70_000, 70_001, 170_001, 173_001, 176_001, 179_001, 182_001, 185_001,
  ]);
  expect(run.lines[0]).toContain(`Reading ${OBJECT.key} on from byte 70000 (1 of 5).`);
});

test("a destination that gives nothing more is given up after five tries that wait longer each", async () => {
  const { run, destination, objects } = start([5000, 0, 0, 0, 0, 0, 0]);
  await expect(buffer(await objects.open(OBJECT))).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
  expect(destination.openedAt).toEqual([0, 5000, 5000, 5000, 5000, 5000]);
  expect(run.slept).toEqual([500, 1000, 2000, 4000, 8000]);
});

test("an error that will not pass is not tried again", async () => {
  const { destination, objects } = start(["refused"]);
  await expect(buffer(await objects.open(OBJECT))).rejects.toThrow("The connection was cut.");
  expect(destination.openedAt).toEqual([0]);
});

test("an object that was replaced between two tries is found out by its digest", async () => {
  const { place, objects } = start([70_000]);
  const stream = await objects.open(OBJECT);
  const chunks: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      place.set(OBJECT.key, Buffer.from(CONTENT.replaceAll("9", "8")));
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: "BACKUP_DAMAGED" });
  expect(Buffer.concat(chunks).length).toBeLessThan(OBJECT.sizeBytes);
});

test("a stream that nobody reads can be thrown away, and a cancelled run ends one that is read", async () => {
  const place = new MemoryPlace();
  place.set(OBJECT.key, Buffer.from(CONTENT));
  const run = startTestRun();
  const objects = readObjects(new MemoryDestination(place, run), undefined, run);
  (await objects.open(OBJECT)).destroy();
  const stream = await objects.open(OBJECT);
  const reading = (async () => {
    for await (const _ of stream) run.stopAll();
  })();
  await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
});

test("an object that lies on this machine can be found there as long as it is what a reader gets", () => {
  const run = startTestRun();
  const folder = new DirectoryDestination("/mnt/backups", "app", run);
  const objects = readObjects(folder, undefined, run);
  expect(objects.findPath?.(OBJECT)).toBe(`/mnt/backups/app/${OBJECT.key}`);
  expect(objects.findPath?.({ ...OBJECT, age: { recipients: ["age1…"], contentBytes: 1 } })).toBeUndefined();
  expect(
    readObjects(new MemoryDestination(new MemoryPlace(), run), undefined, run).findPath?.(OBJECT),
  ).toBeUndefined();
});
