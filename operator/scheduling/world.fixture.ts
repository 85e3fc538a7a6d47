/** Builders of small worlds for the room's tests. */
import { type GPUPool, kinds, type Tenant } from '../api/index.ts';
import { Job, Node, Pod } from '../kube/index.ts';
import { type Thing, thing } from '../runtime/testing/index.ts';
import { GATE } from './names.ts';

/** The time of every test world. */
export const NOW = new Date('2027-01-10T08:00:00Z');

interface NodeOptions {
  readonly gpus?: number;
  readonly resources?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  readonly cpu?: string;
  readonly cordoned?: boolean;
}

/** A healthy node with H100 GPUs. */
export function node(name: string, options: NodeOptions = {}): Thing {
  const { gpus = 8, resources = { 'nvidia.com/gpu': String(gpus) }, cpu = '64' } = options;
  const amounts = { cpu, memory: '512Gi', pods: '110', ...resources };
  return thing(Node, {
    metadata: {
      name,
      uid: `node-${name}`,
      labels: {
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'nvidia.com/gpu.count': String(gpus),
        ...options.labels,
      },
    },
    spec: { taints: options.taints, unschedulable: options.cordoned },
    status: { allocatable: amounts, capacity: amounts, conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

/** A pool of every GPU node. */
export function pool(name = 'main', spec: Partial<GPUPool['spec']> = {}): Thing {
  return thing(kinds.GPUPool, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name, uid: `pool-${name}`, generation: 1, creationTimestamp: '2027-01-01T00:00:00Z' },
    spec: { nodes: { selector: { matchLabels: { 'nvidia.com/gpu.present': 'true' } } }, ...spec },
  });
}

/** A tenant of the namespaces that begin with its name. */
export function tenant(name: string, limit?: number): Thing {
  const spec: Tenant['spec'] = {
    selector: { namespaces: [`${name}*`] },
    quotas: limit === undefined ? [] : [{ pool: 'main', limit }],
  };
  return thing(kinds.Tenant, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: { name, uid: `tenant-${name}`, generation: 1, creationTimestamp: '2027-01-01T00:00:00Z' },
    spec,
  });
}

interface PodOptions {
  readonly namespace?: string;
  readonly gpus?: number;
  readonly resource?: string;
  readonly cpu?: string;
  readonly gates?: readonly string[];
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly phase?: string;
  readonly job?: string;
  readonly priority?: number;
  readonly created?: string;
  readonly spec?: Partial<NonNullable<Pod['spec']>>;
  readonly conditions?: NonNullable<Pod['status']>['conditions'];
}

/** A gated pod that asks for one GPU, unless told otherwise. */
export function pod(name: string, options: PodOptions = {}): Thing {
  const {
    gpus = 1,
    resource = 'nvidia.com/gpu',
    cpu = '1',
    gates = options.node === undefined ? [GATE] : [],
  } = options;
  const devices: Readonly<Record<string, string>> = gpus === 0 ? {} : { [resource]: String(gpus) };
  const owners =
    options.job === undefined
      ? undefined
      : [{ apiVersion: 'batch/v1', kind: 'Job', name: options.job, uid: options.job, controller: true }];
  const indexed: Readonly<Record<string, string>> =
    options.job === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': '0' };
  return thing(Pod, {
    metadata: {
      name,
      namespace: options.namespace ?? 'acme',
      uid: `pod-${name}`,
      creationTimestamp: options.created ?? '2027-01-10T07:59:00Z',
      labels: { ...indexed, ...options.labels },
      annotations: options.annotations,
      ownerReferences: owners,
    },
    spec: {
      containers: [{ name: 'main', resources: { requests: { cpu, memory: '1Gi', ...devices }, limits: devices } }],
      schedulingGates: gates.map((gate) => ({ name: gate })),
      nodeName: options.node,
      priority: options.priority,
      ...options.spec,
    },
    status: {
      phase: options.phase ?? (options.node === undefined ? 'Pending' : 'Running'),
      conditions: options.conditions,
    },
  });
}

/** An Indexed Job. */
export function job(name: string, parallelism: number, succeeded = 0, completions = parallelism): Thing {
  return thing(Job, {
    metadata: { name, namespace: 'acme', uid: name },
    spec: { parallelism, completions, completionMode: 'Indexed', template: { spec: { containers: [] } } },
    status: { succeeded },
  });
}
