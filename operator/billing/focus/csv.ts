import { type FocusRow, focusColumns } from './columns.ts';

/** The rows as RFC 4180 writes them, with a line of column names. */
export function csvOf(rows: readonly FocusRow[]): string {
  const lines = [focusColumns, ...rows.map((row) => focusColumns.map((column) => row[column]))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
