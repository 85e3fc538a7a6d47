import { GROUP } from './crds.ts';

/** The namespace of assemblies, parts and children. */
export const NAMESPACE = 'bench';
/** The namespace of the pods that are only cached. */
export const POD_NAMESPACE = 'bench-pods';
/** The collection of assemblies. */
export const ASSEMBLIES = `/apis/${GROUP}/v1/namespaces/${NAMESPACE}/assemblies`;
/** The collection of parts. */
export const PARTS = `/apis/${GROUP}/v1/namespaces/${NAMESPACE}/parts`;
/** The collection of children. */
export const CHILDREN = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
/** The collection of pods. */
export const PODS = `/api/v1/namespaces/${POD_NAMESPACE}/pods`;
/** A part of every assembly: a change of it wakes them all. */
export const COMMON_PART = 'common';

/** What an assembly is made of. */
export interface AssemblySpec {
  readonly quantity: number;
  readonly parts: readonly string[];
}

/** What a part weighs. */
export interface PartSpec {
  readonly weight: number;
  readonly colour?: string;
}

const apiVersion = `${GROUP}/v1`;
const OBJECTS_PER_PART = 10;
const PODS_PER_NODE = 50;

/** The name of an assembly, of its child and of nothing else. */
export function assemblyName(index: number): string {
  return `assembly-${String(index).padStart(6, '0')}`;
}

/** How many parts beside the common one there are for so many assemblies. */
function partCount(assemblies: number): number {
  return Math.max(2, Math.floor(assemblies / OBJECTS_PER_PART));
}

/** The parts that so many assemblies need. */
export function partsFor(assemblies: number): readonly { readonly name: string; readonly spec: PartSpec }[] {
  const numbered = Array.from({ length: partCount(assemblies) }, (_, index) => ({
    name: `part-${index}`,
    spec: { weight: index + 2, colour: 'grey' },
  }));
  return [{ name: COMMON_PART, spec: { weight: 1, colour: 'grey' } }, ...numbered];
}

/** The spec of one of so many assemblies: the common part and two others. */
export function assemblySpec(index: number, assemblies: number): AssemblySpec {
  const parts = partCount(assemblies);
  return {
    quantity: 1 + (index % 7),
    parts: [COMMON_PART, `part-${index % parts}`, `part-${(index + 1) % parts}`],
  };
}

/** An object of the bench's own group. */
export function ownObject(kind: 'Assembly' | 'Part', name: string, spec: object): object {
  return { apiVersion, kind, metadata: { name, namespace: NAMESPACE }, spec };
}

/** A pod of the size and shape of a training worker, bound to a node that nobody plays. About 4 KiB as it is sent. */
export function podObject(index: number): object {
  const job = `train-${Math.floor(index / 8)}`;
  const env = Array.from({ length: 24 }, (_, each) => ({
    name: `TRAINING_SETTING_${each}`,
    value: `value-of-setting-${each}-of-${job}`,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${String(index).padStart(6, '0')}`,
      namespace: POD_NAMESPACE,
      labels: { app: 'train', job, team: `team-${index % 20}`, 'gpuoptimizer.io/queue': `queue-${index % 5}` },
      annotations: { 'example.com/notes': 'n'.repeat(500) },
    },
    spec: {
      nodeName: `node-${Math.floor(index / PODS_PER_NODE)}`,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 30,
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name: 'worker',
          image: 'registry.example.com/training/worker:1.2.3',
          args: ['--job', job, '--rank', String(index % 8), '--checkpoint', `/checkpoints/${job}`],
          env,
          ports: [{ containerPort: 29500, name: 'rendezvous' }],
          resources: {
            requests: { cpu: '8', memory: '64Gi', 'nvidia.com/gpu': '1' },
            limits: { memory: '64Gi', 'nvidia.com/gpu': '1' },
          },
          readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 10 },
          volumeMounts: [
            { name: 'shm', mountPath: '/dev/shm' },
            { name: 'checkpoints', mountPath: '/checkpoints' },
          ],
        },
        {
          name: 'log-shipper',
          image: 'registry.example.com/logging/shipper:4.5.6',
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [{ name: 'checkpoints', mountPath: '/checkpoints' }],
        },
      ],
      volumes: [
        { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '16Gi' } },
        { name: 'checkpoints', persistentVolumeClaim: { claimName: job } },
      ],
    },
  };
}
