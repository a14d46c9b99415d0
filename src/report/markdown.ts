const HARMLESS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // GitHub looks for mentions after Markdown: no escape helps, but a space of no width behind it does.
  "@": "@&#8203;",
};

/** Makes text from tools and databases harmless inside Markdown: it is shown as it is, on one line. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[&<>@\\`*_{}[\]()#+!|~$]/g, (character) => HARMLESS[character] ?? `\\${character}`);
}

/** A GitHub table. Cells are given as Markdown: escape what comes from outside before. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}
