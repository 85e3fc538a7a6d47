import { type NodeFacts, seededRandom } from '../../operator/scheduling/planner/index.ts';
import { arrivals, askedMilli, type TracePod } from '../../operator/scheduling/simulate/index.ts';

/** With more models than this the subsets are too many to look at. */
const MOST_MODELS = 16;

/**
 * The most that can be allocated when the load has arrived, in percent of the GPU capacity, if GPUs were a fluid that
 * only the models named by pods divide: CPU, memory and the size of GPUs and nodes are left out, so no planner reaches
 * more. A maximum flow from demand to models is the smallest cut: some models give all they have, and all demand that
 * is not confined to them is served. NaN with more than 16 models.
 */
export function fluidPercent(
  nodes: readonly NodeFacts[],
  pods: readonly TracePod[],
  { seed, load, most }: { readonly seed: number; readonly load: number; readonly most: number },
): number {
  const capacity = capacityByModel(nodes);
  if (capacity.size > MOST_MODELS) return Number.NaN;
  const total = [...capacity.values()].reduce((sum, milli) => sum + milli, 0);
  const demand = demandBySet(arrivals(pods, total, most, seededRandom(seed)), [...capacity.keys()], load * total);
  const milliOf = [...capacity.values()];
  let least = Number.POSITIVE_INFINITY;
  for (let set = 0; set < 2 ** milliOf.length; set++) {
    let cut = milliOf.reduce((sum, milli, model) => ((set & (1 << model)) === 0 ? sum : sum + milli), 0);
    for (const [models, milli] of demand) if ((models & ~set) !== 0) cut += milli;
    least = Math.min(least, cut);
  }
  return (100 * least) / total;
}

function capacityByModel(nodes: readonly NodeFacts[]): ReadonlyMap<string, number> {
  const capacity = new Map<string, number>();
  for (const { model, gpus } of nodes) {
    if (gpus.count > 0) capacity.set(model, (capacity.get(model) ?? 0) + gpus.count * 1000);
  }
  return capacity;
}

/** GPU asked for by the pods that make up the load, by allowed models as bits. */
function demandBySet(
  queue: readonly TracePod[],
  models: readonly string[],
  wanted: number,
): ReadonlyMap<number, number> {
  const demand = new Map<number, number>();
  let arrived = 0;
  for (const pod of queue) {
    if (arrived >= wanted) break;
    const milli = askedMilli(pod);
    arrived += milli;
    const named = pod.where?.models ?? models;
    const set = models.reduce((bits, model, at) => (named.includes(model) ? bits | (1 << at) : bits), 0);
    demand.set(set, (demand.get(set) ?? 0) + milli);
  }
  return demand;
}
