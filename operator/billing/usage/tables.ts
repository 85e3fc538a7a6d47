/** Lines of a table: the first column to the left, the others to the right. */
export function tableLines(head: readonly string[], body: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, index) => Math.max(title.length, ...body.map((row) => row[index]?.length ?? 0)));
  return [head, ...body].map((cells) =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
