import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { buildReport, renderMarkdown } from "../../bench/report.ts";
import type { BenchReport } from "../../bench/report.ts";
import { runTool, toolEnvironment } from "../../src/sys/exec.ts";
import { Redactor } from "../../src/sys/secret.ts";
import { Scratch } from "../../src/sys/scratch.ts";

const MAIN = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

/** What the bench prints for an option with which it measures nothing. */
async function ask(option: string): Promise<{ stdout: string; stderr: string }> {
  const bench = spawn(process.execPath, ["--import", "tsx", MAIN, option]);
  const [stdout, stderr] = await Promise.all([text(bench.stdout), text(bench.stderr)]);
  return { stdout, stderr };
}

test("the bench of Postgres measures every command, and reports ratios without a path of this machine", async () => {
  await using scratch = await Scratch.create();
  const args = ["--import", "tsx", MAIN, "--scale", "0.002", "--rounds", "1", "--only", "postgres"];
  await runTool(
    { file: process.execPath, args: [...args, "--out", scratch.path], env: toolEnvironment(process.env) },
    { signal: new AbortController().signal, redactor: new Redactor() },
  );
  const json = await readFile(scratch.file("postgres.json"), "utf8");
  const markdown = await readFile(scratch.file("postgres.md"), "utf8");
  const report = JSON.parse(json) as BenchReport;
  expect(report.options).toEqual({ scale: 0.002, rounds: 1 });
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
    expect(rounds).toHaveLength(1);
    expect(median.wallSeconds).toBe(rounds[0]!.wallSeconds);
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
    expect(text).not.toContain(tmpdir());
  }
});

test("its help is a page, and a command line that cannot be read one error", async () => {
  const [help, unknown] = await Promise.all([ask("--help"), ask("--bogus")]);
  expect(help.stdout).toMatch(/^Usage: npm run bench -- \[options\]\n[^]*--only <part>[^]*"postgres-tables"/);
  expect(help.stderr).toBe("");
  expect(unknown.stdout).toBe("");
  expect(unknown.stderr).toBe("error: unknown option '--bogus'\n(--help tells what there is)\n");
});

test("a figure is the median of its rounds", () => {
  const rounds = [1, 5, 2, 4].map((wallSeconds) => ({ wallSeconds, cpuSeconds: 2, peakMemoryBytes: 3e6 }));
  const medianOf = (count: number): number | undefined => {
    const results = [{ name: "backup", command: "lifeboat backup", rounds: rounds.slice(0, count) }];
    const section = { title: "Bench", facts: {}, comparisons: [] };
    return buildReport(section, { scale: 1, rounds: count }, results, new Date(0)).cases[0]!.median
      .wallSeconds;
  };
  expect([1, 2, 3, 4].map(medianOf)).toEqual([1, 3, 2, 3]);
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
