import { Refusal } from '../http/refusal.ts';

const mostDepth = 8;

/** Reads a form body or a query string: `items[0][price]=p` becomes `{ items: { 0: { price: 'p' } } }`. */
export function parseForm(body: string): ReadonlyMap<string, unknown> {
  const root: Record<string, unknown> = Object.create(null);
  for (const [name, value] of new URLSearchParams(body)) put(root, pathOf(name), value, name);
  return new Map(Object.entries(root));
}

/** Reads a JSON body, as the paths under /v2 take it. */
export function parseJson(body: string): ReadonlyMap<string, unknown> {
  if (body === '') return new Map();
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal(400, 'The request body is not a JSON object.', { code: 'invalid_json', beforeWork: true });
}

function pathOf(name: string): readonly string[] {
  const [first = '', ...rest] = name.split('[');
  const path = [first, ...rest.map((part) => part.replace(/\]$/, ''))];
  if (first !== '' && path.length <= mostDepth && rest.every((part) => part.endsWith(']'))) return path;
  throw new Refusal(400, `Invalid parameter name: ${name}`, { param: name, beforeWork: true });
}

function put(into: Record<string, unknown>, path: readonly string[], value: string, name: string): void {
  const [head = '', ...rest] = path;
  const key = head === '' ? String(Object.keys(into).length) : head;
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  into[key] ??= Object.create(null);
  const inner = into[key];
  if (!isNode(inner)) throw new Refusal(400, `${name} is both a value and an object`, { param: name });
  put(inner, rest, value, name);
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
