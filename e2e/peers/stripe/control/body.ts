import { conflict } from '../http/refusal.ts';

/** A text field of a control request. */
export function textIn(body: unknown, name: string): string {
  const value = fieldIn(body, name);
  if (typeof value !== 'string' || value === '') throw conflict(`say {"${name}": "..."}`);
  return value;
}

/** A number of a control request; undefined when absent. */
export function numberIn(body: unknown, name: string): number | undefined {
  const value = fieldIn(body, name);
  return typeof value === 'number' ? value : undefined;
}

/** One of these words. */
export function wordIn<const W extends readonly string[]>(body: unknown, name: string, words: W): W[number] {
  const found = words.find((word) => word === fieldIn(body, name));
  if (found === undefined)
    throw conflict(`${name} "${String(fieldIn(body, name))}" must be one of ${words.join(', ')}`);
  return found;
}

function fieldIn(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
}
