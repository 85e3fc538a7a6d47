import { beforeEach, describe, expect, it } from 'vitest';

import { type Budget, kinds } from '../../api/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { budgetController } from './controller.ts';
import { reached, recountIn } from './decide.ts';

const store = storeForFile();
beforeEach(async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
});

const steps = [
  { action: 'Warn', percent: 80 },
  { action: 'Freeze', percent: 100 },
  { action: 'Evict', percent: 120 },
] as const;
const cents = (text: string): bigint => parseDecimal(text);

describe('steps', () => {
  it.each([
    ['0', undefined],
    ['799.999999999999', undefined],
    ['800', 'Warn'],
    ['999.999999999999', 'Warn'],
    ['1000', 'Freeze'],
    ['99999', 'Evict'],
  ])('%s of 1000 cents: %s', (spent, action) => {
    expect(reached(steps, cents(spent), cents('1000'))).toBe(action);
  });

  it.each([
    ['nothing is held', '0', '0', 60_000],
    ['the next part is minutes away', '0', '1', 60_000],
    ['the next part is ten seconds away', '790', '1', 10_000],
    ['the next part is a moment away', '799', '1', 5_000],
    ['every step is reached', '5000', '1', 60_000],
  ])('%s', (_, spent, perSecond, expected) => {
    expect(recountIn(steps, cents(spent), cents(perSecond), cents('1000'))).toBe(expected);
  });
});

function budgetOf(change: Partial<Budget['spec']> = {}, status?: Budget['status']): Budget {
  const spec = {
    tenantRef: { name: 'acme' },
    amount: '10.00',
    currency: 'usd',
    period: 'Day',
    steps,
    ...change,
  } as const;
  const metadata = { name: 'b', uid: 'b', generation: 1 };
  return { apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'Budget', metadata, spec, status };
}

async function pass(now: string, budget: Budget = budgetOf(), book = 'standard') {
  const tenant = {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: { name: 'acme', uid: 'acme' },
    spec: { selector: { namespaces: ['acme'] }, planRef: { name: 'plan' } },
  };
  const plan = {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'BillingPlan',
    metadata: { name: 'plan', uid: 'plan' },
    spec: { book },
  };
  const world = [thing(kinds.Budget, budget), thing(kinds.Tenant, tenant), thing(kinds.BillingPlan, plan)];
  const output = await runPass(budgetController(store()), { world, key: { name: 'b' }, now: new Date(now) });
  return output.get(kinds.Budget, { name: 'b' })?.status;
}

async function seen(at: string): Promise<void> {
  await store().fence.within(async (trx) => {
    const row = { name: 'metering.seen', at: new Date(at) };
    await trx
      .insertInto('watermark')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: row.at }))
      .execute();
  });
}

async function held(from: string, units: number, to?: string): Promise<void> {
  const times = { opened_at: new Date(from), closed_at: to === undefined ? null : new Date(to) };
  const of = { tenant: 'acme', namespace: 'a', pod: 'p', node: 'n', meter: 'm', model: 'NVIDIA-L4', profile: 'full' };
  await store()
    .db.insertInto('alloc_interval')
    .values({ uid: from, device_key: 'd', ...times, ...of, units, estimated: false })
    .execute();
}

async function sealedThrough(end: string): Promise<void> {
  const window_end = new Date(end);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(window_end.getTime() - 3_600_000), window_end })
    .execute();
}

const NOON = '2027-01-10T12:00:00Z';

describe('a budget', () => {
  it('counts what is charged, what is sealed and not charged yet, and what is held beyond it, each once', async () => {
    await seen(NOON);
    const charged = await sealWindow(store(), '2027-01-10T09:00:00Z', 1000n);
    await seedPayer(store());
    await store().fence.within((trx) => freezeSealed(trx, [charged]));
    await sealWindow(store(), '2027-01-10T10:00:00Z', 500n);
    await sealWindow(store(), '2027-01-09T23:00:00Z', 99_999n);
    await sealedThrough('2027-01-10T11:00:00Z');
    // Of these only what is after 11:00 is not sealed: an hour of two, and a quarter of one that has ended.
    await held('2027-01-10T09:00:00Z', 2);
    await held('2027-01-10T10:45:00Z', 1, '2027-01-10T11:15:00Z');
    // 0.1 cents a second: 100 + 50 + 720 + 90.
    expect(await pass(NOON)).toMatchObject({
      spent: '9.60',
      step: { action: 'Warn', sinceTime: NOON },
      periodStartTime: '2027-01-10T00:00:00Z',
      periodEndTime: '2027-01-11T00:00:00Z',
    });
  });

  it('does not count what the plan includes, be it sealed or held', async () => {
    await seen(NOON);
    await seedPayer(store());
    await store().db.updateTable('customer_link').set({ included: '{"l4":"3000"}' }).execute();
    const charged = await sealWindow(store(), '2027-01-10T09:00:00Z', 1000n);
    await store().fence.within((trx) => freezeSealed(trx, [charged]));
    await sealedThrough('2027-01-10T11:00:00Z');
    await held('2027-01-10T11:00:00Z', 1);
    // 1000 s are sealed and 3600 s held, of which 3000 s cost nothing.
    expect(await pass(NOON)).toMatchObject({ spent: '1.60' });
  });

  it('keeps since when a step is reached, writes the numbers every five minutes, and begins anew with the period', async () => {
    await held('2027-01-10T09:00:00Z', 1);
    await seen(NOON);
    const first = await pass(NOON);
    expect(first).toMatchObject({ spent: '10.80', step: { action: 'Freeze' } });
    await seen('2027-01-10T12:04:00Z');
    expect(await pass('2027-01-10T12:04:00Z', budgetOf({}, first))).toMatchObject({
      spent: '10.80',
      observedTime: NOON,
    });
    await seen('2027-01-10T12:06:00Z');
    const later = await pass('2027-01-10T12:06:00Z', budgetOf({}, first));
    expect(later).toMatchObject({ spent: '11.16', step: { action: 'Freeze', sinceTime: NOON } });
    await seen('2027-01-11T00:01:00Z');
    const next = await pass('2027-01-11T00:01:00Z', budgetOf({}, later));
    expect([next?.spent, next?.step]).toEqual(['0.06', undefined]);
  });

  it('falls as soon as its amount is raised', async () => {
    await held('2027-01-10T09:00:00Z', 1);
    await seen(NOON);
    const frozen = await pass(NOON);
    expect((await pass(NOON, budgetOf({ amount: '100.00' }, frozen)))?.step).toBeUndefined();
  });

  it.each([
    ['the pods were not looked at', NOON, undefined, {}, 'standard', 'UsageNotSeen'],
    ['the look at the pods is old', NOON, '2027-01-10T11:54:00Z', {}, 'standard', 'UsageNotSeen'],
    ['there is no such tenant', NOON, NOON, { tenantRef: { name: 'nobody' } }, 'standard', 'TenantMissing'],
    ['nothing prices its usage', NOON, NOON, {}, 'other', 'NoPrices'],
    ['it is in another currency', NOON, NOON, { currency: 'eur' }, 'standard', 'CurrencyDiffers'],
  ])('%s: it says so', async (_, now, look, change, book, reason) => {
    if (look !== undefined) await seen(look);
    const status = await pass(now, budgetOf(change), book);
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe(reason);
    expect(status?.step).toBeUndefined();
  });
});
