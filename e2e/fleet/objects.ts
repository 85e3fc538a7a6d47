import { KWOK_SELECTOR, KWOK_TAINT } from './nodes.ts';

/** Seconds after which KWOK ends a pod; a pod without it runs until it is deleted. */
const RUN_SECONDS = 'gpuoptimizer.io/run-seconds';
/** How busy the pod's GPUs are, in percent, for the peer that plays the DCGM exporter. */
const UTILISATION = 'e2e.gpuoptimizer.io/gpu-utilisation-percent';
/** Never pulled: KWOK plays the kubelet. */
const IMAGE = 'registry.k8s.io/pause:3.10';

/** What one pod asks for and how it behaves. */
export interface PodNeeds {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Extended resources by name. */
  readonly devices: Readonly<Record<string, number>>;
  /** Models allowed by label nvidia.com/gpu.product; one becomes a nodeSelector, more a required affinity. */
  readonly products?: readonly string[];
  readonly runSeconds?: number;
  readonly utilisationPercent?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Template {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An object of the workload. */
export interface WorkloadObject {
  readonly apiVersion: string;
  readonly kind: 'Job' | 'Deployment' | 'Pod';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Pods that run together or not at all: an Indexed Job whose parallelism is its number of pods. */
export function jobOf(namespace: string, name: string, pods: number, needs: PodNeeds): WorkloadObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: labelsOf(name, needs) },
    spec: {
      completionMode: 'Indexed',
      completions: pods,
      parallelism: pods,
      backoffLimit: 0,
      template: templateOf(name, needs, 'Never'),
    },
  };
}

/** Replicas that come and stay, each on its own. */
export function deploymentOf(namespace: string, name: string, replicas: number, needs: PodNeeds): WorkloadObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: labelsOf(name, needs) },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: templateOf(name, needs, 'Always'),
    },
  };
}

/** One pod without an owner. */
export function podOf(namespace: string, name: string, needs: PodNeeds): WorkloadObject {
  const { metadata, spec } = templateOf(name, needs, 'Never');
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec };
}

function labelsOf(name: string, needs: PodNeeds): Readonly<Record<string, string>> {
  return { app: name, 'app.kubernetes.io/part-of': 'fleet-workload', ...needs.labels };
}

function templateOf(name: string, needs: PodNeeds, restartPolicy: 'Never' | 'Always'): Template {
  const devices = Object.fromEntries(
    Object.entries(needs.devices).map(([resource, count]) => [resource, String(count)]),
  );
  const amounts = { cpu: `${needs.cpuMilli}m`, memory: `${needs.memoryMiB}Mi` };
  const [only, ...others] = needs.products ?? [];
  return {
    metadata: {
      labels: labelsOf(name, needs),
      annotations: {
        ...(needs.runSeconds === undefined ? {} : { [RUN_SECONDS]: String(needs.runSeconds) }),
        ...(needs.utilisationPercent === undefined ? {} : { [UTILISATION]: String(needs.utilisationPercent) }),
      },
    },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 1,
      tolerations: [{ ...KWOK_TAINT, operator: 'Equal' }],
      nodeSelector: {
        ...KWOK_SELECTOR,
        ...(only !== undefined && others.length === 0 ? { 'nvidia.com/gpu.product': only } : {}),
      },
      ...(others.length === 0 ? {} : { affinity: productAffinity(needs.products ?? []) }),
      containers: [
        {
          name: 'main',
          image: IMAGE,
          resources: { requests: { ...amounts, ...devices }, limits: { memory: amounts.memory, ...devices } },
        },
      ],
    },
  };
}

function productAffinity(products: readonly string[]): object {
  const expression = { key: 'nvidia.com/gpu.product', operator: 'In', values: [...products] };
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
    },
  };
}
