import type { Pod, ResourceClaim, ResourceClaimTemplate } from '../../../operator/kube/index.ts';
import type { FleetNode } from '../../fleet/nodes.ts';
import { gpuNode } from '../gpu/objects.ts';

const apiVersion = 'resource.k8s.io/v1';

/** A node whose GPUs only a DRA driver hands out. */
export function draNode(scenario: string, name: string): FleetNode {
  return gpuNode(scenario, name, {});
}

type Request = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number];

/** What a request says that asks for one device: a whole GPU, or a MIG device of a profile. */
export function asking(shape: string): NonNullable<Request['exactly']> {
  const selectors = [{ cel: { expression: `device.attributes['gpu.nvidia.com'].profile == '${shape}'` } }];
  return shape === 'gpu' ? { deviceClassName: 'gpu.nvidia.com' } : { deviceClassName: 'mig.nvidia.com', selectors };
}

/** What asks for one device. */
export function claimSpec(shape: string): ResourceClaim['spec'] {
  return { devices: { requests: [{ name: 'gpu', exactly: asking(shape) }] } };
}

/** A claim that pods name, with one request. */
export function claimAsking(namespace: string, name: string, request: Omit<Request, 'name'>): ResourceClaim {
  const spec = { devices: { requests: [{ name: 'gpu', ...request }] } };
  return { apiVersion, kind: 'ResourceClaim', metadata: { namespace, name }, spec };
}

/** A claim that pods name. */
export function claimNamed(namespace: string, name: string, shape: string): ResourceClaim {
  return { apiVersion, kind: 'ResourceClaim', metadata: { namespace, name }, spec: claimSpec(shape) };
}

/** A template of claims. */
export function templateNamed(namespace: string, name: string, shape: string): ResourceClaimTemplate {
  return { apiVersion, kind: 'ResourceClaimTemplate', metadata: { namespace, name }, spec: { spec: claimSpec(shape) } };
}

type Source = { readonly resourceClaimName: string } | { readonly resourceClaimTemplateName: string };

/** A pod with one claim, which its container uses. */
export function claimPod(
  namespace: string,
  name: string,
  source: Source,
  extra: Partial<NonNullable<Pod['spec']>> = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: {
      resourceClaims: [{ name: 'gpu', ...source }],
      containers: [
        {
          name: 'main',
          image: 'registry.k8s.io/pause:3.10',
          resources: { claims: [{ name: 'gpu' }], requests: { cpu: '100m' } },
        },
      ],
      ...extra,
    },
  };
}

/** The name of a device without what every name begins with, as `1g10gb-19-6`; undefined while nothing is allocated. */
export function slotOf(claim: ResourceClaim): string | undefined {
  const [result] = claim.status?.allocation?.devices?.results ?? [];
  return result?.device;
}
