import { Gauge } from 'prom-client';
import type { Registry } from '../../observability/index.ts';
import type { OwnStatus } from './report.ts';

/** Shows the numbers of pools as metrics. */
export interface PoolMetrics {
  /** Sets the series of a pool and drops those of models it no longer has. */
  readonly show: (pool: string, status: Pick<OwnStatus, 'capacity' | 'models'>) => void;
  /** Drops every series of a pool. */
  readonly drop: (pool: string) => void;
}

/** Registers the gauges `gpuopt_pool_*`. */
export function createPoolMetrics(registry: Registry): PoolMetrics {
  const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
    new Gauge({ name: `gpuopt_pool_${name}`, help, labelNames, registers: [registry] });
  const nodes = gauge('nodes', 'Nodes of the pool', ['pool']);
  const gpus = gauge('gpus', 'Physical GPUs of the pool by model', ['pool', 'model']);
  const allocated = gauge('allocated_gpus', 'GPU equivalents that bound pods hold, by model', ['pool', 'model']);
  const free = gauge('free_gpus', 'GPU equivalents free on healthy nodes, by model', ['pool', 'model']);
  const unhealthy = gauge('unhealthy_gpus', 'GPUs that cannot be handed out, by model', ['pool', 'model']);
  const models = new Map<string, readonly string[]>();
  const drop = (pool: string): void => {
    nodes.remove({ pool });
    for (const model of models.get(pool) ?? []) {
      for (const each of [gpus, allocated, free, unhealthy]) each.remove({ pool, model });
    }
    models.delete(pool);
  };
  const show: PoolMetrics['show'] = (pool, status) => {
    drop(pool);
    nodes.set({ pool }, status.capacity?.nodes ?? 0);
    for (const { model, ...numbers } of status.models ?? []) {
      gpus.set({ pool, model }, numbers.gpus);
      allocated.set({ pool, model }, numbers.allocatedMilli / 1000);
      free.set({ pool, model }, numbers.freeMilli / 1000);
      unhealthy.set({ pool, model }, numbers.unhealthyGpus);
    }
    models.set(
      pool,
      (status.models ?? []).map(({ model }) => model),
    );
  };
  return { show, drop };
}
