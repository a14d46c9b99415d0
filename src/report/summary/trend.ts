import { findMedian } from "../../backup/anomalies.ts";
import { countOf } from "../quantities.ts";
import { tableOf } from "./page.ts";
import type { Block } from "./page.ts";

/** With fewer points a chart says less than the numbers. */
const LEAST_POINTS = 3;

/** Lower than the default, and in colours that can be seen on white and on black: bars, then the line. */
const LOOK =
  '%%{init: {"xyChart": {"width": 800, "height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#4493f8, #d1242f"}}}}%%';

/** One quantity of a run, and what it was in the runs before. */
export interface Measure {
  name: string;
  now: number;
  /** Newest first. */
  past: readonly (number | undefined)[];
  format: (value: number) => string;
}

/** How a run stands to the last one and, where there are several, to the median of those before it. */
export function compareWithPast(measures: readonly Measure[]): Block[] {
  const known = measures.filter(({ past }) => past.some((value) => value !== undefined));
  const count = Math.max(0, ...known.map(({ past }) => past.length));
  const rows = known.map(({ name, now, past, format }) => {
    const [last] = past;
    const middle = findMedian(past.filter((value) => value !== undefined)) ?? 0;
    return [
      name,
      format(now),
      last === undefined ? "" : format(last),
      last === undefined ? "new" : describeChange(now, last),
      format(middle),
      describeChange(now, middle),
    ];
  });
  const head = ["", ">This run", ">Last run", ">Change", `>Median of ${count}`, ">Change"];
  const title = `Compared with the last ${count === 1 ? "run" : countOf(count, "run")}`;
  const columns = count === 1 ? head.length - 2 : head.length;
  return tableOf(
    head.slice(0, columns),
    rows.map((row) => row.slice(0, columns)),
    { title },
  );
}

/** 110, 100 → "+10 %" */
function describeChange(now: number, before: number): string {
  if (now === before) return "same";
  if (before === 0) return "new";
  const percent = (now / before - 1) * 100;
  const digits = Math.abs(percent) < 9.95 ? 1 : 0;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(digits)} %`;
}

export interface Trend {
  /** What is shown, with its unit: "Size in MB". */
  title: string;
  /** Oldest first. */
  points: readonly { at: string; value: number }[];
  /** Drawn as a line over the bars. */
  objective?: number;
}

/**
 * A chart of a trend, as GitHub draws it.
 *
 * @see https://mermaid.js.org/syntax/xyChart.html
 */
export function drawTrend({ title, points, objective }: Trend): Block[] {
  if (points.length < LEAST_POINTS) return [];
  const values = points.map(({ value }) => Number(value.toPrecision(4)));
  const top = Number((Math.max(...values, objective ?? 0, 1e-6) * 1.1).toPrecision(2));
  const labels = labelTimes(points.map(({ at }) => at));
  const line = objective === undefined ? [] : [`  line [${values.map(() => objective).join(", ")}]`];
  return [
    {
      kind: "chart",
      lines: [
        LOOK,
        "xychart-beta",
        `  title ${quoteMermaid(title)}`,
        `  x-axis [${labels.map(quoteMermaid).join(", ")}]`,
        `  y-axis 0 --> ${top}`,
        `  bar [${values.join(", ")}]`,
        ...line,
      ],
    },
  ];
}

/** "11-20", and with the time where a day has several. Each must be a name of its own, or its bar is lost. */
function labelTimes(times: readonly string[]): string[] {
  const days = times.map((time) => time.slice(5, 10));
  if (new Set(days).size === days.length) return days;
  const minutes = times.map((time) => time.slice(5, 16).replace("T", " "));
  if (new Set(minutes).size === minutes.length) return minutes;
  return times.map((_, index) => `${index + 1}`);
}

/** Letters, digits and a few marks: what else a text holds might end the label, or the chart. */
export function quoteMermaid(text: string): string {
  return `"${text.replace(/[^\p{L}\p{N}.,:()/-]+/gu, " ").trim()}"`;
}
