import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { type ItemKind, itemKinds } from '../fees/month.ts';
import type { FocusRow } from './columns.ts';
import { major, monthOf, time } from './format.ts';
import { type FinalInvoice, placeOn } from './invoices.ts';
import { noCommitment } from './rows.ts';

/** What a month holds besides usage, as one posting has it, or one item that says what credit pays; times in milliseconds since 1970. */
export interface PostedItem {
  readonly tenant: string;
  readonly kind: ItemKind | 'credit';
  /** The month. */
  readonly start: number;
  readonly end: number;
  readonly currency: string;
  /** Minor units, 12 decimals. */
  readonly amount: string;
  /** The provider that was told and its customer; absent where none was. */
  readonly provider?: string;
  readonly customer?: string;
  /** The final invoice on which it is; absent where it is on none yet, or nobody knows on which. */
  readonly invoice?: string;
  /** When it was posted; only of what was posted after its month's invoice was final. */
  readonly correctedAt?: number;
}

/** Postings of months that end in (from, to], of one tenant or of all. */
export async function readPostedItems(
  { db }: Store,
  { tenant, from, to }: { readonly tenant?: string; readonly from: Date; readonly to: Date },
  invoices: readonly FinalInvoice[],
): Promise<readonly PostedItem[]> {
  const rows = await db
    .selectFrom('journal_tx as t')
    .innerJoin('journal_entry as e', (join) => join.onRef('e.tx', '=', 't.id').on('e.account', '=', 'accrued'))
    .leftJoin('invoice_item as i', 'i.key', 't.key')
    .leftJoin('customer_link as l', 'l.tenant', 't.tenant')
    .leftJoin('invoice_mirror as m', (join) =>
      join
        .onRef('m.provider', '=', 'i.provider')
        .onRef('m.invoice', '=', 'i.invoice')
        .on('m.status', 'in', ['open', 'paid', 'uncollectible']),
    )
    .select(['t.tenant', 't.currency', 't.occurred_at', 't.recorded_at', 'e.amount', 'm.invoice'])
    .select(['i.provider', 'i.customer', 'l.provider as charging', 'l.customer as charged'])
    .select(sql<string>`split_part(t.key, '/', 1)`.as('kind'))
    .where('t.occurred_at', '>', from)
    .where('t.occurred_at', '<=', to)
    .where(sql<string>`split_part(t.key, '/', 1)`, 'in', [...itemKinds])
    .$if(tenant !== undefined, (query) => query.where('t.tenant', '=', tenant ?? ''))
    .orderBy('t.occurred_at')
    .orderBy('t.id')
    .execute();
  return rows.flatMap((row): PostedItem[] => {
    const kind = itemKinds.find((one) => one === row.kind);
    if (kind === undefined) return [];
    const end = row.occurred_at.getTime();
    const [provider, customer] = [row.provider ?? undefined, row.customer ?? undefined];
    const whose = { provider: row.charging ?? undefined, customer: row.charged ?? undefined };
    const { correctedAt } = placeOn(
      { ...whose, end, delivered: false, chargedAt: row.recorded_at.getTime() },
      invoices,
    );
    const { currency, amount } = row;
    return [
      {
        ...{ tenant: row.tenant, kind, start: monthOf(end - 1).start, end, currency, amount, provider, customer },
        ...{ invoice: row.invoice ?? undefined, correctedAt },
      },
    ];
  });
}

/** What credit pays of months that end in (from, to], where the provider is told of it: as the items say, in whole minor units. */
export async function readCreditItems(
  { db }: Store,
  { tenant, from, to }: { readonly tenant?: string; readonly from: Date; readonly to: Date },
  invoices: readonly FinalInvoice[],
): Promise<readonly PostedItem[]> {
  const rows = await db
    .selectFrom('invoice_item as i')
    .leftJoin('invoice_mirror as m', (join) =>
      join
        .onRef('m.provider', '=', 'i.provider')
        .onRef('m.invoice', '=', 'i.invoice')
        .on('m.status', 'in', ['open', 'paid', 'uncollectible']),
    )
    .select(['i.tenant', 'i.month_end', 'i.currency', 'i.amount', 'i.provider', 'i.customer', 'i.sent_at', 'm.invoice'])
    .where('i.kind', '=', 'credit')
    .where('i.month_end', '>', from)
    .where('i.month_end', '<=', to)
    .$if(tenant !== undefined, (query) => query.where('i.tenant', '=', tenant ?? ''))
    .orderBy('i.month_end')
    .orderBy('i.key')
    .execute();
  return rows.map(({ tenant: whose, month_end, currency, amount, provider, customer, sent_at, invoice }) => {
    const end = month_end.getTime();
    const { correctedAt } = placeOn(
      { provider, customer, end, delivered: false, chargedAt: sent_at?.getTime() ?? 0 },
      invoices,
    );
    return {
      ...{ tenant: whose, kind: 'credit', start: monthOf(end - 1).start, end, currency, amount, provider, customer },
      ...{ invoice: invoice ?? undefined, correctedAt },
    };
  });
}

const categories = { fee: 'Purchase', minimum: 'Adjustment', maximum: 'Adjustment', credit: 'Credit' } as const;

const words: Readonly<Record<PostedItem['kind'], string>> = {
  fee: 'Plan fee',
  minimum: 'What usage lacks of the minimum',
  maximum: 'What usage has above the maximum',
  credit: 'Paid by credit',
};

/**
 * The row of a posting. A fee is bought, once a month; what a commitment makes of the month's usage adjusts the bill, and
 * credit pays a part of it: FOCUS asks for neither quantity nor price of these.
 */
export function monthItemRow(item: PostedItem): FocusRow {
  const { tenant, kind, start, end, currency, customer, provider, correctedAt } = item;
  const cost = major(item.amount, currency);
  const isFee = kind === 'fee';
  const period = monthOf(correctedAt ?? start);
  return {
    ...noCommitment,
    ...{ AllocatedMethodId: '', InvoiceId: item.invoice ?? '', RegionId: '' },
    ChargeClass: correctedAt === undefined ? '' : 'Correction',
    ...{ BillingAccountId: customer ?? tenant, BillingAccountName: customer ?? tenant },
    ...{ SubAccountId: tenant, SubAccountName: tenant, SubAccountType: 'Tenant' },
    ...{ BillingPeriodStart: time(period.start), BillingPeriodEnd: time(period.end) },
    ...{ ChargePeriodStart: time(start), ChargePeriodEnd: time(end) },
    ...{ ChargeCategory: categories[kind], ChargeFrequency: 'Recurring' },
    PricingCategory: isFee ? 'Standard' : '',
    ChargeDescription: `${words[kind]}, ${time(start).slice(0, 7)}`,
    ...{ ConsumedQuantity: '', ConsumedUnit: '' },
    ...{ PricingQuantity: isFee ? '1' : '', PricingUnit: isFee ? 'Months' : '' },
    ...{ ListUnitPrice: isFee ? cost : '', ContractedUnitPrice: isFee ? cost : '' },
    ...{ ListCost: cost, ContractedCost: cost, EffectiveCost: cost, BilledCost: cost },
    BillingCurrency: currency.toUpperCase(),
    ...{ InvoiceIssuerName: provider ?? 'none', ProviderName: 'GPU Optimizer', PublisherName: 'GPU Optimizer' },
    ...{ ResourceId: '', ResourceName: '', ResourceType: '' },
    ...{ ServiceCategory: 'Compute', ServiceName: 'GPU' },
    ...{ SkuId: isFee ? 'plan_fee' : '', SkuMeter: '', SkuPriceId: '', SkuPriceDetails: '{}' },
    Tags: '{}',
    ...{ x_GpuModel: '', x_GpuProfile: '', x_EnergyKWh: '', x_CO2e: '' },
  };
}
