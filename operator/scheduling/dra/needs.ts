import { keyText, type Pod } from '../../kube/index.ts';
import type { Alternative, GpuDemand, HeldBack, NodeConstraint } from '../planner/index.ts';
import { type ClaimFacts, claimsOfPod } from './claims.ts';
import type { WaysOf } from './ways.ts';

/** What the claims of a pod still need. */
export interface ClaimNeeds {
  /** Devices of claims that nobody has allocated and that this pod brings along. */
  readonly gpus: readonly GpuDemand[];
  /** Where its claims that are allocated hold it, and the model that others ask for. */
  readonly where?: NodeConstraint;
  /** Other devices that these claims can have instead, each with where it may be. */
  readonly orElse?: readonly Alternative[];
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
  waysOf: WaysOf,
): NeedsOf {
  const bringer = new Map<string, string>();
  for (const pod of [...released, ...[...gated].sort(byKey)]) {
    for (const { key } of claimsOfPod(pod)) {
      if (key !== undefined && !bringer.has(key)) bringer.set(key, pod.metadata.uid ?? '');
    }
  }
  return (pod) => {
    const all = claimsOfPod(pod).map(({ name, key }) => ({ name, key, facts: claims.get(key ?? '') }));
    const open: ClaimFacts[] = [];
    let held: NodeConstraint | undefined;
    for (const { name, key, facts } of all) {
      if (facts === undefined) return { gpus: [], heldBack: missing(name, key) };
      if (facts.isAllocated) {
        held = both(held, placeOf(facts));
        continue;
      }
      const heldBack = unclear(facts) ?? follows(facts, bringer.get(facts.key) === pod.metadata.uid);
      if (heldBack !== undefined) return { gpus: [], heldBack };
      if (facts.reading.kind === 'devices') open.push(facts);
    }
    const ways = waysOf(open);
    if ('blocker' in ways) return { gpus: [], heldBack: ways };
    const [first, ...others] = ways.map(({ gpus, where }) => ({ gpus, where: both(held, where) }));
    if (first === undefined) return { gpus: [], where: held };
    return others.length === 0 ? first : { ...first, orElse: others };
  };
}

/** The devices that a pod brings along on a node: of those of its ways that may be there, the first. */
export function devicesOn({ gpus, where, orElse = [] }: ClaimNeeds, node: string | undefined): readonly GpuDemand[] {
  if (node === undefined || orElse.length === 0) return gpus;
  return [{ gpus, where }, ...orElse].find(({ where: at }) => at?.names?.includes(node) ?? true)?.gpus ?? gpus;
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

/** An allocated claim holds its pods to its node; one of other drivers says so itself, and kube-scheduler obeys it. */
function placeOf({ held }: ClaimFacts): NodeConstraint | undefined {
  const [first] = held;
  return first && { names: [first.node] };
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
