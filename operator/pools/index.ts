/** @module What GPUs exist, how they are shared, which are healthy, and whose namespaces are whose. */
import type { Clock, Logger, Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import { allocatorController } from './allocator/controller.ts';
import { poolNodeController } from './node/controller.ts';
import { gpuPoolController } from './pool/controller.ts';
import { createPoolMetrics } from './pool/metrics.ts';
import { reconfigurationController } from './reconfigure/controller.ts';
import { createChangeMetrics } from './reconfigure/metrics.ts';
import { tenantController } from './tenancy/controller.ts';
import { createInstalledProbe } from './world.ts';

export { namespaceWebhooks } from './admission/index.ts';
export * from './dra/index.ts';
export { createPoolClaims } from './membership.ts';
export { migResourceMilli, migShare } from './mig/index.ts';
export { nodeGpus } from './nvidia/node-gpus.ts';
export { nodeAilment } from './nvidia/node-health.ts';
export { isFinished, podRequests, takesRoom } from './pod-requests.ts';
export { isOpen } from './reconfigure/window.ts';
export { type Entitlement, entitlementsOf } from './tenancy/guarantees.ts';
export { createTenantOf, type TenantOf } from './tenancy/match.ts';
export { MANAGED_LABEL, TENANT_LABEL } from './tenancy/resources.ts';
export { upcomingReservations } from './tenancy/upcoming.ts';
export { offerChanged } from './wakes.ts';

/** What the room needs from the process. */
export interface PoolsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
}

/** The room's controllers. */
export function poolsRoom(deps: PoolsDeps): Room {
  const probe = createInstalledProbe(deps.clock);
  return {
    name: 'pools',
    controllers: [
      gpuPoolController(probe, createPoolMetrics(deps.registry)),
      poolNodeController(probe),
      reconfigurationController(probe, createChangeMetrics(deps.registry)),
      allocatorController(),
      tenantController(),
    ],
    runnables: [],
  };
}
