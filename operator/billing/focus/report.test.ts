import { expect, test } from 'vitest';

import { storeForFile } from '../../store/testing/index.ts';
import { settleMonths } from '../fees/settle.ts';
import { divideRounded, one, parseDecimal } from '../money/decimal.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { showUsage } from '../usage/query.ts';
import { apply } from '../webhooks/apply.ts';
import type { InvoiceReading } from '../webhooks/source.ts';
import { focusReport } from './report.ts';

const store = storeForFile();
const hour = '2026-01-31T22:00:00Z';
const [from, to] = ['2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z'];

async function rows(tenant?: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const { csv } = await focusReport.read(store(), { from, to, tenant }, Date.parse(to));
  const [head = '', ...lines] = csv.trim().split('\r\n');
  const names = head.split(',');
  // No cell of these tests has a comma but JSON, which has its own quotes.
  const cells = lines.map((line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []);
  return cells.map((row) => Object.fromEntries(names.map((name, at) => [name, (row[at] ?? '').replace(/,$/, '')])));
}

async function charge(start: string, quantity: bigint, revision = 1): Promise<void> {
  const sealed = await sealWindow(store(), start, quantity, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [sealed]));
}

const invoice = (status: string): InvoiceReading => ({
  ...{ kind: 'invoice', id: 'in_1', customer: 'cus_acme', subscription: 'sub_1', number: null, status },
  ...{ currency: 'usd', total: 500n, amountDue: 500n, amountPaid: 0n, amountRemaining: 500n, finalizesAt: null },
  period: { start: Date.parse('2026-01-01T00:00:00Z'), end: Date.parse('2026-02-01T00:00:00Z') },
});
const read = async (reading: InvoiceReading): Promise<void> => {
  const about = { provider: 'stripe', event: 'evt', readAt: new Date() };
  await store().fence.within((trx) => apply(trx, about, reading));
};
const deliver = (): Promise<unknown> => store().db.updateTable('outbox').set({ state: 'ACCEPTED' }).execute();

test('a charge is on the final invoice of its period once it is delivered; what comes later corrects the period', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  await charge(hour, 3600n);
  await charge('2026-01-31T23:00:00Z', 3600n);
  await charge('2026-02-01T00:00:00Z', 60n);
  const seen = async () =>
    (await rows()).map((row) => `${row.ConsumedQuantity} ${row.InvoiceId || '-'} ${row.ChargeClass || '-'}`);
  await read(invoice('draft'));
  await deliver();
  expect(await seen()).toEqual(['3600 - -', '3600 - -', '60 - -']);
  await read(invoice('open'));
  expect(await seen()).toEqual(['3600 in_1 -', '3600 in_1 -', '60 - -']);
  await charge(hour, -10n, 2);
  await deliver();
  expect(await seen()).toEqual(['3600 in_1 -', '-10 - Correction', '3600 in_1 -', '60 - -']);
  const billed = (await rows()).filter(({ InvoiceId }) => InvoiceId === 'in_1');
  const total = billed.reduce((sum, { BilledCost = '0' }) => sum + parseDecimal(BilledCost), 0n);
  // In cents, rounded as the provider rounds the line of its one price.
  expect(divideRounded(total * 100n, one)).toBe(invoice('open').total);
});

test('what is late is on a later invoice, from when that of its period was final', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  await charge(hour, 3600n);
  await read(invoice('open'));
  await store().db.updateTable('outbox').set({ state: 'LATE' }).execute();
  const [row] = await rows();
  const month = new Date().toISOString().slice(0, 7);
  expect([row?.InvoiceId, row?.ChargeClass, row?.BillingPeriodStart?.slice(0, 7)]).toEqual(['', 'Correction', month]);
  const { meters } = await showUsage(store(), { tenant: 'acme', from, to });
  expect(meters).toMatchObject([{ quantity: '3600', late: '3600', accepted: '0', pending: '0' }]);
});

test('fees and commitments of months that end in the time are there once they are posted, on the invoice that took them', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  const term = { tenant: 'acme', started_at: '2026-01-01T00:00:00Z', plan: 'gold', currency: 'usd', maximum: null };
  await store()
    .db.insertInto('plan_term')
    .values({ ...term, fee: '4900', minimum: '50000' })
    .execute();
  const seen = async () =>
    (await rows()).map((row) => [row.ChargeCategory, row.BilledCost, row.InvoiceId, row.ChargePeriodStart].join(' '));
  expect(await seen()).toEqual([]);
  const end = '2026-02-01T00:00:00Z';
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: '2026-01-31T23:00:00Z', window_end: end })
    .execute();
  await settleMonths(store());
  expect(await seen()).toEqual(['Purchase 49  2026-01-01T00:00:00Z', 'Adjustment 500  2026-01-01T00:00:00Z']);
  const about = { tenant: 'acme', month_end: end, currency: 'usd', provider: 'stripe', customer: 'cus_acme' };
  await store()
    .db.insertInto('invoice_item')
    .values([
      {
        ...about,
        key: 'fee/acme/2026-01/usd/0',
        kind: 'fee',
        amount: 4900n,
        item: 'ii_1',
        invoice: 'in_1',
        sent_at: new Date(),
      },
      { ...about, key: 'minimum/acme/2026-01/usd/0', kind: 'minimum', amount: 50_000n },
    ])
    .execute();
  await read(invoice('draft'));
  expect(await seen()).toEqual(['Purchase 49  2026-01-01T00:00:00Z', 'Adjustment 500  2026-01-01T00:00:00Z']);
  await read(invoice('open'));
  const charged = ['Purchase 49 in_1 2026-01-01T00:00:00Z', 'Adjustment 500  2026-01-01T00:00:00Z'];
  expect(await seen()).toEqual(charged);
  const told = { ...about, kind: 'credit', item: 'ii_2', invoice: 'in_1', sent_at: new Date(0) };
  await store()
    .db.insertInto('invoice_item')
    .values([
      { ...told, key: 'credit/acme/2026-01/usd/0', amount: -354n },
      { ...told, key: 'credit/acme/2026-02/usd/0', amount: -100n, month_end: '2026-03-01T00:00:01Z' },
    ])
    .execute();
  expect(await seen()).toEqual([...charged, 'Credit -3.54 in_1 2026-01-01T00:00:00Z']);
});

const spans = { from_at: hour, to_at: '2026-01-31T23:00:00Z' };

/** A node of two GPUs for an hour: acme holds one throughout, globex a quarter of the other for half of it. */
async function seedUse(): Promise<void> {
  const { db } = store();
  const list = {
    book: 'standard',
    version: 1,
    currency: 'usd',
    effective_from: '2025-01-01T00:00:00Z',
    object: 's',
    digest: '',
  };
  const idle = JSON.stringify({ split: 'Weighted', scope: 'Node' });
  const energy = JSON.stringify({ gco2PerKWh: 400, pue: '1.5' });
  await db
    .insertInto('price_book')
    .values({ ...list, idle, energy })
    .execute();
  const sku = { name: 'l4', model: 'NVIDIA-L4', profile: 'full', per_hour: '2.50', unit_price: '0.069444444444' };
  await db
    .insertInto('price_sku')
    .values({ book: 'standard', version: 1, ...sku })
    .execute();
  await seedPayer(store());
  await db.insertInto('sealed_grid').values({ window_start: spans.from_at, window_end: spans.to_at }).execute();
  const node = {
    node: 'a',
    model: 'NVIDIA-L4',
    gpus: 2,
    region: 'eu-1',
    opened_at: '2026-01-01T00:00:00Z',
    closed_at: null,
  };
  await db.insertInto('node_capacity').values(node).execute();
  const meter = 'gpu_seconds__nvidia-l4__full';
  const held = { device_key: 'gpu', namespace: 'ns', node: 'a', model: 'NVIDIA-L4', units: 1, estimated: false };
  await db
    .insertInto('alloc_interval')
    .values([
      { ...held, uid: '1', tenant: 'acme', pod: 'one', meter, profile: 'full', opened_at: hour, closed_at: null },
      {
        ...held,
        uid: '2',
        tenant: 'globex',
        pod: 'two',
        meter: 'ts4',
        profile: 'ts4',
        opened_at: hour,
        closed_at: '2026-01-31T22:30:00Z',
      },
    ])
    .execute();
  await charge(hour, 3600n);
}

const measure = async (gpu: string, millijoules: bigint, pods: readonly string[]): Promise<unknown> =>
  store()
    .db.insertInto('energy_sample')
    .values({ gpu, node: 'a', millijoules, pods: JSON.stringify(pods), ...spans })
    .execute();

test('unused time is divided by all that was held, before anybody asks for one tenant', async () => {
  await seedUse();
  const unused = (found: readonly Readonly<Record<string, string>>[]) =>
    found
      .filter(({ AllocatedMethodId }) => AllocatedMethodId !== '')
      .map((row) => `${row.SubAccountId} ${row.PricingQuantity} ${row.RegionId}`);
  // 2 h - 1 h - 1/8 h = 3150 s, by 8 to 1.
  expect(unused(await rows())).toEqual(['acme 2800 eu-1', 'globex 350 eu-1']);
  expect(unused(await rows('globex'))).toEqual(['globex 350 eu-1']);
});

test('energy is on the charge and in usage show; what was not measured is not known, and is not 0', async () => {
  await seedUse();
  const energy = async (): Promise<readonly unknown[]> => {
    const shown = await showUsage(store(), { tenant: 'acme', from, to });
    const [row] = await rows('acme');
    return [row?.x_EnergyKWh, row?.x_CO2e, shown.energy];
  };
  expect(await energy()).toEqual(['', '', { kWh: null, gco2e: null, windows: 1, measuredWindows: 0 }]);
  await measure('g', 1_800_000_000n, ['ns/one']);
  await measure('h', 360_000_000n, ['ns/two']);
  expect(await energy()).toEqual(['0.5', '300', { kWh: '0.5', gco2e: '300', windows: 1, measuredWindows: 1 }]);
});
