import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDestination } from "../../../src/destinations/open.ts";
import { cut, expectNothingLeft, makeBytes } from "../../contract/destination-contract.ts";
import { startTestRun } from "../../support/run-context.ts";
import { SmallDisk } from "../../support/small-disk.ts";

const MIB = 1024 * 1024;
let disk: SmallDisk;

beforeEach(async () => {
  disk = await SmallDisk.mount(8);
});
afterEach(() => disk[Symbol.asyncDispose]());

test("a full disk is told as such, and the half-written object is gone", async () => {
  const destination = await openDestination({ url: pathToFileURL(disk.path).href }, "shop", startTestRun());
  await expect(destination.put("a/k", cut(makeBytes(20 * MIB), MIB))).rejects.toMatchObject({
    code: "DESTINATION_FAILED",
    message: expect.stringContaining("the disk is full"),
    hint: expect.stringContaining("Free space"),
  });
  await expectNothingLeft(destination);
  expect(await readdir(disk.path)).toEqual([]);
  await destination.put("a/k", cut(makeBytes(4 * MIB), MIB));
});

test("a disk that is mounted read-only is told as such", async () => {
  await disk.remount("ro");
  const destination = await openDestination({ url: pathToFileURL(disk.path).href }, "shop", startTestRun());
  await expect(destination.putIfAbsent("k", makeBytes(10))).rejects.toMatchObject({
    code: "DESTINATION_REFUSED",
    message: expect.stringContaining("read-only"),
  });
});

test("what cannot be written to is found before anything is written, and can be read from all the same", async () => {
  const destination = await openDestination({ url: pathToFileURL(disk.path).href }, "shop", startTestRun());
  await destination.check("write");
  expect(await readdir(disk.path)).toEqual([]);
  await disk.remount("ro");
  await destination.check();
  await expect(destination.check("write")).rejects.toMatchObject({
    code: "DESTINATION_REFUSED",
    message: expect.stringContaining("read-only"),
  });
  expect((await destination.tryRights()).map(({ right, outcome }) => `${right}: ${outcome}`)).toEqual([
    "list: allowed",
    "read: allowed",
    "write: refused",
    "remove: refused",
  ]);
  await disk.remount("rw");
  await destination.put("filler", cut(makeBytes((await destination.findFreeBytes())! - MIB), MIB));
  expect(await destination.findFreeBytes()).toBeLessThanOrEqual(MIB);
  await expect(destination.put("a/k", cut(makeBytes(2 * MIB), MIB))).rejects.toThrow("the disk is full");
});
