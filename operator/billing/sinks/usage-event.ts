import type { FrozenUsage } from './sink.ts';

/** What an event comes from: readers tell events apart by source and id. */
const source = 'gpuoptimizer.io/usage';

/**
 * A row of usage as one CloudEvent 1.0 in JSON, on one line: the same bytes in every attempt. Quantities are decimal
 * strings, as everywhere.
 */
export function usageEvent(
  { identifier, eventName, customer, timestamp, quantity }: FrozenUsage,
  mode: 'test' | 'live',
): string {
  return JSON.stringify({
    ...{ specversion: '1.0', id: identifier, source, type: eventName, subject: customer },
    ...{ time: new Date(timestamp * 1000).toISOString(), datacontenttype: 'application/json' },
    data: { value: quantity.toString(), unit: 'GPU-seconds', mode },
  });
}
