import { collectDefaultMetrics, Registry as PromRegistry } from 'prom-client';

/** Where metrics are registered; one a process, one a test. */
export type Registry = PromRegistry;

/** A new registry; with `process` also Node's own metrics (event loop lag, heap). */
export function createRegistry(options: { readonly process?: 'include' | 'omit' } = {}): Registry {
  const registry = new PromRegistry();
  if (options.process === 'include') collectDefaultMetrics({ register: registry });
  return registry;
}
