/** A pod that the scheduler leaves alone: gated, or on a node that is not there. */
export function pod(
  name: string,
  { gates = [], node, labels = {} }: { gates?: readonly string[]; node?: string; labels?: Record<string, string> } = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      schedulingGates: gates.length === 0 ? undefined : gates.map((gate) => ({ name: gate })),
      // Bound nowhere, whatever nodes the cluster has: a bound pod is deleted with grace.
      nodeSelector: { 'example.com/nowhere': 'true' },
      containers: [{ name: 'main', image: 'example.com/none' }],
    },
  };
}
