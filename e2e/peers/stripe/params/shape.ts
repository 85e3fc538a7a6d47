import { invalid, required } from '../http/refusal.ts';

/** Reads a parameter of a request; refuses what does not fit, naming it by its path. */
export interface Shape<T> {
  readonly read: (value: unknown, path: string) => T;
  /** The shape takes what is absent. */
  readonly isOptional?: boolean;
}

/** What a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;

/** Parameters by name. */
export type ReadFields<F extends Fields> = { readonly [K in keyof F]: Read<F[K]> };

/** A parameter that may be absent. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return { isOptional: true, read: (value, path) => (value === undefined ? undefined : shape.read(value, path)) };
}

/** A parameter that may be absent, or empty to unset what was there: null then. */
export function emptyable<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return optional({ read: (value, path) => (value === '' || value === null ? null : shape.read(value, path)) });
}

/** A string; forms know no other scalars. */
export function text({ most = 5000 } = {}): Shape<string> {
  return {
    read: (value, path) => {
      if (value === undefined) throw required(path);
      if (typeof value !== 'string') throw invalid(path, `Invalid string: ${JSON.stringify(value)}`);
      if (value === '') {
        throw invalid(path, `You passed an empty string for '${path}'. Supply a value.`, 'parameter_invalid_empty');
      }
      if (value.length <= most) return value;
      throw invalid(path, `Invalid string: ${path} must be at most ${most} characters`, 'parameter_invalid_string');
    },
  };
}

/** A whole number, in text or not. */
export function integer({ least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER } = {}): Shape<number> {
  return {
    read: (value, path) => {
      if (value === undefined) throw required(path);
      const number = /^-?\d{1,16}$/.test(String(value)) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(number)) {
        throw invalid(path, `Invalid integer: ${String(value)}`, 'parameter_invalid_integer');
      }
      if (number >= least && number <= most) return number;
      throw invalid(path, `This value must be between ${least} and ${most}.`, 'parameter_invalid_integer');
    },
  };
}

/** `true` or `false`. */
export const boolean: Shape<boolean> = {
  read: (value, path) => {
    if (value === undefined) throw required(path);
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw invalid(path, `Invalid boolean: ${String(value)}`);
  },
};

/** One of these words. */
export function oneOf<const V extends readonly string[]>(...words: V): Shape<V[number]> {
  return {
    read: (value, path) => {
      if (value === undefined) throw required(path);
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      throw invalid(path, `Invalid ${path}: must be one of ${words.join(', ')}`, 'parameter_invalid_enum');
    },
  };
}

/** A list, in JSON or as numbered form fields. */
export function list<T>(shape: Shape<T>, { most = 100, least = 0 } = {}): Shape<readonly T[]> {
  return {
    read: (value, path) => {
      if (value === undefined) throw required(path);
      const items = itemsOf(value);
      if (items === undefined) throw invalid(path, 'Invalid array', 'parameter_invalid_array');
      if (items.length > most) throw invalid(path, `You may only specify at most ${most} of ${path}.`);
      if (items.length < least) throw invalid(path, `You must specify at least ${least} of ${path}.`);
      return items.map((item, index) => shape.read(item, `${path}[${index}]`));
    },
  };
}

function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(value);
  return keys.every((key) => /^\d+$/.test(key)) ? Object.values(value) : undefined;
}

/** An object with these parameters and no others. */
export function object<F extends Fields>(fields: F): Shape<ReadFields<F>> {
  return {
    read: (value, path) => {
      if (value === undefined) throw required(path);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw invalid(path, 'Invalid object', 'parameter_invalid_object');
      }
      return readFields(fields, new Map(Object.entries(value)), path);
    },
  };
}

/** Parameters by name, refusing those that the call does not know. */
export function readFields<F extends Fields>(fields: F, given: ReadonlyMap<string, unknown>, path = ''): ReadFields<F> {
  const at = (name: string): string => (path === '' ? name : `${path}[${name}]`);
  for (const name of given.keys()) {
    if (fields[name] !== undefined) continue;
    throw invalid(at(name), `Received unknown parameter: ${at(name)}`, 'parameter_unknown');
  }
  const read = Object.entries(fields).map(([name, shape]) => [name, shape.read(given.get(name), at(name))] as const);
  // The entries are those of `fields`, each read by its own shape, which entries lose and fields state.
  return Object.fromEntries(read) as ReadFields<F>;
}
