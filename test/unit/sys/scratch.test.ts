import { existsSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Scratch } from "../../../src/sys/scratch.ts";

test("a scratch folder is private, and is removed with what is in it", async () => {
  let path: string;
  {
    await using scratch = await Scratch.create();
    path = scratch.path;
    expect(statSync(path).mode & 0o777).toBe(0o700);
    writeFileSync(scratch.file("dump"), "rows");
  }
  expect(existsSync(path)).toBe(false);
});
