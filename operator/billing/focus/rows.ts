import { one, parseDecimal } from '../money/decimal.ts';
import { digitsOf } from '../money/price.ts';
import type { FocusRow } from './columns.ts';

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
}

/**
 * The row of a charged window. Billing periods are calendar months in UTC; no discount is given, so that list,
 * contracted, effective and billed cost are one; nothing is split, so that AllocatedMethodId is null.
 */
export function focusRow(charged: Charged): FocusRow {
  const { tenant, model, profile, quantity, sku, book, version } = charged;
  const cost = major(charged.amount, charged.currency);
  const unitPrice = major(charged.unitPrice, charged.currency);
  const start = new Date(charged.start);
  const month = (ahead: number): string => time(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + ahead, 1));
  return {
    ...{ AllocatedMethodId: '', CommitmentDiscountId: '', ChargeClass: '', InvoiceId: '', RegionId: '' },
    ...{ BillingAccountId: charged.customer ?? tenant, BillingAccountName: charged.customer ?? tenant },
    ...{ SubAccountId: tenant, SubAccountName: tenant, SubAccountType: 'Tenant' },
    ...{ BillingPeriodStart: month(0), BillingPeriodEnd: month(1) },
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
  };
}

/** ISO 8601 in UTC with seconds, as FOCUS writes it. */
function time(millis: number): string {
  return new Date(millis).toISOString().replace(/[.]\d{3}Z$/, 'Z');
}

/** Minor units as an exact decimal of the currency, without zeros at its end. */
function major(minor: string, currency: string): string {
  const digits = digitsOf(currency);
  const value = parseDecimal(minor);
  const size = value < 0n ? -value : value;
  const scale = one * 10n ** BigInt(digits);
  const fraction = (size % scale)
    .toString()
    .padStart(12 + digits, '0')
    .replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / scale}${fraction === '' ? '' : `.${fraction}`}`;
}
