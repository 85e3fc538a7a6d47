import { Counter, Histogram } from 'prom-client';
import type { Registry } from '../../observability/index.ts';
import type { Move } from './moves.ts';
import type { Operation } from './operation.ts';

/** Counts what becomes of changes. */
export interface ChangeMetrics {
  readonly moved: (before: Operation, move: Move, now: Date) => void;
}

/** Seconds: a change of the device plugin takes some, one that reboots takes half an hour, a drain may take longer. */
const BUCKETS = [15, 30, 60, 120, 300, 600, 1200, 2400, 4800];

/** Registers the metrics `gpuopt_reconfiguration*`. */
export function createChangeMetrics(registry: Registry): ChangeMetrics {
  const labelNames = ['pool', 'outcome'];
  const ended = new Counter({
    name: 'gpuopt_reconfigurations_total',
    help: 'Changes of how the GPUs of a node are shared, by outcome: Done, Undone, RolledBack, Degraded',
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'gpuopt_reconfiguration_seconds',
    help: 'Time from the beginning of such a change to its outcome',
    labelNames,
    buckets: BUCKETS,
    registers: [registry],
  });
  const healed = new Counter({
    name: 'gpuopt_reconfiguration_heals_total',
    help: 'How often mig-manager was started again because it stood still',
    labelNames: ['pool'],
    registers: [registry],
  });
  return {
    moved: (before, move, now) => {
      const { pool } = before;
      if (move.kind === 'Go' && move.operation.heals > before.heals) healed.inc({ pool });
      const outcome = outcomeOf(move);
      if (outcome === undefined) return;
      ended.inc({ pool, outcome });
      seconds.observe({ pool, outcome }, Math.max(0, (now.getTime() - Date.parse(before.started)) / 1000));
    },
  };
}

function outcomeOf(move: Move): string | undefined {
  if (move.kind === 'End') return move.outcome;
  return move.kind === 'Go' && move.operation.step === 'Degraded' ? 'Degraded' : undefined;
}
