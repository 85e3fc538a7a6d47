/** @module What config/policies decides about pods, as webhooks for clusters without admission policies. */
import { Pod, ResourceClaimTemplate } from '../../kube/index.ts';
import { mutating, validating, type Webhook } from '../../runtime/index.ts';
import { claimedPod } from './claim.ts';
import { gatedPod } from './gate.ts';
import { frozenGuard, type Guard, gateGuard, nodeNameGuard, planLabelGuard, shapeGuard } from './guards.ts';

export { createGateProbe } from './probe.ts';

/** The webhooks of pods; config/webhooks names their paths. */
export const podWebhooks: readonly Webhook[] = [
  mutating(Pod, '/claim', ({ namespace, object }, reader) => {
    if (object === undefined) return { allowed: true };
    return { allowed: true, object: claimedPod(object, reader.list(ResourceClaimTemplate, { namespace })) };
  }),
  mutating(Pod, '/gate', (request) => {
    const { object } = request;
    return { allowed: true, ...(object !== undefined && { object: gatedPod(object, request) }) };
  }),
  guarding('/gate-guard', gateGuard),
  guarding('/plan-label', planLabelGuard),
  guarding('/node-name', nodeNameGuard),
  guarding('/shape', shapeGuard),
  guarding('/frozen', frozenGuard),
];

function guarding(path: string, guard: Guard): Webhook {
  return validating(Pod, path, (request) => {
    const message = guard(request);
    return message === undefined ? { allowed: true } : { allowed: false, message };
  });
}
