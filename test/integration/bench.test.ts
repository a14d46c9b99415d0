import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { buildReport, renderMarkdown } from "../../bench/report.ts";
import type { BenchReport } from "../../bench/report.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Redactor } from "../../src/sys/secret.ts";
import { Scratch } from "../../src/sys/scratch.ts";

test("the bench of Postgres measures every command, and reports ratios without a path of this machine", async () => {
  await using scratch = await Scratch.create();
  const main = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
  const args = ["--import", "tsx", main, "--scale", "0.002", "--rounds", "2", "--only", "postgres"];
  await runTool(
    { file: process.execPath, args: [...args, "--out", scratch.path], env: toolEnvironment(process.env) },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
  const json = await readFile(scratch.file("postgres.json"), "utf8");
  const markdown = await readFile(scratch.file("postgres.md"), "utf8");
  const report = JSON.parse(json) as BenchReport;
  expect(report.options).toEqual({ scale: 0.002, rounds: 2 });
  expect(report.cases.map(({ name }) => name)).toEqual([
    "floor",
    "floor at lifeboat's level",
    "runbook, custom format",
    "runbook, plain and gzip",
    "lifeboat to a folder",
    "lifeboat to S3",
    "runbook, serial restore",
    "lifeboat restore and compare",
    "the same of a backup with counts only",
  ]);
  for (const { name, rounds, median } of report.cases) {
    expect(rounds).toHaveLength(2);
    const [first, second] = rounds.map(({ wallSeconds }) => wallSeconds);
    expect(median.wallSeconds).toBeCloseTo((first! + second!) / 2);
    expect(median.cpuSeconds).toBeGreaterThan(0);
    expect(median.peakMemoryBytes).toBeGreaterThan(0);
    expect(markdown).toContain(`| ${name} `);
  }
  const sent = report.cases.filter(({ name }) => /^floor|^lifeboat to/.test(name));
  expect(sent).toHaveLength(4);
  for (const { median } of sent) expect(median.bytes).toBeGreaterThan(100_000);
  for (const { ratio } of report.comparisons) expect(ratio.wallSeconds).toBeGreaterThan(0);
  const root = fileURLToPath(new URL("../../", import.meta.url));
  for (const text of [json, markdown]) {
    expect(text).not.toContain(root);
    expect(text).not.toContain("/tmp/");
  }
});

test("a report without comparisons has no table of ratios", async () => {
  const rounds = [{ wallSeconds: 1, cpuSeconds: 2, peakMemoryBytes: 3e6 }];
  const results = ["backup", "restore"].map((name) => ({ name, command: `lifeboat ${name}`, rounds }));
  const render = (comparisons: { measured: string; against: string }[]): Promise<string> => {
    const section = { title: "Bench", facts: {}, comparisons };
    return renderMarkdown(buildReport(section, { scale: 1, rounds: 1 }, results, new Date(0)));
  };
  expect(await render([{ measured: "restore", against: "backup" }])).toContain("## Ratios");
  expect(await render([])).not.toContain("Ratios");
});
