import { type Clock, createRegistry, type Registry } from '../observability/index.ts';
import type { Controller } from '../runtime/index.ts';
import { plannerController } from './controller.ts';
import { createRunRecord } from './eta/record.ts';
import { createSchedulingMetrics } from './metrics.ts';

/** The planner as a process has it that has just begun. */
export function newPlanner(clock: Clock, registry: Registry = createRegistry()): Controller {
  return plannerController(clock, createSchedulingMetrics(registry), createRunRecord(clock, 'gpuopt-system'));
}
