// npm run bench [-- --scale 0.05 --rounds 1 --only clickhouse --out DIR]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readArguments } from "./arguments.ts";
import type { Bench, BenchSection } from "./section.ts";

type OpenSection = (bench: Bench) => Promise<BenchSection>;

/** By name, the first part of the report's file names. Loaded when they are measured only: --help tells at once. */
const SECTIONS: Readonly<Record<string, () => Promise<OpenSection>>> = {
  postgres: async () => (await import("./postgres.ts")).openPostgresBench,
  "postgres-tables": async () => (await import("./postgres-tables.ts")).openManyTablesBench,
  clickhouse: async () => (await import("./clickhouse.ts")).openClickHouseBench,
};

// It would print when it will leave the running version of Node.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const { only, out, ...options } = readArguments(Object.keys(SECTIONS));
const [{ buildLifeboat }, { buildReport, renderJson, renderMarkdown }, { runCases, withSection }] =
  await Promise.all([import("./lifeboat.ts"), import("./report.ts"), import("./section.ts")]);
await mkdir(out, { recursive: true });
await using lifeboat = await buildLifeboat();
for (const [name, load] of Object.entries(SECTIONS)) {
  if (only !== undefined && name !== only) continue;
  await withSection(await load(), options, lifeboat, async (section) => {
    const results = await runCases(section, options.rounds, (line) => console.log(`${name}, ${line}`));
    const report = buildReport(section, options, results, new Date());
    const markdown = await renderMarkdown(report);
    await writeFile(join(out, `${name}.json`), await renderJson(report));
    await writeFile(join(out, `${name}.md`), markdown);
    console.log(`\n${markdown}`);
  });
}
