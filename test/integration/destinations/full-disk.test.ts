import { mkdir, readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDestination } from "../../../src/destinations/open.ts";
import { runTool, toolEnvironment } from "../../../src/sys/exec.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { Redactor } from "../../../src/sys/secret.ts";
import { cut, expectNothingLeft, makeBytes } from "../../contract/destination-contract.ts";
import { startTestRun } from "../../support/run-context.ts";

const MIB = 1024 * 1024;
let scratch: Scratch;
let disk: string;

/** Mounting needs root: tests run as root, or as a user of sudo without password, as on GitHub's runners. */
async function runAsRoot(...command: string[]): Promise<void> {
  const [file = "", ...args] = process.getuid?.() === 0 ? command : ["sudo", "-n", ...command];
  const env = toolEnvironment(process.env);
  await runTool({ file, args, env }, { signal: new AbortController().signal, redactor: new Redactor() });
}

beforeEach(async () => {
  scratch = await Scratch.create();
  disk = scratch.file("disk");
  await mkdir(disk);
  await runAsRoot("mount", "-t", "tmpfs", "-o", `size=8m,mode=0777`, "tmpfs", disk);
});
afterEach(async () => {
  await runAsRoot("umount", disk);
  await scratch.remove();
});

test("a full disk is told as such, and the half-written object is gone", async () => {
  const destination = await openDestination({ url: pathToFileURL(disk).href }, "shop", startTestRun());
  await expect(destination.put("a/k", cut(makeBytes(20 * MIB), MIB))).rejects.toMatchObject({
    code: "DESTINATION_FAILED",
    message: expect.stringContaining("the disk is full"),
    hint: expect.stringContaining("Free space"),
  });
  await expectNothingLeft(destination);
  expect(await readdir(disk)).toEqual([]);
  await destination.put("a/k", cut(makeBytes(4 * MIB), MIB));
});

test("a disk that is mounted read-only is told as such", async () => {
  await runAsRoot("mount", "-o", "remount,ro", disk);
  const destination = await openDestination({ url: pathToFileURL(disk).href }, "shop", startTestRun());
  await expect(destination.putIfAbsent("k", makeBytes(10))).rejects.toMatchObject({
    code: "DESTINATION_REFUSED",
    message: expect.stringContaining("read-only"),
  });
});
