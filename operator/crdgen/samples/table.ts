import type { Json } from '../schema.ts';

/** A custom resource as plain data. */
export interface SampleObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly [key: string]: Json };
}

/** An object that the API server takes. */
export interface ValidRow {
  readonly name: string;
  readonly object: SampleObject;
}

/** An object that the API server refuses, with the characteristic part of its message. */
export interface InvalidRow extends ValidRow {
  readonly says: string;
}

/** A change that the API server judges by what was there before; only it can. */
export interface UpdateRow {
  readonly name: string;
  readonly from: SampleObject;
  readonly to: SampleObject;
  /** Absent when the change is allowed. */
  readonly says?: string;
}

/** What one kind takes and refuses. */
export interface SampleTable {
  readonly kind: string;
  readonly valid: readonly ValidRow[];
  readonly invalid: readonly InvalidRow[];
  readonly updates: readonly UpdateRow[];
}

/** New values by path; `undefined` takes the field away, numbers in a path count list entries. */
export type Changes = Readonly<Record<string, Json | undefined>>;

/** A copy of an object with some fields changed. */
export function changed<T>(object: T, changes: Changes): T {
  return Object.entries(changes).reduce<T>((copy, [path, value]) => set(copy, path.split('.'), value) as T, object);
}

function set(here: unknown, path: readonly string[], value: Json | undefined): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const source = (here ?? {}) as Readonly<Record<string, unknown>>;
  const child = set(source[name], rest, value);
  if (Array.isArray(here)) return here.map((item, index) => (index === Number(name) ? child : item));
  const entries = Object.entries({ ...source, [name]: child }).filter(([, content]) => content !== undefined);
  return Object.fromEntries(entries);
}

/** A list of `length` entries. */
export function repeated<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}
