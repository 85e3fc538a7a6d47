import type { Pod, ResourceClaimTemplate } from '../../kube/index.ts';
import { SHAPE_LABEL } from '../../pools/index.ts';
import { SHAPE_CLAIM, templateName } from '../dra/templates/resources.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

/**
 * A new pod that names a shape, with the claim for it: its first container uses it. `templates` are those of its
 * namespace. The twin of gpuopt-claim in config/policies/claim.yaml.
 */
export function claimedPod(pod: Pod, templates: readonly ResourceClaimTemplate[]): Pod {
  const { spec } = pod;
  const name = templateName(pod.metadata.labels?.[SHAPE_LABEL] ?? '');
  const claims = spec?.resourceClaims ?? [];
  if (spec === undefined || claims.some((claim) => claim.name === SHAPE_CLAIM)) return pod;
  const found = templates.some(
    ({ metadata }) => metadata.name === name && metadata.labels?.[SHAPE_LABEL] !== undefined,
  );
  if (!found) return pod;
  return {
    ...pod,
    spec: {
      ...spec,
      resourceClaims: [...claims, { name: SHAPE_CLAIM, resourceClaimTemplateName: name }],
      containers: spec.containers.map((container, at) => (at === 0 ? using(container) : container)),
    },
  };
}

function using(container: Container): Container {
  const { claims = [], ...resources } = container.resources ?? {};
  return { ...container, resources: { ...resources, claims: [...claims, { name: SHAPE_CLAIM }] } };
}
