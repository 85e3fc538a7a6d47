import { Node } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Sickness } from './health.ts';

/** Said when a node gets no more pods, and when it may again. */
export function healthEvent(node: Node, became: 'Unhealthy' | 'Healthy', sick: Sickness | undefined): EventIntent {
  const about = { regarding: node, kind: Node, action: 'PlacePods' } as const;
  if (became === 'Healthy') {
    return {
      ...about,
      type: 'Normal',
      reason: 'GPUNodeHealthy',
      note: 'It was well for spec.health.quietSeconds and takes pods again.',
    };
  }
  const note = `Nothing new is placed on it: ${sick?.why ?? 'it is not well'}.`;
  return { ...about, type: 'Warning', reason: 'GPUNodeUnhealthy', note };
}
