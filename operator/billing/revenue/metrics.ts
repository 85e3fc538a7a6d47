import { Gauge } from 'prom-client';

import type { Registry } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { movementKinds } from './movements.ts';
import { showRevenue } from './revenue.ts';

/** Reads the figures of the last month that is sealed whole, at `now` in milliseconds since 1970, and sets the gauges. */
export type RevenueMetrics = (store: Store, now: number) => Promise<void>;

/**
 * Registers what `gpuopt revenue show` says, in minor units of each currency. Prometheus keeps floating point numbers:
 * these are for pictures, the journal is for the books.
 */
export function createRevenueMetrics(registry: Registry): RevenueMetrics {
  const registers = [registry];
  const revenue = new Gauge({
    name: 'gpuopt_billing_month_revenue_minor_units',
    help: 'What the last month that is sealed whole brought by usage, fees and commitments, before credit and tax',
    labelNames: ['currency'],
    registers,
  });
  const recurring = new Gauge({
    name: 'gpuopt_billing_month_recurring_minor_units',
    help: 'The fees of plans in the last month that is sealed whole',
    labelNames: ['currency'],
    registers,
  });
  const movement = new Gauge({
    name: 'gpuopt_billing_month_movement_minor_units',
    help: 'How the revenue of the last month that is sealed whole differs from the month before: new, reactivation, expansion, contraction (negative) or churn (negative)',
    labelNames: ['currency', 'movement'],
    registers,
  });
  const runRate = new Gauge({
    name: 'gpuopt_billing_annual_run_rate_minor_units',
    help: 'What the usage of 30 sealed days would bring in 365, and fees and commitments of a month in twelve',
    labelNames: ['currency'],
    registers,
  });
  return async (store, now) => {
    const { currencies } = await showRevenue(store, undefined, now);
    for (const { currency, closing, movements, recurring: fees, annualRunRateMinor } of currencies) {
      revenue.set({ currency }, Number(closing.minor));
      recurring.set({ currency }, Number(fees.minor));
      for (const kind of movementKinds) movement.set({ currency, movement: kind }, Number(movements[kind].minor));
      runRate.set({ currency }, Number(annualRunRateMinor));
    }
  };
}
