import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { EXIT_STATUS } from "../../src/errors.ts";

describe("docs/exit-status.md", () => {
  test("lists every error code with the exit status it really has", async () => {
    const text = await readFile(new URL("../../docs/exit-status.md", import.meta.url), "utf8");
    const listed = [...text.matchAll(/^\| `([A-Z_]+)`\s*\| (\d+)/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(Object.fromEntries(listed)).toEqual(EXIT_STATUS);
  });
});
