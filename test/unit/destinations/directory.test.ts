import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Destination } from "../../../src/destinations/destination.ts";
import { openDestination } from "../../../src/destinations/open.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { startTestRun } from "../../support/run-context.ts";

let scratch: Scratch;
let destination: Destination;

beforeEach(async () => {
  scratch = await Scratch.create();
  destination = await openDestination({ url: pathToFileURL(scratch.path).href }, "shop", startTestRun());
});
afterEach(() => scratch.remove());

async function* sendText(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test("files and folders can be read by their owner only", async () => {
  await destination.put("a/b/c", sendText("x"));
  await destination.putIfAbsent("a/d", Buffer.from("x"));
  const modeOf = async (path: string): Promise<number> => (await stat(scratch.file(path))).mode & 0o777;
  expect(await modeOf("shop/a/b")).toBe(0o700);
  expect(await modeOf("shop/a/b/c")).toBe(0o600);
  expect(await modeOf("shop/a/d")).toBe(0o600);
});

test("while an object is written it is not listed, and nobody can read it", async () => {
  async function* lookAround(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    expect(await readdir(scratch.file("shop/a"))).toEqual([
      expect.stringMatching(/^k\.partial-[0-9a-f]{12}$/),
    ]);
    for await (const listed of destination.list("")) expect.fail(`${listed.key} is listed`);
    await expect(destination.read("a/k")).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    yield Buffer.from("whole");
  }
  await destination.put("a/k", lookAround());
  expect(await readdir(scratch.file("shop/a"))).toEqual(["k"]);
});

test("what a killed run left is removed when its caller calls it dead, and nothing else is", async () => {
  await mkdir(scratch.file("shop/a"), { recursive: true });
  await writeFile(scratch.file("shop/a/k.partial-0123456789ab"), "half");
  await destination.putIfAbsent("b/k", Buffer.from("x"));
  const seen: string[] = [];
  expect(await destination.abortUnfinished("", ({ key }) => seen.push(key) === 0)).toBe(0);
  expect(seen).toEqual(["a/k"]);
  expect(await destination.abortUnfinished("", () => true)).toBe(1);
  expect(await readdir(scratch.file("shop"))).toEqual(["b"]);
});

test("an error of a body that is a socket is not taken for the folder's", async () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
  async function* breakOff(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    throw reset;
  }
  await expect(destination.put("k", breakOff())).rejects.toBe(reset);
});

test("a folder where an object should go is told as such", async () => {
  await destination.put("a/b", sendText("x"));
  for (const key of ["a", "a/b/c"]) {
    await expect(destination.put(key, sendText("x"))).rejects.toMatchObject({ code: "DESTINATION_FAILED" });
  }
  expect(await readdir(scratch.file("shop/a"))).toEqual(["b"]);
});

test("objects written while others empty the same folder all arrive", async () => {
  const rounds = Array.from({ length: 200 }, async (_, index) => {
    await destination.put(`a/b/${index}`, sendText("x"));
    if (index % 2 === 0) await destination.remove(`a/b/${index}`);
  });
  await Promise.all(rounds);
  expect(await readdir(join(scratch.file("shop"), "a/b"))).toHaveLength(100);
});
