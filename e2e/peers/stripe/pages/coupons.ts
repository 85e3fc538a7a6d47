import { idOf, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { currency, expand, mergeMetadata, metadata } from '../params/common.ts';
import { integer, oneOf, optional, text } from '../params/shape.ts';
import type { Coupon } from './records.ts';

/** POST /v1/coupons: whole percents. */
export const createCoupon: Route = (call) => {
  const { state, clock } = call.world;
  const asked = params(call, {
    id: optional(text({ most: 100 })),
    amount_off: optional(integer({ least: 1 })),
    currency: optional(currency),
    duration: optional(oneOf('forever', 'once', 'repeating')),
    duration_in_months: optional(integer({ least: 1 })),
    metadata,
    name: optional(text({ most: 40 })),
    percent_off: optional(integer({ least: 1, most: 100 })),
    expand,
  });
  if ((asked.amount_off === undefined) === (asked.percent_off === undefined)) {
    throw conflict('Give one of amount_off and percent_off.', { param: 'percent_off' });
  }
  if (asked.id !== undefined && state.get('coupon', asked.id) !== undefined) {
    throw conflict('Coupon already exists.', { code: 'resource_already_exists', param: 'id' });
  }
  const coupon: Coupon = {
    id: asked.id ?? state.id('coupon'),
    object: 'coupon',
    amount_off: asked.amount_off ?? null,
    created: clock.seconds(),
    currency: asked.currency ?? null,
    duration: asked.duration ?? 'once',
    duration_in_months: asked.duration_in_months ?? null,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name ?? null,
    percent_off: asked.percent_off ?? null,
    valid: true,
  };
  state.put('coupon', coupon);
  return coupon;
};

/** GET /v1/coupons/ID */
export const showCoupon: Route = (call) => {
  params(call, { expand });
  const coupon = call.world.state.get('coupon', idOf(call));
  if (coupon === undefined) throw missing('coupon', idOf(call));
  return coupon;
};
