import { escapeLines, escapeMarkdown, renderTable } from "../markdown.ts";
import { formatCount } from "../quantities.ts";
import { shorten } from "../shorten.ts";

/** GitHub drops a summary over 1 MiB whole; this leaves room for what a step wrote before. */
const LIMIT_BYTES = 900_000;

/** A part of a page. All text is plain: rendering escapes it, and may shorten it. */
export type Block =
  | { kind: "text"; text: string }
  | { kind: "list"; title: string; items: readonly string[] }
  | {
      kind: "table";
      title?: string;
      /** Shown on a click only; it needs a title. */
      isFolded?: true;
      /** A name that begins with `>` is that of a column of numbers. */
      head: readonly string[];
      rows: readonly (readonly string[])[];
    }
  /** Lines of Mermaid; a table says the same. */
  | { kind: "chart"; lines: readonly string[] };

/** What a run tells in a job summary: the answer, then what it rests on. */
export interface Page {
  sign: "✅" | "⚠️" | "❌" | "🔍" | "📋";
  title: string;
  blocks: readonly Block[];
}

interface Room {
  rows: number;
  /** Of one text, in characters. */
  length: number;
  hasCharts: boolean;
}

/** From what is pleasant to read to what fits anywhere. */
const ROOMS: readonly Room[] = [
  { rows: 50, length: 4000, hasCharts: true },
  { rows: 50, length: 400, hasCharts: true },
  { rows: 10, length: 200, hasCharts: false },
  { rows: 0, length: 100, hasCharts: false },
];

/**
 * Renders a page for GitHub. Where it would be too long, tables and lists end earlier, each with how many more there
 * were; nothing is cut in its middle.
 */
export function renderPage({ sign, title, blocks }: Page, limitBytes = LIMIT_BYTES): string {
  const heading = (length: number): string => `## ${sign} ${escapeMarkdown(shorten(title, length))}\n`;
  for (const room of ROOMS) {
    const lines = blocks.flatMap((block) => renderBlock(block, room));
    const markdown = [heading(room.length), ...lines].join("\n");
    if (Buffer.byteLength(markdown) <= limitBytes) return markdown;
  }
  return `${heading(300)}\nThe rest is left out: the summary would be too long.\n`;
}

/** A list, where there is anything to list. */
export function listOf(title: string, items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ kind: "list", title, items }];
}

/** A table, where there is anything to tell. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  about: { title?: string; isFolded?: true } = {},
): Block[] {
  return rows.length === 0 ? [] : [{ kind: "table", head, rows, ...about }];
}

function renderBlock(block: Block, { rows, length, hasCharts }: Room): string[] {
  const escape = (text: string): string => escapeMarkdown(shorten(text, length));
  switch (block.kind) {
    case "text":
      return [escapeLines(shorten(block.text, length)), ""];
    case "list": {
      const shown = block.items
        .slice(0, rows)
        .map((item) => `- ${escapeLines(shorten(item, length)).replaceAll("\n", "\n  ")}`);
      const rest = block.items.length - shown.length;
      const more = rest > 0 ? [`- … and ${formatCount(rest)} more`] : [];
      return [`**${escape(block.title)}**`, "", ...shown, ...more, ""];
    }
    case "table": {
      const shown = block.rows.slice(0, rows).map((cells) => cells.map(escape));
      const rest = block.rows.length - shown.length;
      const body = [
        ...(shown.length > 0 ? renderTable(block.head, shown) : []),
        ...(rest > 0 ? [`… and ${formatCount(rest)} more`, ""] : []),
      ];
      if (block.title === undefined) return body;
      const title = escape(block.title);
      if (!block.isFolded) return [`**${title}**`, "", ...body];
      return ["<details>", `<summary>${title}</summary>`, "", ...body, "</details>", ""];
    }
    case "chart":
      return hasCharts ? ["```mermaid", ...block.lines, "```", ""] : [];
  }
}
