import { availableParallelism, cpus, totalmem } from "node:os";
import { format } from "prettier";
import type { BenchComparison, BenchOptions, BenchSection, CaseResults, Result } from "./section.ts";

const FIGURES = ["wallSeconds", "cpuSeconds", "peakMemoryBytes", "bytes"] as const;
type Figure = (typeof FIGURES)[number];

/** What a bench found; docs/bench holds it as JSON and, from that, as Markdown. */
export interface BenchReport {
  title: string;
  takenAt: string;
  options: BenchOptions;
  machine: { cores: number; processor: string; memoryBytes: number; node: string };
  facts: Record<string, string>;
  cases: (CaseResults & { median: Partial<Record<Figure, number>> })[];
  comparisons: (BenchComparison & { ratio: Partial<Record<Figure, number>> })[];
}

export function buildReport(
  section: Pick<BenchSection, "title" | "facts" | "comparisons">,
  options: BenchOptions,
  results: readonly CaseResults[],
  takenAt: Date,
): BenchReport {
  const { title, facts } = section;
  const cases = results.map((result) => ({ ...result, median: mediansOf(result.rounds) }));
  const medianOf = (name: string): Partial<Record<Figure, number>> => {
    const found = cases.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no case is named ${name}`);
    return found.median;
  };
  return {
    title,
    takenAt: takenAt.toISOString(),
    options,
    machine: {
      cores: availableParallelism(),
      processor: cpus()[0]?.model ?? "unknown",
      memoryBytes: totalmem(),
      node: process.version,
    },
    facts,
    cases,
    comparisons: section.comparisons.map((comparison) => ({
      ...comparison,
      ratio: ratiosOf(medianOf(comparison.measured), medianOf(comparison.against)),
    })),
  };
}

export async function renderJson(report: BenchReport): Promise<string> {
  return format(JSON.stringify(report), { parser: "json", printWidth: 110 });
}

export async function renderMarkdown(report: BenchReport): Promise<string> {
  const { title, takenAt, options, machine, facts, cases, comparisons } = report;
  const lines = [
    `# ${title}`,
    "",
    `Taken at ${takenAt} by \`npm run bench -- --scale ${options.scale} --rounds ${options.rounds}\`. The commands ran`,
    "in turn; each figure is the median of its rounds. Memory is the peak of all processes of the command together,",
    "servers not included. Seconds depend on the machine; ratios travel better.",
    "",
    "| | |",
    "| --- | --- |",
    `| Machine | ${machine.cores} cores, ${machine.processor}, ${formatSize(machine.memoryBytes)} of memory |`,
    `| Node | ${machine.node} |`,
    ...Object.entries(facts).map(([name, value]) => `| ${name} | ${value} |`),
    "",
    "## What it costs",
    "",
    "| | command | wall s | CPU s | peak memory | written |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...cases.map(
      ({ name, command, median }) =>
        `| ${name} | \`${command.replaceAll("|", "\\|")}\` | ${seconds(median.wallSeconds)} | ` +
        `${seconds(median.cpuSeconds)} | ${size(median.peakMemoryBytes)} | ${size(median.bytes)} |`,
    ),
    "",
    ...(comparisons.length > 0 ? renderRatios(comparisons) : []),
  ];
  return format(lines.join("\n"), { parser: "markdown", printWidth: 110, proseWrap: "preserve" });
}

function renderRatios(comparisons: BenchReport["comparisons"]): string[] {
  return [
    "## Ratios",
    "",
    "| measured | against | wall | aim | CPU | memory | written |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ...comparisons.map(
      ({ measured, against, aim, ratio }) =>
        `| ${measured} | ${against} | ${seconds(ratio.wallSeconds)} | ${aim === undefined ? "" : `≤ ${aim}`} | ` +
        `${seconds(ratio.cpuSeconds)} | ${seconds(ratio.peakMemoryBytes)} | ${seconds(ratio.bytes)} |`,
    ),
    "",
  ];
}

function mediansOf(rounds: readonly Result[]): Partial<Record<Figure, number>> {
  return Object.fromEntries(
    FIGURES.flatMap((figure) => {
      const values = rounds.flatMap((round) => round[figure] ?? []).sort((a, b) => a - b);
      return values.length === 0 ? [] : [[figure, middleOf(values)]];
    }),
  );
}

function middleOf(sorted: readonly number[]): number {
  const upper = Math.floor(sorted.length / 2);
  const pair = sorted.length % 2 === 0 ? [upper - 1, upper] : [upper];
  return pair.reduce((sum, index) => sum + (sorted[index] ?? 0), 0) / pair.length;
}

function ratiosOf(
  measured: Partial<Record<Figure, number>>,
  against: Partial<Record<Figure, number>>,
): Partial<Record<Figure, number>> {
  return Object.fromEntries(
    FIGURES.flatMap((figure) => {
      const [above, below] = [measured[figure], against[figure]];
      return above === undefined || !below ? [] : [[figure, Math.round((above / below) * 100) / 100]];
    }),
  );
}

function seconds(value: number | undefined): string {
  return value?.toFixed(2) ?? "";
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? "" : formatSize(bytes);
}

function formatSize(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
