import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** What stands on a command line for standard input. */
export const STANDARD_INPUT = '-';

/**
 * The text of a file, or of standard input for `-`. Standard input is read as a stream: where another process made the
 * pipe non-blocking, a synchronous read of it answers EAGAIN instead of waiting for the writer.
 */
export async function textAt(place: string): Promise<string> {
  return place === STANDARD_INPUT ? text(process.stdin) : readFile(place, 'utf8');
}
