import type { Node, Pod } from '../../kube/index.ts';
import type { Geometry } from '../sharing/geometry.ts';
import type { Operation } from './operation.ts';
import type { HolderFacts, NodeWorld, StepPolicy } from './world.ts';

/** The time of every row. */
export const NOW = new Date('2027-01-10T08:00:00Z');
export const policy: StepPolicy = { drainTimeoutSeconds: 900, wedgeAfterSeconds: 360, drainUncertain: false };

/** The time so many seconds before the rows. */
export function ago(seconds: number): string {
  return new Date(NOW.getTime() - seconds * 1000).toISOString();
}

/** Two whole GPUs, and the same node with one of them cut into sevenths. */
export const whole: Geometry = { gpus: 2, strategy: 'None', replicas: 1, layout: [{}, {}], mig: 'all-disabled' };
export const cut: Geometry = {
  gpus: 2,
  strategy: 'None',
  replicas: 1,
  layout: [{}, { '1g.10gb': 7 }],
  mig: 'gpo-1',
};

export function operation(change: Partial<Operation> = {}): Operation {
  return {
    id: 'x',
    pool: 'main',
    step: 'Cordon',
    direction: 'Forward',
    started: ago(1000),
    since: ago(100),
    target: cut,
    previous: whole,
    sure: [],
    unsure: ['nvidia.com/gpu'],
    heals: 0,
    retries: 0,
    ...change,
  };
}

const advertised = {
  whole: [{ 'nvidia.com/gpu': '2' }, {}],
  cut: [{ 'nvidia.com/gpu': '1', 'nvidia.com/mig-1g.10gb': '7' }, { 'nvidia.com/mig-1g.10gb.count': '7' }],
  stale: [{ 'nvidia.com/gpu': '1', 'nvidia.com/mig-1g.10gb': '7' }, {}],
  nothing: [{ 'nvidia.com/gpu': '0' }, {}],
} as const;

export interface WorldOptions extends Partial<Omit<NodeWorld, 'node'>> {
  readonly advertises?: keyof typeof advertised;
  readonly labels?: Readonly<Record<string, string>>;
}

export function world({ advertises = 'whole', labels = {}, ...more }: WorldOptions = {}): NodeWorld {
  const [allocatable, counts] = advertised[advertises];
  const product = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '2' };
  const node: Node = {
    metadata: { name: 'n1', uid: 'n1', labels: { ...product, ...counts, ...labels } },
    status: { allocatable, capacity: allocatable },
  };
  return { node, ready: true, unschedulable: true, holders: [], operands: [], ...more };
}

export function holder(name: string, resource: string, change: Partial<HolderFacts> = {}): HolderFacts {
  const containers = [{ name: 'main', resources: { limits: { [resource]: '1' } } }];
  const pod: Pod = { metadata: { name, namespace: 'a', uid: name }, spec: { containers } };
  return { pod, key: `a/${name}`, resources: [resource], leaving: false, minutes: 5, ...change };
}
