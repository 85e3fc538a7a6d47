import type { NodeApi } from './node-api.ts';

/** The components of the GPU Operator on a node: their app label and the node label that deploys them. */
const operands = [
  ['nvidia-device-plugin-daemonset', 'nvidia.com/gpu.deploy.device-plugin'],
  ['gpu-feature-discovery', 'nvidia.com/gpu.deploy.gpu-feature-discovery'],
  ['nvidia-dcgm-exporter', 'nvidia.com/gpu.deploy.dcgm-exporter'],
  ['nvidia-dcgm', 'nvidia.com/gpu.deploy.dcgm'],
] as const;

/** The labels by which the GPU Operator deploys its components on a node. */
export const deployLabels: Readonly<Record<string, string>> = Object.fromEntries(
  operands.map(([, label]) => [label, 'true']),
);

/** Deploys the components as DaemonSets; the cluster's own DaemonSet controller makes and deletes their pods. */
export async function deployOperands(api: NodeApi, namespace: string): Promise<void> {
  const collection = `/apis/apps/v1/namespaces/${namespace}/daemonsets`;
  for (const [app, label] of operands) {
    const template = {
      metadata: { labels: { app } },
      spec: {
        nodeSelector: { [label]: 'true' },
        tolerations: [{ operator: 'Exists' }],
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
      },
    };
    const spec = { selector: { matchLabels: { app } }, template };
    await api.apply(`${collection}/${app}`, {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: app, namespace },
      spec,
    });
  }
}
