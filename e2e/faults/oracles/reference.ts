/** What clean runs leave behind, and how another run differs from it. Pure. */
import type { Leaves } from './leaves.ts';

/** Whether a leaf, named `object path`, may be `actual` where clean runs have `expected`; `absent` is one of the values. */
export type Varies = (leaf: string, expected: string, actual: string) => boolean;

/** The end state of clean runs of one step. */
export interface Reference {
  readonly leaves: Leaves;
  /** `object path` of leaves in which the clean runs themselves differ: times, identifiers, addresses. */
  readonly masked: ReadonlySet<string>;
  /** Which differences say nothing. */
  readonly varies?: Varies;
}

/** A difference from the reference. */
export interface Difference {
  readonly kind: 'missing' | 'surplus' | 'changed';
  readonly object: string;
  readonly expected: string;
  readonly actual: string;
}

/** Learns a reference from clean runs. Throws when they do not even hold the same objects, for then nothing can be judged. */
export function learn(runs: readonly Leaves[], varies?: Varies): Reference {
  const [first, ...others] = runs;
  if (first === undefined) throw new Error('a reference needs at least one clean run');
  const masked = new Set<string>();
  for (const other of others) {
    const names = [...new Set([...first.keys(), ...other.keys()])];
    const lone = names.filter((name) => !first.has(name) || !other.has(name));
    if (lone.length > 0) throw new Error(`clean runs differ in the objects they leave: ${lone.join(', ')}`);
    for (const name of names) {
      for (const path of differing(first.get(name), other.get(name))) masked.add(`${name} ${path}`);
    }
  }
  return { leaves: first, masked, varies };
}

/** How a state differs from the reference, as far as objects `matter`; empty when it does not. */
export function compare(
  { leaves, masked, varies }: Reference,
  state: Leaves,
  matters: (object: string) => boolean = () => true,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const object of leaves.keys()) {
    if (!state.has(object) && matters(object))
      differences.push({ kind: 'missing', object, expected: 'exists', actual: 'absent' });
  }
  for (const [object, found] of state) {
    if (!matters(object)) continue;
    const expected = leaves.get(object);
    if (expected === undefined) {
      differences.push({ kind: 'surplus', object, expected: 'absent', actual: 'exists' });
      continue;
    }
    for (const path of differing(expected, found)) {
      const leaf = `${object} ${path}`;
      const [was, is] = [expected.get(path) ?? 'absent', found.get(path) ?? 'absent'];
      if (masked.has(leaf) || varies?.(leaf, was, is) === true) continue;
      differences.push({ kind: 'changed', object: leaf, expected: was, actual: is });
    }
  }
  return differences;
}

function differing(
  one: ReadonlyMap<string, string> | undefined,
  other: ReadonlyMap<string, string> | undefined,
): readonly string[] {
  const paths = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
  return [...paths].filter((path) => one?.get(path) !== other?.get(path));
}
