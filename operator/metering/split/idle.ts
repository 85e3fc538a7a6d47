/** Whose the unused time of GPUs is: pure, in integer milliseconds. */
import type { Device } from '../sku.ts';
import { apportion } from './apportion.ts';
import { type Fraction, weightOf } from './weight.ts';

/** Physical GPUs of a node over a span; times in milliseconds since 1970. */
export interface Capacity {
  readonly node: string;
  readonly model: string;
  readonly gpus: number;
  readonly from: number;
  readonly to: number;
}

/** Devices that a tenant held over a span; times in milliseconds since 1970. */
export interface Holding extends Device {
  readonly tenant: string;
  readonly node: string;
  readonly units: number;
  readonly from: number;
  readonly to: number;
}

/** How unused time is divided: not at all, by what each tenant held, or alike among those who held anything. */
export interface IdlePolicy {
  readonly split: 'None' | 'Weighted' | 'Even';
  readonly scope: 'Node' | 'Cluster';
}

/** Unused time of one model, of a node or of the cluster. */
export interface IdleOrigin {
  readonly model: string;
  /** Absent where the scope is the cluster. */
  readonly node?: string;
  /** Milliseconds of whole GPUs. */
  readonly idleMs: bigint;
  /** What of it each tenant gets; empty where it is not divided or nobody held anything. The parts add up to idleMs. */
  readonly parts: ReadonlyMap<string, bigint>;
}

/**
 * Unused = capacity − Σ weights of what was held, never below nothing: slices can weigh more than their GPU, because each
 * counts by the scarcer of its memory and compute. What is less than a millisecond counts as held. Both lists lie inside
 * one window. A node with a device of unknown weight has no answer and is left out.
 */
export function idleOf(
  capacity: readonly Capacity[],
  held: readonly Holding[],
  { split, scope }: IdlePolicy,
): readonly IdleOrigin[] {
  const holdings = Map.groupBy(held, placeOf);
  const places = [...Map.groupBy(capacity, placeOf)].flatMap(([place, spans]) => {
    const [first] = spans;
    const used = usedOf(holdings.get(place) ?? []);
    if (first === undefined || used === undefined) return [];
    const whole = spans.reduce((sum, { gpus, from, to }) => sum + BigInt(gpus) * BigInt(to - from), 0n);
    const { node, model } = first;
    return [{ node, model, used, idleMs: idleMillis(whole, used) }];
  });
  const groups = Map.groupBy(places, ({ node, model }) => (scope === 'Node' ? `${node}\n${model}` : model));
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, members]) => {
      const [first] = members;
      const idleMs = members.reduce((sum, member) => sum + member.idleMs, 0n);
      if (first === undefined || idleMs === 0n) return [];
      const weights = sharesOf(
        members.flatMap(({ used }) => used),
        split,
      );
      const parts = weights.size === 0 ? new Map<string, bigint>() : apportion(idleMs, weights);
      return [{ model: first.model, idleMs, parts, ...(scope === 'Node' && { node: first.node }) }];
    });
}

/** What a tenant held, in milliseconds of whole GPUs. */
interface Use {
  readonly tenant: string;
  readonly time: Fraction;
}

function usedOf(held: readonly Holding[]): readonly Use[] | undefined {
  const uses: Use[] = [];
  for (const one of held) {
    const weight = weightOf(one);
    if (weight === undefined) return undefined;
    const time = { num: weight.num * BigInt(one.units) * BigInt(one.to - one.from), den: weight.den };
    if (time.num > 0n) uses.push({ tenant: one.tenant, time });
  }
  return uses;
}

function idleMillis(whole: bigint, used: readonly Use[]): bigint {
  const den = commonDenominator(used);
  const rest = whole * den - used.reduce((sum, { time }) => sum + (time.num * den) / time.den, 0n);
  return rest <= 0n ? 0n : rest / den;
}

function sharesOf(used: readonly Use[], split: IdlePolicy['split']): ReadonlyMap<string, bigint> {
  const shares = new Map<string, bigint>();
  if (split === 'None') return shares;
  const den = commonDenominator(used);
  for (const { tenant, time } of used) {
    const weight = split === 'Even' ? 1n : (shares.get(tenant) ?? 0n) + (time.num * den) / time.den;
    shares.set(tenant, weight);
  }
  return shares;
}

function commonDenominator(used: readonly Use[]): bigint {
  return used.reduce((common, { time: { den } }) => (common * den) / gcd(common, den), 1n);
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function placeOf({ node, model }: { readonly node: string; readonly model: string }): string {
  return `${node}\n${model}`;
}
