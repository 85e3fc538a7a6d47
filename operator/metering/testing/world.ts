import { Namespace, Node, Pod } from '../../kube/index.ts';
import { type Thing, thing } from '../../runtime/testing/index.ts';
import { meteringFinalizer } from '../labels.ts';

/** A pod of a test's world; times are RFC 3339. */
export interface PodSketch {
  readonly name: string;
  readonly namespace?: string;
  readonly node?: string;
  readonly resource?: string;
  readonly units?: number;
  readonly bound?: string;
  readonly finished?: string;
  readonly phase?: string;
  readonly deleted?: string;
  readonly graceSeconds?: number;
  readonly held?: 'held' | 'free';
  /** Replaces parts of the status that the rest gives. */
  readonly status?: Pod['status'];
  /** Further resources of the container. */
  readonly further?: Readonly<Record<string, string>>;
}

/** A pod that asks for GPUs. */
export function podOf(sketch: PodSketch): Thing {
  const { name, bound, finished, deleted } = sketch;
  const terminated = finished === undefined ? undefined : { terminated: { exitCode: 0, finishedAt: finished } };
  return thing(Pod, {
    metadata: {
      name,
      namespace: sketch.namespace ?? 'acme-train',
      uid: `uid-${name}`,
      creationTimestamp: bound,
      deletionTimestamp: deleted,
      deletionGracePeriodSeconds: deleted === undefined ? undefined : (sketch.graceSeconds ?? 30),
      finalizers: sketch.held === 'free' ? [] : ['example.com/other', meteringFinalizer],
    },
    spec: {
      nodeName: bound === undefined ? undefined : (sketch.node ?? 'h100'),
      containers: [
        {
          name: 'main',
          resources: {
            limits: { [sketch.resource ?? 'nvidia.com/gpu']: String(sketch.units ?? 1), ...sketch.further },
          },
        },
      ],
    },
    status: {
      phase: sketch.phase ?? (finished === undefined ? 'Running' : 'Succeeded'),
      conditions: bound === undefined ? [] : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: bound }],
      containerStatuses:
        terminated === undefined
          ? []
          : [{ name: 'main', ready: false, restartCount: 0, image: '', imageID: '', state: terminated }],
      ...sketch.status,
    },
  });
}

/** A namespace, of a tenant when one is given. */
export function namespaceOf(name: string, tenant?: string): Thing {
  const labels: Readonly<Record<string, string>> =
    tenant === undefined ? {} : { 'gpuoptimizer.io/tenant': tenant, 'gpuoptimizer.io/managed': 'true' };
  return thing(Namespace, { metadata: { name, uid: `ns-${name}`, labels } });
}

/** A node with a product label. */
export function nodeOf(name: string, product: string): Thing {
  return thing(Node, { metadata: { name, uid: `node-${name}`, labels: { 'nvidia.com/gpu.product': product } } });
}

/** One tenant's namespace and one node. */
export const ground: readonly Thing[] = [namespaceOf('acme-train', 'acme'), nodeOf('h100', 'NVIDIA-H100-80GB-HBM3')];
