import { ApiTypeError, type Location } from '../errors.ts';
import type { Node, NodeType } from '../model.ts';
import type { Json } from '../schema.ts';

/** A tag on a field, alias or interface: what it is allowed on, how its payload reads and what it does to the type. */
export interface Tag<Value = unknown> {
  readonly name: string;
  readonly allowedOn: readonly NodeType[] | 'all';
  readonly parse: (payload: string, at: Location) => Value;
  readonly apply: (node: Node, value: Value, at: Location) => Node;
  /** Lower goes first; a format must know the type before a bound is set. */
  readonly order: number;
  readonly repeatable?: boolean;
  readonly help: string;
}

/** Seals a tag: afterwards the parsed value is known to nobody but the tag. */
export interface SealedTag {
  readonly name: string;
  readonly allowedOn: readonly NodeType[] | 'all';
  readonly order: number;
  readonly repeatable: boolean;
  readonly help: string;
  readonly use: (node: Node, payload: string, at: Location) => Node;
}

/** Makes a tag out of its parts. */
export function tag<Value>(parts: Tag<Value>): SealedTag {
  const { name, allowedOn, order, help, repeatable = false } = parts;
  return {
    name,
    allowedOn,
    order,
    help,
    repeatable,
    use: (node, payload, at) => parts.apply(node, parts.parse(payload, at), at),
  };
}

/** Adds schema keywords to a type; later ones win. */
export function withFacets(node: Node, facets: Node['facets']): Node {
  return { ...node, facets: { ...node.facets, ...facets } };
}

/** Payload: a JSON value. */
export function json(payload: string, at: Location): Json {
  try {
    return JSON.parse(payload) as Json;
  } catch (cause) {
    throw new ApiTypeError(at, `expected JSON, found ${payload === '' ? 'nothing' : payload}`, { cause });
  }
}

/** Payload: a number. */
export function number(payload: string, at: Location): number {
  const value = Number(payload);
  if (payload === '' || !Number.isFinite(value)) throw new ApiTypeError(at, `expected a number, found '${payload}'`);
  return value;
}

/** Payload: a whole number, zero or more. */
export function count(payload: string, at: Location): number {
  const value = number(payload, at);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ApiTypeError(at, `expected a whole number of at least 0, found ${payload}`);
  }
  return value;
}

/** Payload: some text; quotes around it are JSON. */
export function text(payload: string, at: Location): string {
  if (payload === '') throw new ApiTypeError(at, 'expected some text after the tag');
  if (!payload.startsWith('"')) return payload;
  const value = json(payload, at);
  if (typeof value !== 'string') throw new ApiTypeError(at, `expected text, found ${payload}`);
  return value;
}

/** Payload: none. */
export function nothing(payload: string, at: Location): undefined {
  if (payload !== '') throw new ApiTypeError(at, `this tag takes nothing after it, found '${payload}'`);
  return undefined;
}

/** Payload: one of some words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (payload: string, at: Location) => Word {
  return (payload, at) => {
    const word = words.find((known) => known === payload);
    if (word === undefined) throw new ApiTypeError(at, `expected one of ${words.join(', ')}, found '${payload}'`);
    return word;
  };
}

/** Payload: words separated by spaces. */
export function words(payload: string, at: Location): readonly string[] {
  const found = payload.split(/\s+/).filter((word) => word !== '');
  if (found.length < 2) throw new ApiTypeError(at, `expected at least two field names, found '${payload}'`);
  return found;
}
