/** @module Which pod gets which GPU and when: gate, plan, release. */
import type { Clock, Logger, Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import { plannerController } from './controller.ts';
import { templateController } from './dra/templates/controller.ts';
import { createRunRecord } from './eta/record.ts';
import { checkController } from './kueue/controller.ts';
import { createSchedulingMetrics } from './metrics.ts';
import { podGroupController } from './podgroups/controller.ts';

export { createGateProbe, podWebhooks } from './admission/index.ts';
export type { PodGroup } from './gangs/kinds.ts';
export { registerGates } from './gates/command.ts';
export type { PlanIo } from './live/command-io.ts';
export { GATE, PLAN_LABEL } from './names.ts';
export { registerPools } from './pools-command.ts';
export { registerClusterSimulations } from './simulate/cluster/command.ts';
export { registerSimulate } from './simulate/index.ts';
export { registerWhy } from './why/command.ts';

/** What the room needs from the process. */
export interface SchedulingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly operatorNamespace: string;
}

/** The room's controllers. */
export function schedulingRoom(deps: SchedulingDeps): Room {
  const runs = createRunRecord(deps.clock, deps.operatorNamespace);
  return {
    name: 'scheduling',
    controllers: [
      plannerController(deps.clock, createSchedulingMetrics(deps.registry), runs),
      templateController(),
      checkController(runs),
      podGroupController(deps.clock, deps.operatorNamespace),
    ],
    runnables: [],
  };
}
