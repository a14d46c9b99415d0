import { readFile, writeFile } from "node:fs/promises";
import { listGeneratedFiles } from "./generated-files.ts";

for (const { path, render } of listGeneratedFiles()) {
  const current = await readFile(path, "utf8").catch(() => "");
  await writeFile(path, await render(current));
}
