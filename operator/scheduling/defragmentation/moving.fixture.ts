/** A small world in which moving a pod helps another. */
import type { GPUPool } from '../../api/index.ts';
import type { Thing } from '../../runtime/testing/index.ts';
import { node, pod, pool, tenant } from '../world.fixture.ts';

/** What a pool says of moves. */
export type Rules = NonNullable<GPUPool['spec']['defragmentation']>;
/** What its status says of them. */
export type Moves = NonNullable<NonNullable<GPUPool['status']>['defragmentation']>;

/** The pool main, in which pods are moved at any price. */
export function moving(rules: Rules = {}, status?: Partial<Moves>): Thing {
  const { kind, object } = pool('main', { defragmentation: { minGpusPerPodHour: 0, ...rules } });
  const empty: Moves = { state: 'Moving', message: '', usableMilli: 0, podMinutes: 0, proposed: [], moves: [] };
  const full = status === undefined ? {} : { status: { defragmentation: { ...empty, ...status } } };
  return { kind, object: { ...object, ...full } };
}

interface Parts {
  readonly node?: string;
  readonly gpus?: number;
  readonly owner?: string;
  readonly created?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod of a ReplicaSet that runs since an hour. */
export function web(name: string, { owner = `rs-${name}`, uid = `pod-${name}`, ...parts }: Parts = {}): Thing {
  const plan = { 'gpuoptimizer.io/plan': '20270110T070000.000Z' };
  const { kind, object } = pod(name, {
    ...{ gpus: parts.gpus ?? 4, node: parts.node, created: parts.created ?? '2027-01-10T07:00:00Z' },
    labels: { ...(parts.node === undefined ? {} : plan), ...parts.labels },
  });
  const ownerReferences =
    owner === '' ? [] : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }];
  const status = { ...Reflect.get(object, 'status'), startTime: '2027-01-10T07:00:00Z' };
  return {
    kind,
    object: Object.assign({ ...object, metadata: { ...object.metadata, uid, ownerReferences } }, { status }),
  };
}

/** A pod that waits since ten minutes for a whole node. */
export const big = pod('big', { gpus: 8, created: '2027-01-10T07:50:00Z' });
/** Two nodes, half of each used by a pod that could be on the other. */
export const halves = [node('n1'), node('n2'), tenant('acme'), web('x', { node: 'n1' }), web('y', { node: 'n2' })];
