import { keyText, type Pod } from '../../kube/index.ts';
import type { DeviceAsk } from '../../pools/index.ts';
import type { GpuDemand, HeldBack, NodeConstraint } from '../planner/index.ts';
import { type ClaimFacts, claimsOfPod } from './claims.ts';

/** What the claims of a pod still need. */
export interface ClaimNeeds {
  /** Devices of claims that nobody has allocated and that this pod brings along. */
  readonly gpus: readonly GpuDemand[];
  /** Where its claims that are allocated hold it, and the model that others ask for. */
  readonly where?: NodeConstraint;
  readonly heldBack?: HeldBack;
}

/** Answers what a pod's claims need. */
export type NeedsOf = (pod: Pod) => ClaimNeeds;

/**
 * The needs of these pods. A claim that several of them name is brought along by one of them: by one that was let go
 * already, else by the first by name; the others wait until it is allocated and follow it to its node.
 */
export function createNeeds(
  claims: ReadonlyMap<string, ClaimFacts>,
  released: readonly Pod[],
  gated: readonly Pod[],
): NeedsOf {
  const bringer = new Map<string, string>();
  for (const pod of [...released, ...[...gated].sort(byKey)]) {
    for (const { key } of claimsOfPod(pod)) {
      if (key !== undefined && !bringer.has(key)) bringer.set(key, pod.metadata.uid ?? '');
    }
  }
  return (pod) => {
    const all = claimsOfPod(pod).map(({ name, key }) => ({ name, key, facts: claims.get(key ?? '') }));
    const gpus: GpuDemand[] = [];
    const wheres: NodeConstraint[] = [];
    for (const { name, key, facts } of all) {
      if (facts === undefined) return { gpus: [], heldBack: missing(name, key) };
      if (facts.isAllocated) {
        wheres.push(...placeOf(facts));
        continue;
      }
      const heldBack = unclear(facts) ?? follows(facts, bringer.get(facts.key) === pod.metadata.uid);
      if (heldBack !== undefined) return { gpus: [], heldBack };
      if (facts.reading.kind !== 'devices') continue;
      gpus.push(...facts.reading.asks.map(demandOf));
      wheres.push(...facts.reading.asks.flatMap(({ model }) => (model === undefined ? [] : [{ models: [model] }])));
    }
    return { gpus, where: wheres.reduce<NodeConstraint | undefined>(both, undefined) };
  };
}

/** Two constraints at once; labels of the right one count where both have some. */
export function both(left: NodeConstraint | undefined, right: NodeConstraint | undefined): NodeConstraint | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const names = common(left.names, right.names);
  const models = common(left.models, right.models);
  return { ...left, ...right, ...(names && { names }), ...(models && { models }) };
}

function common(left?: readonly string[], right?: readonly string[]): readonly string[] | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return left.filter((each) => right.includes(each));
}

function byKey(left: Pod, right: Pod): number {
  return keyText(left) < keyText(right) ? -1 : 1;
}

function demandOf({ shape, count }: DeviceAsk): GpuDemand {
  return { kind: 'devices', resource: shape, count };
}

/** An allocated claim holds its pods to its node; one of other drivers says so itself, and kube-scheduler obeys it. */
function placeOf({ held }: ClaimFacts): readonly NodeConstraint[] {
  const [first] = held;
  return first === undefined ? [] : [{ names: [first.node] }];
}

function missing(name: string, key: string | undefined): HeldBack {
  const sentence =
    key === undefined
      ? `its resource claim ${name} is not made yet; the ResourceClaimTemplate that it names must exist`
      : `its resource claim ${key} does not exist; create it or name another`;
  return { blocker: 'Data', sentence };
}

function unclear({ key, reading }: ClaimFacts): HeldBack | undefined {
  if (reading.kind !== 'unclear') return undefined;
  const sentence = `its resource claim ${key} cannot be planned (${reading.why}); ask for a type and profile of gpu.nvidia.com, or use the label gpuoptimizer.io/shape`;
  return { blocker: 'Policy', sentence };
}

function follows({ key }: ClaimFacts, brings: boolean): HeldBack | undefined {
  if (brings) return undefined;
  const sentence = `its resource claim ${key} is shared, and another of its pods is placed first; it follows to the same node`;
  return { blocker: 'Data', sentence };
}
