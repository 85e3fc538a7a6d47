import type Stripe from 'stripe';
import { expect, test } from 'vitest';

import { ask, testPeer, usage } from '../testing.ts';

const day = 86_400;

interface Shop {
  readonly stripe: Stripe;
  readonly customer: string;
  readonly metered: (cents: number) => Promise<string>;
  readonly fee: (cents: number) => Promise<string>;
  readonly jump: (seconds: number) => Promise<void>;
  readonly start: number;
}

async function shop(): Promise<Shop> {
  const start = Date.parse('2026-03-01T00:00:00Z') / 1000;
  const { peer, stripe } = await testPeer({ machineTime: () => start * 1000 });
  const customer = 'cus_acme';
  await ask(peer, 'payments', { customer, card: 'pm_card_visa' });
  const meter = await stripe.billing.meters.create({
    display_name: 'GPU seconds',
    event_name: 'gpu_seconds__l4',
    default_aggregation: { formula: 'sum' },
  });
  const price = async (unit_amount: number, recurring: Stripe.PriceCreateParams.Recurring): Promise<string> =>
    (await stripe.prices.create({ currency: 'usd', product_data: { name: 'x' }, unit_amount, recurring })).id;
  return {
    stripe,
    customer,
    start,
    metered: (cents) => price(cents, { interval: 'month', usage_type: 'metered', meter: meter.id }),
    fee: (cents) => price(cents, { interval: 'month' }),
    jump: async (seconds) => void (await ask(peer, 'clock', { advanceSeconds: seconds })),
  };
}

const amounts = (invoice: Stripe.Invoice | undefined): readonly number[] =>
  invoice?.lines.data.map(({ amount }) => amount) ?? [];

test('fees are paid in advance and usage at the end, each period from the anchor', async () => {
  const { stripe, customer, metered, fee, jump, start } = await shop();
  const items = [{ price: await fee(1000) }, { price: await metered(2) }];
  const { id } = await stripe.subscriptions.create({ customer, items });
  await stripe.billing.meterEvents.create(usage('march', '50', { timestamp: start }));
  await jump(31 * day + 7200);
  await stripe.billing.meterEvents.create(usage('april', '7'));
  await jump(30 * day);
  const { data } = await stripe.invoices.list({ customer });
  expect(data.map(({ billing_reason, status, total }) => [billing_reason, status, total])).toEqual([
    ['subscription_cycle', 'paid', 1014],
    ['subscription_cycle', 'paid', 1100],
    ['subscription_create', 'paid', 1000],
  ]);
  const [item] = (await stripe.subscriptions.retrieve(id)).items.data;
  expect(new Date((item?.current_period_end ?? 0) * 1000).toISOString()).toBe('2026-06-01T00:00:00.000Z');
});

test('a later anchor makes a short first period: its fee in part, or none', async () => {
  const { stripe, customer, fee, start } = await shop();
  const anchor = { billing_cycle_anchor: start + 14 * day, customer };
  const part = await stripe.subscriptions.create({
    ...anchor,
    items: [{ price: await fee(2800) }],
    expand: ['latest_invoice'],
  });
  // 14 of the 28 days from 15 February to 15 March.
  expect(part.latest_invoice).toMatchObject({ total: 1400 });
  const items = [{ price: await fee(2800) }];
  expect(
    (await stripe.subscriptions.create({ ...anchor, items, proration_behavior: 'none' })).latest_invoice,
  ).toBeNull();
});

test('usage that comes while the invoice is a draft still counts; once it is final it does not', async () => {
  const { stripe, customer, metered, jump, start } = await shop();
  await stripe.subscriptions.create({ customer, items: [{ price: await metered(1) }] });
  await jump(31 * day);
  await stripe.billing.meterEvents.create(usage('late', '100', { timestamp: start + day }));
  const [draft] = (await stripe.invoices.list({ customer })).data;
  expect([draft?.status, draft?.total]).toEqual(['draft', 100]);
  await jump(3601);
  await stripe.billing.meterEvents.create(usage('too late', '100', { timestamp: start + day }));
  expect(await stripe.invoices.retrieve(draft?.id ?? '')).toMatchObject({ status: 'paid', total: 100 });
  const cancel = { event_name: 'gpu_seconds__l4', type: 'cancel', cancel: { identifier: 'late' } } as const;
  await expect(stripe.billing.meterEventAdjustments.create(cancel)).rejects.toThrow('finalized invoice');
});

test('a price that changes within the period bills usage before it at the old price', async () => {
  const { stripe, customer, metered, jump } = await shop();
  const made = await stripe.subscriptions.create({ customer, items: [{ price: await metered(1) }] });
  await stripe.billing.meterEvents.create(usage('before', '100'));
  await jump(10 * day);
  const [item] = made.items.data;
  await stripe.subscriptions.update(made.id, { items: [{ id: item?.id, price: await metered(3) }] });
  await jump(day);
  await stripe.billing.meterEvents.create(usage('after', '100'));
  expect(amounts(await stripe.invoices.createPreview({ subscription: made.id })).toSorted()).toEqual([100, 300]);
  await jump(20 * day + 3601);
  const [invoice] = (await stripe.invoices.list({ customer })).data;
  expect([invoice?.status, invoice?.total]).toEqual(['paid', 400]);
});

test.each([
  ['with what is left of the period', 'create_prorations', [-2000, 4000]],
  ['without', 'none', []],
] as const)('a fee that changes within the period: %s', async (_, proration_behavior, expected) => {
  const { stripe, customer, fee, jump } = await shop();
  const made = await stripe.subscriptions.create({ customer, items: [{ price: await fee(3100) }] });
  await jump(11 * day);
  const [item] = made.items.data;
  const items = [{ id: item?.id, price: await fee(6200) }];
  await stripe.subscriptions.update(made.id, { items, proration_behavior });
  const { data } = await stripe.invoiceItems.list({ customer, pending: true });
  expect(data.map(({ amount }) => amount).toSorted((a, b) => a - b)).toEqual(expected);
});

test('a subscription cancelled at the end of its period bills the rest and ends; one cancelled now bills nothing more', async () => {
  const { stripe, customer, metered, jump } = await shop();
  const price = await metered(1);
  const later = await stripe.subscriptions.create({ customer, items: [{ price }], cancel_at_period_end: true });
  await stripe.billing.meterEvents.create(usage('a', '10'));
  await jump(31 * day + 3601);
  expect((await stripe.subscriptions.retrieve(later.id)).status).toBe('canceled');
  const billed = await stripe.invoices.list({ customer });
  expect(billed.data.map(({ total }) => total)).toEqual([10]);
  const none = stripe.invoices.createPreview({ subscription: later.id });
  await expect(none).rejects.toMatchObject({ code: 'invoice_upcoming_none', statusCode: 404 });
  const now = await stripe.subscriptions.create({ customer, items: [{ price }] });
  await stripe.billing.meterEvents.create(usage('b', '10'));
  await stripe.subscriptions.cancel(now.id);
  await jump(32 * day);
  expect((await stripe.invoices.list({ customer })).data).toHaveLength(1);
});

test('at most 20 items', async () => {
  const { stripe, customer, fee } = await shop();
  const prices: string[] = [];
  for (let count = 0; count < 21; count += 1) prices.push(await fee(1));
  const items = prices.map((price) => ({ price }));
  await expect(stripe.subscriptions.create({ customer, items })).rejects.toThrow('at most 20 items');
  expect((await stripe.subscriptions.create({ customer, items: items.slice(1) })).items.data).toHaveLength(20);
});
