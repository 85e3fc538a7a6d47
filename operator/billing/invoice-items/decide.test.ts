import { expect, test } from 'vitest';

import { parseDecimal } from '../money/decimal.ts';
import { type MonthTotal, newItems } from './decide.ts';

const payers = new Map([['acme', { customer: 'cus_1' }]]);
const total = (amount: string, change: Partial<MonthTotal> = {}): MonthTotal => ({
  ...{ tenant: 'acme', monthEnd: Date.parse('2026-02-01T00:00:00Z'), kind: 'minimum', currency: 'usd' },
  ...{ amount: parseDecimal(amount), frozen: 0n, rows: 0, ...change },
});

test.each<[string, MonthTotal, readonly (readonly [string, bigint])[]]>([
  ['what nobody was told of', total('4900'), [['minimum/acme/2026-01/usd/0', 4900n]]],
  ['a part of a minor unit is rounded', total('4900.5'), [['minimum/acme/2026-01/usd/0', 4901n]]],
  ['what is frozen is not frozen again', total('4900', { frozen: 4900n, rows: 1 }), []],
  ['less than half a minor unit more changes nothing', total('4900.4', { frozen: 4900n, rows: 1 }), []],
  [
    'what came later is the difference',
    total('4950', { frozen: 4900n, rows: 1 }),
    [['minimum/acme/2026-01/usd/1', 50n]],
  ],
  [
    'what is not owed any more is given back',
    total('0', { frozen: 4900n, rows: 1 }),
    [['minimum/acme/2026-01/usd/1', -4900n]],
  ],
  ['what is above a maximum', total('-12.6', { kind: 'maximum' }), [['maximum/acme/2026-01/usd/0', -13n]]],
  [
    'late usage, of whoever was the customer',
    total('360.4', { kind: 'late', to: { provider: 'stripe', customer: 'cus_2' }, rows: 2 }),
    [['late/stripe/acme/cus_2/2026-01/usd/2', 360n]],
  ],
  [
    'late usage of a tenant whom nobody charges any more',
    total('-60', { kind: 'late', tenant: 'globex', to: { provider: 'stripe', customer: 'cus_3' } }),
    [['late/stripe/globex/cus_3/2026-01/usd/0', -60n]],
  ],
  ['nothing', total('0.4'), []],
  ['a tenant without a customer of ours', total('4900', { tenant: 'globex' }), []],
])('%s', (_, one, expected) => {
  expect(newItems([one], payers).map(({ key, amount }) => [key, amount])).toEqual(expected);
});
