import { createHash } from 'node:crypto';
import Stripe from 'stripe';

import type { FoundPrice, FoundProduct } from '../../catalog/compare.ts';
import type { WantedPrice } from '../../catalog/wanted.ts';
import { formatDecimal, parseDecimal } from '../../money/decimal.ts';
import type { Tier } from '../../rating/rate.ts';
import type { FoundMeter, FoundSubscription, ProviderCatalog, Subject } from '../catalog.ts';
import { stripeCreditNotes } from './credit-notes.ts';
import { stripeInvoiceItems } from './month-items.ts';
import { connect, errors, type StripeConnection } from './sdk.ts';

/** Of one list call; Stripe's own limits. */
const mostKeys = 10;
const mostListed = 100;
/** What names a tenant and a price in the metadata of what was made. */
const tenantField = 'gpuopt_tenant_uid';
const priceField = 'gpuopt_price';
const over = new Set<Stripe.Subscription.Status>(['canceled', 'incomplete_expired']);

/** What a Stripe account sells and to whom; `pace` resolves when the next call may be made. */
export function stripeCatalog(connection: StripeConnection, pace: () => Promise<void>): ProviderCatalog {
  const stripe = connect(connection);
  return {
    ...stripeInvoiceItems(stripe, pace),
    ...stripeCreditNotes(stripe, pace),
    meters: async () => {
      const found = new Map<string, FoundMeter>();
      await pace();
      for await (const { id, event_name, status } of stripe.billing.meters.list({ limit: mostListed })) {
        if (found.get(event_name)?.active !== true) found.set(event_name, { id, active: status === 'active' });
      }
      return found;
    },
    products: async (ids) => {
      const pages = batches(ids, mostListed).map(async (some) => {
        await pace();
        return (await stripe.products.list({ ids: [...some], limit: mostListed })).data;
      });
      const found = (await Promise.all(pages)).flat();
      return new Map(found.map(({ id, active }) => [id, { id, active }]));
    },
    prices: async (keys) => {
      const pages = batches(keys, mostKeys).map(async (some) => {
        await pace();
        const params = { lookup_keys: [...some], limit: mostListed, expand: ['data.tiers'] };
        return (await stripe.prices.list(params)).data;
      });
      const found = (await Promise.all(pages)).flat().map(foundPrice);
      return new Map(found.map((price) => [price.key ?? '', price]));
    },
    strayPrice: async ({ key, product }) => {
      await pace();
      const params = { product, limit: mostListed, expand: ['data.tiers'] };
      for await (const price of stripe.prices.list(params)) {
        if (price.metadata[priceField] === key) return foundPrice(price);
      }
      return undefined;
    },
    makeProduct: async (id, name) => await makeProduct(stripe, pace, id, name),
    makePrice: async (wanted, meter) => {
      await pace();
      // Stripe keeps the lookup key unique, so that a repeated call is refused and the next pass finds the price.
      return foundPrice(await stripe.prices.create(priceParams(wanted, meter)));
    },
    customer: async (id) => {
      await pace();
      try {
        return (await stripe.customers.retrieve(id)).deleted === true ? 'gone' : 'there';
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    findCustomer: async ({ uid }) => {
      await pace();
      const found = await stripe.customers.search({ query: `metadata['${tenantField}']:'${uid}'`, limit: 1 });
      return found.data[0]?.id;
    },
    makeCustomer: async (who) => {
      await pace();
      const params = { name: who.name, metadata: metadataOf(who) };
      const made = await stripe.customers.create(params, { idempotencyKey: `gpuopt-customer-${who.uid}` });
      return made.id;
    },
    findSubscription: async (customer, { uid }) => {
      await pace();
      for await (const one of stripe.subscriptions.list({ customer, status: 'all', limit: mostListed })) {
        if (one.metadata[tenantField] === uid) return foundSubscription(one);
      }
      return undefined;
    },
    makeSubscription: async (customer, who, prices) => {
      await pace();
      const sorted = prices.toSorted();
      // The parameters are in the key: the same key never goes with others, which Stripe refuses.
      const idempotencyKey = `gpuopt-subscription-${who.uid}-${customer}-${digest(sorted)}`;
      const made = await stripe.subscriptions.create(
        {
          customer,
          items: sorted.map((price) => ({ price })),
          metadata: metadataOf(who),
          // The first moment of the month, UTC: where tiers and what is included begin anew here as well.
          billing_cycle_anchor_config: { day_of_month: 1, hour: 0, minute: 0, second: 0 },
          proration_behavior: 'none',
        },
        { idempotencyKey },
      );
      return foundSubscription(made);
    },
  };
}

async function makeProduct(stripe: Stripe, pace: () => Promise<void>, id: string, name: string): Promise<FoundProduct> {
  await pace();
  try {
    const { active } = await stripe.products.create({ id, name, unit_label: 'GPU-second' });
    return { id, active };
  } catch (error) {
    const isThere = error instanceof errors.StripeInvalidRequestError && error.code === 'resource_already_exists';
    if (!isThere) throw error;
    await pace();
    const { active } = await stripe.products.retrieve(id);
    return { id, active };
  }
}

function priceParams(wanted: WantedPrice, meter: string): Stripe.PriceCreateParams {
  const { key, product, currency, mode, tiers } = wanted;
  const [first] = tiers;
  const common = {
    ...{ currency, product, lookup_key: key, metadata: { [priceField]: key } },
    ...{ recurring: { interval: 'month', usage_type: 'metered', meter }, expand: ['tiers'] },
  } satisfies Partial<Stripe.PriceCreateParams>;
  if (tiers.length === 1 && first !== undefined) return { ...common, unit_amount_decimal: amount(first) };
  const steps = tiers.map((tier) => ({
    up_to: tier.upTo === undefined ? ('inf' as const) : Number(tier.upTo),
    unit_amount_decimal: amount(tier),
  }));
  return { ...common, billing_scheme: 'tiered', tiers_mode: mode === 'Volume' ? 'volume' : 'graduated', tiers: steps };
}

function amount({ unitPrice }: Tier): Stripe.Decimal {
  return Stripe.Decimal.from(formatDecimal(unitPrice));
}

function foundPrice(price: Stripe.Price): FoundPrice {
  const { id, lookup_key: key, active, currency, product, recurring } = price;
  return {
    ...{ id, key, active, currency, product: typeof product === 'string' ? product : product.id },
    meter: recurring?.meter ?? null,
    monthly: recurring?.interval === 'month' && recurring.interval_count === 1,
    price: amountsOf(price),
  };
}

function amountsOf(price: Stripe.Price): FoundPrice['price'] {
  const { billing_scheme, tiers_mode, tiers, unit_amount_decimal } = price;
  if (billing_scheme === 'per_unit') {
    if (unit_amount_decimal === null) return undefined;
    return { mode: 'Graduated', tiers: [{ unitPrice: parseDecimal(unit_amount_decimal.toString()) }] };
  }
  const isPlain = tiers?.every((tier) => tier.unit_amount_decimal !== null && Number(tier.flat_amount ?? 0) === 0);
  if (isPlain !== true || tiers === undefined) return undefined;
  return {
    mode: tiers_mode === 'volume' ? 'Volume' : 'Graduated',
    tiers: tiers.map(({ up_to, unit_amount_decimal: unit }) => ({
      ...(up_to !== null && { upTo: BigInt(up_to) }),
      unitPrice: parseDecimal(unit?.toString() ?? '0'),
    })),
  };
}

function foundSubscription({ id, status, items }: Stripe.Subscription): FoundSubscription {
  return { id, ended: over.has(status), prices: items.data.map(({ price }) => price.id) };
}

function metadataOf({ uid, name }: Subject): Readonly<Record<string, string>> {
  return { gpuopt_tenant: name, [tenantField]: uid };
}

function isMissing(error: unknown): boolean {
  return error instanceof errors.StripeInvalidRequestError && error.code === 'resource_missing';
}

function batches<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
