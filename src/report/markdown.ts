const HARMLESS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // GitHub looks for mentions after Markdown: no escape helps, but a space of no width behind it does.
  "@": "@&#8203;",
};

/** Makes text from tools and databases harmless inside Markdown: it is shown as it is, on one line. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .trim()
      .replace(/\s+/g, " ")
      .replace(/[&<>@\\`*_{}[\]()#+!|~$]/g, (character) => HARMLESS[character] ?? `\\${character}`)
      // What begins a list or underlines a heading, where it stands first.
      .replace(/^[-=]|(?<=^\d+)\.(?= |$)/, "\\$&")
      // References to issues are found as mentions are.
      .replace(/\\#(?=\d)/g, "$&&#8203;")
  );
}

/** The same on as many lines as the text has. */
export function escapeLines(text: string): string {
  const lines = text.split(/\r?\n/).map(escapeMarkdown);
  return lines.filter((line) => line !== "").join("\\\n");
}

/**
 * A GitHub table. Cells are given as Markdown: escape what comes from outside before.
 *
 * @param head - a name that begins with `>` is that of a column of numbers
 */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head.map((name) => name.replace(/^>/, ""))),
    line(head.map((name) => (name.startsWith(">") ? "---:" : "---"))),
    ...rows.map(line),
    "",
  ];
}
