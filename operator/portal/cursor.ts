import { PortalProblem } from './problem.ts';
import type { Position } from './repository.ts';

/** A position as opaque text; null after the last page. */
export function encodeCursor(position: Position | undefined): string | null {
  return position === undefined ? null : Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Reads what `encodeCursor` wrote: a time and a name. Throws `RequestInvalid` for anything else. */
export function decodeCursor(text: string | number | undefined): Position | undefined {
  if (text === undefined) return undefined;
  const value = parse(String(text));
  if (isPosition(value) && !Number.isNaN(Date.parse(value[0] ?? ''))) return value;
  throw new PortalProblem('RequestInvalid', 'query cursor is not the nextCursor of a page; leave it out to begin anew');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isPosition(value: unknown): value is Position {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
