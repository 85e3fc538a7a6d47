import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, invalid, missing } from '../http/refusal.ts';
import { currency, emptyText, expand, mergeMetadata, metadata, paging } from '../params/common.ts';
import { boolean, integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import { type AskedAmount, amount, amountOf, tier, tiersOf } from './amounts.ts';
import type { Price, Recurring } from './records.ts';

const recurring = object({
  interval: oneOf('day', 'week', 'month', 'year'),
  interval_count: optional(integer({ least: 1, most: 365 })),
  usage_type: optional(oneOf('licensed', 'metered')),
  meter: optional(text()),
});

const fields = {
  ...amount,
  active: optional(boolean),
  billing_scheme: optional(oneOf('per_unit', 'tiered')),
  currency,
  lookup_key: optional(text({ most: 200 })),
  metadata,
  nickname: optional(text()),
  product: optional(text()),
  product_data: optional(object({ name: text({ most: 250 }), metadata })),
  recurring: optional(recurring),
  tiers: optional(list(tier, { least: 1 })),
  tiers_mode: optional(oneOf('graduated', 'volume')),
  transfer_lookup_key: optional(boolean),
  expand,
};

/** POST /v1/prices: amounts never change afterwards. */
export const createPrice: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, fields);
  const scheme = asked.billing_scheme ?? 'per_unit';
  const stepped = scheme === 'tiered' ? tiersOf(asked.tiers, asked.tiers_mode) : undefined;
  if (scheme === 'per_unit' && asked.tiers !== undefined)
    throw conflict('You may only specify tiers if billing_scheme is tiered.', { param: 'tiers' });
  const unit = scheme === 'tiered' ? refuseAmount(asked) : amountOf(asked, '');
  claimLookupKey(call.world, asked.lookup_key, asked.transfer_lookup_key === true);
  const price: Price = {
    id: state.id('price'),
    object: 'price',
    active: asked.active ?? true,
    billing_scheme: scheme,
    created: clock.seconds(),
    currency: asked.currency,
    livemode: false,
    lookup_key: asked.lookup_key ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    nickname: asked.nickname ?? null,
    product: productFor(call, asked.product, asked.product_data?.name),
    recurring: recurringOf(call.world, asked.recurring),
    ...(stepped && { tiers: stepped }),
    tiers_mode: scheme === 'tiered' ? (asked.tiers_mode ?? null) : null,
    transform_quantity: null,
    type: asked.recurring === undefined ? 'one_time' : 'recurring',
    ...unit,
  };
  state.put('price', price);
  emit(call.world, 'price.created', shown(price), call);
  return shown(price);
};

/** GET /v1/prices/ID */
export const showPrice: Route = (call) => {
  params(call, { expand });
  return shown(priceOf(call.world, idOf(call), 'id', 404));
};

/** GET /v1/prices */
export const listPrices: Route = (call) => {
  const asked = params(call, {
    ...paging,
    active: optional(boolean),
    currency: optional(currency),
    lookup_keys: optional(list(text(), { most: 10 })),
    product: optional(text()),
    recurring: optional(object({ meter: optional(text()), usage_type: optional(oneOf('licensed', 'metered')) })),
    type: optional(oneOf('one_time', 'recurring')),
  });
  const found = call.world.state.all('price').filter((price) => {
    if (asked.active !== undefined && price.active !== asked.active) return false;
    if (asked.currency !== undefined && price.currency !== asked.currency) return false;
    if (asked.lookup_keys !== undefined && !asked.lookup_keys.includes(price.lookup_key ?? '')) return false;
    if (asked.product !== undefined && price.product !== asked.product) return false;
    if (asked.recurring?.meter !== undefined && price.recurring?.meter !== asked.recurring.meter) return false;
    return asked.type === undefined || price.type === asked.type;
  });
  return page(asked, '/v1/prices', found.map(shown));
};

/** POST /v1/prices/ID: everything but the amounts. */
export const updatePrice: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    active: optional(boolean),
    lookup_key: emptyText,
    metadata,
    nickname: emptyText,
    transfer_lookup_key: optional(boolean),
    expand,
  });
  const before = priceOf(world, idOf(call), 'id', 404);
  if (asked.lookup_key !== before.lookup_key) {
    claimLookupKey(world, asked.lookup_key ?? undefined, asked.transfer_lookup_key === true);
  }
  const price: Price = {
    ...before,
    active: asked.active ?? before.active,
    lookup_key: asked.lookup_key === undefined ? before.lookup_key : asked.lookup_key,
    metadata: mergeMetadata(before.metadata, asked.metadata),
    nickname: asked.nickname === undefined ? before.nickname : asked.nickname,
  };
  world.state.put('price', price);
  emit(world, 'price.updated', shown(price), call);
  return shown(price);
};

/** A price that a parameter names. */
export function priceOf({ state }: World, id: string, param: string, status = 400): Price {
  const price = state.get('price', id);
  if (price === undefined) throw missing('price', id, param, status);
  return price;
}

/** Tiers are only answered when asked for by `expand[]=tiers`. */
export function shown(price: Price): Price {
  const { tiers: _tiers, ...rest } = price;
  return rest;
}

function refuseAmount(asked: AskedAmount): Pick<Price, 'unit_amount' | 'unit_amount_decimal'> {
  if (asked.unit_amount === undefined && asked.unit_amount_decimal === undefined) {
    return { unit_amount: null, unit_amount_decimal: null };
  }
  throw conflict('You may not specify unit_amount when billing_scheme is tiered.', { param: 'unit_amount' });
}

function recurringOf({ state }: World, asked: ReturnType<typeof recurring.read> | undefined): Recurring | null {
  if (asked === undefined) return null;
  const usage_type = asked.usage_type ?? 'licensed';
  // Since 2025-03-31 a metered price needs a meter: usage records are gone.
  if (usage_type === 'metered' && asked.meter === undefined) {
    throw conflict('Metered prices must be backed by a meter.', { param: 'recurring[meter]' });
  }
  if (usage_type === 'licensed' && asked.meter !== undefined) {
    throw conflict('A meter needs recurring[usage_type]=metered.', { param: 'recurring[meter]' });
  }
  if (asked.meter !== undefined && state.get('meter', asked.meter)?.status !== 'active') {
    throw missing('meter', asked.meter, 'recurring[meter]', 400);
  }
  const { interval, interval_count = 1, meter = null } = asked;
  return { interval, interval_count, meter, trial_period_days: null, usage_type };
}

function productFor({ world }: Call, id: string | undefined, name: string | undefined): string {
  if ((id === undefined) === (name === undefined)) throw invalid('product', 'Give one of product and product_data.');
  if (id !== undefined) {
    if (world.state.get('product', id) === undefined) throw missing('product', id, 'product', 400);
    return id;
  }
  const created = world.clock.seconds();
  const made = { id: world.state.id('prod'), object: 'product', active: true, created, updated: created } as const;
  const none = { default_price: null, description: null, livemode: false, metadata: {}, unit_label: null } as const;
  world.state.put('product', { ...made, ...none, name: name ?? '' });
  return made.id;
}

function claimLookupKey({ state }: World, key: string | undefined, transfer: boolean): void {
  if (key === undefined) return;
  const holder = state.all('price').find(({ lookup_key }) => lookup_key === key);
  if (holder === undefined) return;
  if (!transfer) throw conflict(`A price (\`${holder.id}\`) already uses that lookup key.`, { param: 'lookup_key' });
  state.put('price', { ...holder, lookup_key: null });
}
