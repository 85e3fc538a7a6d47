import { Counter } from 'prom-client';

import type { Registry } from '../../observability/index.ts';

/** Registers the count of comparisons of recorded chain heads with the ledger. */
export function createReportMetrics(registry: Registry): Counter {
  const checks = new Counter({
    name: 'gpuopt_billing_report_checks_total',
    help: 'Comparisons of a UsageReport with the ledger, by result: found, or cut where the ledger lacks a recorded row',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of ['found', 'cut']) checks.inc({ result }, 0);
  return checks;
}
