import type { Factors } from '../price-book/factors.ts';
import type { FocusRow } from './columns.ts';
import { grams, kilowattHours, major, monthOf, time, weigh } from './format.ts';

/** A charged usage window; times in milliseconds since 1970. */
export interface Charged {
  readonly tenant: string;
  readonly model: string;
  readonly profile: string;
  readonly start: number;
  readonly end: number;
  readonly quantity: bigint;
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  /** Minor units for one GPU-second, 12 decimals. */
  readonly unitPrice: string;
  /** Minor units, 12 decimals. */
  readonly amount: string;
  /** The provider that charges and its customer; absent where nothing was to be sent. */
  readonly provider?: string;
  readonly customer?: string;
  /** Absent where the nodes do not say, or say different ones. */
  readonly region?: string;
  /** The final invoice on which it is; absent where it is on none yet, or nobody knows on which. */
  readonly invoice?: { readonly id: string; readonly start: number; readonly end: number };
  /** When it was charged; only of what was charged after its period's invoice was final. */
  readonly correctedAt?: number;
  /** What the GPUs drew; absent where it was not measured from beginning to end. */
  readonly millijoules?: bigint;
  /** Absent where the price list does not say. */
  readonly factors?: Factors;
}

/** Columns that no row of ours has a value in: nothing is discounted for a commitment. */
export const noCommitment = {
  ...{ CommitmentDiscountCategory: '', CommitmentDiscountId: '', CommitmentDiscountName: '' },
  ...{ CommitmentDiscountQuantity: '', CommitmentDiscountStatus: '', CommitmentDiscountType: '' },
  CommitmentDiscountUnit: '',
} as const;

/**
 * The row of a charged window. The billing period is that of its invoice, else the calendar month in UTC: of a correction
 * the month in which it was made. No discount is given, so that list, contracted, effective and billed cost are one.
 */
export function focusRow(charged: Charged): FocusRow {
  const { tenant, model, profile, quantity, sku, book, version, invoice, millijoules, factors } = charged;
  const cost = major(charged.amount, charged.currency);
  const unitPrice = major(charged.unitPrice, charged.currency);
  const period = invoice ?? monthOf(charged.correctedAt ?? charged.start);
  const measured = millijoules !== undefined;
  return {
    ...noCommitment,
    ...{ AllocatedMethodId: '', InvoiceId: invoice?.id ?? '', RegionId: charged.region ?? '' },
    ChargeClass: charged.correctedAt === undefined ? '' : 'Correction',
    ...{ BillingAccountId: charged.customer ?? tenant, BillingAccountName: charged.customer ?? tenant },
    ...{ SubAccountId: tenant, SubAccountName: tenant, SubAccountType: 'Tenant' },
    ...{ BillingPeriodStart: time(period.start), BillingPeriodEnd: time(period.end) },
    ...{ ChargePeriodStart: time(charged.start), ChargePeriodEnd: time(charged.end) },
    ...{ ChargeCategory: 'Usage', ChargeFrequency: 'Usage-Based', PricingCategory: 'Standard' },
    ChargeDescription: `GPU-seconds of ${model} ${profile} at ${book} version ${version}`,
    ...{ ConsumedQuantity: `${quantity}`, ConsumedUnit: 'GPU-Seconds' },
    ...{ PricingQuantity: `${quantity}`, PricingUnit: 'GPU-Seconds' },
    ...{ ListUnitPrice: unitPrice, ContractedUnitPrice: unitPrice },
    ...{ ListCost: cost, ContractedCost: cost, EffectiveCost: cost, BilledCost: cost },
    BillingCurrency: charged.currency.toUpperCase(),
    ...{ InvoiceIssuerName: charged.provider ?? 'none', ProviderName: 'GPU Optimizer', PublisherName: 'GPU Optimizer' },
    ...{ ResourceId: `${tenant}/${sku}`, ResourceName: sku, ResourceType: 'GPU' },
    ...{ ServiceCategory: 'Compute', ServiceName: 'GPU' },
    ...{ SkuId: sku, SkuMeter: 'GPU-Seconds', SkuPriceId: `${book}/${version}/${sku}` },
    SkuPriceDetails: JSON.stringify({ x_PriceBook: book, x_PriceBookVersion: version }),
    Tags: '{}',
    ...{ x_GpuModel: model, x_GpuProfile: profile },
    x_EnergyKWh: measured ? kilowattHours(millijoules) : '',
    x_CO2e: measured && factors !== undefined ? grams(weigh(millijoules, factors)) : '',
  };
}
