import type { Thing } from '../api.ts';
import { note } from './workload.ts';

const group = 'gpuoptimizer.io/v1alpha1';
/** The label by which a pool selects the nodes of its plan. */
const PLAN_LABEL = 'faults.test/plan';
const DEVICE = 'nvidia.com/gpu';

/** A namespace. */
export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Thing {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations: note } };
}

/** A node with eight GPUs of one plan, played by KWOK. */
export function gpuNode(token: string, name: string): Thing {
  const resources = { cpu: '128', memory: '1024Gi', pods: '110', [DEVICE]: '8' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        type: 'kwok',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'nvidia.com/gpu.present': 'true',
        'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
        'nvidia.com/gpu.count': '8',
        [PLAN_LABEL]: token,
      },
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: {},
    status: { capacity: resources, allocatable: resources },
  };
}

/** A pool of the plan's nodes. */
export function pool(token: string, sharing?: object): Thing {
  const spec = { nodes: { selector: { matchLabels: { [PLAN_LABEL]: token } } }, sharing };
  return { apiVersion: group, kind: 'GPUPool', metadata: { name: token, annotations: note }, spec };
}

/** A tenant of namespaces. */
export function tenant(token: string, namespaces: readonly string[]): Thing {
  const spec = { selector: { namespaces } };
  return { apiVersion: group, kind: 'Tenant', metadata: { name: token, annotations: note }, spec };
}

/** A pod that asks for GPUs of the plan's nodes. */
export function gpuPod(token: string, inside: string, name: string, gpus: number): Thing {
  const container = {
    name: 'main',
    image: 'registry.k8s.io/pause:3.10',
    resources: { limits: { [DEVICE]: String(gpus) } },
  };
  const spec = { containers: [container], nodeSelector: { [PLAN_LABEL]: token }, terminationGracePeriodSeconds: 0 };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: inside, annotations: note }, spec };
}

/** A version of the plan's price list. */
export function priceBook(token: string, version: number): Thing {
  const spec = {
    book: token,
    version,
    currency: 'usd',
    effectiveFromTime: `2026-01-0${version}T00:00:00Z`,
    skus: [{ name: 'h100', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour: `3.2${version}` }],
  };
  return { apiVersion: group, kind: 'PriceBook', metadata: { name: `${token}-${version}`, annotations: note }, spec };
}

/** A campaign that never runs within a test: its schedule is New Year's night. */
export function campaign(inside: string, minute: number): Thing {
  const spec = {
    schedule: { cron: `${minute} 0 1 1 *`, timeZone: 'Etc/UTC', period: 'Day', startingDeadlineSeconds: 3600 },
    lawfulBasis: 'Consent',
    topic: 'news',
    steps: [
      { name: 'contacts', type: 'LeadImport', leadImport: { csvSecretRef: { name: 'leads', key: 'contacts.csv' } } },
      {
        name: 'mail',
        type: 'EmailSend',
        emailSend: {
          channelRef: { name: 'mail' },
          templateRef: { name: 'welcome', key: 'text.liquid' },
          subject: 'Your first GPU hour',
        },
      },
    ],
  };
  return {
    apiVersion: group,
    kind: 'GrowthCampaign',
    metadata: { name: 'welcome', namespace: inside, annotations: note },
    spec,
  };
}

/** The channel of the campaign. */
export function channel(inside: string): Thing {
  const spec = {
    type: 'SMTP',
    smtp: { host: 'smtp.example.com', port: 587 },
    from: 'team@example.com',
    postalAddress: 'Example Street 1, 10115 Berlin',
    unsubscribeBaseURL: 'https://example.com/unsubscribe',
  };
  return {
    apiVersion: group,
    kind: 'MessagingChannel',
    metadata: { name: 'mail', namespace: inside, annotations: note },
    spec,
  };
}
