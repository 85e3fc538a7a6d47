/** What budgets and unpaid invoices demand of a tenant's standing; pure. Times in milliseconds since 1970. */
import type { BillingPlanSpec, Budget } from '../../api/index.ts';
import type { Demand } from './decide.ts';

/** An invoice that the provider says is unpaid. */
export interface Unpaid {
  readonly tenant: string;
  readonly provider: string;
  readonly invoice: string;
  /** When a payment first failed, or the due date passed, by the provider's clock. */
  readonly since: number;
  /** When the provider was asked last. */
  readonly readAt: number;
}

const order = ['Warning', 'Delinquent', 'Frozen'] as const;
const stepOf = { Warn: 'Warning', Freeze: 'Frozen', Evict: 'Frozen' } as const;

/** What a budget demands by what its status says is spent. */
export function budgetDemand({ metadata, spec, status }: Budget): Demand | undefined {
  const { step, observedTime, periodEndTime } = status ?? {};
  if (step === undefined || observedTime === undefined || periodEndTime === undefined) return undefined;
  const percent = spec.steps.find(({ action }) => action === step.action)?.percent;
  if (percent === undefined) return undefined;
  const lifts =
    step.action === 'Warn' ? '' : `; new GPU pods start again at ${periodEndTime}, or once the amount is raised`;
  return {
    cause: 'Budget',
    step: stepOf[step.action],
    since: Date.parse(step.sinceTime),
    observedAt: Date.parse(observedTime),
    evicts: step.action === 'Evict',
    endAt: Date.parse(periodEndTime),
    message: `${percent} percent of the ${spec.amount} ${spec.currency} that Budget ${metadata.name} allows each ${spec.period.toLowerCase()} are spent${lifts}`,
  };
}

/** What an unpaid invoice demands by the ladder of the tenant's plan. */
export function dunningDemand(
  ladder: NonNullable<BillingPlanSpec['dunning']>,
  { invoice, since, readAt }: Unpaid,
  now: number,
): Demand | undefined {
  const climbed = ladder
    .filter(({ afterSeconds }) => now - since >= afterSeconds * 1000)
    .toSorted((a, b) => order.indexOf(b.step) - order.indexOf(a.step));
  const [highest] = climbed;
  if (highest === undefined) return undefined;
  const lifts = highest.step === 'Frozen' ? '; new GPU pods start again once it is paid' : '';
  return {
    cause: 'Dunning',
    step: highest.step,
    since: since + highest.afterSeconds * 1000,
    observedAt: readAt,
    evicts: true,
    message: `invoice ${invoice} has been unpaid since ${new Date(since).toISOString().slice(0, 10)}${lifts}`,
  };
}
