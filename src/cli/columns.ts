/**
 * A table of plain columns, as wide as their widest line. It has no frame and takes any number of rows: framed tables take
 * more than a minute for ten thousand.
 *
 * @param rows - a cell may hold several lines
 */
export function renderColumns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.split("\n")));
  const widths = head.map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, ...row[column]!.map((line) => line.length)), 0),
  );
  const lines = cells.flatMap((row) => {
    const height = Math.max(...row.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      row
        .map((cell, column) => (cell[line] ?? "").padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
  });
  return `${lines.join("\n")}\n`;
}
