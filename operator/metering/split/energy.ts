/** Whose energy it was: pure, in integer millijoules. */
import { cut } from '../energy/counter.ts';
import type { EnergySample } from '../energy/series.ts';
import { apportion } from './apportion.ts';
import type { Holding } from './idle.ts';
import { weightOf } from './weight.ts';

/** A holding with what an exporter may name its holder by. */
export interface NamedHolding extends Holding {
  readonly meter: string;
  /** `namespace/name` of the pod or claim. */
  readonly holder: string;
}

/** What a tenant's devices of one meter drew. */
export interface EnergyPart {
  readonly tenant: string;
  readonly meter: string;
  readonly millijoules: bigint;
  /** Whether every moment of it was measured; else the energy is a part of the truth and the rest not known. */
  readonly complete: boolean;
}

/**
 * The energy of GPUs cut among those who held them, by weight and time; what nobody held drew for nobody. Where the
 * exporter names the holder, it is the GPU that he was on; else, because Kubernetes does not tell which GPU a pod got,
 * he has an equal share of each GPU of the node on which no other holder was seen. All lies inside one window: samples
 * that reach beyond it are cut.
 */
export function energyOf(
  samples: readonly EnergySample[],
  held: readonly NamedHolding[],
  window: { readonly start: number; readonly end: number },
): readonly EnergyPart[] {
  const inside = samples.flatMap((sample) =>
    cut(sample, window.start, window.end).map((part) => ({ ...sample, ...part })),
  );
  const byNode = Map.groupBy(inside, ({ node }) => node);
  const ordered = held.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const totals = new Map<string, EnergyPart>();
  for (const [node, holdings] of Map.groupBy(ordered, (one) => one.node)) {
    for (const part of nodeParts(byNode.get(node) ?? [], holdings)) add(totals, part);
  }
  return [...totals.values()];
}

/** Parts do not depend on the order in which holdings were read. */
function orderOf({ holder, tenant, meter, from }: NamedHolding): string {
  return [holder, tenant, meter, from].join('\n');
}

function nodeParts(samples: readonly EnergySample[], held: readonly NamedHolding[]): readonly EnergyPart[] {
  const holders = new Set(held.map(({ holder }) => holder));
  const gpus = [...Map.groupBy(samples, ({ gpu }) => gpu).values()];
  const free = gpus.filter((rows) => !rows.some(({ pods }) => pods.some((pod) => holders.has(pod)))).flat();
  const eligible = held.map(({ holder }) => {
    const named = gpus.filter((rows) => rows.some(({ pods }) => pods.includes(holder))).flat();
    return named.length > 0 ? named : free;
  });
  const energy = held.map(() => 0n);
  for (const sample of samples) {
    for (const [key, part] of apportion(sample.millijoules, weightsOn(sample, held, eligible))) {
      const index = Number(key);
      if (index >= 0) energy[index] = (energy[index] ?? 0n) + part;
    }
  }
  return held.map((one, index) => ({
    ...{ tenant: one.tenant, meter: one.meter, millijoules: energy[index] ?? 0n },
    complete: weightOf(one) !== undefined && isCovered(eligible[index] ?? [], one.from, one.to),
  }));
}

/** The key of what nobody held. */
const unheld = '-1';

/** Weights of the holders of a GPU over a sample, by their places, and of what nobody held of it. */
function weightsOn(
  sample: EnergySample,
  held: readonly NamedHolding[],
  eligible: readonly (readonly EnergySample[])[],
): ReadonlyMap<string, bigint> {
  const shares = held.flatMap((one, index) => {
    const mine = eligible[index] ?? [];
    const time = Math.min(one.to, sample.to) - Math.max(one.from, sample.from);
    const weight = weightOf(one);
    if (time <= 0 || weight === undefined || !mine.includes(sample)) return [];
    const gpus = mine.filter((other) => other.from < sample.to && other.to > sample.from).length;
    return [{ index, num: weight.num * BigInt(one.units) * BigInt(time), den: weight.den * BigInt(gpus) }];
  });
  const den = shares.reduce((product, share) => product * share.den, 1n);
  const weights = new Map(shares.map(({ index, num, den: own }) => [String(index), (num * den) / own]));
  const used = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const rest = BigInt(sample.to - sample.from) * den - used;
  return weights.set(unheld, rest > 0n ? rest : 0n);
}

/** Whether the GPUs on which a holder may have been were all measured from one moment to another. */
function isCovered(samples: readonly EnergySample[], from: number, to: number): boolean {
  const gpus = Map.groupBy(samples, ({ gpu }) => gpu);
  return gpus.size > 0 && [...gpus.values()].every((spans) => reaches(spans, from, to));
}

function reaches(spans: readonly EnergySample[], from: number, to: number): boolean {
  let at = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) if (span.from <= at) at = Math.max(at, span.to);
  return at >= to;
}

function add(totals: Map<string, EnergyPart>, part: EnergyPart): void {
  const key = `${part.tenant}\n${part.meter}`;
  const before = totals.get(key);
  const millijoules = (before?.millijoules ?? 0n) + part.millijoules;
  totals.set(key, { ...part, millijoules, complete: part.complete && (before?.complete ?? true) });
}
