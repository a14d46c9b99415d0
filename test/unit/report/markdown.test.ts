import { expect, test } from "vitest";
import { escapeLines, escapeMarkdown } from "../../../src/report/markdown.ts";

test.each([
  ["1.5 s", "1.5 s"],
  ["1. first", "1\\. first"],
  ["- item", "\\- item"],
  ["=== heading", "\\=== heading"],
  ["a - b = c", "a - b = c"],
  ["@all", "@&#8203;all"],
  ["fixes #12", "fixes \\#&#8203;12"],
  ["# title", "\\# title"],
  [" a \n b ", "a b"],
])("%j is shown as it is", (text, markdown) => {
  expect(escapeMarkdown(text)).toBe(markdown);
});

test("lines stay lines, and none of them begins anything", () => {
  expect(escapeLines("one\n---\r\n\n    code\n> quote")).toBe("one\\\n\\---\\\ncode\\\n&gt; quote");
});
