/** Which plans are run, and in which order. Pure. */
import { createHash } from 'node:crypto';
import type { Plan } from './plan.ts';

/** What the command line says about plans. */
export interface Choice {
  readonly seed: number;
  /** Regular expression over identifiers. */
  readonly only?: string;
  /** One identifier. */
  readonly plan?: string;
  /** Most plans of one fault and workload. */
  readonly sample?: number;
}

/** A choice among plans. The same seed gives the same plans in the same order. Throws when it leaves none. */
export function choice({ seed, only, plan, sample }: Choice): (plans: readonly Plan[]) => readonly Plan[] {
  const pattern = only === undefined ? undefined : new RegExp(only);
  return (plans) => {
    const meant = plans.filter(({ id }) => (plan === undefined || id === plan) && (pattern?.test(id) ?? true));
    if (meant.length === 0) {
      throw new Error(`no plan matches; the first of ${plans.length} is ${plans[0]?.id ?? 'none'} (--list prints all)`);
    }
    const mixed = meant
      .map((each) => ({ each, rank: createHash('sha256').update(`${seed} ${each.id}`).digest('hex') }))
      .sort((one, other) => (one.rank < other.rank ? -1 : 1))
      .map(({ each }) => each);
    return sample === undefined ? mixed : atMost(mixed, sample);
  };
}

function atMost(plans: readonly Plan[], sample: number): readonly Plan[] {
  const taken = new Map<string, number>();
  return plans.filter(({ workload, injection }) => {
    const key = `${workload}/${injection.fault}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= sample;
  });
}
