import { expect, test } from 'vitest';

import { createRegistry } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import type { ItemKind } from '../fees/month.ts';
import { post } from '../journal/post.ts';
import type { Posting } from '../journal/posting.ts';
import { parseDecimal } from '../money/decimal.ts';
import { createRevenueMetrics } from './metrics.ts';
import { type CurrencyRevenue, showRevenue } from './revenue.ts';
import { revenueTable } from './revenue-command.ts';

const store = storeForFile();
const now = Date.parse('2026-03-10T12:30:00Z');

/** Charges: tenant, end of the window, minor units, currency. */
type Charge = readonly [tenant: string, end: string, minor: string, currency?: string];

async function charged(...charges: readonly Charge[]): Promise<void> {
  const postings = charges.map(([tenant, end, minor, currency = 'usd'], index) => ({
    ...{ kind: 'charge' as const, subject: String(index), tenant, currency },
    ...{ occurredAt: Date.parse(end), amount: parseDecimal(minor) },
  }));
  await store().fence.within((trx) => post(trx, postings));
}

async function sealed(end: string): Promise<void> {
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(Date.parse(end) - 3_600_000), window_end: new Date(end) })
    .execute();
}

const ledger: readonly Charge[] = [
  ['acme', '2026-01-15T01:00:00Z', '10000'],
  // The last hour of January ends in February.
  ['acme', '2026-02-01T00:00:00Z', '0.000000000001'],
  ['acme', '2026-02-03T01:00:00Z', '12500.5'],
  ['globex', '2026-01-02T01:00:00Z', '4000'],
  ['initech', '2026-02-28T24:00:00Z', '700'],
  ['initech', '2026-03-02T01:00:00Z', '900'],
  ['acme', '2026-02-05T01:00:00Z', '500', 'eur'],
];

test('the last month that is sealed whole, by currency; the last hour of a month is of that month', async () => {
  await charged(...ledger);
  await sealed('2026-03-10T12:00:00Z');
  const answer = await showRevenue(store(), undefined, now);
  expect(revenueTable(answer)).toMatchInlineSnapshot(`
    "Revenue of 2026-02; sealed through 2026-03-10T12:00:00.000Z

    EUR           TENANTS  AMOUNT
    Opening             0    0.00
    New                 1    5.00
    Reactivation        0    0.00
    Expansion           0    0.00
    Contraction         0    0.00
    Churn               0    0.00
    Closing             1    5.00
    Recurring           0    0.00
    Annual run-rate: 60.83
    Churn: unknown of tenants, unknown of revenue; net retention unknown

    USD           TENANTS  AMOUNT
    Opening             2  140.00
    New                 1    7.00
    Reactivation        0    0.00
    Expansion           1   25.00
    Contraction         0    0.00
    Churn               1  -40.00
    Closing             2  132.01
    Recurring           0    0.00
    Annual run-rate: 1606.06
    Churn: 50.00 % of tenants, 28.57 % of revenue; net retention 89.28 %
    "
  `);
  const [eur, usd] = answer.currencies;
  expect(eur?.movements.new).toEqual({ tenants: 1, minor: '500.000000000000' });
  expect(usd?.opening.minor).toBe('14000.000000000001');
  expect(usd?.lifetimes.map(({ tenant, repeats }) => `${tenant} ${repeats}`)).toEqual([
    'acme 1',
    'globex 0',
    'initech 0',
  ]);
});

test('a month that runs is shown as far as it is sealed, with the run-rate of the last 30 days', async () => {
  await charged(...ledger, ['acme', '2026-03-10T13:00:00Z', '99999']);
  await sealed('2026-03-10T12:00:00Z');
  const { complete, currencies } = await showRevenue(store(), '2026-03', now);
  expect(complete).toBe(false);
  const usd = currencies.find(({ currency }) => currency === 'usd');
  expect(usd?.closing).toEqual({ tenants: 1, minor: '900.000000000000' });
  // 700 and 900 since February 8.
  expect(usd?.annualRunRateMinor).toBe('19466.666666666666');
});

test('fees recur: they count for their month, and in the run-rate by twelve and not by days', async () => {
  const monthly = (kind: ItemKind, end: string, minor: string): Posting => {
    const about = { tenant: 'acme', currency: 'usd', occurredAt: Date.parse(end) };
    return { ...about, kind, subject: `acme/${end}`, amount: parseDecimal(minor) };
  };
  const items = [
    monthly('fee', '2026-02-01T00:00:00Z', '4000'),
    monthly('fee', '2026-03-01T00:00:00Z', '5000'),
    monthly('maximum', '2026-03-01T00:00:00Z', '-200'),
  ];
  await charged(...ledger);
  await store().fence.within((trx) => post(trx, items));
  await sealed('2026-03-10T12:00:00Z');
  const usd = async (month: string): Promise<CurrencyRevenue | undefined> =>
    (await showRevenue(store(), month, now)).currencies.find(({ currency }) => currency === 'usd');
  const [february, march] = [await usd('2026-02'), await usd('2026-03')];
  expect(february?.closing).toEqual({ tenants: 2, minor: '18000.500000000000' });
  expect(february?.recurring).toEqual({ tenants: 1, minor: '5000.000000000000' });
  // 13,200.500000000001 of usage since January 30, and 4,800 a month.
  expect(february?.annualRunRateMinor).toBe('218206.083333333345');
  // March's are not posted yet: 1,600 of usage since February 8, and February's.
  expect(march?.recurring).toEqual({ tenants: 0, minor: '0.000000000000' });
  expect(march?.annualRunRateMinor).toBe('77066.666666666666');
});

test('nothing sealed, nothing earned', async () => {
  expect(revenueTable(await showRevenue(store(), null, now))).toBe(
    'Revenue of 2026-02, which is not sealed whole yet; sealed through nothing yet\nNothing was earned until then.\n',
  );
});

test.each([
  ['2026-13', '--month "2026-13" is no month; write year and month, for example 2026-01'],
  ['January', '--month "January" is no month; write year and month, for example 2026-01'],
  ['2026-04', '--month 2026-04 has not begun; name one up to 2026-03'],
])('--month %s', async (month, message) => {
  await expect(showRevenue(store(), month, now)).rejects.toMatchObject({ code: 'UsageQuestion', message });
});

test('the same figures are metrics, by currency and movement', async () => {
  await charged(...ledger);
  await sealed('2026-03-10T12:00:00Z');
  const registry = createRegistry();
  await createRevenueMetrics(registry)(store(), now);
  const shown = (await registry.metrics()).split('\n').filter((line) => /_minor_units\{.*usd/.test(line));
  expect(shown.map((line) => line.replace('gpuopt_billing_', ''))).toEqual([
    'month_revenue_minor_units{currency="usd"} 13200.5',
    'month_recurring_minor_units{currency="usd"} 0',
    'month_movement_minor_units{currency="usd",movement="new"} 700',
    'month_movement_minor_units{currency="usd",movement="reactivation"} 0',
    'month_movement_minor_units{currency="usd",movement="expansion"} 2500.499999999999',
    'month_movement_minor_units{currency="usd",movement="contraction"} 0',
    'month_movement_minor_units{currency="usd",movement="churn"} -4000',
    'annual_run_rate_minor_units{currency="usd"} 160606.08333333334',
  ]);
});
