import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { listGeneratedFiles } from "../../scripts/generated-files.ts";
import { listOptions } from "../../src/config/options.ts";

test.each(listGeneratedFiles())("$path is what npm run generate writes", async ({ path, render }) => {
  const committed = readFileSync(path, "utf8");
  expect(committed).toBe(await render(committed));
});

test("the Action takes exactly the options that exist for it", () => {
  const action = parse(readFileSync("action.yml", "utf8")) as { inputs: object; runs: object };
  expect(Object.keys(action.inputs)).toEqual(listOptions("action").map(({ name }) => name));
});
