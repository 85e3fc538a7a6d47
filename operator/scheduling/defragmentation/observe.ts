import { type Defragmentation, type GPUPool, kinds, type PodMove, type PoolDefragmentation } from '../../api/index.ts';
import { keyText, Node, Pod } from '../../kube/index.ts';
import { createTenantOf, isOpen } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { type ConstraintOf, createConstraintOf } from '../constraint.ts';
import { createBudgetsOf, disruptionsAllowed } from '../disruption-budgets.ts';
import { gangMark } from '../gangs/gang.ts';
import { demandOf, type Facts } from '../observe.ts';
import type { Movable } from '../planner/index.ts';
import { PODS_BY_STATE } from '../pod-state.ts';
import { isLeaving } from '../preemption/observe.ts';
import { freezesOf } from '../tenancy/freeze.ts';
import { holdsDevices, keptBecause, lostMinutes } from './movable.ts';

/** A pool that says whether pods may be moved in it. */
export interface MovingPool {
  readonly name: string;
  readonly uid?: string;
  readonly rules: Required<Omit<Defragmentation, 'windows'>>;
  /** Whether one of its windows is open. */
  readonly open: boolean;
  /** Moves of the last hour. */
  readonly moves: readonly PodMove[];
  /** What its status says. */
  readonly said?: PoolDefragmentation;
  readonly movable: readonly Movable[];
  /** How many pods stay, by why. */
  readonly kept: ReadonlyMap<string, number>;
}

/** What defragmentation knows beside the plan. */
export interface DefragmentationFacts {
  readonly pools: readonly MovingPool[];
  /** Pods that may be moved, by key. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** Pods that hold room and are about to go, by key. */
  readonly leaving: ReadonlySet<string>;
  readonly disruptionsAllowed: ReadonlyMap<string, number>;
}

const HOUR_MILLIS = 3_600_000;

/** What holds where the pool does not say otherwise. */
const USUAL: MovingPool['rules'] = {
  mode: 'DryRun',
  afterSeconds: 300,
  minRunSeconds: 600,
  minGpusPerPodHour: 2,
  maxMovesPerHour: 20,
};

/** Whether pods may be moved anywhere: else nothing is read. */
export function mayMove({ spec }: Pick<GPUPool, 'spec'>): boolean {
  return spec.defragmentation !== undefined && spec.defragmentation.mode !== 'Off';
}

/** What is looked at. */
export interface Looked {
  /** Uids of pods that must not be tried now. */
  readonly spared?: ReadonlySet<string>;
  /** Whether nobody waits for room: then it is not looked who could be moved. */
  readonly idle?: boolean;
  /** This pool only, whatever it says; else those that say that pods may be moved. */
  readonly only?: string;
}

/** Reads which pods of which pools may be moved. */
export function observeDefragmentation(
  reader: Reader,
  facts: Facts,
  { spared, idle, only }: Looked = {},
): DefragmentationFacts {
  const bound = idle === true ? [] : reader.list(Pod, { index: { name: PODS_BY_STATE, value: 'bound' } });
  const pods = new Map<string, Pod>();
  const { now } = facts.tenancy;
  const look = createLook(reader, facts);
  const pools = reader
    .list(kinds.GPUPool)
    .filter((pool) => (only === undefined ? mayMove(pool) : pool.metadata.name === only))
    .map((pool): MovingPool => {
      const { windows, ...said } = pool.spec.defragmentation ?? {};
      const rules = { ...USUAL, ...said };
      const kept = new Map<string, number>();
      const movable: Movable[] = [];
      for (const pod of bound) {
        if (look.poolOf(pod) !== pool.metadata.name || !holdsDevices(pod) || isLeaving(pod, now)) continue;
        const reason =
          spared?.has(pod.metadata.uid ?? '') === true
            ? 'a PodDisruptionBudget kept it just now'
            : look.keptBecause(pod, rules.minRunSeconds * 1000);
        const one = reason === undefined ? look.movable(pod) : undefined;
        if (one === undefined) kept.set(reason ?? UNKNOWN, (kept.get(reason ?? UNKNOWN) ?? 0) + 1);
        else {
          movable.push(one);
          pods.set(one.holding.key, pod);
        }
      }
      return {
        ...{ name: pool.metadata.name, uid: pool.metadata.uid, rules, movable, kept },
        open: isOpen(windows, new Date(now)),
        moves: (pool.status?.defragmentation?.moves ?? []).filter(
          ({ startTime }) => now - Date.parse(startTime) < HOUR_MILLIS,
        ),
        said: pool.status?.defragmentation,
      };
    });
  return {
    pools,
    pods,
    leaving: new Set(bound.filter((pod) => isLeaving(pod, now)).map(keyText)),
    disruptionsAllowed: disruptionsAllowed(reader),
  };
}

const UNKNOWN = 'what it holds is not known';

interface Look {
  readonly poolOf: (pod: Pod) => string | undefined;
  readonly keptBecause: (pod: Pod, minRunMillis: number) => string | undefined;
  readonly movable: (pod: Pod) => Movable | undefined;
}

function createLook(reader: Reader, facts: Facts): Look {
  const { now } = facts.tenancy;
  const pools = new Map(facts.nodes.map(({ name, pool }) => [name, pool]));
  const held = new Map(facts.held.map((holding) => [holding.key, holding]));
  const tenants = reader.list(kinds.Tenant);
  const tenantOf = createTenantOf(tenants);
  const freezes = freezesOf(tenants, now);
  const budgetsOf = createBudgetsOf(reader);
  const constraintOf = createConstraintOf(reader.list(Node).filter(({ metadata }) => pools.has(metadata.name ?? '')));
  return {
    poolOf: ({ spec }) => pools.get(spec?.nodeName ?? ''),
    keptBecause: (pod, minRunMillis) =>
      keptBecause(pod, {
        ...{ now, minRunMillis, budgets: budgetsOf(pod) },
        inGang: gangMark(pod, reader) !== undefined,
        frozen: freezes.has(tenantOf(pod.metadata.namespace ?? '') ?? ''),
      }),
    movable: (pod) => {
      const holding = held.get(keyText(pod));
      if (holding === undefined) return undefined;
      const [budget] = budgetsOf(pod);
      return {
        ...{ holding, member: successor(pod, constraintOf), priority: pod.spec?.priority ?? 0, budget },
        podMinutes: lostMinutes(pod, now),
      };
    },
  };
}

/** What the successor of a pod will ask for: the same, without the node that the release pinned the pod to. */
function successor(pod: Pod, constraintOf: ConstraintOf): Movable['member'] {
  const where = constraintOf(unpinned(pod));
  return { ...demandOf(pod), key: keyText(pod), where, tolerations: pod.spec?.tolerations };
}

/** A pod without what its release added: the node's name at the end of every term of its required affinity. */
export function unpinned(pod: Pod): Pod {
  const affinity = pod.spec?.affinity?.nodeAffinity;
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (pod.spec === undefined || terms === undefined) return pod;
  const asked = terms.map((term) => ({ ...term, matchFields: term.matchFields?.slice(0, -1) }));
  const only = asked.every(
    ({ matchExpressions = [], matchFields = [] }) => matchExpressions.length + matchFields.length === 0,
  );
  const required = only ? undefined : { nodeSelectorTerms: asked };
  const nodeAffinity = { ...affinity, requiredDuringSchedulingIgnoredDuringExecution: required };
  return { ...pod, spec: { ...pod.spec, affinity: { ...pod.spec.affinity, nodeAffinity } } };
}
