import { invalid } from '../http/refusal.ts';
import { emptyable, integer, list, optional, type Shape, text } from './shape.ts';

/** Strings by name. */
export type Strings = Readonly<Record<string, string>>;

/** A map of strings with a bound on keys and values; '' as a value unsets. Docs: up to 50 keys, 40 and 500 characters. */
export function strings({ keys = 50, keyLength = 40, valueLength = 500 } = {}): Shape<Strings> {
  return {
    read: (value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'Invalid object');
      const entries = Object.entries(value);
      if (entries.length > keys) throw invalid(path, `${path} can have up to ${keys} keys.`);
      for (const [key, inner] of entries) {
        if (typeof inner !== 'string') throw invalid(`${path}[${key}]`, `Invalid string: ${JSON.stringify(inner)}`);
        if (key.length > keyLength) throw invalid(path, `${path} keys can be up to ${keyLength} characters long.`);
        if (inner.length > valueLength) throw invalid(path, `${path} values can be up to ${valueLength} characters.`);
      }
      return Object.fromEntries(entries.map(([key, inner]) => [key, String(inner)]));
    },
  };
}

/** `metadata`: given keys are merged, empty ones removed; '' for the whole clears it. */
export const metadata = emptyable(strings());

/** Metadata after an update. */
export function mergeMetadata(before: Strings, change: Strings | null | undefined): Strings {
  if (change === null) return {};
  if (change === undefined) return before;
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
}

/** `expand`: which ids to answer as objects. */
export const expand = optional(list(text(), { most: 20 }));

/** A text that '' unsets. */
export const emptyText = emptyable(text());

/** Unix seconds. */
export const time = integer({ least: 0, most: 4_102_444_800 });

/** ISO 4217, three lower-case letters. */
export const currency: Shape<string> = {
  read: (value, path) => {
    const word = text().read(value, path).toLowerCase();
    if (/^[a-z]{3}$/.test(word)) return word;
    throw invalid(path, `Invalid currency: ${word}`);
  },
};

/** A decimal number in text with at most 12 places, as prices have. */
export const decimal: Shape<string> = {
  read: (value, path) => {
    const number = text({ most: 40 }).read(value, path);
    if (/^-?\d{1,15}([.]\d{1,12})?$/.test(number)) return number;
    throw invalid(path, `Invalid decimal: ${number}; at most 12 decimal places`, 'parameter_invalid_decimal');
  },
};

/** A web address. */
export const url: Shape<string> = {
  read: (value, path) => {
    const address = text().read(value, path);
    if (URL.canParse(address) && /^https?:/.test(address)) return address;
    throw invalid(path, `Not a valid URL: ${address}`, 'url_invalid');
  },
};

/** Parameters of every list call. */
export const paging = {
  limit: optional(integer({ least: 1, most: 100 })),
  starting_after: optional(text()),
  ending_before: optional(text()),
  expand,
};
