import type { IdlePolicy } from '../../metering/index.ts';
import { idleOf, type WindowUse } from '../../metering/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import { digitsOf } from '../money/price.ts';
import type { FocusRow } from './columns.ts';
import { decimal, major, monthOf, time } from './format.ts';
import { noCommitment } from './rows.ts';

/** The price of a whole GPU of a model; unused time is worth what it could have been sold for. */
export interface WholePrice {
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  /** Minor units for one GPU-second, 12 decimals. */
  readonly unitPrice: string;
}

/** What the rows of unused time in a window rest on. */
export interface UnusedFacts {
  readonly use: WindowUse;
  readonly policy: IdlePolicy;
  /** Undefined where the list does not price the model as a whole: then its unused time has no rows. */
  readonly priceOf: (model: string) => WholePrice | undefined;
  /** The customer of a tenant at its provider; undefined where nobody charges him. */
  readonly customerOf: (tenant: string) => string | undefined;
}

/** What one row is about: the tenant is absent where the time is nobody's. */
interface Unused {
  readonly model: string;
  readonly node?: string;
  readonly region?: string;
  readonly millis: bigint;
  readonly tenant?: string;
}

/**
 * Rows of the GPU time that nobody held in a window: one for each tenant's part where it is divided, with the method, and
 * else one of its own. Rows of one ResourceId and window add up to what was unused. Nobody is billed for them: the worth
 * is in the other costs, and BilledCost is 0.
 */
export function unusedRows(facts: UnusedFacts): readonly FocusRow[] {
  const { use, policy, priceOf } = facts;
  return idleOf(use.capacity, use.held, policy).flatMap(({ model, node, idleMs, parts }) => {
    const price = priceOf(model);
    if (price === undefined) return [];
    const at = { model, node, region: node === undefined ? undefined : regionOf(use, [node]) };
    if (parts.size === 0) return [row(facts, price, { ...at, millis: idleMs })];
    return [...parts]
      .filter(([, millis]) => millis > 0n)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([tenant, millis]) => row(facts, price, { ...at, millis, tenant }));
  });
}

/** The one region of these nodes in a window; undefined where one does not say or they differ. */
export function regionOf({ capacity }: WindowUse, nodes: readonly string[]): string | undefined {
  const regions = nodes.map((node) => capacity.find((one) => one.node === node)?.region);
  return regions.every((region) => region === regions[0]) ? regions[0] : undefined;
}

function row({ use, policy, customerOf }: UnusedFacts, price: WholePrice, unused: Unused): FocusRow {
  const { model, node, region, millis, tenant } = unused;
  const { sku, book, version, currency } = price;
  const quantity = decimal(millis, 3);
  const unitPrice = major(price.unitPrice, currency);
  // Milliseconds times twelve places of a minor unit: written out, nothing is rounded and the parts' costs add up too.
  const cost = decimal(millis * parseDecimal(price.unitPrice), 15 + digitsOf(currency));
  const account = (tenant === undefined ? undefined : customerOf(tenant)) ?? tenant ?? 'unused';
  const period = monthOf(use.window.start);
  const place = node === undefined ? 'in the cluster' : `on ${node}`;
  const what = `unused GPU-seconds of ${model} ${place}`;
  return {
    ...noCommitment,
    AllocatedMethodId: tenant === undefined ? '' : `idle-${policy.split}-${policy.scope}`.toLowerCase(),
    ...{ ChargeClass: '', InvoiceId: '', RegionId: region ?? '' },
    ...{ BillingAccountId: account, BillingAccountName: account },
    ...{ SubAccountId: tenant ?? '', SubAccountName: tenant ?? '' },
    SubAccountType: tenant === undefined ? '' : 'Tenant',
    ...{ BillingPeriodStart: time(period.start), BillingPeriodEnd: time(period.end) },
    ...{ ChargePeriodStart: time(use.window.start), ChargePeriodEnd: time(use.window.end) },
    ...{ ChargeCategory: 'Usage', ChargeFrequency: 'Usage-Based', PricingCategory: 'Standard' },
    ChargeDescription: tenant === undefined ? `Unused: ${what}` : `Unused: ${tenant}'s part of the ${what}`,
    ...{ ConsumedQuantity: quantity, ConsumedUnit: 'GPU-Seconds' },
    ...{ PricingQuantity: quantity, PricingUnit: 'GPU-Seconds' },
    ...{ ListUnitPrice: unitPrice, ContractedUnitPrice: unitPrice },
    ...{ ListCost: cost, ContractedCost: cost, EffectiveCost: cost, BilledCost: '0' },
    BillingCurrency: currency.toUpperCase(),
    ...{ InvoiceIssuerName: 'none', ProviderName: 'GPU Optimizer', PublisherName: 'GPU Optimizer' },
    ...{ ResourceId: `unused/${node ?? '*'}/${model}`, ResourceName: 'Unused', ResourceType: 'GPU' },
    ...{ ServiceCategory: 'Compute', ServiceName: 'GPU' },
    ...{ SkuId: sku, SkuMeter: 'GPU-Seconds', SkuPriceId: `${book}/${version}/${sku}` },
    SkuPriceDetails: JSON.stringify({ x_PriceBook: book, x_PriceBookVersion: version }),
    Tags: '{}',
    ...{ x_GpuModel: model, x_GpuProfile: 'full', x_EnergyKWh: '', x_CO2e: '' },
  };
}
