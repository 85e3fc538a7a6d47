import { expect, test } from 'vitest';

import type { Price, Tier } from '../catalog/records.ts';
import { exact, rate, rounded } from './rating.ts';

const tier = (up_to: number | null, unit: string | null, flat: string | null = null): Tier => ({
  ...{ up_to, unit_amount: null, unit_amount_decimal: unit, flat_amount: null, flat_amount_decimal: flat },
});

const price = (change: Partial<Price>): Price => ({
  ...{ id: 'price_1', object: 'price', active: true, billing_scheme: 'per_unit', created: 0, currency: 'usd' },
  ...{ livemode: false, lookup_key: null, metadata: {}, nickname: null, product: 'prod_1', recurring: null },
  ...{ tiers_mode: null, transform_quantity: null, type: 'recurring', unit_amount: null, unit_amount_decimal: null },
  ...change,
});

const steps = [tier(100, '10'), tier(200, '5'), tier(null, '1', '1000')];
const graduated = price({ billing_scheme: 'tiered', tiers_mode: 'graduated', tiers: steps });
const volume = price({ billing_scheme: 'tiered', tiers_mode: 'volume', tiers: steps });
const hourly = price({ unit_amount_decimal: '0.069444444444' });

test.each<[string, Price, bigint, readonly number[]]>([
  ['an hour at 2.50 an hour', hourly, 3600n, [250]],
  ['a million hours at it: 12 decimals lose no whole cent', hourly, 3_600_000_000n, [250_000_000]],
  ['seven seconds: 0.486 of a cent', hourly, 7n, [0]],
  ['eight seconds: 0.556 of a cent', hourly, 8n, [1]],
  ['nothing', hourly, 0n, [0]],
  ['less than nothing', hourly, -3600n, [0]],
  ['nothing in tiers', graduated, 0n, [0]],
  ['the end of the first tier', graduated, 100n, [1000]],
  ['one into the second', graduated, 101n, [1000, 5]],
  ['one into the third, with its flat fee', graduated, 201n, [1000, 500, 1001]],
  ['volume: the first tier for all', volume, 100n, [1000]],
  ['volume: the second tier for all', volume, 101n, [505]],
  ['volume: the third tier for all', volume, 201n, [1201]],
])('%s', (_, of, quantity, amounts) => {
  expect(rate(of, quantity).map(({ amount }) => amount)).toEqual(amounts);
});

test.each([
  ['0.5', 1],
  ['-0.5', -1],
  ['0.499999999999', 0],
  ['1.5', 2],
  ['99999999.000000000001', 99_999_999],
])('%s rounds to %i', (decimal, whole) => {
  expect(rounded(exact(decimal))).toBe(whole);
});
