import type { ResourceClaimTemplate } from '../../../kube/index.ts';
import { DRA_DRIVER, GPU_CLASS, MIG_CLASS, profileOf, SHAPE_LABEL, shapeLabel } from '../../../pools/index.ts';
import type { Intent } from '../../../runtime/index.ts';

/** The name by which a pod with the shape label holds its claim. */
export const SHAPE_CLAIM = 'gpuopt-shape';

/** Label on the templates that the operator keeps; it removes no others. */
export const KEPT_LABEL = 'app.kubernetes.io/managed-by';
/** The value of that label. */
export const KEEPER = 'gpuopt';

/** The name of the template of a shape, by the value of the label: `gpuopt-1g.10gb`. */
export function templateName(label: string): string {
  return `gpuopt-${label}`;
}

/** The template from which pods with the label of a shape get their claims: one device of that shape. */
export function templateOf(namespace: string, shape: string): Intent<ResourceClaimTemplate> {
  const label = shapeLabel(shape);
  const labels = { [SHAPE_LABEL]: label };
  const profile = profileOf(shape);
  const selectors = [{ cel: { expression: `device.attributes['${DRA_DRIVER}'].profile == '${profile}'` } }];
  const exactly = profile === undefined ? { deviceClassName: GPU_CLASS } : { deviceClassName: MIG_CLASS, selectors };
  return {
    metadata: { namespace, name: templateName(label), labels: { ...labels, [KEPT_LABEL]: KEEPER } },
    spec: { metadata: { labels }, spec: { devices: { requests: [{ name: 'gpu', exactly }] } } },
  };
}
