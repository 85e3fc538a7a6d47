import { readFile } from 'node:fs/promises';
import { badConfig } from './exit.ts';

/** Reads a mounted file; throws RunStopped (20) naming `what` when it is not there. */
export async function readMounted(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw badConfig('MissingInput', `${what} is missing: create it in the campaign's namespace and run again`, cause);
  }
}
