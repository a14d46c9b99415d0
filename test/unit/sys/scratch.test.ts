import { existsSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Scratch, SCRATCH_PREFIX } from "../../../src/sys/scratch.ts";

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

test("no folder that an operator might choose beside it is taken for one", () => {
  for (const name of ["lifeboat-report", "lifeboat-backups"]) {
    expect(name.startsWith(SCRATCH_PREFIX)).toBe(false);
  }
});
