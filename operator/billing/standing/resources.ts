import { asksForGpus, type Pod } from '../../kube/index.ts';
import type { PatchBody } from '../../runtime/index.ts';

/** Label on a Namespace: `true` where config/policies/frozen.yaml lets no GPU pod and no claim in. */
export const FROZEN_LABEL = 'gpuoptimizer.io/frozen';
/** Annotation on a frozen Namespace: why, and what lifts it; admission says it to whoever is refused. */
export const FROZEN_BECAUSE = 'gpuoptimizer.io/frozen-because';

/** Freezes a namespace. A patch and not server-side apply, which would make a namespace anew that was just deleted. */
export function frozen(because: string): PatchBody {
  return mark('true', because);
}

/** Takes the freeze away, whoever wrote it. */
export function thawed(): PatchBody {
  return mark(null, null);
}

function mark(label: string | null, because: string | null): PatchBody {
  const metadata = { labels: { [FROZEN_LABEL]: label }, annotations: { [FROZEN_BECAUSE]: because } };
  return { type: 'merge', body: { metadata } };
}

/** Whether a pod is on a node and asks for GPUs: what an eviction gives back. */
export function holdsGpus(pod: Pod): boolean {
  const { spec, status, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined || spec?.nodeName === undefined) return false;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  return asksForGpus(pod);
}
