import { type FocusRow, focusColumns } from './columns.ts';

/** The line of column names, before all rows. */
export const csvHead = line(focusColumns);

/** The rows as RFC 4180 writes them, without the line of names. */
export function csvRows(rows: readonly FocusRow[]): string {
  return rows.map((row) => line(focusColumns.map((column) => row[column]))).join('');
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
