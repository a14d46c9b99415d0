import { expect, test } from "vitest";
import { renderColumns } from "../../../src/cli/columns.ts";

test("columns are as wide as their widest line, and cells may hold several", () => {
  const text = renderColumns(
    ["A", "LONG", "C"],
    [
      ["1\n22", "x", "one"],
      ["3", "y\nz\nw", ""],
    ],
  );
  expect(text).toBe("A   LONG  C\n1   x     one\n22\n3   y\n    z\n    w\n");
});
