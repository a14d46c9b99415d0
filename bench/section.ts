import { mkdir, rm } from "node:fs/promises";
import { Scratch } from "../src/sys/scratch.ts";
import type { Lifeboat } from "./lifeboat.ts";
import type { Cost } from "./measure.ts";

export interface BenchOptions {
  /** 1 is one or two GB of data. */
  scale: number;
  rounds: number;
}

export interface Result extends Cost {
  /** What was written or sent; absent where nothing is kept. */
  bytes?: number;
}

/** One way to do something. */
export interface BenchCase {
  /** Stands for it in comparisons. */
  name: string;
  /** The command, as an operator would type it. */
  command: string;
  /** Does it once. What it prepares and clears away is not measured. */
  run: (round: number) => Promise<Result>;
}

/** What the medians of two cases are held against. */
export interface BenchComparison {
  measured: string;
  against: string;
  /** The ratio of wall times that the project wants to stay below. */
  aim?: number;
}

/** The bench of one kind of store: its cases run in turn, one round after the other. */
export interface BenchSection {
  /** Names its files: `postgres`. */
  name: string;
  title: string;
  /** What the data and the servers are, as pairs of words and values. */
  facts: Record<string, string>;
  cases: BenchCase[];
  comparisons: BenchComparison[];
}

/** What a section is opened with. */
export interface Bench {
  options: BenchOptions;
  lifeboat: Lifeboat;
  /** For its files. */
  scratch: Scratch;
  /** Done when the section is over, also when it could not be opened; the last given first. */
  atEnd: (end: () => Promise<void>) => void;
}

/** Opens a section for one piece of work, and ends what it started, whatever happens. */
export async function withSection(
  open: (bench: Bench) => Promise<BenchSection>,
  options: BenchOptions,
  lifeboat: Lifeboat,
  work: (section: BenchSection) => Promise<void>,
): Promise<void> {
  await using scratch = await Scratch.create();
  const ends: (() => Promise<void>)[] = [];
  try {
    await work(await open({ options, lifeboat, scratch, atEnd: (end) => void ends.unshift(end) }));
  } finally {
    for (const end of ends) await end();
  }
}

/** An empty folder, whatever an earlier round left in it. */
export async function emptyFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
}

export interface CaseResults {
  name: string;
  command: string;
  rounds: Result[];
}

/** Runs all cases in turn, so that a slow minute of the machine falls on all of them. */
export async function runCases(
  { cases }: BenchSection,
  rounds: number,
  report: (line: string) => void,
): Promise<CaseResults[]> {
  const results = cases.map(({ name, command }): CaseResults => ({ name, command, rounds: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, { name, run }] of cases.entries()) {
      const result = await run(round);
      results[index]?.rounds.push(result);
      report(`round ${round}: ${name}, ${result.wallSeconds.toFixed(2)} s`);
    }
  }
  return results;
}
