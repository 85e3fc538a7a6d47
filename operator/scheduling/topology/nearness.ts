import type { GPUPool } from '../../api/index.ts';
import type { Pod } from '../../kube/index.ts';
import type { Formed } from '../gangs/form.ts';
import { foreign, TOPOLOGY_PREFERRED_ANNOTATION, TOPOLOGY_REQUIRED_ANNOTATION } from '../names.ts';
import { meets, type Nearness, type NodeConstraint, type NodeFacts } from '../planner/index.ts';

type PoolTopology = NonNullable<NonNullable<GPUPool['spec']['scheduling']>['topology']>;

/** What nearness is read from. */
export interface NearSource {
  readonly pools: readonly GPUPool[];
  readonly nodes: readonly NodeFacts[];
  /** The node that a pod is on or was released to. */
  readonly nodeOf: (pod: Pod) => string | undefined;
}

/** Answers how near to the others of its gang a pod is to be; undefined where nothing is asked. */
export type NearOf = (pod: Pod, where: NodeConstraint | undefined, formed: Formed) => Nearness | undefined;

/** What one pod asks for, by its annotations. */
interface Asked {
  readonly set: string;
  readonly required?: string;
  readonly preferred?: string;
}

/**
 * How near pods are to be: by annotations of theirs, by Kueue's for their pod set, or by default of the first pool with a
 * topology that they could use.
 */
export function createNearOf({ pools, nodes, nodeOf }: NearSource): NearOf {
  const poolFor = createPoolFor(pools, nodes);
  return (pod, where, { pods, beside }) => {
    const asked = askedBy(pod);
    const topology = poolFor(where);
    const near = asked === undefined ? defaultOf(topology) : { ...asked, levels: levelsFor(asked, topology) };
    if (near === undefined) return undefined;
    const others = beside.filter((other) => (askedBy(other)?.set ?? WHOLE) === near.set);
    // A pod that nobody is near to is only told where it must not be.
    if (pods.length + others.length === 1 && near.required === undefined) return undefined;
    const placed = others.map(nodeOf).filter((node) => node !== undefined);
    return placed.length === 0 ? near : { ...near, beside: placed };
  };
}

/** Name of the set of a gang whose pods are all in it. */
const WHOLE = 'gang';

function askedBy({ metadata: { annotations = {}, labels = {} } }: Pod): Asked | undefined {
  const required = annotations[TOPOLOGY_REQUIRED_ANNOTATION];
  const preferred = annotations[TOPOLOGY_PREFERRED_ANNOTATION];
  if (required !== undefined || preferred !== undefined) return { set: WHOLE, required, preferred };
  const kueue = { required: annotations[foreign.kueueRequired], preferred: annotations[foreign.kueuePreferred] };
  if (kueue.required === undefined && kueue.preferred === undefined) return undefined;
  // Kueue asks for each of its pod sets by itself.
  return { set: `podset ${labels[foreign.kueuePodSet] ?? labels[foreign.jobSetPart] ?? ''}`, ...kueue };
}

/** The pool's levels where they know all that is asked for; else what is asked for, wider first. */
function levelsFor({ required, preferred }: Asked, topology: PoolTopology | undefined): readonly string[] {
  const asked = [...new Set([required, preferred].filter((key) => key !== undefined))];
  const levels = topology?.levels ?? [];
  return asked.every((key) => levels.includes(key)) ? levels : asked;
}

function defaultOf(topology: PoolTopology | undefined): Nearness | undefined {
  if (topology === undefined || topology.default === 'Ignored') return undefined;
  const { levels } = topology;
  return topology.default === 'Required' ? { set: WHOLE, levels, required: levels[0] } : { set: WHOLE, levels };
}

/** The topology of the first pool with one that has a node for a pod; asked once for each constraint. */
function createPoolFor(pools: readonly GPUPool[], nodes: readonly NodeFacts[]) {
  const topologies = pools.flatMap(({ metadata, spec }) => {
    const topology = spec.scheduling?.topology;
    return topology === undefined ? [] : [{ pool: metadata.name, topology }];
  });
  const known = new Map<string, PoolTopology | undefined>();
  return (where: NodeConstraint = {}): PoolTopology | undefined => {
    if (topologies.length === 0) return undefined;
    const key = JSON.stringify(where);
    if (!known.has(key)) {
      const usable = new Set(nodes.filter((node) => meets(node, where)).map((node) => node.pool));
      known.set(key, topologies.find(({ pool }) => usable.has(pool))?.topology);
    }
    return known.get(key);
  };
}
