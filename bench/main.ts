// npm run bench [-- --scale 0.05 --rounds 1 --only clickhouse --out DIR]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openClickHouseBench } from "./clickhouse.ts";
import { buildLifeboat } from "./lifeboat.ts";
import { openPostgresBench } from "./postgres.ts";
import { openManyTablesBench } from "./postgres-tables.ts";
import { buildReport, renderJson, renderMarkdown } from "./report.ts";
import { runCases, withSection } from "./section.ts";
import type { Bench, BenchSection } from "./section.ts";

/** By name; the first part of the report's file names. */
const SECTIONS: Readonly<Record<string, (bench: Bench) => Promise<BenchSection>>> = {
  postgres: openPostgresBench,
  "postgres-tables": openManyTablesBench,
  clickhouse: openClickHouseBench,
};

// It would print when it will leave the running version of Node.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    out: { type: "string", default: fileURLToPath(new URL("../docs/bench", import.meta.url)) },
  },
});
const options = { scale: positive("scale", values.scale), rounds: positive("rounds", values.rounds) };
const names = Object.keys(SECTIONS).filter((name) => values.only === undefined || name === values.only);
if (names.length === 0) throw new Error(`--only is one of ${Object.keys(SECTIONS).join(", ")}.`);
await mkdir(values.out, { recursive: true });
await using lifeboat = await buildLifeboat();
for (const name of names) {
  await withSection(SECTIONS[name]!, options, lifeboat, async (section) => {
    const results = await runCases(section, options.rounds, (line) => console.log(`${name}, ${line}`));
    const report = buildReport(section, options, results, new Date());
    const markdown = await renderMarkdown(report);
    await writeFile(join(values.out, `${name}.json`), await renderJson(report));
    await writeFile(join(values.out, `${name}.md`), markdown);
    console.log(`\n${markdown}`);
  });
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (value > 0) return value;
  throw new Error(`--${name} is a number above 0.`);
}
