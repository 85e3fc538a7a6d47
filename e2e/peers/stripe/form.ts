import { Refusal, required } from './refusal.ts';

/** Parameters of a request, flat, under their bracketed names: `payload[value]`. */
export type Form = ReadonlyMap<string, string>;

/** Parses a form body or a query string. */
export function parseForm(text: string): Form {
  return new Map(new URLSearchParams(text));
}

/** A parameter that must be there and be at most `longest` characters. */
export function text(form: Form, name: string, longest = 5000): string {
  const value = form.get(name);
  if (value === undefined || value === '') throw required(name);
  if (value.length > longest) {
    throw new Refusal(400, `Invalid string: ${name} must be at most ${longest} characters`, { param: name });
  }
  return value;
}

/** A whole number in seconds or counts; undefined when absent. */
export function integer(form: Form, name: string): number | undefined {
  const value = form.get(name);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) {
    throw new Refusal(400, `Invalid integer: ${value}`, { code: 'parameter_invalid_integer', param: name });
  }
  return Number(value);
}

/** Refuses parameters that the call does not know, as Stripe does. Names in `known` may end in `[` for a map. */
export function onlyKnown(form: Form, known: readonly string[]): void {
  for (const name of form.keys()) {
    const fits = known.some((one) => name === one || (one.endsWith('[') && name.startsWith(one)));
    if (!fits && !name.startsWith('expand[')) {
      throw new Refusal(400, `Received unknown parameter: ${name}`, { code: 'parameter_unknown', param: name });
    }
  }
}

/** The entries of a map parameter: `metadata[a]=b` gives `{ a: 'b' }`. */
export function map(form: Form, name: string): Readonly<Record<string, string>> {
  const entries = [...form].flatMap(([key, value]) => {
    const inner = /^\[([^\]]+)\]$/.exec(key.slice(name.length))?.[1];
    return key.startsWith(`${name}[`) && inner !== undefined ? [[inner, value] as const] : [];
  });
  return Object.fromEntries(entries);
}
