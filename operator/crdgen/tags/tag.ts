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
    use: (node, payload, at) =>
      parts.apply(
        node,
        named(name, at, () => parts.parse(payload, at)),
        at,
      ),
  };
}

/** A payload that does not read as the tag asks; whoever knows the tag's name says it too. */
class PayloadError extends Error {}

/** Reads a payload, and names the tag when it cannot be read. */
export function named<Value>(name: string, at: Location, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof PayloadError) throw new ApiTypeError(at, `@${name}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** Adds schema keywords to a type; later ones win. */
export function withFacets(node: Node, facets: Node['facets']): Node {
  return { ...node, facets: { ...node.facets, ...facets } };
}

/** Payload: a JSON value. */
export function json(payload: string): Json {
  try {
    return JSON.parse(payload) as Json;
  } catch (cause) {
    throw new PayloadError(`expected JSON, found ${payload === '' ? 'nothing' : payload}`, { cause });
  }
}

/** Payload: a number. */
export function number(payload: string): number {
  const value = Number(payload);
  if (payload === '' || !Number.isFinite(value)) throw new PayloadError(`expected a number, found '${payload}'`);
  return value;
}

/** Payload: a whole number, zero or more. */
export function count(payload: string): number {
  const value = number(payload);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new PayloadError(`expected a whole number of at least 0, found ${payload}`);
  }
  return value;
}

/** Payload: some text; quotes around it are JSON. */
export function text(payload: string): string {
  if (payload === '') throw new PayloadError('expected some text after it');
  if (!payload.startsWith('"')) return payload;
  const value = json(payload);
  if (typeof value !== 'string') throw new PayloadError(`expected text, found ${payload}`);
  return value;
}

/** Payload: none. */
export function nothing(payload: string): undefined {
  if (payload !== '') throw new PayloadError(`takes nothing after it, found '${payload}'`);
  return undefined;
}

/** Payload: one of some words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (payload: string) => Word {
  return (payload) => {
    const word = words.find((known) => known === payload);
    if (word === undefined) throw new PayloadError(`expected one of ${words.join(', ')}, found '${payload}'`);
    return word;
  };
}

/** Payload: words separated by spaces. */
export function words(payload: string): readonly string[] {
  const found = payload.split(/\s+/).filter((word) => word !== '');
  if (found.length < 2) throw new PayloadError(`expected at least two field names, found '${payload}'`);
  return found;
}
