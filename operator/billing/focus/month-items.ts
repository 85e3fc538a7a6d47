import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { type ItemKind, itemKinds } from '../fees/month.ts';
import type { FocusRow } from './columns.ts';
import { major, monthOf, time } from './format.ts';
import { type FinalInvoice, placeOn } from './invoices.ts';
import { noCommitment } from './rows.ts';

/** What a month holds besides usage, as one posting has it; times in milliseconds since 1970. */
export interface PostedItem {
  readonly tenant: string;
  readonly kind: ItemKind;
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

const words: Readonly<Record<ItemKind, string>> = {
  fee: 'Plan fee',
  minimum: 'What usage lacks of the minimum',
  maximum: 'What usage has above the maximum',
};

/**
 * The row of a posting. A fee is bought, once a month; what a commitment makes of the month's usage adjusts the bill, and
 * FOCUS asks for neither quantity nor price of that.
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
    ...{ ChargeCategory: isFee ? 'Purchase' : 'Adjustment', ChargeFrequency: 'Recurring' },
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
